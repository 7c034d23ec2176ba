"""Building nodes: what the lowering of an op is written with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.engines.llvm.ir.nodes import (
    Node,
    Shape,
)
from grafito.graph.dtypes import is_floating

LARGE = 1 << 15  # elements from which a reduction is made in two passes
FEW = 64  # where it has fewer results

IDENTITY = {"sum": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf}


def constant(value: Any, dtype: str, shape: Shape | None = None) -> Node:
    """A node for a known array."""
    array = np.asarray(value)
    return Node.make("constant", (), array.shape if shape is None else shape, dtype, array=array)


def ew(kind: str, *inputs: Node | float) -> Node:
    """An elementwise node; numbers take the dtype of the nodes."""
    dtype = next(x.dtype for x in reversed(inputs) if isinstance(x, Node))
    nodes = [x if isinstance(x, Node) else constant(x, dtype) for x in inputs]
    shape = np.broadcast_shapes(*(x.shape for x in nodes))
    comparing = kind in ("equal", "less", "greater", "isfinite")
    return Node.make(kind, nodes, shape, "bool" if comparing else dtype)


def cast(x: Node, dtype: str) -> Node:
    """The same values with another dtype."""
    return Node.make("cast", (x,), x.shape, dtype)


def reduce(kind: str, x: Node, axis: Sequence[int], keepdims: bool = False) -> Node:
    """A reduction; those over no axis, or axes of size 1, are reshapes.

    A large tensor is reduced to few elements in two passes, so that threads can split the first;
    the split does not depend on their number.
    """
    axes = tuple(a % len(x.shape) for a in axis)
    left = x.size // max(math.prod(x.shape[a] for a in axes), 1)
    if x.size > LARGE and left < FEW and 0 in axes and len(axes) > 1 and x.shape[0] > 1:
        x = reduce(kind, x, [a for a in axes if a], True)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    y = x
    if not x.size:
        y = filled(kept, x.dtype, identity(kind, x.dtype))
    elif any(x.shape[a] != 1 for a in axes):
        y = Node.make(kind, (x,), kept, x.dtype, axis=axes)
    return y if keepdims else reshape(y, tuple(n for i, n in enumerate(kept) if i not in axes))


def identity(kind: str, dtype: str) -> Any:
    """The number that changes nothing."""
    if is_floating(dtype):
        return IDENTITY[kind]
    if kind in ("sum", "prod"):
        return int(IDENTITY[kind])
    if dtype == "bool":
        return kind == "min"
    info = np.iinfo(dtype)
    return info.min if kind == "max" else info.max


def reshape(x: Node, shape: Shape) -> Node:
    """The same elements with another shape."""
    return x if tuple(shape) == x.shape else Node.make("reshape", (x,), shape, x.dtype)


def concat(
    shape: Shape, pieces: Sequence[Node], starts: Sequence[Shape], steps: Sequence[Shape], fill: Any
) -> Node:
    """A tensor of pieces at given places, with `fill` elsewhere; None where they cover it."""
    dtype = pieces[0].dtype
    rows = [row for row in zip(pieces, starts, steps, strict=True) if row[0].size]
    if not rows:
        return filled(shape, dtype, fill or 0)
    if len(rows) == 1 and rows[0][0].shape == shape:  # it is all there is
        return rows[0][0]
    kept = [piece for piece, _, _ in rows]
    where = {
        "starts": [start for _, start, _ in rows],
        "steps": [plain_steps(piece.shape, step) for piece, _, step in rows],
        "sizes": [piece.shape for piece in kept],
    }
    return Node.make("concat" if fill is None else "pad", kept, shape, dtype, **where, fill=fill)


def filled(shape: Shape, dtype: str, value: Any) -> Node:
    """The same number everywhere, or nothing where there is no place for it."""
    return Node.make("broadcast", (constant(value, dtype, ()),), shape, dtype)


def plain_steps(shape: Shape, steps: Shape) -> Shape:
    """The steps, 1 along axes of one element, where none is taken."""
    return tuple(1 if n == 1 else step for n, step in zip(shape, steps, strict=True))


def pad(x: Node, before: Shape, after: Shape, fill: float = 0.0) -> Node:
    """The node with elements added around it."""
    if not any(before) and not any(after):
        return x
    shape = tuple(b + n + a for b, n, a in zip(before, x.shape, after, strict=True))
    return concat(shape, [x], [before], [(1,) * len(shape)], fill)


def crop(x: Node, starts: Shape, shape: Shape) -> Node:
    """A block of the node."""
    if shape == x.shape:
        return x
    return Node.make("slice", (x,), shape, x.dtype, starts=starts, steps=(1,) * len(shape))
