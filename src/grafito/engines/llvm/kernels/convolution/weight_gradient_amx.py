"""Weight gradients of convolutions in bfloat16 in AMX tiles: 16 channels by 16 filters.

A tile has 16 pairs along the inner axis: those of the 16 images of a block at two places of a row.
Of y they follow each other in memory; the images are packed so, and all filters see them.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.amx import (
    BYTES,
    ROWS,
    AmxTiles,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
    i64,
)
from grafito.engines.llvm.codegen.dot_bfloat16 import HALF
from grafito.engines.llvm.codegen.frame import Compiled, Frame
from grafito.engines.llvm.codegen.tile import (
    Tile,
    TileStore,
)
from grafito.engines.llvm.ir.bfloat16 import LANES
from grafito.engines.llvm.kernels.convolution.weight_gradient_bfloat16 import WeightSums
from grafito.engines.llvm.kernels.matmul.amx import (
    BLOCK,
    LEFT,
    RIGHT,
    STEP,
)


class AmxWeightSums(WeightSums):
    """Sums in tiles, two by two; a chunk of images is packed for all filters."""

    def __init__(self, frame: Frame):
        super().__init__(frame)
        self.twos = -(-self.j.size // 2)  # of places in a row
        self.words = self.tile.rows * STEP  # of the images at two places
        self.scratch = 4 * self.chunk * self.twos * self.words
        self.store = TileStore(self.code, "float32", self.tile.rows * self.tile.vectors)
        self.tiles = AmxTiles(self.code)

    def best(self) -> Tile:
        count = -(-self.rows // ROWS), -(-self.filters // LANES)
        return Tile(ROWS * min(BLOCK, count[0]), min(BLOCK, count[1]))

    def emit(self) -> Compiled:
        self.tiles.configure()
        return super().emit()

    def end(self) -> None:
        self.tiles.release()

    def add_chunk(self, first: Any, stop: Any) -> None:
        code, env = self.code, self.reader.env

        def pack(p: Any) -> None:
            loop_nest.unflatten(code, p, [self.block, self.i], env)
            code.loop(i64(0), i64(self.twos), 1, lambda t: self._pack(self._word(p, first, t), t))

        def columns(w: Any) -> None:
            env[self.wide] = w
            self.in_columns(lambda height, count: self._add(first, stop, height, count))

        code.loop(first, stop, 1, pack)
        code.loop(i64(0), i64(self.wide.size), 1, columns)

    def _word(self, p: Any, first: Any, two: Any) -> Any:
        """Where two places of a row of images are packed."""
        b = self.code.b
        place = b.add(b.mul(b.sub(p, first), i64(self.twos)), two)
        return b.mul(place, i64(self.words))

    def _start(self, two: Any) -> tuple[Any, Any]:
        """The first of two places, and whether it counts: in a row of odd length the last does not.

        Its last two places are the last but one, which was there before, and the last one.
        """
        b = self.code.b
        start, most = b.mul(two, i64(2)), i64(self.j.size - 2)
        fits = b.icmp_signed("<=", start, most)
        return b.select(fits, start, most), fits

    def _pack(self, word: Any, two: Any) -> None:
        code, b, env = self.code, self.code.b, self.reader.env
        start, counts = self._start(two)
        node, at = self.x_at
        there = b.sub(i64(self.images), b.mul(env[self.block], i64(LANES)))
        exist = code.mask(there)
        nothing = ir.Constant(exist.type, None)
        env[self.picture] = i64(0)

        def line(r: Any) -> None:
            env[self.row] = r
            n = b.add(b.mul(env[self.tall], i64(self.tile.rows)), r)
            mask = b.select(b.icmp_signed("<", n, i64(self.rows)), exist, nothing)
            halves = []
            for place, some in (
                (start, b.select(counts, mask, nothing)), (b.add(start, i64(1)), mask)
            ):  # fmt: skip
                env[self.j] = place
                pointer = self.reader.pointers[node]
                halves.append(code.load(pointer, HALF, self.reader.scalar(at), some))
            both = b.shuffle_vector(*halves, code.integers(range(2 * LANES), I32))
            words = b.bitcast(both, code.vector(I32))
            to = b.add(word, b.mul(r, i64(STEP)))
            code.store(words, self.frame.scratch, "uint32", to)

        code.loop(i64(0), i64(self.tile.rows), 1, line)

    def _add(self, first: Any, stop: Any, height: int, count: int) -> None:
        code, b, env, tiles = self.code, self.code.b, self.reader.env, self.tiles
        down, across, tail = -(-height // ROWS), -(-count // LANES), count % LANES
        for total in range(down * across):
            tiles.zero(total)

        def row(p: Any) -> None:
            loop_nest.unflatten(code, p, [self.block, self.i], env)

            def iteration(two: Any) -> None:
                env[self.j], _ = self._start(two)
                env[self.picture], env[self.lane] = i64(0), i64(0)
                node, at = self.y_at
                for v in range(across):
                    env[self.vector] = i64(v)
                    word = code.at(self.reader.pointers[node], "uint32", self.reader.scalar(at))
                    tiles.load(RIGHT + v, word, 4 * node.shape[4])
                word = self._word(p, first, two)
                for q in range(down):
                    start = b.add(word, i64(q * ROWS * STEP))
                    tiles.load(LEFT + q, code.at(self.frame.scratch, "uint32", start), BYTES)
                    for v in range(across):
                        tiles.dot(q * across + v, LEFT + q, RIGHT + v)

            code.loop(i64(0), i64(self.twos), 1, iteration)

        code.loop(first, stop, 1, row)
        for total in range(down * across):
            q, v = divmod(total, across)
            tiles.store(total, self.store.at(i64(q * ROWS * across + v)), BYTES * across)

        def keep(r: Any) -> None:
            for v in range(across):
                mask = code.mask(i64(tail)) if tail and v == across - 1 else None
                place = self.place(r, i64(v))
                more = self.store.get(b.add(b.mul(r, i64(across)), i64(v)))
                total = b.fadd(self.before(first, place, mask), more)
                code.store(total, self.pointer, "float32", place, mask)

        code.loop(i64(0), i64(height), 1, keep)


def weight_gradient(frame: Frame) -> Compiled:
    """The gradient, in tiles."""
    return AmxWeightSums(frame).emit()
