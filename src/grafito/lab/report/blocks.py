"""What a run handed over as blocks of a page, in the language of its reader."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from grafito.figures.text import in_formula
from grafito.lab.report import numerals, pictures, players
from grafito.lab.report.pieces import Piece, piece_of
from grafito.lab.report.recorded_run import in_language, read_csv, summary_rows
from grafito.language import current, in_words, known_names, localised, message, namer, retell
from grafito.language import translate as _

MOST_ROWS = 400  # of a table; of more, the first ones are shown
MOST_COLUMNS = 7  # of a table with fewer rows; one with more is turned
DENSE, WIDE = 80, 130  # letters in a row: of small type, and of a sheet of paper on its side
LONGEST_WORDS = 20  # letters after which a text goes on in the next line
WIDE_PICTURE = 1000  # CSS pixels: more than two thirds of it would not fit an upright sheet

# Values that are grafito's words and not names, and columns of such, whoever has the names.
WORDS = ("name", "metric", "part", "of", "setting", "settings", "rival", "why")
WORDS_IN_COLUMNS = ("judgement", "status")
BETWEEN = {"pairs": " – ", "taken": " → "}  # what parts the two of values that are pairs

BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")  # a number and its sign stay together

NOT_ALL_ROWS = message("The first {} of {} rows; all are in the file {}.")
FILE_IS_MISSING = message("The file {} is missing or damaged.")
NOT_EMBEDDED = message("The figure is too large for this page; it is in the file {}.")
NOT_FRAMED = message("The steps cannot be shown inside this page; they are in the file {}.")


@dataclass(frozen=True)
class Table:
    """Cells as texts, and for each column whether it holds numbers.

    Attributes:
        verbatim: titles that somebody chose, which get no capital.
    """

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    verbatim: Collection[str] = ()

    @property
    def letters(self) -> int:
        """How long its rows are: of a title its longest word counts, of a text what fits."""
        longest = 0
        for index, title in enumerate(self.titles):
            cells = [min(len(row[index]), LONGEST_WORDS) for row in self.rows]
            longest += max([*map(len, title.split()), *cells], default=0) + 2
        return longest

    def turned(self) -> Table:
        """The same with a column for each row, named by its first cell."""
        (_rows, *titles), *rows = zip(self.titles, *self.rows, strict=True)
        numeric = [False, *([any(self.numeric[1:])] * len(self.rows))]
        return Table(["", *titles], rows, numeric, self.verbatim)


@dataclass(frozen=True)
class Block:
    """A piece of a page; which fields are filled depends on its kind.

    Attributes:
        kind: "section", "text", "words", "figure", "player", "table" or "model".
        part: of the page that words belong to.
        anchor: its id in the page.
        title, caption: in the language of the page.
        number: of a figure or table.
        html: the picture of a figure, or the frame of a player.
        moving: the picture that moves, of a figure that has one.
        width: of the picture, in CSS pixels.
        paragraphs: of a text, or the lines below the table of a model.
        words: of words, paragraph by paragraph.
        table: of a table or model, or the steps of a player.
        files: that hold the same.
        problem: what is wrong with it.
    """

    kind: str
    anchor: str
    part: str = ""
    title: str = ""
    caption: str = ""
    number: int = 0
    html: str = ""
    moving: str = ""
    width: float = 0.0
    paragraphs: Sequence[str] = ()
    words: Sequence[Sequence[Piece]] = ()
    table: Table | None = None
    files: Sequence[str] = ()
    problem: str = ""

    @property
    def is_dense(self) -> bool:
        """Whether it is a table that small type suits better."""
        return self.table is not None and self.table.letters > DENSE

    @property
    def is_wide(self) -> bool:
        """Whether it is printed on a sheet of paper on its side."""
        return self.width > WIDE_PICTURE or (self.table is not None and self.table.letters > WIDE)


@dataclass
class Writer:
    """Makes the blocks of one page; its figures, tables and the rest are numbered.

    Attributes:
        ours: whether the names of forms and classes are grafito's; somebody else's stay as they are
            in every language, also where grafito has a word like them.
        forms: the names of forms.
    """

    ours: bool = True
    forms: Collection[str] = ()
    _numbers: dict[str, int] = field(default_factory=dict)

    def blocks(self, contents: Sequence[Mapping[str, Any]], folder: Path) -> list[Block]:
        """A block for each entry that is shown: a history is not, its curves are.

        Args:
            contents: entries as in the index of a run.
            folder: where their files are.
        """
        contents = [in_language(entry, folder, current()) for entry in contents]
        figures = [entry for entry in contents if entry.get("kind") == "figure"]
        spoken = [{**entry, "alt": self._spoken(entry)} for entry in figures]
        played = [
            {**entry, "title": self.filled(str(entry.get("title", "")), entry.get("values", {}))}
            for entry in contents
            if entry.get("kind") == "player"
        ]
        frames = players.embed(played, folder)
        framed = iter(frames)
        taken = sum(len(frame.encode()) for frame in frames)
        shown = [pictures.moving(entry, folder) for entry in spoken]
        taken += sum(map(len, shown))
        embedded = iter(zip(pictures.embed(spoken, folder, taken), shown, strict=True))
        made = []
        for entry in contents:
            kind = entry.get("kind")
            if kind == "figure":
                made.append(self._figure(entry, folder, *next(embedded)))
            elif kind == "player":
                made.append(self._player(entry, folder, next(framed)))
            elif kind == "table":
                made.append(self._table(entry, folder))
            elif kind == "model":
                made.append(self._model(entry, folder))
            elif kind in ("section", "text"):
                made.append(self._text(entry))
            elif kind == "words":
                made.append(self._words(entry))
        return made

    def name(self, name: str) -> str:
        """The name of a setting, a number or a column, in words."""
        words, sign, rest = name.partition(" ±")
        return f"{in_words(words)}{sign}{rest}"

    @property
    def verbatim(self) -> Collection[str]:
        """Names of forms that stand as somebody chose them."""
        return () if self.ours else self.forms

    def form(self, name: Any) -> str:
        """The name of a form."""
        return namer(current())(name) if self.ours else str(name)

    def value(self, value: Any, ours: bool = True) -> str:
        """A value inside a line of text; texts that are not grafito's stay as they are."""
        if value is None or value in ([], (), {}):
            return "–"
        if isinstance(value, bool):
            return _({True: "yes", False: "no"}[value])
        if isinstance(value, (int, float)):
            return numerals.short(value, current())
        if isinstance(value, (list, tuple)):
            parts = [self.value(part, ours) for part in value]
            return (", " if current() == "en" else "; ").join(parts)
        if isinstance(value, dict):
            say = self.name if ours else str
            return ", ".join(f"{say(k)}: {self.value(v, ours)}" for k, v in value.items())
        return _(str(value)) if ours else str(value)

    def filled(self, text: str, values: Mapping[str, Any]) -> str:
        """A text whose {names} become the values of these names."""

        def fill(match: re.Match[str]) -> str:
            if match[1] not in values:
                return match[0]
            key, value = match[1], values[match[1]]
            if key == "told":  # a sentence with values of its own
                return retell(str(value))
            if key == "name" and isinstance(value, str):
                return self.name(value)
            if key in BETWEEN and isinstance(value, list):
                whole = (pair if isinstance(pair, list) else [pair] for pair in value)
                told = [BETWEEN[key].join(map(self.form, pair)) for pair in whole]
                return self.value(told, ours=False)
            return self.value(value, ours=self.ours or key in WORDS)

        return BEFORE_PERCENT.sub("\u202f", re.sub(r"{(\w+)}", fill, _(text)))

    def tabulate(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], words: Collection[str] = ()
    ) -> Table:
        """A table as a CSV file has it, with its words translated and its numbers aligned.

        Args:
            titles: of the columns.
            rows: their cells.
            words: columns whose cells are grafito's words, whoever has the names.
        """
        if any(len(row) != len(titles) for row in rows):
            raise ValueError(titles)
        columns: list[list[str]] = []
        numeric: list[bool] = []
        for index, title in enumerate(titles):
            cells = [row[index] for row in rows]
            numbers = numerals.column(cells, current())
            ours = self.ours or title in (*WORDS_IN_COLUMNS, *words)
            columns.append(_cells(cells, ours) if numbers is None else numbers)
            numeric.append(numbers is not None)
        table = Table(
            [
                title if title in self.verbatim else localised(self.name(title), current())
                for title in titles
            ],
            list(zip(*columns, strict=True)),
            numeric,
            self.verbatim,
        )
        few = 0 < len(rows) < min(len(titles), MOST_COLUMNS)
        return table.turned() if few and len(titles) > MOST_COLUMNS else table

    def _spoken(self, entry: Mapping[str, Any]) -> str:
        """Title and caption of a figure, for those who cannot see it."""
        values = entry.get("values", {})
        parts = (self.filled(str(entry.get(key, "")), values) for key in ("title", "caption"))
        return " ".join(f"{part.rstrip('.')}." for part in parts if part)

    def _common(self, kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        values = entry.get("values", {})
        return {
            "kind": kind,
            "anchor": f"{kind}-{self._numbers[kind]}",
            "number": self._numbers[kind],
            "title": self.filled(str(entry.get("title", "")), values),
            "caption": self.filled(str(entry.get("caption", "")), values),
        }

    def _text(self, entry: Mapping[str, Any]) -> Block:
        text = self.filled(str(entry.get("text", "")), entry.get("values", {}))
        common = self._common(str(entry["kind"]), entry)
        return Block(
            **{**common, "title": common["title"][:1].upper() + common["title"][1:]},
            paragraphs=[part.strip() for part in text.split("\n\n") if part.strip()],
        )

    def _words(self, entry: Mapping[str, Any]) -> Block:
        told = entry.get("paragraphs")
        words = [
            [piece_of(item, self.filled) for item in paragraph if isinstance(item, dict)]
            for paragraph in (told if isinstance(told, list) else ())
            if isinstance(paragraph, list)
        ]
        return Block(**self._common("words", entry), part=str(entry.get("part", "")), words=words)

    def _figure(
        self, entry: Mapping[str, Any], folder: Path, picture: pictures.Picture, moving: str
    ) -> Block:
        names = [str(entry[key]) for key in ("file", "png") if key in entry]
        there = [name for name in names if (folder / name).is_file()]
        problem = NOT_EMBEDDED if there else FILE_IS_MISSING
        return Block(
            **self._common("figure", entry),
            html=picture.html,
            moving=moving,
            width=picture.width,
            files=there,
            problem="" if picture.html else _(problem).format((there or names)[0]),
        )

    def _player(self, entry: Mapping[str, Any], folder: Path, frame: str) -> Block:
        """A training step to go through, and its table for paper; numbered as a figure."""
        names = [str(entry[key]) for key in ("file", "rows") if key in entry]
        there = [name for name in names if (folder / name).is_file()]
        table = None
        with contextlib.suppress(OSError, ValueError):
            titles, *rows = read_csv(folder / names[-1])
            with known_names(self.ours):
                rows = [[in_formula(row[0]), *row[1:]] for row in rows[:MOST_ROWS]]
            table = self.tabulate(titles, rows)
        problem = NOT_FRAMED if names[0] in there else FILE_IS_MISSING
        common = {**self._common("figure", entry), "kind": "player"}
        problem = "" if frame else _(problem).format(names[0])
        return Block(**common, html=frame, table=table, files=there, problem=problem)

    def _table(self, entry: Mapping[str, Any], folder: Path) -> Block:
        name = str(entry["file"])
        try:
            titles, *rows = read_csv(folder / name)
            table = self.tabulate(titles, rows[:MOST_ROWS], entry.get("words", ()))
        except (OSError, ValueError):
            problem = _(FILE_IS_MISSING).format(name)
            return Block(**self._common("table", entry), problem=problem)
        problem = _(NOT_ALL_ROWS).format(MOST_ROWS, len(rows), name) if rows[MOST_ROWS:] else ""
        return Block(**self._common("table", entry), table=table, files=[name], problem=problem)

    def _model(self, entry: Mapping[str, Any], folder: Path) -> Block:
        name = str(entry.get("file", ""))
        rows, below = summary_rows(entry)
        text = entry.get("summary")  # of runs of older versions
        return Block(
            **{**self._common("model", entry), "title": _(str(entry.get("name", "")))},
            html=escape(text) if isinstance(text, str) else "",
            table=self.tabulate(rows[0], rows[1:]) if rows else None,
            paragraphs=[
                f"{self.name(name)}: {localised(value, current())}" for name, value in below
            ],
            files=[name] if (folder / name).is_file() else [],
        )


def _cells(cells: Sequence[str], ours: bool) -> list[str]:
    """A column of words."""
    if not ours:
        return list(cells)
    say = namer(current())
    return [localised(say(cell), current()) for cell in cells]
