"""Columns of a table with their kinds: numbers, dates or categories, found from what they hold.

A table comes as a file of text or as a data frame. What is missing is NaN in numbers and dates, and
None in categories.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from grafito.datasets.readers.cells import Cells, check_names, read_cells
from grafito.errors import DataError
from grafito.language import message

# What spreadsheets and people write where nothing is.
MISSING = frozenset(
    ("", "na", "n/a", "nan", "nat", "null", "?", "-", "s/d", "n/d", "<na>", "#n/a", "#n/d")
) | frozenset(("#div/0!", "#¡div/0!", "#ref!", "#¡ref!", "#value!", "#¡valor!"))
MOST_STRAY = 50  # different texts among numbers; more of them make a column of text
MOSTLY = 0.9  # the share of cells that makes a column one of numbers, or of dates
Reader = tuple[str, Callable[[str], float | None], str]  # kind, how to read a cell, remark
EPOCH = datetime.datetime(1970, 1, 1)

# What stands around a number: units of money, the sign of percent, and the spaces of typesetters.
_AROUND = re.compile(r"^[€$£\s\u00a0\u202f]+|[€$£%\s\u00a0\u202f]+$")
_EXPONENT = r"([eE][+-]?\d+)?"
_FORMS = {
    ".": re.compile(rf"[+-]?(\d{{1,3}}(,\d{{3}})+(\.\d*)?|(\d+\.?\d*|\.\d+){_EXPONENT})", re.ASCII),
    ",": re.compile(rf"[+-]?(\d{{1,3}}(\.\d{{3}})+(,\d*)?|(\d+,?\d*|,\d+){_EXPONENT})", re.ASCII),
}
_CLOCK = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?Z?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _CLOCK, re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})" + _CLOCK, re.ASCII)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: as the table has it.
        kind: "number", "date" (days since 1970) or "category".
        values: float64 (n,), or the texts of the categories, as objects.
        remark: what had to be guessed when it was read, as a text.
        month_first: whether its dates have the month before the day.
    """

    name: str
    kind: str
    values: np.ndarray
    remark: str = ""
    month_first: bool = False

    @property
    def is_missing(self) -> np.ndarray:
        """Which values are missing."""
        if self.kind == "category":
            return np.array([value is None for value in self.values], bool)
        return np.isnan(self.values)

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(set(self.values[~self.is_missing].tolist()))

    def rows(self, chosen: np.ndarray) -> Column:
        """The same column with some of its rows."""
        return replace(self, values=self.values[chosen])

    def text(self, value: Any) -> str:
        """One of its values as a text: a date as 2024-01-31, with the time of day where it has one.

        Example:
            >>> Column("day", "date", np.array([19753.5])).text(19753.5)
            '2024-01-31T12:00:00'
        """
        if self.kind != "date":
            return f"{value:.15g}" if self.kind == "number" else str(value)
        whole = float(value).is_integer()
        day = np.datetime64(0, "s") + np.timedelta64(round(float(value) * 86400), "s")
        return str(day.astype("datetime64[D]") if whole else day)

    def as_category(self) -> Column:
        """The same values as texts."""
        if self.kind == "category":
            return self
        texts = [None if np.isnan(v) else self.text(v) for v in self.values.tolist()]
        return Column(self.name, "category", np.array(texts, object), self.remark)


@dataclass(frozen=True)
class TypedTable:
    """Columns by name, all of one length, and where they come from.

    Attributes:
        columns: by name, in their order.
        source: the file, or what the frame was.
        cells: as the file has them; None of a frame.
    """

    columns: Mapping[str, Column]
    source: str
    cells: Cells | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())).values)


