"""The lines that a perceptron draws between two classes, update by update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ShapeError
from grafito.figures.given import as_numbers, drawn
from grafito.figures.plane import (
    as_points,
    draw_examples,
    labelled,
    names_of,
    shape_of,
    with_edge,
)
from grafito.figures.text import words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@drawn
def perceptron_lines(
    x: Any,
    y: Any,
    weights: Any,
    *,
    first: int = 1,
    class_names: Sequence[str] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw examples and the line that parts them after each update, older lines ever fainter.

    The line is where w0 x0 + w1 x1 + b = 0; of the last one an arrow shows the side of class 1.

    Args:
        x: examples, shape (n, 2).
        y: their classes, shape (n,) or (n, 1); two of them.
        weights: one row (w0, w1, b) for each update, shape (updates, 3).
        first: which update the first row is, where earlier ones are left out.
        class_names: one for each class; by default their numbers.
        title: text above the plane.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when the examples are not points of a plane, or the weights not three columns.

    Example:
        >>> points = np.array([[0.0, 0.0], [1.0, 1.0]])
        >>> len(perceptron_lines(points, [0, 1], [[1, 0, 0], [1, 1, -1]]).axes[0].lines)
        2
    """
    from grafito.figures import canvas

    points = as_points(x)
    labels, class_names = labelled(y, len(points), class_names)
    history = as_numbers(weights, "weights")
    if history.ndim != 2 or history.shape[1] != 3 or not len(history):
        raise ShapeError(
            "A line in the plane needs two weights and a bias.",
            where="weights",
            received=history.shape,
            expected="(updates, 3): w0, w1, b",
        )
    found = sorted(set(labels.tolist()))
    names = [*map(own_namer(lang), names_of(class_names, found, words(lang)["class"]))]
    low, high = with_edge(points, 0.2)
    ratio = shape_of(low, high)
    sheet = canvas.new_sheet(4.4, 1.1 + 3.8 * min(ratio or 1.0, 1.2), layout="constrained")
    sheet.alt = f"{len(history)} × {words(lang)['update']}"
    with canvas.style():
        axes = sheet.add_subplot()
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x0", ylabel="x1")
        axes.set(title=title, aspect="auto" if ratio is None else "equal")
        for number, line in enumerate(history, start=1):
            age = 1 - number / len(history)
            last = number == len(history)
            shade = tuple(0.1 + 0.75 * age for _ in range(3))
            style: dict[str, Any] = {
                "color": canvas.INK if last else shade,
                "linewidth": 2.2 if last else 0.9,
            }
            ends = _across(line, low, high)
            word = words(lang)["update"]
            label = f"{word} {first + number - 1}" if last or number == 1 else None
            axes.plot(*ends.T, **style, label=label, zorder=1.5 + number / len(history))
        draw_examples(axes, points, labels, dict(zip(found, names, strict=True)))
        _draw_side(axes, history[-1], low, high)
        for axis in (axes.xaxis, axes.yaxis):
            canvas.number_ticks(axis, lang)
        sheet.legend(loc="outside lower center", ncols=2)
    return sheet


def _across(line: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Two points where a line w0 x + w1 y + b = 0 has left the plane that is drawn."""
    normal, size = line[:2], float(line[:2] @ line[:2])
    if not size:
        return np.full((2, 2), np.nan)
    middle = (low + high) / 2
    foot = middle - normal * (normal @ middle + line[2]) / size
    reach = np.hypot(*(high - low)) + np.hypot(*(foot - middle))
    along = reach * np.array([-normal[1], normal[0]]) / np.sqrt(size)
    return np.stack([foot - along, foot + along])


def _draw_side(axes: Any, line: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """An arrow from the line to the side where w0 x + w1 y + b is positive."""
    from grafito.figures import canvas

    ends = _across(line, low, high)
    way = np.linspace(ends[0], ends[1], 201)
    seen = way[((way > low) & (way < high)).all(axis=1)]
    if not len(seen):
        return
    start = seen[len(seen) // 2]
    direction = line[:2] / np.hypot(*line[:2])
    tip = start + 0.09 * np.hypot(*(high - low)) * direction
    arrow: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": canvas.INK,
        "lw": 1.6,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", tip, xytext=start, arrowprops=arrow, zorder=4)
