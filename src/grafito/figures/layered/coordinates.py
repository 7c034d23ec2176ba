"""From an order to lengths: heights by a small quadratic programme, widths column by column."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grafito.figures.layered.columns import Item, Path, prefixes, shared_depth

ROW_GAP = 7.0  # between two things in a column
COLUMN_GAP = 13.0  # between two columns, where lines bend
WIDEST_GAP = 60.0
STEEPNESS = 1.7  # rise over run of a bend, as long as the gap may grow
MARGIN = 9.0  # between the border of a region and what lies in it or beside it
STRAIGHT = 1e4  # how much more a line resists a bend on its way than at a node
CHAIN = 10.0  # the same for the only line between two nodes
SIDEWAYS = 0.05  # a leaf that joins the main flow follows it, and hardly bends it
UNIT = 100.0  # lengths are solved in this unit, so that the numbers stay near 1

Size = tuple[float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """A level piece of a line, and the middle of the label where it sits on this piece."""

    left: float
    right: float
    y: float
    label: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Region:
    """The rectangle of a group.

    Attributes:
        path: names of the groups around it and, last, of the group.
        title: where its title begins, so that no line on its way in crosses it.
    """

    path: tuple[str, ...]
    left: float
    top: float
    right: float
    bottom: float
    title: float


@dataclasses.dataclass(slots=True)
class Placement:
    """A finished layout.

    Attributes:
        width, height: overall size.
        nodes: the centre of each node.
        sides: left and right of each node, from where on lines may bend.
        routes: the level pieces of each line; curves go from one to the next.
        regions: the rectangles of the groups, outer ones first.
        crossings: how many pairs of lines cross.
    """

    width: float
    height: float
    nodes: dict[str, tuple[float, float]]
    sides: dict[str, tuple[float, float]]
    routes: list[list[Stretch]]
    regions: list[Region]
    crossings: int = 0


def assign_coordinates(
    columns: Sequence[Sequence[Item]],
    chains: Sequence[Sequence[Item]],
    titles: Mapping[str, Size],
) -> Placement:
    """Heights first, then widths, because a steep bend needs a wider gap between columns."""
    groups = _spans(columns)
    y, tops, bottoms = _heights(columns, list(groups), titles)
    left, right = _widths(columns, groups, titles, y)
    nodes, sides, routes, regions = {}, {}, [], []
    level = {}
    for item in itertools.chain.from_iterable(columns):
        before, after = _borders(item, groups)
        middle = (left[item.column] + right[item.column]) / 2
        start, stop = left[item.column] - before, right[item.column] + after
        level[item] = Stretch(start, stop, y[item], middle if item.kind == "label" else None)
        if item.kind == "node":
            nodes[item.name], sides[item.name] = (middle, y[item]), (start, stop)
    for chain in chains:
        routes.append([level[item] for item in chain[1:-1]])
    for group, (first, last) in groups.items():
        margin = _margin(group, groups)
        names = tuple(name for name, _ in group)
        edges = left[first] - margin, tops[group], right[last] + margin, bottoms[group]
        regions.append(Region(names, *edges, title=left[first]))
    width = max([right[-1], *(region.right for region in regions)])
    height = max([y[i] + i.height / 2 for c in columns for i in c] + list(bottoms.values()))
    return Placement(width, height, nodes, sides, routes, regions)


def _spans(columns: Sequence[Sequence[Item]]) -> dict[Path, tuple[int, int]]:
    """First and last column of each group, outer groups first."""
    spans: dict[Path, tuple[int, int]] = {}
    for item in itertools.chain.from_iterable(columns):
        for group in prefixes(item.path):
            first, last = spans.get(group, (item.column, item.column))
            spans[group] = min(first, item.column), max(last, item.column)
    return dict(sorted(spans.items(), key=lambda entry: (len(entry[0]), entry[1])))


def _margin(group: Path, groups: Mapping[Path, object]) -> float:
    """Distance from the things in a group to its border, over the borders of inner groups."""
    inner = max(len(other) for other in groups if other[: len(group)] == group)
    return MARGIN * (1 + inner - len(group))


def _borders(item: Item, groups: Mapping[Path, tuple[int, int]]) -> tuple[float, float]:
    """How far regions that stand over or under an item reach out of its column on each side.

    So far a line has to run level before it bends, or else it would cut a corner of the region.
    """
    others = {g: span for g, span in groups.items() if item.path[: len(g)] != g}
    before = [_margin(g, groups) for g, (first, _) in others.items() if first == item.column]
    after = [_margin(g, groups) for g, (_, last) in others.items() if last == item.column]
    return max(before, default=0.0), max(after, default=0.0)


def _heights(
    columns: Sequence[Sequence[Item]], groups: Sequence[Path], titles: Mapping[str, Size]
) -> tuple[dict[Item, float], dict[Path, float], dict[Path, float]]:
    """Middles of items, tops and bottoms of groups: lines as level as the distances allow."""
    items = list(itertools.chain.from_iterable(columns))
    names: list[object] = [*items, *(("top", g) for g in groups), *(("bottom", g) for g in groups)]
    at = {name: index for index, name in enumerate(names)}
    pulls = [(at[a], at[b], _strength(a, b)) for a in items for b in a.right]
    pulls += [(at["top", g], at["bottom", g], 0.01) for g in groups]
    distances = [
        (at[upper], at[lower], distance)
        for upper, lower, distance in _distances(columns, groups, titles)
    ]
    y = _least_bends(len(names), pulls, distances)
    y -= min([y[at[i]] - i.height / 2 for i in items] + [y[at["top", g]] for g in groups])
    return (
        {item: float(y[at[item]]) for item in items},
        {group: float(y[at["top", group]]) for group in groups},
        {group: float(y[at["bottom", group]]) for group in groups},
    )


def _strength(a: Item, b: Item) -> float:
    """How strongly a piece of a line is kept level."""
    if "node" not in (a.kind, b.kind):
        return STRAIGHT
    source, target = _end(a, "left"), _end(b, "right")
    flows = [other for other in target.left if _end(other, "left").left]
    if not source.left:
        return SIDEWAYS if flows and b is target else 1.0
    return CHAIN if len(flows) == 1 and len(source.right) == 1 else 1.0


def _end(item: Item, side: str) -> Item:
    """The node where the line that passes here begins or ends."""
    while item.kind != "node":
        (item,) = getattr(item, side)
    return item


def _distances(
    columns: Sequence[Sequence[Item]], groups: Sequence[Path], titles: Mapping[str, Size]
) -> Iterator[tuple[object, object, float]]:
    """What must stay below what, and by how much."""
    for a, b in itertools.chain.from_iterable(itertools.pairwise(c) for c in columns):
        depth = shared_depth(a.path, b.path)
        loose_a, loose_b = len(a.path) == depth, len(b.path) == depth
        yield (
            a if loose_a else ("bottom", a.path[: depth + 1]),
            b if loose_b else ("top", b.path[: depth + 1]),
            a.height / 2 * loose_a
            + b.height / 2 * loose_b
            + (ROW_GAP if loose_a and loose_b else MARGIN),
        )
    for group in groups:
        title = titles.get(group[-1][0], (0.0, 0.0))[1]
        yield ("top", group), ("bottom", group), title
        if len(group) > 1:
            outer = titles.get(group[-2][0], (0.0, 0.0))[1]
            yield ("top", group[:-1]), ("top", group), MARGIN + outer
            yield ("bottom", group), ("bottom", group[:-1]), MARGIN
    for item in itertools.chain.from_iterable(columns):
        if item.path:
            title = titles.get(item.path[-1][0], (0.0, 0.0))[1]
            yield ("top", item.path), item, item.height / 2 + MARGIN + title
            yield item, ("bottom", item.path), item.height / 2 + MARGIN


def _least_bends(
    count: int,
    pulls: Sequence[tuple[int, int, float]],
    distances: Sequence[tuple[int, int, float]],
) -> np.ndarray:
    """The y that minimises the sum of w (y_a - y_b)^2 where y_lower - y_upper >= distance.

    With H = L L', the hessian, z = L' y makes it a least distance problem, which non-negative
    least squares solves exactly (Lawson and Hanson 1974, chapter 23).
    """
    from scipy.optimize import nnls

    hessian = 1e-4 * np.eye(count)
    for a, b, weight in pulls:
        hessian[[a, b], [a, b]] += weight
        hessian[[a, b], [b, a]] -= weight
    inverse = np.linalg.inv(np.linalg.cholesky(hessian))
    rows = np.zeros((len(distances), count))
    for row, (upper, lower, _) in zip(rows, distances, strict=True):
        row[upper], row[lower] = -1.0, 1.0
    least = np.array([distance / UNIT for *_, distance in distances])
    system = np.vstack([inverse @ rows.T, least])
    target = np.zeros(count + 1)
    target[-1] = 1.0
    residual = target - system @ nnls(system, target)[0] if len(distances) else target
    return UNIT * (inverse.T @ (-residual[:-1] / residual[-1]))


def _widths(
    columns: Sequence[Sequence[Item]],
    groups: Mapping[Path, tuple[int, int]],
    titles: Mapping[str, Size],
    y: Mapping[Item, float],
) -> tuple[list[float], list[float]]:
    """Left and right side of each column."""
    widths = [max(item.width for item in column) for column in columns]
    gaps = [0.0]
    for column in columns[:-1]:
        rise = max((abs(y[a] - y[b]) for a in column for b in a.right), default=0.0)
        gaps.append(min(max(COLUMN_GAP, rise / STEEPNESS), WIDEST_GAP))
    for index in range(len(columns)):
        starts = [_margin(g, groups) for g, (first, _) in groups.items() if first == index]
        ends = [_margin(g, groups) for g, (_, last) in groups.items() if last == index - 1]
        gaps[index] += max(starts, default=0.0) + max(ends, default=0.0)
    for group, (first, last) in reversed(list(groups.items())):
        inside = sum(widths[first : last + 1]) + sum(gaps[first + 1 : last + 1])
        missing = titles.get(group[-1][0], (0.0, 0.0))[0] - inside
        for index in range(first, last + 1):
            widths[index] += max(missing, 0.0) / (last + 1 - first)
    right = list(itertools.accumulate(w + g for w, g in zip(widths, gaps, strict=True)))
    return [r - w for r, w in zip(right, widths, strict=True)], right