def typed_table(
    data: Any,
    *,
    missing: Sequence[str] = (),
    categories: Sequence[str] = (),
    month_first: bool = False,
) -> TypedTable:
    r"""Read a table and find out what its columns hold.

    Numbers may have decimal commas, points between thousands, a unit of money or a percent sign;
    dates have the year first or last.

    Args:
        data: the path of a CSV or TSV file, or a data frame.
        missing: further texts that stand for a missing value.
        categories: columns whose numbers or dates are names of classes.
        month_first: how dates are read where day and month cannot be told apart.

    Raises:
        FileError: for a file that cannot be read.
        DataError: for a column of numbers, or dates, with some other text or infinity in it.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.csv").write_text("day;price\n31/01/2024;1,5\n;2\n")
        ...     table = typed_table(Path(folder, "a.csv"))
        >>> [(each.kind, each.values.tolist()) for each in table.columns.values()]
        [('date', [19753.0, nan]), ('number', [1.5, 2.0])]
    """
    absent = MISSING | {text.strip().lower() for text in missing}
    if hasattr(data, "columns") and hasattr(data, "dtypes"):
        names = [*map(str, data.columns)]
        check_names(names, type(data).__name__)
        series = (data[name] for name in data.columns)
        columns = {
            name: _of_series(name, one, absent, month_first)
            for name, one in zip(names, series, strict=True)
        }
        table = TypedTable(columns, type(data).__name__)
    else:
        cells = read_cells(data)
        sign = _decimal_sign(cells, absent)
        columns = {
            name: _of_texts(name, texts, absent, sign, month_first, (cells, categories))
            for name, texts in zip(cells.names, cells.columns, strict=True)
        }
        table = TypedTable(columns, str(data), cells)
    made = {
        name: column.as_category() if name in categories else column
        for name, column in table.columns.items()
    }
    return TypedTable(made, table.source, table.cells)


def _of_series(name: str, series: Any, absent: frozenset[str], month_first: bool) -> Column:
    """A column of a data frame."""
    kind = getattr(series.dtype, "kind", "O")
    gaps = np.asarray(series.isna()) if hasattr(series, "isna") else np.zeros(len(series), bool)
    if hasattr(series, "cat") or kind == "b":
        texts = [None if gap else str(v) for v, gap in zip(series, gaps, strict=True)]
        return Column(name, "category", np.array(texts, object))
    if kind == "M":
        days = series.to_numpy("datetime64[ns]") - np.datetime64(0, "D")
        values = np.where(gaps, np.nan, days / np.timedelta64(1, "D"))
        return Column(name, "date", values)
    if kind == "m":
        return Column(name, "number", np.where(gaps, np.nan, series / np.timedelta64(1, "D")))
    if kind in "iuf":
        values = np.full(len(series), np.nan)
        values[~gaps] = np.asarray(series[~gaps], "float64")
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            raise DataError(
                "A column of numbers holds infinity.",
                where=f"{name}, row {infinite[0]}",
                received=values[infinite[0]],
                fix="frame.replace([np.inf, -np.inf], np.nan), where it stands for a missing value",
            )
        return Column(name, "number", values)
    cells = ["" if gap else str(v).strip() for v, gap in zip(series, gaps, strict=True)]
    return _of_texts(name, cells, absent, ".", month_first, None)


def _plain(text: str) -> str:
    return _AROUND.sub("", text) if text and not text.isdigit() else text


def _present(texts: Sequence[str], absent: frozenset[str]) -> dict[str, int]:
    """The different texts that are not missing, each with its first row."""
    first: dict[str, int] = {}
    for row, text in enumerate(texts):
        if text not in first and text.lower() not in absent:
            first[text] = row
    return first


def _decimal_sign(cells: Cells, absent: frozenset[str]) -> str:
    """The decimal sign of the table, from columns that are numbers with one of them alone."""
    for texts in cells.columns:
        plain = [_plain(text) for text in _present(texts, absent)]
        forms = [sign for sign, form in _FORMS.items() if all(map(form.fullmatch, plain))]
        if plain and len(forms) == 1:
            return forms[0]
    return "," if cells.delimiter == ";" else "."


