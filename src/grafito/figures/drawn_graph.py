"""Reads a graph for drawing: its nodes, its arrows, and the numbers that belong to each."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito import graph
from grafito.figures.diagram import Kind
from grafito.figures.layered import Link, Path, split_groups
from grafito.graph import Op, Tensor

KINDS: dict[str, Kind] = {
    "input": "input",
    "state": "parameter",
    "reading": "parameter",
    "constant": "constant",
}
FLOATING = ("float", "bfloat")


@dataclasses.dataclass(slots=True)
class Mark:
    """A node to draw: a leaf, an op, a whole function or layer, or the end of an output."""

    name: str
    kind: Kind
    tensors: list[Tensor]
    groups: tuple[str, ...] = ()
    title: str = ""


@dataclasses.dataclass(slots=True)
class Arrow:
    """The value of a tensor on its way to one reader, and the gradient that comes back.

    Both are shown in `shape`: that of the tensor, or without axes of size 1 that ops add for
    their own use, such as the second axis of a vector in a matrix product.
    """

    tensor: Tensor
    source: str
    target: str
    shape: tuple[int, ...]
    value: np.ndarray | None = None
    gradient: np.ndarray | None = None


@dataclasses.dataclass(slots=True)
class Reading:
    """All that a drawing or a table of a graph shows.

    Attributes:
        marks: nodes by name, sources first.
        arrows: the edges, in the order of the inputs of each op.
        values: value of each tensor; empty where inputs were given none.
        gradients: gradient of the outputs at each tensor; empty where there is none.
    """

    marks: dict[str, Mark]
    arrows: list[Arrow]
    values: dict[Tensor, np.ndarray]
    gradients: dict[Tensor, np.ndarray]


class _Passage(Op):
    """The input itself, on its way to one reader."""

    def infer(self, x: Tensor) -> tuple[tuple[int, ...], str]:
        return x.shape, x.dtype

    def value(self, xp: Any, x: Any) -> Any:
        return x

    def gradient(self, g: Tensor, out: Tensor, *inputs: Tensor) -> tuple[Tensor | None, ...]:
        return (g,)


def read_graph(outputs: Sequence[Tensor], feeds: Any, with_gradients: bool) -> Reading:
    """Nodes and arrows of a graph with their numbers, computed in float64.

    The graph is rebuilt with each arrow as a tensor of its own, because the gradient that
    flows along an arrow is that of one use of a value, not of all its uses together.

    Raises:
        ArgumentError: when feeds are given but an input is missing.
    """
    order = [x for x in graph.topological_order(outputs) if not _is_plumbing(x)]
    marks = {f"{i}": Mark(f"{i}", KINDS.get(x.op.name, "op"), [x]) for i, x in enumerate(order)}
    names = {x: f"{i}" for i, x in enumerate(order)}
    twins: dict[Tensor, Tensor] = {}
    passages: list[tuple[Arrow, Tensor]] = []

    def carry(x: Tensor, target: str, shape: tuple[int, ...]) -> Tensor:
        """A tensor on its way to a reader, through ops that a drawing leaves out."""
        if _is_plumbing(x):
            return x.op(carry(x.inputs[0], target, shape if x.op.name == "reshape" else x.shape))
        if math.prod(shape) != x.size:
            shape = x.shape
        arrow = Arrow(x, names[x], target, min(shape, x.shape, key=len))
        passages.append((arrow, _Passage()(twins[x])))
        return passages[-1][1]

    for x in order:
        twins[x] = x.op(*(carry(y, names[x], y.shape) for y in x.inputs)) if x.inputs else x
    ends = []
    for i, output in enumerate(outputs):
        marks[f"out{i}"] = Mark(f"out{i}", "output", [output])
        ends.append(carry(output, f"out{i}", output.shape))

    reading = Reading(marks, [arrow for arrow, _ in passages], {}, {})
    if feeds is not None or not any(marks[n].kind == "input" for n in names.values()):
        _compute(reading, twins, passages, ends, feeds, with_gradients)
    _assign_groups(reading)
    return reading


def _is_plumbing(x: Tensor) -> bool:
    """Whether an op only adapts shape or type, so that a drawing is clearer without it."""
    if x.op.name == "cast":
        return x.dtype.startswith(FLOATING) and x.inputs[0].dtype.startswith(FLOATING)
    if x.op.name == "reshape":
        return [n for n in x.shape if n != 1] == [n for n in x.inputs[0].shape if n != 1]
    return x.op.name == "broadcastto"


def _compute(
    reading: Reading,
    twins: dict[Tensor, Tensor],
    passages: Sequence[tuple[Arrow, Tensor]],
    ends: Sequence[Tensor],
    feeds: Any,
    with_gradients: bool,
) -> None:
    """Fill in values and gradients, with a single run of the graph."""
    smooth = [end for end in ends if end.dtype.startswith(FLOATING)]
    back: dict[Tensor, Tensor] = {}
    if with_gradients and smooth:
        at = [twin for x, twin in twins.items() if _has_gradient(x)]
        at += [
            passage
            for arrow, passage in passages
            if _has_gradient(arrow.tensor)
            and all(x.dtype.startswith(FLOATING) for x in reading.marks[arrow.target].tensors)
        ]
        back = dict(zip(at, graph.gradients(smooth, at, unconnected="zero"), strict=True))
    wanted = [*twins.values(), *back.values()]
    numbers = dict(zip(wanted, graph.value(wanted, feeds, dtype="float64"), strict=True))
    reading.values = {x: numbers[twin] for x, twin in twins.items()}
    reading.gradients = {x: numbers[back[twin]] for x, twin in twins.items() if twin in back}
    for arrow, passage in passages:
        arrow.value = reading.values[arrow.tensor].reshape(arrow.shape)
        if passage in back:
            arrow.gradient = numbers[back[passage]].reshape(arrow.shape)


def _has_gradient(x: Tensor) -> bool:
    return x.dtype.startswith(FLOATING) and x.op.name != "constant"


def _assign_groups(reading: Reading) -> None:
    """Ops lie in the scopes they were built in, parameters and constants beside their readers.

    What several calls of a layer read lies in the first of them.
    """
    readers = defaultdict(list)
    for arrow in reading.arrows:
        readers[arrow.source].append(reading.marks[arrow.target])
    for mark in reversed(reading.marks.values()):
        if mark.kind == "op":
            mark.groups = mark.tensors[0].scope
        elif mark.kind in ("parameter", "constant"):
            scopes = [reader.groups for reader in readers[mark.name]]
            if mark.kind == "constant":  # one that was made outside is no part of a function
                scopes.append(mark.tensors[0].scope)
            mark.groups = tuple(
                names[0] for names in zip(*scopes, strict=False) if len(set(names)) == 1
            )
    containers = _containers(reading)
    for mark in reading.marks.values():
        mark.groups = tuple(
            name
            for depth, name in enumerate(mark.groups)
            if mark.groups[: depth + 1] not in containers
        )
    paths = _paths(reading)
    size = Counter(
        path[:depth]
        for name, path in paths.items()
        for depth in range(2, len(path) + 1)
        if reading.marks[name].kind != "constant"
    )
    for name, path in paths.items():
        while size[path] == 1:  # an inner region around a single op says nothing
            path = path[:-1]
        reading.marks[name].groups = _names(path)


def _paths(reading: Reading) -> dict[str, Path]:
    """The groups of each node, in pieces where a layer is called in several places."""
    links = [Link(arrow.source, arrow.target) for arrow in reading.arrows]
    return split_groups({mark.name: mark.groups for mark in reading.marks.values()}, links)


def _names(path: Path) -> tuple[str, ...]:
    """The names of the groups on a path; each knows of which call it is."""
    return tuple(name for name, _ in path)


def _containers(reading: Reading) -> set[tuple[str, ...]]:
    """Scopes that are no layers but hold layers: models, and layers built of several layers."""
    own, holding = set(), defaultdict(set)
    for mark in reading.marks.values():
        if mark.kind == "op":
            own.add(mark.groups)
        if mark.kind in ("op", "parameter"):
            for depth in range(len(mark.groups)):
                inner = mark.groups[: depth + 2] if mark.kind == "parameter" else ()
                holding[mark.groups[: depth + 1]].add(inner)
    return {
        scope
        for scope, inner in holding.items()
        if scope not in own or len([path for path in inner if len(path) > len(scope)]) > 1
    }


def collapse(reading: Reading, level: str) -> Reading:
    """One node for each function (innermost scope without parameters) or for each layer.

    Args:
        reading: the graph with all its ops.
        level: "functions" or "layers".
    """
    paths = _paths(reading)
    if level == "layers":
        whole = {path[:1] for path in paths.values() if path}
    else:
        outer = {path[:i] for path in paths.values() for i in range(len(path))}
        whole = {path for path in paths.values() if path} - outer
        owners = {_names(paths[m.name]) for m in reading.marks.values() if m.kind == "parameter"}
        whole = {path for path in whole if _names(path) not in owners}
    into: dict[str, str] = {}
    marks: dict[str, Mark] = {}
    for mark in reading.marks.values():
        path = paths[mark.name][:1] if level == "layers" else paths[mark.name]
        own = level == "layers" and mark.kind == "parameter" and bool(reading.gradients)
        into[mark.name] = "/".join(f"{n}.{i}" for n, i in path) if path in whole else mark.name
        if own:  # what is to be learned stands beside its layer, with its gradient
            into[mark.name] = mark.name
            marks[mark.name] = dataclasses.replace(mark, groups=())
        elif path not in whole:
            marks[mark.name] = mark
        elif into[mark.name] not in marks:
            kind: Kind = "block" if level == "layers" else "op"
            marks[into[mark.name]] = Mark(into[mark.name], kind, [], _names(path[:-1]), path[-1][0])
        if path in whole and mark.kind == "op":
            marks[into[mark.name]].tensors += mark.tensors
    arrows: dict[tuple[Tensor, str, int], Arrow] = {}
    for index, arrow in enumerate(reading.arrows):
        source, target = into[arrow.source], into[arrow.target]
        inside = source != arrow.source and reading.marks[arrow.source].kind != "op"
        if source == target or inside:  # the parameters of a layer stay within it
            continue
        # A function has one arrow from what it reads twice, an op one for each of its inputs.
        key = arrow.tensor, target, index if target == arrow.target else -1
        if key not in arrows:
            arrows[key] = dataclasses.replace(arrow, source=source, target=target)
        elif arrow.gradient is not None:
            total = arrows[key]
            total.gradient = arrow.gradient + (0 if total.gradient is None else total.gradient)
    return Reading(marks, list(arrows.values()), reading.values, reading.gradients)
