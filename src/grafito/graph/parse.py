"""From a formula to a graph: a tokenizer and a parser by precedence climbing, without `eval`."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from grafito.errors import ArgumentError, GrafitoError, unknown_name
from grafito.graph import elementwise, linear, neural, reductions, shaping
from grafito.graph.evaluate import topological_order
from grafito.graph.tensor import Input, Shape, Tensor, as_tensor, constant, placeholder
from grafito.language import message

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(module, name)
    for module, names in {
        elementwise: "abs add clip cos divide equal erf erfinv exp expm1 floor greater"
        " greater_equal isfinite less less_equal log log1p logical_and logical_not logical_or"
        " maximum minimum mod multiply negative not_equal power relu round sigmoid sign sin"
        " softplus sqrt square stop_gradient subtract tanh where",
        reductions: "argmax argmin cumsum logsumexp max mean min prod sum variance",
        linear: "matmul",
        shaping: "transpose",
        neural: "softmax log_softmax cross_entropy binary_cross_entropy softmax_cross_entropy"
        " sigmoid_cross_entropy",
    }.items()
    for name in names.split()
}

NUMBERS = {"pi": math.pi}

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "**": 4, "^": 4}
UNARY = 3  # -x ** 2 is -(x ** 2), and -x * y is (-x) * y
OPERATORS: dict[str, Callable[[Any, Any], Tensor]] = {
    "+": elementwise.add,
    "-": elementwise.subtract,
    "*": elementwise.multiply,
    "/": elementwise.divide,
    "@": linear.matmul,
    "**": elementwise.power,
    "^": elementwise.power,
}
DEEPEST = 100  # parentheses and calls inside one another

TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)"
    r"|(?P<name>(?!\d)([^\W⁰¹²³⁴-⁹])+)"  # x₀ is a name; x² is not
    r"|(?P<sign>\*\*|[-+*/@^(),=])"
    r"|(?P<wrong>.)"
)


class FormulaError(ArgumentError):
    """A formula cannot be read; the message shows the column."""


class Token(NamedTuple):
    """A piece of a formula: "number", "name", "sign", "wrong" or "end", and where it stands."""

    kind: str
    text: str
    column: int

    def __str__(self) -> str:
        return "the end of the formula" if self.kind == "end" else repr(self.text)


def parse(
    formula: str,
    shapes: Mapping[str, Shape] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    dtype: str = "float32",
) -> Tensor:
    """The graph of a formula; its names become inputs.

    It knows + - * / @, ** and ^ for powers (from right to left, tighter than a sign before them),
    parentheses, numbers, pi, and the functions in `parse.FUNCTIONS`, as in `max(x, axis=0)`.

    Args:
        formula: for example "sigmoid(w0*x0 + w1*x1 + b)".
        shapes: shape of each name that is no scalar.
        functions: further functions of tensors, by name.
        dtype: element type of the inputs.

    Returns:
        A tensor; `inputs(tensor)` gives its inputs by name.

    Raises:
        FormulaError: where the formula cannot be read.

    Example:
        >>> from grafito import graph
        >>> float(graph.value(parse("2*x^2 - 1"), {"x": 3}))
        17.0
    """
    return _Parser(formula, shapes or {}, {**FUNCTIONS, **(functions or {})}, dtype).formula()


def inputs(outputs: Tensor | Sequence[Tensor]) -> dict[str, Tensor]:
    """The inputs with a name on which tensors depend, by name, in the order of their first use.

    Example:
        >>> list(inputs(parse("w*x + b")))
        ['w', 'x', 'b']
    """
    order = topological_order([outputs] if isinstance(outputs, Tensor) else outputs)
    return {x.name: x for x in order if isinstance(x.op, Input) and x.name}


class _Parser:
    """One formula on its way from text to tensor; numbers stay Python numbers until an op."""

    def __init__(
        self,
        text: str,
        shapes: Mapping[str, Shape],
        functions: Mapping[str, Callable[..., Any]],
        dtype: str,
    ):
        if not isinstance(text, str):
            raise ArgumentError("A formula is a string.", received=repr(text))
        self.text = text
        self.shapes = shapes
        self.functions = functions
        self.dtype = dtype
        self.names: dict[str, Tensor] = {}
        self.depth = 0
        self.tokens = [
            Token(str(m.lastgroup), m[0], m.start())
            for m in TOKEN.finditer(text)
            if m.lastgroup != "space"
        ]
        self.tokens.append(Token("end", "", len(text.rstrip())))
        self.tokens.reverse()  # the next one is the last

    @property
    def next(self) -> Token:
        return self.tokens[-1]

    def formula(self) -> Tensor:
        result = self.expression(0)
        if self.next.kind != "end":
            self.fail_at_operator()
        unused = sorted(set(self.shapes) - set(self.names))
        if unused:
            error = unknown_name("name in shapes", unused[0], self.names)
            raise FormulaError(error.what, where=self.text, **_expected_and_fix(error))
        return self.tensor(result)

    def tensor(self, x: Any) -> Tensor:
        """A number between numbers, which has no dtype from its neighbours."""
        return constant(x, self.dtype) if isinstance(x, (int, float)) else as_tensor(x)

    def expression(self, lowest: int) -> Any:
        """An operand, and the operators behind it that bind at least as tightly as `lowest`."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail("The formula is nested too deeply.", self.next, f"at most {DEEPEST} levels")
        left = self.operand()
        while PRECEDENCE.get(self.next.text, -1) >= lowest:
            sign = self.tokens.pop()
            binding = PRECEDENCE[sign.text]
            right = self.expression(binding if binding == PRECEDENCE["**"] else binding + 1)
            left = self.call(sign, OPERATORS[sign.text], [left, right], {})
        self.depth -= 1
        return left

    def operand(self) -> Any:
        token = self.tokens.pop()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "name":
            return self.function(token) if self.next.text == "(" else self.name(token)
        if token.text == "(":
            inside = self.expression(0)
            self.close(token)
            return inside
        if token.text in ("-", "+"):
            x = self.expression(UNARY)
            return x if token.text == "+" else -x
        wrong = token.kind == "wrong"
        what = message("Unknown sign." if wrong else f"A value is missing before {token}.")
        self.fail(what, token, "a number, a name, a function or '('")

    def number(self, token: Token) -> int | float:
        value = float(token.text)
        if math.isinf(value):
            self.fail("The number is too large.", token, "at most 1.8e308")
        return int(value) if token.text.isdigit() and value < 2**31 else value

    def name(self, token: Token) -> Tensor | float:
        name = token.text
        if name not in self.shapes and name in NUMBERS:
            return NUMBERS[name]
        if name not in self.shapes and name in self.functions:
            self.fail(f"{name} is a function.", token, f"{name}(...)")
        if name not in self.names:
            self.names[name] = placeholder(self.shapes.get(name, ()), self.dtype, name)
        return self.names[name]

    def function(self, token: Token) -> Any:
        if token.text not in self.functions:
            error = unknown_name("function", token.text, self.functions)
            if token.text in self.names or token.text in self.shapes:
                self.fail("An operator is missing.", token, fix=f"{token.text} * (...)")
            near = error.rows.get("try")
            self.fail(error.what, token, None if near else error.rows["expected"], near)
        opening = self.tokens.pop()
        positional: list[Any] = []
        named: dict[str, Any] = {}
        while self.next.text != ")" or positional or named:
            name = self.tokens[-1].text
            if self.tokens[-1].kind == "name" and self.tokens[-2].text == "=":
                del self.tokens[-2:]
                named[name] = self.expression(0)
            else:
                positional.append(self.expression(0))
            if self.next.text != ",":
                break
            self.tokens.pop()
        self.close(opening)
        return self.call(token, self.functions[token.text], positional, named)

    def close(self, opening: Token) -> None:
        if self.next.kind == "end":
            self.fail("A parenthesis is not closed.", opening, "')' for this '('")
        if self.next.text != ")":
            self.fail_at_operator()
        self.tokens.pop()

    def call(
        self, at: Token, function: Callable[..., Any], positional: list[Any], named: dict[str, Any]
    ) -> Any:
        if function.__module__.startswith(elementwise.__name__):  # no whole number there is an axis
            positional = [float(x) if isinstance(x, int) else x for x in positional]
            if not any(isinstance(x, Tensor) for x in positional):
                positional = [self.tensor(x) for x in positional]
        signature = inspect.signature(function)
        try:
            signature.bind(*positional, **named)
        except TypeError as error:
            takes = ", ".join(signature.parameters)
            self.fail(f"{at.text} cannot be called so: {error}.", at, f"{at.text}({takes})")
        try:
            return function(*positional, **named)
        except GrafitoError as error:
            received = error.rows.get("received")
            what = error.what if received is None else f"{error.what} Received {received}."
            raise FormulaError(what, where=self.shown(at), **_expected_and_fix(error)) from error

    def fail_at_operator(self) -> NoReturn:
        """For a value that is followed by something else than an operator."""
        token = self.next
        if token.kind in ("number", "name") or token.text == "(":
            self.fail("An operator is missing.", token, "+ - * / @ or ^", f"* {token.text}")
        wrong = token.kind == "wrong"
        what = message("Unknown sign." if wrong else f"{token} has no place here.")
        self.fail(what, token, "an operator or the end")

    def fail(
        self, what: str, at: Token, expected: str | None = None, fix: object = None
    ) -> NoReturn:
        raise FormulaError(what, where=self.shown(at), expected=expected, fix=fix)

    def shown(self, at: Token) -> str:
        """The column, and below it the formula around it with a caret."""
        start = max(0, at.column - 60)
        line = re.sub(r"\s", " ", self.text[start : start + 80])
        margin = " " * 13  # where the text of an error's row begins
        caret = " " * (at.column - start) + "^"
        return message(f"column {at.column + 1}\n{margin}{line}\n{margin}{caret}")


def _expected_and_fix(error: GrafitoError) -> dict[str, str | None]:
    return {"expected": error.rows.get("expected"), "fix": error.rows.get("try")}
