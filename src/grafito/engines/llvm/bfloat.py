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

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.affine import Affine, Loop
from grafito.engines.llvm.code import F32, I16, I32, Code, i64
from grafito.engines.llvm.nodes import LEAVES, Node, Shape
from grafito.engines.llvm.reader import Reader

PRODUCTS = {"matmul", "conv", "convback", "convkernel"}
WIDTHS = (4, 8, 16)  # lanes of the instruction's forms
LANES = 16  # images in a block, and filters in a vector: the width of AVX-512
PAIRS = LANES // 2
BROADCAST = 8  # weights that are stored next to each other
HALF = "uint16"  # a bfloat16 as its bits


class _BFloat(ir.Type):
    """LLVM's type for bfloat16, which llvmlite does not name."""

    def __str__(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BFloat)

    def __hash__(self) -> int:
        return hash(_BFloat)


# What is read, and stored how


def narrowed(inputs: Sequence[Node]) -> list[Node] | None:
    """The bfloat16 numbers that float32 inputs of a product were widened from, if all were."""
    narrow = [_before_widening(x) for x in inputs]
    return None if None in narrow else [x for x in narrow if x is not None]


def _before_widening(x: Node) -> Node | None:
    if x.kind == "cast" and (x.inputs[0].dtype, x.dtype) == ("bfloat16", "float32"):
        return x.inputs[0]
    if x.kind in ("reshape", "transpose"):
        narrow = _before_widening(x.inputs[0])
        return narrow and Node(x.kind, (narrow,), x.shape, narrow.dtype, **x.attributes)
    return None


def warn_that_it_is_slow() -> None:
    """Say once that a program multiplies bfloat16 as float32."""
    warnings.warn(
        "This CPU has no instructions for bfloat16 (AVX512-BF16): mixed precision gives the same "
        "numbers as elsewhere, but is no faster than float32.",
        stacklevel=2,
    )


def arrange(order: Iterable[Node]) -> None:
    """Mark the products of bfloat16, and store in pairs what they broadcast."""
    for x in order:
        if x.kind not in PRODUCTS or any(y.dtype != "bfloat16" for y in x.inputs):
            continue
        x.attributes["pairs"] = True
        y, z = x.inputs
        if x.kind == "convkernel" and x.groups == 1:
            x.inputs = (y, image_pairs(z))
        elif x.kind == "conv":  # the weights of channels that follow each other
            channels, filters = z.shape[2:]
            whole = channels % 2 == 0 and filters % BROADCAST == 0 and x.groups == 1
            x.inputs = (y, _weight_pairs(z) if whole else _stored_as(z, (0, 1, 3, 2)))
        elif x.kind == "matmul" and not packed(x) and _by_columns(y):
            x.inputs = (_stored_as(y, tuple(range(len(y.shape)))), z)


def packed(x: Node) -> bool:
    """Whether a product packs its operands: one of matrices that fill the registers."""
    return "pairs" in x.attributes and len(x.shape) == 2 and min(x.shape) >= LANES


def _by_columns(x: Node) -> bool:
    """Whether neighbours along the last axis are apart in memory; a batch in lanes has them."""
    return x.kind == "transpose" and x.axes[-1] != len(x.shape) - 1 and not x.inputs[0].lanes


def _stored_as(x: Node, axes: tuple[int, ...]) -> Node:
    """The node, stored with its axes in this order (which is its own inverse)."""

    def moved(y: Node) -> Node:
        if axes == tuple(range(len(axes))):
            return y
        shape = tuple(y.shape[a] for a in axes)
        return Node("transpose", (y,), shape, y.dtype, axes=axes)

    if x.kind == "cast" and x.inputs[0].kind in LEAVES:  # rounded on the way
        source = moved(x.inputs[0])
        kept = Node("cast", (source,), source.shape, x.dtype)
    else:
        source = moved(x)
        kept = Node("copy", (source,), source.shape, x.dtype)
    kept.scope = source.scope = x.scope
    return moved(kept)


