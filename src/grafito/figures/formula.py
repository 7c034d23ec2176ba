"""Formulas of a graph as MathML, for pages, and as TeX, for texts that go on elsewhere."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.figures.text import with_decimal_sign
from grafito.graph import Tensor

Tree = tuple[Any, ...]  # ("name", text), ("number", value), or (what is done, tree, ...)

PLUMBING = {"Reshape", "BroadcastTo", "Cast", "StopGradient"}
COMPARED = {"Greater": ">", "GreaterEqual": "≥", "Less": "<", "LessEqual": "≤", "Equal": "="}
OPPOSITE = {">": "≤", "≥": "<", "<": "≥", "≤": ">", "=": "≠"}
FUNCTIONS = {"Log": "ln", "Sigmoid": "σ", "Relu": "ReLU", "Maximum": "max", "Minimum": "min"}
GREEK = dict(
    zip(
        ("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "lambda_", "sigma", "rho"),
        "αβγδεηθλσρ",
        strict=True,
    )
)
# How tightly what is done binds; an argument that binds less stands in parentheses.
BINDING = {"+": 1, "-": 1, "·": 2, "neg": 2, "sum": 2, "^": 4, "name": 9, "number": 9, "/": 9}
MOST_CASES = 4


def formula_mathml(x: Tensor, left: str = "", lang: str | None = None) -> str:
    """The formula that a graph computes, as a MathML element.

    Ops that only adapt a shape are left out, as are ones and zeros that change nothing; a choice
    becomes cases.

    Args:
        x: the result.
        left: what it is, set before a sign of equality; "w <-" for an assignment.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> from grafito import graph
        >>> formula_mathml(graph.parse("x^2"))
        '<math display="block"><msup><mi>x</mi><mrow><mn>2</mn></mrow></msup></math>'
    """
    return f'<math display="block">{_whole(x, left, MathML(lang))}</math>'


def formula_tex(x: Tensor, left: str = "", lang: str | None = None) -> str:
    r"""The same in TeX, as in Markdown between dollar signs.

    Example:
        >>> from grafito import graph
        >>> formula_tex(graph.parse("w - eta*g"), "w <-")
        'w \\leftarrow w - \\eta \\, g'
    """
    return _whole(x, left, TeX(lang))


class MathML:
    """The pieces of a formula as elements."""

    def __init__(self, lang: str | None = None):
        self.lang = lang

    def name(self, text: str) -> str:
        base, index = _parts(text)
        letter = f"<mi>{html.escape(base)}</mi>"
        return f"<msub>{letter}<mi>{html.escape(index)}</mi></msub>" if index else letter

    def number(self, text: str) -> str:
        return f"<mn>{with_decimal_sign(text, self.lang)}</mn>"

    def sign(self, text: str) -> str:
        return f"<mo>{html.escape(text)}</mo>"

    def times(self) -> str:
        return "<mo>&#8290;</mo>"  # invisible

    def row(self, *parts: str) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac>{self.row(above)}{self.row(below)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{base}{exponent}</msup>"

    def root(self, inside: str) -> str:
        return f"<msqrt>{inside}</msqrt>"

    def called(self, function: str, inside: str) -> str:
        return self.row(f"<mi>{html.escape(function)}</mi><mo>&#8289;</mo>", self.bracket(inside))

    def bracket(self, inside: str, signs: str = "()") -> str:
        return self.row(self.sign(signs[0]), inside, self.sign(signs[1]))

    def cases(self, rows: list[tuple[str, str]]) -> str:
        cells = "".join(f"<mtr><mtd>{a}</mtd><mtd>{b}</mtd></mtr>" for a, b in rows)
        return self.row(self.sign("{"), f'<mtable columnalign="left">{cells}</mtable>')


class TeX(MathML):
    """The pieces of a formula as commands."""

    SIGNS: Mapping[str, str] = {
        "∑": r"\sum", "≥": r"\geq", "≤": r"\leq", "≠": r"\neq", "←": r"\leftarrow", "−": "-",
    }  # fmt: skip

    def name(self, text: str) -> str:
        base, index = _parts(text)
        names = {letter: "\\" + word.rstrip("_") for word, letter in GREEK.items()}
        names["∂"] = "\\partial "  # a letter follows
        base = names.get(base, base.replace("ŷ", r"\hat{y}"))
        return f"{base}_{{{index}}}" if index else base

    def number(self, text: str) -> str:
        return with_decimal_sign(text, self.lang).replace(",", "{,}")

    def sign(self, text: str) -> str:
        sign = self.SIGNS.get(text, text)
        return sign if text in "()|{}" else f" {sign} "

    def times(self) -> str:
        return r" \, "

    def row(self, *parts: str) -> str:
        return "".join(parts)

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def root(self, inside: str) -> str:
        return rf"\sqrt{{{inside}}}"

    def called(self, function: str, inside: str) -> str:
        name = r"\sigma" if function == "σ" else rf"\mathrm{{{function}}}"
        return name + self.bracket(inside)

    def bracket(self, inside: str, signs: str = "()") -> str:
        return rf"\left{signs[0]}{inside}\right{signs[1]}"

    def cases(self, rows: list[tuple[str, str]]) -> str:
        inside = r" \\ ".join(f"{a} & {b}" for a, b in rows)
        return rf"\begin{{cases}}{inside}\end{{cases}}"


def _whole(x: Tensor, left: str, write: MathML) -> str:
    rows = _cases(x, {})
    if len(rows) > 1:
        right = write.cases([(_set(tree, write), _set(when, write)) for tree, when in rows])
    else:
        right = _set(rows[0][0], write)
    if not left:
        return right
    name, arrow, _rest = left.partition("<-")
    return write.row(_left(name.strip(), write), write.sign("←" if arrow else "="), right)


def _left(text: str, write: MathML) -> str:
    """What a formula is of: a name, f(z), dσ/dz, or ∂L/∂a."""
    above, stroke, below = text.partition("/")
    if stroke:
        return write.fraction(_left(above, write), _left(below, write))
    called = re.fullmatch(r"([^()]+)\(([^()]+)\)", text)
    if called:
        return write.row(write.name(called[1]), write.bracket(write.name(called[2])))
    if len(text) > 1 and text[0] in "d∂":
        return write.row(write.name(text[0]), write.name(text[1:]))
    return write.name(text)


def _cases(x: Tensor, known: dict[Tree, bool]) -> list[tuple[Tree, Tree]]:
    """A formula for each way in which the choices in it can fall out, and when it is so."""
    tree = _tree(x, known, {})
    open_ones = [part for part in _walk(tree) if part[0] == "where"]
    if not open_ones or len(known) >= MOST_CASES - 1:
        return [(tree, ("name", ""))]
    sign, *sides = open_ones[0][1]
    rows: list[tuple[Tree, Tree]] = []
    for holds, shown in ((True, sign), (False, OPPOSITE.get(sign, "≠"))):
        for inner, _when in _cases(x, {**known, open_ones[0][1]: holds}):
            rows.append((inner, (shown, *sides)))
    return rows


def _walk(tree: Tree) -> list[Tree]:
    parts = [tree]
    for part in tree[1:]:
        if isinstance(part, tuple):
            parts += _walk(part)
    return parts


def _tree(x: Tensor, known: Mapping[Tree, bool], done: dict[Tensor, Tree]) -> Tree:
    """A graph as a tree, simplified."""
    if x not in done:
        done[x] = _simplified(x, [_tree(y, known, done) for y in x.inputs], known)
    return done[x]


def _simplified(x: Tensor, parts: list[Tree], known: Mapping[Tree, bool]) -> Tree:
    kind = type(x.op).__name__
    if kind == "Constant":
        values = np.asarray(x.op.array)  # type: ignore[attr-defined]
        same = values.size and (values == values.flat[0]).all()
        return ("number", float(values.flat[0])) if same else ("name", "C")
    if not parts:
        return ("name", x.name or kind)
    if kind in PLUMBING:
        return parts[0]
    if kind == "Where":
        chosen = known.get(parts[0])
        return ("where", *parts) if chosen is None else parts[1 if chosen else 2]
    if kind in COMPARED:
        if parts[0][:2] == ("call", "ReLU") and parts[1] == ("number", 0.0):
            parts[0] = parts[0][2]  # it is above 0 where its input is
        return (COMPARED[kind], *parts)
    if kind == "Divide" and parts[0][0] == "sum" and parts[1] == ("number", float(parts[0][2])):
        return ("mean", parts[0][1])
    if kind == "Transpose":
        return ("^", parts[0], ("name", "T"))
    if kind == "Sum":
        return ("sum", parts[0], x.inputs[0].size // max(x.size, 1))
    return _arithmetic(kind, parts) or ("call", FUNCTIONS.get(kind, x.op.symbol), *parts)


def _arithmetic(kind: str, parts: list[Tree]) -> Tree | None:
    """The usual operations, without what changes nothing; None for another op."""
    first, second = (*parts, None, None)[:2]
    zero, one = ("number", 0.0), ("number", 1.0)
    if kind in ("Add", "Subtract"):
        if second == zero:
            return first
        if first == zero:
            return second if kind == "Add" else ("neg", second)
        return ("+" if kind == "Add" else "-", first, second)
    if kind in ("Multiply", "MatMul"):
        if zero in parts:
            return zero
        return second if first == one else first if second == one else ("·", first, second)
    if kind == "Divide":
        return zero if first == zero else first if second == one else ("/", first, second)
    if kind in ("Power", "Square"):
        return ("^", first, second or ("number", 2.0))
    names = {"Negative": "neg", "Sqrt": "root", "Abs": "bars"}
    if kind in names:
        return (names[kind], first)
    if kind == "Exp":
        return ("^", ("name", "e"), first)
    if kind == "Expm1":
        return ("-", ("^", ("name", "e"), first), one)
    return None


def _set(tree: Tree, write: MathML) -> str:
    """A tree as it is written."""
    kind, *parts = tree
    if kind == "name":
        return write.name(parts[0]) if parts[0] else ""
    if kind == "number":
        return write.number(f"{parts[0]:g}" if math.isfinite(parts[0]) else "∞")
    if kind == "/":
        return write.fraction(*(_set(part, write) for part in parts))
    if kind == "^":
        base = _inside(parts[0], 5, write)
        return write.power(base, write.row(_set(parts[1], write)))
    if kind == "neg":
        return write.row(write.sign("−"), _inside(parts[0], 2, write))
    if kind == "root":
        return write.root(_set(parts[0], write))
    if kind == "bars":
        return write.bracket(_set(parts[0], write), "||")
    if kind in ("sum", "mean"):
        share = write.fraction(write.number("1"), write.name("N")) if kind == "mean" else ""
        return write.row(share, write.sign("∑"), _inside(parts[0], 2, write))
    if kind == "call":
        inside = write.sign(",").join(_set(part, write) for part in parts[1:])
        return write.called(parts[0], inside)
    if kind == "·":
        return write.row(_inside(parts[0], 2, write), write.times(), _inside(parts[1], 2, write))
    binding = BINDING.get(kind, 0)
    sign = write.sign("−" if kind == "-" else str(kind))
    return write.row(
        _inside(parts[0], binding, write), sign, _inside(parts[1], binding + (kind == "-"), write)
    )


def _inside(tree: Tree, binding: int, write: MathML) -> str:
    """A part of a larger formula, in parentheses where it binds less."""
    own = BINDING.get(tree[0], 5 if tree[0] in ("call", "root", "bars") else 0)
    own = 2 if tree[0] == "mean" else own
    text = _set(tree, write)
    return text if own >= binding else write.bracket(text)


def _parts(name: str) -> tuple[str, str]:
    """A name and its index: w0 and w_0 have the index 0; Greek names become letters."""
    name = {"y_hat": "ŷ"}.get(name, name)
    base, _, index = name.partition("_")
    if not index:
        split = re.fullmatch(r"([^\W\d]+)(\d+)", name)
        base, index = (split[1], split[2]) if split else (base, "")
    if name in GREEK:
        return GREEK[name], ""
    return GREEK.get(base, base), index
