"""When variables get their new values, and which of these can be written over the old ones."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.planning.fusion import reads_of, sources_of
from grafito.graph.evaluate import topological_order


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
    serves: dict[
        Node, Node | None
    ] = {}  # the one update that needs it; None where there are others
    for x in order:
        for y in x.inputs:
            users[y].append(x)
    for v, x in results.items():
        serves[x] = None if x in serves else v
    serves |= dict.fromkeys(outputs)
    for x in reversed(order):
        for y in x.inputs:
            serves[y] = serves[x] if serves.get(y, serves[x]) is serves[x] else None
    for x in order:
        own = serves[x]
        if own is not None and not x.leaf:
            readers = [position[u] for u in users[own] if serves[u] is not own]
            position[x] = max([*readers, *(position[y] for y in x.inputs)], default=0) + 1e-6
    index = {x: i for i, x in enumerate(order)}
    return sorted(order, key=lambda x: (position[x], index[x]))


def find_in_place(
    kernels: Sequence[Kernel], updates: Mapping[Node, Node], materialized: Set[Node]
) -> dict[Node, Node]:
    """The variables whose new value can be written over the old one, by new value."""
    home = {s.target: k for k, kernel in enumerate(kernels) for s in kernel.stores}
    readers: dict[Node, list[int]] = {v: [] for v in updates}
    for k, kernel in enumerate(kernels):
        for y in kernel.reads:
            if y in readers:
                readers[y].append(k)
    reading = functools.cache(functools.partial(reads_of, materialized=materialized))
    safe: dict[Node, Node] = {}
    for v, x in updates.items():
        if x not in home or x in safe:
            continue
        fine = True
        for k in readers[v]:
            kernel = kernels[k]
            if k > home[x]:
                fine = False
            elif k == home[x]:
                anchor = kernel.anchor
                fine = fine and (anchor is None or v not in sources_of(anchor, materialized))
                for y in kernel.results:
                    if y is not anchor:
                        fine = fine and reading(y, lanes=kernel.lanes).aligned.get(v, True)
        if fine:
            safe[x] = v
    return safe
