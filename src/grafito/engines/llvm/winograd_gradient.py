"""Machine code of the gradients of kernels by Winograd's method.

A unit of work transforms the tiles of a few images, and those of the gradient that comes back, into
scratch memory and multiplies them point by point, each channel with each filter. The lanes of the
sums, one for each image, are added up last.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from grafito.engines.llvm import loops as nest
from grafito.engines.llvm import winograd
from grafito.engines.llvm.affine import Loop, var
from grafito.engines.llvm.code import I32, Code, i64
from grafito.engines.llvm.convolution import existing
from grafito.engines.llvm.kernels import Compiled, Frame, finish_results
from grafito.engines.llvm.nodes import Node
from grafito.engines.llvm.plan import Kernel
from grafito.engines.llvm.products import TileStore
from grafito.engines.llvm.winograd import PANEL, points, transposed
from grafito.engines.llvm.winograd_tiles import Scratch, Tiles, both_ways, matrices_of, smaller


def merge(code: Code, totals: Sequence[Any]) -> list[Any]:
    """Sums over the lanes of registers, as registers that hold one sum in each lane."""
    lanes = code.lanes
    merged = []
    for k in range(0, len(totals), lanes):
        level = list(totals[k : k + lanes])
        while len(level) > 1:
            level = [
                code.b.fadd(
                    *(
                        code.b.shuffle_vector(x, y, code.integers(range(odd, 2 * lanes, 2), I32))
                        for odd in (0, 1)
                    )
                )
                for x, y in zip(level[::2], level[1::2], strict=True)
            ]
        merged += level
    return merged


def sums(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> Compiled:
    """The products (A dY A') * (B' d B) summed over tiles and images, in a few slices."""
    frame = Frame(kernel, stored, width, shared)
    out = kernel.primary
    assert out is not None
    image, y = out.inputs
    code = frame.code(width)
    reader = frame.reader(code)
    tiles = Tiles(frame, reader, out, y, width)
    slices, count, tall, wide, _ = out.shape
    step, part = winograd.STEP, winograd.CHANNELS
    channels, filters = image.shape[3], y.shape[3]
    (rows_a, _, rows_b), (columns_a, _, columns_b) = matrices_of(out)
    counts = points(out.tile, out.window)
    each = -(-tiles.count // slices)
    s, i, j = Loop(slices), Loop(-(-channels // part)), Loop(-(-filters // part))
    high, broad = min(part, 2 * tall), min(part, 8 * wide)
    v = Scratch(code, frame.scratch, count, step, high)
    w = Scratch(code, code.at(frame.scratch, "float32", i64(v.bytes // 4)), count, step, broad)
    channel, filter_ = Loop(part), Loop(part)
    image_at = tiles.address(image, var(i) * part + var(channel))
    y_at = tiles.address(y, var(j) * part + var(filter_))
    pointer = frame.pointers[out]

    def see(first: Any, here: Any) -> None:
        def one(k: Any) -> None:
            tiles.enter(code.b.add(first, k))

            def channel_of(c: Any) -> None:
                reader.env[channel] = c
                grid = tiles.patch(image_at, image.shape[1:3], counts, out.before, True)
                v.put(both_ways(code, rows_b, columns_b, grid, "powers"), k, c)

            def filter_of(f: Any) -> None:
                reader.env[filter_] = f
                grid = tiles.patch(y_at, y.shape[1:3], out.tile, (0, 0), True)
                turned = transposed(rows_a), transposed(columns_a)
                w.put(both_ways(code, *turned, grid, "powers"), k, f)

            code.loop(i64(0), left(i, channels), 1, channel_of)
            code.loop(i64(0), left(j, filters), 1, filter_of)

        code.loop(i64(0), here, 1, one)

    def left(loop: Loop, size: int) -> Any:
        done = code.b.mul(reader.env[loop], i64(part))
        return smaller(code, code.b.sub(i64(size), done), i64(part))

    def multiply(p: Any, begun: Any, here: Any) -> None:
        rest_c, rest_f = left(i, channels), left(j, filters)

        def pair(c: Any) -> None:
            def eight(f: Any) -> None:
                def turn(k: Any, *totals: Any) -> list[Any]:
                    d = [v.get(p, k, code.b.add(c, i64(n))) for n in range(2)]
                    g = [w.get(p, k, code.b.add(f, i64(n))) for n in range(8)]
                    pairs = itertools.product(d, g)
                    return [code.fma(x, z, t) for (x, z), t in zip(pairs, totals, strict=True)]

                zeros = [code.const(0, "float32")] * 16
                totals = code.loop(i64(0), here, 1, turn, zeros)
                reader.env[p_loop], reader.env[c_loop], reader.env[f_loop] = p, c, f
                at = reader.scalar(place)
                for n, total in enumerate(merge(code, totals)):
                    here_at = code.b.add(at, i64(n * width))
                    old = code.load(pointer, "float32", here_at, code.splat(begun))
                    code.store(code.b.fadd(old, total), pointer, "float32", here_at)

            code.loop(i64(0), rest_f, 8, eight)

        code.loop(i64(0), rest_c, 2, pair)

    p_loop, c_loop, f_loop = Loop(count), Loop(part), Loop(part)
    # [slice][point][pair of channels][eight filters][2][8]
    place = ((var(s) * count + var(p_loop)) * tall + var(i) * (part // 2)) * (wide * PANEL)
    place = place + var(c_loop) * (wide * PANEL // 2) + (var(j) * part + var(f_loop)) * 2

    def unit(number: Any) -> None:
        nest.decode(code, number, [s, i, j], reader.env)
        begin = code.b.mul(reader.env[s], i64(each))
        end = smaller(code, code.b.add(begin, i64(each)), i64(tiles.count))

        def some(first: Any) -> None:
            here = smaller(code, code.b.sub(end, first), i64(step))
            see(first, here)
            begun = code.b.icmp_signed(">", first, begin)
            code.loop(i64(0), i64(count), 1, lambda p: multiply(p, begun, here))

        code.loop(begin, end, step, some)

    code.loop(frame.begin, frame.end, 1, unit)
    cost = 2.0 * tiles.count * width * count * channels * filters
    return frame.finish(code, nest.product([s, i, j]), cost, v.bytes + w.bytes)


def kernel_gradient(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> Compiled:
    """The slices of sums added up, and G' on both sides; results of the same shape may follow."""
    frame = Frame(kernel, stored, width, shared)
    out = kernel.primary
    assert out is not None
    (total,) = out.inputs
    slices, count, tall, wide, _ = total.shape
    lanes = min(8, width)
    code = frame.code(lanes)
    reader = frame.reader(code)
    c, f = Loop(out.shape[2]), Loop(-(-out.shape[3] // lanes))
    lane, a, b = Loop(lanes), Loop(out.shape[0]), Loop(out.shape[1])
    (_, rows, _), (_, columns, _) = matrices_of(out)
    counts = points(out.tile, out.window)
    index = existing(out, (var(a), var(b), var(c), var(f) * lanes + var(lane)))
    pointer = frame.pointers[total]
    store = TileStore(code, out.dtype, math.prod(out.window))

    def unit(u: Any) -> None:
        nest.decode(code, u, [c, f], reader.env)
        reader.env[lane] = i64(0)
        reader.lane = lane
        first = code.b.mul(reader.env[f], i64(lanes))
        channel = reader.env[c]
        row = code.b.mul(code.b.udiv(channel, i64(2)), i64(wide * PANEL))
        odd = code.b.mul(code.b.urem(channel, i64(2)), i64(8))
        column = code.b.mul(code.b.udiv(first, i64(8)), i64(PANEL))
        start = code.b.add(code.b.add(row, odd), code.b.add(column, code.b.urem(first, i64(8))))
        points_size = tall * wide * PANEL

        def add(s: Any, *old: Any) -> list[Any]:
            at = code.b.add(start, code.b.mul(s, i64(count * points_size)))
            return [
                code.b.fadd(x, code.load(pointer, "float32", code.b.add(at, i64(p * points_size))))
                for p, x in enumerate(old)
            ]

        flat = code.loop(i64(0), i64(slices), 1, add, [code.const(0, "float32")] * count)
        grid = [flat[k : k + counts[1]] for k in range(0, count, counts[1])]
        turned = transposed(rows), transposed(columns)
        results = both_ways(code, *turned, grid, "points")
        for n, value in enumerate(itertools.chain(*results)):
            store.put(n, value)
        if out.shape[3] % lanes:
            reader.mask = code.mask(code.b.sub(i64(out.shape[3]), first))

        def element(n: Any) -> None:
            nest.decode(code, n, [a, b], reader.env)
            finish_results(reader, kernel, index, store.get(n))

        code.loop(i64(0), i64(math.prod(out.window)), 1, element)
        reader.mask = None

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, nest.product([c, f]), float(total.size + 10 * out.size))


EMIT = {"winosums": sums, "winokernel": kernel_gradient}
