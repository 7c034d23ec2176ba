"""Matrix products: a tile of the result stays in registers while the inner axis goes by.

A tile has `rows` rows and `vectors` vectors of columns. In each step of the inner axis a few
vectors of y are loaded and each element of x is broadcast to multiply them all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grafito.engines.llvm.codegen import dot_bfloat16 as bfloat
from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.affine import (
    Affine,
    Gathered,
    Loop,
    var,
)
from grafito.engines.llvm.codegen.builder import (
    REGISTER,
    Builder,
    computed_in,
    i64,
)
from grafito.engines.llvm.codegen.elementwise_ops import OPS
from grafito.engines.llvm.codegen.frame import (
    emit_epilogue,
)
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.tile_loop import TileLoop
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.ir.target import Target
from grafito.graph.dtypes import is_floating

# What a step of a tile takes at least: its loads and products overlap with those of others.
SHORTEST_STEP = 4  # cycles
PRODUCTS_A_CYCLE = LOADS_A_CYCLE = 2
LOAD = 0.02  # cycles of a load beside products: it may wait for the cache
BETWEEN = 16  # cycles between two tiles


@dataclass(frozen=True)
class Tile:
    """How many rows, and how many vectors of columns."""

    rows: int
    vectors: int


def step_cycles(rows: int, vectors: int) -> float:
    """What a step of a tile takes: its products, its loads, and at least the delay of a product.

    Of tiles that take as long, the one with fewer loads is chosen.
    """
    products, loads = rows * vectors, rows + vectors
    least = max(products / PRODUCTS_A_CYCLE, loads / LOADS_A_CYCLE, SHORTEST_STEP)
    return least + LOAD * loads


def most_rows(target: Target, vectors: int) -> int:
    """Rows of a tile whose sums fit the registers, beside a row of y and an element of x."""
    return (target.registers - vectors - 1) // vectors


def best_tile(
    target: Target,
    rows: int,
    columns: int,
    lanes: int,
    depth: int = 0,
    registers: int | None = None,
    reuse: int = 0,
) -> Tile:
    """The tile that needs the fewest cycles: two products or two loads in each.

    Args:
        target: the CPU.
        rows: of the result.
        columns: of the result.
        lanes: columns in a vector.
        depth: steps of the inner axis; the vectors of a panel that is too long for the first-level
            cache come from the second.
        registers: for accumulators; all that the CPU has for them by default.
        reuse: bytes that a row of the tile reads before it comes back to the first of them; where
            those of all rows are too many for the first-level cache, they come from the second.
    """
    vectors, lanes_bytes = -(-columns // lanes), 4 * target.lanes
    between = BETWEEN / depth if depth else 0.0
    registers = registers or target.accumulators

    def cycles(tile: Tile) -> float:
        total = 0.0
        for height, count in loop_nest.pieces(rows, tile.rows):
            for breadth, times in loop_nest.pieces(vectors, tile.vectors):
                step = step_cycles(height, breadth)
                if height * reuse > target.l1_panel:
                    step = max(step, height * lanes_bytes / target.l2_rate)
                if depth * breadth * 64 > target.l1_panel:
                    step = max(step, breadth * 64 / target.l2_rate) + 2 * LOAD * breadth
                total += count * times * (step + between)
        return total

    heights = {
        v: min(rows, registers // v, most_rows(target, v))
        for v in range(1, min(vectors, registers // 2) + 1)
    }
    options = [Tile(height, v) for v, height in heights.items() if height > 0]
    return min(options, key=cycles)


def multiply_add(code: Builder, dtype: str, x: Any, y: Any, total: Any) -> Any:
    """The sum total + x y."""
    if is_floating(dtype):
        return code.fma(x, y, total)
    return OPS["add"](code, dtype, total, OPS["multiply"](code, dtype, x, y))


class TileStore:
    """Where tiles wait for what follows them: a block of memory in the cache.

    The results that follow are computed by one loop over the tile, so that their code is there
    once, however many registers the tile has.

    Args:
        code: where to emit.
        dtype: of the sums.
        vectors: how many there are in a tile.
        memory: for more tiles than one; `first` is then the vector that the tile begins with.
    """

    def __init__(self, code: Builder, dtype: str, vectors: int, memory: Any = None):
        self.code = code
        kind = code.vector(REGISTER[dtype])
        self.kind = kind
        self.first: Any = None
        self.memory = memory if memory is not None else code.b.alloca(kind, vectors)
        if memory is None:
            self.memory.align = 64

    def at(self, place: Any) -> Any:
        if self.first is not None:
            place = self.code.b.add(self.first, place)
        return self.code.b.gep(self.memory, [place], source_etype=self.kind)

    def put(self, place: int, value: Any) -> None:
        self.code.b.store(value, self.at(i64(place)))

    def get(self, place: Any) -> Any:
        return self.code.b.load(self.at(place), typ=self.kind)


def whole_index(
    node: Node, index: tuple[Affine, ...], first: Affine, second: Affine
) -> tuple[Affine, ...]:
    """The index with the matrix axes in place, also where they have one element."""
    return (
        *index[:-2],
        first if node.shape[-2] != 1 else index[-2],
        second if node.shape[-1] != 1 else index[-1],
    )


def accumulate(
    reader: Reader,
    loop: TileLoop,
    shape: tuple[int, int],
    tail: int = 0,
    start: Sequence[Any] | None = None,
) -> list[Any]:
    """The sums of a tile over the inner loops, row by row.

    Args:
        reader: of the kernel; its loop variables outside of the tile are set.
        loop: operands and loops.
        shape: rows and columns of the tile.
        tail: lanes of the last column's operand; 0 for all.
        start: what the sums begin with; 0 by default.
    """
    code, (row, column), lane = reader.code, loop.tile, loop.lane
    if bfloat.adds_pairs(code, loop.x[0], loop.y[0]):
        return bfloat.accumulate(reader, loop, shape, tail, start)
    height, across = shape
    operand = computed_in(loop.dtype)
    last = code.mask(i64(tail)) if tail else None
    (source, place), begin = loop.x, Loop(1)
    fixed, moving = place.divide(lambda v: _gathered_outside(v, loop))
    begins = []
    for r in range(height):
        reader.env[row] = i64(r)
        reader.start()
        begins.append(reader.scalar(fixed))
    place = moving + var(begin) if fixed.terms else moving

    def step(totals: Sequence[Any]) -> list[Any]:
        reader.lane = lane if code.lanes > 1 else None
        reader.env[lane] = i64(0)
        every = loop.mask() if loop.mask is not None else None
        columns = []
        for c in range(across):
            reader.env[column] = i64(c)
            reader.mask = last if tail and c == across - 1 else every
            reader.start()
            columns.append(reader.load(*loop.y))
        reader.mask = every
        new = []
        for r in range(height):
            reader.env[row], reader.env[begin] = i64(r), begins[r]
            reader.start()
            element = reader.load(source, place)
            for c in range(across):
                total = totals[r * across + c]
                new.append(multiply_add(code, operand, element, columns[c], total))
        reader.mask = None
        return new

    zero = code.const(0, operand)
    before = start or [zero] * (height * across)
    totals = loop_nest.walk(code, reader.env, loop.inner, loop.bounds, step, before)
    if loop.dtype == "bfloat16":
        return [code.round_bfloat16(x) for x in totals]
    return list(totals)


def _gathered_outside(variable: Any, loop: TileLoop) -> bool:
    """Whether a variable of an address is read from memory, and the same in all steps."""
    return isinstance(variable, Gathered) and not any(
        variable.at.depends(inner) for inner in (loop.lane, *(each for each, _ in loop.inner))
    )


@dataclass(frozen=True)
class TileEpilogue:
    """What follows the sums of a tile: one loop over its rows and columns.

    Attributes:
        kernel: its results.
        index: of an element of the tile in the results.
        tile: the variables that count rows and columns.
        lane: the variable of the lanes.
        store: where the sums are spilled.
        mask: emits which lanes there are in every column; None for all.
    """

    kernel: Kernel
    index: tuple[Affine, ...]
    tile: tuple[Loop, Loop]
    lane: Loop
    store: TileStore
    mask: Callable[[], Any] | None = None

    def of_registers(self, reader: Reader, totals: Sequence[Any], across: int) -> None:
        """The epilogue of sums in registers, `across` to a row."""
        for place, total in enumerate(totals):
            self.store.put(place, total)
        self.of_store(reader, (len(totals) // across, across))

    def of_store(self, reader: Reader, shape: tuple[int, int], tail: int = 0) -> None:
        """The epilogue of sums that are spilled.

        Args:
            reader: of the kernel.
            shape: rows and columns of the tile.
            tail: lanes of the last column; 0 for all.
        """
        code, (height, across) = reader.code, shape
        full = across - 1 if tail else across

        def line(r: Any) -> None:
            code.loop(i64(0), i64(full), 1, lambda c: self._one(reader, r, c, across, self.mask))
            if tail:
                last = functools.partial(code.mask, i64(tail))
                self._one(reader, r, i64(full), across, last)

        code.loop(i64(0), i64(height), 1, line)

    def _one(
        self, reader: Reader, r: Any, c: Any, across: int, mask: Callable[[], Any] | None
    ) -> None:
        code, (row, column) = reader.code, self.tile
        reader.env[row], reader.env[column], reader.env[self.lane] = r, c, i64(0)
        reader.lane = self.lane if code.lanes > 1 else None
        reader.mask = mask() if mask is not None else None
        place = code.b.add(code.b.mul(r, i64(across)), c)
        emit_epilogue(reader, self.kernel, self.index, self.store.get(place))
        reader.mask = None


def in_pieces(
    code: Builder, position: Any, loop: Loop, size: int, piece: int, body: Callable[[int], None]
) -> None:
    """`body(length)` for one piece of an axis; the last piece may be shorter than the others."""
    rest = size - (loop.size - 1) * piece
    if rest == piece or loop.size == 1:
        body(rest)
        return
    whole = code.b.icmp_signed("<", position, i64(loop.size - 1))
    with code.b.if_else(whole) as (then, otherwise):
        with then:
            body(piece)
        with otherwise:
            body(rest)
