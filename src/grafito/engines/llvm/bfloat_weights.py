"""Weight gradients of convolutions in bfloat16: sums over pairs of images.

Σ x[n, s i + d a, s j + d b, c] y[n, i, j, f] over n, i and j is a matrix product: its rows are the
weights' windows and channels (b, c), its columns the filters f. With images as lanes, two images
that follow each other lie next to each other in x and are broadcast. For y a kernel of its own
turns blocks of 16 filters by 16 images round, so that a vector has pairs of images of 16 filters.

Sums stay in registers while a few rows of images, as much as the second-level cache holds, go by;
then all tiles have seen these rows, and the next ones come.
"""

from __future__ import annotations

import itertools
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm import bfloat
from grafito.engines.llvm import loops as nest
from grafito.engines.llvm.affine import Affine, Loop, var
from grafito.engines.llvm.bfloat_layout import LANES, PAIRS
from grafito.engines.llvm.code import I32, i64
from grafito.engines.llvm.convolution import existing
from grafito.engines.llvm.kernels import Compiled, Frame
from grafito.engines.llvm.nodes import Node
from grafito.engines.llvm.plan import Kernel
from grafito.engines.llvm.products import best_tile, in_pieces
from grafito.engines.llvm.reader import address, physical

CHUNK = 1 << 18  # bytes of images that all tiles see before the next ones


def pack(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> Compiled:
    """Each unit turns the filters of one place of a block of images."""
    frame = Frame(kernel, stored, width, shared)
    out = kernel.primary
    assert out is not None
    (y,) = out.inputs
    code = frame.code(LANES)
    reader = frame.reader(code)
    b = code.b
    block, lane, filters = Loop(out.shape[0]), Loop(LANES), y.shape[3]
    i, j = Loop(out.shape[1]), Loop(out.shape[2])
    missing = -y.shape[0] % LANES
    half = Affine(0, ((lane, 1),))

    def column(f: int) -> Any:
        """The pairs of images of a filter, as words."""
        if f >= filters:
            return ir.Constant(ir.VectorType(I32, PAIRS), None)
        index = existing(y, (var(block) * LANES + half, var(i), var(j), Affine(f)))
        value = code.to_memory(reader.value(y, index), "bfloat16")
        return b.bitcast(value, ir.VectorType(I32, PAIRS))

    def unit(u: Any) -> None:
        nest.decode(code, u, [block, i, j], reader.env)
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
            for p, row in enumerate(bfloat.turned(code, rows)):
                at = b.add(b.mul(u, i64(PAIRS * out.shape[4])), i64(p * out.shape[4] + start))
                code.store(row, frame.pointers[out], "uint32", at)
        reader.mask = None

    units = nest.product([block, i, j])
    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, units, 2.0 * out.size)


