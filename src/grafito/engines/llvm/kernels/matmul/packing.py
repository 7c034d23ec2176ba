"""Packing operands of a product into panels, in the order in which they are read.

A panel has the columns of one tile: its vectors follow each other, row after row. So a matrix that
is read by columns, or whose rows are far apart in memory, costs one copy instead of a cache miss in
every step.
"""

from __future__ import annotations

import functools
from typing import Any

from grafito.engines.llvm.codegen.affine import Affine, Loop, var
from grafito.engines.llvm.codegen.builder import SIZES, i64
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.transpose import transpose
from grafito.engines.llvm.ir.nodes import Node

LINE = 64  # bytes of a line of the cache


class PackedBlock:
    """Blocks of a matrix, packed in the scratch memory of a thread.

    Args:
        reader: loads the vectors; it is given the pointer to the packed panels.
        source: the buffer and the address in it of an element.
        rows: the variable of its rows, and how many there are in a block.
        columns: the variables of panel, vector and lane that the address has.
        piece: columns of a panel, and `width`, those of the matrix.
        group: panels in a block.
        memory: where the panels go.

    Attributes:
        node: stands for the packed panels.
        ahead: columns by which a row that is copied prefetches what follows of it; 0 for none.
        at: the address of an element in them, in the variables of the source.
    """

    def __init__(
        self,
        reader: Reader,
        source: tuple[Node, Affine],
        rows: tuple[Loop, int],
        columns: tuple[Loop, Loop, Loop],
        piece: tuple[int, int],
        group: int,
        memory: Any,
    ):
        self.reader = reader
        self.buffer, self.place = source
        (k, depth), self.columns = rows, columns
        self.k = k
        wide, vector, lane = columns
        self.lanes = reader.code.lanes
        (piece_, self.width), breadth = piece, vector.size * self.lanes
        depth = -(-depth // self.lanes) * self.lanes
        self.column = var(wide) * piece_ + var(vector) * self.lanes + var(lane)
        self.whole = max(0, (self.width - breadth) // piece_ + 1)  # panels whose vectors are full
        self.ragged = self.whole < -(-self.width // piece_)
        self.ahead = 0
        # With an odd number of lines between them panels meet in no set of the cache.
        line = LINE // SIZES[self.buffer.dtype]
        # A row of one vector is written before the next row, over the lanes that it has too many.
        stride = piece_ if vector.size == 1 else breadth
        panel = (-(-(depth * stride + self.lanes) // line) | 1) * line
        self.node = Node.make("work", (), (group * panel,), self.buffer.dtype)
        self.first_row, self.first_panel = Loop(1), Loop(1)
        row = (var(k) + var(self.first_row) * -1) * stride
        self.at = (var(wide) + var(self.first_panel) * -1) * panel + row
        self.at += var(vector) * self.lanes + var(lane)
        reader.pointers[self.node] = memory

    def fill(self, rows: tuple[Any, Any], panels: tuple[Any, Any]) -> None:
        """Copy the block of these rows and panels, each given by begin and end."""
        reader, code, (wide, vector, lane) = self.reader, self.reader.code, self.columns
        env, lanes = reader.env, self.lanes
        env[self.first_row], env[self.first_panel] = rows[0], panels[0]
        before = dict(env)
        transposed = self.place.coefficient(lane) != 1 and self.place.coefficient(self.k) == 1

        def copy(k: Any, ragged: bool) -> None:
            """A row of a panel."""
            for v in range(vector.size):
                env[vector], env[self.k], env[lane], reader.lane = i64(v), k, i64(0), lane
                if ragged:
                    reader.mask = code.mask(code.b.sub(i64(self.width), reader.scalar(self.column)))
                reader.start()
                value = reader.load(self.buffer, self.place)
                reader.mask = None
                reader.store(value, self.node, self.at)
            if self.ahead:
                env[vector], env[lane] = i64(0), i64(self.ahead)
                at = reader.scalar(self.place)
                code.prefetch(reader.pointers[self.buffer], self.buffer.dtype, at)

        def iteration(k: Any) -> None:
            """A square of as many rows as a vector has lanes."""
            env[self.k], reader.lane = k, self.k
            below, lines = code.mask(code.b.sub(rows[1], k)), []
            env[lane] = i64(0)
            if self.ragged:  # the lane of the last column, if it is here
                last = code.b.sub(i64(self.width - 1), reader.scalar(self.column))
            for n in range(lanes):
                env[lane] = i64(n)
                reader.mask = below
                if self.ragged:
                    exists = code.b.icmp_signed("<=", i64(n), last)
                    reader.mask = code.b.and_(below, code.splat(exists))
                    if self.place.gathered():  # the table ends with the last column
                        env[lane] = code.smaller(i64(n), last)
                reader.start()
                lines.append(reader.load(self.buffer, self.place))
                if not self.place.gathered():  # there may be no such place in the table
                    env[lane] = i64(n + lanes)
                    at = reader.scalar(self.place)
                    code.prefetch(reader.pointers[self.buffer], self.buffer.dtype, at)
            env[lane], reader.lane, reader.mask = i64(0), lane, None
            for n, line in enumerate(transpose(code, lines)):
                env[self.k] = code.b.add(k, i64(n))
                reader.store(line, self.node, self.at)

        def by_columns(p: Any) -> None:
            env[wide] = p

            def squares(v: Any) -> None:
                env[vector] = v
                code.loop(*rows, lanes, iteration)

            code.loop(i64(0), i64(vector.size), 1, squares)

        def by_rows(k: Any) -> None:
            def panel(p: Any, ragged: bool = False) -> None:
                env[wide] = p
                copy(k, ragged)

            code.loop(panels[0], full, 1, panel)
            if self.ragged:
                code.loop(full, panels[1], 1, functools.partial(panel, ragged=True))

        full = panels[1]
        if self.ragged:  # the first panel whose vectors are not full, of those that are packed
            for limit, order in ((i64(self.whole), "<"), (panels[0], ">")):
                full = code.b.select(code.b.icmp_signed(order, full, limit), full, limit)
        if transposed:
            code.loop(*panels, 1, by_columns)
        else:
            code.loop(*rows, 1, by_rows)
        env.update(before)
