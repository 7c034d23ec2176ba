"""Sums of products of bfloat16 numbers, two at a time, where the CPU adds up pairs (AVX512-BF16).

`vdpbf16ps` multiplies the pairs in the lanes of two registers and adds both products to a float32:
twice the products of a fused multiply-add. So a loop over the inner axis takes steps of two. One
operand has the two numbers of a pair next to each other in memory and is broadcast; of the other,
two vectors are interleaved when they are loaded.

The instruction takes subnormal numbers for zero, and need not round between its two additions. A
sum of n products is within n 2^-23 Σ|x y| + 2^-126 (n + Σ|x| + Σ|y|) of the exact one, as it is on
CPUs without the instruction, where numbers are widened one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
)
from grafito.engines.llvm.codegen.builder import (
    F32,
    I16,
    I32,
    Builder,
    i64,
)
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.tile_loop import TileLoop
from grafito.engines.llvm.ir.bfloat16 import BROADCAST
from grafito.engines.llvm.ir.nodes import Node

LATENCY = 7  # cycles of vdpbf16ps
VECTOR_REGISTERS = 32  # of AVX-512
MOST_PLACES, MOST_FILTERS = 14, 9  # of a tile of a convolution
WIDTHS = (4, 8, 16)  # lanes of the instruction's forms
HALF = "uint16"  # a bfloat16 as its bits


class _BFloat(ir.Type):
    """LLVM's type for bfloat16, which llvmlite does not name."""

    def __str__(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BFloat)

    def __hash__(self) -> int:
        return hash(_BFloat)


def image_tile(places: int, out_channels: int, k: Node) -> tuple[int, int]:
    """How many places and how many filters a tile of a convolution has, for weights k.

    In each step a place loads a vector of images from the second-level cache, which takes two
    cycles. A dot product has a latency of seven cycles. Beyond nine filters the broadcast weights
    of a step span too many cache lines.
    """

    def cycles(tile: tuple[int, int]) -> float:
        total = 0.0
        for height, count in loop_nest.pieces(places, tile[0]):
            for breadth, times in loop_nest.pieces(out_channels, tile[1]):
                step = max(height * breadth / 2, LATENCY, 2 * height + breadth / 2)
                total += count * times * step
        return total

    options = [
        (h, v)
        for h in range(1, min(places, MOST_PLACES) + 1)
        for v in range(1, min(out_channels, MOST_FILTERS) + 1)
        if h * v + h + 3 <= VECTOR_REGISTERS and (v == BROADCAST or k.kind != "word_pairs")
    ]
    return min(options, key=cycles)


def adds_pairs(code: Builder, row: Node, column: Node) -> bool:
    """Whether a tile can be accumulated from pairs of bfloat16."""
    words = column.dtype in ("bfloat16", "uint32")
    return code.bf16_dot and code.lanes in WIDTHS and row.dtype == "bfloat16" and words


def accumulate(
    reader: Reader,
    loop: TileLoop,
    shape: tuple[int, int],
    tail: int = 0,
    start: Sequence[Any] | None = None,
) -> list[Any]:
    """The sums of a tile, row by row; see `tile.accumulate`.

    The innermost loop is over the whole axis, whatever its bounds.
    """
    code, (row, column), lane = reader.code, loop.tile, loop.lane
    height, across = shape
    last = code.mask(i64(tail)) if tail else None
    *outer, (pair, unrolled) = loop.inner
    over_lanes = all(at.depends(lane) for _, at in (loop.x, loop.y))  # then their order is free

    def step(totals: Sequence[Any], i: Any, single: bool) -> list[Any]:
        reader.lane = lane
        reader.env[lane] = i64(0)
        every = loop.mask() if loop.mask is not None else None
        columns = []
        for c in range(across):
            reader.env[column] = i64(c)
            reader.mask = last if tail and c == across - 1 else every
            columns.append(_load(reader, loop.y, pair, i, single, over_lanes))
        reader.mask = every
        new = []
        for r in range(height):
            reader.env[row] = i64(r)
            element = _load(reader, loop.x, pair, i, single, over_lanes)
            new += [dot(code, totals[r * across + c], element, columns[c]) for c in range(across)]
        reader.mask = None
        return new

    def pairs(totals: Sequence[Any]) -> Sequence[Any]:
        even = pair.size // 2 * 2
        if unrolled:
            for i in range(0, even, 2):
                totals = step(totals, i64(i), False)
        elif even:
            totals = code.loop(i64(0), i64(even), 2, lambda i, *t: step(t, i, False), totals)
        return step(totals, i64(even), True) if even < pair.size else totals

    zero = code.const(0, "float32")
    totals = start or [zero] * (height * across)
    return list(loop_nest.walk(code, reader.env, outer, loop.bounds, pairs, totals))


