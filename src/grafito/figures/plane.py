"""A plane of two inputs: its points, its limits, and the examples drawn on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.classes import number_classes
from grafito.figures.given import as_numbers

# The greatest ratio of two spans that are drawn at one scale; else one would become a strip.
ONE_SCALE = 3.0


def as_points(x: Any, where: str = "x", columns: Sequence[int] | None = None) -> np.ndarray:
    """Examples, of which two columns are the points of a plane.

    Raises:
        ShapeError: for anything else.
        ArgumentError: for columns that do not exist, or points that are not finite.

    Example:
        >>> as_points([[0, 1], [2, 3]]).shape
        (2, 2)
    """
    points = as_numbers(x, where, None)
    if points.dtype.kind != "f":
        points = points.astype("float64")
    flat = points.ndim == 2 and len(points)
    if flat and columns is None and points.shape[1] > 2:
        raise ShapeError(
            "A plane has two of the inputs for its axes.",
            where=where,
            received=f"{points.shape[1]} inputs",
            fix="columns=(0, 1)",
        )
    if not flat or points.shape[1] < 2:
        raise ShapeError(
            "Decision regions are drawn for points of a plane.",
            where=where,
            received=points.shape,
            expected="(n, 2)",
            fix="columns=(0, 1), for examples with more inputs" if flat else None,
        )
    if columns is not None and not _are_columns(columns, points.shape[1]):
        raise ArgumentError(
            "The axes of a plane are two different columns of the examples.",
            where="columns",
            received=repr(columns)[:80],
            expected=f"two numbers from 0 to {points.shape[1] - 1}",
            fix="columns=(0, 1)",
        )
    if not np.isfinite(points).all():
        raise ArgumentError("A point of the plane is not finite.", where=where)
    return points


def _are_columns(columns: Any, count: int) -> bool:
    if not isinstance(columns, (list, tuple, np.ndarray)) or len(columns) != 2:
        return False
    whole = all(isinstance(c, (int, np.integer)) and not isinstance(c, bool) for c in columns)
    return whole and columns[0] != columns[1] and all(0 <= c < count for c in columns)


def with_edge(points: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest corner of a plane around points (n, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    edge = share * np.where(high > low, high - low, 1.0)
    return low - edge, high + edge


def shape_of(low: np.ndarray, high: np.ndarray) -> float | None:
    """Height over width of a plane with one scale on both axes; None where it would be a strip.

    Example:
        >>> shape_of(np.zeros(2), np.array([2.0, 1.0])), shape_of(np.zeros(2), np.array([9.0, 1]))
        (0.5, None)
    """
    ratio = float((high[1] - low[1]) / (high[0] - low[0]))
    return ratio if 1 / ONE_SCALE <= ratio <= ONE_SCALE else None


def check_labels(labels: np.ndarray, y: Any, count: int) -> None:
    """Raise a ShapeError unless each example has one class."""
    if labels.shape != (count,):
        raise ShapeError(
            "Each example needs one class.",
            where="y",
            received=np.shape(y),
            expected=f"({count},), or one-hot ({count}, classes)",
        )


def labelled(y: Any, count: int, class_names: Sequence[str] | None) -> tuple[np.ndarray, Any]:
    """The classes of examples as numbers, and the names of the classes."""
    (labels,), names = number_classes(y, class_names=class_names)
    check_labels(labels, y, count)
    return labels, names


def names_of(given: Sequence[str] | None, found: Sequence[int], word: str) -> list[str]:
    """What the classes that were found are called."""
    if given is None:
        return [f"{word} {label}" for label in found]
    if not 0 <= min(found) <= max(found) < len(given):
        raise ArgumentError(
            "Each class needs one name.",
            where="class_names",
            received=f"{len(given)} names, classes {min(found)} to {max(found)}",
        )
    return [str(given[label]) for label in found]


def size_of_marks(count: int) -> float:
    """Square points: few examples have larger marks.

    Example:
        >>> size_of_marks(4), size_of_marks(100)
        (110.0, 30.0)
    """
    return float(np.clip(1200 / max(count, 1), 30, 110))


def draw_examples(
    axes: Any,
    points: np.ndarray,
    labels: np.ndarray,
    names: Mapping[int, str],
    hollow: bool = False,
) -> None:
    """The examples of each class in its colour and with its marker."""
    from grafito.figures import canvas

    size = size_of_marks(len(points))
    for i, (label, name) in enumerate(names.items()):
        colour = canvas.CYCLE[i % len(canvas.CYCLE)]
        dark = canvas.darkened(colour)
        look: dict[str, Any] = {"c": colour, "edgecolors": "white", "linewidths": 0.6}
        if hollow:
            look = {"facecolors": "white", "edgecolors": [dark], "linewidths": 1.1}
        axes.scatter(
            *points[labels == label].T,
            label=None if hollow else name,
            s=size * (0.7 if hollow else 1),
            marker=canvas.MARKERS[i % len(canvas.MARKERS)],
            **look,
            zorder=3,
        )


def draw_rings(axes: Any, points: np.ndarray, count: int) -> None:
    """A ring around each of these points; `count` examples are drawn."""
    from grafito.figures import canvas

    look: dict[str, Any] = {"facecolors": "none", "edgecolors": canvas.INK, "linewidths": 1.1}
    axes.scatter(*points.T, s=2.6 * size_of_marks(count), marker="o", **look, zorder=4, gid="error")
