"""Pages of text, filled in from templates."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any


@functools.cache
def templates(folder: Path) -> Any:
    """The templates of a folder; what is set in is escaped, and a name that is absent is an error.

    Example:
        >>> from grafito.insight import page
        >>> templates(Path(page.__file__).parent).get_template("player.html").name
        'player.html'
    """
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
