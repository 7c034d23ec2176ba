"""Machine code of Winograd's convolutions.

A work unit transforms a few tiles into scratch memory, multiplies them point by point with the
transformed weights and transforms the products back.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import without_unit_axes
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
    emit_epilogue,
)
from grafito.engines.llvm.codegen.tile import TileStore, most_rows, step_cycles
from grafito.engines.llvm.ir.target import Target
from grafito.engines.llvm.kernels.convolution.winograd_tiles import (
    ImageTiles,
    Scratch,
    both_ways,
    matrices_of,
)
from grafito.engines.llvm.kernels.convolution.winograd_zeros import Zeros
from grafito.engines.llvm.lowering.winograd import (
    PANEL,
    points,
)

FILTERS = 128  # filters of a work unit, so that they share one transform of its tiles


def weights(frame: Frame) -> Compiled:
    """The transform G g G' of the weights, [panel][point][summed channel][PANEL]."""
    width, out = frame.width, frame.out
    (g,) = out.inputs
    panels, count, in_channels, _ = out.shape
    lanes = min(PANEL, width)
    code = frame.code(lanes)
    reader = frame.reader(code)
    panel, inner, part, lane = Loop(panels), Loop(in_channels), Loop(PANEL // lanes), Loop(lanes)
    out_channels = var(panel) * PANEL + var(part) * lanes + var(lane)
    channels = (out_channels, var(inner)) if out.backward else (var(inner), out_channels)
    size = g.shape[2] if out.backward else g.shape[3]
    (_, rows, _), (_, columns, _) = matrices_of(out)
    pointer = frame.pointers[out]

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, [panel, inner, part], reader.env)
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
                line.append(reader.value(g, without_unit_axes(g, index)))
            grid.append(line)
        reader.mask = None
        if size % PANEL:
            inside = code.mask(code.b.sub(i64(size), done))
            zero = code.const(0, "float32")
            grid = [[code.b.select(inside, x, zero) for x in line] for line in grid]
        for p, x in enumerate(itertools.chain(*both_ways(code, rows, columns, grid, "powers"))):
            place = (var(panel) * count + p) * (in_channels * PANEL) + var(inner) * PANEL
            code.store(x, pointer, "float32", reader.scalar(place + var(part) * lanes))

    code.loop(frame.begin, frame.end, 1, unit)
    units = loop_nest.product([panel, inner, part])
    return frame.finish(code, units, float(g.size * 20))