def _weight_pairs(k: Node) -> Node:
    """The weights of pairs of channels as words: [a][b][f / BROADCAST][c / 2][BROADCAST]."""
    height, width, channels, filters = k.shape
    panels = height, width, channels, filters // BROADCAST, BROADCAST
    split = Node("reshape", (k,), panels, k.dtype)
    halves = []
    for odd in (0, 1):
        shape = (height, width, channels // 2, *panels[3:])
        own = Node(
            "slice", (split,), shape, k.dtype, starts=(0, 0, odd, 0, 0), steps=(1, 1, 2, 1, 1)
        )
        shape = tuple(shape[axis] for axis in (0, 1, 3, 2, 4))
        halves.append(Node("transpose", (own,), shape, k.dtype, axes=(0, 1, 3, 2, 4)))
    words = Node("pairwords", halves, shape, "uint32", kernel=k.shape)
    words.scope = k.scope
    return words


def kernel_shape(k: Node) -> Shape:
    """The shape of the weights of a convolution, also of those that are stored in pairs."""
    return k.kernel if k.kind == "pairwords" else k.shape


def image_pairs(y: Node) -> Node:
    """The gradient y of images in lanes as pairs of images: [block][i][j][pair][filter]."""
    n, height, width, filters = y.shape
    shape = (-(-n // LANES), height, width, PAIRS, -(-filters // LANES) * LANES)
    node = Node("imagepairs", (y,), shape, "uint32")
    node.scope = y.scope
    return node


# Sums


def image_tile(places: int, made: int, k: Node) -> tuple[int, int]:
    """How many places and how many weights k a tile of a convolution has.

    Each place loads a vector of images from the second-level cache in each step, two cycles long;
    the sums of two products come after seven cycles, and more than nine weights are too far apart.
    """

    def cycles(tile: tuple[int, int]) -> float:
        total = 0.0
        for height, count in _pieces(places, tile[0]):
            for breadth, times in _pieces(made, tile[1]):
                step = max(height * breadth / 2, 7, 2 * height + breadth / 2)
                total += count * times * step
        return total

    options = [
        (h, v)
        for h in range(1, min(places, 14) + 1)
        for v in range(1, min(made, 9) + 1)
        if h * v + h + 3 <= 32 and (v == BROADCAST or k.kind != "pairwords")
    ]
    return min(options, key=cycles)


def _pieces(size: int, piece: int) -> list[tuple[int, int]]:
    whole, rest = divmod(size, piece)
    return [(n, count) for n, count in ((piece, whole), (rest, 1)) if n and count]


def adds_pairs(code: Code, row: Node, column: Node) -> bool:
    """Whether the sums of a tile can be made from pairs of bfloat16."""
    words = column.dtype in ("bfloat16", "uint32")
    return code.pairs and code.lanes in WIDTHS and row.dtype == "bfloat16" and words


def accumulate(
    reader: Reader,
    row_at: tuple[Node, Affine],
    column_at: tuple[Node, Affine],
    tile: tuple[Loop, Loop],
    lane: Loop,
    inner: Sequence[tuple[Loop, bool]],
    height: int,
    across: int,
    tail: int = 0,
    mask: Callable[[], Any] | None = None,
    start: Sequence[Any] | None = None,
) -> list[Any]:
    """The tile's sums of products, row by row, as `products.accumulate` has them."""
    code = reader.code
    row, column = tile
    last = code.mask(i64(tail)) if tail else None
    *outer, (pair, unrolled) = inner
    summed = all(at.depends(lane) for _, at in (row_at, column_at))  # then their order is free

    def step(totals: Sequence[Any], i: Any, single: bool) -> list[Any]:
        reader.lane = lane
        reader.env[lane] = i64(0)
        every = mask() if mask is not None else None
        columns = []
        for c in range(across):
            reader.env[column] = i64(c)
            reader.mask = last if tail and c == across - 1 else every
            columns.append(_load(reader, column_at, pair, i, single, summed))
        reader.mask = every
        new = []
        for r in range(height):
            reader.env[row] = i64(r)
            element = _load(reader, row_at, pair, i, single, summed)
            new += [dot(code, totals[r * across + c], element, columns[c]) for c in range(across)]
        reader.mask = None
        return new

    def descend(loops: Sequence[tuple[Loop, bool]], totals: Sequence[Any]) -> Sequence[Any]:
        if loops:
            (loop, written_out), *rest = loops

            def turn(i: Any, *carried: Any) -> Sequence[Any]:
                reader.env[loop] = i
                return descend(rest, carried)

            if not written_out:
                return code.loop(i64(0), i64(loop.size), 1, turn, totals)
            for i in range(loop.size):
                totals = turn(i64(i), *totals)
            return totals
        even = pair.size // 2 * 2
        if unrolled:
            for i in range(0, even, 2):
                totals = step(totals, i64(i), False)
        elif even:
            totals = code.loop(i64(0), i64(even), 2, lambda i, *t: step(t, i, False), totals)
        return step(totals, i64(even), True) if even < pair.size else totals

    zero = code.const(0, "float32")
    return list(descend(outer, start or [zero] * (height * across)))


def dot(code: Code, total: Any, x: Any, y: Any) -> Any:
    """Total + x₀ y₀ + x₁ y₁ in each lane."""
    kind = ir.VectorType(_BFloat(), 2 * code.lanes)
    pairs = [code.b.bitcast(z, kind) for z in (x, y)]
    name = f"llvm.x86.avx512bf16.dpbf16ps.{32 * code.lanes}"
    return code.intrinsic(name, code.vector(F32), total, *pairs)


def _load(
    reader: Reader, at: tuple[Node, Affine], pair: Loop, i: Any, single: bool, summed: bool
) -> Any:
    """The numbers at i and i + 1 of the paired loop: two half words for each lane.

    Args:
        reader: with all other loop variables set.
        at: the buffer and the place.
        pair: the paired loop.
        i: its variable.
        single: there is no second number; it is 0.
        summed: all lanes are added up in the end, so that pairs may be made of neighbouring lanes.
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
            return loaded if summed else interleaved(code, loaded)
    first = raw(i)
    second = ir.Constant(first.type, None) if single else raw(b.add(i, i64(1)))
    if summed:
        return b.shuffle_vector(first, second, code.integers(range(2 * lanes), I32))
    return interleaved(code, first, second)


def interleaved(code: Code, first: Any, second: Any = None) -> Any:
    """A half word of the first, one of the second, and so on; or the two halves of the first."""
    lanes = code.lanes
    order = [j for k in range(lanes) for j in (k, k + lanes)]
    second = first if second is None else second
    return code.b.shuffle_vector(first, second, code.integers(order, I32))


def turned(code: Code, lines: Sequence[Any]) -> list[Any]:
    """The columns of squares of words, side by side in registers, that are given by their rows.

    Each step swaps one bit of the number of the line with the same bit of the number of the lane.
    """
    lines, lanes, step = list(lines), lines[0].type.count, 1
    while step < len(lines):
        for a in (n for n in range(len(lines)) if not n & step):
            low, high = lines[a], lines[a + step]
            kept = [k if not k & step else lanes + (k ^ step) for k in range(lanes)]
            moved = [lanes + k if k & step else k ^ step for k in range(lanes)]
            lines[a], lines[a + step] = (
                code.b.shuffle_vector(low, high, code.integers(order, I32))
                for order in (kept, moved)
            )
        step *= 2
    return lines
