"""Convolutions of bfloat16 in AMX tiles: 16 result channels by the 16 images of a block.

For each step of the window a tile of weights meets the tile of a place, which has the pairs of 16
images. A kernel of its own makes tiles of the weights, once for all images; a thread that makes a
row of results packs the rows of the images that it sees.
"""

from __future__ import annotations

from typing import Any

from grafito.engines.llvm.codegen import loops as nest
from grafito.engines.llvm.codegen.addresses import address, existing
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.amx import (
    BYTES,
    ROWS,
    Tiles,
)
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
    batch_mask,
)
from grafito.engines.llvm.codegen.tile import (
    finish_stored,
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
    Panels,
    Squares,
)

PART = 128  # result channels for which a thread packs the rows of images once
TILE = ROWS * STEP  # words of a tile


def weights(frame: Frame) -> Compiled:
    """Each unit makes the tiles of 16 result channels at one place of the window."""
    stored, width, out = frame.stored, frame.width, frame.out
    (k,) = out.inputs
    code = frame.code(LANES)
    reader = frame.reader(code)
    a, b, channels = (Loop(n) for n in out.shape[:3])
    summed, made = (Loop(k.shape[axis]) for axis in out.axes)
    index = [var(a), var(b), Affine(), Affine()]
    for axis, loop in zip(out.axes, (summed, made), strict=True):
        index[axis] = var(loop)
    at = address(k, existing(k, tuple(index)), width, stored)
    squares = Squares(reader, at, (summed, made), ROWS, frame.pointers[out], STEP)

    def unit(u: Any) -> None:
        nest.decode(code, u, [a, b, channels], reader.env)
        squares.pack(reader.env[channels], u)

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, nest.product([a, b, channels]), 2.0 * out.size)


class TiledConvolution(Convolution):
    """A block of sums has the tiles of two times 16 result channels and of two places of a row."""

    sums = BLOCK * BLOCK * ROWS

    def begin(self) -> None:
        self.tiles = Tiles(self.code)
        self.tiles.configure()

    def end(self) -> None:
        self.tiles.release()

    def phase(self, r: Taps, c: Taps) -> None:
        out, code, reader = self.out, self.code, self.reader
        b = code.b
        image, tiled = out.inputs
        block, lane, i = Loop(-(-out.shape[0] // LANES)), Loop(LANES), Loop(r.places)
        height = ROWS * min(BLOCK, -(-self.made // ROWS))
        tall, wide = Loop(-(-self.made // height)), Loop(-(-c.places // BLOCK))
        every = max(1, PART // height)
        part = Loop(-(-tall.size // every))
        channel, place, seen, column = (
            Loop(height), Loop(BLOCK), Loop(self.summed), Loop(image.shape[2])
        )  # fmt: skip
        n, j = var(block) * LANES + var(lane), var(wide) * BLOCK + var(place)
        own = var(tall) * height + var(channel)
        see = (n, var(i) * r.stride + r.input, var(column), var(seen))
        at = address(image, existing(image, see), self.width, self.stored)
        packed = Panels(reader, at, (seen, lane), LANES, self.frame.scratch, STEP)
        self.scratch = max(self.scratch, 4 * r.loop.size * column.size * packed.size)
        index = existing(out, (n, var(i) * r.step + r.start, j * c.step + c.start, own))
        mask = batch_mask(code, reader, out, block, self.width)
        _, breadth, columns_of_tiles, steps = tiled.shape[:4]
        tap = r.weight * breadth + c.weight
        weight = tap * columns_of_tiles + var(tall) * (height // ROWS)

        def pack_row(m: Any) -> None:
            reader.env[r.loop] = m

            def pack(w: Any) -> None:
                reader.env[column] = w
                packed.pack(i64(0), b.add(b.mul(m, i64(column.size)), w))

            code.loop(i64(0), i64(column.size), 1, pack)

        def add_up(channels: int, places: int) -> None:
            tiles, count = self.tiles, -(-channels // ROWS)
            for total in range(count * places):
                tiles.zero(total)

            def at_tap(u: Any) -> None:
                reader.env[c.loop] = u
                first = b.mul(reader.scalar(weight), i64(steps * TILE))
                begin = b.mul(reader.env[r.loop], i64(column.size))
                columns = []
                for v in range(places):
                    reader.env[place] = i64(v)
                    column_at = b.add(begin, reader.scalar(j * c.stride + c.input))
                    columns.append(b.mul(column_at, i64(packed.size)))

                def step(s: Any) -> None:
                    for v in range(places):
                        word = b.add(columns[v], b.mul(s, i64(TILE)))
                        tiles.load(RIGHT + v, code.at(packed.pointer, "uint32", word), BYTES)
                    for q in range(count):
                        word = b.add(b.add(first, i64(q * steps * TILE)), b.mul(s, i64(TILE)))
                        pointer = reader.pointers[tiled]
                        tiles.load(LEFT + q, code.at(pointer, "uint32", word), BYTES)
                        for v in range(places):
                            tiles.dot(q * places + v, LEFT + q, RIGHT + v)

                code.loop(i64(0), i64(steps), 1, step)

            def at_row(m: Any) -> None:
                reader.env[r.loop] = m
                code.loop(i64(0), i64(c.loop.size), 1, at_tap)

            code.loop(*self.seen(r, i), 1, at_row)
            for total in range(count * places):
                q, v = divmod(total, places)
                tiles.store(total, self.store.at(i64(q * ROWS * places + v)), BYTES * places)
            finish_stored(
                reader, self.kernel, index, (channel, place), lane, (channels, places), self.store,
                mask=mask,
            )  # fmt: skip

        def blocks(t: Any, w: Any) -> None:
            reader.env[tall], reader.env[wide] = t, w
            in_pieces(
                code, t, tall, self.made, height,
                lambda channels: in_pieces(
                    code, w, wide, c.places, BLOCK, lambda places: add_up(channels, places)
                ),
            )  # fmt: skip

        def unit(u: Any) -> None:
            nest.decode(code, u, [block, i, part], reader.env)
            code.loop(*self.seen(r, i), 1, pack_row)
            first = b.mul(reader.env[part], i64(every))
            last = b.add(first, i64(every))
            last = b.select(b.icmp_signed("<", last, i64(tall.size)), last, i64(tall.size))
            code.loop(
                first, last, 1,
                lambda t: code.loop(i64(0), i64(wide.size), 1, lambda w: blocks(t, w)) and None,
            )  # fmt: skip

        self.share([block, i, part], unit)


def conv(frame: Frame) -> Compiled:
    """`direct.conv` in tiles."""
    return convolution.conv(frame, TiledConvolution)


def input_gradient(frame: Frame) -> Compiled:
    """`direct.input_gradient` in tiles."""
    return convolution.input_gradient(frame, TiledConvolution)