def _of_texts(
    name: str,
    texts: Sequence[str],
    absent: frozenset[str],
    sign: str,
    month_first: bool,
    place: tuple[Cells, Sequence[str]] | None,
) -> Column:
    """A column of cells: numbers or dates where nearly all of them are such."""
    present = _present(texts, absent)
    plain = {text: _plain(text) for text in present}
    signs = (sign, "," if sign == "." else ".")
    readers: list[Reader] = [*(("number", partial(_number, plain, one), "") for one in signs)]
    order = _month_first(present, month_first)
    readers += _date_readers(order)
    as_category = place is not None and name in place[1]
    for kind, read, remark in readers if present and not as_category else ():
        found = {text: read(text) for text in present}
        if None not in found.values():
            column = np.array([found.get(text, np.nan) for text in texts], np.float64)
            return Column(name, kind, column, remark, kind == "date" and bool(order))
    for kind, read, _ in readers if present and not as_category else ():
        wrong = [text for text in present if read(text) is None]
        bad = sum(text in wrong for text in texts) if len(wrong) < MOST_STRAY else len(texts)
        if bad <= (1 - MOSTLY) * sum(text in present for text in texts):
            raise _stray(name, kind, wrong, present, place)
    values = [text if text in present else None for text in texts]
    return Column(name, "category", np.array(values, object))


def _number(plain: Mapping[str, str], decimal: str, cell: str) -> float | None:
    """The number in a cell, by its text without what stands around it."""
    text = plain[cell]
    if not _FORMS[decimal].fullmatch(text):
        return None
    other = "," if decimal == "." else "."
    value = float(text.replace(other, "").replace(decimal, "."))
    return value if np.isfinite(value) else None


def _month_first(present: Mapping[str, int], usually: bool) -> bool | None:
    """Whether these dates have the month first; None where nothing tells, and the day is usual."""
    both = [m for m in map(_YEAR_LAST.fullmatch, present) if m]
    if any(int(m[1]) > 12 for m in both):
        return False
    return True if usually or any(int(m[2]) > 12 for m in both) else None


def _date_readers(month_first: bool | None) -> list[Reader]:
    """Ways to read dates; where day and month cannot be told apart, as is usual."""
    remark = message("The day was read before the month.")
    order = (1, 0) if month_first else (0, 1)

    def last(text: str) -> float | None:
        m = _YEAR_LAST.fullmatch(text)
        if not m:
            return None
        year = int(m[3]) + (0 if len(m[3]) == 4 else 2000 if int(m[3]) < 70 else 1900)
        parts = m[1], m[2]
        return _days(year, parts[order[1]], parts[order[0]], *m.groups()[3:])

    def first(text: str) -> float | None:
        m = _YEAR_FIRST.fullmatch(text)
        return _days(*m.groups()) if m else None

    return [("date", first, ""), ("date", last, remark if month_first is None else "")]


def _days(year: Any, month: Any, day: Any, *clock: Any) -> float | None:
    hour, minute, second = (int(part or 0) for part in clock)
    try:
        found = datetime.datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        return None
    return (found - EPOCH) / datetime.timedelta(days=1)


def _stray(
    name: str,
    kind: str,
    wrong: Sequence[str],
    present: Mapping[str, int],
    place: tuple[Cells, Sequence[str]] | None,
) -> DataError:
    """The error for text among numbers, or dates."""
    row = present[wrong[0]]
    where = f"{place[0].where}, line {place[0].lines[row]}, column {name!r}" if place else name
    what = "A column of numbers holds text." if kind == "number" else "A cell is not a date."
    if len(wrong) > 1:
        received = ", ".join(repr(text[:40]) for text in wrong[:5])
    else:
        received = repr(wrong[0][:80])
    return DataError(
        what,
        where=where,
        received=received,
        fix=f"correct the cell, or --missing {wrong[0][:40]!r}, or --category {name!r}",
    )
