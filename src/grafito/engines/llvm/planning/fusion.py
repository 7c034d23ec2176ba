"""Fusion: which nodes are materialized, and which are computed together in one kernel.

A node that is not materialized is computed where it is read. A kernel has one anchor (a product, a
reduction, ...) or none, and an epilogue: results of the same shape that are computed element by
element from values in registers.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from grafito.engines.llvm.codegen.addresses import (
    Index,
    fit_index,
    operands,
)
from grafito.engines.llvm.codegen.loops import own_index
from grafito.engines.llvm.ir.kernel import Kernel, Store, disjoint_windows
from grafito.engines.llvm.ir.kinds import Reads
from grafito.engines.llvm.ir.nodes import (
    Node,
    Shape,
)
from grafito.engines.llvm.ir.shapes import (
    fits,
    loops_of,
    unit_axes_only,
)

RECOMPUTED = 4  # additions that may be repeated rather than materialized
# Additions whose code is one expression, and one kernel: LLVM takes more than twice the time for
# code of twice the length. Layers, losses and optimizers stay below a half of them.
LARGEST_EXPRESSION, LARGEST_KERNEL = 128, 512
LARGEST_EPILOGUE = 24  # results of a kernel that no other may join


# What is materialized


def choose_materialized(order: Sequence[Node], results: Iterable[Node]) -> set[Node]:
    """The nodes that get a buffer."""
    users: dict[Node, set[Node]] = defaultdict(set)
    for x in order:
        for y in x.inputs:
            users[y].add(x)
    materialized = {x for x in results if not x.leaf}
    materialized |= {x for x in order if x.row.materialized}

    def store_base(x: Node) -> None:
        """What is read by address must come from memory, through moves at most."""
        while x.moves and x not in materialized:
            x = x.inputs[0]
        if not x.leaf:
            materialized.add(x)

    for x in order:
        if x.row.reads is Reads.ADDRESSES:
            for y in x.inputs:
                store_base(y)
        elif x.row.reads is Reads.BUFFERS:
            materialized |= {y for y in x.inputs if not y.leaf}
        elif x.kind == "reshape" and not unit_axes_only(x):
            (y,) = x.inputs
            while y.kind == "reshape" and not unit_axes_only(y):
                (y,) = y.inputs
            if not y.leaf:
                materialized.add(y)
    cost: dict[Node, int] = {}
    code: dict[Node, int] = {}  # how much of it there is to write
    for x in order:
        cost[x] = code[x] = 0
        if x.leaf or x in materialized:
            continue
        own = 0 if x.moves else x.row.cost
        cost[x] = own + sum(cost[y] for y in x.inputs)
        code[x] = x.row.cost + sum(code[y] for y in x.inputs)
        if code[x] > LARGEST_EXPRESSION:
            y = x.inputs[0] if x.kind == "broadcast" else x  # the smaller one
            cost[x] = code[x] = 0
            if not y.leaf:
                materialized.add(y)
                cost[y] = code[y] = 0
            continue
        repeated = len(users[x]) > 1 or any(
            (u.size > x.size and not u.moves) or u.kind == "broadcast" for u in users[x]
        )
        if repeated and cost[x] > (RECOMPUTED if x.size > 1 else 1) and not x.moves:
            materialized.add(x)
            cost[x] = code[x] = 0
    return materialized


# Reading


@dataclass
class Reading:
    """What an element of a node is computed from.

    Attributes:
        aligned: the materialized nodes, and whether each is read at the index of the element alone.
        size: how much is computed, in additions.
    """

    aligned: dict[Node, bool] = field(default_factory=dict)
    size: int = 0


def reads_of(x: Node, materialized: Set[Node], lanes: bool) -> Reading:
    """What an element of x is computed from.

    Args:
        x: a node that is computed element by element.
        materialized: the nodes that have a buffer.
        lanes: whether that is done with images as lanes.
    """
    _, own = own_index(x.shape, lanes, 1)
    found = Reading()
    seen: set[tuple[Node, Index | None]] = set()
    stack: list[tuple[Node, Index | None]] = [(x, own)]
    while stack:
        y, index = stack.pop()
        if (y, index) in seen:
            continue
        seen.add((y, index))
        if y is not x and (y in materialized or y.leaf):
            same = index is not None and fits(y.shape, x.shape, lanes)
            same = same and index == fit_index(own, x.shape, y.shape, lanes)
            found.aligned[y] = found.aligned.get(y, True) and same
            continue
        found.size += y.row.cost
        if index is None or (y.kind == "reshape" and not unit_axes_only(y)):
            stack += [(z, None) for z in y.inputs]
        else:
            stack += operands(y, index)
            if y.kind == "take":
                stack.append((y.inputs[1], None))
    return found


def sources_of(x: Node, materialized: Set[Node]) -> set[Node]:
    """The materialized nodes that an anchor is computed from."""
    found: set[Node] = set()
    stack = list(x.inputs)
    seen = set(stack)
    while stack:
        y = stack.pop()
        if y in materialized or y.leaf:
            found.add(y)
        else:
            stack += [z for z in y.inputs if z not in seen]
            seen.update(y.inputs)
    return found


# Kernels


def workspace(x: Node, width: int) -> Node | None:
    """Memory for a vector of sums for each weight, where that is less than the images take.

    Then the kernel of a weight gradient reads the images once, some rows at a time.
    """
    if x.kind != "conv_weight_gradient" or x.dtype == "bfloat16":
        return None
    if x.inputs[1].kind == "image_pairs":
        return None
    if x.inputs[0].size < max(8, width) * x.size or x.inputs[1].shape[2] < 8:
        return None
    return Node.make("work", (), (x.size * width,), x.dtype)


@dataclass
class _Draft:
    """A kernel that results may still join; see `Kernel`.

    Attributes:
        size: how much of it is computed element by element, in additions.
    """

    anchor: Node | None
    shape: Shape
    lanes: bool
    results: list[Node] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    reads: set[Node] = field(default_factory=set)
    work: Node | None = None
    size: int = 0

    @property
    def open(self) -> bool:
        """Whether other results may join those of its anchor, or of its elementwise work."""
        if self.anchor is None:
            return self.results[0].kind != "fill"
        return self.anchor.row.fusible or disjoint_windows(self.anchor)

    def has_room(self, size: int) -> bool:
        """Whether so much more fits in."""
        return len(self.results) <= LARGEST_EPILOGUE and self.size + size <= LARGEST_KERNEL

    def kernel(self) -> Kernel:
        """As it is now."""
        return Kernel(
            self.anchor, self.shape, self.lanes, tuple(self.results), tuple(self.stores),
            frozenset(self.reads), self.work,
        )  # fmt: skip


class _Fusion:
    """The pass on its way through the nodes.

    Attributes:
        drafts: the kernels so far.
    """

    def __init__(self) -> None:
        self.drafts: list[_Draft] = []
        self._home: dict[Node, int] = {}  # the last kernel that writes to the buffer of a node
        # Kernels without an anchor, by their loops.
        self._room: dict[Any, list[int]] = defaultdict(list)

    def _add(self, draft: _Draft) -> int:
        self.drafts.append(draft)
        return len(self.drafts) - 1

    def _find(self, shape: Shape, lanes: bool, inside: Mapping[Node, bool], size: int) -> int:
        """The first kernel that can take a result of this shape; a new one where there is none."""
        home, drafts = self._home, self.drafts
        last = max((home[y] for y in inside), default=-1)
        if last >= 0 and all(same for y, same in inside.items() if home[y] == last):
            draft = drafts[last]
            alike = draft.lanes == lanes and fits(draft.shape, shape, lanes)
            if alike and draft.open and draft.has_room(size):
                return last
        others = self._room[lanes, loops_of(shape, lanes)]
        while (place := bisect_right(others, last)) < len(others):
            if drafts[others[place]].has_room(size):
                return others[place]
            del others[place]
        others.append(self._add(_Draft(None, shape, lanes)))
        return others[-1]

    def _place(self, x: Node, shape: Shape, lanes: bool, reads: Reading, store: Store) -> None:
        inside = {y: same for y, same in reads.aligned.items() if y in self._home}
        k = self._find(shape, lanes, inside, reads.size)
        draft = self.drafts[k]
        draft.results.append(x)
        draft.stores.append(store)
        draft.reads |= {y for y in reads.aligned if y not in draft.results}
        draft.size += reads.size
        self._home[store.target] = max(k, self._home.get(store.target, -1))

    def anchor(self, x: Node, materialized: Set[Node], width: int) -> None:
        """A kernel of its own for a product, a reduction, ..."""
        draft = _Draft(x, x.shape, x.lanes, [x], [Store(x, x)], sources_of(x, materialized))
        draft.work = workspace(x, width)
        self._home[x] = self._add(draft)

    def pieces(self, x: Node, materialized: Set[Node]) -> None:
        """The inputs of a `concat` or a `pad`, each to its place in the buffer."""
        if x.fill is not None:
            filling = Node("fill", (), x.shape, x.dtype, {"value": x.fill}, x.lanes, x.scope)
            draft = _Draft(None, x.shape, x.lanes, [filling], [Store(filling, x)])
            self._home[x] = self._add(draft)
        for y, starts, steps in zip(x.inputs, x.starts, x.steps, strict=True):
            piece = Node("stopgradient", (y,), y.shape, y.dtype, {}, x.lanes, x.scope)
            reads = reads_of(piece, materialized, x.lanes)
            if x in self._home:
                reads.aligned[x] = False  # after the filling
            self._place(piece, y.shape, x.lanes, reads, Store(piece, x, starts, steps))
            self.drafts[self._home[x]].reads.discard(x)

    def elementwise(self, x: Node, materialized: Set[Node]) -> None:
        """A result that joins a kernel where it can."""
        lanes = x.lanes or (x.kind == "copy" and x.inputs[0].lanes)
        self._place(x, x.shape, lanes, reads_of(x, materialized, lanes), Store(x, x))


def make_kernels(order: Sequence[Node], materialized: Set[Node], width: int) -> list[Kernel]:
    """Kernels in order; results join an earlier kernel of the same shape where they can."""
    fusion = _Fusion()
    for x in order:
        if x not in materialized:
            continue
        if x.row.anchor:
            fusion.anchor(x, materialized, width)
        elif x.kind in ("concat", "pad"):
            fusion.pieces(x, materialized)
        else:
            fusion.elementwise(x, materialized)
    return [draft.kernel() for draft in fusion.drafts]


def drop_unread(kernels: Sequence[Kernel], keep: Set[Node]) -> list[Kernel]:
    """A result that is only read in its own kernel stays in registers; empty kernels go."""
    read: dict[Node, set[int]] = defaultdict(set)
    for k, kernel in enumerate(kernels):
        for x in kernel.reads:
            read[x].add(k)
    kept = []
    for k, kernel in enumerate(kernels):
        stores = tuple(
            s
            for s in kernel.stores
            if s.target in keep or s.target is not s.node or read[s.node] - {k}
        )
        if stores:
            kept.append(dataclasses.replace(kernel, stores=stores))
    return kept
