"""Convolutions with images as lanes: a register holds one element of many images.

Weights are broadcast scalars, so every number of channels and every window fills the registers.
Padding is there already: the inputs of these kernels are padded images.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grafito.engines.llvm.codegen import dot_bfloat16 as bfloat
from grafito.engines.llvm.codegen import loops as nest
from grafito.engines.llvm.codegen.addresses import (
    address,
    existing,
    physical,
)
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    dot,
    row_major,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    Builder,
    i64,
)
from grafito.engines.llvm.codegen.frame import (
    Compiled,
    Frame,
    batch_mask,
    finish_results,
)
from grafito.engines.llvm.codegen.tile import (
    REGISTERS,
    Tile,
    TileStore,
    accumulate,
    best_tile,
    finish_tile,
    in_pieces,
)
from grafito.engines.llvm.ir.bfloat16 import kernel_shape
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.kernels.reductions import combine_lanes

UNROLLED = 12  # inner steps that are written out


@dataclass
class Taps:
    """Along one axis of the result: which input and which weight each step meets.

    Result place `step * t + start` takes, for each m of `loop`, the input at `t * stride + input`
    and the weight at `weight`, both affine in the variable m.
    """

    places: int
    start: int
    step: int
    stride: int
    loop: Loop
    input: Affine
    weight: Affine


def forward_taps(places: int, length: int, stride: int, dilation: int) -> list[Taps]:
    """Place t sees input s t + d a through weight a."""
    a = Loop(length)
    return [Taps(places, 0, 1, stride, a, var(a) * dilation, var(a))]


def backward_taps(
    size: int, length: int, stride: int, dilation: int, origin: int, before: int
) -> list[Taps]:
    """Input place h comes from place (h + p - d a) / s of y, for the a that make it whole.

    Places with the same remainder by the stride see the same weights, so each remainder has taps
    of its own.
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
        sums: the most of them that a tile has.
    """

    sums = REGISTERS

    def __init__(
        self,
        kernel: Kernel,
        stored: set[Node],
        width: int,
        shared: bool,
        summed: int,
        made: int,
        backward: bool,
    ):
        self.kernel, self.stored, self.width = kernel, stored, width
        self.frame = Frame(kernel, stored, width, shared)
        self.code = self.frame.code(width)
        self.reader = self.frame.reader(self.code)
        self.summed, self.made, self.backward = summed, made, backward
        self.units = self.scratch = 0

    @property
    def out(self) -> Node:
        assert self.kernel.primary is not None
        return self.kernel.primary

    def emit(self, rows: Sequence[Taps], columns: Sequence[Taps]) -> Compiled:
        steps = 0
        self.store = TileStore(self.code, self.out.dtype, self.sums)
        self.begin()
        for r, c in itertools.product(rows, columns):
            self.phase(r, c)
            steps += r.places * c.places * r.loop.size * c.loop.size
        self.end()
        blocks = -(-self.out.shape[0] // self.width)
        cost = 2.0 * steps * blocks * self.summed * self.made * self.out.groups
        return self.frame.finish(self.code, self.units, cost, self.scratch)

    def begin(self) -> None:
        """Before all sums."""

    def end(self) -> None:
        """After them."""

    def phase(self, r: Taps, c: Taps) -> None:
        """The result places of one remainder by the strides."""
        out, code, reader = self.out, self.code, self.reader
        image, weights = out.inputs
        tile = best_tile(c.places, self.made, 1)
        if code.pairs:
            tile = Tile(*bfloat.image_tile(c.places, self.made, weights))
        block, lane = Loop(-(-out.shape[0] // self.width)), Loop(self.width)
        i, group = Loop(r.places), Loop(out.groups)
        wide, made = Loop(-(-c.places // tile.rows)), Loop(-(-self.made // tile.vectors))
        place, channel, inner = Loop(c.places), Loop(self.made), Loop(self.summed)
        n = var(block) * self.width + var(lane)
        j = var(wide) * tile.rows + var(place)
        own = var(made) * tile.vectors + var(channel)
        seen = var(group) * self.summed + var(inner)
        at = (n, var(i) * r.stride + r.input, j * c.stride + c.input, seen)
        if self.backward:
            taps = (r.weight, c.weight, own, seen)
        else:
            taps = (r.weight, c.weight, var(inner), var(group) * self.made + own)
        x_at = address(image, existing(image, at), self.width, self.stored)
        if weights.kind == "pairwords":
            panel = (r.weight, c.weight, var(made), Affine(), var(channel))
            pairs = var(inner) * (tile.vectors // 2)  # which goes in steps of two
            k_at = weights, dot(panel, row_major(weights.shape)) + pairs
        else:
            k_at = address(weights, existing(weights, taps), self.width, self.stored)
        rows, columns = var(i) * r.step + r.start, j * c.step + c.start
        index = existing(out, (n, rows, columns, var(group) * self.made + own))
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

        def run(height: int, across: int) -> None:
            totals = accumulate(
                reader, out.dtype, x_at, k_at, (place, channel), lane, loops, height, across,
                bounds=bounds,
            )  # fmt: skip
            finish_tile(
                reader, self.kernel, index, (place, channel), lane, totals, across, self.store,
                mask=mask,
            )  # fmt: skip

        def unit(u: Any) -> None:
            nest.decode(code, u, [block, i, wide, group, made], reader.env)

            def row(height: int) -> None:
                in_pieces(
                    code, reader.env[made], made, self.made, tile.vectors,
                    lambda across: run(height, across),
                )  # fmt: skip

            in_pieces(code, reader.env[wide], wide, c.places, tile.rows, row)

        self.share([block, i, wide, group, made], unit)

    def share(self, loops: Sequence[Loop], unit: Callable[[Any], None]) -> None:
        """Emit the units of a phase, behind those of the phases before it."""
        code, units = self.code, nest.product(loops)
        if units:
            low = _clamp(code, code.b.sub(self.frame.begin, i64(self.units)), units)
            high = _clamp(code, code.b.sub(self.frame.end, i64(self.units)), units)
            code.loop(low, high, 1, unit)
        self.units += units

    def seen(self, taps: Taps, i: Loop) -> tuple[Any, Any]:
        """Begin and end of the rows of the window that see more than padding at row i."""
        real = _real_rows(self.out.inputs[0])
        if real is None:
            return i64(0), i64(taps.loop.size)
        return self._seeing(taps, self.reader.scalar(var(i) * taps.stride), *real)

    def _seeing(self, taps: Taps, row: Any, begin: int, end: int) -> tuple[Any, Any]:
        """The steps of the loop at which a row of the image is seen that is no padding."""
        b, step, size = self.code.b, taps.input.coefficient(taps.loop), taps.loop.size
        row = b.add(row, i64(taps.input.constant))

        def steps(numerator: Any) -> Any:
            return b.udiv(_clamp(self.code, numerator, size * abs(step)), i64(abs(step)))

        if step < 0:
            return tuple(steps(b.add(row, i64(-step - n))) for n in (end, begin))
        return tuple(steps(b.sub(i64(step - 1 + n), row)) for n in (begin, end))


def conv(
    kernel: Kernel,
    stored: set[Node],
    width: int,
    shared: bool,
    how: type[Convolution] = Convolution,
) -> Compiled:
    """y[n, i, j, f] = Σ x[n, s i + d a, s j + d b, c] k[a, b, c, f]."""
    out = kernel.primary
    assert out is not None
    k = kernel_shape(out.inputs[1])
    axes = zip(out.shape[1:3], k, out.strides, out.dilation, strict=False)
    rows, columns = (forward_taps(*axis) for axis in axes)
    channels, filters = k[2], k[3] // out.groups
    return how(kernel, stored, width, shared, channels, filters, False).emit(rows, columns)


def convback(
    kernel: Kernel,
    stored: set[Node],
    width: int,
    shared: bool,
    how: type[Convolution] = Convolution,
) -> Compiled:
    """Σ y[n, i, j, f] k[a, b, c, f], at [n, s i + d a - p, s j + d b - p, c]."""
    out = kernel.primary
    assert out is not None
    k = kernel_shape(out.inputs[1])
    axes = zip(out.shape[1:3], k, out.strides, out.dilation, out.origin, out.before, strict=False)
    rows, columns = (backward_taps(*axis) for axis in axes)
    channels, filters = k[2], k[3] // out.groups
    return how(kernel, stored, width, shared, filters, channels, True).emit(rows, columns)


def _real_rows(image: Node) -> tuple[int, int] | None:
    """Where the rows of an image begin and end in zeros around it; None if there are none."""
    if image.kind != "parts" or image.fill != 0 or len(image.sizes) > 1:
        return None
    begin, rows = image.starts[0][1], image.sizes[0][1]
    return None if rows == image.shape[1] else (begin, begin + rows)


def _clamp(code: Builder, value: Any, most: int) -> Any:
    b = code.b
    value = b.select(b.icmp_signed("<", value, i64(0)), i64(0), value)
    return b.select(b.icmp_signed(">", value, i64(most)), i64(most), value)


def convkernel(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> Compiled:
    """Σ x[n, s i + d a, s j + d b, c] y[n, i, j, f] over n, i and j; lanes are summed last."""
    frame = Frame(kernel, stored, width, shared)
    out = kernel.primary
    assert out is not None
    image, y = out.inputs
    height, breadth, channels, filters = out.shape
    each = filters // out.groups
    by_channel = channels >= breadth
    rows = channels if by_channel else breadth
    tile = best_tile(rows, each, 1)
    code = frame.code(width)
    one = Builder.on(code, 1)
    reader, single = frame.reader(code), frame.reader(one)
    single.env, reader.strict = reader.env, True
    store = TileStore(code, out.dtype, REGISTERS)
    block, lane, i, j = (
        Loop(-(-y.shape[0] // width)),
        Loop(width),
        Loop(y.shape[1]),
        Loop(y.shape[2]),
    )
    a, other = Loop(height), Loop(breadth if by_channel else channels)
    group, tall, wide = (
        Loop(out.groups),
        Loop(-(-rows // tile.rows)),
        Loop(-(-each // tile.vectors)),
    )
    row, column = Loop(tile.rows), Loop(tile.vectors)
    moving = var(tall) * tile.rows + var(row)
    b, c = (var(other), moving) if by_channel else (moving, var(other))
    f = var(group) * each + var(wide) * tile.vectors + var(column)
    n = var(block) * width + var(lane)
    (s0, s1), (d0, d1) = out.strides, out.dilation
    x_index = (n, var(i) * s0 + var(a) * d0, var(j) * s1 + b * d1, var(group) * channels + c)
    x_at = address(image, existing(image, x_index), width, stored)
    y_at = address(y, existing(y, (n, var(i), var(j), f)), width, stored)
    index = existing(out, (var(a), b, c, f))
    mask = batch_mask(code, reader, y, block, width)
    full = y.shape[0] // width  # blocks; only the one behind them needs the mask
    outer = [a, other, group, tall, wide]

    def each_tile(u: Any, body: Callable[[int, int], None]) -> None:
        """`body(rows, columns)` for the tile that is unit u."""
        nest.decode(code, u, outer, reader.env)

        def by_row(rows_here: int) -> None:
            in_pieces(
                code, reader.env[wide], wide, each, tile.vectors,
                lambda across: body(rows_here, across),
            )  # fmt: skip

        in_pieces(code, reader.env[tall], tall, rows, tile.rows, by_row)

    def sums(
        loops: list[Loop], height: int, across: int, masked: bool, start: Any = None
    ) -> list[Any]:
        inner = [(loop, False) for loop in loops]
        return accumulate(
            reader, out.dtype, x_at, y_at, (row, column), lane, inner, height, across,
            mask=mask if masked else None, start=start,
            bounds=lambda loop: (i64(0), i64(full if loop is block else loop.size)),
        )  # fmt: skip

    def elements(count: int, across: int, body: Callable[[Any], None]) -> None:
        """`body(place)` for each element of a tile, its variables set."""

        def one_element(place: Any) -> None:
            reader.env[row] = code.b.udiv(place, i64(across))
            reader.env[column] = code.b.urem(place, i64(across))
            body(place)

        code.loop(i64(0), i64(count), 1, one_element)

    def finish(value: Any) -> None:
        finish_results(single, kernel, index, combine_lanes(code, value, "sum", out.dtype))

    def at_once(height: int, across: int) -> None:
        """All images and places, then the sum over lanes."""
        totals = sums([block, i, j], height, across, False)
        if mask is not None:
            reader.env[block] = i64(full)
            totals = sums([i, j], height, across, True, totals)
        for place, total in enumerate(totals):
            store.put(place, total)
        elements(height * across, across, lambda place: finish(store.get(place)))

    # Row by row: all tiles see a row of the images while it is near, and keep their sums in memory.

    def kept(change: tuple[int, int]) -> Any:
        """Where the sums of an element of the tile are."""
        reader.env[row], reader.env[column] = i64(change[0]), i64(change[1])
        return code.b.mul(reader.scalar(physical(out, index, width)), i64(width))

    def clear(height: int, across: int) -> None:
        for change in itertools.product(range(height), range(across)):
            code.store(code.const(0, out.dtype), pointer, out.dtype, kept(change))

    def add_row(height: int, across: int, masked: bool) -> None:
        places = [kept(change) for change in itertools.product(range(height), range(across))]
        start = [code.load(pointer, out.dtype, place) for place in places]
        for place, total in zip(places, sums([j], height, across, masked, start), strict=True):
            code.store(total, pointer, out.dtype, place)

    def combine(height: int, across: int) -> None:
        def element(_: Any) -> None:
            at = code.b.mul(reader.scalar(physical(out, index, width)), i64(width))
            finish(code.load(pointer, out.dtype, at))

        elements(height * across, across, element)

    def over_units(body: Callable[[int, int], None]) -> None:
        code.loop(frame.begin, frame.end, 1, lambda u: each_tile(u, body))

    if kernel.work is None:
        over_units(at_once)
    else:
        pointer = frame.pointers[kernel.work]
        over_units(clear)

        def image_row(p: Any, masked: bool) -> None:
            nest.decode(code, p, [block, i], reader.env)
            over_units(lambda height, across: add_row(height, across, masked))

        first, end = i64(full * i.size), i64(nest.product([block, i]))
        code.loop(i64(0), first, 1, lambda p: image_row(p, False))
        if mask is not None:
            code.loop(first, end, 1, lambda p: image_row(p, True))
        over_units(combine)
    cost = 2.0 * out.size * nest.product([block, i, j])
    return frame.finish(code, nest.product(outer), cost)


EMIT = {"conv": conv, "convback": convback, "convkernel": convkernel}
