"""Kernels: groups of nodes that one function of machine code computes."""

from __future__ import annotations

from dataclasses import dataclass, field

from grafito.engines.llvm.ir.nodes import REDUCTIONS, Node, Shape

RICH = REDUCTIONS | {"matmul", "conv", "convback", "winograd"}  # primaries that others may join
# Additions whose code is one kernel: LLVM takes more than twice the time for code of twice the
# length.
FULL = 512
MANY = 24  # results after which none joins a kernel


@dataclass
class Kernel:
    """What one function computes.

    Attributes:
        primary: its product, reduction, ...; None for elementwise work alone.
        shape: of the results, in whose order it loops.
        lanes: whether it loops with images as lanes.
        results: nodes computed in registers, in order; those of `stores` go to memory.
        stores: where results go: the node whose buffer it is, and the place in it.
        reads: the stored nodes that it reads.
        work: memory that it needs while it runs.
        size: how much of it is computed element by element, in additions.
    """

    primary: Node | None
    shape: Shape
    lanes: bool
    results: list[Node] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    reads: set[Node] = field(default_factory=set)
    work: Node | None = None
    size: int = 0

    @property
    def open(self) -> bool:
        """Whether other results may join those of its primary, or of its elementwise work."""
        if self.primary is None:
            return self.results[0].kind != "fill"
        return self.primary.kind in RICH or side_by_side(self.primary)

    def has_room(self, size: int) -> bool:
        """Whether so much more fits in."""
        return len(self.results) <= MANY and self.size + size <= FULL


@dataclass(frozen=True)
class Store:
    """A result and where it goes: `start + step index` along each axis of the target."""

    node: Node
    target: Node
    starts: Shape | None = None
    steps: Shape | None = None


def side_by_side(x: Node) -> bool:
    """Whether the windows of a pool's way back meet each element once: then others may join."""
    if x.kind not in ("maxscatter", "sumscatter"):
        return False
    seen = (n * w for n, w in zip(x.inputs[-1].shape[1:3], x.window, strict=True))
    return x.window == x.strides and x.shape[1:3] == tuple(seen)
