"""The way of each arrow: where it leaves and enters its nodes, and the curves between."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from grafito.figures.diagram import Diagram
from grafito.figures.layered import Box, Placement, Stretch

SLACK = 2.0  # where its column is this much wider than a node, an edge crosses the rest level

Point = tuple[float, float]


def leanings(
    diagram: Diagram, boxes: Mapping[str, Box], placement: Placement
) -> list[tuple[float, float]]:
    """How far above or below the middle of its nodes each edge begins and ends.

    An edge points to where it comes from or goes to, but heads of arrows keep apart. On a circle
    the result is an angle, on a box a height.
    """
    wanted: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for index, (edge, route) in enumerate(zip(diagram.edges, placement.routes, strict=True)):
        ends = (edge.source, route[0].left, route[0].y), (edge.target, route[-1].right, route[-1].y)
        for side, (name, x, y) in enumerate(ends):
            centre = placement.nodes[name]
            angle = math.atan2(y - centre[1], abs(x - centre[0]))
            if not is_round(boxes[name]):
                angle = math.tan(angle) * boxes[name].width / 2
            wanted[name, side].append((angle, index))
    result = [[0.0, 0.0] for _ in diagram.edges]
    for (name, side), places in wanted.items():
        places.sort()
        box = boxes[name]
        gap, limit = (0.45, 0.9) if is_round(box) else (9.0, box.height / 2 - 4.5)
        leans = _spread([place for place, _ in places], gap, limit)
        for (_, index), lean in zip(places, leans, strict=True):
            result[index][side] = lean
    return [(start, stop) for start, stop in result]


def _spread(places: Sequence[float], gap: float, limit: float) -> list[float]:
    """The places, in rising order, moved apart to at least `gap` and kept within the limit."""
    gap = min(gap, 2 * limit / max(len(places) - 1, 1))
    places = [max(min(place, limit), -limit) for place in places]
    down, up = list(places), list(places)
    for i in range(1, len(places)):
        down[i] = max(down[i], down[i - 1] + gap)
        up[-1 - i] = min(up[-1 - i], up[-i] - gap)
    middle = [(a + b) / 2 for a, b in zip(down, up, strict=True)]
    shift = max(-limit - middle[0], 0.0) - max(middle[-1] - limit, 0.0)
    return [place + shift for place in middle]


def is_round(box: Box) -> bool:
    """Whether a node is drawn as a circle."""
    return box.width == box.height


def _port(
    centre: Point, box: Box, side: float, lean: float, shift: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where a line meets the outline of a node, and the direction outwards there."""
    if not is_round(box):
        return np.add(centre, (side * box.width / 2, lean + shift)), np.array([side, 0.0])
    radius = box.width / 2
    turn = lean + math.asin(shift / radius)
    out = np.array([side * math.cos(lean), math.sin(lean)])
    return np.add(centre, (radius * side * math.cos(turn), radius * math.sin(turn))), out


def control_points(
    ends: Sequence[tuple[Point, Box, tuple[float, float]]],
    leaning: tuple[float, float],
    route: Sequence[Stretch],
    shift: float,
) -> np.ndarray:
    """Control points of the cubic curves from source to target, moved down by `shift`.

    Args:
        ends: for source and target its centre, its box and where its column begins and ends.
        leaning: how far from the middle the edge leaves and enters.
        route: level pieces between.
        shift: how far the line lies below the middle of the edge.
    """
    (source, first, (_, right)), (target, last, (left, _)) = ends
    start, out = _port(source, first, 1.0, leaning[0], shift)
    stop, back = _port(target, last, -1.0, leaning[1], shift)
    level = np.array([1.0, 0.0])
    knots = [(start, out)]
    if right > source[0] + first.width / 2 + SLACK:
        knots = [(start, level), (np.array([right, start[1]]), level)]
    for stretch in route:
        knots += [(np.array([x, stretch.y + shift]), level) for x in (stretch.left, stretch.right)]
    if left < target[0] - last.width / 2 - SLACK:
        knots += [(np.array([left, stop[1]]), level), (stop, level)]
    else:
        knots.append((stop, -back))
    points = [start]
    for (a, leave), (b, arrive) in itertools.pairwise(knots):
        reach = 0.45 * abs(b[0] - a[0])
        points += [a + reach * leave, b - reach * arrive, b]
    return np.array(points)
