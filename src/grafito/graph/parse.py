"""From a formula to a graph: a tokenizer and a parser by precedence climbing, without `eval`."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

import numpy as np

from grafito.errors import ArgumentError, GrafitoError, unknown_name
from grafito.graph import elementwise, notation
from grafito.graph.evaluate import topological_order
from grafito.graph.notation import (
    FUNCTIONS,
    MINUS,
    NUMBERS,
    OPERATORS,
    POWER,
    PRECEDENCE,
    SUPERSCRIPTS,
    TOKEN,
    UNARY,
)
from grafito.graph.tensor import Input, Shape, Tensor, as_tensor, constant, placeholder
from grafito.graph.variable import Variable
from grafito.language import message

# How Python says that a function is called in a wrong way.
CALLS = (
    message("{} cannot be called like this: missing a required argument: {}."),
    message("{} cannot be called like this: missing a required keyword-only argument: {}."),
    message("{} cannot be called like this: got an unexpected keyword argument {}."),
    message(
        "{} cannot be called like this: got some positional-only arguments passed as keyword: {}."
    ),
    message("{} cannot be called like this: multiple values for argument {}."),
    message("{} cannot be called like this: too many positional arguments."),
)
WITHOUT_AXIS = (elementwise.__name__, notation.__name__)
DEEPEST = 100  # parentheses and calls inside one another


class FormulaError(ArgumentError):
    """A formula cannot be read; the message shows the column."""


class Token(NamedTuple):
    """A piece of a formula and where it stands.

    Its kind is "number", "name", "power" (a raised number), "sign", "wrong" or "end".
    """

    kind: str
    text: str
    column: int


def parse(
    formula: str,
    shapes: Mapping[str, Shape] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    dtype: str = "float32",
    *,
    parameters: Sequence[str] = (),
) -> Tensor:
    """The graph of a formula, as people type it; its names become inputs.

    It knows + - * · × / ÷ @, ** and ^ for powers (from right to left, tighter than a sign before
    them), x², |x|, √x, parentheses, numbers, pi and e, and the functions of `parse.FUNCTIONS`, as
    in `max(0, x)`, `ln(x)`, `sen(x)` or `sum(x, axis=0)`.

    Args:
        formula: for example "sigmoid(w0*x0 + w1*x1 + b)".
        shapes: shape of each name that is no scalar.
        functions: further functions of tensors, by name.
        dtype: element type of the inputs.
        parameters: names that become variables, 0 until they are given a value.

    Raises:
        FormulaError: where the formula cannot be read.

    Example:
        >>> from grafito import graph
        >>> float(graph.value(parse("2·x² - |y|"), {"x": 3, "y": -1}))
        17.0
    """
    known = {**FUNCTIONS, **(functions or {})}
    return _Parser(formula, shapes or {}, known, dtype, _names(parameters)).formula()


def _names(parameters: Sequence[str]) -> list[str]:
    """Names one by one, or "w,b"."""
    if isinstance(parameters, str):
        return [name.strip() for name in parameters.split(",") if name.strip()]
    return list(parameters)


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
        parameters: Sequence[str],
    ):
        if not isinstance(text, str):
            raise ArgumentError("A formula must be a string.", received=repr(text))
        self.text = text
        self.shapes = shapes
        self.functions = functions
        self.dtype = dtype
        self.parameters = parameters
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
        for given in (self.shapes, self.parameters):
            unused = sorted(set(given) - set(self.names))
            if not unused:
                continue
            near = _expected_and_fix(unknown_name("input", unused[0], self.names))
            what = message(f"The formula has no name {unused[0]!r}.")
            raise FormulaError(what, where=self.text, **near)
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
        while self.next.kind == "power":
            sign = self.tokens.pop()
            left = self.call(sign, OPERATORS["^"], [left, int(sign.text.translate(SUPERSCRIPTS))])
        while PRECEDENCE.get(self.next.text, -1) >= lowest:
            sign = self.tokens.pop()
            binding = PRECEDENCE[sign.text]
            right = self.expression(binding if binding == POWER else binding + 1)
            left = self.call(sign, OPERATORS[sign.text], [left, right])
        self.depth -= 1
        return left

    def operand(self) -> Any:
        token = self.tokens.pop()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "name":
            return self.function(token) if self.next.text == "(" else self.name(token)
        if token.text in ("(", "|"):
            inside = self.expression(0)
            self.close(token)
            return inside if token.text == "(" else self.call(token, elementwise.abs, [inside])
        if token.text == "√":
            return self.call(token, elementwise.sqrt, [self.expression(POWER)])
        if token.text in (*MINUS, "+"):
            x = self.expression(UNARY)
            return x if token.text == "+" else -x
        if token.kind == "wrong":
            what = message("Unknown sign.")
        elif token.kind == "end":
            what = message("A value is missing at the end of the formula.")
        else:
            what = message(f"A value is missing before {token.text!r}.")
        self.fail(what, token, "a number, a name, a function or '('")

    def number(self, token: Token) -> int | float:
        value = float(token.text)
        if math.isinf(value):
            self.fail("The number is too large.", token, "at most 1.8e308")
        return int(value) if token.text.isdigit() and value < 2**31 else value

    def name(self, token: Token) -> Tensor | float:
        name = token.text
        own = name in self.shapes or name in self.parameters
        if not own and name in NUMBERS:
            return NUMBERS[name]
        if not own and name in self.functions and len(name) > 1:  # σ may be a deviation too
            self.fail(f"{name} is a function.", token, f"{name}(...)")
        if name not in self.names:
            shape = self.shapes.get(name, ())
            self.names[name] = (
                Variable(np.zeros(shape), dtype=self.dtype, name=name)
                if name in self.parameters
                else placeholder(shape, self.dtype, name)
            )
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
        closing = ")" if opening.text == "(" else "|"
        if self.next.kind == "end":
            what = message("A parenthesis is not closed.")
            if closing == "|":
                what = message("A bar is not closed.")
            self.fail(what, opening, f"{closing!r} for this {opening.text!r}")
        if self.next.text != closing:
            self.fail_at_operator()
        self.tokens.pop()

    def call(
        self,
        at: Token,
        function: Callable[..., Any],
        positional: list[Any],
        named: Mapping[str, Any] = MappingProxyType({}),
    ) -> Any:
        # Only a single value has an axis, so whole numbers among several are values.
        if function.__module__.startswith(WITHOUT_AXIS):
            positional = [float(x) if isinstance(x, int) else x for x in positional]
            if not any(isinstance(x, Tensor) for x in positional):
                positional = [self.tensor(x) for x in positional]
        signature = inspect.signature(function)
        try:
            signature.bind(*positional, **named)
        except TypeError as error:
            takes = ", ".join(signature.parameters)
            self.fail(
                f"{at.text} cannot be called like this: {error}.",
                at,
                f"{at.text}({takes})",
            )
        try:
            return function(*positional, **named)
        except GrafitoError as error:
            rows = {"received": error.rows.get("received"), **_expected_and_fix(error)}
            raise FormulaError(error.what, where=self.shown(at), **rows) from error
        except (TypeError, ValueError):  # a tensor where a number is due, or the reverse
            takes = ", ".join(signature.parameters)
            self.fail(f"{at.text} cannot use these values.", at, f"{at.text}({takes})")

    def fail_at_operator(self) -> NoReturn:
        """For a value that is followed by something else than an operator."""
        token = self.next
        if token.kind in ("number", "name") or token.text in ("(", "|", "√"):
            self.fail("An operator is missing.", token, "+ - * / @ or ^", f"* {token.text}")
        wrong = token.kind == "wrong"
        what = message("Unknown sign." if wrong else f"{token.text!r} has no place here.")
        fix = "the formula alone: what is right of the ="
        self.fail(what, token, "an operator or the end", fix if token.text == "=" else None)

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
