"""Packing operands of products of bfloat16, in the order in which the sums read them.

Pairs along the inner axis become words of 32 bits. So either axis of an operand may be the
contiguous one, and no two rows of a panel meet in a set of the cache.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen.affine import (
    Affine,
    Loop,
)
from grafito.engines.llvm.codegen.builder import (
    I32,
    Builder,
    i64,
)
from grafito.engines.llvm.codegen.dot_bfloat16 import (
    HALF,
    interleaved,
)
from grafito.engines.llvm.codegen.reader import Reader
from grafito.engines.llvm.codegen.transpose import transpose
from grafito.engines.llvm.ir.bfloat16 import LANES
from grafito.engines.llvm.ir.nodes import Node

PREFETCH_ROWS = 64  # rows that are prefetched before they are packed
SQUARE = 2 * LANES  # numbers along the inner axis in a square of words


class PackedPairs:
    """One operand in scratch memory, a panel after the other: [pairs][length] words.

    Args:
        reader: of the kernel.
        operand: its buffer and the address of element (k, m).
        inner: the variables k and m, with their sizes.
        length: how many m a panel has.
        pointer: where the panels go.
        step: a panel has a multiple of so many pairs; those that do not exist are zeros.
    """

    def __init__(
        self,
        reader: Reader,
        operand: tuple[Node, Affine],
        inner: tuple[Loop, Loop],
        length: int,
        pointer: Any,
        step: int = 1,
    ):
        self.reader, self.code = reader, reader.code
        self.node, self.place = operand
        self.k, self.m = inner
        self.length, self.pointer = length, pointer
        self.without_unit_axes = -(-self.k.size // 2)
        self.pairs = -(-self.without_unit_axes // step) * step
        self.size = self.pairs * length  # words of a panel
        self.count = -(-self.m.size // length)

    @property
    def spare(self) -> int:
        """Words that may be written after the last panel."""
        return LANES * (self.length + 1)

    def pack(self, panel: Any, place: Any) -> None:
        """Pack a panel of the operand as panel number `place`."""
        b = self.code.b
        first = b.mul(panel, i64(self.length))
        start = b.mul(place, i64(self.size))
        blocks = [i64(n) for n in range(0, self.length, LANES)]
        places = [(b.add(first, n), b.add(start, n)) for n in blocks]
        if self._by_rows():
            self._pack_rows(places)
        else:
            # The last block may write beyond its panel's rows, over words of the first.
            for m, to in reversed(places):
                self._pack_columns(m, to)

    def _by_rows(self) -> bool:
        """Whether neighbours along m, not those along k, are neighbours in memory."""
        return self.place.coefficient(self.m) == 1

    @property
    def _pointer(self) -> Any:
        return self.reader.pointers[self.node]

    def _address(self, k: Any, m: Any) -> Any:
        self.reader.env[self.k], self.reader.env[self.m] = k, m
        return self.reader.scalar(self.place)

    def _store(self, words: Any, start: Any, pair: Any) -> None:
        at = self.code.b.add(start, self.code.b.mul(pair, i64(self.length)))
        self.code.store(words, self.pointer, "uint32", at)

    def _pack_rows(self, places: list[tuple[Any, Any]]) -> None:
        """Rows k and k + 1 are interleaved, all of a panel before the next ones."""
        code, b = self.code, self.code.b
        masks = [code.mask(b.sub(i64(self.m.size), m)) for m, _ in places]
        pointer = self._pointer
        even = self.k.size // 2 * 2

        def row(k: Any, n: int) -> Any:
            return code.load(pointer, HALF, self._address(k, places[n][0]), masks[n])

        def pair(k: Any) -> None:
            for ahead in (PREFETCH_ROWS, PREFETCH_ROWS + 1):
                later = self._address(b.add(k, i64(ahead)), places[0][0])
                code.prefetch(pointer, HALF, later)
            for n, (_, start) in enumerate(places):
                words = interleaved(code, row(k, n), row(b.add(k, i64(1)), n))
                self._store(words, start, b.udiv(k, i64(2)))

        code.loop(i64(0), i64(even), 2, pair)
        if even < self.k.size:
            for n, (_, start) in enumerate(places):
                last = row(i64(even), n)
                words = interleaved(code, last, ir.Constant(last.type, None))
                self._store(words, start, i64(even // 2))
        if self.without_unit_axes < self.pairs:
            zeros = ir.Constant(code.vector(I32), None)

            def nothing(pair: Any) -> None:
                for _, start in places:
                    self._store(zeros, start, pair)

            code.loop(i64(self.without_unit_axes), i64(self.pairs), 1, nothing)

    def _pack_columns(self, m: Any, start: Any) -> None:
        """Pairs are neighbours in memory: squares of words are transposed."""
        b = self.code.b

        def square(k: Any) -> None:
            first = b.udiv(k, i64(2))
            for n, words in enumerate(transpose(self.code, self._lines(k, m))):
                self._store(words, start, b.add(first, i64(n)))

        self.code.loop(i64(0), i64(self.k.size), SQUARE, square)

    def _lines(self, k: Any, m: Any) -> list[Any]:
        """A square of words from k and m on, where pairs are in memory: those of each m."""
        code, b = Builder.on(self.code, SQUARE), self.code.b
        inside = code.mask(b.sub(i64(self.k.size), k))
        lines = []
        for n in range(LANES):
            at = b.add(m, i64(n))
            mask = self._where(at, self.m, inside)
            line = code.load(self._pointer, HALF, self._address(k, at), mask)
            lines.append(b.bitcast(line, self.code.vector(I32)))
        return lines

    def _where(self, at: Any, loop: Loop, inside: Any) -> Any:
        """The mask, where a variable is within its loop; else nothing."""
        b = self.code.b
        exists = b.icmp_signed("<", at, i64(loop.size))
        return b.select(exists, inside, ir.Constant(inside.type, None))

    def word(self, panel: Any, pair: Any, n: Any) -> Any:
        """The place of a word of a packed panel."""
        b = self.code.b
        row = b.add(b.mul(panel, i64(self.size)), b.mul(pair, i64(self.length)))
        return b.add(row, n)


class PackedSquares(PackedPairs):
    """The same in squares of 16 pairs by 16 m, the pairs of an m next to each other.

    A panel is [pairs / 16][length / 16][m][pair].
    """

    @property
    def spare(self) -> int:
        return 0

    def pack(self, panel: Any, place: Any) -> None:
        code, b = self.code, self.code.b
        first = b.mul(panel, i64(self.length))

        def square(k: Any) -> None:
            for n in range(0, self.length, LANES):
                m = b.add(first, i64(n))
                lines = transpose(code, self._rows(k, m)) if self._by_rows() else self._lines(k, m)
                at = self.word(place, b.udiv(k, i64(2)), i64(n * LANES))
                for r, words in enumerate(lines):
                    code.store(words, self.pointer, "uint32", b.add(at, i64(r * LANES)))

        code.loop(i64(0), i64(self.k.size), SQUARE, square)

    def _rows(self, k: Any, m: Any) -> list[Any]:
        """A square of words from k and m on, made of rows in memory: those of each pair."""
        code, b = self.code, self.code.b
        inside = code.mask(b.sub(i64(self.m.size), m))
        rows = []
        for n in range(SQUARE):
            at = b.add(k, i64(n))
            mask = self._where(at, self.k, inside)
            rows.append(code.load(self._pointer, HALF, self._address(at, m), mask))
        pairs = [interleaved(code, *rows[n : n + 2]) for n in range(0, SQUARE, 2)]
        return [b.bitcast(pair, code.vector(I32)) for pair in pairs]
