"""Convolutions with images as lanes: a register holds one element of many images.

Weights are broadcast scalars, so registers are full whatever the number of channels and the window.
The inputs of these kernels are padded already.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grafito.engines.llvm.codegen import dot_bfloat16 as bfloat
from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import address, without_unit_axes
from grafito.engines.llvm.codegen.affine import Affine, Loop, dot, row_major, var
from grafito.engines.llvm.codegen.builder import Builder, i64
from grafito.engines.llvm.codegen.frame import Compiled, Frame, batch_mask
from grafito.engines.llvm.codegen.tile import (
    Tile,
    TileEpilogue,
    TileStore,
    accumulate,
    best_tile,
    in_pieces,
)
from grafito.engines.llvm.codegen.tile_loop import TileLoop
from grafito.engines.llvm.ir.nodes import Node

UNROLLED = 12  # inner steps that are unrolled


@dataclass
class Taps:
    """The inputs and weights that the results along one axis depend on.

    The result at `step * t + start` sums, over m in `loop`, the input at `t * stride + input` times
    the weight at `weight`; both are affine in m.
    """

    places: int
    start: int
    step: int
    stride: int
    loop: Loop
    input: Affine
    weight: Affine


def forward_taps(places: int, length: int, stride: int, dilation: int) -> list[Taps]:
    """Result t depends on input s t + d a through weight a."""
    a = Loop(length)
    return [Taps(places, 0, 1, stride, a, var(a) * dilation, var(a))]


def backward_taps(
    size: int, length: int, stride: int, dilation: int, origin: int, before: int
) -> list[Taps]:
    """The gradient at input h depends on (h + p - d a) / s of y, for all a that divide evenly.

    All h with the same remainder by the stride use the same weights, so there is one row of taps
    for each remainder.
    """
    found = []
    every = stride // math.gcd(stride, dilation)
    for start in range(min(stride, size)):
        fitting = [a for a in range(length) if (start + origin - dilation * a) % stride == 0]
        m = Loop(len(fitting))
        first = fitting[0] if fitting else 0
        at = (start + origin - dilation * first) // stride + before
        back = dilation * every // stride
        places = -(-(size - start) // stride)
        found.append(Taps(places, start, stride, 1, m, var(m) * -back + at, var(m) * every + first))
    return found


class Convolution:
    """A tile is a few places of a row by a few result channels, each a vector of images.

    Attributes:
        sums: the most of them that a tile has; by default those that registers hold.
    """

    sums: int | None = None

    def __init__(
        self,
        frame: Frame,
        in_channels: int,
        out_channels: int,
        backward: bool,
    ):
        self.frame, self.kernel, self.out = frame, frame.kernel, frame.out
        self.materialized, self.width = frame.materialized, frame.width
        self.code = self.frame.code(self.width)
        self.reader = self.frame.reader(self.code)
        self.in_channels, self.out_channels, self.backward = in_channels, out_channels, backward
        self.units = self.scratch = 0

    def emit(self, rows: Sequence[Taps], columns: Sequence[Taps]) -> Compiled:
        steps = 0
        sums = self.sums or self.frame.target.accumulators
        self.store = TileStore(self.code, self.out.dtype, sums)
        self.begin()
        for r, c in itertools.product(rows, columns):
            self.phase(r, c)
            steps += r.places * c.places * r.loop.size * c.loop.size
        self.end()
        blocks = -(-self.out.shape[0] // self.width)
        cost = 2.0 * steps * blocks * self.in_channels * self.out_channels * self.out.groups
        return self.frame.finish(self.code, self.units, cost, self.scratch)

    def begin(self) -> None:
        """Before all sums."""

    def end(self) -> None:
        """After them."""

    def phase(self, r: Taps, c: Taps) -> None:
        """The result places of one remainder by the strides."""
        out, code, reader = self.out, self.code, self.reader
        image, weights = out.inputs
        reuse = c.stride * self.in_channels * self.width * 4
        tile = best_tile(self.frame.target, c.places, self.out_channels, 1, reuse=reuse)
        if code.bf16_dot:
            tile = Tile(*bfloat.image_tile(c.places, self.out_channels, weights))
        block, lane = Loop(-(-out.shape[0] // self.width)), Loop(self.width)
        i, group = Loop(r.places), Loop(out.groups)
        wide, out_channels = (
            Loop(-(-c.places // tile.rows)),
            Loop(-(-self.out_channels // tile.vectors)),
        )
        place, channel, inner = Loop(c.places), Loop(self.out_channels), Loop(self.in_channels)
        n = var(block) * self.width + var(lane)
        j = var(wide) * tile.rows + var(place)
        own = var(out_channels) * tile.vectors + var(channel)
        seen = var(group) * self.in_channels + var(inner)
        at = (n, var(i) * r.stride + r.input, j * c.stride + c.input, seen)
        if self.backward:
            taps = (r.weight, c.weight, own, seen)
        else:
            taps = (r.weight, c.weight, var(inner), var(group) * self.out_channels + own)
        x_at = address(image, without_unit_axes(image, at), self.width, self.materialized)
        if weights.kind == "word_pairs":
            panel = (r.weight, c.weight, var(out_channels), Affine(), var(channel))
            pairs = var(inner) * (tile.vectors // 2)  # which goes in steps of two
            k_at = weights, dot(panel, row_major(weights.shape)) + pairs
        else:
            k_at = address(weights, without_unit_axes(weights, taps), self.width, self.materialized)
        rows, columns = var(i) * r.step + r.start, j * c.step + c.start
        index = without_unit_axes(out, (n, rows, columns, var(group) * self.out_channels + own))
        loops: list[tuple[Loop, bool]] = []
        budget = UNROLLED
        for loop in (inner, c.loop, r.loop):
            loops.insert(0, (loop, loop.size <= budget))
            budget = budget // loop.size if loop.size and loop.size <= budget else 0
        if _real_rows(image) is not None:
            loops = [(loop, unrolled and loop is not r.loop) for loop, unrolled in loops]

        def bounds(loop: Loop) -> tuple[Any, Any]:
            return self.seen(r, i) if loop is r.loop else (i64(0), i64(loop.size))

        mask = batch_mask(code, reader, out, block, self.width)

        sums = TileLoop(out.dtype, x_at, k_at, (place, channel), lane, loops, bounds=bounds)
        epilogue = TileEpilogue(self.kernel, index, (place, channel), lane, self.store, mask)

        def run(height: int, across: int) -> None:
            totals = accumulate(reader, sums, (height, across))
            epilogue.of_registers(reader, totals, across)

        def unit(u: Any) -> None:
            loop_nest.unflatten(code, u, [block, i, wide, group, out_channels], reader.env)

            def row(height: int) -> None:
                in_pieces(
                    code, reader.env[out_channels], out_channels, self.out_channels, tile.vectors,
                    lambda across: run(height, across),
                )  # fmt: skip

            in_pieces(code, reader.env[wide], wide, c.places, tile.rows, row)

        self.share([block, i, wide, group, out_channels], unit)

    def share(self, loops: Sequence[Loop], unit: Callable[[Any], None]) -> None:
        """Emit the work units of a phase; their numbers continue those of earlier phases."""
        code, units = self.code, loop_nest.product(loops)
        if units:
            low = _clamp(code, code.b.sub(self.frame.begin, i64(self.units)), units)
            high = _clamp(code, code.b.sub(self.frame.end, i64(self.units)), units)
            code.loop(low, high, 1, unit)
        self.units += units

    def seen(self, taps: Taps, i: Loop) -> tuple[Any, Any]:
        """Begin and end of the window rows that see more than padding at result row i."""
        real = _real_rows(self.out.inputs[0])
        if real is None:
            return i64(0), i64(taps.loop.size)
        return self._seeing(taps, self.reader.scalar(var(i) * taps.stride), *real)

    def _seeing(self, taps: Taps, row: Any, begin: int, end: int) -> tuple[Any, Any]:
        """The range of the loop that reads rows of the image, not padding."""
        b, step, size = self.code.b, taps.input.coefficient(taps.loop), taps.loop.size
        row = b.add(row, i64(taps.input.constant))

        def steps(numerator: Any) -> Any:
            return b.udiv(_clamp(self.code, numerator, size * abs(step)), i64(abs(step)))

        if step < 0:
            return tuple(steps(b.add(row, i64(-step - n))) for n in (end, begin))
        return tuple(steps(b.sub(i64(step - 1 + n), row)) for n in (begin, end))


def conv(
    frame: Frame,
    how: type[Convolution] = Convolution,
) -> Compiled:
    """y[n, i, j, f] = Σ x[n, s i + d a, s j + d b, c] k[a, b, c, f]."""
    k = frame.out.inputs[1].weight_shape
    channels, filters = k[2], k[3] // frame.out.groups
    return how(frame, channels, filters, False).emit(*_taps(frame.out))


def input_gradient(
    frame: Frame,
    how: type[Convolution] = Convolution,
) -> Compiled:
    """Σ y[n, i, j, f] k[a, b, c, f], at [n, s i + d a - p, s j + d b - p, c]."""
    k = frame.out.inputs[1].weight_shape
    channels, filters = k[2], k[3] // frame.out.groups
    return how(frame, filters, channels, True).emit(*_taps(frame.out))


def operations(out: Node) -> int:
    """Additions and multiplications that the kernel does: it skips window rows of padding."""
    rows, columns = _taps(out)
    begin, end = _real_rows(out.inputs[0]) or (0, out.inputs[0].shape[1])
    high = sum(
        begin <= i * taps.stride + taps.input.constant + m * taps.input.coefficient(taps.loop) < end
        for taps in rows
        for i, m in itertools.product(range(taps.places), range(taps.loop.size))
    )
    wide = sum(taps.places * taps.loop.size for taps in columns)
    return 2 * out.shape[0] * high * wide * math.prod(out.inputs[1].weight_shape[2:])


def _taps(out: Node) -> tuple[list[Taps], list[Taps]]:
    """Those of the rows, and those of the columns."""
    k = out.inputs[1].weight_shape
    size, strides, dilation = out.shape[1:3], out.strides, out.dilation
    if out.kind == "conv":
        rows, columns = map(forward_taps, size, k[:2], strides, dilation)
    else:
        rows, columns = map(backward_taps, size, k[:2], strides, dilation, out.origin, out.before)
    return rows, columns


def _real_rows(image: Node) -> tuple[int, int] | None:
    """Begin and end of the rows that are not zero padding; None where no row is padding."""
    if image.kind != "pad" or image.fill != 0 or len(image.sizes) > 1:
        return None
    begin, rows = image.starts[0][1], image.sizes[0][1]
    return None if rows == image.shape[1] else (begin, begin + rows)


def _clamp(code: Builder, value: Any, most: int) -> Any:
    b = code.b
    value = b.select(b.icmp_signed("<", value, i64(0)), i64(0), value)
    return b.select(b.icmp_signed(">", value, i64(most)), i64(most), value)
