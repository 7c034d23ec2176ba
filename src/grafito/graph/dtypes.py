"""The element types of tensors and how two of them combine."""

from __future__ import annotations

import functools
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from grafito.errors import DtypeError, RangeError, one_of

FLOATING = ("bfloat16", "float32", "float64")  # from the narrowest to the widest
INTEGER = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
LARGEST = float(np.finfo("float64").max)
DTYPES = (*FLOATING, *INTEGER, "bool")


def numpy_dtype(dtype: str) -> Any:
    """NumPy's dtype of that name; bfloat16 comes from a library of its own, loaded when needed."""
    if dtype == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return dtype


def item_size(dtype: str) -> int:
    """The bytes of an element.

    Example:
        >>> item_size("float32")
        4
    """
    return np.dtype(numpy_dtype(dtype)).itemsize


def is_floating(dtype: str) -> bool:
    """Whether values of this dtype carry gradients."""
    return dtype in FLOATING


def accumulator(dtype: str) -> str:
    """The dtype in which many elements are added or multiplied: integers need room.

    Example:
        >>> accumulator("uint8"), accumulator("bool"), accumulator("float32")
        ('int64', 'int64', 'float32')
    """
    return dtype if is_floating(dtype) or dtype == "uint64" else "int64"


def holds(dtype: str, n: int) -> bool:
    """Whether a dtype can hold an integer; a floating one may round it.

    Example:
        >>> holds("uint8", 255), holds("uint8", -1)
        (True, False)
    """
    if is_floating(dtype):
        return abs(n) <= LARGEST
    if dtype == "bool":
        return n in (0, 1)
    bounds = np.iinfo(dtype)
    return bool(bounds.min <= n <= bounds.max)


def whole(x: Any, dtype: str, xp: Any = np) -> Any:
    """Floats as integers: cut off towards 0, at the ends of the dtype, 0 for NaN.

    Example:
        >>> whole(np.array([-1.5, 300.0, np.nan]), "uint8").tolist()
        [0, 255, 0]
    """
    x = x.astype("float64")
    bounds = np.iinfo(dtype)
    low, high = float(bounds.min), float(int(bounds.max) + 1)  # exact, powers of two
    least, most = xp.asarray(bounds.min, dtype), xp.asarray(bounds.max, dtype)
    inside = xp.where((x >= low) & (x < high), x, 0).astype(dtype)
    return xp.where(x >= high, most, xp.where(x < low, least, inside)).astype(dtype)


def converted(values: Any, dtype: str, where: object = None) -> np.ndarray:
    """An array of a dtype, where that keeps the numbers: none wraps around, is cut or is lost.

    Floats may be rounded to narrower floats, and anything may become a boolean.

    Raises:
        RangeError: for an integer that the dtype cannot hold.
        DtypeError: for a fraction, an infinity or NaN where integers are expected.

    Example:
        >>> converted([1, 2], "uint8").dtype.name
        'uint8'
    """
    array = np.asarray(values)
    if dtype not in INTEGER or array.dtype.kind not in "iufO" or array.dtype == dtype:
        return array.astype(numpy_dtype(dtype), copy=False)
    whole = np.ones((), bool)
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (np.trunc(array) == array)
    if not whole.all():
        wrong = array[~whole]
        raise DtypeError(
            "An integer cannot hold this number.",
            where=where,
            received=wrong.flat[0],
            expected=f"whole numbers, for {dtype}",
            fix="a floating dtype, or numpy.round first",
        )
    for n in (array.min(), array.max()) if array.size else ():  # what none exceeds
        if not holds(dtype, int(n)):
            raise outside(int(n), dtype, where)
    return array.astype(dtype)


def large_integers(array: np.ndarray, dtype: str | None) -> np.ndarray:
    """Integers of more than 64 bits: as floats where floats are asked for, else refused."""
    for n in array.flat if all(isinstance(n, int) for n in array.flat) else ():
        if not holds(dtype or "int64", n):
            raise outside(n, dtype or "int64")
    numbers = all(isinstance(n, (Real, Decimal)) for n in array.flat)  # NumPy takes None for NaN
    as_floats = numbers and dtype is not None and is_floating(dtype)
    return array.astype("float64") if as_floats else array


def fit(array: np.ndarray, dtype: str) -> bool:
    """Whether a dtype can hold all integers of an array."""
    return not array.size or (holds(dtype, int(array.min())) and holds(dtype, int(array.max())))


def outside(n: int, dtype: str, where: object = None) -> RangeError:
    """The error for a number that a dtype cannot hold."""
    wide = next((d for d in ("int32", "int64", "float64") if holds(d, n)), None)
    low, high = (0, 1) if dtype == "bool" else _bounds(dtype)
    return RangeError(
        f"{dtype} cannot hold this number.",
        where=where,
        received=n if abs(n) < 10**30 else f"a number of {len(str(abs(n)))} digits",
        expected=f"{low} to {high}",
        fix=wide and f"graph.cast(x, {wide!r}) first, where x is the tensor of {dtype}",
    )


def _bounds(dtype: str) -> tuple[Any, Any]:
    if is_floating(dtype):
        return -LARGEST, LARGEST
    bounds = np.iinfo(dtype)
    return bounds.min, bounds.max


def dtype_name(dtype: object) -> str:
    """The name of a dtype given as a name, a NumPy dtype or a Python type.

    Raises:
        DtypeError: for what a tensor cannot hold (strings, objects, complex numbers).
    """
    if isinstance(dtype, str) and dtype in DTYPES:
        return str(dtype)  # a string of NumPy would be taken for a value
    try:
        found = np.dtype(dtype)  # type: ignore[call-overload]
    except TypeError:
        policy = str(dtype).startswith("mixed_")  # Keras's name of a layer's policy
        raise DtypeError(
            "There is no such dtype.",
            received=f"dtype {dtype!r}",
            expected=one_of(DTYPES),
            fix="model.compile(..., precision='mixed_bfloat16')" if policy else None,
        ) from None
    return _name(found)


@functools.cache
def _name(dtype: np.dtype) -> str:
    name = dtype.name
    if name == "float16":
        return "float32"
    if name not in DTYPES:
        raise DtypeError(
            "A tensor cannot hold this kind of value.",
            received=f"dtype {name}",
            expected=one_of(DTYPES),
            fix="convert it first, for example numpy.asarray(values, dtype='float32')",
        )
    return name


def promote(a: str, b: str) -> str:
    """The dtype of an operation between `a` and `b`: a floating type wins, then the wider one.

    Unlike NumPy, an integer never widens a float: int32 with float32 is float32.
    """
    if a == b:
        return a
    if is_floating(a) and is_floating(b):
        return max(a, b, key=FLOATING.index)
    if is_floating(a) or is_floating(b):
        return a if is_floating(a) else b
    return dtype_name(np.result_type(a, b))
