"""Which nodes are stored, and which are computed together in one kernel.

A node that is not stored is computed where it is read. A kernel has one primary (a product, a
reduction, ...) or none, and any number of results of the same shape that are computed element by
element from what it has in registers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafito.engines.llvm.codegen.addresses import (
    Index,
    fit_index,
    operands,
)
from grafito.engines.llvm.codegen.elementwise_ops import CHEAP
from grafito.engines.llvm.codegen.loops import own_index
from grafito.engines.llvm.ir.kernel import Kernel, Store
from grafito.engines.llvm.ir.nodes import (
    LEAVES,
    MADE,
    MOVES,
    REDUCTIONS,
    WHOLE,
    WINDOWS,
    Node,
    Shape,
)
from grafito.engines.llvm.ir.shapes import (
    fits,
    loops_of,
    trivial,
)

PRIMARY = REDUCTIONS | WINDOWS | WHOLE - {"parts", "copy"} | {"matmul"}
DEAR = 8  # cost of a function like exp, in additions
WORKSPACE = 8192  # weights whose sums for each lane stay in the second-level cache
LIMIT = 4  # what may be computed twice rather than stored
# Additions whose code is one expression: LLVM takes more than twice the time for code of twice
# the length. Layers, losses and optimizers stay below a half of them.
LONG = 128


# What is stored


def choose_stored(order: Sequence[Node], results: Iterable[Node]) -> set[Node]:
    """The nodes that get a buffer."""
    users: dict[Node, set[Node]] = defaultdict(set)
    for x in order:
        for y in x.inputs:
            users[y].add(x)
    stored = {x for x in results if x.kind not in LEAVES}
    stored |= {x for x in order if x.kind in PRIMARY | {"parts", "copy", "check"}}

    def store_base(x: Node) -> None:
        """What is read by address must come from memory, through moves at most."""
        while x.kind in MOVES and x not in stored:
            x = x.inputs[0]
        if x.kind not in LEAVES:
            stored.add(x)

    for x in order:
        if x.kind in WINDOWS | {"matmul", "bits", "weighttiles"}:
            for y in x.inputs:
                store_base(y)
        elif x.kind == "scatter":  # read as a whole, row after row
            stored |= {y for y in x.inputs if y.kind not in LEAVES}
        elif x.kind == "take":
            store_base(x.inputs[0])
            store_base(x.inputs[1])
        elif x.kind == "reshape" and not trivial(x):
            (y,) = x.inputs
            while y.kind == "reshape" and not trivial(y):
                (y,) = y.inputs
            if y.kind not in LEAVES:
                stored.add(y)
    cost: dict[Node, int] = {}
    code: dict[Node, int] = {}  # how much of it there is to write
    for x in order:
        cost[x] = code[x] = 0
        if x.kind in LEAVES or x in stored:
            continue
        own = 0 if x.kind in MOVES else price(x)
        cost[x] = own + sum(cost[y] for y in x.inputs)
        code[x] = price(x) + sum(code[y] for y in x.inputs)
        if code[x] > LONG:
            y = x.inputs[0] if x.kind == "broadcast" else x  # the smaller one
            cost[x] = code[x] = 0
            if y.kind not in LEAVES:
                stored.add(y)
                cost[y] = code[y] = 0
            continue
        repeated = len(users[x]) > 1 or any(
            (u.size > x.size and u.kind not in MOVES) or u.kind == "broadcast" for u in users[x]
        )
        if repeated and cost[x] > (LIMIT if x.size > 1 else 1) and x.kind not in MOVES:
            stored.add(x)
            cost[x] = code[x] = 0
    return stored


def price(x: Node) -> int:
    """How much computing an element takes, in additions; a move is one for who writes it."""
    return 1 if x.kind in CHEAP | MADE | MOVES else DEAR


# Reading


@dataclass
class Reads:
    """What an element of a node is computed from.

    Attributes:
        aligned: the stored nodes, and whether each is read at the index of the element alone.
        size: how much is computed, in additions.
    """

    aligned: dict[Node, bool] = field(default_factory=dict)
    size: int = 0


def reads_of(x: Node, stored: set[Node], lanes: bool) -> Reads:
    """What an element of x is computed from.

    Args:
        x: a node that is computed element by element.
        stored: the nodes that have a buffer.
        lanes: whether that is done with images as lanes.
    """
    _, own = own_index(x.shape, lanes, 1)
    found = Reads()
    seen: set[tuple[Node, Index | None]] = set()
    stack: list[tuple[Node, Index | None]] = [(x, own)]
    while stack:
        y, index = stack.pop()
        if (y, index) in seen:
            continue
        seen.add((y, index))
        if y is not x and (y in stored or y.kind in LEAVES):
            same = index is not None and fits(y.shape, x.shape, lanes)
            same = same and index == fit_index(own, x.shape, y.shape, lanes)
            found.aligned[y] = found.aligned.get(y, True) and same
            continue
        found.size += price(y)
        if index is None or (y.kind == "reshape" and not trivial(y)):
            stack += [(z, None) for z in y.inputs]
        else:
            stack += operands(y, index)
            if y.kind == "take":
                stack.append((y.inputs[1], None))
    return found


def sources_of(x: Node, stored: set[Node]) -> set[Node]:
    """The stored nodes that a primary is computed from."""
    found: set[Node] = set()
    stack = list(x.inputs)
    seen = set(stack)
    while stack:
        y = stack.pop()
        if y in stored or y.kind in LEAVES:
            found.add(y)
        else:
            stack += [z for z in y.inputs if z not in seen]
            seen.update(y.inputs)
    return found


# Kernels


def workspace(x: Node, width: int) -> Node | None:
    """Memory for the sums of a weight gradient, a vector for each weight, where they are few.

    Then its kernel can go through the images once, row by row.
    """
    if x.kind != "convkernel" or x.size > WORKSPACE or x.dtype == "bfloat16":
        return None
    if x.inputs[1].kind == "imagepairs":
        return None
    if x.inputs[0].size < 8 * x.size or x.inputs[1].shape[2] < 8:
        return None
    return Node("work", (), (x.size * width,), x.dtype)


def make_kernels(order: Sequence[Node], stored: set[Node], width: int) -> list[Kernel]:
    """Kernels in order; results join an earlier kernel of the same shape where they can."""
    kernels: list[Kernel] = []
    home: dict[Node, int] = {}  # the last kernel that writes to the buffer of a node
    room: dict[Any, list[int]] = defaultdict(list)  # kernels without a primary, by their loops

    def add(kernel: Kernel) -> int:
        kernels.append(kernel)
        return len(kernels) - 1

    def find(shape: Shape, lanes: bool, inside: Mapping[Node, bool], size: int) -> int:
        """The first kernel that can take a result of this shape; a new one where there is none."""
        last = max((home[y] for y in inside), default=-1)
        if last >= 0 and all(same for y, same in inside.items() if home[y] == last):
            kernel = kernels[last]
            alike = kernel.lanes == lanes and fits(kernel.shape, shape, lanes)
            if alike and kernel.open and kernel.has_room(size):
                return last
        others = room[lanes, loops_of(shape, lanes)]
        while (place := bisect_right(others, last)) < len(others):
            if kernels[others[place]].has_room(size):
                return others[place]
            del others[place]
        others.append(add(Kernel(None, shape, lanes)))
        return others[-1]

    def place(x: Node, shape: Shape, lanes: bool, reads: Reads, stores: Store) -> None:
        inside = {y: same for y, same in reads.aligned.items() if y in home}
        k = find(shape, lanes, inside, reads.size)
        kernels[k].results.append(x)
        kernels[k].stores.append(stores)
        kernels[k].reads |= {y for y in reads.aligned if y not in kernels[k].results}
        kernels[k].size += reads.size
        home[stores.target] = max(k, home.get(stores.target, -1))

    for x in order:
        if x not in stored:
            continue
        if x.kind in PRIMARY:
            kernel = Kernel(x, x.shape, x.lanes, [x], [Store(x, x)])
            kernel.reads = sources_of(x, stored)
            kernel.work = workspace(x, width)
            home[x] = add(kernel)
        elif x.kind == "parts":
            if x.fill is not None:
                filling = Node("fill", (), x.shape, x.dtype, value=x.fill)
                filling.lanes = x.lanes
                home[x] = add(Kernel(None, x.shape, x.lanes, [filling], [Store(filling, x)]))
            for y, starts, steps in zip(x.inputs, x.starts, x.steps, strict=True):
                piece = Node("stopgradient", (y,), y.shape, y.dtype)
                piece.lanes = x.lanes
                reads = reads_of(piece, stored, x.lanes)
                if x in home:
                    reads.aligned[x] = False  # after the filling
                place(piece, y.shape, x.lanes, reads, Store(piece, x, starts, steps))
                kernels[home[x]].reads.discard(x)
        else:
            lanes = x.lanes or (x.kind == "copy" and x.inputs[0].lanes)
            place(x, x.shape, lanes, reads_of(x, stored, lanes), Store(x, x))
    return kernels


def drop_unread(kernels: Sequence[Kernel], keep: set[Node]) -> None:
    """A result that is only read in its own kernel stays in registers."""
    read: dict[Node, set[int]] = defaultdict(set)
    for k, kernel in enumerate(kernels):
        for x in kernel.reads:
            read[x].add(k)
    for k, kernel in enumerate(kernels):
        kernel.stores = [
            s
            for s in kernel.stores
            if s.target in keep or s.target is not s.node or read[s.node] - {k}
        ]
