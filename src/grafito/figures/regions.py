"""Examples in the plane: the class that a model gives to each point, the lines of a perceptron."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.classes import number_classes
from grafito.figures.given import as_numbers, setting
from grafito.figures.text import words
from grafito.language import namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


PANELS_IN_A_ROW = 3

Predict = Callable[[np.ndarray], Any]


def decision_regions(
    predict: Predict | Mapping[str, Predict],
    x: Any,
    y: Any,
    *,
    class_names: Sequence[str] | None = None,
    resolution: int = 200,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Colour the plane by predicted class and draw the examples on it.

    Args:
        predict: function from points, shape (n, 2), to classes (n,), to the probability of
            class 1 (n,) or (n, 1), or to one column for each class (n, classes); or several by
            name, side by side.
        x: examples, shape (n, 2).
        y: their classes, numbers or texts, shape (n,) or (n, 1), or one-hot (n, classes).
        class_names: one for each class; by default their numbers.
        resolution: points of the grid along each side.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when the examples are not points of a plane, or do not fit their classes.

    Example:
        >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> figure = decision_regions(lambda p: p[:, 0] > 0.5, x, [0, 0, 1, 1], resolution=20)
        >>> len(figure.axes)
        1
    """
    from grafito.figures import canvas

    several = predict if isinstance(predict, Mapping) else {"": predict}
    for one in several.values():
        if not callable(one):
            raise ArgumentError(
                "A function or a model says the class of each point.",
                where="predict",
                received=type(one).__name__,
                fix="decision_regions(model.predict, x, y)",
            )
    resolution = int(setting("resolution", resolution, 2, 200))
    points = _points(x)
    low, high = points.min(axis=0), points.max(axis=0)
    edge = 0.12 * np.where(high > low, high - low, 1.0)
    low, high = low - edge, high + edge
    sides = [np.linspace(low[i], high[i], resolution) for i in (0, 1)]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2).astype(points.dtype)
    say = namer(lang)
    outputs = [one(grid) for one in several.values()]
    (labels, *predicted), class_names = number_classes(y, *outputs, class_names=class_names)
    _check_labels(labels, y, points)
    planes = {
        say(name): _plane(one, resolution) for name, one in zip(several, predicted, strict=True)
    }
    found = sorted({*labels.tolist(), *(c for plane in planes.values() for c in np.unique(plane))})
    names = [*map(say, _names(class_names, found, words(lang)["class"]))]
    columns = min(len(planes), PANELS_IN_A_ROW)
    rows = math.ceil(len(planes) / columns)
    size = (4.6, 4.2) if len(planes) == 1 else (1.0 + 3.0 * columns, 0.3 + 3.0 * rows)
    sheet = canvas.new_sheet(*size, layout="constrained")
    sheet.alt = title or f"x0, x1: {', '.join([*filter(None, planes), *names])}"
    with canvas.style():
        for place, (name, plane) in enumerate(planes.items(), start=1):
            axes = sheet.add_subplot(rows, columns, place)
            axes.imshow(
                np.searchsorted(found, plane),
                extent=(low[0], high[0], low[1], high[1]),
                origin="lower",
                aspect="auto",
                cmap=canvas.pale_colours(len(found)),
                vmin=-0.5,
                vmax=len(found) - 0.5,
                interpolation="nearest",
            )
            for label in found:
                inside = plane == label
                if inside.any() and not inside.all():
                    axes.contour(*sides, inside, levels=[0.5], colors=canvas.INK, linewidths=0.8)
            _draw_examples(axes, points, labels, dict(zip(found, names, strict=True)))
            axes.set(xlabel="x0", ylabel="x1", title=name or title)
            canvas.use_decimal_comma(axes.xaxis, lang)
            canvas.use_decimal_comma(axes.yaxis, lang)
        sheet.legend(
            handles=sheet.axes[0].get_legend_handles_labels()[0], loc="outside right upper"
        )
        if len(planes) > 1 and title:
            sheet.suptitle(title)
    return sheet


def _plane(predicted: np.ndarray, resolution: int) -> np.ndarray:
    """The class of each point of a square grid."""
    if predicted.shape != (resolution**2,):
        raise ShapeError(
            "The prediction must have one row for each point.",
            where="predict",
            received=predicted.shape,
            expected=(resolution**2,),
        )
    return predicted.reshape(resolution, resolution)


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

    points = _points(x)
    (labels,), class_names = number_classes(y, class_names=class_names)
    _check_labels(labels, y, points)
    history = as_numbers(weights, "weights")
    if history.ndim != 2 or history.shape[1] != 3 or not len(history):
        raise ShapeError(
            "A line in the plane needs two weights and a bias.",
            where="weights",
            received=history.shape,
            expected="(updates, 3): w0, w1, b",
        )
    found = sorted(set(labels.tolist()))
    names = [*map(namer(lang), _names(class_names, found, words(lang)["class"]))]
    low, high = points.min(axis=0), points.max(axis=0)
    edge = 0.2 * np.where(high > low, high - low, 1.0)
    low, high = low - edge, high + edge
    sheet = canvas.new_sheet(4.8, 4.2, layout="constrained")
    sheet.alt = f"{len(history)} × {words(lang)['update']}"
    with canvas.style():
        axes = sheet.add_subplot()
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x0", ylabel="x1")
        axes.set_title(title or "")
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
        _draw_examples(axes, points, labels, dict(zip(found, names, strict=True)))
        _draw_side(axes, history[-1], low, high)
        for axis in (axes.xaxis, axes.yaxis):
            canvas.use_decimal_comma(axis, lang)
        sheet.legend(loc="outside right upper")
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


def _draw_examples(
    axes: Any, points: np.ndarray, labels: np.ndarray, names: Mapping[int, str]
) -> None:
    """The examples of each class in its colour and with its marker."""
    from grafito.figures import canvas

    for i, (label, name) in enumerate(names.items()):
        axes.scatter(
            *points[labels == label].T,
            label=name,
            c=canvas.CYCLE[i % len(canvas.CYCLE)],
            s=30,
            marker=canvas.MARKERS[i % len(canvas.MARKERS)],
            edgecolors="white",
            linewidths=0.6,
            zorder=3,
        )


def _points(x: Any) -> np.ndarray:
    points = as_numbers(x, "x", None)
    if points.dtype.kind != "f":
        points = points.astype("float64")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ShapeError(
            "Decision regions are drawn for points of a plane.",
            where="x",
            received=points.shape,
            expected="(n, 2)",
            fix="choose two columns, and a prediction that needs no others",
        )
    if not np.isfinite(points).all():
        raise ArgumentError("A point of the plane is not finite.", where="x")
    return points


def _check_labels(labels: np.ndarray, y: Any, points: np.ndarray) -> None:
    if labels.shape != points.shape[:1]:
        raise ShapeError(
            "Each example needs one class.",
            where="y",
            received=np.shape(y),
            expected=f"({len(points)},), or one-hot ({len(points)}, classes)",
        )


def _names(given: Sequence[str] | None, found: Sequence[int], word: str) -> list[str]:
    if given is None:
        return [f"{word} {label}" for label in found]
    if not 0 <= min(found) <= max(found) < len(given):
        raise ArgumentError(
            "Each class needs one name.",
            where="class_names",
            received=f"{len(given)} names, classes {min(found)} to {max(found)}",
        )
    return [given[label] for label in found]
