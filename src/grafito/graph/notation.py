"""What the names and signs of a formula mean: one table for the many ways in which people type."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import Any

from grafito.errors import ArgumentError
from grafito.graph import elementwise, linear, neural, reductions, shaping
from grafito.graph.tensor import Tensor, as_tensor

OWN = {
    name: getattr(module, name)
    for module, names in {
        elementwise: "abs add clip cos divide equal erf erfinv exp expm1 floor greater"
        " greater_equal isfinite less less_equal log log1p logical_and logical_not logical_or"
        " maximum minimum mod multiply negative not_equal power relu round sigmoid sign sin"
        " softplus sqrt square stop_gradient subtract tanh where",
        reductions: "argmax argmin cumsum logsumexp mean prod sum variance",
        linear: "matmul",
        shaping: "transpose",
        neural: "softmax log_softmax cross_entropy binary_cross_entropy softmax_cross_entropy"
        " sigmoid_cross_entropy",
    }.items()
    for name in names.split()
}


def _extreme(pair: Callable[..., Tensor], whole: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def extreme(x: Any, *others: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        if not others:
            return whole(x, axis=axis, keepdims=keepdims)
        if axis is not None or keepdims:
            raise ArgumentError(
                "The axis is that of a single value.",
                received=f"{1 + len(others)} values and axis={axis}",
            )
        return functools.reduce(pair, others, x)

    return extreme


def _log(base: int) -> Callable[[Any], Tensor]:
    def log(x: Any) -> Tensor:
        return elementwise.divide(elementwise.log(x), math.log(base))

    return log


def _tan(x: Any) -> Tensor:
    x = as_tensor(x)
    return elementwise.divide(elementwise.sin(x), elementwise.cos(x))


def _mse(y: Any, t: Any) -> Tensor:
    return reductions.mean(elementwise.square(elementwise.subtract(y, t)))


# The names that a function has in a formula besides that of grafito.
_SPELLINGS: dict[str, Callable[..., Any]] = {
    "max máx": _extreme(elementwise.maximum, reductions.max),
    "min mín": _extreme(elementwise.minimum, reductions.min),
    "ln": elementwise.log,
    "log2": _log(2),
    "log10": _log(10),
    "sen": elementwise.sin,
    "tan tg": _tan,
    "raíz raiz": elementwise.sqrt,
    "σ": elementwise.sigmoid,
    "mse": _mse,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **OWN,
    **{name: function for names, function in _SPELLINGS.items() for name in names.split()},
}

NUMBERS = {"pi": math.pi, "π": math.pi, "e": math.e}


def raised(base: Any, exponent: Any) -> Any:
    """A power; e ^ x is the exponential function."""
    if isinstance(base, float) and base == math.e and isinstance(exponent, Tensor):
        return elementwise.exp(exponent)
    return elementwise.power(base, exponent)


# Signs of one meaning, how tightly they bind, and what they do.
POWER = 4
UNARY = 3  # -x ** 2 is -(x ** 2), and -x * y is (-x) * y
ROWS: tuple[tuple[str, int, Callable[[Any, Any], Any]], ...] = (
    ("+", 1, elementwise.add),
    ("- −", 1, elementwise.subtract),
    ("* · × ⋅ ∙ ∗", 2, elementwise.multiply),
    ("/ ÷", 2, elementwise.divide),
    ("@", 2, linear.matmul),
    ("** ^", POWER, raised),
)
PRECEDENCE = {sign: binding for signs, binding, _ in ROWS for sign in signs.split()}
OPERATORS = {sign: function for signs, _, function in ROWS for sign in signs.split()}
MINUS = ("-", "−")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)"
    r"|(?P<name>(?!\d)([^\W⁰¹²³⁴-⁹][\u0300-\u036f]*)+)"  # x₀ and x̂ are names; x² is not
    r"|(?P<power>⁻?[⁰¹²³⁴-⁹]+)"
    r"|(?P<sign>\*\*|[-−+*·×⋅∙∗/÷@^(),=|√])"
    r"|(?P<wrong>.)",
)
