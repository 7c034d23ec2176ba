"""Arithmetic, extremes of two and choice."""

from __future__ import annotations

from typing import Any

from grafito.graph.elementwise.base import Elementwise, cast, public_function, reals, signed
from grafito.graph.elementwise.comparisons import equal, greater
from grafito.graph.tensor import Array, Tensor, operands


class Add(Elementwise):
    """x + y"""

    symbol = "+"

    def value(self, xp: Any, x: Array, y: Array) -> Array:
        return xp.add(x, y)

    def gradient(self, g, out, x, y):
        return g, g


class Subtract(Elementwise):
    """x - y"""

    symbol = "−"

    def value(self, xp, x, y):
        return xp.subtract(x, y)

    def gradient(self, g, out, x, y):
        return g, -g


class Multiply(Elementwise):
    """x y"""

    symbol = "×"

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


class Negative(Elementwise):
    """-x"""

    symbol = "−"

    def value(self, xp, x):
        return xp.negative(x)

    def gradient(self, g, out, x):
        return (-g,)


class Maximum(Elementwise):
    """The larger of x and y. Where they are equal each takes half of the gradient."""

    symbol = "max"
    analytic = False

    def value(self, xp, x, y):
        return xp.maximum(x, y)

    def gradient(self, g, out, x, y):
        return _preferred(g, x, y), _preferred(g, y, x)


class Minimum(Elementwise):
    """The smaller of x and y. Where they are equal each takes half of the gradient."""

    symbol = "min"
    analytic = False

    def value(self, xp, x, y):
        return xp.minimum(x, y)

    def gradient(self, g, out, x, y):
        return _preferred(g, y, x), _preferred(g, x, y)


def _preferred(g: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """g where x > y, half of it where equal, 0 where x < y; not a product: g may be infinite."""
    return where(greater(x, y), g, where(equal(x, y), g * 0.5, 0))


class Where(Elementwise):
    """x where the condition holds, else y. The gradient goes to the one taken."""

    symbol = "where"

    def value(self, xp, condition, x, y):
        return xp.where(condition, x, y)

    def gradient(self, g, out, condition, x, y):
        return None, where(condition, g, 0), where(condition, 0, g)


class StopGradient(Elementwise):
    """x, taken for a constant by differentiation"""

    symbol = "stop"
    analytic = False

    def value(self, xp, x):
        return x

    def gradient(self, g, out, x):
        return (None,)


add = public_function(Add, 2, example="add([1.0, 2.0], 3).numpy().tolist()", shows="[4.0, 5.0]")
subtract = public_function(
    Subtract, 2, signed, example="subtract(5.0, 3.0).numpy().tolist()", shows="2.0"
)
multiply = public_function(Multiply, 2, example="multiply(2.0, 3.0).numpy().tolist()", shows="6.0")
divide = public_function(Divide, 2, reals, example="divide(1, 2).numpy().tolist()", shows="0.5")
maximum = public_function(
    Maximum, 2, example="maximum([1.0, 4.0], 3).numpy().tolist()", shows="[3.0, 4.0]"
)
minimum = public_function(
    Minimum, 2, example="minimum([1.0, 4.0], 3).numpy().tolist()", shows="[1.0, 3.0]"
)
negative = public_function(
    Negative, 1, signed, example="negative(2.0).numpy().tolist()", shows="-2.0"
)
stop_gradient = public_function(
    StopGradient, 1, example="stop_gradient(2.0).numpy().tolist()", shows="2.0"
)


def where(condition: Any, x: Any, y: Any) -> Tensor:
    """x where the condition holds, else y; the gradient goes to the one taken.

    Example:
        >>> from grafito import graph
        >>> graph.where(graph.greater([1.0, -1.0], 0), 5.0, [7.0, 8.0]).numpy().tolist()
        [5.0, 8.0]
    """
    return Where()(cast(condition, "bool"), *operands(x, y))


def clip(x: Any, low: Any, high: Any) -> Tensor:
    """x limited to [low, high]. At a bound half of the gradient passes.

    Example:
        >>> clip([-2.0, 0.5, 2.0], 0, 1).numpy().tolist()
        [0.0, 0.5, 1.0]
    """
    return minimum(maximum(x, low), high)
