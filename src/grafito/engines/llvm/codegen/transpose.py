"""Transposing blocks that are held in registers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito.engines.llvm.codegen.builder import I32, Builder


def transpose(code: Builder, lines: Sequence[Any]) -> list[Any]:
    """Transpose n x n blocks, side by side in n registers.

    Each of log2(n) steps swaps one bit of a row's number with the same bit of the lane's number.
    """
    lines, lanes, step = list(lines), lines[0].type.count, 1
    while step < len(lines):
        for a in (n for n in range(len(lines)) if not n & step):
            low, high = lines[a], lines[a + step]
            kept = [k if not k & step else lanes + (k ^ step) for k in range(lanes)]
            moved = [lanes + k if k & step else k ^ step for k in range(lanes)]
            lines[a], lines[a + step] = (
                code.b.shuffle_vector(low, high, code.integers(order, I32))
                for order in (kept, moved)
            )
        step *= 2
    return lines
