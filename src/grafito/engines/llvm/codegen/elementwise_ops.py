"""Machine code of each elementwise op, on registers.

A function takes the code, the dtype of its operands and the operands; what it returns has the dtype
of the node.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from grafito.engines.llvm.codegen.builder import (
    F32,
    I32,
    REGISTER,
    SIZES,
    Builder,
    computed_in,
)
from grafito.engines.llvm.codegen.math_functions import Mathematics
from grafito.graph.dtypes import is_floating

Emit = Callable[..., Any]


def emit(code: Builder, kind: str, dtype: str, result: str, args: list[Any], to: str = "") -> Any:
    """The value of an elementwise node.

    Args:
        code: where to emit.
        kind: the name of the op.
        dtype: of the operands (of the last one).
        result: dtype of the value.
        args: registers.
        to: what a cast makes.
    """
    if kind == "cast":
        return cast(code, args[0], dtype, to)
    operands = computed_in(dtype)
    value = OPS[kind](code, operands, *args)
    return code.round_bfloat16(value) if result == "bfloat16" else value


def _math(name: str) -> Emit:
    return lambda code, dtype, *xs: getattr(Mathematics(code, dtype), name)(*xs)


def _llvm(name: str) -> Emit:
    return lambda code, dtype, *xs: code.apply(name, *xs)


def _by_kind(real: str, integer: str) -> Emit:
    """One LLVM instruction for reals and another for integers."""

    def op(code: Builder, dtype: str, *xs: Any) -> Any:
        return getattr(code.b, real if is_floating(dtype) else integer)(*xs)

    return op


def _add(code: Builder, dtype: str, x: Any, y: Any) -> Any:
    return code.b.or_(x, y) if dtype == "bool" else _by_kind("fadd", "add")(code, dtype, x, y)


def _multiply(code: Builder, dtype: str, x: Any, y: Any) -> Any:
    return code.b.and_(x, y) if dtype == "bool" else _by_kind("fmul", "mul")(code, dtype, x, y)


def compare(sign: str) -> Emit:
    """Ordered for reals, so that NaN is only unequal; signed or not for integers."""

    def op(code: Builder, dtype: str, x: Any, y: Any) -> Any:
        if is_floating(dtype):
            if sign == "!=":
                return code.b.fcmp_unordered(sign, x, y)
            return code.b.fcmp_ordered(sign, x, y)
        if dtype.startswith("int"):
            return code.b.icmp_signed(sign, x, y)
        return code.b.icmp_unsigned(sign, x, y)

    return op


def _choose(sign: str) -> Emit:
    """The larger or smaller; a NaN wins."""

    def op(code: Builder, dtype: str, x: Any, y: Any) -> Any:
        taken = compare(sign)(code, dtype, x, y)
        if is_floating(dtype):
            taken = code.b.or_(taken, code.b.fcmp_unordered("uno", x, x))
        return code.b.select(taken, x, y)

    return op


def _mod(code: Builder, dtype: str, x: Any, y: Any) -> Any:
    """The remainder with the sign of y."""
    b = code.b
    zero = code.const(0, dtype)
    if is_floating(dtype):
        rest = b.frem(x, y)
        negative = b.xor(b.fcmp_ordered("<", rest, zero), b.fcmp_ordered("<", y, zero))
        wrong = b.and_(b.fcmp_unordered("!=", rest, zero), negative)
        rest = b.select(wrong, b.fadd(rest, y), rest)
        return b.select(b.fcmp_ordered("==", rest, zero), code.apply("copysign", zero, y), rest)
    none = b.icmp_unsigned("==", y, zero)
    safe = b.select(none, code.const(1, dtype), y)
    if not dtype.startswith("int"):
        return b.select(none, zero, b.urem(x, safe))
    overflow = b.icmp_signed("==", safe, code.const(-1, dtype))
    rest = b.srem(x, b.select(overflow, code.const(1, dtype), safe))
    negative = b.xor(b.icmp_signed("<", rest, zero), b.icmp_signed("<", safe, zero))
    wrong = b.and_(b.icmp_signed("!=", rest, zero), negative)
    return b.select(none, zero, b.select(wrong, b.add(rest, safe), rest))


def _floordivide(code: Builder, dtype: str, x: Any, y: Any) -> Any:
    """The quotient rounded down, from the exact remainder."""
    b, zero, one = code.b, code.const(0, dtype), code.const(1, dtype)
    if is_floating(dtype):
        rest, ratio = b.frem(x, y), b.fdiv(x, y)
        whole = b.fdiv(b.fsub(x, rest), y)
        negative = b.xor(b.fcmp_ordered("<", rest, zero), b.fcmp_ordered("<", y, zero))
        below = b.and_(b.fcmp_unordered("!=", rest, zero), negative)
        whole = code.apply("rint", b.select(below, b.fsub(whole, one), whole))
        whole = b.select(
            b.fcmp_ordered("==", whole, zero), code.apply("copysign", zero, ratio), whole
        )
        return b.select(b.fcmp_ordered("==", y, zero), ratio, whole)
    none = b.icmp_unsigned("==", y, zero)
    safe = b.select(none, one, y)
    if not dtype.startswith("int"):
        return b.select(none, zero, b.udiv(x, safe))
    overflow = b.icmp_signed("==", safe, code.const(-1, dtype))
    safe = b.select(overflow, one, safe)
    whole = b.sdiv(x, safe)
    rest = b.sub(x, b.mul(whole, safe))
    negative = b.xor(b.icmp_signed("<", rest, zero), b.icmp_signed("<", safe, zero))
    below = b.and_(b.icmp_signed("!=", rest, zero), negative)
    whole = b.select(below, b.sub(whole, one), whole)
    return b.select(none, zero, b.select(overflow, b.neg(x), whole))


def _power(code: Builder, dtype: str, x: Any, y: Any) -> Any:
    if is_floating(dtype):
        return Mathematics(code, dtype).power(x, y)
    b, base, exponent, result = code.b, x, y, code.const(1, dtype)
    for bit in range(SIZES[dtype] * 8):  # by squaring
        one = code.const(1, dtype)
        taken = b.icmp_unsigned(
            "!=", b.and_(b.lshr(y, code.const(bit, dtype)), one), code.const(0, dtype)
        )
        result = b.select(taken, b.mul(result, x), result)
        x = b.mul(x, x)
    return _truncated(code, dtype, base, exponent, result) if dtype.startswith("int") else result


def _truncated(code: Builder, dtype: str, x: Any, y: Any, power: Any) -> Any:
    """The power of integers, its fraction cut off where the exponent is negative."""
    b, zero, one, minus = code.b, *(code.const(n, dtype) for n in (0, 1, -1))
    odd = b.icmp_unsigned("!=", b.and_(y, one), zero)
    cut = b.select(b.icmp_signed("==", x, minus), b.select(odd, minus, one), zero)
    cut = b.select(b.icmp_signed("==", x, one), one, cut)
    return b.select(b.icmp_signed("<", y, zero), cut, power)


def _negative(code: Builder, dtype: str, x: Any) -> Any:
    return code.b.fneg(x) if is_floating(dtype) else code.b.neg(x)


def _abs(code: Builder, dtype: str, x: Any) -> Any:
    if is_floating(dtype):
        return code.apply("fabs", x)
    if not dtype.startswith("int"):
        return x
    return code.b.select(code.b.icmp_signed("<", x, code.const(0, dtype)), code.b.neg(x), x)


def _sign(code: Builder, dtype: str, x: Any) -> Any:
    zero, one = code.const(0, dtype), code.const(1, dtype)
    positive = compare(">")(code, dtype, x, zero)
    if not is_floating(dtype):
        y = code.b.select(positive, one, zero)
        if dtype.startswith("int"):
            y = code.b.select(compare("<")(code, dtype, x, zero), code.const(-1, dtype), y)
        return y
    y = code.b.select(positive, one, code.const(-1, dtype))
    ordered = code.b.fcmp_ordered("!=", x, zero)
    still = code.b.select(code.b.fcmp_unordered("uno", x, x), x, zero)
    return code.b.select(ordered, y, still)


def _square(code: Builder, dtype: str, x: Any) -> Any:
    return _multiply(code, dtype, x, x)


def _relu(code: Builder, dtype: str, x: Any) -> Any:
    return _choose(">")(code, dtype, x, code.const(0, dtype))


def _rounding(name: str) -> Emit:
    def op(code: Builder, dtype: str, x: Any) -> Any:
        return code.apply(name, x) if is_floating(dtype) else x

    return op


def _truth(code: Builder, dtype: str, x: Any) -> Any:
    """Whether it is not zero."""
    return x if dtype == "bool" else compare("!=")(code, dtype, x, code.const(0, dtype))


def _isfinite(code: Builder, dtype: str, x: Any) -> Any:
    if not is_floating(dtype):
        return code.const(1, "bool")
    return code.b.fcmp_ordered("<", code.apply("fabs", x), code.const(math.inf, dtype))


def _pair_words(code: Builder, dtype: str, x: Any, y: Any) -> Any:
    """Two bfloat16 as the halves of a word, the first one low."""
    low = code.b.zext(code.to_memory(x, "bfloat16"), code.vector(I32))
    high = code.b.and_(code.b.bitcast(y, code.vector(I32)), code.const(-65536, "int32"))
    return code.b.or_(low, high)


OPS: dict[str, Emit] = {
    "add": _add,
    "subtract": _by_kind("fsub", "sub"),
    "multiply": _multiply,
    "divide": lambda code, dtype, x, y: code.b.fdiv(x, y),
    "mod": _mod,
    "floordivide": _floordivide,
    "power": _power,
    "maximum": _choose(">"),
    "minimum": _choose("<"),
    "word_pairs": _pair_words,
    "where": lambda code, dtype, c, x, y: code.b.select(c, x, y),
    "negative": _negative,
    "exp": _math("exp"),
    "expm1": _math("expm1"),
    "log": _math("log"),
    "log1p": _math("log1p"),
    "sqrt": _llvm("sqrt"),
    "square": _square,
    "abs": _abs,
    "sign": _sign,
    "floor": _rounding("floor"),
    "round": _rounding("rint"),
    "sin": _math("sin"),
    "cos": _math("cos"),
    "tanh": _math("tanh"),
    "sigmoid": _math("sigmoid"),
    "softplus": _math("softplus"),
    "relu": _relu,
    "erf": _math("erf"),
    "erfinv": _math("erfinv"),
    "stopgradient": lambda code, dtype, x: x,
    "show": lambda code, dtype, x: x,
    "equal": compare("=="),
    "notequal": compare("!="),
    "less": compare("<"),
    "lessequal": compare("<="),
    "greater": compare(">"),
    "greaterequal": compare(">="),
    "logicaland": lambda code, dtype, x, y: code.b.and_(
        _truth(code, dtype, x), _truth(code, dtype, y)
    ),
    "logicalor": lambda code, dtype, x, y: code.b.or_(
        _truth(code, dtype, x), _truth(code, dtype, y)
    ),
    "logicalnot": lambda code, dtype, x: code.b.not_(_truth(code, dtype, x)),
    "isfinite": _isfinite,
}


def cast(code: Builder, x: Any, before: str, after: str) -> Any:
    """The same values with another dtype, as NumPy converts where that is defined."""
    b = code.b
    to = code.vector(REGISTER[after])
    if before == after:
        return x
    if after == "bool":
        return _truth(code, computed_in(before), x)
    if is_floating(before) and is_floating(after):
        if REGISTER[before] == REGISTER[after]:
            y = x
        else:
            y = b.fpext(x, to) if REGISTER[before] == F32 else b.fptrunc(x, to)
        return code.round_bfloat16(y) if after == "bfloat16" else y
    if is_floating(after):
        signed = before.startswith("int")
        if before == "bool":
            x, signed = b.zext(x, code.vector(I32)), True
        y = b.sitofp(x, to) if signed else b.uitofp(x, to)
        return code.round_bfloat16(y) if after == "bfloat16" else y
    if is_floating(before):
        return code.whole(x, to, after.startswith("int"))
    width_before = 1 if before == "bool" else SIZES[before] * 8
    width_after = SIZES[after] * 8
    if width_before == width_after:
        return x
    if width_before > width_after:
        return b.trunc(x, to)
    return b.sext(x, to) if before.startswith("int") else b.zext(x, to)
