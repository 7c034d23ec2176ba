"""Whether an input of some dtype can hold the numbers of the data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from grafito.errors import DataError
from grafito.language import message
from grafito.models.examples import named_leaves

LARGEST = {"float32": float(np.finfo("float32").max), "bfloat16": 2.0**128 - 2.0**120}


def check_range(x: Any, dtypes: Iterable[str]) -> None:
    """Raise a DataError for the first number that an input of a model cannot hold.

    Args:
        x: arrays, one for each input.
        dtypes: those of the inputs, in the order of the arrays.
    """
    for (name, array), dtype in zip(named_leaves("x", x), dtypes, strict=False):
        wrong, expected, fix = None, "", f"Input(..., dtype={_wide_enough(array)!r})"
        if dtype == "bool" and array.dtype != "bool":
            wrong, expected = (array != 0) & (array != 1), message("0 and 1, or True and False")
        elif "int" in dtype and not np.can_cast(array.dtype, dtype, "safe"):
            limits = np.iinfo(dtype)
            wrong = _outside(array, limits)
            expected = message("whole numbers from {} to {}").format(limits.min, limits.max)
        elif array.dtype == "float64" and dtype in LARGEST and array.size:
            most = LARGEST[dtype]
            if array.max() > most or array.min() < -most:
                wrong, limit = np.abs(array) > most, f"{most:.3g}"
                expected = message("numbers from {} to {}").format("-" + limit, limit)
                fix = f"{name} / numpy.abs({name}).max()"
        if wrong is not None and wrong.any():
            raise DataError(
                f"An input of {dtype} cannot hold a number of the data.",
                where=name,
                received=array[wrong].flat[0],
                expected=expected,
                fix=fix,
            )


def _outside(array: np.ndarray, limits: Any) -> np.ndarray:
    """Which numbers are not integers between the limits."""
    if array.dtype.kind == "f":  # the largest integer has no exact float, the next one has
        beyond = 2.0 ** (limits.bits - (limits.kind == "i"))
        return (array < limits.min) | (array >= beyond) | (array != np.floor(array))
    return (array < limits.min) | (array > limits.max)


def _wide_enough(array: np.ndarray) -> str:
    if array.dtype.kind in "fb":
        return "float32"
    return "float64" if array.size and array.max() >= 2**63 else "int64"
