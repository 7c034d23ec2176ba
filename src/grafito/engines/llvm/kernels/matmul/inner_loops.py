"""The inner loops of a tile of a product, and what they prefetch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from grafito.engines.llvm.codegen import loops as loop_nest
from grafito.engines.llvm.codegen.addresses import fit_index
from grafito.engines.llvm.codegen.affine import Affine, Loop
from grafito.engines.llvm.codegen.builder import i64
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.kernels.matmul.packing import LINE

if TYPE_CHECKING:
    from grafito.engines.llvm.kernels.matmul.rows import Product

Loops = list[tuple[Loop, bool]]  # outermost first, and whether each is written out
Bounds = Callable[[Loop], tuple[Any, Any]]


class InnerLoops:
    """The loops over the inner axis.

    Args:
        product: whose tile it is.
        reader: of the function of the tile.
        shape: rows and vectors of the tile.
    """

    def __init__(self, product: Product, reader: Reader, shape: tuple[int, int]):
        self.product, self.reader = product, reader
        self.height, self.across = shape

    def emit(self, steps: tuple[Any, Any]) -> tuple[Loops, Bounds]:
        """The loops and what emits their bounds, for the steps from the first to the second.

        Where y misses the cache, each part of the steps begins with a prefetch of a piece of its
        next block. Where the results are in memory beyond the caches, it prefetches a row of the
        epilogue's operands: all rows at once are more lines than a CPU waits for at a time.
        """
        p = self.product
        in_memory = p.blocks == 1 and not p.by_columns
        if in_memory and not p.unpacked and p.inner >= 4 * self.height:
            return self._in_parts(self.height, p.inner, steps, lambda row: self._operands([row]))
        self._operands([i64(row) for row in range(self.height)])
        if p.split:
            part = i64(0), i64(p.part.size)
            return [(p.k, False), (p.part, False)], lambda n: part if n is p.part else steps
        lines = -(-p.depth * p.element // LINE)
        if self._streams_x() and not p.prefetches_y:
            return self._in_parts(lines, p.depth, steps, self._next_rows)
        parts = -(-(lines * p.tile.vectors if p.transposes else p.depth) // p.band)
        if not p.prefetches_y or p.depth < 4 * parts:
            return [(p.k, False)], lambda _: steps
        return self._in_parts(parts, p.depth, steps, lambda part: self._next_block(part, parts))

    def _in_parts(
        self, parts: int, depth: int, steps: tuple[Any, Any], prefetch: Callable[[Any], None]
    ) -> tuple[Loops, Bounds]:
        """The steps in parts of equal length, each of which begins with a prefetch."""
        code, env, part = self.reader.code, self.reader.env, Loop(parts)
        length = i64(-(-depth // parts))

        def bounds(loop: Loop) -> tuple[Any, Any]:
            if loop is part:
                return i64(0), i64(parts)
            prefetch(env[part])
            begin = code.b.add(steps[0], code.b.mul(env[part], length))
            return begin, code.smaller(code.b.add(begin, length), steps[1])

        return [(part, False), (self.product.k, False)], bounds

    def _operands(self, rows: Sequence[Any]) -> None:
        """Prefetch the operands of the epilogue in these rows of the tile."""
        p, reader = self.product, self.reader
        if p.out.size * p.element <= p.frame.target.l1_panel:
            return
        code, env, kernel = reader.code, reader.env, p.frame.kernel
        vectors_of_line = max(1, LINE // (p.lanes * p.element))
        inside = p.frame.materialized | set(kernel.results)
        places: dict[tuple[Node | None, Affine], None] = {}
        for x in kernel.results:
            if x is not kernel.anchor:
                index = fit_index(p.index, kernel.shape, x.shape, kernel.lanes)
                places |= dict.fromkeys(loop_nest.places(x, index, inside, p.frame.width))
        for buffer, at in places:
            if buffer not in reader.pointers or buffer.size < p.out.size:
                continue  # it is computed, or small
            if at.gathered() or at.coefficient(p.lane) != 1:
                continue
            env[p.lane] = i64(0)
            for r, v in itertools.product(rows, range(0, self.across, vectors_of_line)):
                env[p.row], env[p.vector] = r, i64(v)
                code.prefetch(reader.pointers[buffer], buffer.dtype, reader.scalar(at))

    def _streams_x(self) -> bool:
        """Whether rows of x come from memory: those that a step selects of all examples."""
        p = self.product
        x, at = p.x_at
        return x.kind == "input" and bool(at.gathered()) and at.coefficient(p.k) == 1

    def _next_rows(self, part: Any) -> None:
        """Prefetch a line of each row of x that the next tile below has."""
        p, reader = self.product, self.reader
        code, env, before = reader.code, reader.env, dict(reader.env)
        b = code.b
        below = code.smaller(b.add(env[p.tall], i64(1)), i64(p.tall.size - 1))
        last = b.sub(i64(p.rows - 1), b.mul(below, i64(p.tile.rows)))
        env[p.tall] = below
        block = b.mul(env[p.block], i64(p.depth)) if p.blocks > 1 else i64(0)
        env[p.k] = b.add(block, b.mul(part, i64(LINE // p.element)))
        buffer, at = p.x_at
        for row in range(p.tile.rows):
            env[p.row] = code.smaller(i64(row), last)
            code.prefetch(reader.pointers[buffer], buffer.dtype, reader.scalar(at))
        env.update(before)

    def _next_block(self, part: Any, parts: int) -> None:
        """Prefetch a piece of the next block of y; the rows of tiles share the pieces.

        A piece is a row of the block; where y is transposed, a line of each column of a vector.
        """
        p, reader = self.product, self.reader
        code, env, before = reader.code, reader.env, dict(reader.env)
        b = code.b
        first = p.span(p.bands, p.tall.size, reader)[0]
        piece = b.add(b.mul(b.sub(env[p.tall], first), i64(parts)), part)
        after = b.add(env[p.block], i64(1))
        over = b.icmp_signed("==", after, i64(p.blocks))
        begin = b.mul(b.select(over, i64(0), after), i64(p.depth))
        env[p.wide] = b.select(over, b.add(env[p.wide], i64(p.group)), env[p.wide])
        if p.transposes:
            vectors, line = i64(p.tile.vectors), i64(LINE // p.element)
            env[p.k] = b.add(begin, b.mul(b.udiv(piece, vectors), line))
            places = [(b.urem(piece, vectors), i64(n)) for n in range(p.lanes)]
        else:
            env[p.k] = b.add(begin, piece)
            places = [(i64(v), i64(0)) for v in range(self.across)]
        buffer, at = p.y_at
        for env[p.vector], env[p.lane] in places:
            code.prefetch(reader.pointers[buffer], buffer.dtype, reader.scalar(at))
        env.update(before)
