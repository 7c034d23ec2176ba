"""Functions of one real variable, powers and remainders."""

from __future__ import annotations

from math import pi
from math import sqrt as _root
from typing import Any

from grafito.graph.elementwise.arithmetic import where
from grafito.graph.elementwise.base import Elementwise, public_function, real_function
from grafito.graph.elementwise.comparisons import equal, greater
from grafito.graph.tensor import Tensor, operands


class Mod(Elementwise):
    """x - y floor(x / y), with the sign of y; the slope of the floor is 0 everywhere"""

    symbol = "mod"
    analytic = False

    def value(self, xp, x, y):
        return xp.mod(x, y)

    def gradient(self, g, out, x, y):
        return g, -(g * floor(x / y))


class Power(Elementwise):
    """x ** y

    0 ** 0 is 1, and its slope is 0 in both arguments. The slope in y is 0 where x is 0.
    """

    symbol = "^"

    def value(self, xp, x, y):
        return xp.power(x, y)

    def gradient(self, g, out, x, y):
        exponent = where(equal(y, 0), 1, y - 1)
        base = where(equal(x, 0), 1, x)
        return g * y * power(x, exponent), g * out * log(base)


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

        return erfinv(x)

    def gradient(self, g, out, x):
        return (g * exp(square(out)) * (_root(pi) / 2),)


abs = public_function(Abs, 1, example="abs(-2.0).numpy().tolist()", shows="2.0")
sign = public_function(Sign, 1, example="sign(-2.0).numpy().tolist()", shows="-1.0")
square = public_function(Square, 1, example="square(3.0).numpy().tolist()", shows="9.0")
floor = real_function(Floor, example="floor(1.7).numpy().tolist()", shows="1.0")
mod = public_function(Mod, 2, example="mod(7, 3).numpy().tolist()", shows="1")
round = real_function(Round, example="round(2.5).numpy().tolist()", shows="2.0")
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


def power(x: Any, y: Any) -> Tensor:
    """x ** y; 0 ** 0 is 1, with slope 0 in both arguments.

    The exponents 2 and 1/2 become `square` and `sqrt`.

    Example:
        >>> from grafito import graph
        >>> graph.power([1.0, 2.0, 3.0], 3).numpy().tolist()
        [1.0, 8.0, 27.0]
    """
    if isinstance(y, (int, float)) and y in (2, 0.5):
        return square(x) if y == 2 else sqrt(x)
    return Power()(*operands(x, y))
