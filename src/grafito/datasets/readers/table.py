"""Tables of numbers in text files: CSV and columns set apart by spaces."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from grafito.datasets.readers.archive import open_stream
from grafito.errors import DataError, FileError

_MAX_LINE = 1 << 20
_MISSING = ("", "na", "nan", "?")


class Table(NamedTuple):
    """Column names (empty where the file has no header) and values (rows, columns), float64."""

    names: tuple[str, ...]
    values: np.ndarray


def read_csv(
    path: str | Path,
    *,
    delimiter: str | None = ",",
    header: bool | None = None,
    missing: bool = False,
) -> Table:
    r"""Read a table of numbers; compressed files are unpacked.

    Args:
        path: the file, UTF-8 with or without a byte order mark.
        delimiter: the character between columns; None means any run of spaces or tabs.
        header: whether the first row holds names; None means: if none of its cells is a number.
        missing: whether empty cells, `nan`, `NA` and `?` become NaN; else they are an error.

    Returns:
        A Table (names, values).

    Raises:
        FileError: the file is missing, damaged or no text.
        DataError: a row has another length than the first, or a cell is no finite number.

    Source: https://www.rfc-editor.org/rfc/rfc4180

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "two.csv").write_text("a,b\n1,2\n")
        ...     read_csv(Path(folder, "two.csv")).names
        ('a', 'b')
    """
    with open_stream(path) as stream:
        return parse_table(stream, path, delimiter=delimiter, header=header, missing=missing)


def parse_table(
    source: BinaryIO | bytes,
    where: object,
    *,
    delimiter: str | None = ",",
    header: bool | None = None,
    missing: bool = False,
) -> Table:
    r"""Read a table from a stream or bytes; see `read_csv` for the arguments and errors.

    Args:
        source: the text, as bytes or a binary stream.
        where: the name for errors.
        delimiter: as in `read_csv`.
        header: as in `read_csv`.
        missing: as in `read_csv`.

    Returns:
        A Table (names, values).

    Raises:
        FileError: the text is damaged.
        DataError: a row or cell is wrong.

    Example:
        >>> parse_table(b"a,b\n1,2\n3,4\n", "demo").values.tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    names: tuple[str, ...] = ()
    width = None
    values = array("d")
    for number, cells in _rows(stream, delimiter, where):
        if width is None:
            width = len(cells)
            if header or (header is None and all(_number(cell) is None for cell in cells)):
                names = tuple(cells)
                continue
        if len(cells) != width:
            raise DataError(
                "A row has another number of columns than the first.",
                where=f"{where}, line {number}",
                received=f"{len(cells)} columns",
                expected=f"{width} columns",
            )
        for column, cell in enumerate(cells):
            values.append(_value(cell, missing, where, number, column, names))
    if not values or width is None:
        raise DataError("The table has no rows.", where=where)
    return Table(names, np.array(values).reshape(-1, width))


def _rows(
    stream: BinaryIO, delimiter: str | None, where: object
) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) for each row that is not blank."""
    lines = _lines(stream, where)
    if delimiter is None:
        for number, line in enumerate(lines, start=1):
            if cells := line.split():
                yield number, cells
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise DataError(
            "A row of the table cannot be read.",
            where=f"{where}, line {reader.line_num}",
            received=error,
        ) from None


def _lines(stream: BinaryIO, where: object) -> Iterator[str]:
    number = 0
    while line := stream.readline(_MAX_LINE + 1):
        number += 1
        place = f"{where}, line {number}"
        if len(line) > _MAX_LINE:
            raise FileError(
                "A line of the table is too long.",
                where=place,
                expected=f"at most {_MAX_LINE} bytes",
            )
        if b"\0" in line:
            raise FileError(
                "The table holds a zero byte: it is no text, or text in UTF-16.",
                where=place,
                fix="save it as UTF-8",
            )
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise FileError(
                "The table is not in UTF-8.",
                where=place,
                received=f"byte 0x{line[error.start]:02x}",
                fix="save it as UTF-8",
            ) from None


def _number(cell: str) -> float | None:
    # float() also takes "1_000" and digits of other scripts, which no table means.
    if "_" in cell or not cell.isascii():
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _value(
    cell: str, missing: bool, where: object, line: int, column: int, names: tuple[str, ...]
) -> float:
    if missing and cell.lower() in _MISSING:
        return math.nan
    value = _number(cell)
    if value is not None and math.isfinite(value):
        return value
    title = f" ({names[column]!r})" if names else ""
    absent = cell.lower() in _MISSING
    raise DataError(
        "A value is missing." if absent else "A cell is not a finite number.",
        where=f"{where}, line {line}, column {column + 1}{title}",
        received=repr(cell[:80]),
        fix="missing=True reads such cells as NaN" if absent else None,
    )
