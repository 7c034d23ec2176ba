"""The cache key of a kernel: plain data from which its code is generated, and found again.

    nodes of the graph -> describe -> key -> rebuild -> nodes of their own -> code

Code generators never see the nodes of the graph. They are given a kernel that is rebuilt from the
key and ends at materialized nodes, so all that they can read is in the key, and kernels with equal
keys have equal code. Were something missing in the key, the code would be wrong at once and every
test would fail; it could not be a wrong cache entry later.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from types import SimpleNamespace
from typing import Any

import numpy as np

from grafito.engines.llvm.ir.kernel import (
    Kernel,
    Store,
)
from grafito.engines.llvm.ir.nodes import (
    Node,
)
from grafito.graph.dtypes import numpy_dtype
from grafito.graph.tensor import Tensor

Key = tuple[Any, ...]
PLAIN = {bool, int, float, str, bytes, type(None)}


def describe(kernel: Kernel, materialized: Set[Node], shared: bool) -> tuple[Key, list[Node]]:
    """The key of a kernel, and the nodes that it names by position.

    Args:
        kernel: as it is planned.
        materialized: nodes that have a buffer.
        shared: whether a result is written over an input.

    Raises:
        TypeError: for an attribute of a node that is no plain data.
    """
    computed, nodes, rows = set(kernel.results), list[Node](), list[Key]()
    place: dict[Node, int] = {}

    def visit(x: Node) -> int:
        stack = [x]
        while stack:
            y = stack[-1]
            ends = y.leaf or (y in materialized and y not in computed)
            inputs = () if ends else y.inputs
            missing = [] if y in place else [z for z in reversed(inputs) if z not in place]
            if not missing:
                add_row(stack.pop(), ends, inputs)
            stack += missing
        return place[x]

    def add_row(x: Node, ends: bool, inputs: Sequence[Node]) -> None:
        if x not in place:
            # The stores tell where the pieces of a `concat` lie. With all of them in the key of
            # each piece, the time would grow with the square of their number.
            known = {} if x.kind == "concat" else x.attributes
            attributes = [_attribute(n, v) for n, v in sorted(known.items()) if _in_key(v)]
            kind = "external" if ends and x.moves else x.kind  # read from its buffer
            own = kind, plain(x.shape), x.dtype, x.lanes, x in materialized, tuple(attributes)
            place[x] = len(nodes)
            nodes.append(x)
            rows.append((*own, tuple([place[y] for y in inputs])))

    results = tuple([visit(x) for x in kernel.results])
    stores = [(visit(s.node), visit(s.target), s.starts, s.steps) for s in kernel.stores]
    reads = sorted(kernel.reads, key=lambda x: x.number)
    whole = (
        results,
        None if kernel.anchor is None else visit(kernel.anchor),
        plain(kernel.shape),
        kernel.lanes,
        plain(stores),
        tuple(sorted([visit(x) for x in reads])),
        None if kernel.work is None else visit(kernel.work),
        shared,
    )
    return (tuple(rows), whole), nodes


def rebuild(key_parts: Key) -> tuple[Kernel, set[Node], bool, list[Node]]:
    """The kernel of a key, its materialized nodes, `shared`, and all nodes in order."""
    rows, (results, anchor, shape, lanes, stores, reads, work, shared) = key_parts
    nodes: list[Node] = []
    materialized = set()
    for kind, own_shape, dtype, in_lanes, kept, attributes, inputs in rows:
        given = {name: _rebuilt(form, value) for name, form, value in attributes}
        x = Node(kind, tuple([nodes[i] for i in inputs]), own_shape, dtype, given, in_lanes)
        nodes.append(x)
        if kept:
            materialized.add(x)
    kernel = Kernel(
        None if anchor is None else nodes[anchor],
        shape,
        lanes,
        tuple([nodes[i] for i in results]),
        tuple([Store(nodes[i], nodes[target], *where) for i, target, *where in stores]),
        frozenset([nodes[i] for i in reads]),
        None if work is None else nodes[work],
    )
    return kernel, materialized, shared, nodes


def plain(value: Any) -> Any:
    """The same value in types whose texts differ wherever they do.

    Raises:
        TypeError: when there is none.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, (tuple, list)):
        return tuple([plain(v) for v in value])
    if isinstance(value, np.generic):
        return plain(value.item())
    raise TypeError(f"an attribute of a node is plain data, not {type(value).__name__}")


def _in_key(value: Any) -> bool:
    """Whether it is part of the key. Which tensor it is does not matter: code depends on shapes."""
    return not isinstance(value, Tensor)


def _attribute(name: str, value: Any) -> Key:
    if not isinstance(value, np.ndarray):
        return name, "plain", plain(value)
    known = value.tobytes() if value.size == 1 else None  # else it is read from memory
    return name, "array", (value.dtype.name, value.shape, known)


def _rebuilt(form: str, value: Any) -> Any:
    if form == "plain":
        return value
    dtype, shape, known = value
    if known is None:
        return SimpleNamespace(size=np.prod(shape, dtype=int), shape=shape)  # and no elements
    return np.frombuffer(known, numpy_dtype(dtype)).reshape(shape)
