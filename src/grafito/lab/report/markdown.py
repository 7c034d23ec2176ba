"""The report of a run as Markdown beside its figures, to go on writing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grafito import language
from grafito.lab.folder import write_part
from grafito.lab.report.blocks import Block, Table
from grafito.lab.report.context import AFTER, BEFORE, context_of
from grafito.lab.report.notes import notes_text
from grafito.lab.report.recorded_run import read_run
from grafito.language import translate as _

SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def write_markdown(folder: str | os.PathLike[str], *, lang: str | None = None) -> Path:
    """Write the words, tables and figures of a run as report.md (compare.md) in its folder.

    Figures are named as files beside it, formulas are TeX between dollar signs.

    Args:
        folder: of the run, or of a comparison.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        FileError: when it is not the folder of a run, or cannot be written to.

    Example:
        >>> from grafito import lab
        >>> result = lab.run(lab.get("xor", epochs=2), verbose=0)
        >>> write_markdown(result.folder).name
        'report.md'
    """
    run = read_run(folder)
    path = (run.path / run.page).with_suffix(".md")
    with language.use(lang):
        text = "\n\n".join(part for part in _parts(context_of(run), run.path) if part) + "\n"
    write_part(path, text)
    return path


def _parts(told: dict[str, Any], folder: Path) -> Iterator[str]:
    """The paragraphs of the text, in the order of the page."""
    yield f"# {_plain(told['title'])}"
    yield f"*{_plain(told['author'])}*" if told["author"] else ""
    yield _plain(" · ".join(told["kicker"]))
    yield from (f"**{_plain(problem)}**" for problem in told["problems"])
    yield from (f"**{_plain(name)}** {_plain(text)}" for name, text in told["banners"])
    if told["asked"] or told["parts"]["task"]:
        yield f"## {_('The task')}"
        yield _plain(told["asked"])
        yield from _words(told["parts"]["task"])
    yield from _named(told, BEFORE)
    yield f"## {_('Results')}"
    rows = [*told["headlines"], *told["others"]]
    yield _table(Table(["", ""], rows, [False, True])) if rows else ""
    yield _table(told["beside"]) if told["beside"] else ""
    for block in told["blocks"]:
        yield from _block(block)
    notes = notes_text(folder).strip()
    yield f"## {_('Notes')}\n\n{notes}" if notes else ""
    yield from _named(told, AFTER)
    if told["course_settings"] or told["departures"]:
        yield f"## {_('Beside the course')}"
        yield _table(told["course_settings"]) if told["course_settings"] else ""
        yield from map(_plain, told["departures"])
    yield f"## {_('Settings')}"
    yield _table(told["forms"]) if told["forms"] else ""
    yield _table(Table(["", ""], told["settings"], [False, False])) if told["settings"] else ""
    yield f"## {_('To repeat it')}"
    yield f"    {told['command']}" if told["command"] else ""


def _named(told: dict[str, Any], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if told["parts"][name]:
            yield f"## {told['names_of_parts'][name]}"
            yield from _words(told["parts"][name])


def _words(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        yield f"### {_plain(block.title)}" if block.title else ""
        for paragraph in block.words:
            text = ""
            for piece in paragraph:
                if piece.tex:
                    text = f"{text.rstrip()}\n\n$$\n{piece.tex}\n$$\n\n"
                else:
                    text += f"{_plain(piece.text)} "
            yield text.strip()


def _block(block: Block) -> Iterator[str]:
    """A section, text, figure or table."""
    if block.kind == "section":
        yield f"### {_plain(block.title)}"
        return
    if block.kind == "text":
        yield f"### {_plain(block.title)}" if block.title else ""
        yield from map(_plain, block.paragraphs)
        return
    word = _("Table") if block.kind == "table" else _("Figure")
    caption = f"**{word} {block.number}.** {_plain(block.title)}. {_plain(block.caption)}".strip()
    picture = next((name for name in block.files if name.endswith(".png")), "")
    if block.kind == "figure" and picture:
        yield f"![{_plain(block.title)}]({picture.replace(' ', '%20')})"
    page = next((name for name in block.files if name.endswith(".html")), "")
    if page:
        caption += f" [HTML]({page.replace(' ', '%20')})"
    yield caption
    yield _table(block.table) if block.table else _plain(block.problem)


def _table(table: Table) -> str:
    aligned = ["---:" if numeric else "---" for numeric in table.numeric]
    rows = [table.titles, aligned, *table.rows]
    return "\n".join(
        "| " + " | ".join(cell if row is aligned else _plain(cell.strip()) for cell in row) + " |"
        for row in rows
    )


def _plain(text: str) -> str:
    """A text in which nothing is a sign of Markdown."""
    return SPECIAL.sub(r"\\\1", text.replace("\n", " "))
