"""Weight gradients of convolutions by Winograd's method.

A work unit transforms tiles of a few images and of the incoming gradient into scratch memory and
multiplies them point by point, each channel with each filter. The gradient is transposed on the
way, so that a register holds filters of one image and no sum over lanes is needed.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import without_unit_axes
from grafito.engines.llvm.codegen.affine import (
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
    emit_epilogue,
)
from grafito.engines.llvm.codegen.tile import (
    TileStore,
    most_rows,
    step_cycles,
)
from grafito.engines.llvm.codegen.transpose import transpose
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.ir.target import Target
from grafito.engines.llvm.kernels.convolution.winograd_tiles import (
    ImageTiles,
    Scratch,
    both_ways,
    matrices_of,
)
from grafito.engines.llvm.lowering.winograd import (
    STEP,
    points,
    transposed,
)


def sums(frame: Frame) -> Compiled:
    """The products (A dY A') * (B' d B) summed over tiles and images, in a few slices."""
    width, out = frame.width, frame.out
    return _Sums(frame, out, width).emit()


class _Sums:
    """Channels of the image are broadcast to registers of filters, one image after the other."""

    def __init__(self, frame: Frame, out: Node, width: int):
        self.frame, self.out, self.width = frame, out, width
        self.code = code = frame.code(width)
        self.reader = frame.reader(code)
        self.image, self.y = out.inputs
        self.reader.strict = True
        self.tiles = ImageTiles(frame, self.reader, out, self.y, width)
        slices, rows, columns, self.count, self.high, self.broad = out.shape
        self.slices, self.rows, self.columns = Loop(slices), Loop(rows), Loop(columns)
        self.tile = _tile(self.high, self.broad // width, frame.target)
        blocks = self.broad // width
        self.x = Scratch(code, frame.scratch, self.count, STEP, self.high + self.tile[0])
        at = code.at(frame.scratch, "float32", i64(self.x.bytes // 4))
        self.g = Scratch(code, at, self.count, STEP * width, blocks)
        at = code.at(at, "float32", i64(self.g.bytes // 4))
        self.transposed = Scratch(code, at, math.prod(out.tile), 1, width)
        self.channel, self.filter = Loop(self.high), Loop(self.broad)

    def emit(self) -> Compiled:
        code, units = self.code, [self.slices, self.rows, self.columns]

        def part(number: Any) -> Any:
            """The first tile of a slice; no slice is empty."""
            tiles = code.b.mul(number, i64(self.tiles.count))
            return code.b.udiv(tiles, i64(self.slices.size))

        def unit(number: Any) -> None:
            loop_nest.unflatten(code, number, units, self.reader.env)
            mine = self.reader.env[self.slices]
            begin, end = part(mine), part(code.b.add(mine, i64(1)))

            def some(first: Any) -> None:
                here = code.smaller(code.b.sub(end, first), i64(STEP))
                code.loop(i64(0), here, 1, lambda t: self._see(code.b.add(first, t), t))
                begun = code.b.icmp_signed(">", first, begin)
                code.loop(i64(0), i64(self.count), 1, lambda p: self._multiply(p, begun, here))

            code.loop(begin, end, STEP, some)

        code.loop(self.frame.begin, self.frame.end, 1, unit)
        steps = 2.0 * self.tiles.count * self.width * self.count
        cost = steps * self.image.shape[3] * self.y.shape[3]
        scratch = self.x.bytes + self.g.bytes + self.transposed.bytes
        return self.frame.finish(code, loop_nest.product(units), cost, scratch)

    def _see(self, vector: Any, t: Any) -> None:
        """Transform a tile of some images, and what comes back to it."""
        code, out, env = self.code, self.out, self.reader.env
        (rows_a, _, rows_b), (columns_a, _, columns_b) = matrices_of(out)
        self.tiles.enter(vector)
        image_at = self.tiles.address(self.image, var(self.rows) * self.high + var(self.channel))

        def channel(c: Any) -> None:
            env[self.channel] = c
            counts = points(out.tile, out.window)
            grid = self.tiles.patch(image_at, self.image.shape[1:3], counts, out.before, True)
            self.x.put(both_ways(code, rows_b, columns_b, grid, "powers"), t, c)

        done = code.b.mul(env[self.rows], i64(self.high))
        left = code.b.sub(i64(self.image.shape[3]), done)
        code.loop(i64(0), code.smaller(left, i64(self.high)), 1, channel)
        a, b = (Loop(n) for n in out.tile)
        filter_ = Loop(1)
        y_at = self.tiles.address(self.y, var(filter_))

        def block(f: Any) -> None:
            first = code.b.add(
                code.b.mul(env[self.columns], i64(self.broad)), code.b.mul(f, i64(self.width))
            )

            def element(place: Any) -> None:
                loop_nest.unflatten(code, place, [a, b], env)
                inside = self.tiles.find(env[a], env[b])
                lines = []
                for k in range(self.width):  # the last filter again where there are no more
                    last = i64(self.y.shape[3] - 1)
                    env[filter_] = code.smaller(code.b.add(first, i64(k)), last)
                    lines.append(self.tiles.load(y_at, inside))
                for n, line in enumerate(transpose(code, lines)):
                    at = self.transposed.at(place, i64(0), i64(n))
                    code.store(line, self.transposed.pointer, "float32", at)

            code.loop(i64(0), i64(a.size * b.size), 1, element)

            def image(n: Any) -> None:
                flat = [self.transposed.get(i64(p), i64(0), n) for p in range(a.size * b.size)]
                grid = [flat[k : k + b.size] for k in range(0, len(flat), b.size)]
                both = transposed(rows_a), transposed(columns_a)
                row = code.b.add(code.b.mul(t, i64(self.width)), n)
                self.g.put(both_ways(code, *both, grid, "powers"), row, f)

            code.loop(i64(0), i64(self.width), 1, image)

        code.loop(i64(0), i64(self.broad // self.width), 1, block)

    def _multiply(self, p: Any, begun: Any, here: Any) -> None:
        """Add the products of a point to the sums in memory."""
        code, env, out = self.code, self.reader.env, self.out
        tall, wide = self.tile
        pointer = self.frame.pointers[out]
        start = env[self.slices]
        for loop in (self.rows, self.columns):
            start = code.b.add(code.b.mul(start, i64(loop.size)), env[loop])
        start = code.b.add(code.b.mul(start, i64(self.count)), p)
        start = code.b.mul(start, i64(self.high * self.broad))

        def tile(c: Any, height: int, f: Any) -> None:
            corner = code.b.add(code.b.mul(c, i64(self.broad)), code.b.mul(f, i64(self.width)))
            corner = code.b.add(start, corner)
            places = [
                code.b.add(corner, i64(i * self.broad + j * self.width))
                for i, j in itertools.product(range(height), range(wide))
            ]
            known, zero = code.splat(begun), code.const(0, "float32")
            totals = [code.load(pointer, "float32", place) for place in places]
            totals = [code.b.select(known, total, zero) for total in totals]

            def images(t: Any, *totals: Any) -> list[Any]:
                x_at = [self.x.at(p, t, code.b.add(c, i64(i))) for i in range(height)]
                first = code.b.mul(t, i64(self.width))

                def one(n: Any, *totals: Any) -> list[Any]:
                    row = code.b.add(first, n)
                    g = [self.g.get(p, row, code.b.add(f, i64(j))) for j in range(wide)]
                    new = []
                    for i, at in enumerate(x_at):
                        raw = code.load_scalar(self.x.pointer, "float32", code.b.add(at, n))
                        x = code.splat(raw)
                        new += [code.fma(x, g[j], totals[i * wide + j]) for j in range(wide)]
                    return new

                return code.loop(i64(0), i64(self.width), 1, one, totals)

            totals = code.loop(i64(0), here, 1, images, totals)
            for place, total in zip(places, totals, strict=True):
                code.store(total, pointer, "float32", place)

        def across(f: Any) -> None:
            whole = self.high // tall * tall
            code.loop(i64(0), i64(whole), tall, lambda c: tile(c, tall, f))
            if self.high > whole:
                tile(i64(whole), self.high - whole, f)

        code.loop(i64(0), i64(self.broad // self.width), wide, across)


def _tile(rows: int, columns: int, target: Target) -> tuple[int, int]:
    """Channels and registers of filters whose sums stay in registers."""

    def cycles(tile: tuple[int, int]) -> float:
        total = 0.0
        for height in (tile[0], rows % tile[0]):
            count = rows // tile[0] if height == tile[0] else 1
            total += count * step_cycles(height, tile[1]) if height else 0
        return total / tile[1]

    wide = [n for n in (4, 2, 1) if columns % n == 0]
    heights = {n: min(rows, most_rows(target, n)) for n in wide}
    return min(((r, n) for n in wide for r in range(1, heights[n] + 1)), key=cycles)


def weight_gradient(frame: Frame) -> Compiled:
    """The slices of sums added up, and G' on both sides; results of the same shape may follow."""
    kernel, width, out = frame.kernel, frame.width, frame.out
    (total,) = out.inputs
    slices, rows, columns, count, high, broad = total.shape
    code = frame.code(width)
    reader = frame.reader(code)
    c, f, lane = Loop(out.shape[2]), Loop(-(-out.shape[3] // width)), Loop(width)
    a, b = Loop(out.shape[0]), Loop(out.shape[1])
    (_, by_row, _), (_, by_column, _) = matrices_of(out)
    across = points(out.tile, out.window)[1]
    index = without_unit_axes(out, (var(a), var(b), var(c), var(f) * width + var(lane)))
    pointer = frame.pointers[total]
    store = TileStore(code, out.dtype, math.prod(out.window))

    def unit(u: Any) -> None:
        loop_nest.unflatten(code, u, [c, f], reader.env)
        reader.env[lane] = i64(0)
        reader.lane = lane
        first = code.b.mul(reader.env[f], i64(width))
        part, within = (
            [op(at, i64(size)) for at, size in ((reader.env[c], high), (first, broad))]
            for op in (code.b.udiv, code.b.urem)
        )
        start = code.b.add(code.b.mul(part[0], i64(columns)), part[1])
        start = code.b.add(code.b.mul(start, i64(count * high)), within[0])
        start = code.b.add(code.b.mul(start, i64(broad)), within[1])

        def add(s: Any, *old: Any) -> list[Any]:
            at = code.b.add(start, code.b.mul(s, i64(rows * columns * count * high * broad)))
            new = []
            for p, x in enumerate(old):
                place = code.b.add(at, i64(p * high * broad))
                new.append(code.b.fadd(x, code.load(pointer, "float32", place)))
            return new

        flat = code.loop(i64(0), i64(slices), 1, add, [code.const(0, "float32")] * count)
        grid = [flat[k : k + across] for k in range(0, count, across)]
        results = both_ways(code, transposed(by_row), transposed(by_column), grid, "points")
        for n, value in enumerate(itertools.chain(*results)):
            store.put(n, value)
        if out.shape[3] % width:
            reader.mask = code.mask(code.b.sub(i64(out.shape[3]), first))

        def element(n: Any) -> None:
            loop_nest.unflatten(code, n, [a, b], reader.env)
            emit_epilogue(reader, kernel, index, store.get(n))

        code.loop(i64(0), i64(math.prod(out.window)), 1, element)
        reader.mask = None

    code.loop(frame.begin, frame.end, 1, unit)
    return frame.finish(code, loop_nest.product([c, f]), float(total.size + 10 * out.size))
