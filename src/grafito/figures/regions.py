"""Decision regions: which class a model gives to each point of the plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.text import words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def decision_regions(
    predict: Callable[[np.ndarray], Any],
    x: Any,
    y: Any,
    *,
    class_names: Sequence[str] | None = None,
    resolution: int = 200,
    title: str | None = None,
    lang: str = "en",
) -> Figure:
    """Colour the plane by predicted class and draw the examples on it.

    Args:
        predict: function from points, shape (n, 2), to classes (n,), to the probability of
            class 1 (n,) or (n, 1), or to one column for each class (n, classes).
        x: examples, shape (n, 2).
        y: their classes, shape (n,) or (n, 1), or one-hot (n, classes).
        class_names: one for each class; by default their numbers.
        resolution: points of the grid along each side.
        title: text above the plane.
        lang: "en" or "es".

    Raises:
        ShapeError: when the examples are not points of a plane, or do not fit their classes.

    Example:
        >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> figure = decision_regions(lambda p: p[:, 0] > 0.5, x, [0, 0, 1, 1], resolution=20)
        >>> len(figure.axes)
        1
    """
    from grafito.figures import canvas

    points, labels = _examples(x, y)
    low, high = points.min(axis=0), points.max(axis=0)
    edge = 0.12 * np.where(high > low, high - low, 1.0)
    low, high = low - edge, high + edge
    sides = [np.linspace(low[i], high[i], resolution) for i in (0, 1)]
    grid = np.stack(np.meshgrid(*sides), axis=-1)
    predicted = _classes(predict(grid.reshape(-1, 2).astype(points.dtype)))
    if predicted.shape != (resolution**2,):
        raise ShapeError(
            "The prediction must have one row for each point.",
            where="predict",
            received=predicted.shape,
            expected=(resolution**2,),
        )
    plane = predicted.reshape(resolution, resolution)
    found = sorted({*labels.tolist(), *plane.ravel().tolist()})
    names = _names(class_names, found, words(lang)["class"])
    sheet = canvas.new_sheet(4.6, 4.2, layout="constrained")
    with canvas.style():
        axes = sheet.add_subplot()
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
        for i, label in enumerate(found):
            inside = plane == label
            if inside.any() and not inside.all():
                axes.contour(*sides, inside, levels=[0.5], colors=canvas.INK, linewidths=0.8)
            colour = canvas.CYCLE[i % len(canvas.CYCLE)]
            marker = canvas.MARKERS[i % len(canvas.MARKERS)]
            style: dict[str, Any] = {
                "c": colour,
                "s": 30,
                "marker": marker,
                "edgecolors": "white",
                "linewidths": 0.6,
            }
            axes.scatter(*points[labels == label].T, label=names[i], **style)
        axes.set(xlabel="x0", ylabel="x1", title=title)
        canvas.use_decimal_comma(axes.xaxis, lang)
        canvas.use_decimal_comma(axes.yaxis, lang)
        sheet.legend(loc="outside right upper")
    return sheet


def _examples(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    points = np.asarray(x)
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
    labels = _classes(y)
    if labels.shape != points.shape[:1]:
        raise ShapeError(
            "Each example needs one class.",
            where="y",
            received=np.shape(y),
            expected=f"({len(points)},), or one-hot ({len(points)}, classes)",
        )
    return points, labels


def _classes(output: Any) -> np.ndarray:
    """Class numbers from classes, from probabilities of class 1 or from a column per class."""
    array = np.asarray(output)
    if array.ndim == 2 and array.shape[1] > 1:
        return array.argmax(axis=1)
    if array.ndim == 2:
        array = array[:, 0]
    if array.dtype.kind == "f" and (array != np.round(array)).any():
        array = array > 0.5
    return array.astype("int64")


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
