"""The pages of grafito, and what makes a website of them: `python -m docs`."""
