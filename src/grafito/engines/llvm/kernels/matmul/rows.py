"""Matrix products by rows: blocks of the operands stay in the caches, tiles in registers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import address, broadcast_index
from grafito.engines.llvm.codegen.affine import Affine, Loop, var
from grafito.engines.llvm.codegen.builder import I8, SIZES, Builder, i64
from grafito.engines.llvm.codegen.frame import Compiled, Frame, emit_epilogue, outlined
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.tile import (
    TileStore,
    accumulate,
    best_tile,
    in_pieces,
    whole_index,
)
from grafito.engines.llvm.codegen.tile_loop import TileLoop
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.kernels.matmul.inner_loops import InnerLoops
from grafito.engines.llvm.kernels.matmul.packing import LINE, PackedBlock
from grafito.engines.llvm.kernels.matmul.remainder import Remainder, columns_apart

DEPTH = 560  # steps of the inner axis after which the sums of all tiles are spilled
UNITS = 16  # parts of a product that threads can share out
LARGE = 12 << 20  # bytes; larger results exceed the caches and are written row by row
STRIPS = 16  # rows of tiles for which x is packed at once
REUSE = 4  # panels that must read a packed x again
BAND = 64  # rows for which packing the other operand pays
STREAMS = 8  # rows in memory that a CPU prefetches side by side
STREAM_UNITS = 4  # parts of such rows, which are long

Span = tuple[Any, Any]  # where a loop begins and ends


def matmul(frame: Frame) -> Compiled:
    """The product x @ y, batched over leading axes; results of the same shape may follow it."""
    return Product(frame).emit()


class Product:
    """The loops of one product.

    A work unit is a band of rows times a group of panels of columns. Its outermost loop runs over
    blocks of the inner axis: a block of y stays in the second-level cache while all rows of the
    band use it. With several blocks the sums are spilled to scratch memory. A panel in the
    first-level cache is used by all rows before the next panel.
    """

    def __init__(self, frame: Frame):
        self.frame, self.out = frame, frame.out
        out, (x, y), width = frame.out, frame.out.inputs, frame.width
        self.x, self.y = x, y
        self.rows, self.columns, self.inner = out.shape[-2], out.shape[-1], x.shape[-1]
        self.lanes = loop_nest.vector_lanes(self.columns, width)
        self.code = frame.code(self.lanes)
        self.reader = frame.reader(self.code)
        self.split = x.kind == "transpose" and x.inputs[0].lanes
        self.element = SIZES[out.dtype]
        self.batch, self.batch_index = loop_nest.own_index(out.shape[:-2], False, width)
        apart = columns_apart(self)
        self.whole = self.columns - apart  # columns of the panels
        registers = frame.target.product_accumulators * 4 // max(self.element, 4)
        self.tile = best_tile(
            frame.target, max(self.rows, 1), max(self.whole, 1), self.lanes, self.inner, registers
        )
        self.breadth = self.tile.vectors * self.lanes
        self.tall, self.wide = (
            Loop(-(-self.rows // self.tile.rows)),
            Loop(-(-self.whole // self.breadth)),
        )
        self.k = Loop(self.inner // width if self.split else self.inner)
        self.block, self.part = Loop(1), Loop(width)
        self.row, self.vector, self.lane = (
            Loop(self.tile.rows), Loop(self.tile.vectors), Loop(self.lanes)
        )  # fmt: skip
        self._place()
        self._block()
        self.remainder = Remainder(self, apart) if apart else None

    def at(self, operand: Node, first: Affine, second: Affine) -> tuple[Node, Affine]:
        """The buffer of an operand and the address of an element in it."""
        index = broadcast_index(operand, (*self.batch_index, first, second))
        index = whole_index(operand, index, first, second)
        return address(operand, index, self.frame.width, self.frame.materialized)

    def _place(self) -> None:
        """Where operands and results are."""
        i = var(self.tall) * self.tile.rows + var(self.row)
        j = var(self.wide) * self.breadth + var(self.vector) * self.lanes + var(self.lane)
        k = var(self.k) * self.frame.width + var(self.part) if self.split else var(self.k)
        self.x_at, self.y_at = self.at(self.x, i, k), self.at(self.y, k, j)
        self.index = tuple(
            a if n != 1 else Affine()
            for a, n in zip((*self.batch_index, i, j), self.out.shape, strict=True)
        )

    def _block(self) -> None:
        """Sizes of the blocks, and which operands are packed."""
        target = self.frame.target
        by_pairs = "bfloat16" in (self.out.dtype, self.y_at[0].dtype)
        # Both operands are read where they are, in one loop over the whole inner axis.
        self.unpacked = unpacked = self.split or by_pairs
        transposed = self.y_at[1].coefficient(self.lane) != 1 and self.lanes > 1
        transposed = transposed and self.y_at[1].coefficient(self.k) == 1
        large = self.inner * self.columns * self.element >= LARGE
        several, panel_row = self.wide.size > 1, self.breadth * self.element
        long = min(self.inner, DEPTH) * panel_row > target.l1_panel // 4
        misses = long and self._misses(self.y_at, several)
        shares = long and several and self._shares_lines()
        pays = transposed or ((misses or shares) and self.rows >= BAND // 2)
        self.packs_y = pays and not unpacked
        # Panels that come from memory by way of a prefetch stay in the first-level cache: it waits
        # for few lines at a time.
        near = self.packs_y and self.rows <= 2 * BAND and not (transposed and large)
        depth = max(target.l1_panel // panel_row, 1) if near else DEPTH
        one_block = unpacked or self.inner <= depth * 3 // 2
        self.blocks = 1 if one_block else -(-self.inner // depth)
        self.depth = -(-self.inner // self.blocks) if self.inner else 1
        if self.whole < self.columns and self.blocks > 1:  # lanes may be steps of a block
            self.depth = -(-self.depth // self.lanes) * self.lanes
            self.blocks = -(-self.inner // self.depth)
        self.group = max(1, min(target.l2_block // (self.depth * panel_row), self.wide.size))
        self.transposes = transposed and self.packs_y
        few = self.rows < BAND // 2 and self.wide.size > self.group
        if large and few and not (transposed or unpacked):
            # Few rows use each element of y once or twice: it is read as it lies in memory.
            self.blocks = -(-self.inner // STREAMS)
            self.depth = -(-self.inner // self.blocks)
            self.group = -(-self.wide.size // STREAM_UNITS)
        ahead = large if transposed else misses
        self.prefetches_y = self.packs_y and ahead and not self.y_at[1].gathered()
        results = sum(n.size for n in {*self.frame.buffers} if n.shape == self.out.shape)
        strided = self.x_at[1].coefficient(self.row) == 1 and self.x_at[1].coefficient(self.k) != 1
        one_vector = self.tile.rows <= self.frame.width  # of rows, so that it is copied as one
        far = self._reads_lines_again() or self._misses(self.x_at, False)
        self.packs_x = strided and one_vector and not unpacked and far
        if self.packs_y and not self.packs_x and self.rows < UNITS * BAND:
            # Threads share out columns: bands of few rows would pack the same panels again.
            batches = loop_nest.product(self.batch)
            self.group = max(1, min(self.group, self.wide.size * batches // UNITS))
        self.by_columns = self.blocks == 1 and results * self.element < LARGE
        self._share(loop_nest.product(self.batch))

    def _share(self, batches: int) -> None:
        """Choose bands of rows and groups of panels so that threads have equal work."""
        groups = max(-(-self.wide.size // self.group), 1)
        bands = min(-(-UNITS // max(groups * batches, 1)), self.tall.size)
        if self.packs_y or self.blocks > 1:
            bands = max(1, min(bands, self.rows // BAND))
        elif not self.packs_x and bands * groups * batches < UNITS:
            groups = max(groups, min(-(-UNITS // max(bands * batches, 1)), self.wide.size))
        if self.whole < self.columns:  # each band packs the other columns of y
            bands = max(1, min(bands, self.rows // self.lanes))
        self.bands, self.groups = Loop(bands), Loop(groups)
        self.band, self.group = -(-self.tall.size // max(bands, 1)), -(-self.wide.size // groups)

    def _misses(self, operand: tuple[Node, Affine], in_part: bool) -> bool:
        """Whether reading an operand where it is misses the cache.

        Its rows do where they meet in a set of the cache, or where they are long and read in part.
        """
        row, target = abs(operand[1].step(self.k)) * self.element, self.frame.target
        long = row * self.inner > 4 * target.l2_block
        return (in_part and long) or (row > 0 and row % target.alias == 0)

    def _reads_lines_again(self) -> bool:
        """Whether a strided x comes from the second-level cache for several panels.

        Each step reads a line of it, which packing replaces by a few numbers in a row. That pays
        sooner where tiles are high, since a number that is copied costs less then, and where the
        lines are those of examples that a step selects.
        """
        high = 2 * self.tile.rows * self.element >= LINE
        least = self.frame.target.l2 // (4 if high or self.x_at[1].gathered() else 2)
        return self.group >= REUSE and self.depth * self.rows * self.element > least

    def _shares_lines(self) -> bool:
        """Whether narrow panels begin within a line of the cache, so that two panels read it."""
        row = abs(self.y_at[1].step(self.k)) * self.element
        return self.lanes * self.element < LINE and row % LINE != 0

    def emit(self) -> Compiled:
        """The function."""
        frame, code, out = self.frame, self.code, self.out
        vectors = self.tile.rows * self.tile.vectors
        talls = self.band if self.blocks > 1 else 1  # rows of tiles that wait
        scratch = talls * self.group * vectors * self.lanes * self.element
        self.store = TileStore(code, out.dtype, vectors, frame.scratch)
        self.panels = self.strips = None
        if self.packs_y:
            self.panels = self._copies(
                self.reader, self.y_at, (self.wide, self.vector, self.lane),
                (self.breadth, self.whole), self.group, scratch,
            )  # fmt: skip
            scratch += self.panels.node.size * self.element
        if self.packs_x:
            reader = frame.reader(
                Builder.on(code, loop_nest.vector_lanes(self.tile.rows, frame.width))
            )
            reader.env, reader.pointers = self.reader.env, self.reader.pointers
            self.strips = self._copies(
                reader, self.x_at, (self.tall, Loop(1), self.row),
                (self.tile.rows, self.rows), STRIPS, scratch,
            )  # fmt: skip
            self.strips.ahead = STRIPS * self.tile.rows
            scratch += self.strips.node.size * self.element
        if self.remainder is not None:
            self.remainder.reserve(scratch)
            scratch += self.remainder.size
        units = loop_nest.product([*self.batch, self.groups, self.bands]) if out.size else 0
        if units:
            code.loop(frame.begin, frame.end, 1, self._unit)
        return frame.finish(code, units, 2.0 * out.size * self.inner / 16, scratch)

    def _copies(
        self, reader: Reader, source: tuple[Node, Affine], columns: tuple[Loop, Loop, Loop],
        piece: tuple[int, int], group: int, offset: int,
    ) -> PackedBlock:  # fmt: skip
        """A packed operand, at an offset in bytes in the scratch memory."""
        memory = self.code.b.gep(self.frame.scratch, [i64(offset)], source_etype=I8)
        return PackedBlock(reader, source, (self.k, self.depth), columns, piece, group, memory)

    def _unit(self, u: Any) -> None:
        code, env = self.code, self.reader.env
        loop_nest.unflatten(code, u, [*self.batch, self.groups, self.bands], env)
        talls = self.span(self.bands, self.tall.size)
        wides = self.span(self.groups, self.wide.size)

        def block(n: Any) -> None:
            env[self.block] = n
            size = self.inner // self.frame.width if self.split else self.inner
            rows = self._steps(n, size)
            x_at, y_at = self.x_at, self.y_at
            if self.panels is not None:
                self.panels.fill(rows, wides)
                y_at = self.panels.node, self.panels.at
            if self.strips is not None:
                x_at = self.strips.node, self.strips.at

            if self.remainder is not None:
                self.remainder.begin(n, talls, wides, rows)

            def tile(t: Any, w: Any) -> None:
                env[self.tall] = t
                self._tile_at(t, w, rows, (x_at, y_at))

            def row(t: Any) -> None:
                if self.strips is not None:
                    self._pack_x(self.strips, t, talls, rows)
                code.loop(*wides, 1, lambda w: tile(t, w))
                if self.blocks == 1:
                    self._finish(t, wides)
                else:
                    last = code.b.icmp_signed("==", n, i64(self.blocks - 1))
                    code.when(last, lambda: self._finish(t, wides))

            if self.by_columns:
                self._columns(tile, rows, talls, wides)
            else:
                code.loop(*talls, 1, row)

        if self.blocks == 1:
            block(i64(0))
        else:
            code.loop(i64(0), i64(self.blocks), 1, block)

    def _columns(
        self, tile: Callable[[Any, Any], None], rows: Span, talls: Span, wides: Span
    ) -> None:
        """The tiles of a block, column after column; strip by strip where x is packed."""
        code, strips = self.code, self.strips

        def one(t: Any, w: Any) -> None:
            tile(t, w)
            self._finish(t, (w, code.b.add(w, i64(1))))

        def of(talls: Span) -> None:
            code.loop(*wides, 1, lambda w: code.loop(*talls, 1, lambda t: one(t, w)))

        def strip(packed: PackedBlock, t: Any) -> None:
            end = self.code.smaller(code.b.add(t, i64(STRIPS)), talls[1])
            packed.fill(rows, (t, end))
            of((t, end))

        if strips is None:
            of(talls)
        else:
            code.loop(*talls, STRIPS, functools.partial(strip, strips))

    def _point_to_spill(self, t: Any, w: Any) -> None:
        """Point the store to the place where a tile is spilled."""
        code = self.code
        place = code.b.sub(w, self.span(self.groups, self.wide.size)[0])
        if self.blocks > 1:
            before = code.b.sub(t, self.span(self.bands, self.tall.size)[0])
            place = code.b.add(code.b.mul(before, i64(self.group)), place)
        self.store.first = code.b.mul(place, i64(self.tile.rows * self.tile.vectors))

    def _finish(self, t: Any, wides: tuple[Any, Any]) -> None:
        """The epilogue of a row of tiles, row by row, in the order of the results in memory."""
        code, reader, lanes = self.code, self.reader, self.lanes
        env, b = reader.env, self.code.b

        left = b.sub(i64(self.rows), b.mul(t, i64(self.tile.rows)))

        def row(r: Any) -> None:
            def panel(w: Any) -> None:
                env[self.wide] = w
                begin = b.mul(w, i64(self.breadth))
                stop = self.code.smaller(b.add(begin, i64(self.breadth)), i64(self.whole))
                across = b.sdiv(b.add(b.sub(stop, begin), i64(lanes - 1)), i64(lanes))
                self._point_to_spill(t, w)

                def vector(column: Any, mask: Any) -> None:
                    v = b.sdiv(b.sub(column, begin), i64(lanes))
                    env[self.row], env[self.vector], env[self.lane] = r, v, i64(0)
                    reader.lane = self.lane if lanes > 1 else None
                    reader.mask = mask
                    if self.remainder is not None and mask is not None:
                        total = self.remainder.get()
                    else:
                        total = self.store.get(b.add(b.mul(r, across), v))
                    emit_epilogue(reader, self.frame.kernel, self.index, total)
                    reader.mask = None

                if self.remainder is not None:
                    last = b.icmp_signed("==", stop, i64(self.whole))
                    stop = b.select(last, i64(self.columns), stop)
                code.vectors(begin, self.columns, stop, vector)

            code.loop(*wides, 1, panel)

        code.loop(i64(0), self.code.smaller(left, i64(self.tile.rows)), 1, row)

    def _tile_at(self, t: Any, w: Any, steps: tuple[Any, Any], operands: Any) -> None:
        """The tile at this place, full or partial at an edge."""
        code = self.code
        self.reader.env[self.wide] = w
        self._point_to_spill(t, w)
        in_tile = self.remainder is not None and not self.remainder.strided
        in_pieces(
            code, w, self.wide, self.columns if in_tile else self.whole, self.breadth,
            lambda count: in_pieces(
                code, t, self.tall, self.rows, self.tile.rows,
                lambda height: self._tile(height, count, steps, operands),
            ),
        )  # fmt: skip

    def _pack_x(
        self, strips: PackedBlock, t: Any, talls: tuple[Any, Any], steps: tuple[Any, Any]
    ) -> None:
        """Pack the next rows of x once the packed ones are consumed."""
        b = self.code.b
        done = b.urem(b.sub(t, talls[0]), i64(STRIPS))
        end = self.code.smaller(b.add(t, i64(STRIPS)), talls[1])
        self.reader.env[strips.columns[1]] = i64(0)
        self.code.when(
            b.icmp_signed("==", done, i64(0)),
            lambda: strips.fill(steps, (t, end)),
        )
        self.reader.env[strips.first_panel] = b.sub(t, done)

    def _steps(self, n: Any, size: int) -> Span:
        """Begin and end of a block of the inner axis."""
        if self.blocks == 1:
            return i64(0), i64(size)
        begin = self.code.b.mul(n, i64(self.depth))
        end = self.code.b.add(begin, i64(self.depth))
        return begin, self.code.smaller(end, i64(size)) if size % self.depth else end

    def span(self, pieces: Loop, size: int, reader: Reader | None = None) -> Span:
        """Begin and end of a piece of an axis; pieces differ by one at most.

        Args:
            pieces: the variable that counts them.
            size: of the axis.
            reader: of the function of a tile, where it is emitted there.
        """
        if pieces.size <= 1:
            return i64(0), i64(size)
        reader = reader or self.reader
        b, n = reader.code.b, reader.env[pieces]
        begin, end = (b.mul(at, i64(size)) for at in (n, b.add(n, i64(1))))
        return b.udiv(begin, i64(pieces.size)), b.udiv(end, i64(pieces.size))

    def _tile(self, height: int, count: int, steps: tuple[Any, Any], operands: Any) -> None:
        """A tile of this height and number of columns, for one block of the inner axis."""
        across, tail = -(-count // self.lanes), count % self.lanes
        apart = tail if self.remainder is not None else 0
        if apart:
            across, tail = across - 1, 0
        copies = [c for c in (self.panels, self.strips) if c is not None]
        loops = [*self.batch, self.groups, self.bands, self.block, self.tall, self.wide]
        loops += [loop for c in copies for loop in (c.first_row, c.first_panel)]
        loops += [self.remainder.base] if self.remainder is not None else []
        loops += [c.columns[1] for c in copies if c is self.strips]

        def body(reader: Reader, memory: Any, *steps: Any) -> None:
            store = TileStore(reader.code, self.out.dtype, 0, memory)
            start = None
            if self.blocks > 1:
                b = reader.code.b
                first = b.icmp_signed("==", reader.env[self.block], i64(0))
                zero = reader.code.const(0, self.out.dtype)
                start = [b.select(first, zero, store.get(i64(n))) for n in range(height * across)]
            inner, bounds = InnerLoops(self, reader, (height, across)).emit(steps)
            loop = TileLoop(
                self.out.dtype, operands[0], operands[1], (self.row, self.vector), self.lane,
                inner, bounds=bounds,
            )  # fmt: skip
            totals = accumulate(reader, loop, (height, across), 0 if self.packs_y else tail, start)
            for place, total in enumerate(totals):
                store.put(place, total)
            if apart and self.remainder is not None:
                self.remainder.of_tile(reader, height, steps)

        outlined(self.frame, self.reader, loops, [self.store.at(i64(0)), *steps], body)
