"""The loops that accumulate a tile, and their epilogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grafito.engines.llvm.codegen.affine import Affine, Loop
from grafito.engines.llvm.ir.nodes import Node


@dataclass(frozen=True)
class TileLoop:
    """The operands of the sums of a tile, and the loops that the sums go over.

    Attributes:
        dtype: of the sums.
        x: buffer and address of the operand of a row.
        y: those of the operand of a column.
        tile: the variables that count rows and columns.
        lane: the variable of the lanes.
        inner: the loops to sum over, outermost first, and whether each is unrolled.
        mask: emits the mask of all loads, inside of the loops; None for all lanes.
        bounds: emits begin and end of an inner loop; all of it by default.
    """

    dtype: str
    x: tuple[Node, Affine]
    y: tuple[Node, Affine]
    tile: tuple[Loop, Loop]
    lane: Loop
    inner: Sequence[tuple[Loop, bool]]
    mask: Callable[[], Any] | None = None
    bounds: Callable[[Loop], tuple[Any, Any]] | None = None
