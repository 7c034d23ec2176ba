"""Blocks of numbers turned in registers: what is beside comes below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito.engines.llvm.code import I32, Code


def turn(code: Code, rows: Sequence[Any]) -> list[Any]:
    """The transpose of as many registers as they have lanes: lane j of the i-th is i of the j-th.

    In each round neighbours at a distance d exchange what is in the lanes of the other's kind, for
    d = 1, 2, 4, ...: a logarithm of rounds in place of a store and a load for each number.
    """
    lanes, rows = code.lanes, list(rows)
    distance = 1
    while distance < lanes:
        low = [k if not k & distance else lanes + k - distance for k in range(lanes)]
        high = [k + distance if not k & distance else lanes + k for k in range(lanes)]
        for i in range(lanes):
            if not i & distance:
                x, y = rows[i], rows[i + distance]
                rows[i] = code.b.shuffle_vector(x, y, code.integers(low, I32))
                rows[i + distance] = code.b.shuffle_vector(x, y, code.integers(high, I32))
        distance *= 2
    return rows
