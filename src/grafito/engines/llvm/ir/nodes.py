"""What the engine compiles: a graph of few kinds of nodes, made from the ops of `grafito.graph`.

Composite ops (softmax, cross-entropies) become elementwise nodes and reductions; convolutions lose
their padding to a node of its own; an index is checked in a node of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

Shape = tuple[int, ...]

LEAVES = {"input", "variable", "constant"}
MOVES = {"reshape", "transpose", "broadcast", "slice", "flip", "take"}  # only say where
MADE = {"onehot"}  # computed from an index alone, like elementwise nodes
REDUCTIONS = {"sum", "max", "min", "prod"}
WINDOWS = {
    "conv",
    "convback",
    "convkernel",
    "maxpool",
    "maxscatter",
    "maxgather",
    "sumpool",
    "sumscatter",
    "winograd",
    "winosums",
}
WHOLE = {
    "parts",
    "scatter",
    "argmax",
    "argmin",
    "cumsum",
    "argsort",
    "bits",
    "copy",
    "imagepairs",
    "weighttiles",
    "winoweights",
    "winokernel",
}


_numbers = itertools.count()


class Node:
    """One value: its kind, what it reads, shape, dtype and static attributes.

    Attributes:
        kind: one of the sets above, "matmul", or the name of an elementwise op.
        lanes: whether it is stored with images as lanes: [n / LANES][...][LANES].
        scope: names of the layers it was built in.
        number: counts nodes, to bring sets into order.
    """

    __slots__ = ("attributes", "dtype", "inputs", "kind", "lanes", "number", "scope", "shape")

    def __init__(
        self, kind: str, inputs: Iterable[Node], shape: Shape, dtype: str, **attributes: Any
    ):
        self.kind = kind
        self.inputs = tuple(inputs)
        self.shape = tuple(shape)
        self.dtype = dtype
        self.attributes = attributes
        self.lanes = False
        self.scope: tuple[str, ...] = ()
        self.number = next(_numbers)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.attributes[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.dtype}{list(self.shape)}>"

    @property
    def size(self) -> int:
        """The number of elements."""
        total = 1
        for n in self.shape:
            total *= n
        return total

    @property
    def elementwise(self) -> bool:
        """Whether each element depends on one element of each input."""
        return self.kind not in LEAVES | MOVES | MADE | REDUCTIONS | WINDOWS | WHOLE | {"matmul"}
