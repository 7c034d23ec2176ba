"""Options that several commands have, and the report that they write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grafito.language import message as N_
from grafito.language import translate as _

EngineName = Annotated[
    str, typer.Option(help=N_("What runs the training: auto, or the name of an engine."))
]
Out = Annotated[Path, typer.Option(help=N_("Folder for the results."))]
Pdf = Annotated[bool, typer.Option("--pdf", help=N_("Also print it to PDF; needs Chromium."))]
Markdown = Annotated[
    bool, typer.Option("--markdown", help=N_("Also write it as Markdown, to go on writing."))
]
Author = Annotated[
    str | None, typer.Option(help=N_("Who hands it in; kept for later reports of this run."))
]
Title = Annotated[
    str | None, typer.Option(help=N_("Of the report, in place of what the experiment is."))
]


def write_report(
    folder: Path, lang: str, *, pdf: bool, markdown: bool, **signed: str | None
) -> None:
    """Draw the report of a folder in every form that is asked for, signed, and say where it is."""
    from grafito import lab

    page = lab.write_report(folder, lang=lang, **signed)
    print(_("report"), page)
    if pdf:
        print("PDF", lab.write_pdf(page))
    if markdown:
        print("Markdown", lab.write_markdown(folder, lang=lang))
