"""Which nodes are stored with images as lanes, and where one is copied into the other layout."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from grafito.engines.llvm.ir.nodes import Node, inside

RIGHT_MATRIX = 1 << 18  # elements of a right matrix that the caches hold
PACKING = 3  # products with a register that cost as much as moving an element once

Users = Mapping[Node, Sequence[Node]]


def spread_lanes(order: Sequence[Node], width: int) -> dict[Node, Node]:
    """The nodes in the layouts in which they are stored.

    Convolutions, pooling and what joins them are stored with images as lanes. A product joins them
    where that costs less than another layout. A node that is needed in another layout than its own
    is copied.

    Args:
        order: all nodes, inputs before users.
        width: lanes of a vector register.
    """
    users: dict[Node, list[Node]] = defaultdict(list)
    for x in order:
        for y in x.inputs:
            users[y].append(x)
    spread = _Spread(width, users)
    for x in order:
        spread.place(x)
    return spread.placed


class _Spread:
    """The pass on its way through the nodes.

    Attributes:
        placed: what became of the nodes so far.
    """

    def __init__(self, width: int, users: Users):
        self._width, self._users = width, users
        self._copies: dict[tuple[Node, bool], Node] = {}
        self.placed: dict[Node, Node] = {}

    def place(self, x: Node) -> None:
        """Choose the layout of a node whose inputs are placed."""
        rule = self._rule(x)
        inputs = [self.placed[y] for y in x.inputs]
        lanes, wanted = rule(self, x, inputs)
        placed = tuple(
            y if own is None else self.in_layout(y, own)
            for y, own in zip(inputs, wanted, strict=True)
        )
        if lanes != x.lanes or any(y is not z for y, z in zip(placed, x.inputs, strict=True)):
            self.placed[x] = dataclasses.replace(x, inputs=placed, lanes=lanes)
        else:
            self.placed[x] = x

    def in_layout(self, x: Node, lanes: bool) -> Node:
        """The node, or a copy of it, in a layout."""
        if x.kind == "transpose" and x.inputs[0].lanes:
            if (x, False) not in self._copies:
                source = self.in_layout(x.inputs[0], False)
                self._copies[x, False] = _like(x, x.kind, source, dict(x.attributes))
            x = self._copies[x, False]
        if x.lanes == lanes:
            return x
        if (x, lanes) not in self._copies:
            if x.kind == "pad" and lanes and len(x.inputs) == 1 and _whole_batch(x):
                # Convolutions skip rows of zeros, which they know by the node of the padding.
                source = self.in_layout(x.inputs[0], True)
                copy = _like(x, "pad", source, dict(x.attributes))
            elif lanes and _slices_of_one(x):
                source = self.in_layout(x.inputs[0].inputs[0], True)
                pieces = [dataclasses.replace(y, inputs=(source,), lanes=True) for y in x.inputs]
                copy = dataclasses.replace(x, inputs=tuple(pieces))
            else:
                copy = _like(x, "copy", x, {})
            self._copies[x, lanes] = dataclasses.replace(copy, lanes=lanes)
        return self._copies[x, lanes]

    def _rule(self, x: Node) -> Rule:
        if x.windows:
            return _window
        if (x.elementwise and x.kind != "bounds_check") or x.kind == "broadcast":
            return _elementwise
        if x.kind == "matmul" and (len(x.shape) != 2 or x.inputs[1].dtype == "bfloat16"):
            return _plain
        if x.kind == "transpose" and self.placed[x.inputs[0]].lanes:
            return _undecided
        return _reduction if x.reduces else RULES.get(x.kind, _plain)

    def product_in_lanes(self, x: Node, y: Node, z: Node) -> bool:
        """Whether a product of a batch is computed with examples as lanes, not with columns.

        In lanes the elements of the right matrix are read one by one, so it should be in the cache,
        and lanes without an example are wasted. By rows each element of the batch moves once, for
        about the time of three products with a register.
        """
        (rows, columns), width = x.shape, self._width
        if z.size > RIGHT_MATRIX:
            return False
        if not (y.lanes or (rows >= width and self._wanted_in_lanes(x))):
            return False
        return -(-rows // width) * columns < rows * (-(-columns // width) + PACKING)

    def _wanted_in_lanes(self, x: Node) -> bool:
        """Whether elementwise work leads from x to a convolution or to what is in lanes."""
        seen, stack = {x}, [x]
        while stack:
            for user in self._users[stack.pop()]:
                if user.windows or any(
                    self.placed.get(y, y).lanes and y.shape == user.shape for y in user.inputs
                ):
                    return True
                if (user.elementwise or user.kind == "reshape") and user not in seen:
                    seen.add(user)
                    stack.append(user)
        return False

    def whole_blocks(self, x: Node) -> bool:
        """Whether x is the transpose of a matrix in lanes all of which are filled."""
        if x.kind != "transpose" or not x.inputs[0].lanes:
            return False
        return x.inputs[0].shape[0] % self._width == 0


def _like(x: Node, kind: str, source: Node, attributes: Mapping[str, object]) -> Node:
    """A node of x's shape that reads a source, in the layers that x belongs to."""
    with inside(x.scope):
        return Node.make(kind, (source,), x.shape, x.dtype, **attributes)


