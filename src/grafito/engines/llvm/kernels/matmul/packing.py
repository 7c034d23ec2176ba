"""Packing operands of a product into panels, in the order in which they are read.

A panel has the columns of one tile: its vectors follow each other, row after row. So a matrix that
is read by columns, or whose rows are far apart in memory, costs one copy instead of a cache miss in
every step.
"""

from __future__ import annotations

from typing import Any

from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    i64,
)
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.transpose import transpose
from grafito.engines.llvm.ir.nodes import Node


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
        self.ragged = piece_ != breadth or self.width % breadth != 0
        self.node = Node.make("work", (), (group * depth * breadth,), self.buffer.dtype)
        self.first_row, self.first_panel = Loop(1), Loop(1)
        panel = (var(wide) + var(self.first_panel) * -1) * depth
        row = var(k) + var(self.first_row) * -1
        self.at = (panel + row) * breadth + var(vector) * self.lanes + var(lane)
        reader.pointers[self.node] = memory

    def fill(self, rows: tuple[Any, Any], panels: tuple[Any, Any]) -> None:
        """Copy the block of these rows and panels, each given by begin and end."""
        reader, code, (wide, vector, lane) = self.reader, self.reader.code, self.columns
        env, lanes = reader.env, self.lanes
        env[self.first_row], env[self.first_panel] = rows[0], panels[0]
        before = dict(env)
        transposed = self.place.coefficient(lane) != 1 and self.place.coefficient(self.k) == 1

        def copy(k: Any) -> None:
            """One vector of a row."""
            env[self.k], env[lane], reader.lane = k, i64(0), lane
            if self.ragged:
                reader.mask = code.mask(code.b.sub(i64(self.width), reader.scalar(self.column)))
            reader.start()
            value = reader.load(self.buffer, self.place)
            reader.mask = None
            reader.store(value, self.node, self.at)

        def iteration(k: Any) -> None:
            """A square of as many rows as a vector has lanes."""
            env[self.k], reader.lane = k, self.k
            below, lines = code.mask(code.b.sub(rows[1], k)), []
            for n in range(lanes):
                env[lane] = i64(n)
                reader.mask = below
                if self.ragged:
                    column = reader.scalar(self.column)
                    exists = code.b.icmp_signed("<", column, i64(self.width))
                    reader.mask = code.b.and_(below, code.splat(exists))
                reader.start()
                lines.append(reader.load(self.buffer, self.place))
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
            def panel(p: Any) -> None:
                env[wide] = p
                for v in range(vector.size):
                    env[vector] = i64(v)
                    copy(k)

            code.loop(*panels, 1, panel)

        if transposed:
            code.loop(*panels, 1, by_columns)
        else:
            code.loop(*rows, 1, by_rows)
        env.update(before)
