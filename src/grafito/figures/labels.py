"""Names written beside lines, where they cover no other name and little else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from grafito.figures import canvas

FONT = FontProperties(family=canvas.SANS, size=8)
GAP = 4.0  # points between a line and its name
# Under a name; an outline of the letters would turn them into shapes in SVG files.
GROUND = {"boxstyle": "square,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.7}
SAMPLES = 160  # points that stand for a line
# Where the middle of a name lies, seen from its point: right, above, ...
SIDES = [(1, 0), (0, 1), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]

Lines = Mapping[str, tuple[Any, str]]


def label_lines(axes: Any, lines: Lines) -> None:
    """Write the name of each line beside it, in a darker shade of its colour.

    The layout of the sheet and the limits of the axes must stand by now. Of all places along a
    line the one is taken where the name lies on the fewest points of lines, and on no other name
    as long as there is room; among equals the one nearest to the end.

    Args:
        axes: where the lines are.
        lines: by name, the points (n, 2) in data coordinates and the colour.
    """
    axes.figure.draw_without_rendering()  # the layout decides how far things lie apart
    frame = axes.get_window_extent().extents.reshape(2, 2)
    scale = axes.figure.dpi / 72
    ways = [_sampled(axes.transData.transform(_finite(points))) for points, _ in lines.values()]
    taken: list[np.ndarray] = []
    for index, (name, (_, colour)) in enumerate(lines.items()):
        width, height, _ = text_to_path.get_text_width_height_descent(name, FONT, False)
        half = scale * np.array([width / 2 + 2, height / 2 + 2])
        centres = _places(ways[index], half + scale * GAP)
        cost = np.zeros(len(centres))
        for i, way in enumerate(ways):
            cost += (0.3 if i == index else 1.0) * _points_inside(centres, half, way)
        # A name nearer to another line than to its own would be read as that one's.
        for way in [*ways[:index], *ways[index + 1 :]]:
            cost += 0.25 * _points_inside(centres, half + scale * 3 * GAP, way)
        low, high = centres - half, centres + half
        outside = ((low < frame[0]) | (high > frame[1])).any(axis=1)
        for box in taken:
            cost += 1000.0 * ((low < box[1]) & (high > box[0])).all(axis=1)
        cost += 500.0 * outside + 1e-3 * np.arange(len(centres))
        best = int(np.argmin(cost))
        taken.append(np.stack([low[best], high[best]]))
        axes.text(
            *axes.transData.inverted().transform(centres[best]),
            name,
            font=FONT,
            color=canvas.darkened(colour),
            ha="center",
            va="center",
            zorder=6,
            gid="line-label",
            bbox=GROUND,
        ).set_in_layout(False)


def label_point(axes: Any, text: str, at: Any, among: tuple[list[Any], str]) -> None:
    """Write a number beside a point, where it covers as little of the lines as can be.

    Args:
        axes: where the point is; the layout and the limits must stand by now.
        text: the number.
        at: the point, in data coordinates.
        among: points of the lines, and the colour of the text.
    """
    axes.figure.draw_without_rendering()
    lines, colour = among
    frame = axes.get_window_extent().extents.reshape(2, 2)
    scale = axes.figure.dpi / 72
    width, height, _ = text_to_path.get_text_width_height_descent(text, FONT, False)
    half = scale * np.array([width / 2 + 1, height / 2 + 1])
    middle = axes.transData.transform(np.asarray(at, "float64"))
    rings = [middle + np.array(SIDES) * (half + scale * gap) for gap in (4.0, 9.0, 15.0, 22.0)]
    centres = np.concatenate(rings)
    cost = np.zeros(len(centres))
    for line in lines:
        cost += _points_inside(centres, half, _sampled(axes.transData.transform(_finite(line))))
    outside = ((centres - half < frame[0]) | (centres + half > frame[1])).any(axis=1)
    cost += 20.0 * outside + 0.05 * np.arange(len(centres))
    place = axes.transData.inverted().transform(centres[int(np.argmin(cost))])
    look: dict[str, Any] = {"font": FONT, "color": canvas.darkened(colour), "zorder": 6}
    axes.text(*place, text, **look, ha="center", va="center").set_in_layout(False)


def _finite(points: Any) -> np.ndarray:
    array = np.asarray(points, "float64")
    return array[np.isfinite(array).all(axis=1)]


def _sampled(points: np.ndarray) -> np.ndarray:
    """Points at equal distances along a line."""
    if len(points) < 2:
        return points
    lengths = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0.0, along[-1], SAMPLES)
    return np.stack([np.interp(at, along, points[:, i]) for i in (0, 1)], axis=1)


def _places(way: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Middles of names around the points of a line, those at its end first."""
    steps = way[::-1][::4]
    return (steps[:, None] + np.array(SIDES) * reach).reshape(-1, 2)


def _points_inside(centres: np.ndarray, half: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How many of the points lie in the box around each centre."""
    inside = (np.abs(points - centres[:, None]) < half).all(axis=2)
    return inside.sum(axis=1)
