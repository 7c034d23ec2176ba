"""Functions of one real variable, powers and remainders."""

from __future__ import annotations

from math import inf, pi
from math import sqrt as _root
from typing import Any

import numpy as np

from grafito.errors import ArgumentError
from grafito.graph.dtypes import INTEGER
from grafito.graph.elementwise.arithmetic import where
from grafito.graph.elementwise.base import (
    Elementwise,
    counted,
    public_function,
    real_function,
    reals,
    rounding_function,
)
from grafito.graph.elementwise.comparisons import (
    equal,
    greater,
    greater_equal,
    less_equal,
    logical_and,
    logical_or,
)
from grafito.graph.tensor import Constant, Tensor


class Mod(Elementwise):
    """x - y floor(x / y), with the sign of y; the slope of the floor is 0 everywhere"""

    symbol = "mod"
    analytic = False

    def value(self, xp, x, y):
        return xp.mod(x, y)

    def gradient(self, g, out, x, y):
        return g, -(g * floor_divide(x, y))


class FloorDivide(Elementwise):
    """The largest integer not above x / y; 0 for integers where y is 0; the slope is 0 everywhere

    It is exact where the quotient x / y would be rounded up to an integer: 1.0 // 0.1 is 9.
    """

    symbol = "⌊÷⌋"
    analytic = False

    def value(self, xp, x, y):
        return xp.floor_divide(x, y)

    def gradient(self, g, out, x, y):
        return None, None


class Power(Elementwise):
    """x ** y

    0 ** 0 is 1, and its slope is 0 in both arguments. The slope in y is 0 where x is 0 and y ≥ 0.
    For integers and y < 0 the fraction is cut off: 1 for 1, 1 or -1 for -1, else 0.
    """

    symbol = "^"

    def value(self, xp, x, y):
        shape = np.broadcast_shapes(x.shape, y.shape)
        if x.dtype.kind == "i":
            odd = xp.where(y % 2 == 0, 1, -1).astype(x.dtype)
            cut = xp.where(x == -1, odd, (x == 1).astype(x.dtype))
            return xp.where(y < 0, cut, xp.power(x, xp.maximum(y, 0)))
        # NumPy takes the square root for a scalar exponent of 1/2, which differs at -inf.
        return xp.reshape(xp.power(x, xp.reshape(y, y.shape or (1,))), shape)

    def gradient(self, g, out, x, y):
        # What replaces x stands in the base alone: a changed exponent would be wrong once the
        # slope is differentiated in y.
        zero = equal(x, 0)
        in_x = g * y * Power()(where(logical_and(zero, equal(y, 0)), 1, x), y - 1)
        return in_x, g * out * log(where(logical_and(zero, greater_equal(y, 0)), 1, x))


class Exp(Elementwise):
    """exp(x)"""

    symbol = "exp"

    def value(self, xp, x):
        return xp.exp(x)

    def gradient(self, g, out, x):
        return (g * out,)


class Expm1(Elementwise):
    """exp(x) - 1, exact for small x"""

    symbol = "expm1"

    def value(self, xp, x):
        return xp.expm1(x)

    def gradient(self, g, out, x):
        return (g * exp(x),)


class Log(Elementwise):
    """ln(x); -inf at 0, NaN below"""

    symbol = "ln"

    def value(self, xp, x):
        return xp.log(x)

    def gradient(self, g, out, x):
        return (g / x,)


class Log1p(Elementwise):
    """ln(1 + x), exact for small x"""

    symbol = "log1p"

    def value(self, xp, x):
        return xp.log1p(x)

    def gradient(self, g, out, x):
        return (g / (x + 1),)


class Sqrt(Elementwise):
    """The square root; its slope at 0 is infinite"""

    symbol = "√"

    def value(self, xp, x):
        return xp.sqrt(x)

    def gradient(self, g, out, x):
        return (g * 0.5 / out,)


class Square(Elementwise):
    """x²"""

    symbol = "x²"

    def value(self, xp, x):
        return xp.square(x)

    def gradient(self, g, out, x):
        return (g * x * 2,)


class Abs(Elementwise):
    """|x|; the slope at 0 is 0"""

    symbol = "|x|"
    analytic = False

    def value(self, xp, x):
        return xp.abs(x)

    def gradient(self, g, out, x):
        return (g * sign(x),)


class Sign(Elementwise):
    """-1, 0 or 1; the slope is 0 everywhere"""

    symbol = "sign"
    analytic = False

    def value(self, xp, x):
        return xp.sign(x)

    def gradient(self, g, out, x):
        return (None,)


class Floor(Elementwise):
    """The largest integer not above x; the slope is 0 everywhere"""

    symbol = "⌊x⌋"
    analytic = False

    def value(self, xp, x):
        return xp.floor(x)

    def gradient(self, g, out, x):
        return (None,)


class Round(Elementwise):
    """The nearest integer, halves to even; the slope is 0 everywhere"""

    symbol = "round"
    analytic = False

    def value(self, xp, x):
        return xp.round(x)

    def gradient(self, g, out, x):
        return (None,)


class Sin(Elementwise):
    """sin(x), x in radians"""

    symbol = "sin"

    def value(self, xp, x):
        return xp.sin(x)

    def gradient(self, g, out, x):
        return (g * cos(x),)


class Cos(Elementwise):
    """cos(x), x in radians"""

    symbol = "cos"

    def value(self, xp, x):
        return xp.cos(x)

    def gradient(self, g, out, x):
        return (-(g * sin(x)),)


class Tanh(Elementwise):
    """The hyperbolic tangent"""

    symbol = "tanh"

    def value(self, xp, x):
        return xp.tanh(x)

    def gradient(self, g, out, x):
        return (g * (1 - square(out)),)


