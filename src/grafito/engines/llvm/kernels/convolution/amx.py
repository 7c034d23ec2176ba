"""Convolutions of bfloat16 in AMX tiles: 16 result channels by the 16 images of a block.

For each step of the window a tile of weights meets the tile of a place, which has the pairs of 16
images. A kernel of its own makes tiles of the weights, once for all images; a thread that makes a
row of results packs the rows of the images that it sees.
"""

from __future__ import annotations

from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import address, without_unit_axes
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.amx import (
    BYTES,
    ROWS,
    AmxTiles,
)
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
    batch_mask,
)
from grafito.engines.llvm.codegen.tile import (
    TileEpilogue,
    in_pieces,
)
from grafito.engines.llvm.ir.bfloat16 import LANES
from grafito.engines.llvm.kernels.convolution import direct as convolution
from grafito.engines.llvm.kernels.convolution.direct import (
    Convolution,
    Taps,
)
from grafito.engines.llvm.kernels.matmul.amx import (
    BLOCK,
    LEFT,
    RIGHT,
    STEP,
)
from grafito.engines.llvm.kernels.matmul.packing_bfloat16 import (
    PackedPairs,
    PackedSquares,
)

PART = 128  # result channels for which a thread packs the rows of images once
TILE = ROWS * STEP  # words of a tile


def weights(frame: Frame) -> Compiled:
    """Each unit makes the tiles of 16 result channels at one place of the window."""
    materialized, width, out = frame.materialized, frame.width, frame.out
    (k,) = out.inputs
    code = frame.code(LANES)
    reader = frame.reader(code)
    a, b, channels = (Loop(n) for n in out.shape[:3])
    in_channels, out_channels = (Loop(k.shape[axis]) for axis in out.axes)
    index = [var(a), var(b), Affine(), Affine()]
    for axis, loop in zip(out.axes, (in_channels, out_channels), strict=True):
        index[axis] = var(loop)
    at = address(k, without_unit_axes(k, tuple(index)), width, materialized)
    squares = PackedSquares(
        reader, at, (in_channels, out_channels), ROWS, frame.pointers[out], STEP
    )

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, [a, b, channels], reader.env)
        squares.pack(reader.env[channels], u)

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, loop_nest.product([a, b, channels]), 2.0 * out.size)


class TiledConvolution(Convolution):
    """A block of sums has the tiles of two times 16 result channels and of two places of a row."""

    sums = BLOCK * BLOCK * ROWS

    def begin(self) -> None:
        self.tiles = AmxTiles(self.code)
        self.tiles.configure()

    def end(self) -> None:
        self.tiles.release()

    def phase(self, r: Taps, c: Taps) -> None:
        _Phase(self, r, c).emit()


