"""Confusion matrices: which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError, unknown_name
from grafito.figures.text import number, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NUMBERS = 20  # classes; beyond, numbers in the cells would be too small to read


def confusion_matrix(
    matrix: Any,
    class_names: Sequence[str] | None = None,
    *,
    normalise: str | None = None,
    title: str | None = None,
    lang: str = "en",
) -> Figure:
    """Draw a confusion matrix: a row for each true class, a column for each predicted one.

    Args:
        matrix: counts of shape (classes, classes).
        class_names: one for each class; by default their numbers.
        normalise: "true" makes each row sum to 1, "predicted" each column, "all" the whole
            matrix; None shows counts. Classes without examples stay 0.
        title: text above the matrix.
        lang: "en" or "es".

    Raises:
        ShapeError: when the matrix is not square.
        ArgumentError: for negative counts or a wrong number of class names.

    Example:
        >>> figure = confusion_matrix([[8, 2], [1, 9]], ["cat", "dog"], normalise="true")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.80', '0.20', '0.10', '0.90']
    """
    from grafito.figures import canvas

    vocabulary = words(lang)
    counts = _checked(matrix)
    classes = len(counts)
    names = list(class_names) if class_names is not None else [str(i) for i in range(classes)]
    if len(names) != classes:
        raise ArgumentError(
            "Each class needs one name.",
            where="class_names",
            received=f"{len(names)} names for {classes} classes",
        )
    shown = _normalised(counts, normalise)
    side = 1.6 + min(max(0.42 * classes, 1.6), 9.0)
    sheet = canvas.new_sheet(side, side, layout="constrained")
    with canvas.style():
        axes = sheet.add_subplot()
        # The root lets rare confusions show beside a full diagonal.
        shade = np.sqrt(shown / max(shown.max(), 1e-300))
        axes.imshow(shade, cmap=canvas.shades_of(canvas.BLUE), vmin=0, vmax=1)
        if classes <= MOST_NUMBERS:
            for i, j in np.ndindex(classes, classes):
                whole = normalise is None and shown[i, j] == int(shown[i, j])
                text = str(int(shown[i, j])) if whole else number(shown[i, j], 2, lang)
                if normalise and shown[i, j] < 0.005:
                    text = "0" if shown[i, j] == 0 else number(0.0, 2, lang)
                ink = "white" if shade[i, j] > 0.6 else canvas.INK
                size = 9 if len(text) <= 4 else 7
                axes.text(j, i, text, ha="center", va="center", color=ink, fontsize=size)
        ticks = range(0, classes, max(1, classes // 25))
        tilt = 45 if max(map(len, names)) > 3 else 0
        axes.set_xticks(
            ticks, [names[i] for i in ticks], rotation=tilt, ha="right" if tilt else "center"
        )
        axes.set_yticks(ticks, [names[i] for i in ticks])
        axes.set(xlabel=vocabulary["predicted class"], ylabel=vocabulary["true class"], title=title)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=min(1.5, 30 / classes))
        axes.tick_params(which="minor", length=0)
    return sheet


def _checked(matrix: Any) -> np.ndarray:
    counts = np.asarray(matrix, dtype="float64")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ShapeError(
            "A confusion matrix is square.",
            where="matrix",
            received=counts.shape,
            expected="(classes, classes)",
        )
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ArgumentError(
            "A confusion matrix holds counts.",
            where="matrix",
            received=f"a smallest value of {counts.min()}",
            expected="numbers that are not negative",
        )
    return counts


def _normalised(counts: np.ndarray, by: str | None) -> np.ndarray:
    if by is None:
        return counts
    axes = {"true": 1, "predicted": 0, "all": None}
    if by not in axes:
        raise unknown_name("way to normalise", by, axes)
    total = counts.sum(axis=axes[by], keepdims=True)
    return counts / np.where(total == 0, 1.0, total)
