"""Where the elements of a node are: the index in what it is computed from, the place in memory."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from grafito.engines.llvm.codegen.affine import (
    Affine,
    Gathered,
    dot,
    row_major,
)
from grafito.engines.llvm.ir.nodes import (
    Node,
    Shape,
)
from grafito.engines.llvm.ir.shapes import unit_axes_only
from grafito.errors import GraphError

Index = tuple[Affine, ...]


def operands(x: Node, index: Index) -> list[tuple[Node, Index]]:
    """What an element of a computed node is made from: the nodes, and at which index of each.

    Every walk from a node to its operands uses this function, so that planning and code generation
    agree on what is read.
    """
    if x.moves:
        return [source_index(x, index)]
    if x.kind == "copy":
        return [(x.inputs[0], index)]
    if x.kind == "onehot":
        return [(x.inputs[0], index[:-1])]
    return [(y, broadcast_index(y, index)) for y in x.inputs]


def source_index(x: Node, index: Index) -> tuple[Node, Index]:
    """The node that a move reads, and at which index; a reshape may only change unit axes."""
    y = x.inputs[0]
    if x.kind == "transpose":
        where: list[Any] = [None] * len(index)
        for place, axis in zip(index, x.axes, strict=True):
            where[axis] = place
    elif x.kind == "broadcast":
        where = list(broadcast_index(y, index))
    elif x.kind == "slice":
        where = [i * step + start for i, start, step in zip(index, x.starts, x.steps, strict=True)]
    elif x.kind == "flip":
        where = [
            i * -1 + (n - 1) if a in x.axes else i
            for a, (i, n) in enumerate(zip(index, y.shape, strict=True))
        ]
    elif x.kind == "take":
        indices = x.inputs[1]
        used = len(indices.shape)
        inner = index[x.axis : x.axis + used]
        buffer, at = address(indices, inner, 1)
        picked = Affine(0, ((Gathered(buffer, at), 1),))
        where = [*index[: x.axis], picked, *index[x.axis + used :]]
    else:
        where = list(reshape_index(x, y, index))
    return y, tuple(where)


def reshape_index(x: Node, y: Node, index: Index) -> Index:
    """The index in y of a reshape that only adds or drops axes of size 1."""
    if x.lanes:
        long = iter(i for i, n in zip(index[1:], x.shape[1:], strict=True) if n != 1)
        return (index[0], *(Affine() if n == 1 else next(long) for n in y.shape[1:]))
    long = iter(i for i, n in zip(index, x.shape, strict=True) if n != 1)
    return tuple(Affine() if n == 1 else next(long) for n in y.shape)


def broadcast_index(x: Node, index: Index) -> Index:
    """Where an operand is read for an element of the broadcast result."""
    own = index[len(index) - len(x.shape) :]
    return tuple(  # a batch in lanes keeps its index, also where it is one image
        Affine() if n == 1 and not (x.lanes and axis == 0) else i
        for axis, (i, n) in enumerate(zip(own, x.shape, strict=True))
    )


# Shapes that differ by axes of size 1


def without_unit_axes(node: Node, index: Index) -> Index:
    """The index with 0 along axes of size 1, except for a batch in lanes."""
    return tuple(
        a if n != 1 or (axis == 0 and node.lanes) else Affine()
        for axis, (a, n) in enumerate(zip(index, node.shape, strict=True))
    )


def fit_index(index: Index, before: Shape, after: Shape, lanes: bool) -> Index:
    """The index in a shape that differs by axes of size 1."""
    skip = 1 if lanes else 0
    pairs = zip(index[skip:], before[skip:], strict=True)
    long = iter([i for i, n in pairs if n != 1])
    rest = tuple(Affine() if n == 1 else next(long) for n in after[skip:])
    return (*index[:skip], *rest)


# Places in memory


def physical(node: Node, index: Index, lanes: int) -> Affine:
    """The address of an element in the buffer of a materialized node.

    Raises:
        GraphError: when the batch index does not split into blocks of lanes.
    """
    if not node.lanes:
        return dot(index, row_major(node.shape))
    split = index[0].split(lanes)
    if split is None:
        raise GraphError("A batch in lanes is read out of order.", where=repr(node))
    rest = row_major(node.shape[1:])
    size = node.size // node.shape[0] if node.shape[0] else 0
    return split[0] * (size * lanes) + dot(index[1:], rest) * lanes + split[1]


def address(
    x: Node, index: Index, lanes: int, materialized: Set[Node] | None = None
) -> tuple[Node, Affine]:
    """The buffer, and the address in it, of an element of a node behind moves."""
    while True:
        if x.leaf or (materialized is not None and x in materialized) or x.kind == "bounds_check":
            return x, physical(x, index, lanes)
        if x.kind == "reshape" and not unit_axes_only(x):
            return through_reshape(x, index, lanes)
        if not x.moves:
            return x, physical(x, index, lanes)
        x, index = source_index(x, index)


def through_reshape(x: Node, index: Index, lanes: int) -> tuple[Node, Affine]:
    """The address in the materialized node that x reshapes."""
    y = x.inputs[0]
    while y.kind == "reshape" and not unit_axes_only(y):
        (y,) = y.inputs
    if not y.lanes:
        return y, dot(index, row_major(x.shape))
    split = index[0].split(lanes)
    if split is None:
        raise GraphError("A batch in lanes is read out of order.", where=repr(x))
    rest = dot(index[1:], row_major(x.shape[1:]))
    return y, split[0] * (x.size // x.shape[0] * lanes) + rest * lanes + split[1]
