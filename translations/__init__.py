"""The catalogues of grafito's texts: `python -m translations` brings them up to date."""
