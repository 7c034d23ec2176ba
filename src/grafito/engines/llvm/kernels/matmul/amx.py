"""Sums of a product of bfloat16 in AMX tiles: four tiles of results, two by two.

x is packed in squares, each a tile with its rows one after the other; the panels of y are what
tiles of pairs are made of. Both are padded with zeros to whole tiles, so all tiles have one shape,
and only what follows the sums knows where the result ends.
"""

from __future__ import annotations

from typing import Any

from grafito.engines.llvm.codegen.amx import (
    BYTES,
    ROWS,
    AmxTiles,
)
from grafito.engines.llvm.codegen.builder import (
    Builder,
    i64,
)
from grafito.engines.llvm.codegen.tile import TileStore
from grafito.engines.llvm.ir.bfloat16 import LANES
from grafito.engines.llvm.kernels.matmul.packing_bfloat16 import (
    PackedPairs,
    PackedSquares,
)

BLOCK = 2  # tiles of a block of results, along each axis
STEP = BYTES // 4  # pairs along the inner axis that a tile has
LEFT, RIGHT = BLOCK * BLOCK, BLOCK * BLOCK + BLOCK  # numbers of the tiles of x and of y


class AmxSums:
    """Accumulates a block in AMX tiles; the methods are those of `bfloat16.DotSums`.

    Args:
        code: where to emit.
    """

    left = PackedSquares
    step = STEP

    def __init__(self, code: Builder):
        self.code, self.tiles = code, AmxTiles(code)

    def block(self, rows: int, columns: int, near: bool) -> tuple[int, int]:
        """Rows and vectors."""
        return ROWS * min(BLOCK, -(-rows // ROWS)), min(BLOCK, -(-columns // LANES))

    def begin(self) -> None:
        self.tiles.configure()

    def end(self) -> None:
        self.tiles.release()

    def add_up(
        self,
        xs: PackedPairs,
        ys: PackedPairs,
        at: tuple[Any, Any],
        shape: tuple[int, int],
        store: TileStore,
    ) -> None:
        """Sums of panel x times panel y, to the store."""
        code, tiles = self.code, self.tiles
        height, across = -(-shape[0] // ROWS), shape[1]
        for total in range(height * across):
            tiles.zero(total)

        def iteration(pair: Any) -> None:
            for v in range(across):
                y = ys.word(at[1], pair, i64(v * LANES))
                tiles.load(RIGHT + v, code.at(ys.pointer, "uint32", y), 4 * ys.length)
            for r in range(height):
                x = xs.word(at[0], pair, i64(r * ROWS * STEP))
                tiles.load(LEFT + r, code.at(xs.pointer, "uint32", x), BYTES)
                for v in range(across):
                    tiles.dot(r * across + v, LEFT + r, RIGHT + v)

        code.loop(i64(0), i64(ys.pairs), STEP, iteration)
        for total in range(height * across):
            r, v = divmod(total, across)
            tiles.store(total, store.at(i64(r * ROWS * across + v)), BYTES * across)
