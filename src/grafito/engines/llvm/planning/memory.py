"""The arena: static memory planning from the lifetimes of all buffers of a step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from grafito.engines.llvm.codegen.builder import SIZES
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import (
    Node,
)

ALIGNMENT = 64  # bytes of a cache line, and of the longest vector


def bytes_of(x: Node, width: int) -> int:
    """The size of a node's buffer; a batch in lanes is padded to full blocks."""
    count = x.size
    if x.lanes and x.shape[0]:
        count = x.size // x.shape[0] * (-(-x.shape[0] // width) * width)
    return max(count * SIZES[x.dtype], 1)


def place(
    kernels: Sequence[Kernel], elsewhere: Mapping[Node, object], width: int
) -> tuple[dict[Node, int], int]:
    """The offset of each buffer in the arena, and the size of the arena.

    Args:
        kernels: in the order in which they run.
        elsewhere: nodes whose buffers are not in the arena.
        width: lanes of the layout.
    """
    first: dict[Node, int] = {}
    last: dict[Node, int] = {}
    for k, kernel in enumerate(kernels):
        work = [kernel.work] if kernel.work is not None else []
        for x in [*(s.target for s in kernel.stores), *kernel.reads, *work]:
            if x not in elsewhere and not x.leaf:
                first.setdefault(x, k)
                last[x] = k
    ordered = sorted(first, key=lambda x: (-bytes_of(x, width), x.number))  # large ones first
    births, deaths = (np.array([when[x] for x in ordered], int) for when in (first, last))
    begins, ends = np.zeros((2, len(ordered)), int)
    for n, x in enumerate(ordered):
        beside = (births[:n] <= deaths[n]) & (deaths[:n] >= births[n])
        size = _rounded(x, width)
        nearest = np.argsort(begins[:n][beside], kind="stable")
        taken = begins[:n][beside][nearest]  # from here; before it up to there
        filled = np.maximum.accumulate([0, *ends[:n][beside][nearest].tolist()])
        gaps = np.flatnonzero(filled[:-1] + size <= taken)
        at = int(filled[gaps[0]] if gaps.size else filled[-1])
        begins[n], ends[n] = at, at + size
    return dict(zip(ordered, begins.tolist(), strict=True)), int(ends.max(initial=0))


def _rounded(x: Node, width: int) -> int:
    return math.ceil(bytes_of(x, width) / ALIGNMENT) * ALIGNMENT