class Sigmoid(Elementwise):
    """1 / (1 + exp(-x)), without overflow at either end"""

    symbol = "σ"

    def value(self, xp, x):
        positive = xp.real(x) >= 0
        e = xp.exp(xp.where(positive, -x, x))
        return xp.where(positive, xp.ones_like(e), e) / (1 + e)

    def gradient(self, g, out, x):
        return (g * out * (1 - out),)


class Softplus(Elementwise):
    """ln(1 + exp(x)), without overflow"""

    symbol = "softplus"

    def value(self, xp, x):
        positive = xp.real(x) >= 0
        return xp.where(positive, x, xp.zeros_like(x)) + xp.log1p(xp.exp(xp.where(positive, -x, x)))

    def gradient(self, g, out, x):
        return (g * sigmoid(x),)


class Relu(Elementwise):
    """max(x, 0); the slope at 0 is 0, where Maximum would share it.

    An op, not a composition, because every network uses it and engines fuse it.
    """

    symbol = "ReLU"
    analytic = False

    def value(self, xp, x):
        return xp.maximum(x, xp.zeros_like(x))

    def gradient(self, g, out, x):
        return (where(greater(out, 0), g, 0),)


class Erf(Elementwise):
    """The error function, 2/√π ∫₀ˣ exp(-t²) dt"""

    symbol = "erf"

    def value(self, xp, x):
        from scipy.special import erf

        return erf(x)

    def gradient(self, g, out, x):
        return (g * exp(-square(x)) * (2 / _root(pi)),)


class Erfinv(Elementwise):
    """The inverse of the error function"""

    symbol = "erf⁻¹"
    analytic = False  # SciPy has no complex version

    def value(self, xp, x):
        from scipy.special import erfinv

        return xp.copysign(erfinv(x), x)  # SciPy loses the sign of -0

    def gradient(self, g, out, x):
        return (g * exp(square(out)) * (_root(pi) / 2),)


abs = public_function(Abs, 1, example="abs(-2.0).numpy().tolist()", shows="2.0")
sign = public_function(Sign, 1, counted, example="sign(-2.0).numpy().tolist()", shows="-1.0")
square = public_function(Square, 1, counted, example="square(3.0).numpy().tolist()", shows="9.0")
floor = rounding_function(Floor, example="floor(1.7).numpy().tolist()", shows="1.0")
mod = public_function(Mod, 2, counted, example="mod(7, 3).numpy().tolist()", shows="1")
floor_divide = public_function(
    FloorDivide, 2, counted, example="floor_divide(-7, 2).numpy().tolist()", shows="-4"
)
round = rounding_function(Round, example="round(2.5).numpy().tolist()", shows="2.0")
exp = real_function(Exp, example="exp(0.0).numpy().tolist()", shows="1.0")
expm1 = real_function(Expm1, example="expm1(0.0).numpy().tolist()", shows="0.0")
log = real_function(Log, example="log(1.0).numpy().tolist()", shows="0.0")
log1p = real_function(Log1p, example="log1p(0.0).numpy().tolist()", shows="0.0")
sqrt = real_function(Sqrt, example="sqrt(9.0).numpy().tolist()", shows="3.0")
sin = real_function(Sin, example="sin(0.0).numpy().tolist()", shows="0.0")
cos = real_function(Cos, example="cos(0.0).numpy().tolist()", shows="1.0")
tanh = real_function(Tanh, example="tanh(0.0).numpy().tolist()", shows="0.0")
sigmoid = real_function(Sigmoid, example="sigmoid(0.0).numpy().tolist()", shows="0.5")
softplus = real_function(Softplus, example="softplus(100.0).numpy().tolist()", shows="100.0")
relu = public_function(Relu, 1, example="relu(-1.0).numpy().tolist()", shows="0.0")
erf = real_function(Erf, example="erf(0.0).numpy().tolist()", shows="0.0")
erfinv = real_function(Erfinv, example="erfinv(0.0).numpy().tolist()", shows="0.0")


def xlogy(x: Any, y: Any) -> Tensor:
    """x ln y, 0 where x is 0; there its slopes are finite too, so entropies can be trained.

    Where x is 0 the slope in x is ln y, or 0 where y is 0 or infinite.

    Example:
        >>> xlogy([0.0, 2.0], [0.0, 1.0]).numpy().tolist()
        [0.0, 0.0]
    """
    x, y = reals(x, y)
    # What is not taken is replaced before the logarithm: `where` after it would leave 0 · ∞.
    nothing = logical_and(equal(x, 0), logical_or(less_equal(y, 0), equal(y, inf)))
    return x * log(where(nothing, 1, y))


def power(x: Any, y: Any) -> Tensor:
    """x ** y; 0 ** 0 is 1, with slope 0 in both arguments.

    The exponents 2 and 1/2 become `square` and `sqrt`. An integer to a floating power is float32.

    Raises:
        ArgumentError: for an integer to a power that is known to be negative.

    Example:
        >>> from grafito import graph
        >>> graph.power([1.0, 2.0, 3.0], 3).numpy().tolist()
        [1.0, 8.0, 27.0]
    """
    xs = counted(x, y)
    if isinstance(y, (int, float)) and y in (2, 0.5):
        return square(xs[0]) if y == 2 else sqrt(x)
    exponent = xs[1].op
    if xs[0].dtype in INTEGER and isinstance(exponent, Constant) and (exponent.array < 0).any():
        raise ArgumentError(
            "An integer to a negative power is not an integer.",
            received=f"{xs[0].dtype} ** {exponent.array.min()}",
            fix="graph.cast(x, 'float32') ** y, or an exponent such as -1.0",
        )
    return Power()(*xs)
