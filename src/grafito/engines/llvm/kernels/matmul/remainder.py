"""The columns of a product beyond whole vectors, where they are few.

A vector of them would have most lanes without use: of 100 columns, 4 are in a seventh vector of 16.
So other numbers are in the lanes, those that are neighbours in memory: rows of x, or steps of the
inner axis, whose sums are added up at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafito.engines.llvm.codegen.affine import Affine, Loop, var
from grafito.engines.llvm.codegen.builder import I8, Builder, i64
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.tile import accumulate
from grafito.engines.llvm.codegen.tile_loop import TileLoop
from grafito.engines.llvm.codegen.transpose import interleave, sums_of_lanes, transpose
from grafito.engines.llvm.ir.nodes import Node

if TYPE_CHECKING:
    from grafito.engines.llvm.kernels.matmul.rows import Product, Span

VECTORS = 2  # of rows, whose sums are made side by side
MOST_IN_STEPS = 4  # columns; the sums of each are one register for a row
SHORTEST = 64  # steps for which it pays


def columns_apart(product: Product) -> int:
    """How many columns of a product are summed up in another way; 0 where that does not pay."""
    p, row, k = product, Loop(product.rows), Loop(product.inner)
    rest = p.columns % p.lanes
    plain = {p.out.dtype, p.x.dtype, p.y.dtype} in ({"float32"}, {"float64"})
    several = p.columns > p.lanes == p.frame.width
    long = p.rows >= VECTORS * p.lanes and p.inner >= SHORTEST
    if not (rest and plain and several and long) or _in_lanes(p.x) or _in_lanes(p.y):
        return 0
    most = p.lanes // (2 if p.columns >= 2 * p.lanes else 4)
    _, place = p.at(p.x, var(row), var(k))
    if place.coefficient(row) != 1:
        in_steps = place.coefficient(k) == 1 and "any_order" in p.out.attributes
        most = min(most, MOST_IN_STEPS) if in_steps else 0
    return rest if rest <= most else 0


def _in_lanes(x: Node) -> bool:
    """Whether an operand is a view of what is stored with images as lanes."""
    while x.moves and not x.lanes:
        x = x.inputs[0]
    return x.lanes


class Remainder:
    """The sums of these columns for the rows of a band; they wait in scratch memory.

    Attributes:
        count: of the columns.
        strided: whether lanes are rows of x; else they are steps of the inner axis.
        size: bytes of scratch memory.
    """

    def __init__(self, product: Product, count: int):
        self.product, self.count = product, count
        p, lanes = product, product.lanes
        self.strided = p.x_at[1].coefficient(p.row) == 1
        self.rows = VECTORS * lanes  # in a group
        self.base, self.first = Loop(p.rows), Loop(p.rows)
        self.column, self.vector, self.step, self.lane = (
            Loop(count), Loop(VECTORS), Loop(-(-p.inner // lanes)), Loop(lanes)
        )  # fmt: skip
        j = var(self.column) + (p.columns - count)
        if self.strided:
            i, k = var(self.first) + var(self.vector) * lanes + var(self.lane), var(p.k)
        else:
            i = var(p.tall) * p.tile.rows + var(self.first) + var(p.row)
            k = var(self.step) * lanes + var(self.lane)
        self.x_at, self.y_at = p.at(p.x, i, k), p.at(p.y, k, j)
        self.packs_y = not self.strided and self.y_at[1].coefficient(self.lane) != 1
        places = (p.band * p.tile.rows + 2 * self.rows + lanes) * count
        self.sums = Node.make("work", (), (places,), p.out.dtype)
        self.packed = Node.make(
            "work", (), (count * (p.depth + lanes) * self.packs_y,), p.out.dtype
        )
        self.size = (self.sums.size + self.packed.size) * p.element

    def reserve(self, offset: int) -> None:
        """Take scratch memory, from an offset in bytes on."""
        p = self.product
        for node in (self.sums, self.packed):
            at = p.code.b.gep(p.frame.scratch, [i64(offset)], source_etype=I8)
            p.reader.pointers[node] = at
            offset += node.size * p.element
        if self.packs_y:
            step = var(self.step) * p.lanes + var(self.lane) + var(p.block) * -p.depth
            self.y_source, self.y_at = self.y_at, (
                self.packed, var(self.column) * (p.depth + p.lanes) + step
            )  # fmt: skip

    def begin(self, block: Any, talls: Span, wides: Span, steps: Span) -> None:
        """What a block of the inner axis begins with: sums of all its rows, or packing y."""
        p, b, code = self.product, self.product.code.b, self.product.code
        first = b.mul(talls[0], i64(p.tile.rows))
        p.reader.env[self.base] = code.smaller(first, i64(p.rows - self.rows))
        here = b.icmp_signed("==", wides[1], i64(p.wide.size))
        if self.strided:
            here = b.and_(here, b.icmp_signed("==", block, i64(0)))
            end = code.smaller(b.mul(talls[1], i64(p.tile.rows)), i64(p.rows))
            stop = b.select(here, end, first)
            code.loop(first, stop, self.rows, self._group)
        elif self.packs_y:
            code.when(here, lambda: self._pack(steps))

    def _pack(self, steps: Span) -> None:
        """Copy the columns of y to where the steps of each follow one another."""
        p, reader = self.product, self.product.reader
        side = MOST_IN_STEPS  # of squares, which are transposed
        code = Builder.on(p.code, side)
        few = p.frame.reader(code)
        few.env, few.pointers = dict(reader.env), reader.pointers
        few.env[self.step], few.env[self.column] = i64(0), i64(0)
        last = code.b.sub(steps[1], i64(1))

        def square(k: Any) -> None:
            lines, few.lane = [], self.column
            few.mask = code.mask(i64(self.count)) if self.count < side else None
            for n in range(side):
                few.env[self.lane] = code.smaller(code.b.add(k, i64(n)), last)
                few.start()
                lines.append(few.load(*self.y_source))
            few.lane, few.mask, few.env[self.lane] = self.lane, None, k
            for n, line in enumerate(transpose(code, lines)[: self.count]):
                few.store(line, self.packed, self.y_at[1] + n * (p.depth + p.lanes))

        code.loop(*steps, side, square)

    def _place(self, row: Affine) -> Affine:
        """Where the sums of a row are."""
        return (row + var(self.base) * -1) * self.count

    def _group(self, first: Any) -> None:
        """The sums of a group of rows, which are in lanes; the last one is a whole group too."""
        p, reader = self.product, self.product.reader
        reader.env[self.first] = p.code.smaller(first, i64(p.rows - self.rows))
        loop = TileLoop(
            p.out.dtype, self.y_at, self.x_at, (self.column, self.vector), self.lane, [(p.k, False)]
        )  # fmt: skip
        totals = accumulate(reader, loop, (self.count, VECTORS))
        for v in range(VECTORS):
            place = self._place(var(self.first) + v * p.lanes)
            self._put(reader, interleave(reader.code, totals[v::VECTORS]), place)

    def of_tile(self, reader: Reader, height: int, steps: Span) -> None:
        """The sums of the rows of a tile, from the products in lanes."""
        p, code, b = self.product, reader.code, reader.code.b
        begin, end = (b.udiv(b.add(n, i64(p.lanes - 1)), i64(p.lanes)) for n in steps)
        partial = p.inner % p.lanes

        def mask() -> Any:
            k = b.mul(reader.env[self.step], i64(p.lanes))
            return code.mask(b.sub(steps[1], k))

        loop = TileLoop(
            p.out.dtype, self.x_at, self.y_at, (p.row, self.column), self.lane,
            [(self.step, False)], mask if partial else None, lambda _: (begin, end),
        )  # fmt: skip
        together = p.lanes // self.count
        for first in range(0, height, together):
            rows = min(together, height - first)
            reader.env[self.first] = i64(first)
            totals = accumulate(reader, loop, (rows, self.count))
            place = self._place(var(p.tall) * p.tile.rows + first)
            self._put(reader, sums_of_lanes(code, totals), place, adds=p.blocks > 1)

    def _put(self, reader: Reader, values: Any, place: Affine, adds: bool = False) -> None:
        """The sums of neighbouring rows; those of a block are added to those of the ones before."""
        p, b = self.product, reader.code.b
        at = reader.code.at(reader.pointers[self.sums], p.out.dtype, reader.scalar(place))
        if adds:
            before = b.load(at, typ=values.type)
            before.align = p.element
            first = b.icmp_signed("==", reader.env[p.block], i64(0))
            values = b.select(first, values, b.fadd(before, values))
        b.store(values, at).align = p.element

    def get(self) -> Any:
        """The sums of a row, in the first lanes of a register."""
        reader, p = self.product.reader, self.product
        place = reader.scalar(self._place(var(p.tall) * p.tile.rows + var(p.row)))
        return reader.code.load(reader.pointers[self.sums], p.out.dtype, place, None)
