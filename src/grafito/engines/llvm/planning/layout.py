"""Which nodes are stored with images as lanes, and where one is copied into the other layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from grafito.engines.llvm.ir.nodes import (
    REDUCTIONS,
    WINDOWS,
    Node,
)

NEAR = 1 << 18  # elements that the caches hold


def spread_lanes(order: Sequence[Node], width: int) -> None:
    """Mark what is stored with images as lanes: convolutions, pooling and what joins them.

    A product joins them where that costs less than another layout. A node that is needed in another
    layout than its own is copied.
    """
    users: dict[Node, list[Node]] = defaultdict(list)
    for x in order:
        for y in x.inputs:
            users[y].append(x)
    copies: dict[tuple[Node, bool], Node] = {}

    def as_layout(x: Node, lanes: bool) -> Node:
        if x.kind == "transpose" and x.inputs[0].lanes:
            plain = Node("transpose", (as_layout(x.inputs[0], False),), x.shape, x.dtype)
            plain.attributes, plain.scope = x.attributes, x.scope
            x = copies.setdefault((x, False), plain)
        if x.lanes == lanes:
            return x
        key = (x, lanes)
        if key not in copies:
            copies[key] = Node("copy", (x,), x.shape, x.dtype)
            copies[key].lanes = lanes
            copies[key].scope = x.scope
        return copies[key]

    for x in order:
        if x.kind in WINDOWS:
            data = 1 if x.kind in ("conv", "convback", "winograd") else len(x.inputs)
            x.inputs = tuple(
                as_layout(y, True) if i < data else as_layout(y, False)
                for i, y in enumerate(x.inputs)
            )
            x.lanes = x.kind not in ("convkernel", "winosums")
        elif (x.elementwise and x.kind != "check") or x.kind == "broadcast":
            x.lanes = any(y.lanes and y.shape == x.shape for y in x.inputs)
            if not x.lanes:
                x.inputs = tuple(as_layout(y, False) for y in x.inputs)
            else:  # smaller ones are read element by element
                x.inputs = tuple(as_layout(y, y.lanes and y.shape == x.shape) for y in x.inputs)
        elif x.kind == "reshape":
            (y,) = x.inputs
            x.lanes = y.lanes and x.shape[:1] == y.shape[:1] and len(x.shape) > 1
            x.inputs = (as_layout(y, x.lanes),)
        elif x.kind == "slice":
            (y,) = x.inputs
            x.lanes = y.lanes and x.shape[0] == y.shape[0]
            x.inputs = (as_layout(y, x.lanes),)
        elif x.kind == "parts":
            x.lanes = any(y.lanes for y in x.inputs) and all(
                y.shape[0] == x.shape[0] for y in x.inputs
            )
            x.inputs = tuple(as_layout(y, x.lanes and y.lanes) for y in x.inputs)
        elif x.kind == "copy":
            (y,) = x.inputs
            x.inputs = (as_layout(y, y.lanes),)
        elif x.kind == "matmul" and len(x.shape) == 2 and x.inputs[1].dtype != "bfloat16":
            y, z = x.inputs
            x.lanes = _product_in_lanes(x, width, users)
            if x.lanes:
                x.inputs = (as_layout(y, True), as_layout(z, False))
            elif not _whole_blocks(y, width):
                x.inputs = (as_layout(y, False), as_layout(z, False))
            else:  # a transposed batch in lanes is read scalar by scalar
                x.inputs = (y, as_layout(z, False))
        elif x.kind == "transpose" and x.inputs[0].lanes:
            pass  # its users say what they need
        elif x.kind in REDUCTIONS:
            (y,) = x.inputs
            x.lanes = y.lanes and 0 not in x.axis and len(x.shape) > 1
            x.inputs = (as_layout(y, y.lanes),)
        else:
            x.inputs = tuple(as_layout(y, False) for y in x.inputs)


def _product_in_lanes(x: Node, width: int, users: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether a product of a batch is computed with examples as lanes, not with columns as lanes.

    In lanes the elements of the right matrix are read one by one, so it should be in the cache, and
    lanes without an example are wasted. By rows each element of the batch moves once, for about the
    time of three products with a register.
    """
    y, z = x.inputs
    rows, columns = x.shape
    if z.size > NEAR or not (y.lanes or (rows >= width and _wanted_in_lanes(x, users))):
        return False
    return -(-rows // width) * columns < rows * (-(-columns // width) + 3)


def _wanted_in_lanes(x: Node, users: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether elementwise work leads from x to a convolution or to what is in lanes."""
    seen, stack = {x}, [x]
    while stack:
        for user in users[stack.pop()]:
            if user.kind in WINDOWS or any(y.lanes and y.shape == user.shape for y in user.inputs):
                return True
            if (user.elementwise or user.kind == "reshape") and user not in seen:
                seen.add(user)
                stack.append(user)
    return False


def _whole_blocks(x: Node, width: int) -> bool:
    """Whether x is the transpose of a matrix in lanes all of which are filled."""
    if x.kind != "transpose" or not x.inputs[0].lanes:
        return False
    return x.inputs[0].shape[0] % width == 0
