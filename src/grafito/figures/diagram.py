"""What a drawing of a graph shows, as plain data: nodes, edges with their texts, groups."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Literal

from grafito.errors import ArgumentError

Kind = Literal["input", "parameter", "constant", "op", "block", "output", "link"]


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """One node of a drawing.

    Attributes:
        name: what edges refer to; unique in the diagram.
        label: the text drawn in it.
        kind: "input", "parameter" and "constant" are leaves, "op" is round, "block" stands for a
            whole function or layer, "output" is the open end of the last arrow, "link" the end
            of an arrow that goes on in another row.
        groups: coloured regions around it, outermost first.
        number: what a table calls it, written small above it.
    """

    name: str
    label: str
    kind: Kind = "op"
    groups: tuple[str, ...] = ()
    number: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two nodes.

    Attributes:
        source: name of the node it leaves.
        target: name of the node it enters.
        value: text over the black arrow; several lines for a matrix.
        gradient: text under the dashed arrow back; without it there is no arrow back.
        quiet: whether the gradient is grey, as that of data, which nobody changes.
    """

    source: str
    target: str
    value: str = ""
    gradient: str = ""
    quiet: bool = False


@dataclasses.dataclass(frozen=True)
class Diagram:
    """Nodes, each before those that read it, and the edges between them.

    Raises:
        ArgumentError: for an empty diagram, two nodes of one name or an edge to nowhere.

    Example:
        >>> nodes = (Node("x", "x", "input"), Node("y", "exp"))
        >>> len(Diagram(nodes, (Edge("x", "y", "1.000"),)).edges)
        1
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()

    def __post_init__(self) -> None:
        if not self.nodes:
            raise ArgumentError("A diagram needs at least one node.", where="nodes")
        names = {node.name for node in self.nodes}
        if len(names) < len(self.nodes):
            count = Counter(node.name for node in self.nodes)
            raise ArgumentError(
                "Two nodes have the same name.",
                where="nodes",
                received=count.most_common(1)[0][0],
                expected="a name of its own for each node",
            )
        for edge in self.edges:
            for end in (edge.source, edge.target):
                if end not in names:
                    raise ArgumentError(
                        "An edge ends at a node that does not exist.",
                        where=f"edge {edge.source} -> {edge.target}",
                        received=end,
                        expected="the name of a node",
                    )
