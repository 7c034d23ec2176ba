"""The page of a run, or of a comparison: what was asked, what came out, and how to get it again."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

from grafito import __version__, language
from grafito.figures.templates import templates
from grafito.lab.folder import write_part
from grafito.lab.report.context import context_of
from grafito.lab.report.notes import sign
from grafito.lab.report.pieces import in_lines, is_symbol
from grafito.lab.report.recorded_run import read_run
from grafito.language import translate as _


def write_report(
    folder: str | os.PathLike[str],
    *,
    lang: str | None = None,
    author: str | None = None,
    title: str | None = None,
) -> Path:
    """Draw the page of a run from its folder alone, whole or partial; or that of a comparison.

    What stands in `notes.md` of the folder is set into the page.

    Args:
        folder: of the run; `report.html` is written there, of a comparison `compare.html`.
        lang: "en" or "es"; by default the one being spoken. A figure that a run handed over as it
            was keeps its language.
        author: of this report and of those that are drawn later; kept in `report.json`.
        title: likewise, in place of what the experiment is.

    Returns:
        The path of the page: one file that loads nothing, below two million bytes.

    Raises:
        FileError: when it is not the folder of a run, or cannot be written to.

    Example:
        >>> from grafito import lab
        >>> result = lab.run(lab.get("xor", epochs=2), verbose=0)
        >>> write_report(result.folder, lang="es").name
        'report.html'
    """
    run = read_run(folder)  # before anything is written
    sign(folder, author, title)
    return draw(folder, run.page, lang)


def draw(folder: str | os.PathLike[str], name: str, lang: str | None) -> Path:
    """Draw the page of a run under this file name."""
    run = read_run(folder)
    with language.use(lang):
        return _write(run.path / name, "run.html", context_of(run))


def _write(path: Path, template: str, context: dict[str, Any]) -> Path:
    """Write a page, whole or not at all."""
    environment = templates(Path(__file__).parent)
    environment.tests["symbol"] = is_symbol
    environment.filters["lines"] = in_lines
    page = environment.get_template(template).render(
        context,
        _=_,
        lang=language.current(),
        version=__version__,
        made=f"{datetime.datetime.now():%Y-%m-%d}",
        style=environment.loader.get_source(environment, "page.css")[0],
    )
    write_part(path, page)
    return path
