"""Kernels that look at a whole axis: scatter, argmax, cumulative sums, sorting, random bits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import (
    address,
    physical,
)
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Gathered,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
    I64,
    Builder,
    computed_in,
    i64,
)
from grafito.engines.llvm.codegen.elementwise_ops import (
    OPS,
    compare,
)
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
)
from grafito.graph.dtypes import is_floating
from grafito.graph.random import KEY_INCREMENTS, MASK, MULTIPLIERS, ROUNDS


def scatter(frame: Frame) -> Compiled:
    """Zeros, with x added at given positions of an axis, in their order.

    A unit is a vector of what comes after the axis, so no two threads meet in an element.
    """
    materialized, width, out = frame.materialized, frame.width, frame.out
    x, indices = out.inputs
    axis, used = out.axis, len(indices.shape)
    before = [Loop(n) for n in x.shape[:axis]]
    inner = [Loop(n) for n in indices.shape]
    after = Loop(math.prod(x.shape[axis + used :]))
    code = frame.code(loop_nest.vector_lanes(after.size, width))
    reader = frame.reader(code)
    block, lane, row = Loop(-(-after.size // code.lanes)), Loop(code.lanes), Loop(out.shape[axis])
    column = var(block) * code.lanes + var(lane)
    positions = address(indices, tuple(var(loop) for loop in inner), width, materialized)
    table, step = out.shape[axis] * after.size, math.prod(indices.shape) * after.size
    outer = flat_position(before)

    def place(where: Affine) -> Affine:
        return outer * table + where * after.size + column

    source = x, outer * step + flat_position(inner) * after.size + column

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, [*before, block], reader.env)
        reader.env[lane] = i64(0)
        reader.lane = lane if code.lanes > 1 else None
        if after.size % code.lanes:
            done = code.b.mul(reader.env[block], i64(code.lanes))
            reader.mask = code.mask(code.b.sub(i64(after.size), done))

        def clear(r: Any) -> None:
            reader.env[row] = r
            reader.store(code.const(0, out.dtype), out, place(var(row)))

        def add(p: Any) -> None:
            loop_nest.unflatten(code, p, inner, reader.env)
            reader.start()
            at = place(var(Gathered(*positions)))
            total = OPS["add"](
                code, computed_in(out.dtype), reader._load(out, at), reader.load(*source)
            )
            if out.dtype == "bfloat16":
                total = code.round_bfloat16(total)
            reader.store(total, out, at)

        code.loop(i64(0), i64(row.size), 1, clear)
        code.loop(i64(0), i64(loop_nest.product(inner)), 1, add)
        reader.mask = None

    units = loop_nest.product([*before, block])
    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, units, float(x.size + out.size))


def flat_position(loops: Sequence[Loop]) -> Affine:
    """The position in the product of the loops, last one fastest."""
    total = Affine()
    for loop in loops:
        total = total * loop.size + var(loop)
    return total


def argmax(frame: Frame) -> Compiled:
    """The position of the largest element (argmin: the smallest), the first where several tie."""
    width, out = frame.width, frame.out
    (y,) = out.inputs
    code = frame.code(1)
    reader = frame.reader(code)
    loops, index = loop_nest.own_index(out.shape, False, width)
    along = Loop(y.shape[out.axis])
    y_index = (*index[: out.axis], var(along), *index[out.axis :])
    better = compare(">" if out.kind == "argmax" else "<")
    operand = computed_in(y.dtype)

    def value() -> Any:
        reader.start()
        return reader.value(y, y_index)

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, loops, reader.env)
        reader.env[along] = i64(0)
        first = value()

        def step(i: Any, best: Any, where: Any) -> Sequence[Any]:
            reader.env[along] = i
            now = value()
            taken = better(code, operand, now, best)
            if is_floating(y.dtype):  # the first NaN wins
                nan = code.b.fcmp_unordered("uno", now, now)
                known = code.b.fcmp_unordered("uno", best, best)
                taken = code.b.or_(taken, code.b.and_(nan, code.b.not_(known)))
            return code.b.select(taken, now, best), code.b.select(taken, code.splat(i), where)

        start = [first, code.const(0, "int64")]
        where = code.loop(i64(1), i64(along.size), 1, step, start)[1]
        result = code.b.trunc(where, code.vector(I32))
        reader.store(result, out, physical(out, index, width))

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, loop_nest.product(loops), 4.0 * y.size)


def cumsum(frame: Frame) -> Compiled:
    """The sums of the first 1, 2, ... elements along an axis."""
    width, out = frame.width, frame.out
    (y,) = out.inputs
    code = frame.code(1)
    reader = frame.reader(code)
    others = [Loop(n) for a, n in enumerate(out.shape) if a != out.axis]
    along = Loop(out.shape[out.axis])
    rest = iter(others)
    index = tuple(var(along) if a == out.axis else var(next(rest)) for a in range(len(out.shape)))
    operand = computed_in(out.dtype)

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, others, reader.env)

        def step(i: Any, total: Any) -> Sequence[Any]:
            reader.env[along] = i
            reader.start()
            total = OPS["add"](code, operand, total, reader.value(y, index))
            if out.dtype == "bfloat16":
                total = code.round_bfloat16(total)
            reader.store(total, out, physical(out, index, width))
            return [total]

        code.loop(i64(0), i64(along.size), 1, step, [code.const(0, operand)])

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, loop_nest.product(others), 4.0 * out.size)


def argsort(frame: Frame) -> Compiled:
    """The positions that sort each row, by merging runs of 1, 2, 4, ... elements.

    The result has two layers: merging goes from one to the other and ends in the first.
    """
    out = frame.out
    (y,) = out.inputs
    n = y.shape[-1]
    rows = [Loop(size) for size in y.shape[:-1]]
    key = Loop(max(n, 1))
    index = (*(var(loop) for loop in rows), var(key))
    code = frame.code(1)
    b, reader = code.b, frame.reader(code)
    pointer = frame.pointers[out]
    passes = max(n - 1, 0).bit_length()

    def place(layer: int, row: Any, i: Any) -> Any:
        start = b.mul(row, i64(n))
        return b.add(b.add(start, i), i64(layer * y.size))

    def get(layer: int, row: Any, i: Any) -> Any:
        return code.load(pointer, "int32", place(layer, row, i))

    def key_of(position: Any) -> Any:
        reader.env[key] = b.sext(code.first(position), I64)
        reader.start()
        return reader.value(y, index)

    def before(first: Any, second: Any) -> Any:
        """Whether the first key comes before the second; NaN comes last."""
        less = compare("<")(code, computed_in(y.dtype), first, second)
        if is_floating(y.dtype):
            late = b.fcmp_unordered("uno", second, second)
            less = b.or_(less, b.and_(late, b.fcmp_ordered("ord", first, first)))
        return code.first(less)

    def merge(source: int, row: Any, run: int) -> None:
        def pair(low: Any) -> None:
            middle = code.smaller(b.add(low, i64(run)), i64(n))
            high = code.smaller(b.add(low, i64(2 * run)), i64(n))

            def step(k: Any, i: Any, j: Any) -> Sequence[Any]:
                left, right = (get(source, row, code.smaller(at, i64(n - 1))) for at in (i, j))
                earlier = before(key_of(right), key_of(left))
                has_left = b.icmp_signed("<", i, middle)
                has_right = b.icmp_signed("<", j, high)
                from_right = b.and_(has_right, b.or_(earlier, b.not_(has_left)))
                taken = b.select(from_right, code.first(right), code.first(left))
                code.store(code.splat(taken), pointer, "int32", place(1 - source, row, k))
                one = b.zext(from_right, I64)
                return b.add(i, b.sub(i64(1), one)), b.add(j, one)

            code.loop(low, high, 1, step, [low, middle])

        code.loop(i64(0), i64(n), 2 * run, pair)

    def unit(row: Any) -> None:
        loop_nest.unflatten(code, row, rows, reader.env)

        def fill(i: Any) -> None:
            number = code.splat(b.trunc(i, I32))
            code.store(number, pointer, "int32", place(passes % 2, row, i))

        code.loop(i64(0), i64(n), 1, fill)
        for p in range(passes):
            merge((passes - p) % 2, row, 2**p)

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, loop_nest.product(rows), 20.0 * y.size * max(passes, 1))


def random_bits(frame: Frame) -> Compiled:
    """Philox 4x32-10: a lane makes the four words of one block."""
    materialized, width, out = frame.materialized, frame.width, frame.out
    code = frame.code(width)
    b, reader = code.b, frame.reader(code)
    blocks = Loop(-(-out.size // 4))
    lane = Loop(width)
    units = Loop(-(-blocks.size // width))
    step_at = address(out.inputs[0], (), width, materialized)
    made_by = out.inputs[1]  # two words of the seed, and which use of it

    def unit(u: Any) -> None:
        reader.env[units] = u
        reader.env[lane] = i64(0)
        reader.lane, reader.mask = lane, None
        reader.start()
        number = var(units) * width + var(lane)
        counter = b.trunc(reader.vector(number), code.vector(I32))
        *key, use = (reader.load(made_by, Affine(i)) for i in range(3))
        words = [
            counter,
            use,
            reader.load(*step_at),
            code.const(0, "uint32"),
        ]
        words = _rounds(code, words, key)
        for w, word in enumerate(words):
            last = b.add(b.mul(u, i64(4 * width)), i64(w))
            left = b.sdiv(b.add(b.sub(i64(out.size), last), i64(3)), i64(4))
            reader.mask = code.mask(left)
            reader.store(word, out, number * 4 + w)
        reader.mask = None

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, units.size, 20.0 * out.size)


def _rounds(code: Builder, words: list[Any], key: Sequence[Any]) -> list[Any]:
    b = code.b
    x, y, z, w = words
    for i in range(ROUNDS):
        k0, k1 = (
            b.add(k, code.const(i * step & MASK, "uint32"))
            for k, step in zip(key, KEY_INCREMENTS, strict=True)
        )
        (high_x, low_x), (high_z, low_z) = (
            _multiply_wide(code, v, m) for v, m in ((x, MULTIPLIERS[0]), (z, MULTIPLIERS[1]))
        )
        x, y, z, w = b.xor(b.xor(high_z, y), k0), low_z, b.xor(b.xor(high_x, w), k1), low_x
    return [x, y, z, w]


def _multiply_wide(code: Builder, x: Any, m: int) -> tuple[Any, Any]:
    """The upper and the lower 32 bits of x m."""
    b = code.b
    wide = b.mul(b.zext(x, code.vector(I64)), code.const(m, "int64"))
    upper = b.trunc(b.lshr(wide, code.const(32, "int64")), code.vector(I32))
    return upper, b.trunc(wide, code.vector(I32))
