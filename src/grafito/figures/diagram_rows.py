"""Cuts a diagram that is too wide for a page into rows, where few arrows pass."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from grafito.figures.diagram import Diagram, Edge, Node
from grafito.figures.layered import Placement

REGION = 3  # a cut through a region is as bad as one through so many arrows
LEAST = 0.5  # of the width, that a row fills
ENDS = 70.0  # room for the links at both ends of a row


def split_rows(
    diagram: Diagram, placement: Placement, width: float
) -> list[tuple[Diagram, list[str]]]:
    """The rows of a diagram; an arrow from row to row ends in a link, and begins again in its twin.

    Args:
        diagram: the whole.
        placement: of the whole, in one row.
        width: of a row, as far as columns allow.

    Returns:
        Each row, and for each of its arrows its number in the whole; the second half of an arrow
        has the number of the first with ".2" behind it.

    Example:
        >>> from grafito.figures.layered import Box, Link, place
        >>> names = "abcdefghi"
        >>> chain = Diagram(tuple(map(Node, names, names)), tuple(map(Edge, names, names[1:])))
        >>> links = [Link(edge.source, edge.target) for edge in chain.edges]
        >>> rows = split_rows(chain, place({name: Box(40, 40) for name in names}, links), 300)
        >>> [len(row.nodes) for row, _ in rows]
        [4, 5, 4]
        >>> [numbers for _, numbers in rows]
        [['0', '1', '2'], ['2.2', '3', '4', '5'], ['5.2', '6', '7']]
    """
    columns = sorted(set(placement.sides.values()))
    at = {name: columns.index(side) for name, side in placement.sides.items()}
    _move_leaves(at, diagram.edges)
    spans = [(at[edge.source], at[edge.target]) for edge in diagram.edges]
    cuts = [(a + b) / 2 for (_, a), (b, _) in itertools.pairwise(columns)]

    def cost(column: int) -> int:
        arrows = sum(source <= column < target for source, target in spans)
        inside = sum(region.left < cuts[column] < region.right for region in placement.regions)
        return arrows + REGION * inside

    last = [-1]  # the last column of each row; the first entry stands before all rows
    begin, room = 0.0, max(width - ENDS, 1.0)
    while placement.width - begin > room and last[-1] + 1 < len(cuts):
        free = range(last[-1] + 1, len(cuts))
        fitting = [k for k in free if LEAST * room <= cuts[k] - begin <= room]
        last.append(min(fitting, key=lambda k: (cost(k), -k)) if fitting else free[0])
        begin = cuts[last[-1]]
    row_of = {name: sum(column > end for end in last[1:]) for name, column in at.items()}
    return _rows(diagram, row_of, len(last))


def _move_leaves(at: dict[str, int], edges: Sequence[Edge]) -> None:
    """A leaf stands in the row of its first reader."""
    targets = {edge.target for edge in edges}
    readers: dict[str, list[int]] = {}
    for edge in edges:
        if edge.source not in targets:
            readers.setdefault(edge.source, []).append(at[edge.target])
    at.update({leaf: min(columns) for leaf, columns in readers.items()})


def _rows(
    diagram: Diagram, row_of: Mapping[str, int], count: int
) -> list[tuple[Diagram, list[str]]]:
    nodes: list[list[Node]] = [[] for _ in range(count)]
    edges: list[list[Edge]] = [[] for _ in range(count)]
    numbers: list[list[str]] = [[] for _ in range(count)]
    for node in diagram.nodes:
        nodes[row_of[node.name]].append(node)
    links = 0
    for i, edge in enumerate(diagram.edges):
        here, there = row_of[edge.source], row_of[edge.target]
        numbers[here].append(str(i))
        if here == there:
            edges[here].append(edge)
            continue
        numbers[there].append(f"{i}.2")
        links += 1
        out, back = (Node(f"link {links} {end}", str(links), "link") for end in ("out", "in"))
        nodes[here].append(out)
        nodes[there].insert(0, back)
        edges[here].append(dataclasses.replace(edge, target=out.name))
        edges[there].append(dataclasses.replace(edge, source=back.name))
    rows = zip(nodes, edges, numbers, strict=True)
    return [(Diagram(tuple(n), tuple(e)), own) for n, e, own in rows if n]
