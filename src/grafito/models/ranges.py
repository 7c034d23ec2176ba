"""Whether an input can hold the numbers of the data, and whether training saw such numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from grafito.errors import DataError, GrafitoWarning, warn
from grafito.language import message
from grafito.models.examples import Examples, named_leaves

MOST_LOOKED_AT = 1 << 28  # numbers of an input
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


def note_seen(model: Any, examples: Examples) -> None:
    """Widen what the model knows of the inputs of its training: their least and largest number.

    Of arrays that are larger than memory may be, as files are, some examples do.
    """
    for name, array in named_leaves("x", examples.x):
        array = array[:: max(1, array.size // MOST_LOOKED_AT)]
        if array.size and array.dtype.kind != "b":
            ends = examples.extremes.get(name) or (array.min().item(), array.max().item())
            low, high = model._seen.get(name, (np.inf, -np.inf))
            model._seen[name] = min(low, ends[0]), max(high, ends[1])


def limits(seen: tuple[float, float]) -> tuple[float, float]:
    """Between which numbers an input is like those of the training, with room for unseen examples.

    Example:
        >>> limits((0.0, 1.0)), limits((3.0, 3.0))
        ((-1.0, 2.0), (-inf, inf))
    """
    low, high = seen
    room = high - low if high > low else np.inf
    return low - room, high + room


def warn_of_unseen(model: Any, x: Any) -> None:
    """Warn once, after each training, of inputs far outside all that it saw."""
    if model._told_of_unseen:
        return
    for name, array in named_leaves("x", x):
        if name not in model._seen or not array.size or array.dtype.kind == "b":
            continue
        low, high = limits(model._seen[name])
        least, largest = array.min().item(), array.max().item()
        if least < low or largest > high:
            model._told_of_unseen = True
            start, end = model._seen[name]
            scale = largest / end if end else 0.0
            warn(
                GrafitoWarning(
                    "The input lies far outside all that training saw, so the output is a guess.",
                    where=name,
                    received=message("numbers from {} to {}").format(
                        f"{least:.4g}", f"{largest:.4g}"
                    ),
                    expected=message("numbers from {} to {}").format(f"{start:.4g}", f"{end:.4g}"),
                    fix=f"{name} / {scale:.4g}"
                    if scale in (255, 16)
                    else "scale it as in training",
                )
            )
            return
