"""Tables as texts: the cells of a CSV file as spreadsheets write it, a list for each column."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import NamedTuple

from grafito.datasets.readers.archive import check_unpacked, open_stream
from grafito.datasets.readers.table import find_delimiter, is_number, rows_of, text_lines
from grafito.errors import DataError, FileError

SAMPLE = 20  # lines that tell the delimiter
_SAYS = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # a first line that Excel understands
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


class Cells(NamedTuple):
    """The cells of a table.

    Attributes:
        where: the file.
        names: of the columns.
        columns: the cells of each, as texts without spaces around them.
        lines: the number of the line of each row.
        delimiter: what stands between two cells; None for spaces.
    """

    where: str
    names: tuple[str, ...]
    columns: list[list[str]]
    lines: list[int]
    delimiter: str | None


def read_cells(path: str | Path) -> Cells:
    r"""Read a table of texts whose first row holds the names of the columns.

    Empty lines are left out, and so is a column without a name in which nothing stands.

    Args:
        path: the file; as `read_csv` takes it.

    Raises:
        FileError: for a file that is missing, damaged or no text.
        DataError: for a header alone, two columns of one name, or rows of another length.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.csv").write_text("city;price\nLima;1,5\n;;\nQuito;2\n")
        ...     read_cells(Path(folder, "a.csv")).columns
        [['Lima', 'Quito'], ['1,5', '2']]
    """
    if Path(path).suffix.lower() in SPREADSHEETS:
        raise FileError(
            "A workbook of a spreadsheet cannot be read.",
            where=path,
            expected="a table as text: CSV or TSV",
            fix="save as CSV UTF-8 in the spreadsheet",
        )
    check_unpacked(path)
    with open_stream(path) as stream:
        lines = text_lines(stream, path)
        sample = list(itertools.islice(lines, SAMPLE))
        said = _SAYS.fullmatch(sample[0]) if sample else None
        delimiter = said[1] if said else find_delimiter(sample, "auto")
        ahead = itertools.chain(["\n"] if said else sample[:1], sample[1:], lines)
        rows = [
            (number, [cell.strip() for cell in cells])
            for number, cells in rows_of(ahead, delimiter, path)
            if any(map(str.strip, cells))
        ]
    if not rows:
        raise DataError("The table has no rows.", where=path)
    (_number, header), *body = rows
    if body and all(map(is_number, header)):
        raise DataError(
            "The first row holds numbers in place of the names of the columns.",
            where=path,
            received=", ".join(header[:6]),
            fix="write a first line with a name for each column",
        )
    if not body:
        raise DataError(
            "The table has a row of names and no other row.",
            where=path,
            received=", ".join(header[:6]),
        )
    width = _width(header, body, path)
    names = [name or f"column {number}" for number, name in enumerate(header[:width], start=1)]
    columns = [list(column) for column in zip(*(cells[:width] for _, cells in body), strict=True)]
    kept = [k for k in range(width) if header[k] or any(columns[k])]
    check_names([names[k] for k in kept], path)
    return Cells(
        str(path),
        tuple(names[k] for k in kept),
        [columns[k] for k in kept],
        [number for number, _ in body],
        delimiter,
    )


def _width(header: list[str], body: list[tuple[int, list[str]]], path: object) -> int:
    """How many columns there are; cells behind them are empty."""
    width = len(header)
    for number, cells in body:
        if len(cells) < width or any(cells[width:]):
            raise DataError(
                "A row has a different number of columns from the first.",
                where=f"{path}, line {number}",
                received=f"{len(cells)} columns",
                expected=f"{width} columns",
                fix="quotation marks around a cell that holds the sign between columns",
            )
    return width


def check_names(names: list[str], path: object) -> None:
    """Refuse two columns of one name.

    Raises:
        DataError: for them.
    """
    if len(set(names)) == len(names):
        return
    for place, name in enumerate(names):
        if name in names[:place]:
            raise DataError(
                "Two columns have the same name.",
                where=path,
                received=f"{name!r}, columns {names.index(name) + 1} and {place + 1}",
                fix=f"{name + ' 2'!r} for the second",
            )
