"""Data frames and series as arrays: what their columns hold, and whether they are those of before.

They are known by what they have (`columns`, `dtypes`, `dtype`), so that no library is imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np

from grafito.errors import DataError
from grafito.language import message

DAY = np.timedelta64(1, "D")
SHOWN = 3  # texts of a column


@dataclass(frozen=True)
class Columns:
    """What a model remembers of the data frames that it was trained on.

    Attributes:
        names: of the columns of the inputs, in their order; none of a series.
        categories: of the columns that have some, by name; those of the targets by None.
    """

    names: tuple[str, ...] = ()
    categories: Mapping[str | None, tuple[Any, ...]] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """The same for a file, but for categories that are neither texts nor numbers."""
        kept = [
            [name, [*categories]]
            for name, categories in self.categories.items()
            if all(isinstance(each, (str, int, float)) for each in categories)
        ]
        return {"names": [*self.names], "categories": kept}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Columns:
        """What `content` described.

        Example:
            >>> Columns.from_content(Columns(("size", "age")).content()).names
            ('size', 'age')
        """
        categories = {name: tuple(each) for name, each in content.get("categories", ())}
        return cls(tuple(content.get("names", ())), categories)


def is_frame(values: Any) -> bool:
    """Whether it has columns with names, as a DataFrame of pandas.

    Example:
        >>> is_frame(np.zeros((2, 2)))
        False
    """
    return hasattr(values, "columns") and hasattr(values, "dtypes")


def is_series(values: Any) -> bool:
    """Whether it is one such column."""
    return hasattr(values, "to_numpy") and hasattr(values, "dtype") and not is_frame(values)


def columns_of(x: Any, y: Any = None) -> Columns | None:
    """Names and categories of data frames and series; None where there are neither."""
    parts: dict[str | None, Any] = {}
    if is_frame(x):
        parts = {str(name): x[name] for name in x.columns}
    names = tuple(map(str, parts))
    parts[None] = _only_column(y)
    categories = {
        name: tuple(part.cat.categories) for name, part in parts.items() if hasattr(part, "cat")
    }
    return Columns(names, categories) if names or categories else None


def _only_column(y: Any) -> Any:
    """The column of a frame that has a single one."""
    return y[y.columns[0]] if is_frame(y) and len(y.columns) == 1 else y


def frame_array(name: str, values: Any) -> np.ndarray:
    """The numbers of a data frame, a column for each of its own, or of a series.

    True and False are 1 and 0, categories the numbers of their codes, dates days since 1970, and
    what is missing is NaN.

    Args:
        name: for messages.
        values: the frame or the series.

    Raises:
        DataError: for a column of text, or two columns of one name.
    """
    if is_series(values):
        return _column(name, values)
    names = [*values.columns]
    if len(set(names)) < len(names):
        twice = next(each for each in names if names.count(each) > 1)
        raise DataError(
            "Two columns have the same name.",
            where=name,
            received=repr(twice),
            fix=f"{name}.loc[:, ~{name}.columns.duplicated()]",
        )
    kinds = [*dict.fromkeys(map(str, values.dtypes))]
    if len(kinds) == 1 and re.fullmatch(r"(u?int|float)\d+", kinds[0]):  # without a copy
        return np.asarray(values)
    columns = [_column(f"{name}[{each!r}]", values[each]) for each in names]
    return np.column_stack(columns) if columns else np.asarray(values)


def _column(name: str, series: Any) -> np.ndarray:
    kind = getattr(series.dtype, "kind", "O")
    if hasattr(series, "cat"):  # pandas says so for categories alone
        codes = np.asarray(series.cat.codes)
        return np.where(codes < 0, np.nan, codes) if (codes < 0).any() else codes.astype("int64")
    if kind == "M":
        return _days(series.to_numpy("datetime64[ns]") - np.datetime64(0, "D"))
    if kind == "m":
        return _days(np.asarray(series))
    array = np.asarray(series)
    if array.dtype != object:
        if array.dtype.kind in "US":
            raise _text(name, array)
        return array
    absent = np.asarray(series.isna()) if hasattr(series, "isna") else np.zeros(len(array), bool)
    present = array[~absent]
    if any(isinstance(value, (str, bytes)) for value in present):
        raise _text(name, present)
    if kind in "biu" and not absent.any():
        return array.astype("bool" if kind == "b" else "int64" if kind == "i" else "uint64")
    try:
        numbers = np.full(len(array), np.nan)
        numbers[~absent] = present.astype("float64")
    except (TypeError, ValueError):
        return array  # arrays of several lengths, or objects: told as those of a list
    return numbers


def _days(spans: np.ndarray) -> np.ndarray:
    return np.where(np.isnat(spans), np.nan, spans / DAY)


def _text(name: str, texts: Any) -> DataError:
    some = [repr(str(text)) for text in dict.fromkeys(texts.tolist())]
    return DataError(
        "A column holds text.",
        where=name,
        received=", ".join(some[:SHOWN]) + (", ..." if len(some) > SHOWN else ""),
        expected="numbers, True and False, dates, or a category",
        fix=f'{name}.astype("category"), or lab.fit(frame, target), which encodes the columns',
    )


def same_columns(known: Columns | None, given: Columns | None) -> Columns | None:
    """What to remember from now on: the first that came.

    Raises:
        DataError: for columns or categories that are not those of the training.
    """
    if known is None or given is None:
        return known or given
    if known.names and given.names and known.names != given.names:
        raise _other_names(known.names, given.names)
    for name, categories in known.categories.items():
        others = given.categories.get(name, categories)
        if others != categories:
            unknown = [each for each in others if each not in categories]
            column = "y" if name is None else f"x[{name!r}]"
            listed = ", ".join(map(repr, categories[:20]))
            raise DataError(
                "A column has other categories than in training.",
                where=column,
                received=", ".join(map(repr, unknown or others)),
                expected=listed,
                fix=f"{column}.cat.set_categories([{listed}])",
            )
    return known


def _other_names(known: Sequence[str], given: Sequence[str]) -> DataError:
    absent = [name for name in known if name not in given]
    if not absent:
        extra = [name for name in given if name not in known]
        return DataError(
            "The columns stand in another order than in training."
            if not extra
            else "There are columns that the model was not trained on.",
            where="x",
            received=", ".join(map(repr, extra or given)),
            expected=", ".join(map(repr, known)),
            fix=f"x[{[*known]}]",
        )
    near = get_close_matches(absent[0], given, 1)
    return DataError(
        "A column is missing that the model was trained on.",
        where="x",
        received=", ".join(map(repr, given)),
        expected=", ".join(map(repr, absent)),
        fix=f"x.rename(columns={{{near[0]!r}: {absent[0]!r}}})" if near else None,
    )


LABELLED = message("{}, row {}")  # where a value of a frame is


def place_in(columns: Columns | None, name: str, row: int, column: int) -> str | None:
    """Where a value of the inputs is, by the name of its column; None where it has none.

    Example:
        >>> place_in(Columns(("size", "age")), "x", 3, 1)
        "x['age'], row 3"
    """
    if columns is None or name != "x" or column >= len(columns.names):
        return None
    return LABELLED.format(f"x[{columns.names[column]!r}]", row)
