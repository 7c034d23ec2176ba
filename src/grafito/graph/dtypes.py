"""The element types of tensors and how two of them combine."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from grafito.errors import DtypeError

FLOATING = ("bfloat16", "float32", "float64")  # from the narrowest to the widest
INTEGER = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
DTYPES = (*FLOATING, *INTEGER, "bool")


def numpy_dtype(dtype: str) -> Any:
    """NumPy's dtype of that name; bfloat16 comes from a library of its own, loaded when needed."""
    if dtype == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return dtype


def is_floating(dtype: str) -> bool:
    """Whether values of this dtype carry gradients."""
    return dtype in FLOATING


def dtype_name(dtype: object) -> str:
    """The name of a dtype given as a name, a NumPy dtype or a Python type.

    Raises:
        DtypeError: for what a tensor cannot hold (strings, objects, complex numbers).
    """
    if isinstance(dtype, str) and dtype in DTYPES:
        return dtype
    try:
        found = np.dtype(dtype)  # type: ignore[call-overload]
    except TypeError:
        raise DtypeError(
            "There is no such dtype.",
            received=f"dtype {dtype!r}",
            expected="one of " + ", ".join(DTYPES),
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
            expected="one of " + ", ".join(DTYPES),
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
