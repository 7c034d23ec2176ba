"""The table of hints: each proposes an edit, which is carried out on its own case."""
