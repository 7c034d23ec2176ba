"""Matrix products of bfloat16: both operands are packed in the order in which tiles read them.

A panel of x has the rows of a tile, one of y its columns; each holds pairs along the inner axis as
words, [k / 2][rows or columns]. So it does not matter which axis of an operand is the fast one in
memory, and no two rows of a tile meet in a set of the cache.

Where the inner axis is short (weight gradients) all of y is packed first and the rows of the result
are made one tile after the other, as they lie in memory. Otherwise all of x is packed first, and
each panel of y, which is the large matrix then, once.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.affine import Affine, Loop, var
from grafito.engines.llvm.bfloat import HALF, dot, interleaved, turned
from grafito.engines.llvm.bfloat_layout import LANES
from grafito.engines.llvm.code import I32, Code, i64
from grafito.engines.llvm.kernels import Compiled, Frame
from grafito.engines.llvm.nodes import Node
from grafito.engines.llvm.plan import Kernel
from grafito.engines.llvm.products import TileStore, finish_tile, in_pieces
from grafito.engines.llvm.reader import Reader, address

SUMS = 28  # registers of a tile
DELAY = 7  # cycles in which a few sums cost as much as more of them
NEAR = 24 << 10  # bytes of a panel of y that the first-level cache holds
AHEAD = 64  # rows that are asked for before they are packed: they may be far apart
WHOLE = 1 << 20  # bytes of all of y that the second-level cache holds


class Panels:
    """One operand, packed in scratch memory.

    Args:
        reader: of the kernel.
        operand: its buffer and the address of element (k, m).
        inner: the variables k and m, with their sizes.
        length: how many m a panel has.
        pointer: where the panels go, one after the other.
    """

    def __init__(
        self,
        reader: Reader,
        operand: tuple[Node, Affine],
        inner: tuple[Loop, Loop],
        length: int,
        pointer: Any,
    ):
        self.reader, self.code = reader, reader.code
        self.node, self.place = operand
        self.k, self.m = inner
        self.length, self.pointer = length, pointer
        self.pairs = -(-self.k.size // 2)
        self.size = self.pairs * length  # words of a panel
        self.count = -(-self.m.size // length)

    @property
    def spare(self) -> int:
        """Words that may be written after the last panel."""
        return LANES * (self.length + 1)

    def pack(self, panel: Any, place: Any) -> None:
        """Pack a panel of the operand as panel number `place`."""
        b = self.code.b
        first = b.mul(panel, i64(self.length))
        start = b.mul(place, i64(self.size))
        blocks = [i64(n) for n in range(0, self.length, LANES)]
        places = [(b.add(first, n), b.add(start, n)) for n in blocks]
        if self.place.coefficient(self.m) == 1:
            self._by_rows(places)
        else:
            for m, to in places:
                self._by_columns(m, to)

    def _address(self, k: Any, m: Any) -> Any:
        self.reader.env[self.k], self.reader.env[self.m] = k, m
        return self.reader.scalar(self.place)

    def _store(self, words: Any, start: Any, pair: Any) -> None:
        at = self.code.b.add(start, self.code.b.mul(pair, i64(self.length)))
        self.code.store(words, self.pointer, "uint32", at)

    def _by_rows(self, places: list[tuple[Any, Any]]) -> None:
        """Rows k and k + 1 are interleaved, all of a panel before the next ones."""
        code, b = self.code, self.code.b
        masks = [code.mask(b.sub(i64(self.m.size), m)) for m, _ in places]
        pointer = self.reader.pointers[self.node]
        even = self.k.size // 2 * 2

        def row(k: Any, n: int) -> Any:
            return code.load(pointer, HALF, self._address(k, places[n][0]), masks[n])

        def pair(k: Any) -> None:
            for ahead in (AHEAD, AHEAD + 1):
                later = self._address(b.add(k, i64(ahead)), places[0][0])
                code.prefetch(pointer, HALF, later)
            for n, (_, start) in enumerate(places):
                words = interleaved(code, row(k, n), row(b.add(k, i64(1)), n))
                self._store(words, start, b.udiv(k, i64(2)))

        code.loop(i64(0), i64(even), 2, pair)
        if even < self.k.size:
            for n, (_, start) in enumerate(places):
                last = row(i64(even), n)
                words = interleaved(code, last, ir.Constant(last.type, None))
                self._store(words, start, i64(even // 2))

    def _by_columns(self, m: Any, start: Any) -> None:
        """Pairs lie next to each other: squares of words are turned."""
        code, b = self.code, self.code.b
        wide = Code.on(code, 2 * LANES)
        pointer = self.reader.pointers[self.node]

        def square(k: Any) -> None:
            inside = wide.mask(b.sub(i64(self.k.size), k))
            nothing = ir.Constant(inside.type, None)
            lines = []
            for n in range(LANES):
                at = b.add(m, i64(n))
                exists = b.icmp_signed("<", at, i64(self.m.size))
                mask = b.select(exists, inside, nothing)
                line = wide.load(pointer, HALF, self._address(k, at), mask)
                lines.append(b.bitcast(line, ir.VectorType(I32, LANES)))
            first = b.udiv(k, i64(2))
            for n, words in enumerate(turned(code, lines)):
                self._store(words, start, b.add(first, i64(n)))

        code.loop(i64(0), i64(self.k.size), 2 * LANES, square)

    def word(self, panel: Any, pair: Any, n: Any) -> Any:
        """The place of a word of a packed panel."""
        b = self.code.b
        row = b.add(b.mul(panel, i64(self.size)), b.mul(pair, i64(self.length)))
        return b.add(row, n)


def _best_height(rows: int, vectors: int) -> int:
    """The rows of a tile with which those that are left over cost the least."""

    def cycles(height: int) -> float:
        whole, rest = divmod(rows, height)
        left = max(rest * vectors / 2, DELAY) if rest else 0
        return whole * max(height * vectors / 2, DELAY) + left

    return min(range(min(rows, SUMS // vectors), 0, -1), key=cycles)


def matmul(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> Compiled:
    """The product x @ y; results of the same shape may follow it."""
    frame = Frame(kernel, stored, width, shared)
    out = kernel.primary
    assert out is not None
    x, y = out.inputs
    (rows, columns), depth = out.shape, x.shape[1]
    by_rows = rows >= depth and 2 * depth * columns <= WHOLE
    near = by_rows and 8 * depth * LANES <= NEAR
    vectors = min(4 if near else 2, -(-columns // LANES))
    tile_rows = _best_height(rows, vectors)
    breadth = vectors * LANES
    code = frame.code(LANES)
    reader = frame.reader(code)
    b = code.b
    k, i, j = Loop(depth), Loop(rows), Loop(columns)
    tall, wide = Loop(-(-rows // tile_rows)), Loop(-(-columns // breadth))
    row, vector, lane = Loop(tile_rows), Loop(vectors), Loop(LANES)
    left = address(x, (var(i), var(k)), width, stored)
    right = address(y, (var(k), var(j)), width, stored)
    xs = Panels(reader, left, (k, i), tile_rows, frame.scratch)
    x_words = xs.size * (1 if by_rows else xs.count) + xs.spare
    x_words = -(-x_words // LANES) * LANES
    ys = Panels(reader, right, (k, j), breadth, code.at(frame.scratch, "uint32", i64(x_words)))
    y_words = ys.size * (ys.count if by_rows else 1) + ys.spare
    store = TileStore(code, out.dtype, tile_rows * vectors)
    index = (
        var(tall) * tile_rows + var(row),
        var(wide) * breadth + var(vector) * LANES + var(lane),
    )

    def sums(height: int, across: int) -> list[Any]:
        t, w = (i64(0), reader.env[wide]) if by_rows else (reader.env[tall], i64(0))

        def turn(pair: Any, *totals: Any) -> list[Any]:
            words = [
                code.load(ys.pointer, "uint32", ys.word(w, pair, i64(v * LANES)))
                for v in range(across)
            ]
            new = []
            for r in range(height):
                word = code.load_scalar(xs.pointer, "uint32", xs.word(t, pair, i64(r)))
                element = code.splat(word)
                new += [dot(code, totals[r * across + v], element, words[v]) for v in range(across)]
            return new

        zeros = [code.const(0, "float32")] * (height * across)
        return code.loop(i64(0), i64(ys.pairs), 1, turn, zeros)

    def tile(height: int, count: int) -> None:
        across, tail = -(-count // LANES), count % LANES

        def mask(v: Any) -> Any:
            last = b.icmp_signed("==", v, i64(across - 1))
            return code.mask(b.select(last, i64(tail), i64(LANES)))

        finish_tile(
            reader, kernel, index, (row, vector), lane, sums(height, across), across, store,
            mask if tail else None,
        )  # fmt: skip

    def tile_at(t: Any, w: Any) -> None:
        reader.env[tall], reader.env[wide] = t, w
        in_pieces(
            code, w, wide, columns, breadth,
            lambda count: in_pieces(
                code, t, tall, rows, tile_rows, lambda height: tile(height, count)
            ),
        )  # fmt: skip

    held, passing = (ys, xs) if by_rows else (xs, ys)

    def unit(u: Any) -> None:
        passing.pack(u, i64(0))
        if by_rows:
            code.loop(i64(0), i64(wide.size), 1, lambda w: tile_at(u, w))
        else:
            code.loop(i64(0), i64(tall.size), 1, lambda t: tile_at(t, u))

    def some() -> None:
        code.loop(i64(0), i64(held.count), 1, lambda p: held.pack(p, p))
        code.loop(frame.begin, frame.end, 1, unit)

    code.when(b.icmp_signed("<", frame.begin, frame.end), some)
    units = (tall if by_rows else wide).size
    cost = 2.0 * out.size * depth / LANES
    return frame.finish(code, units, cost, 4 * (x_words + y_words))