def _group(vectors: int, bytes_each: int, target: Target) -> tuple[int, int]:
    """How many vectors of tiles are multiplied together, with how many filters at once.

    Their sums and operands fit the registers, the vectors the cache, and few are left over.
    """

    def filters(n: int) -> int:
        return max(f for f in (1, 2, 4, 8, 16) if f <= most_rows(target, n))

    def cost(n: int) -> float:
        far = 1.1 if n * bytes_each > target.l2 and n > 2 else 1.0
        step = step_cycles(n, filters(n)) / (n * filters(n))
        return -(-vectors // n) * n * far * (1 + 0.1 / n) * step

    best = min((6, 4, 3, 2, 1), key=cost)
    return best, filters(best)


def convolution(frame: Frame) -> Compiled:
    """The convolution by tiles; results of the same shape may follow it."""
    return _Convolution(frame).emit()


class _Convolution:
    """A unit of work is a group of vectors of tiles and a chunk of panels of filters."""

    def __init__(self, frame: Frame):
        self.frame, self.out, width = frame, frame.out, frame.width
        out = frame.out
        self.image, self.weights = out.inputs
        self.code = code = frame.code(width)
        self.reader = frame.reader(code)
        self.tiles = ImageTiles(frame, self.reader, out, out, width)
        self.channels, self.panels = self.image.shape[3], self.weights.shape[0]
        self.counts = points(out.tile, out.window)
        self.count = count = math.prod(self.counts)
        self.chunk = min(self.panels, max(1, FILTERS // PANEL))
        self.breadth = breadth = self.chunk * PANEL
        bytes_of_tile = count * (self.channels + breadth) * width * 4
        self.group, self.across = _group(self.tiles.count, bytes_of_tile, frame.target)
        group = self.group
        self.groups = Loop(-(-self.tiles.count // group))
        self.chunks = Loop(-(-self.panels // self.chunk))
        self.v = Scratch(code, frame.scratch, count, group, self.channels)
        behind = code.at(frame.scratch, "float32", i64(self.v.bytes // 4))
        self.m = Scratch(code, behind, count, group, breadth)
        self.store = TileStore(code, out.dtype, math.prod(out.tile))
        self.zeros = Zeros.of(self.tiles, self.image, out, group)
        self.channel, self.filter = Loop(self.channels), Loop(breadth)
        self.place = a, b = Loop(out.tile[0]), Loop(out.tile[1])
        self.image_at = self.tiles.address(self.image, var(self.channel))
        rows, columns = (
            origin + var(within) * step
            for origin, step, within in zip(self.tiles.origin, out.dilation, (a, b), strict=True)
        )
        self.filters = var(self.chunks) * breadth + var(self.filter)
        self.index = without_unit_axes(out, (self.tiles.n, rows, columns, self.filters))
        self.pointer = frame.pointers[self.weights]

    def emit(self) -> Compiled:
        """The function."""
        self.code.loop(self.frame.begin, self.frame.end, 1, self._unit)
        filters = self.out.shape[3]
        cost = 2.0 * self.tiles.count * self.frame.width * self.count * self.channels * filters
        units = loop_nest.product([self.chunks, self.groups])
        return self.frame.finish(self.code, units, cost, self.v.bytes + self.m.bytes)

    def _unit(self, number: Any) -> None:
        code, env = self.code, self.reader.env
        loop_nest.unflatten(code, number, [self.chunks, self.groups], env)
        self._each_vector(self._transform)
        first = code.b.mul(env[self.chunks], i64(self.chunk))
        last = code.smaller(code.b.add(first, i64(self.chunk)), i64(self.panels))

        def point(p: Any) -> None:
            code.loop(first, last, 1, lambda panel: self._multiply(panel, p))

        code.loop(i64(0), i64(self.count), 1, point)
        self._each_vector(self._transform_back)

    def _each_vector(self, body: Callable[[Any], None]) -> None:
        code = self.code
        first = code.b.mul(self.reader.env[self.groups], i64(self.group))
        here = code.smaller(code.b.sub(i64(self.tiles.count), first), i64(self.group))

        def one(t: Any) -> None:
            self.tiles.enter(code.b.add(first, t))
            body(t)

        code.loop(i64(0), here, 1, one)

    def _transform(self, t: Any) -> None:
        """B' d B of a tile of all channels."""
        code, out = self.code, self.out
        (_, _, rows), (_, _, columns) = matrices_of(out)

        def one(c: Any) -> None:
            self.reader.env[self.channel] = c
            shape = self.image.shape[1:3]
            grid = self.tiles.patch(self.image_at, shape, self.counts, out.before, False)
            self.v.put(both_ways(code, rows, columns, grid, "powers"), t, c)

        code.loop(i64(0), i64(self.channels), 1, one)
        if self.zeros is not None:
            self.zeros.find(t)

    def _multiply(self, panel: Any, p: Any) -> None:
        """The products of a point with the weights of a panel."""
        code, group, across = self.code, self.group, self.across
        first = code.b.sub(panel, code.b.mul(self.reader.env[self.chunks], i64(self.chunk)))
        start = code.b.add(code.b.mul(panel, i64(self.count)), p)
        start = code.b.mul(start, i64(self.channels * PANEL))

        def part(f: Any) -> None:
            def step(c: Any, *totals: Any) -> list[Any]:
                seen = [self.v.get(p, i64(t), c) for t in range(group)]
                place = code.b.add(code.b.add(start, code.b.mul(c, i64(PANEL))), f)
                new = []
                for k in range(across):
                    raw = code.load_scalar(self.pointer, "float32", code.b.add(place, i64(k)))
                    w = code.splat(raw)
                    new += [code.fma(w, x, totals[k * group + t]) for t, x in enumerate(seen)]
                return new

            zeros = [code.const(0, "float32")] * (across * group)
            totals = code.loop(i64(0), i64(self.channels), 1, step, zeros)
            at = code.b.add(code.b.mul(first, i64(PANEL)), f)
            for k, t in itertools.product(range(across), range(group)):
                place = self.m.at(p, i64(t), code.b.add(at, i64(k)))
                code.store(totals[k * group + t], self.m.pointer, "float32", place)

        code.loop(i64(0), i64(PANEL), across, part)

    def _transform_back(self, t: Any) -> None:
        """A' m A of a tile of all filters of the chunk, and the epilogue."""
        code, out = self.code, self.out
        (rows, _, _), (columns, _, _) = matrices_of(out)

        def one(f: Any) -> None:
            self.reader.env[self.filter] = f
            flat = [self.m.get(i64(p), t, f) for p in range(self.count)]
            grid = [flat[k : k + self.counts[1]] for k in range(0, self.count, self.counts[1])]
            results = both_ways(code, rows, columns, grid, "points")
            number = self.reader.scalar(self.filters)
            for place, value in enumerate(itertools.chain(*results)):
                if self.zeros is not None:
                    value = self.zeros.keep(t, place, value, number)
                self.store.put(place, value)
            code.loop(i64(0), self.tiles.left(0), 1, self._finish_line)

        done = code.b.mul(self.reader.env[self.chunks], i64(self.breadth))
        here = code.smaller(code.b.sub(i64(out.shape[3]), done), i64(self.breadth))
        code.loop(i64(0), here, 1, one)

    def _finish_line(self, i: Any) -> None:
        code, reader, tiles = self.code, self.reader, self.tiles

        def element(j: Any) -> None:
            reader.env[self.place[0]], reader.env[self.place[1]] = i, j
            reader.mask = tiles.mask() if tiles.mask is not None else None
            place = code.b.add(code.b.mul(i, i64(self.out.tile[1])), j)
            emit_epilogue(reader, self.frame.kernel, self.index, self.store.get(place))
            reader.mask = None

        code.loop(i64(0), tiles.left(1), 1, element)
