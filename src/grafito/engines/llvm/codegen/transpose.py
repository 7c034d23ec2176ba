"""Transposing blocks that are held in registers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ir

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


def interleave(code: Builder, lines: Sequence[Any]) -> Any:
    """Lane 0 of all registers, then lane 1 of all, ..., in one long register."""
    lanes, wide = lines[0].type.count, list(lines)
    while len(wide) > 1:
        wide.append(wide[-1])
        pairs = zip(wide[:-1:2], wide[1::2], strict=False)
        wide = [code.b.shuffle_vector(x, y, _lanes(range(2 * x.type.count))) for x, y in pairs]
    order = [n * lanes + lane for lane in range(lanes) for n in range(len(lines))]
    return code.b.shuffle_vector(wide[0], wide[0], _lanes(order))


def sums_of_lanes(code: Builder, lines: Sequence[Any]) -> Any:
    """The sum of the lanes of each register, as a register with a lane for each.

    Each step adds neighbouring lanes of two registers, and so halves their number.
    """
    lanes, count, sums = lines[0].type.count, len(lines), list(lines)
    for _ in range(lanes.bit_length() - 1):
        sums += sums[-1:] if len(sums) % 2 else []
        sums = [
            code.b.fadd(
                code.b.shuffle_vector(x, y, _lanes(range(0, 2 * lanes, 2))),
                code.b.shuffle_vector(x, y, _lanes(range(1, 2 * lanes, 2))),
            )
            for x, y in zip(sums[::2], sums[1::2], strict=True)
        ]
    return code.b.shuffle_vector(sums[0], sums[0], _lanes(range(count)))


def _lanes(order: Sequence[int]) -> Any:
    return ir.Constant(ir.VectorType(I32, len(order)), list(order))
