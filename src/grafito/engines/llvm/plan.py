"""Which nodes are stored, with which layout, and which are computed together in one kernel.

A node that is not stored is computed where it is read. A kernel has one primary (a product, a
reduction, ...) or none, and any number of results of the same shape that are computed element by
element from what it has in registers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from grafito.engines.llvm.emit.elementwise import CHEAP
from grafito.engines.llvm.emit.indices import Index, fit_index, fits, operands, trivial
from grafito.engines.llvm.emit.loops import own_index
from grafito.engines.llvm.nodes import (
    LEAVES,
    MADE,
    MOVES,
    REDUCTIONS,
    WHOLE,
    WINDOWS,
    Node,
    Shape,
)
from grafito.graph.evaluate import topological_order

PRIMARY = REDUCTIONS | WINDOWS | WHOLE - {"parts", "copy"} | {"matmul"}
RICH = REDUCTIONS | {"matmul", "conv", "convback", "winograd"}  # primaries that others may join
DEAR = 8  # cost of a function like exp, in additions
WORKSPACE = 8192  # weights whose sums for each lane stay in the second-level cache
NEAR = 1 << 18  # elements that the caches hold
LIMIT = 4  # what may be computed twice rather than stored


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
    """

    primary: Node | None
    shape: Shape
    lanes: bool
    results: list[Node] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    reads: set[Node] = field(default_factory=set)
    work: Node | None = None


@dataclass(frozen=True)
class Store:
    """A result and where it goes: `start + step index` along each axis of the target."""

    node: Node
    target: Node
    starts: Shape | None = None
    steps: Shape | None = None


# Layout


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
    for x in order:
        if x.kind in LEAVES or x in stored:
            cost[x] = 0
            continue
        own = 0 if x.kind in MOVES else 1 if x.kind in CHEAP | MADE else DEAR
        cost[x] = own + sum(cost[y] for y in x.inputs)
        repeated = len(users[x]) > 1 or any(
            (u.size > x.size and u.kind not in MOVES) or u.kind == "broadcast" for u in users[x]
        )
        if repeated and cost[x] > (LIMIT if x.size > 1 else 1) and x.kind not in MOVES:
            stored.add(x)
            cost[x] = 0
    return stored


# Reading


def reads_of(x: Node, stored: set[Node], lanes: bool) -> dict[Node, bool]:
    """The stored nodes that x is computed from, and whether each is read at the index of x alone.

    Args:
        x: a node that is computed element by element.
        stored: the nodes that have a buffer.
        lanes: whether that is done with images as lanes.
    """
    _, own = own_index(x.shape, lanes, 1)
    found: dict[Node, bool] = {}
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
            found[y] = found.get(y, True) and same
        elif index is None or (y.kind == "reshape" and not trivial(y)):
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

    def place(x: Node, shape: Shape, lanes: bool, reads: dict[Node, bool], stores: Store) -> None:
        inside = {y: same for y, same in reads.items() if y in home}
        last = max((home[y] for y in inside), default=-1)
        options = list(range(len(kernels) - 1, last, -1))
        if last >= 0 and all(same for y, same in inside.items() if home[y] == last):
            options.append(last)
        for k in reversed(options):
            if _joins(kernels[k], shape, lanes, k == last):
                break
        else:
            kernels.append(Kernel(None, shape, lanes))
            k = len(kernels) - 1
        kernels[k].results.append(x)
        kernels[k].stores.append(stores)
        kernels[k].reads |= {y for y in reads if y not in kernels[k].results}
        home[stores.target] = max(k, home.get(stores.target, -1))

    for x in order:
        if x not in stored:
            continue
        if x.kind in PRIMARY:
            kernel = Kernel(x, x.shape, x.lanes, [x], [Store(x, x)])
            kernel.reads = sources_of(x, stored)
            kernel.work = workspace(x, width)
            kernels.append(kernel)
            home[x] = len(kernels) - 1
        elif x.kind == "parts":
            if x.fill is not None:
                filling = Node("fill", (), x.shape, x.dtype, value=x.fill)
                filling.lanes = x.lanes
                kernels.append(Kernel(None, x.shape, x.lanes, [filling], [Store(filling, x)]))
                home[x] = len(kernels) - 1
            for y, starts, steps in zip(x.inputs, x.starts, x.steps, strict=True):
                piece = Node("stopgradient", (y,), y.shape, y.dtype)
                piece.lanes = x.lanes
                reads = reads_of(piece, stored, x.lanes)
                if x in home:
                    reads[x] = False  # after the filling
                place(piece, y.shape, x.lanes, reads, Store(piece, x, starts, steps))
                kernels[home[x]].reads.discard(x)
        else:
            lanes = x.lanes or (x.kind == "copy" and x.inputs[0].lanes)
            place(x, x.shape, lanes, reads_of(x, stored, lanes), Store(x, x))
    return kernels


