"""What two graphs have in common when one program can serve both."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Hashable
from typing import Any

import numpy as np

from grafito.graph.program import Graph
from grafito.graph.tensor import Constant, Input, Tensor
from grafito.graph.variable import State

PLAIN = (bool, int, float, str, bytes, type(None))
SMALL = 1 << 10  # bytes of a constant that are compared as they are
LARGE = 1 << 20  # bytes of all constants together from which on nothing is compared


def structure(graph: Graph) -> tuple[Hashable, list[Tensor]] | None:
    """What a program for the graph depends on, and the variables that it is left open.

    Graphs of equal structure compute the same from what their inputs and variables hold, to the
    last bit; names of layers and variables are no part of it.

    Returns:
        The structure, and the variables in an order that belongs to it; None where it cannot be
        told, because an op has attributes of its own kind or constants are large.

    Example:
        >>> from grafito import graph
        >>> def doubled(n):
        ...     w = graph.Variable(1.0)
        ...     return graph.trace_graph(lambda: {"y": w * n}, {})
        >>> structure(doubled(2))[0] == structure(doubled(2))[0]
        True
        >>> structure(doubled(2))[0] == structure(doubled(3))[0]
        False
    """
    nodes = graph.nodes
    if sum(x.op.array.nbytes for x in nodes if isinstance(x.op, Constant)) > LARGE:
        return None
    nodes = list(dict.fromkeys([*nodes, *graph.inputs.values(), *graph.updates]))
    number = {x: i for i, x in enumerate(nodes)}
    try:
        rows = tuple(
            [(_own(x), x.shape, x.dtype, tuple([number[y] for y in x.inputs])) for x in nodes]
        )
    except TypeError:
        return None
    whole = (
        tuple((name, number[x]) for name, x in graph.inputs.items()),
        tuple((name, number[x]) for name, x in graph.outputs.items()),
        tuple((number[v], number[x]) for v, x in graph.updates.items()),
    )
    return (rows, whole), [x for x in nodes if isinstance(x.op, State)]


def _own(x: Tensor) -> Any:
    """What a tensor is, apart from shape, dtype and inputs."""
    if isinstance(x.op, (Input, State)):
        return type(x.op)
    if isinstance(x.op, Constant):
        array = np.asarray(x.op.array)
        content = array.tobytes()
        if len(content) > SMALL:
            content = hashlib.sha256(content).digest()
        return Constant, array.dtype.str, array.shape, content
    kind: Any = type(x.op)
    return kind, tuple([_plain(getattr(x.op, name)) for name in _fields(kind)])


@functools.cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _plain(value: Any) -> Hashable:
    """A value that equals another only where both are of the same type and the same bits.

    Raises:
        TypeError: when there is none.
    """
    if isinstance(value, tuple):
        return tuple([_plain(v) for v in value])
    if type(value) not in PLAIN:
        raise TypeError
    return (float, value.hex()) if type(value) is float else (type(value), value)
