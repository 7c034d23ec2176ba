"""The reader's own words: `notes.md` in the folder of a run, and author and title of its report."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from grafito.lab.folder import write_part
from grafito.lab.report.pictures import data_uri
from grafito.lab.report.recorded_run import stays_inside
from grafito.lab.report.tex import tex_mathml

NOTES, SIGNED = "notes.md", "report.json"
LONGEST = 200_000  # characters of notes; the rest is left out
LOWEST = 6  # level of a heading; those of the page itself stand above the notes
PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}


def notes_text(folder: Path) -> str:
    """What somebody wrote beside a run in notes.md; "" where nobody did."""
    path = folder / NOTES
    if not (path.is_file() and stays_inside(folder, NOTES)):
        return ""
    return path.read_bytes()[:LONGEST].decode("utf-8", errors="replace").removeprefix("\ufeff")


def notes_html(folder: Path) -> str:
    """The same as HTML in which no tag of its own is left and nothing is loaded.

    Pictures of the folder are set in, formulas between dollar signs are typeset; links lead where a
    click may lead.
    """
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    text = notes_text(folder)
    if not text.strip():
        return ""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,  # "$5 or $6" are prices
        allow_digits=False,
        double_inline=True,
        renderer=lambda text, options: tex_mathml(text, options["display_mode"]),
    )
    tokens = reader.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + 2, LOWEST)}"
        for inner in token.children or ():
            if inner.type == "image":
                _set_in(inner, folder)
    html: str = reader.renderer.render(tokens, reader.options, {})
    return html


def _set_in(image: Any, folder: Path) -> None:
    """A picture of the folder as part of the page; any other becomes its words."""
    name = str(image.attrs.get("src", ""))
    kind = PICTURES.get(Path(name).suffix.lower())
    if kind and stays_inside(folder, name) and (folder / name).is_file():
        image.attrs["src"] = data_uri((folder / name).read_bytes(), kind)
    else:
        image.type, image.tag, image.attrs = "text", "", {}


def signed(folder: Path) -> dict[str, str]:
    """Author and title that somebody gave the report of a run."""
    try:
        told = json.loads((folder / SIGNED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = told.items() if isinstance(told, dict) and stays_inside(folder, SIGNED) else ()
    return {k: v for k, v in known if k in ("author", "title") and isinstance(v, str) and v}


def sign(folder: str | os.PathLike[str], author: str | None, title: str | None) -> None:
    """Keep author and title beside a run, for this report and those that are drawn later.

    Raises:
        FileError: when the folder cannot be written to.
    """
    given = {"author": author, "title": title}
    told = {**signed(Path(folder)), **{k: v for k, v in given.items() if v is not None}}
    if any(value is not None for value in given.values()):
        text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        write_part(Path(folder, SIGNED), text)
