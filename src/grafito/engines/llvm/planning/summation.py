"""Which sums may be added up in any order.

A row of a product has the same bits in any batch and any layout because its terms are added one
after the other. `predict` and `evaluate` rely on that; a step that trains the weights does not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence, Set

from grafito.engines.llvm.ir.nodes import Node


def in_any_order(order: Sequence[Node], trained: Set[Node]) -> dict[Node, Node]:
    """Mark the products with weights that the program changes.

    Args:
        order: all nodes, inputs before users.
        trained: the variables that get new values.
    """
    became: dict[Node, Node] = {}
    for x in order:
        inputs = tuple(became[y] for y in x.inputs)
        changed = any(y is not z for y, z in zip(inputs, x.inputs, strict=True))
        y = dataclasses.replace(x, inputs=inputs) if changed else x
        if x.kind == "matmul" and _source(x.inputs[1]) in trained:
            y = dataclasses.replace(y, attributes={**x.attributes, "any_order": True})
        became[x] = y
    return became


def _source(x: Node) -> Node:
    """What a node that only moves elements reads."""
    while x.moves:
        x = x.inputs[0]
    return x
