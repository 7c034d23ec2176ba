"""Weight gradients of convolutions with images as lanes; lanes are summed last."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import address, physical, without_unit_axes
from grafito.engines.llvm.codegen.affine import Loop, var
from grafito.engines.llvm.codegen.builder import SIZES, Builder, i64
from grafito.engines.llvm.codegen.frame import Compiled, Frame, batch_mask, emit_epilogue
from grafito.engines.llvm.codegen.tile import TileStore, accumulate, best_tile, in_pieces
from grafito.engines.llvm.codegen.tile_loop import TileLoop
from grafito.engines.llvm.kernels.reductions import combine_lanes


def weight_gradient(frame: Frame) -> Compiled:
    """Σ x[n, s i + d a, s j + d b, c] y[n, i, j, f] over n, i and j."""
    return _WeightGradient(frame).emit()


class _WeightGradient:
    """A unit of work is a tile of weights; its rows are channels or columns of the window.

    Without a workspace each tile sums over all images and places at once. With one, all tiles see
    a chunk of rows of the images while it is in the cache, and keep their sums in memory.
    """

    def __init__(self, frame: Frame):
        self.frame, self.out, self.width = frame, frame.out, frame.width
        out, width = frame.out, frame.width
        _, y = out.inputs
        height, breadth, self.channels, filters = out.shape
        self.each = filters // out.groups
        self.by_channel = self.channels >= breadth
        self.rows = self.channels if self.by_channel else breadth
        self.size = best_tile(frame.target, self.rows, self.each, 1)
        self.code = frame.code(width)
        one = Builder.on(self.code, 1)
        self.reader, self.single = frame.reader(self.code), frame.reader(one)
        self.single.env, self.reader.strict = self.reader.env, True
        self.store = TileStore(self.code, out.dtype, frame.target.accumulators)
        self.block, self.lane = Loop(-(-y.shape[0] // width)), Loop(width)
        self.i, self.j = Loop(y.shape[1]), Loop(y.shape[2])
        self.a = Loop(height)
        self.other = Loop(breadth if self.by_channel else self.channels)
        self.group = Loop(out.groups)
        self.tall = Loop(-(-self.rows // self.size.rows))
        self.wide = Loop(-(-self.each // self.size.vectors))
        self.row, self.column = Loop(self.size.rows), Loop(self.size.vectors)
        self.outer = [self.a, self.other, self.group, self.tall, self.wide]
        self.full = y.shape[0] // width  # blocks; only the one behind them needs the mask
        self.mask = batch_mask(self.code, self.reader, y, self.block, width)
        self._place()

    def _place(self) -> None:
        """Where operands and results are."""
        out, materialized, width = self.out, self.frame.materialized, self.width
        image, y = out.inputs
        moving = var(self.tall) * self.size.rows + var(self.row)
        b, c = (var(self.other), moving) if self.by_channel else (moving, var(self.other))
        f = var(self.group) * self.each + var(self.wide) * self.size.vectors + var(self.column)
        n = var(self.block) * width + var(self.lane)
        (s0, s1), (d0, d1) = out.strides, out.dilation
        rows = var(self.i) * s0 + var(self.a) * d0
        x_index = n, rows, var(self.j) * s1 + b * d1, var(self.group) * self.channels + c
        self.x = address(image, without_unit_axes(image, x_index), width, materialized)
        self.y = address(
            y, without_unit_axes(y, (n, var(self.i), var(self.j), f)), width, materialized
        )
        self.index = without_unit_axes(out, (var(self.a), b, c, f))

    def emit(self) -> Compiled:
        """The function."""
        code, frame, work = self.code, self.frame, self.frame.kernel.work
        if work is None:
            self._over_units(self._at_once)
        else:
            self.pointer = frame.pointers[work]
            self._over_units(self._clear)
            self._in_chunks(0, self.full, False)
            if self.mask is not None:
                self._in_chunks(self.full, self.block.size, True)
            self._over_units(self._combine)
        cost = 2.0 * self.out.size * loop_nest.product([self.block, self.i, self.j])
        return frame.finish(code, loop_nest.product(self.outer), cost)

    def _over_units(self, body: Callable[[int, int], None]) -> None:
        """`body(rows, columns)` for the tile of each unit."""
        code, env, size = self.code, self.reader.env, self.size

        def by_row(height: int) -> None:
            in_pieces(
                code, env[self.wide], self.wide, self.each, size.vectors,
                lambda across: body(height, across),
            )  # fmt: skip

        def unit(u: Any) -> None:
            loop_nest.unflatten(code, u, self.outer, env)
            in_pieces(code, env[self.tall], self.tall, self.rows, size.rows, by_row)

        code.loop(self.frame.begin, self.frame.end, 1, unit)

    def _sums(
        self, loops: list[Loop], shape: tuple[int, int], masked: bool, start: Any = None
    ) -> list[Any]:
        """The sums over these loops; over blocks, only those that are full."""
        loop = TileLoop(
            self.out.dtype, self.x, self.y, (self.row, self.column), self.lane,
            [(each, False) for each in loops], self.mask if masked else None,
            lambda each: (i64(0), i64(self.full if each is self.block else each.size)),
        )  # fmt: skip
        return accumulate(self.reader, loop, shape, start=start)

    def _elements(self, shape: tuple[int, int], body: Callable[[Any], None]) -> None:
        """`body(place)` for each element of a tile, its variables set."""
        code, env = self.code, self.reader.env

        def one(place: Any) -> None:
            env[self.row] = code.b.udiv(place, i64(shape[1]))
            env[self.column] = code.b.urem(place, i64(shape[1]))
            body(place)

        code.loop(i64(0), i64(shape[0] * shape[1]), 1, one)

    def _finish(self, value: Any) -> None:
        """The epilogue of a weight, given its sums in the lanes of a register."""
        total = combine_lanes(self.code, value, "sum", self.out.dtype)
        emit_epilogue(self.single, self.frame.kernel, self.index, total)

    def _at_once(self, height: int, across: int) -> None:
        shape = height, across
        totals = self._sums([self.block, self.i, self.j], shape, False)
        if self.mask is not None:
            self.reader.env[self.block] = i64(self.full)
            totals = self._sums([self.i, self.j], shape, True, totals)
        for place, total in enumerate(totals):
            self.store.put(place, total)
        self._elements(shape, lambda place: self._finish(self.store.get(place)))

    # Chunk by chunk

    def _kept(self) -> Any:
        """Where the sums of an element are kept."""
        at = physical(self.out, self.index, self.width)
        return self.code.b.mul(self.reader.scalar(at), i64(self.width))

    def _each_kept(self, shape: tuple[int, int]) -> Iterator[Any]:
        for r, c in itertools.product(*map(range, shape)):
            self.reader.env[self.row], self.reader.env[self.column] = i64(r), i64(c)
            yield self._kept()

    def _clear(self, height: int, across: int) -> None:
        code, dtype = self.code, self.out.dtype
        for place in self._each_kept((height, across)):
            code.store(code.const(0, dtype), self.pointer, dtype, place)

    def _in_chunks(self, first: int, end: int, masked: bool) -> None:
        """Add what these blocks of images give to all sums, a chunk at a time."""
        code, (image, y), height = self.code, self.out.inputs, self.i.size
        row = image.size // (image.shape[0] * image.shape[1]) + y.size // (y.shape[0] * height)
        vector, target = self.width * SIZES[image.dtype], self.frame.target
        # Rows come from the first-level cache where the sums come from the second.
        near = self.out.size * vector <= target.l2 // 2
        fitting = max(1, (target.l1 if near else target.l2_block) // (row * vector))
        blocks = max(1, fitting // height)
        rows = -(-height // -(-height // fitting))  # no chunk is much smaller than others

        def chunk(block: Any, i: Any) -> None:
            stops = block, i
            if blocks > 1 or rows > 1:
                stops = (
                    code.smaller(code.b.add(block, i64(blocks)), i64(end)),
                    code.smaller(code.b.add(i, i64(rows)), i64(height)),
                )
            self._over_units(lambda *shape: self._add((block, i), stops, shape, masked))

        def across(block: Any) -> None:
            code.loop(i64(0), i64(height), rows, lambda i: chunk(block, i))

        code.loop(i64(first), i64(end), blocks, across)

    def _add(
        self, starts: tuple[Any, Any], stops: tuple[Any, Any], shape: tuple[int, int], masked: bool
    ) -> None:
        """Add the sums over these blocks and rows to those in memory."""
        code, env, dtype = self.code, self.reader.env, self.out.dtype
        places = list(self._each_kept(shape))
        totals = [code.load(self.pointer, dtype, place) for place in places]

        def row(i: Any, *totals: Any) -> list[Any]:
            env[self.i] = i
            return self._sums([self.j], shape, masked, list(totals))

        def block(n: Any, *totals: Any) -> list[Any]:
            env[self.block] = n
            return code.loop(starts[1], stops[1], 1, row, totals)

        if starts == stops:  # one row
            env[self.block] = starts[0]
            totals = row(starts[1], *totals)
        else:
            totals = code.loop(starts[0], stops[0], 1, block, totals)
        for place, total in zip(places, totals, strict=True):
            code.store(total, self.pointer, dtype, place)

    def _combine(self, height: int, across: int) -> None:
        def element(_: Any) -> None:
            self._finish(self.code.load(self.pointer, self.out.dtype, self._kept()))

        self._elements((height, across), element)
