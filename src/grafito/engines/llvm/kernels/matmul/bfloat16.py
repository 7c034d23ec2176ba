"""Matrix products of bfloat16: both operands are packed in the order in which tiles read them.

A panel of x has the rows of a tile, one of y its columns. Each holds pairs along the inner axis as
words, [k / 2][rows or columns]. Where the CPU has AMX and it pays, `matmul.amx` accumulates the
tiles and packs x into squares; all else is the same.

Where the inner axis is short (weight gradients) all of y is packed first, and the result is written
row by row. Otherwise all of x is packed first, and then each panel of y, the larger matrix, once.
"""

from __future__ import annotations

from typing import Any

from grafito.engines.llvm.codegen.addresses import address
from grafito.engines.llvm.codegen.affine import (
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    Builder,
    i64,
)
from grafito.engines.llvm.codegen.dot_bfloat16 import dot
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
)
from grafito.engines.llvm.codegen.tile import (
    TileEpilogue,
    TileStore,
    in_pieces,
)
from grafito.engines.llvm.ir.bfloat16 import LANES
from grafito.engines.llvm.ir.target import TARGETS
from grafito.engines.llvm.kernels.matmul.amx import AmxSums
from grafito.engines.llvm.kernels.matmul.packing_bfloat16 import PackedPairs

DELAY = 7  # cycles of vdpbf16ps: with fewer sums a step takes no less


class DotSums:
    """Accumulates a tile in registers with `vdpbf16ps`.

    Args:
        code: where to emit.

    Attributes:
        left: how the first operand is packed.
        step: pairs in a step along the inner axis.
    """

    left = PackedPairs
    step = 1

    def __init__(self, code: Builder):
        self.code = code

    def block(self, rows: int, columns: int, near: bool) -> tuple[int, int]:
        """Rows and vectors of a tile, where the panel of y is near or not."""
        vectors = min(4 if near else 2, -(-columns // LANES))
        return _best_height(rows, vectors), vectors

    def begin(self) -> None:
        """Before a thread makes its sums."""

    def end(self) -> None:
        """After that."""

    def add_up(
        self,
        xs: PackedPairs,
        ys: PackedPairs,
        at: tuple[Any, Any],
        shape: tuple[int, int],
        store: TileStore,
    ) -> None:
        """Sums of panel x times panel y, to the store.

        Args:
            xs: the packed first operand.
            ys: the second.
            at: the numbers of the panels.
            shape: rows and vectors.
            store: where the sums go, row by row.
        """
        code, (height, across) = self.code, shape

        def iteration(pair: Any, *totals: Any) -> list[Any]:
            words = [
                code.load(ys.pointer, "uint32", ys.word(at[1], pair, i64(v * LANES)))
                for v in range(across)
            ]
            new = []
            for r in range(height):
                word = code.load_scalar(xs.pointer, "uint32", xs.word(at[0], pair, i64(r)))
                element = code.splat(word)
                new += [dot(code, totals[r * across + v], element, words[v]) for v in range(across)]
            return new

        zeros = [code.const(0, "float32")] * (height * across)
        for place, total in enumerate(code.loop(i64(0), i64(ys.pairs), 1, iteration, zeros)):
            store.put(place, total)


def _best_height(rows: int, vectors: int) -> int:
    """The rows of a tile that need the fewest cycles, the remainder included."""

    def cycles(height: int) -> float:
        whole, rest = divmod(rows, height)
        left = max(rest * vectors / 2, DELAY) if rest else 0
        return whole * max(height * vectors / 2, DELAY) + left

    return min(range(min(rows, TARGETS["AVX-512"].accumulators // vectors), 0, -1), key=cycles)


def matmul(frame: Frame) -> Compiled:
    """The product x @ y; results of the same shape may follow it."""
    kernel, materialized, width, out = frame.kernel, frame.materialized, frame.width, frame.out
    x, y = out.inputs
    (rows, columns), depth = out.shape, x.shape[1]
    by_rows = rows >= depth and 2 * depth * columns <= frame.target.l2
    code = frame.code(LANES)
    reader = frame.reader(code)
    b = code.b
    how = AmxSums(code) if out.attributes.get("amx") else DotSums(code)
    near = by_rows and 8 * depth * LANES <= frame.target.l1_panel
    tile_rows, vectors = how.block(rows, columns, near)
    breadth = vectors * LANES
    k, i, j = Loop(depth), Loop(rows), Loop(columns)
    tall, wide = Loop(-(-rows // tile_rows)), Loop(-(-columns // breadth))
    row, vector, lane = Loop(tile_rows), Loop(vectors), Loop(LANES)
    left = address(x, (var(i), var(k)), width, materialized)
    right = address(y, (var(k), var(j)), width, materialized)
    xs = how.left(reader, left, (k, i), tile_rows, frame.scratch, how.step)
    x_words = xs.size * (1 if by_rows else xs.count) + xs.spare
    x_words = -(-x_words // LANES) * LANES
    behind = code.at(frame.scratch, "uint32", i64(x_words))
    ys = PackedPairs(reader, right, (k, j), breadth, behind, how.step)
    y_words = ys.size * (ys.count if by_rows else 1) + ys.spare
    store = TileStore(code, out.dtype, tile_rows * vectors)
    index = (
        var(tall) * tile_rows + var(row),
        var(wide) * breadth + var(vector) * LANES + var(lane),
    )

    epilogue = TileEpilogue(kernel, index, (row, vector), lane, store)

    def tile(height: int, count: int) -> None:
        across, tail = -(-count // LANES), count % LANES
        at = (i64(0), reader.env[wide]) if by_rows else (reader.env[tall], i64(0))
        how.add_up(xs, ys, at, (height, across), store)
        epilogue.of_store(reader, (height, across), tail)

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
        how.begin()
        code.loop(i64(0), i64(held.count), 1, lambda p: held.pack(p, p))
        code.loop(frame.begin, frame.end, 1, unit)
        how.end()

    code.when(b.icmp_signed("<", frame.begin, frame.end), some)
    units = (tall if by_rows else wide).size
    cost = 2.0 * out.size * depth / LANES
    return frame.finish(code, units, cost, 4 * (x_words + y_words))
