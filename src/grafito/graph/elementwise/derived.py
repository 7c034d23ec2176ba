"""Functions of real numbers that are composed of others."""

from __future__ import annotations

import math
from typing import Any

from grafito.graph.dtypes import INTEGER, is_floating
from grafito.graph.elementwise.arithmetic import divide, negative, where
from grafito.graph.elementwise.base import cast, reals
from grafito.graph.elementwise.comparisons import (
    equal,
    isfinite,
    logical_not,
    logical_or,
    not_equal,
)
from grafito.graph.elementwise.functions import abs as absolute
from grafito.graph.elementwise.functions import cos, exp, expm1, floor, log, sign, sin, sqrt
from grafito.graph.tensor import Tensor, as_tensor


def tan(x: Any) -> Tensor:
    """sin(x) / cos(x).

    Example:
        >>> round(tan(1.0).item(), 4)
        1.5574
    """
    return divide(sin(x), cos(x))


def sinh(x: Any) -> Tensor:
    """(exp(x) - exp(-x)) / 2, exact for small x.

    Example:
        >>> round(sinh(1.0).item(), 4)
        1.1752
    """
    (x,) = reals(x)
    return (expm1(x) - expm1(-x)) * 0.5


def cosh(x: Any) -> Tensor:
    """(exp(x) + exp(-x)) / 2.

    Example:
        >>> cosh(0.0).item()
        1.0
    """
    (x,) = reals(x)
    return (exp(x) + exp(-x)) * 0.5


def log2(x: Any) -> Tensor:
    """The logarithm to base 2.

    Example:
        >>> log2(8.0).item()
        3.0
    """
    return log(x) * (1 / math.log(2))


def log10(x: Any) -> Tensor:
    """The logarithm to base 10.

    Example:
        >>> round(log10(1000.0).item(), 5)
        3.0
    """
    return log(x) * (1 / math.log(10))


def rsqrt(x: Any) -> Tensor:
    """1 / √x.

    Example:
        >>> rsqrt(4.0).item()
        0.5
    """
    return divide(1, sqrt(x))


def reciprocal(x: Any) -> Tensor:
    """1 / x.

    Example:
        >>> reciprocal([2.0, 4.0]).numpy().tolist()
        [0.5, 0.25]
    """
    return divide(1, x)


def ceil(x: Any) -> Tensor:
    """The smallest integer not below x; the slope is 0 everywhere. Integers stay as they are.

    Example:
        >>> ceil([1.2, -1.2]).numpy().tolist()
        [2.0, -1.0]
    """
    x = as_tensor(x)
    x = cast(x, "int32") if x.dtype == "bool" else x
    return x if x.dtype in INTEGER else negative(floor(negative(x)))


def trunc(x: Any) -> Tensor:
    """x without its fraction; the slope is 0 everywhere. Integers stay as they are.

    Example:
        >>> trunc([1.7, -1.7]).numpy().tolist()
        [1.0, -1.0]
    """
    x = as_tensor(x)
    x = cast(x, "int32") if x.dtype == "bool" else x
    return x if x.dtype in INTEGER else sign(x) * floor(absolute(x))


def isnan(x: Any) -> Tensor:
    """True where x is not a number.

    Example:
        >>> isnan([1.0, float("nan")]).numpy().tolist()
        [False, True]
    """
    x = as_tensor(x)
    return not_equal(x, x)


def isinf(x: Any) -> Tensor:
    """True where x is infinite.

    Example:
        >>> isinf([1.0, float("-inf")]).numpy().tolist()
        [False, True]
    """
    x = as_tensor(x)
    return logical_not(logical_or(isfinite(x), isnan(x)))


def logical_xor(x: Any, y: Any) -> Tensor:
    """Exactly one is true (not zero).

    Example:
        >>> logical_xor([True, True], [True, False]).numpy().tolist()
        [False, True]
    """
    return not_equal(cast(x, "bool"), cast(y, "bool"))


def divide_no_nan(x: Any, y: Any) -> Tensor:
    """x / y, and 0 where y is 0, with slopes of 0 there.

    Example:
        >>> divide_no_nan([1.0, 3.0], [0.0, 2.0]).numpy().tolist()
        [0.0, 1.5]
    """
    x, y = reals(x, y)
    zero = equal(y, 0)
    return where(zero, 0, divide(x, where(zero, 1, y)))


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """x with numbers in place of NaN and infinities, by default 0 and the ends of the dtype.

    Example:
        >>> nan_to_num([float("nan"), 2.0]).numpy().tolist()
        [0.0, 2.0]
    """
    x = as_tensor(x)
    if not is_floating(x.dtype):
        return x
    largest = LARGEST.get(x.dtype, LARGEST["float32"])
    high = largest if posinf is None else posinf
    low = -largest if neginf is None else neginf
    infinite = isinf(x)
    finite = where(logical_or(infinite, isnan(x)), 0, x)
    ends = where(infinite, where(x > 0, high, low), nan)
    return where(isfinite(x), finite, ends)


LARGEST = {
    "float64": 1.7976931348623157e308,
    "float32": 3.4028234663852886e38,
    "bfloat16": 3.3895313892515355e38,
}


def safe_sqrt(x: Any) -> Tensor:
    """√x with the slope 0, not infinity, where x is 0: for lengths and deviations.

    Example:
        >>> safe_sqrt([4.0, 0.0]).numpy().tolist()
        [2.0, 0.0]
    """
    (x,) = reals(x)
    zero = equal(x, 0)
    return where(zero, 0, sqrt(where(zero, 1, x)))


def isclose(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """True where |x - y| ≤ atol + rtol |y|, or both are the same infinity.

    Example:
        >>> isclose([1.0, 1.0], [1.000001, 1.1]).numpy().tolist()
        [True, False]
    """
    x, y = reals(x, y)
    near = absolute(x - y) <= atol + rtol * absolute(y)
    same = logical_or(equal(x, y), near & isfinite(x) & isfinite(y))
    return logical_or(same, isnan(x) & isnan(y)) if equal_nan else same
