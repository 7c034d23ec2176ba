"""Comparisons and logic; no gradient passes."""

from __future__ import annotations

from grafito.graph.elementwise.base import Comparison, compared, public_function


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


equal = public_function(
    Equal, 2, compared, example="equal([1.0, 2.0], 2).numpy().tolist()", shows="[False, True]"
)
not_equal = public_function(
    NotEqual,
    2,
    compared,
    example="not_equal([1.0, 2.0], 2).numpy().tolist()",
    shows="[True, False]",
)
less = public_function(
    Less, 2, compared, example="less([1.0, 2.0], 2).numpy().tolist()", shows="[True, False]"
)
less_equal = public_function(
    LessEqual,
    2,
    compared,
    example="less_equal([1.0, 2.0], 2).numpy().tolist()",
    shows="[True, True]",
)
greater = public_function(
    Greater, 2, compared, example="greater([1.0, 2.0], 2).numpy().tolist()", shows="[False, False]"
)
greater_equal = public_function(
    GreaterEqual,
    2,
    compared,
    example="greater_equal([1.0, 2.0], 2).numpy().tolist()",
    shows="[False, True]",
)
logical_and = public_function(
    LogicalAnd, 2, example="logical_and(True, False).numpy().tolist()", shows="False"
)
logical_or = public_function(
    LogicalOr, 2, example="logical_or(True, False).numpy().tolist()", shows="True"
)
logical_not = public_function(
    LogicalNot, 1, example="logical_not([True, False]).numpy().tolist()", shows="[False, True]"
)
isfinite = public_function(IsFinite, 1, example="isfinite(1e30).numpy().tolist()", shows="True")