def _joins(kernel: Kernel, shape: Shape, lanes: bool, depends: bool) -> bool:
    """Whether a result of this shape can be computed in the loops of the kernel."""
    if kernel.lanes != lanes or len(kernel.results) > 24:
        return False
    if any(x.kind == "fill" for x in kernel.results):
        return False
    same = fits(kernel.shape, shape, lanes)
    if kernel.primary is None:
        return same
    return same and depends and (kernel.primary.kind in RICH or side_by_side(kernel.primary))


def side_by_side(x: Node) -> bool:
    """Whether the windows of a pool's way back meet each element once: then others may join."""
    if x.kind not in ("maxscatter", "sumscatter"):
        return False
    seen = (n * w for n, w in zip(x.inputs[-1].shape[1:3], x.window, strict=True))
    return x.window == x.strides and x.shape[1:3] == tuple(seen)


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


def update_order(results: Mapping[Node, Node], outputs: Sequence[Node]) -> list[Node]:
    """All nodes, inputs before users; what an update needs comes after who reads its old value.

    Args:
        results: new value of each variable.
        outputs: what else is computed.
    """
    depth: dict[Node, int] = {}
    for x in topological_order([*outputs, *results.values()]):
        depth[x] = 1 + max((depth[y] for y in x.inputs), default=0)
    deepest = sorted(results, key=lambda v: -depth[results[v]])
    order = topological_order([*outputs, *(results[v] for v in deepest)])
    position = {x: float(i) for i, x in enumerate(order)}
    users: dict[Node, list[Node]] = defaultdict(list)
    serves: dict[Node, set[Node] | None] = {x: set() for x in order}
    for x in order:
        for y in x.inputs:
            users[y].append(x)
    for x in outputs:
        serves[x] = None
    for v, x in results.items():
        if serves[x] is not None:
            serves[x].add(v)  # type: ignore[union-attr]
    for x in reversed(order):  # which updates alone a node serves; None where others need it too
        for y in x.inputs:
            mine, more = serves[y], serves[x]
            serves[y] = None if mine is None or more is None else mine | more
    for x in order:
        own = serves[x]
        if own is not None and len(own) == 1 and x.kind not in LEAVES:
            (v,) = own
            readers = [position[u] for u in users[v] if serves[u] != own]
            position[x] = max([*readers, *(position[y] for y in x.inputs)], default=0) + 1e-6
    index = {x: i for i, x in enumerate(order)}
    return sorted(order, key=lambda x: (position[x], index[x]))


def find_in_place(
    kernels: Sequence[Kernel], updates: Mapping[Node, Node], stored: set[Node]
) -> dict[Node, Node]:
    """The variables whose new value can be written over the old one, by new value."""
    home = {s.target: k for k, kernel in enumerate(kernels) for s in kernel.stores}
    safe: dict[Node, Node] = {}
    for v, x in updates.items():
        if x not in home or x in safe:
            continue
        fine = True
        for k, kernel in enumerate(kernels):
            if v not in kernel.reads:
                continue
            if k > home[x]:
                fine = False
            elif k == home[x]:
                primary = kernel.primary
                fine = fine and (primary is None or v not in sources_of(primary, stored))
                for y in kernel.results:
                    if y is not primary:
                        fine = fine and reads_of(y, stored, kernel.lanes).get(v, True)
        if fine:
            safe[x] = v
    return safe