class _Phase:
    """The result places of one remainder by the strides.

    A unit of work packs the rows of the images that a row of results sees, then makes a part of
    the row's channels.
    """

    def __init__(self, whole: TiledConvolution, r: Taps, c: Taps):
        self.whole, self.r, self.c = whole, r, c
        self.code, self.reader, self.tiles = whole.code, whole.reader, whole.tiles
        out, reader = whole.out, whole.reader
        image, self.weights = out.inputs
        self.block, lane, self.i = Loop(-(-out.shape[0] // LANES)), Loop(LANES), Loop(r.places)
        self.height = height = ROWS * min(BLOCK, -(-whole.out_channels // ROWS))
        self.tall, self.wide = Loop(-(-whole.out_channels // height)), Loop(-(-c.places // BLOCK))
        self.every = max(1, PART // height)
        self.part = Loop(-(-self.tall.size // self.every))
        channel, self.place = Loop(height), Loop(BLOCK)
        seen, self.column = Loop(whole.in_channels), Loop(image.shape[2])
        n = var(self.block) * LANES + var(lane)
        self.j = var(self.wide) * BLOCK + var(self.place)
        own = var(self.tall) * height + var(channel)
        see = (n, var(self.i) * r.stride + r.input, var(self.column), var(seen))
        at = address(image, without_unit_axes(image, see), whole.width, whole.materialized)
        self.packed = PackedPairs(reader, at, (seen, lane), LANES, whole.frame.scratch, STEP)
        words = r.loop.size * self.column.size * self.packed.size
        whole.scratch = max(whole.scratch, 4 * words)
        rows = var(self.i) * r.step + r.start
        index = without_unit_axes(out, (n, rows, self.j * c.step + c.start, own))
        mask = batch_mask(self.code, reader, out, self.block, whole.width)
        self.epilogue = TileEpilogue(
            whole.kernel, index, (channel, self.place), lane, whole.store, mask
        )
        _, breadth, columns_of_tiles, self.steps = self.weights.shape[:4]
        tap = r.weight * breadth + c.weight
        self.weight = tap * columns_of_tiles + var(self.tall) * (height // ROWS)

    def emit(self) -> None:
        self.whole.share([self.block, self.i, self.part], self._unit)

    def _unit(self, u: Any) -> None:
        code, b, env = self.code, self.code.b, self.reader.env
        loop_nest.unflatten(code, u, [self.block, self.i, self.part], env)
        code.loop(*self.whole.seen(self.r, self.i), 1, self._pack_row)
        first = b.mul(env[self.part], i64(self.every))
        last = b.add(first, i64(self.every))
        count = i64(self.tall.size)
        last = b.select(b.icmp_signed("<", last, count), last, count)

        def row(t: Any) -> None:
            code.loop(i64(0), i64(self.wide.size), 1, lambda w: self._block(t, w))

        code.loop(first, last, 1, row)

    def _pack_row(self, m: Any) -> None:
        code, b, env = self.code, self.code.b, self.reader.env
        env[self.r.loop] = m

        def pack(w: Any) -> None:
            env[self.column] = w
            self.packed.pack(i64(0), b.add(b.mul(m, i64(self.column.size)), w))

        code.loop(i64(0), i64(self.column.size), 1, pack)

    def _block(self, t: Any, w: Any) -> None:
        code, env, whole = self.code, self.reader.env, self.whole
        env[self.tall], env[self.wide] = t, w
        in_pieces(
            code, t, self.tall, whole.out_channels, self.height,
            lambda channels: in_pieces(
                code, w, self.wide, self.c.places, BLOCK,
                lambda places: self._add_up(channels, places),
            ),
        )  # fmt: skip

    def _add_up(self, channels: int, places: int) -> None:
        code, tiles, count = self.code, self.tiles, -(-channels // ROWS)
        for total in range(count * places):
            tiles.zero(total)

        def at_row(m: Any) -> None:
            self.reader.env[self.r.loop] = m
            taps = i64(self.c.loop.size)
            code.loop(i64(0), taps, 1, lambda u: self._tap(u, count, places))

        code.loop(*self.whole.seen(self.r, self.i), 1, at_row)
        for total in range(count * places):
            q, v = divmod(total, places)
            place = self.whole.store.at(i64(q * ROWS * places + v))
            tiles.store(total, place, BYTES * places)
        self.epilogue.of_store(self.reader, (channels, places))

    def _tap(self, u: Any, count: int, places: int) -> None:
        """Add the products of one place of the window, over all channels."""
        code, b, env, tiles = self.code, self.code.b, self.reader.env, self.tiles
        env[self.c.loop] = u
        first = b.mul(self.reader.scalar(self.weight), i64(self.steps * TILE))
        begin = b.mul(env[self.r.loop], i64(self.column.size))
        columns = []
        for v in range(places):
            env[self.place] = i64(v)
            seen = self.reader.scalar(self.j * self.c.stride + self.c.input)
            columns.append(b.mul(b.add(begin, seen), i64(self.packed.size)))

        def step(s: Any) -> None:
            for v in range(places):
                word = b.add(columns[v], b.mul(s, i64(TILE)))
                tiles.load(RIGHT + v, code.at(self.packed.pointer, "uint32", word), BYTES)
            for q in range(count):
                word = b.add(b.add(first, i64(q * self.steps * TILE)), b.mul(s, i64(TILE)))
                pointer = self.reader.pointers[self.weights]
                tiles.load(LEFT + q, code.at(pointer, "uint32", word), BYTES)
                for v in range(places):
                    tiles.dot(q * places + v, LEFT + q, RIGHT + v)

        code.loop(i64(0), i64(self.steps), 1, step)


def conv(frame: Frame) -> Compiled:
    """`direct.conv` in tiles."""
    return convolution.conv(frame, TiledConvolution)


def input_gradient(frame: Frame) -> Compiled:
    """`direct.input_gradient` in tiles."""
    return convolution.input_gradient(frame, TiledConvolution)
