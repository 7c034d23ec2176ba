"""What the engine compiles: a graph of few kinds of nodes, made from the ops of `grafito.graph`.

Composite ops (softmax, cross-entropies) become elementwise nodes and reductions; convolutions lose
their padding to a node of its own; an index is checked in a node of its own.
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from grafito.engines.llvm.ir.kinds import KINDS, Family, Kind

Shape = tuple[int, ...]

_numbers = itertools.count()
_scope: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("scope", default=())


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """One value: its kind, what it reads, shape, dtype and static attributes.

    A node never changes; a pass that wants another one makes it with `dataclasses.replace`.

    Attributes:
        kind: a row of `kinds.KINDS`.
        lanes: whether it is stored with images as lanes: [n / LANES][...][LANES].
        scope: names of the layers it was built in.
        number: counts nodes, to bring sets into order; kept when a node is replaced.
    """

    kind: str
    inputs: tuple[Node, ...]
    shape: Shape
    dtype: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    lanes: bool = False
    scope: tuple[str, ...] = field(default_factory=_scope.get)
    number: int = field(default_factory=lambda: next(_numbers))

    @classmethod
    def make(
        cls, kind: str, inputs: Iterable[Node], shape: Shape, dtype: str, **attributes: Any
    ) -> Node:
        """A new node, in the scope of `inside`."""
        return cls(kind, tuple(inputs), tuple(shape), dtype, attributes)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["attributes"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.dtype}{list(self.shape)}>"

    def __str__(self) -> str:
        """A line of a listing: what it is, from what."""
        inputs = ", ".join(f"%{y.number}" for y in self.inputs)
        told = "".join(
            f" {name}={value}"
            for name, value in self.attributes.items()
            if isinstance(value, (bool, int, float, str, tuple, list))
        )
        lanes = " in lanes" if self.lanes else ""
        shape = "x".join(map(str, self.shape)) or "1"
        return f"%{self.number} = {self.kind}({inputs}) {self.dtype} {shape}{lanes}{told}"

    @property
    def row(self) -> Kind:
        """What is known of its kind."""
        return KINDS[self.kind]

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def leaf(self) -> bool:
        """Whether it is given, not computed."""
        return self.row.family is Family.LEAF

    @property
    def moves(self) -> bool:
        """Whether it only says where an element of its input is."""
        return self.row.family is Family.MOVE

    @property
    def elementwise(self) -> bool:
        """Whether each element depends on one element of each input."""
        return self.row.family is Family.ELEMENTWISE

    @property
    def windows(self) -> bool:
        """Whether it looks at images through windows."""
        return self.row.family is Family.WINDOW

    @property
    def reduces(self) -> bool:
        """Whether it combines the elements along axes."""
        return self.row.family is Family.REDUCTION

    @property
    def weight_shape(self) -> Shape:
        """The shape of the weights of a convolution, also of those in another form."""
        return self.attributes.get("weight_shape", self.shape)


@contextlib.contextmanager
def inside(scope: tuple[str, ...]) -> Iterator[None]:
    """Nodes that are made here belong to these layers."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)
