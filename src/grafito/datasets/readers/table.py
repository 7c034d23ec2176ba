"""Tables of numbers in text files: CSV and columns set apart by spaces."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from grafito.datasets.readers.archive import check_unpacked, open_stream
from grafito.errors import DataError, FileError, unknown_name

_MAX_LINE = 1 << 20
_MISSING = ("", "na", "nan", "?")
_DELIMITERS = (";", "\t", "|", ",")  # a comma may also be the decimal sign, so it comes last
_CONTROLS = frozenset(b"\x81\x8d\x8f\x90\x9d")  # no letters in Windows' form of Latin-1
_SAMPLE = 20  # lines that tell the delimiter
_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?|[+-]?\d+,")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")


class Table(NamedTuple):
    """Column names (empty where the file has no header) and values (rows, columns), float64."""

    names: tuple[str, ...]
    values: np.ndarray


def read_csv(
    path: str | Path,
    *,
    delimiter: str | None = "auto",
    decimal: str = "auto",
    header: bool | None = None,
    missing: bool = False,
) -> Table:
    r"""Read a table of numbers, as spreadsheets write it; compressed files are unpacked.

    Args:
        path: the file, in UTF-8 or, as older programs write, Latin-1.
        delimiter: the character between columns; "auto" finds out whether that is ; tab | or , and
            None means any run of spaces or tabs.
        decimal: "." or ","; "auto" takes commas where they are not between columns.
        header: whether the first row holds names; None means: if none of its cells is a number.
        missing: whether empty cells, `nan`, `NA` and `?` become NaN; else they are an error.

    Returns:
        A Table (names, values).

    Raises:
        FileError: the file is missing, damaged or no text.
        DataError: a row has another length than the first, or a cell is no finite number.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "two.csv").write_text("a;b\n1,5;2\n")
        ...     read_csv(Path(folder, "two.csv")).values.tolist()
        [[1.5, 2.0]]
    """
    check_unpacked(path)  # before any of it is parsed, which takes longer
    with open_stream(path) as stream:
        return parse_table(
            stream, path, delimiter=delimiter, decimal=decimal, header=header, missing=missing
        )


def parse_table(
    source: BinaryIO | bytes,
    where: object,
    *,
    delimiter: str | None = "auto",
    decimal: str = "auto",
    header: bool | None = None,
    missing: bool = False,
) -> Table:
    r"""Read a table from a stream or bytes; see `read_csv` for the arguments and errors.

    Args:
        source: the text, as bytes or a binary stream.
        where: the name for errors.
        delimiter: as in `read_csv`.
        decimal: as in `read_csv`.
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
    if decimal not in ("auto", ".", ","):
        raise unknown_name("decimal sign", decimal, ("auto", ".", ","))
    lines = text_lines(stream, where)
    sample = list(itertools.islice(lines, _SAMPLE))
    if delimiter == "auto":
        delimiter = find_delimiter(sample, decimal)
    numbers = _Numbers("." if delimiter == "," and decimal == "auto" else decimal)
    names: tuple[str, ...] = ()
    width = None
    values = array("d")
    for number, cells in rows_of(itertools.chain(sample, lines), delimiter, where):
        if width is None:
            width = len(cells)
            if header or (header is None and all(numbers.read(cell) is None for cell in cells)):
                names = tuple(cells)
                continue
        if len(cells) != width:
            raise DataError(
                "A row has a different number of columns from the first.",
                where=f"{where}, line {number}",
                received=f"{len(cells)} columns",
                expected=f"{width} columns",
            )
        for column, cell in enumerate(cells):
            value = numbers.read(cell)
            if value is None or not math.isfinite(value):
                value = _no_number(cell, missing, (where, number, column), names, numbers)
            values.append(value)
    if not values or width is None:
        raise DataError("The table has no rows.", where=where)
    numbers.check(where)
    return Table(names, np.array(values).reshape(-1, width))


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, with either decimal sign.

    Example:
        >>> is_number("1.234,5"), is_number("12 m")
        (True, False)
    """
    return any(_Numbers(sign).read(cell) is not None for sign in (".", ","))


class _Numbers:
    """Reads numbers with one decimal sign, which the first number with a sign tells.

    Attributes:
        sign: "." or ","; None until it is known.
        thousands: a cell such as 1,234 while all with a comma are of that form.
    """

    def __init__(self, decimal: str):
        self.sign = None if decimal == "auto" else decimal
        self.is_guess = decimal == "auto"
        self.thousands = ""

    def read(self, cell: str) -> float | None:
        """The number in a cell, None where it holds no number of this kind."""
        # float() also takes "1_000" and digits of other scripts, which no table means.
        if "_" in cell or not cell.isascii():
            return None
        if "," in cell:
            if self.sign == "." or not _COMMA.fullmatch(cell):
                return None
            if self.is_guess and self.sign is None and _THOUSANDS.fullmatch(cell):
                self.thousands = self.thousands or cell
                return float(cell.replace(",", "."))
            self.sign, self.thousands = ",", ""
            return float(cell.replace(".", "").replace(",", "."))
        if self.sign == "," and "." in cell:
            return None
        try:
            value = float(cell)
        except ValueError:
            return None
        if "." in cell:
            self.sign = "."
        return value

    def check(self, where: object) -> None:
        """Refuse to guess whether 1,234 is a thousand or a little more than one."""
        if self.thousands:
            raise DataError(
                "A comma may stand before decimals or between thousands.",
                where=where,
                received=self.thousands,
                fix='decimal=","',
            )


def find_delimiter(sample: Sequence[str], decimal: str) -> str | None:
    """What parts the columns: all lines of the sample have as many, or the first line says it."""
    lines = [line for line in sample if line.strip()]
    widths = {}
    for sign in _DELIMITERS:
        if sign == "," and decimal == ",":
            continue
        try:
            rows = list(csv.reader(lines, delimiter=sign, skipinitialspace=True))
        except csv.Error:
            continue
        widths[sign] = [len(row) for row in rows if row]
    for sign, counts in widths.items():
        if counts and counts[0] > 1 and len(set(counts)) == 1:
            return sign
    split = [line.split() for line in lines]
    if split and len(split[0]) > 1 and len(set(map(len, split))) == 1:
        cells = [cell for row in split[1:] or split for cell in row]
        if all(_Numbers(decimal).read(cell) is not None for cell in cells):
            return None
    first = {sign: counts[0] for sign, counts in widths.items() if counts}
    usual = ";" if decimal == "," else ","
    best = max(first, key=lambda sign: first[sign], default=usual)
    return best if first.get(best, 1) > 1 else usual


def rows_of(
    lines: Iterable[str], delimiter: str | None, where: object
) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) for each row that is not blank."""
    if delimiter is None:
        for number, line in enumerate(lines, start=1):
            if cells := line.split():
                yield number, cells
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    begun = 1
    try:
        for row in reader:
            begun = reader.line_num + 1
            if row:
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        if str(error).endswith("of data"):  # it ended in a cell
            raise DataError(
                "A quotation mark is opened and not closed.",
                where=f"{where}, line {begun}",
                fix="close it, or write it twice where it belongs to the text",
            ) from None
        raise DataError(
            "A row of the table cannot be read.",
            where=f"{where}, line {reader.line_num}",
            received=error,
        ) from None


