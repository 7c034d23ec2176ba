"""Kernels: groups of nodes that one function of machine code computes."""

from __future__ import annotations

from dataclasses import dataclass

from grafito.engines.llvm.ir.nodes import Node, Shape


@dataclass(frozen=True)
class Store:
    """A result and where it goes: `start + step index` along each axis of the target."""

    node: Node
    target: Node
    starts: Shape | None = None
    steps: Shape | None = None


@dataclass(frozen=True)
class Kernel:
    """What one function computes.

    Attributes:
        anchor: its product, reduction, ...; None for elementwise work alone.
        shape: of the results, in whose order it loops.
        lanes: whether it loops with images as lanes.
        results: nodes computed in registers, in order: the anchor, then the epilogue.
        stores: which of them go to memory: the node whose buffer it is, and the place in it.
        reads: the materialized nodes that it reads.
        work: memory that it needs while it runs.
    """

    anchor: Node | None
    shape: Shape
    lanes: bool
    results: tuple[Node, ...]
    stores: tuple[Store, ...]
    reads: frozenset[Node]
    work: Node | None = None

    def __str__(self) -> str:
        """A line for each of its nodes, and where its results go."""
        targets = ", ".join(f"%{s.target.number}" for s in self.stores)
        title = self.anchor.kind if self.anchor is not None else "elementwise"
        lines = [f"{title} -> {targets}", *(f"    {x}" for x in self.results)]
        return "\n".join(lines)


def disjoint_windows(x: Node) -> bool:
    """Whether pooling windows do not overlap, so that their gradient can be fused with others."""
    if x.kind not in ("maxpool_gradient", "sumpool_gradient"):
        return False
    seen = (n * w for n, w in zip(x.inputs[-1].shape[1:3], x.window, strict=True))
    return x.window == x.strides and x.shape[1:3] == tuple(seen)