def dot(code: Builder, total: Any, x: Any, y: Any) -> Any:
    """Total + x₀ y₀ + x₁ y₁ in each lane."""
    kind = ir.VectorType(_BFloat(), 2 * code.lanes)
    pairs = [code.b.bitcast(z, kind) for z in (x, y)]
    name = f"llvm.x86.avx512bf16.dpbf16ps.{32 * code.lanes}"
    return code.intrinsic(name, code.vector(F32), total, *pairs)


def _load(
    reader: Reader, at: tuple[Node, Affine], pair: Loop, i: Any, single: bool, over_lanes: bool
) -> Any:
    """The numbers at i and i + 1 of the paired loop: two half words for each lane.

    Args:
        reader: with all other loop variables set.
        at: the buffer and the place.
        pair: the paired loop.
        i: its variable.
        single: there is no second number; it is 0.
        over_lanes: the lanes are summed in the end, so that neighbours may make a pair.
    """
    code, b = reader.code, reader.code.b
    node, place = at
    lanes, both = code.lanes, ir.VectorType(I16, 2 * code.lanes)
    fixed = not place.depends(reader.lane)  # type: ignore[arg-type]
    simple = not place.gathered()
    step = place.coefficient(pair)
    if node.dtype == "uint32":  # these are pairs already
        reader.env[pair] = i
        at_words = reader.pointers[node], "uint32", reader.scalar(place)
        return b.bitcast(
            code.splat(code.load_scalar(*at_words)) if fixed else code.load(*at_words), both
        )

    def raw(k: Any) -> Any:
        reader.env[pair] = k
        if fixed:
            return code.splat(code.load_scalar(reader.pointers[node], HALF, reader.scalar(place)))
        if simple and place.coefficient(reader.lane) == 1:
            return code.load(reader.pointers[node], HALF, reader.scalar(place), reader.mask)
        return code.gather(reader.pointers[node], HALF, reader.vector(place), reader.mask)

    def start() -> Any:
        reader.env[pair] = i
        return code.at(reader.pointers[node], HALF, reader.scalar(place))

    if simple and not single:
        if fixed and step == 1:
            return b.bitcast(code.splat(b.load(start(), typ=I32, align=2)), both)
        next_to = step == lanes and place.coefficient(reader.lane) == 1 and reader.mask is None
        if not fixed and next_to:
            loaded = b.load(start(), typ=both, align=2)
            return loaded if over_lanes else interleaved(code, loaded)
    first = raw(i)
    second = ir.Constant(first.type, None) if single else raw(b.add(i, i64(1)))
    if over_lanes:
        return b.shuffle_vector(first, second, code.integers(range(2 * lanes), I32))
    return interleaved(code, first, second)


def interleaved(code: Builder, first: Any, second: Any = None) -> Any:
    """A half word of the first, one of the second, and so on; or the two halves of the first."""
    lanes = code.lanes
    order = [j for k in range(lanes) for j in (k, k + lanes)]
    second = first if second is None else second
    return code.b.shuffle_vector(first, second, code.integers(order, I32))
