"""Machine code of Winograd's convolutions.

A unit of work transforms a few tiles into scratch memory, multiplies them point by point with the
transformed weights and transforms the products back.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from grafito.engines.llvm.codegen import loops as nest
from grafito.engines.llvm.codegen.addresses import existing
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
    finish_results,
)
from grafito.engines.llvm.codegen.tile import TileStore
from grafito.engines.llvm.kernels.convolution.winograd_tiles import (
    Scratch,
    Tiles,
    both_ways,
    matrices_of,
    smaller,
)
from grafito.engines.llvm.kernels.convolution.winograd_zeros import Zeros
from grafito.engines.llvm.lowering.winograd import (
    PANEL,
    points,
)

CACHE = 1 << 20  # bytes of scratch memory that stay near
FILTERS = 128  # results of a unit; the transform of its tiles is worth that many


def weights(frame: Frame) -> Compiled:
    """The transform G g G' of the weights, [panel][point][summed channel][PANEL]."""
    width, out = frame.width, frame.out
    (g,) = out.inputs
    panels, count, summed, _ = out.shape
    lanes = min(PANEL, width)
    code = frame.code(lanes)
    reader = frame.reader(code)
    panel, inner, part, lane = Loop(panels), Loop(summed), Loop(PANEL // lanes), Loop(lanes)
    made = var(panel) * PANEL + var(part) * lanes + var(lane)
    channels = (made, var(inner)) if out.backward else (var(inner), made)
    size = g.shape[2] if out.backward else g.shape[3]
    (_, rows, _), (_, columns, _) = matrices_of(out)
    pointer = frame.pointers[out]

    def unit(u: Any) -> None:
        nest.decode(code, u, [panel, inner, part], reader.env)
        reader.env[lane] = i64(0)
        reader.lane = lane
        done = reader.scalar(var(panel) * PANEL + var(part) * lanes)
        if size % PANEL:
            reader.mask = code.mask(code.b.sub(i64(size), done))
        reader.start()
        grid = []
        for a in range(out.window[0]):
            line = []
            for b in range(out.window[1]):
                tap = (a, b) if not out.backward else (out.window[0] - 1 - a, out.window[1] - 1 - b)
                index = (*(Affine(t) for t in tap), *channels)
                line.append(reader.value(g, existing(g, index)))
            grid.append(line)
        reader.mask = None
        if size % PANEL:
            inside = code.mask(code.b.sub(i64(size), done))
            zero = code.const(0, "float32")
            grid = [[code.b.select(inside, x, zero) for x in line] for line in grid]
        for p, x in enumerate(itertools.chain(*both_ways(code, rows, columns, grid, "powers"))):
            place = (var(panel) * count + p) * (summed * PANEL) + var(inner) * PANEL
            code.store(x, pointer, "float32", reader.scalar(place + var(part) * lanes))

    code.loop(frame.begin, frame.end, 1, unit)
    units = nest.product([panel, inner, part])
    return frame.finish(code, units, float(g.size * 20))


def _group(vectors: int, bytes_each: int) -> int:
    """How many tiles are multiplied together: few are left over, and they fit into the cache."""

    def cost(n: int) -> float:
        far = 1.1 if n * bytes_each > CACHE and n > 2 else 1.0
        return -(-vectors // n) * n * far * (1 + 0.1 / n)

    return min((6, 4, 3, 2, 1), key=cost)


def convolution(frame: Frame) -> Compiled:
    """The convolution by tiles; results of the same shape may follow it."""
    kernel, width, out = frame.kernel, frame.width, frame.out
    image, u_node = out.inputs
    code = frame.code(width)
    reader = frame.reader(code)
    tiles = Tiles(frame, reader, out, out, width)
    channels, filters = image.shape[3], out.shape[3]
    panels = u_node.shape[0]
    (rows_a, _, rows_b), (columns_a, _, columns_b) = matrices_of(out)
    counts = points(out.tile, out.window)
    count = math.prod(counts)
    chunk = min(panels, max(1, FILTERS // PANEL))
    breadth = chunk * PANEL
    group = _group(tiles.count, count * (channels + breadth) * width * 4)
    across = {6: 4, 4: 4, 3: 8, 2: 8, 1: 16}[group]
    groups, chunks = Loop(-(-tiles.count // group)), Loop(-(-panels // chunk))
    v = Scratch(code, frame.scratch, count, group, channels)
    m = Scratch(code, code.at(frame.scratch, "float32", i64(v.bytes // 4)), count, group, breadth)
    store = TileStore(code, out.dtype, math.prod(out.tile))
    zeros = Zeros.of(tiles, image, out, group)
    channel, filter_, a, b = Loop(channels), Loop(breadth), Loop(out.tile[0]), Loop(out.tile[1])
    image_at = tiles.address(image, var(channel))
    index = existing(
        out,
        (
            tiles.n,
            var(tiles.at[0]) * out.tile[0] + var(a),
            var(tiles.at[1]) * out.tile[1] + var(b),
            var(chunks) * breadth + var(filter_),
        ),
    )
    u = frame.pointers[u_node]

    def each_vector(body: Callable[[Any], None]) -> None:
        first = code.b.mul(reader.env[groups], i64(group))
        here = smaller(code, code.b.sub(i64(tiles.count), first), i64(group))

        def one(t: Any) -> None:
            tiles.enter(code.b.add(first, t))
            body(t)

        code.loop(i64(0), here, 1, one)

    def see(t: Any) -> None:
        def one(c: Any) -> None:
            reader.env[channel] = c
            grid = tiles.patch(image_at, image.shape[1:3], counts, out.before, False)
            v.put(both_ways(code, rows_b, columns_b, grid, "powers"), t, c)

        code.loop(i64(0), i64(channels), 1, one)
        if zeros is not None:
            zeros.find(t)

    def multiply(panel: Any, p: Any) -> None:
        first = code.b.sub(panel, code.b.mul(reader.env[chunks], i64(chunk)))
        start = code.b.mul(code.b.add(code.b.mul(panel, i64(count)), p), i64(channels * PANEL))

        def part(f: Any) -> None:
            def turn(c: Any, *totals: Any) -> list[Any]:
                seen = [v.get(p, i64(t), c) for t in range(group)]
                place = code.b.add(code.b.add(start, code.b.mul(c, i64(PANEL))), f)
                new = []
                for k in range(across):
                    raw = code.load_scalar(u, "float32", code.b.add(place, i64(k)))
                    w = code.splat(raw)
                    new += [code.fma(w, x, totals[k * group + t]) for t, x in enumerate(seen)]
                return new

            zeros = [code.const(0, "float32")] * (across * group)
            totals = code.loop(i64(0), i64(channels), 1, turn, zeros)
            at = code.b.add(code.b.mul(first, i64(PANEL)), f)
            for k, t in itertools.product(range(across), range(group)):
                place = m.at(p, i64(t), code.b.add(at, i64(k)))
                code.store(totals[k * group + t], m.pointer, "float32", place)

        code.loop(i64(0), i64(PANEL), across, part)

    def show(t: Any) -> None:
        def one(f: Any) -> None:
            reader.env[filter_] = f
            flat = [m.get(i64(p), t, f) for p in range(count)]
            grid = [flat[k : k + counts[1]] for k in range(0, count, counts[1])]
            results = both_ways(code, rows_a, columns_a, grid, "points")
            for place, value in enumerate(itertools.chain(*results)):
                store.put(place, value if zeros is None else zeros.keep(t, place, value))

            def element(i: Any, j: Any) -> None:
                reader.env[a], reader.env[b] = i, j
                reader.mask = tiles.mask() if tiles.mask is not None else None
                place = code.b.add(code.b.mul(i, i64(out.tile[1])), j)
                finish_results(reader, kernel, index, store.get(place))
                reader.mask = None

            def line(i: Any) -> None:
                code.loop(i64(0), tiles.left(1), 1, lambda j: element(i, j))

            code.loop(i64(0), tiles.left(0), 1, line)

        done = code.b.mul(reader.env[chunks], i64(breadth))
        here = smaller(code, code.b.sub(i64(filters), done), i64(breadth))
        code.loop(i64(0), here, 1, one)

    def unit(number: Any) -> None:
        nest.decode(code, number, [chunks, groups], reader.env)
        each_vector(see)
        first = code.b.mul(reader.env[chunks], i64(chunk))
        last = smaller(code, code.b.add(first, i64(chunk)), i64(panels))

        def point(p: Any) -> None:
            code.loop(first, last, 1, lambda panel: multiply(panel, p))

        code.loop(i64(0), i64(count), 1, point)
        each_vector(show)

    code.loop(frame.begin, frame.end, 1, unit)
    cost = 2.0 * tiles.count * width * count * channels * filters
    return frame.finish(code, nest.product([chunks, groups]), cost, v.bytes + m.bytes)
