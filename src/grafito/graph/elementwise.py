"""Ops that treat each element by itself: arithmetic, functions, comparisons, choice."""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import pi, sqrt as _root
from typing import Any

import numpy as np

from grafito.errors import ShapeError
from grafito.graph.dtypes import dtype_name, is_floating
from grafito.graph.tensor import Array, Op, Shape, Tensor, as_tensor, operands


def broadcast_shapes(*shapes: Shape, where: str = "broadcast") -> Shape:
    """The common shape of operands, by NumPy's rule.

    Raises:
        ShapeError: when two sizes differ and neither is 1.
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(
            "Shapes cannot be combined element by element.",
            where=where,
            received=" and ".join(map(str, shapes)),
            expected="sizes that are equal, or 1, counted from the last axis",
            fix="reshape one of them, or insert an axis of size 1 with graph.expand_dims",
        ) from None


class Elementwise(Op):
    """The value has the broadcast shape and the common dtype of the inputs."""

    def infer(self, *inputs: Tensor) -> tuple[Shape, str]:
        return broadcast_shapes(*(x.shape for x in inputs), where=self.name), inputs[-1].dtype


class Comparison(Elementwise):
    """The value is a boolean; no gradient passes."""

    analytic = False

    def infer(self, *inputs: Tensor) -> tuple[Shape, str]:
        return super().infer(*inputs)[0], "bool"

    def gradient(self, g: Tensor, out: Tensor, *inputs: Tensor) -> tuple[Tensor | None, ...]:
        return (None,) * len(inputs)


# Arithmetic


class Add(Elementwise):
    """x + y"""

    symbol = "+"

    def value(self, xp: Any, x: Array, y: Array) -> Array:
        return xp.add(x, y)

    def gradient(self, g, out, x, y):
        return g, g


class Subtract(Elementwise):
    """x - y"""

    symbol = "−"  # noqa: RUF001 (the minus sign of drawings)

    def value(self, xp, x, y):
        return xp.subtract(x, y)

    def gradient(self, g, out, x, y):
        return g, -g


class Multiply(Elementwise):
    """x y"""

    symbol = "×"  # noqa: RUF001

    def value(self, xp, x, y):
        return xp.multiply(x, y)

    def gradient(self, g, out, x, y):
        return g * y, g * x


class Divide(Elementwise):
    """x / y"""

    symbol = "÷"

    def value(self, xp, x, y):
        return xp.divide(x, y)

    def gradient(self, g, out, x, y):
        return g / y, -(g * out / y)


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


class Maximum(Elementwise):
    """The larger of x and y. Where they are equal each takes half of the gradient."""

    symbol = "max"
    analytic = False

    def value(self, xp, x, y):
        return xp.maximum(x, y)

    def gradient(self, g, out, x, y):
        return g * _preference(x, y), g * _preference(y, x)


class Minimum(Elementwise):
    """The smaller of x and y. Where they are equal each takes half of the gradient."""

    symbol = "min"
    analytic = False

    def value(self, xp, x, y):
        return xp.minimum(x, y)

    def gradient(self, g, out, x, y):
        return g * _preference(y, x), g * _preference(x, y)


def _preference(x: Tensor, y: Tensor) -> Tensor:
    """1 where x > y, 1/2 where equal, 0 where x < y."""
    return (cast(greater(x, y), x.dtype) + cast(greater_equal(x, y), x.dtype)) * 0.5


class Where(Elementwise):
    """x where the condition holds, else y. The gradient goes to the one taken."""

    symbol = "where"

    def value(self, xp, condition, x, y):
        return xp.where(condition, x, y)

    def gradient(self, g, out, condition, x, y):
        return None, where(condition, g, 0), where(condition, 0, g)


# Functions of one variable


class Negative(Elementwise):
    """-x"""

    symbol = "−"  # noqa: RUF001

    def value(self, xp, x):
        return xp.negative(x)

    def gradient(self, g, out, x):
        return (-g,)


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

    symbol = "σ"  # noqa: RUF001

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
        return xp.where(positive, x, xp.zeros_like(x)) + xp.log1p(
            xp.exp(xp.where(positive, -x, x))
        )

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


class Cast(Op):
    """The same value with another dtype. Gradients pass between floating types only."""

    symbol = "cast"
    dtype: str

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape, self.dtype

    def value(self, xp, x):
        if xp.iscomplexobj(x) and is_floating(self.dtype):
            return x  # the complex step passes through
        return xp.asarray(x).astype(self.dtype)

    def gradient(self, g, out, x):
        return (cast(g, x.dtype) if is_floating(x.dtype) and is_floating(self.dtype) else None,)


class StopGradient(Elementwise):
    """x, taken for a constant by differentiation"""

    symbol = "stop"
    analytic = False

    def value(self, xp, x):
        return x

    def gradient(self, g, out, x):
        return (None,)


# Comparisons and logic


class Equal(Comparison):
    """x = y"""

    symbol = "="

    def value(self, xp, x, y):
        return xp.equal(x, y)


class NotEqual(Comparison):
    """x ≠ y"""

    symbol = "≠"

    def value(self, xp, x, y):
        return xp.not_equal(x, y)


class Less(Comparison):
    """x < y"""

    symbol = "<"

    def value(self, xp, x, y):
        return xp.less(x, y)


class LessEqual(Comparison):
    """x ≤ y"""

    symbol = "≤"

    def value(self, xp, x, y):
        return xp.less_equal(x, y)


class Greater(Comparison):
    """x > y"""

    symbol = ">"

    def value(self, xp, x, y):
        return xp.greater(x, y)


class GreaterEqual(Comparison):
    """x ≥ y"""

    symbol = "≥"

    def value(self, xp, x, y):
        return xp.greater_equal(x, y)


class LogicalAnd(Comparison):
    """Both are true (not zero)"""

    symbol = "and"

    def value(self, xp, x, y):
        return xp.logical_and(x, y)


class LogicalOr(Comparison):
    """At least one is true (not zero)"""

    symbol = "or"

    def value(self, xp, x, y):
        return xp.logical_or(x, y)


class LogicalNot(Comparison):
    """True where x is false (zero)"""

    symbol = "not"

    def value(self, xp, x):
        return xp.logical_not(x)


class IsFinite(Comparison):
    """True where x is neither infinite nor NaN"""

    symbol = "finite"

    def value(self, xp, x):
        return xp.isfinite(x)


# The public functions


def _public(op: type[Op], arity: int, convert: Callable[..., tuple[Tensor, ...]] = operands):
    """The NumPy-named function of an elementwise op.

    Its documentation is that of the op. Functions of reals turn integers into float32.
    """
    names = ("x", "y")[:arity]

    def unary(x: Any) -> Tensor:
        return op()(*convert(x))

    def binary(x: Any, y: Any) -> Tensor:
        return op()(*convert(x, y))

    function = unary if arity == 1 else binary
    function.__name__ = function.__qualname__ = _snake(op.__name__)
    function.__doc__ = (
        f"{(op.__doc__ or '').strip()}\n\n    Args:\n"
        + "".join(f"        {name}: a tensor, array or number.\n" for name in names)
        + "\n    Returns:\n        A tensor of the broadcast shape.\n"
    )
    return function


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _real(*values: Any) -> tuple[Tensor, ...]:
    """Operands of a function of real numbers: integers become float32."""
    xs = operands(*values)
    return xs if is_floating(xs[0].dtype) else tuple(cast(x, "float32") for x in xs)


_real_unary = functools.partial(_public, arity=1, convert=_real)

add = _public(Add, 2)
subtract = _public(Subtract, 2)
multiply = _public(Multiply, 2)
divide = _public(Divide, 2, _real)
mod = _public(Mod, 2)
maximum = _public(Maximum, 2)
minimum = _public(Minimum, 2)
negative = _public(Negative, 1)
abs = _public(Abs, 1)
sign = _public(Sign, 1)
square = _public(Square, 1)
floor = _real_unary(Floor)
round = _real_unary(Round)
exp = _real_unary(Exp)
expm1 = _real_unary(Expm1)
log = _real_unary(Log)
log1p = _real_unary(Log1p)
sqrt = _real_unary(Sqrt)
sin = _real_unary(Sin)
cos = _real_unary(Cos)
tanh = _real_unary(Tanh)
sigmoid = _real_unary(Sigmoid)
softplus = _real_unary(Softplus)
relu = _public(Relu, 1)
erf = _real_unary(Erf)
erfinv = _real_unary(Erfinv)
stop_gradient = _public(StopGradient, 1)
equal = _public(Equal, 2)
not_equal = _public(NotEqual, 2)
less = _public(Less, 2)
less_equal = _public(LessEqual, 2)
greater = _public(Greater, 2)
greater_equal = _public(GreaterEqual, 2)
logical_and = _public(LogicalAnd, 2)
logical_or = _public(LogicalOr, 2)
logical_not = _public(LogicalNot, 1)
isfinite = _public(IsFinite, 1)


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


def where(condition: Any, x: Any, y: Any) -> Tensor:
    """x where the condition holds, else y; the gradient goes to the one taken.

    Example:
        >>> from grafito import graph
        >>> graph.where(graph.greater([1.0, -1.0], 0), 5.0, [7.0, 8.0]).numpy().tolist()
        [5.0, 8.0]
    """
    return Where()(cast(condition, "bool"), *operands(x, y))


def cast(x: Any, dtype: str) -> Tensor:
    """The same values with another dtype.

    Example:
        >>> cast([1.9, -1.9], "int32").numpy().tolist()
        [1, -1]
    """
    x, dtype = as_tensor(x), dtype_name(dtype)
    return x if x.dtype == dtype else Cast(dtype)(x)


def clip(x: Any, low: Any, high: Any) -> Tensor:
    """x limited to [low, high]. At a bound half of the gradient passes.

    Example:
        >>> clip([-2.0, 0.5, 2.0], 0, 1).numpy().tolist()
        [0.0, 0.5, 1.0]
    """
    return minimum(maximum(x, low), high)
