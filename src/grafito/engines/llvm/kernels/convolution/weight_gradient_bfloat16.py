"""Weight gradients of convolutions in bfloat16: sums over pairs of images.

Σ x[n, s i + d a, s j + d b, c] y[n, i, j, f] over n, i and j is a matrix product: its rows are the
weights' windows and channels (b, c), its columns the filters f. With images as lanes, two images
that follow each other are neighbours in x; the pair is broadcast. Another kernel, `pack`,
transposes blocks of 16 filters by 16 images of y, so that a vector has pairs of images of 16
filters.

A chunk of image rows that fits in the second-level cache is added to all tiles before the next
chunk is read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen import dot_bfloat16 as bfloat
from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import (
    address,
    physical,
    without_unit_axes,
)
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
    i64,
)
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
)
from grafito.engines.llvm.codegen.tile import (
    Tile,
    best_tile,
    in_pieces,
)
from grafito.engines.llvm.codegen.tile_loop import TileLoop
from grafito.engines.llvm.codegen.transpose import transpose
from grafito.engines.llvm.ir.bfloat16 import (
    LANES,
    PAIRS,
)


def pack(frame: Frame) -> Compiled:
    """A work unit transposes the filters of one place of a block of images."""
    out = frame.out
    (y,) = out.inputs
    code = frame.code(LANES)
    reader = frame.reader(code)
    reader.strict = True
    b = code.b
    block, lane, filters = Loop(out.shape[0]), Loop(LANES), y.shape[3]
    i, j = Loop(out.shape[1]), Loop(out.shape[2])
    missing = -y.shape[0] % LANES
    half = Affine(0, ((lane, 1),))

    def column(f: int) -> Any:
        """The pairs of images of a filter, as words."""
        if f >= filters:
            return ir.Constant(ir.VectorType(I32, PAIRS), None)
        index = without_unit_axes(y, (var(block) * LANES + half, var(i), var(j), Affine(f)))
        value = code.to_memory(reader.value(y, index), "bfloat16")
        return b.bitcast(value, ir.VectorType(I32, PAIRS))

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, [block, i, j], reader.env)
        reader.lane = lane
        reader.env[lane] = i64(0)
        if missing:
            first = b.mul(reader.env[block], i64(LANES))
            reader.mask = code.mask(b.sub(i64(y.shape[0]), first))
        for start in range(0, out.shape[4], LANES):
            reader.start()
            words = [column(start + f) for f in range(LANES)]
            rows = [
                b.shuffle_vector(words[f], words[f + PAIRS], code.integers(range(LANES), I32))
                for f in range(PAIRS)
            ]
            for p, row in enumerate(transpose(code, rows)):
                at = b.add(b.mul(u, i64(PAIRS * out.shape[4])), i64(p * out.shape[4] + start))
                code.store(row, frame.pointers[out], "uint32", at)
        reader.mask = None

    units = loop_nest.product([block, i, j])
    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, units, 2.0 * out.size)


class WeightSums:
    """The gradient as a matrix product, tile by tile; a thread has tiles of its own.

    Attributes:
        rows: of the product: one for each channel, and each column of the window where they lie on.
        tile: rows and vectors that a tile has.
        outer: the loops over tiles that are shared out; `wide`, over their columns, may be one.
        x_at: the first operand and the place in it of row, place and `picture`.
        y_at: the second, whose pairs of images are words.
        target: the place of row, vector and lane in the result.
        chunk: rows of images that are added to all tiles before the next ones.
    """

    def __init__(self, frame: Frame):
        materialized, width = frame.materialized, frame.width
        self.frame, self.out = frame, frame.out
        out = frame.out
        self.image, self.y = image, y = out.inputs
        height, breadth, channels, self.filters = out.shape
        self.images, blocks = image.shape[0], y.shape[0]
        self.block, self.picture = block, picture = Loop(blocks), Loop(LANES)
        self.i, self.j = i, j = Loop(y.shape[1]), Loop(y.shape[2])
        self.a, b, c = Loop(height), Loop(breadth), Loop(channels)
        (s0, s1), (d0, d1) = out.strides, out.dilation
        image_index = (
            var(block) * LANES + var(picture),
            var(i) * s0 + var(self.a) * d0, var(j) * s1 + var(b) * d1, var(c),
        )  # fmt: skip
        node, at = address(image, without_unit_axes(image, image_index), width, materialized)
        self.code = self.frame.code(LANES)
        self.reader = self.frame.reader(self.code)
        joined = breadth == 1 or at.coefficient(b) == channels * at.coefficient(c)
        self.rows = channels * breadth if joined else channels
        self.tile = tile = self.best()
        self.other = Loop(1 if joined else breadth)
        self.tall = Loop(-(-self.rows // tile.rows))
        self.wide = Loop(-(-self.filters // (tile.vectors * LANES)))
        self.row, self.vector, self.lane = Loop(tile.rows), Loop(tile.vectors), Loop(LANES)
        window = var(self.tall) * tile.rows + var(self.row)
        new = {c: window, b: Affine() if joined else var(self.other)}
        self.x_at = node, at.replace(new)
        columns = var(self.vector) * LANES + var(self.lane)
        f = var(self.wide) * (tile.vectors * LANES) + columns
        breadth = y.shape[4]
        self.y_at = y, (
            (var(block) * i.size + var(i)) * (j.size * PAIRS * breadth)
            + var(j) * (PAIRS * breadth) + var(picture) * (breadth // 2) + f
        )  # fmt: skip
        self.target = physical(out, without_unit_axes(out, (var(self.a), new[b], new[c], f)), width)
        self.pointer = self.frame.pointers[out]
        self.some = blocks * i.size
        row = 2 * LANES * (image.size // (self.images * image.shape[1]) + j.size * breadth)
        chunk = frame.target.l2 // 4  # bytes of images that all tiles see before the next ones
        self.chunk = min(max(1, chunk // row), self.some)
        self.outer = [self.a, self.other, self.tall]
        self.scratch = 0

    def best(self) -> Tile:
        return best_tile(self.frame.target, self.rows, self.filters, LANES)

    def emit(self) -> Compiled:
        code = self.code

        def over_tiles(first: Any) -> None:
            stop = code.b.add(first, i64(self.chunk))
            stop = code.b.select(
                code.b.icmp_signed("<", stop, i64(self.some)), stop, i64(self.some)
            )

            def unit(u: Any) -> None:
                loop_nest.unflatten(code, u, self.outer, self.reader.env)
                self.add_chunk(first, stop)

            code.loop(self.frame.begin, self.frame.end, 1, unit)

        code.loop(i64(0), i64(self.some), self.chunk, over_tiles)
        self.end()
        cost = 2.0 * self.out.size * self.images * loop_nest.product([self.i, self.j])
        return self.frame.finish(code, loop_nest.product(self.outer), cost, self.scratch)

    def end(self) -> None:
        """After all sums."""

    def add_chunk(self, first: Any, stop: Any) -> None:
        """Add what rows of images from `first` to `stop` give to the sums of this unit."""
        raise NotImplementedError

    def in_columns(self, body: Callable[[int, int], None]) -> None:
        """`body(rows, filters)` for this tile, which may be one at the edge."""
        code, env, tile = self.code, self.reader.env, self.tile

        def by_columns(count: int) -> None:
            in_pieces(
                code, env[self.tall], self.tall, self.rows, tile.rows,
                lambda height: body(height, count),
            )  # fmt: skip

        width = tile.vectors * LANES
        in_pieces(code, env[self.wide], self.wide, self.filters, width, by_columns)

    def place(self, row: Any, vector: Any) -> Any:
        """Where a vector of the result is."""
        env = self.reader.env
        env[self.row], env[self.vector], env[self.lane] = row, vector, i64(0)
        return self.reader.scalar(self.target)

    def before(self, first: Any, place: Any, mask: Any) -> Any:
        """What the sums are so far."""
        b, zero = self.code.b, self.code.const(0, "float32")
        begun = b.icmp_signed(">", first, i64(0))
        return b.select(begun, self.code.load(self.pointer, "float32", place, mask), zero)


class DotWeightSums(WeightSums):
    """Sums in registers, with `vdpbf16ps`."""

    def __init__(self, frame: Frame):
        super().__init__(frame)
        self.outer.append(self.wide)
        self.full = self.images // LANES * self.i.size  # rows of images in whole blocks

    def add_chunk(self, first: Any, stop: Any) -> None:
        self.in_columns(lambda height, count: self._add(first, stop, height, count))

    def _add(self, first: Any, stop: Any, height: int, count: int) -> None:
        code, b, full = self.code, self.code.b, self.full
        across, tail = -(-count // LANES), count % LANES
        places = []
        for r, v in itertools.product(range(height), range(across)):
            mask = code.mask(i64(tail)) if tail and v == across - 1 else None
            places.append((self.place(i64(r), i64(v)), mask))
        totals = [self.before(first, *place) for place in places]
        shape = height, across
        if full:
            end = b.select(b.icmp_signed("<", stop, i64(full)), stop, i64(full))
            totals = self._sums(first, end, LANES, totals, shape)
        if full < self.some:
            begin = b.select(b.icmp_signed(">", first, i64(full)), first, i64(full))
            totals = self._sums(begin, stop, self.images % LANES, totals, shape)
        for (place, mask), total in zip(places, totals, strict=True):
            code.store(total, self.pointer, "float32", place, mask)

    def _sums(
        self, first: Any, stop: Any, images: int, totals: list[Any], shape: tuple[int, int]
    ) -> list[Any]:
        """The sums with those of the rows of images from `first` to `stop`."""
        pair = Loop(images)
        there = {self.picture: var(pair)}
        x, y = ((node, at.replace(there)) for node, at in (self.x_at, self.y_at))

        inner = [(self.j, False), (pair, False)]
        loop = TileLoop("float32", x, y, (self.row, self.vector), self.lane, inner)

        def one(p: Any, *carried: Any) -> list[Any]:
            loop_nest.unflatten(self.code, p, [self.block, self.i], self.reader.env)
            return bfloat.accumulate(self.reader, loop, shape, start=carried)

        return self.code.loop(first, stop, 1, one, totals)


def weight_gradient(frame: Frame) -> Compiled:
    """The gradient, by pairs."""
    return DotWeightSums(frame).emit()