def text_lines(stream: BinaryIO, where: object) -> Iterator[str]:
    """The lines of a file, in UTF-8 or, where a line is none, in Windows' form of Latin-1."""
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
                "The table holds a zero byte: it is not text, or it is text in UTF-16.",
                where=place,
                fix="save it as UTF-8",
            )
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:  # what older programs write has a letter for each byte
            yield line.decode("cp1252" if _CONTROLS.isdisjoint(line) else "latin-1")


def _no_number(
    cell: str,
    missing: bool,
    place: tuple[object, int, int],
    names: tuple[str, ...],
    numbers: _Numbers,
) -> float:
    """NaN for a cell that is missing where that is allowed; an error for any other."""
    absent = cell.lower() in _MISSING
    if missing and absent:
        return math.nan
    where, line, column = place
    title = f" ({names[column]!r})" if names else ""
    other = {".": ",", ",": "."}.get(numbers.sign or "", "")
    mixed = numbers.is_guess and _Numbers(other or "auto").read(cell) is not None
    fix = "missing=True reads such cells as NaN" if absent else None
    raise DataError(
        "A value is missing."
        if absent
        else f"Before this cell the decimal sign was {numbers.sign!r}."
        if mixed
        else "A cell is not a finite number.",
        where=f"{where}, line {line}, column {column + 1}{title}",
        received=repr(cell[:80]),
        fix=f"decimal={other!r}, or one sign in the whole table" if mixed else fix,
    )
