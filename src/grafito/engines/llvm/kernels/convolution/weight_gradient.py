"""Weight gradients of convolutions with images as lanes; lanes are summed last."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from grafito.engines.llvm.codegen import loops as nest
from grafito.engines.llvm.codegen.addresses import address, existing, physical
from grafito.engines.llvm.codegen.affine import Loop, var
from grafito.engines.llvm.codegen.builder import Builder, i64
from grafito.engines.llvm.codegen.frame import Compiled, Frame, batch_mask, finish_results
from grafito.engines.llvm.codegen.tile import REGISTERS, TileStore, accumulate, best_tile, in_pieces
from grafito.engines.llvm.kernels.reductions import combine_lanes


def weight_gradient(frame: Frame) -> Compiled:
    """Σ x[n, s i + d a, s j + d b, c] y[n, i, j, f] over n, i and j; lanes are summed last."""
    kernel, stored, width, out = frame.kernel, frame.stored, frame.width, frame.out
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