def weights(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> Compiled:
    """The gradient, tile by tile; a thread has tiles of its own."""
    frame = Frame(kernel, stored, width, shared)
    out = kernel.primary
    assert out is not None
    image, y = out.inputs
    height, breadth, channels, filters = out.shape
    n, blocks = image.shape[0], y.shape[0]
    block, picture = Loop(blocks), Loop(LANES)
    i, j, a, b, c = Loop(y.shape[1]), Loop(y.shape[2]), Loop(height), Loop(breadth), Loop(channels)
    (s0, s1), (d0, d1) = out.strides, out.dilation
    image_index = (
        var(block) * LANES + var(picture),
        var(i) * s0 + var(a) * d0, var(j) * s1 + var(b) * d1, var(c),
    )  # fmt: skip
    node, at = address(image, existing(image, image_index), width, stored)
    code = frame.code(LANES)
    reader = frame.reader(code)
    # One row of the product for each channel, and for each column of the window where they lie on.
    joined = breadth == 1 or at.coefficient(b) == channels * at.coefficient(c)
    rows = channels * breadth if joined else channels
    tile = best_tile(rows, filters, LANES)
    other = Loop(1 if joined else breadth)
    tall, wide = Loop(-(-rows // tile.rows)), Loop(-(-filters // (tile.vectors * LANES)))
    row, vector, lane = Loop(tile.rows), Loop(tile.vectors), Loop(LANES)
    window = var(tall) * tile.rows + var(row)
    new = {c: window, b: Affine() if joined else var(other)}
    x_at = node, at.replace(new)
    f = var(wide) * (tile.vectors * LANES) + var(vector) * LANES + var(lane)
    columns = y.shape[4]
    y_at = y, (
        (var(block) * i.size + var(i)) * (j.size * PAIRS * columns)
        + var(j) * (PAIRS * columns) + var(picture) * (columns // 2) + f
    )  # fmt: skip
    target = physical(out, existing(out, (var(a), new[b], new[c], f)), width)
    pointer = frame.pointers[out]
    full = n // LANES * i.size  # rows of images in whole blocks
    some = blocks * i.size
    bytes_of_row = 2 * LANES * (image.size // (n * image.shape[1]) + j.size * columns)
    chunk = min(max(1, CHUNK // bytes_of_row), some)

    def sums(
        first: Any, stop: Any, images: int, totals: list[Any], shape: tuple[int, int]
    ) -> list[Any]:
        """The sums with those of the rows of images from `first` to `stop`."""
        pair = Loop(images)
        there = {picture: var(pair)}
        x, y = ((at[0], at[1].replace(there)) for at in (x_at, y_at))

        def one(p: Any, *carried: Any) -> list[Any]:
            nest.decode(code, p, [block, i], reader.env)
            inner = [(j, False), (pair, False)]
            return bfloat.accumulate(
                reader, x, y, (row, vector), lane, inner, *shape, start=carried
            )

        return code.loop(first, stop, 1, one, totals)

    def add_chunk(first: Any, stop: Any, tall_here: int, count: int) -> None:
        across, tail = -(-count // LANES), count % LANES
        begun = code.b.icmp_signed(">", first, i64(0))
        places = []
        for r, v in itertools.product(range(tall_here), range(across)):
            reader.env[row], reader.env[vector], reader.env[lane] = i64(r), i64(v), i64(0)
            mask = code.mask(i64(tail)) if tail and v == across - 1 else None
            places.append((reader.scalar(target), mask))
        zero = code.const(0, "float32")
        totals = [
            code.b.select(begun, code.load(pointer, "float32", *place), zero) for place in places
        ]
        shape = tall_here, across
        if full:
            end = code.b.select(code.b.icmp_signed("<", stop, i64(full)), stop, i64(full))
            totals = sums(first, end, LANES, totals, shape)
        if full < some:
            begin = code.b.select(code.b.icmp_signed(">", first, i64(full)), first, i64(full))
            totals = sums(begin, stop, n % LANES, totals, shape)
        for (place, mask), total in zip(places, totals, strict=True):
            code.store(total, pointer, "float32", place, mask)

    def over_tiles(first: Any) -> None:
        stop = code.b.add(first, i64(chunk))
        stop = code.b.select(code.b.icmp_signed("<", stop, i64(some)), stop, i64(some))

        def unit(u: Any) -> None:
            nest.decode(code, u, [a, other, tall, wide], reader.env)

            def by_columns(count: int) -> None:
                in_pieces(
                    code, reader.env[tall], tall, rows, tile.rows,
                    lambda tall_here: add_chunk(first, stop, tall_here, count),
                )  # fmt: skip

            in_pieces(code, reader.env[wide], wide, filters, tile.vectors * LANES, by_columns)

        code.loop(frame.begin, frame.end, 1, unit)

    units = nest.product([a, other, tall, wide])
    code.loop(i64(0), i64(some), chunk, over_tiles)
    return frame.finish(code, units, 2.0 * out.size * n * nest.product([i, j]))


EMIT = {"imagepairs": pack, "convkernel": weights}
