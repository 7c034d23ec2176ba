"""The rule by which each operation hands its gradient on, in words and as MathML."""
# ruff: noqa: E501  (a rule is a line)

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from grafito import graph
from grafito.figures.formula import formula_mathml
from grafito.language import message


@dataclass(frozen=True)
class ChainRule:
    """How a gradient g of an output y goes on to the inputs a, b.

    Attributes:
        words: the rule as a sentence.
        formulas: one for each input, as `g*b`, in the notation of `graph.parse`.
    """

    words: str
    formulas: tuple[str, ...] = ()


_WHOLE = message("Each input receives the gradient as it is; one used several times adds them up.")
_SUM = message("Each element receives the gradient of the sum that it went into.")

RULES = {
    "add": ChainRule(_WHOLE, ("g", "g")),
    "subtract": ChainRule(
        message("The first input receives the gradient, the second its opposite."), ("g", "-g")
    ),
    "multiply": ChainRule(
        message("Each factor receives the gradient times the other factor."), ("g*b", "g*a")
    ),
    "divide": ChainRule(
        message("The numerator receives g over the denominator; the denominator −g · y over itself."),
        ("g/b", "-(g*y/b)"),
    ),
    "negative": ChainRule(message("The sign of the gradient is turned."), ("-g",)),
    "matmul": ChainRule(
        message("Each matrix receives the gradient times the other one, transposed."),
        ("g @ transpose(b)", "transpose(a) @ g"),
    ),
    "power": ChainRule(
        message("The base receives the gradient times the exponent times the base to one less."),
        ("g*b*a^(b - 1)", "g*y*ln(a)"),
    ),
    "square": ChainRule(message("The input receives the gradient times twice the input."), ("g*2*a",)),
    "sqrt": ChainRule(message("The input receives the gradient over twice the root."), ("g/(2*y)",)),
    "exp": ChainRule(message("The slope of exp is exp itself: the gradient times the output."), ("g*y",)),
    "log": ChainRule(message("The input receives the gradient over the input."), ("g/a",)),
    "sigmoid": ChainRule(
        message("The slope of σ follows from its output y: it is y times 1 − y."), ("g*y*(1 - y)",)
    ),
    "tanh": ChainRule(
        message("The slope of tanh follows from its output y: it is 1 − y²."), ("g*(1 - y^2)",)
    ),
    "relu": ChainRule(
        message("Where the input is positive the gradient passes; elsewhere it is 0."), ("where(greater(a, 0), g, 0)",)
    ),
    "abs": ChainRule(message("The gradient with the sign of the input."), ("g*sign(a)",)),
    "sum": ChainRule(_SUM, ("g",)),
    "mean": ChainRule(_SUM, ("g/n",)),
    "max": ChainRule(message("Only the largest element receives the gradient."), ("where(equal(a, y), g, 0)",)),
    "maximum": ChainRule(
        message("Only the larger input receives the gradient."), ("where(greater(a, b), g, 0)", "where(greater(b, a), g, 0)")
    ),
    "minimum": ChainRule(
        message("Only the smaller input receives the gradient."), ("where(less(a, b), g, 0)", "where(less(b, a), g, 0)")
    ),
    "where": ChainRule(message("Only the branch that was taken receives the gradient.")),
    "softmax": ChainRule(
        message("Each receives its output times what its gradient has over the mean by the outputs."),
        ("y*(g - sum(g*y))",),
    ),
    "transpose": ChainRule(message("The gradient is transposed back."), ("transpose(g)",)),
    "reshape": ChainRule(message("The gradient takes the shape of the input."), ("g",)),
    "concatenate": ChainRule(message("Each input receives its own part of the gradient.")),
    "conv2d": ChainRule(
        message("The image receives the gradient spread by the kernel; the kernel the sums of g · image."),
    ),
    "maxpool": ChainRule(message("In each window only the largest pixel receives the gradient.")),
    "sigmoidcrossentropy": ChainRule(
        message("Sigmoid and cross-entropy together: the probability less the target."), ("g*(sigmoid(a) - t)",)
    ),
    "softmaxcrossentropy": ChainRule(
        message("Softmax and cross-entropy together: the probabilities less the targets."),
        ("g*(softmax(a) - t)",),
    ),
}  # fmt: skip
OTHERS = ChainRule(
    message("The gradient is multiplied by the slope of the operation at its inputs.")
)
LEAF = message("Gradients of all uses are added up; here they end.")


def rule_of(op: str) -> ChainRule:
    """The rule of an op by its name.

    Example:
        >>> rule_of("multiply").formulas
        ('g*b', 'g*a')
    """
    return RULES.get(op.lower().replace("_", ""), OTHERS)


VECTOR, MATRIX = (2,), (2, 2)  # sizes that no formula shows


def formula_graph(formula: str) -> graph.Tensor:
    """The formula of a rule as a graph of g, a, b, y, n and t.

    Example:
        >>> graph.value(formula_graph("g*b"), {"g": [1.0, 2.0], "b": [3.0, 4.0]}).tolist()
        [3.0, 8.0]
    """
    shape = MATRIX if "transpose" in formula else VECTOR
    return graph.parse(formula, dict.fromkeys(re.findall(r"\b[abgyt]\b", formula), shape))


@functools.cache
def mathml(left: str, formula: str) -> str:
    """An equation as a MathML element: `left` is what the gradient L is differentiated by.

    Example:
        >>> mathml("a", "g*b").partition("<mo>=</mo>")[2]
        '<mrow><mi>g</mi><mo>&#8290;</mo><mi>b</mi></mrow></mrow></math>'
    """
    return formula_mathml(formula_graph(formula), f"∂L/∂{left}", "en")
