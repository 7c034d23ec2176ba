"""The rule by which each operation hands its gradient on, in words and as MathML."""
# ruff: noqa: E501  (a rule is a line)

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from grafito.language import message


@dataclass(frozen=True)
class ChainRule:
    """How a gradient g of an output y goes on to the inputs a, b.

    Attributes:
        words: the rule as a sentence.
        formulas: one for each input, as `g · b`, a text that `mathml` reads.
    """

    words: str
    formulas: tuple[str, ...] = ()


_WHOLE = message("Each input receives the gradient as it is; one used several times adds them up.")
_SUM = message("Each element receives the gradient of the sum that it went into.")

RULES = {
    "add": ChainRule(_WHOLE, ("g", "g")),
    "subtract": ChainRule(
        message("The first input receives the gradient, the second its opposite."), ("g", "−g")
    ),
    "multiply": ChainRule(
        message("Each factor receives the gradient times the other factor."), ("g · b", "g · a")
    ),
    "divide": ChainRule(
        message("The numerator receives g over the denominator; the denominator −g · y over itself."),
        ("g/b", "−g · y/b"),
    ),
    "negative": ChainRule(message("The sign of the gradient is turned."), ("−g",)),
    "matmul": ChainRule(
        message("Each matrix receives the gradient times the other one, transposed."),
        ("g · b^T", "a^T · g"),
    ),
    "power": ChainRule(
        message("The base receives the gradient times the exponent times the base to one less."),
        ("g · b · a^(b−1)", "g · y · ln(a)"),
    ),
    "square": ChainRule(message("The input receives the gradient times twice the input."), ("g · 2 · a",)),
    "sqrt": ChainRule(message("The input receives the gradient over twice the root."), ("g/(2·y)",)),
    "exp": ChainRule(message("The slope of exp is exp itself: the gradient times the output."), ("g · y",)),
    "log": ChainRule(message("The input receives the gradient over the input."), ("g/a",)),
    "sigmoid": ChainRule(
        message("The slope of σ follows from its output: y times what y lacks to 1."), ("g · y · (1−y)",)
    ),
    "tanh": ChainRule(
        message("The slope of tanh follows from its output: 1 less its square."), ("g · (1−y^2)",)
    ),
    "relu": ChainRule(
        message("Where the input is positive the gradient passes; elsewhere it is 0."), ("g · [a>0]",)
    ),
    "abs": ChainRule(message("The gradient with the sign of the input."), ("g · sign(a)",)),
    "sum": ChainRule(_SUM, ("g",)),
    "mean": ChainRule(_SUM, ("g/n",)),
    "max": ChainRule(message("Only the largest element receives the gradient."), ("g · [a=y]",)),
    "maximum": ChainRule(
        message("Only the larger input receives the gradient."), ("g · [a>b]", "g · [b>a]")
    ),
    "minimum": ChainRule(
        message("Only the smaller input receives the gradient."), ("g · [a<b]", "g · [b<a]")
    ),
    "where": ChainRule(message("Only the branch that was taken receives the gradient.")),
    "softmax": ChainRule(
        message("Each receives its output times what its gradient has over the mean by the outputs."),
        ("y · (g−∑(g·y))",),
    ),
    "transpose": ChainRule(message("The gradient is transposed back."), ("g^T",)),
    "reshape": ChainRule(message("The gradient takes the shape of the input."), ("g",)),
    "conv2d": ChainRule(
        message("The image receives the gradient spread by the kernel; the kernel the sums of g · image."),
    ),
    "maxpool": ChainRule(message("In each window only the largest pixel receives the gradient.")),
    "sigmoidcrossentropy": ChainRule(
        message("Sigmoid and cross-entropy together: the probability less the target."), ("g · (σ(a)−t)",)
    ),
    "softmaxcrossentropy": ChainRule(
        message("Softmax and cross-entropy together: the probabilities less the targets."),
        ("g · (softmax(a)−t)",),
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
        ('g · b', 'g · a')
    """
    return RULES.get(op.lower().replace("_", ""), OTHERS)


_TOKEN = re.compile(r"[0-9]+|softmax|sign|ln|[^\W\d_]|\S")
_OPEN, _CLOSE = "([", ")]"


def mathml(left: str, formula: str) -> str:
    """An equation as a MathML element: `left` is ∂L over ∂ of this name.

    Example:
        >>> mathml("a", "g · b")[:60]
        '<math><mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</m'
    """
    name = f"<mi>{html.escape(left)}</mi>"
    head = f"<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi>{name}</mrow></mfrac>"
    tokens = _TOKEN.findall(formula)
    return f"<math>{head}<mo>=</mo><mrow>{_row(tokens)}</mrow></math>"


def _row(tokens: list[str], end: str = "") -> str:
    """Elements up to the closing bracket; a fraction or a power takes one element on each side."""
    parts: list[str] = []
    while tokens and tokens[0] != end:
        token = tokens.pop(0)
        if token in "/^" and parts and tokens:
            other = _element(tokens)
            tag = "mfrac" if token == "/" else "msup"
            parts.append(f"<{tag}>{parts.pop()}{other}</{tag}>")
        else:
            parts.append(_element([token, *tokens], tokens))
    return "".join(parts)


def _element(tokens: list[str], rest: list[str] | None = None) -> str:
    """The next element; brackets hold a row."""
    rest = tokens if rest is None else rest
    token = tokens[0]
    if rest is tokens:
        rest.pop(0)
    if token in _OPEN:
        inner = _row(rest, _CLOSE[_OPEN.index(token)])
        if rest:
            rest.pop(0)
        signs = token, _CLOSE[_OPEN.index(token)]
        return f"<mrow><mo>{signs[0]}</mo>{inner}<mo>{signs[1]}</mo></mrow>"
    if token.isdigit():
        return f"<mn>{token}</mn>"
    return f"<mi>{token}</mi>" if token.isalpha() else f"<mo>{html.escape(token)}</mo>"