# The layout of a node, and those in which its inputs are wanted (None: as they are).
Choice = tuple[bool, Sequence[bool | None]]
Rule = Callable[[_Spread, Node, Sequence[Node]], Choice]


def _plain(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    return False, [False] * len(inputs)


def _undecided(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    """The transpose of what is in lanes: its users say what they need."""
    return False, [None]


def _window(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    weighted = x.kind in ("conv", "conv_input_gradient", "winograd")
    images = 1 if weighted else len(inputs)
    lanes = x.kind not in ("conv_weight_gradient", "winograd_sums")
    return lanes, [n < images for n in range(len(inputs))]


def _elementwise(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    lanes = any(y.lanes and y.shape == x.shape for y in inputs)

    def of_images(y: Node) -> bool:
        """What all images share is read element by element."""
        return len(y.shape) == len(x.shape) and 1 != y.shape[0] == x.shape[0]

    return lanes, [lanes and (y.shape == x.shape or of_images(y)) for y in inputs]


def _reshape(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    (y,) = inputs
    lanes = y.lanes and x.shape[:1] == y.shape[:1] and len(x.shape) > 1
    return lanes, [lanes]


def _slice(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    (y,) = inputs
    lanes = y.lanes and x.shape[0] == y.shape[0]
    return lanes, [lanes]


def _pieces(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    lanes = any(y.lanes for y in inputs) and _whole_batch(x)
    return lanes, [lanes and y.lanes for y in inputs]


def _whole_batch(x: Node) -> bool:
    """Whether each piece has all examples."""
    return all(y.shape[0] == x.shape[0] for y in x.inputs)


def _slices_of_one(x: Node) -> bool:
    """Whether x consists of parts of a batch, as the phases of images do."""
    if x.kind not in ("pad", "concat") or not _whole_batch(x):
        return False
    (source, *others) = {y.inputs[0] if y.kind == "slice" else y for y in x.inputs}
    return not others and source.shape[0] == x.shape[0] and source not in x.inputs


def _copy(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    return x.lanes, [inputs[0].lanes]


def _matmul(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    y, z = inputs
    if spread.product_in_lanes(x, y, z):
        return True, [True, False]
    # A transposed batch in lanes is read scalar by scalar.
    return False, [None if spread.whole_blocks(y) else False, False]


def _reduction(spread: _Spread, x: Node, inputs: Sequence[Node]) -> Choice:
    (y,) = inputs
    return y.lanes and 0 not in x.axis and len(x.shape) > 1, [y.lanes]


RULES: dict[str, Rule] = {
    "reshape": _reshape,
    "slice": _slice,
    "concat": _pieces,
    "pad": _pieces,
    "copy": _copy,
    "matmul": _matmul,
}
