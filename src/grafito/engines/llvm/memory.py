"""One arena for all that lives within a step: lifetimes are known, so places are too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from grafito.engines.llvm.emit.code import SIZES
from grafito.engines.llvm.nodes import LEAVES, Node
from grafito.engines.llvm.plan import Kernel

ALIGNMENT = 64  # bytes of a cache line, and of the longest vector


def bytes_of(x: Node, width: int) -> int:
    """The size of a node's buffer; a batch in lanes is filled up to whole blocks."""
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
            if x not in elsewhere and x.kind not in LEAVES:
                first.setdefault(x, k)
                last[x] = k
    offsets: dict[Node, int] = {}
    for x in sorted(first, key=lambda x: (-bytes_of(x, width), x.number)):  # large ones first
        taken = sorted(
            (offsets[y], offsets[y] + _rounded(y, width))
            for y in offsets
            if first[y] <= last[x] and first[x] <= last[y]
        )
        at = 0
        for begin, end in taken:
            if at + _rounded(x, width) <= begin:
                break
            at = max(at, end)
        offsets[x] = at
    size = max((at + _rounded(x, width) for x, at in offsets.items()), default=0)
    return offsets, size


def _rounded(x: Node, width: int) -> int:
    return math.ceil(bytes_of(x, width) / ALIGNMENT) * ALIGNMENT
