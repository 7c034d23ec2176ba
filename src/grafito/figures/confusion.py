"""Confusion matrices: which classes a model takes for which, and how well it knows each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError, unknown_name
from grafito.figures.classes import number_classes
from grafito.figures.given import as_numbers, drawn
from grafito.figures.text import number, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES = 2000
MOST_NUMBERS = 20  # classes; beyond, numbers in the cells would be too small to read

# The axis whose sum becomes 1, and what the cells are then.
WAYS: dict[str | None, tuple[Any, str]] = {
    None: ((), "counts"),
    "true": (1, "share of the true class"),
    "predicted": (0, "share of the predicted class"),
    "all": (None, "share of all"),
}


@drawn
def confusion_matrix(
    matrix: Any,
    predicted: Any = None,
    class_names: Sequence[str] | None = None,
    *,
    normalise: str | Sequence[str | None] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw confusion matrices: a row for each true class, a column for each predicted one.

    Args:
        matrix: the true classes (n,), numbers or texts; or counts of shape (classes, classes), or
            several such by name, drawn side by side.
        predicted: the classes that were predicted, or probabilities; with counts, class names.
        class_names: one for each class; by default their texts, or their numbers.
        normalise: "true" makes each row sum to 1, "predicted" each column, "all" the whole
            matrix; None shows counts. Classes without examples stay 0. Several ways, as in
            (None, "true"), are drawn side by side, or below each other for several matrices.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when a matrix is not square, or there are not as many predictions as classes.
        ArgumentError: for negative counts or a wrong number of class names.

    Example:
        >>> figure = confusion_matrix(["cat", "dog", "dog"], ["cat", "dog", "cat"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1', '0', '1', '1']
    """
    from grafito.figures import canvas

    vocabulary = words(lang)
    say = own_namer(lang)
    matrix, class_names = _counted(matrix, predicted, class_names)
    several = matrix if isinstance(matrix, Mapping) else {"": matrix}
    counts = {say(name): _checked(each) for name, each in several.items()}
    ways = [normalise] if normalise is None or isinstance(normalise, str) else list(normalise)
    for way in ways:
        if way not in WAYS:
            raise unknown_name("way to normalise", way, [str(known) for known in WAYS])
    panels = [(name, way) for way in ways for name in counts]
    columns = len(counts) if len(counts) > 1 else len(ways)
    names = {n: [*map(say, _names(class_names, len(each)))] for n, each in counts.items()}
    side = 1.6 + min(max(0.42 * max(map(len, counts.values())), 1.6), 9.0)
    rows = -(-len(panels) // columns)
    sheet = canvas.new_sheet(side * columns, side * rows, layout="constrained")
    sheet.alt = "; ".join([title or vocabulary["predicted class"], *filter(None, counts)])
    with canvas.style():
        for place, (name, way) in enumerate(panels, start=1):
            axes = sheet.add_subplot(rows, columns, place)
            _draw_matrix(axes, counts[name], names[name], way, lang)
            axes.set(xlabel=vocabulary["predicted class"], ylabel=vocabulary["true class"])
            heads = [name, vocabulary[WAYS[way][1]] if len(ways) > 1 else ""]
            axes.set_title(": ".join(filter(None, heads)))
        if title and len(panels) == 1:
            sheet.axes[0].set_title(title)
        elif title:
            sheet.suptitle(title)
    return sheet


def _draw_matrix(
    axes: Any, counts: np.ndarray, names: Sequence[str], way: str | None, lang: str | None
) -> None:
    from grafito.figures import canvas

    shown = _normalised(counts, way)
    classes = len(counts)
    # The root lets rare confusions show beside a full diagonal.
    shade = np.sqrt(shown / max(shown.max(), 1e-300))
    axes.imshow(shade, cmap=canvas.shades_of(canvas.BLUE), vmin=0, vmax=1)
    if classes <= MOST_NUMBERS:
        for i, j in np.ndindex(classes, classes):
            whole = way is None and shown[i, j] == int(shown[i, j])
            text = str(int(shown[i, j])) if whole else number(shown[i, j], 2, lang)
            if way and shown[i, j] < 0.005:
                text = "0" if shown[i, j] == 0 else number(0.0, 2, lang)
            ink = "white" if shade[i, j] > 0.6 else canvas.INK
            size = 9 if len(text) <= 4 else 7
            cell = axes.text(j, i, text, ha="center", va="center", color=ink, fontsize=size)
            cell.set_in_layout(False)
    ticks = range(0, classes, max(1, classes // 25))
    shown_names = [names[i] for i in ticks]
    tilt = 45 if max(map(len, names)) > 3 else 0
    axes.set_xticks(ticks, shown_names, rotation=tilt, ha="right" if tilt else "center")
    axes.set_yticks(ticks, shown_names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=min(1.5, 30 / classes))
    axes.tick_params(which="minor", length=0)


def classification_table(
    matrix: Any,
    predicted: Any = None,
    class_names: Sequence[str] | None = None,
    *,
    lang: str | None = None,
) -> list[dict[str, Any]]:
    """Precision, recall, F1 and support of each class, then their averages.

    precision = right / predicted as the class, recall = right / examples of the class,
    F1 = 2 precision recall / (precision + recall). Where a denominator is 0, so is the result.

    Args:
        matrix: the true classes, or counts of shape (classes, classes), a row for each true class.
        predicted: the classes that were predicted; with counts, class names.
        class_names: one for each class; by default their texts, or their numbers.
        lang: of the names of the averages; by default the one being spoken.

    Returns:
        Rows with "class", "precision", "recall", "f1" and "support"; the last two are the plain
        average of the classes and that weighted by support.

    Example:
        >>> rows = classification_table([[8, 2], [1, 9]], ["cat", "dog"])
        >>> [row["class"] for row in rows], rows[0]["recall"], rows[0]["support"]
        (['cat', 'dog', 'macro average', 'weighted average'], 0.8, 10)
    """
    matrix, class_names = _counted(matrix, predicted, class_names)
    counts = _checked(matrix)
    names = _names(class_names, len(counts))
    right, support = counts.diagonal(), counts.sum(axis=1)

    def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
        return above / np.where(below == 0, 1.0, below)

    precision, recall = ratio(right, counts.sum(axis=0)), ratio(right, support)
    f1 = ratio(2 * precision * recall, precision + recall)
    scores = {"precision": precision, "recall": recall, "f1": f1}
    rows: list[dict[str, Any]] = [
        {"class": name}
        | {key: float(values[i]) for key, values in scores.items()}
        | {"support": int(support[i])}
        for i, name in enumerate(names)
    ]
    share = ratio(support, support.sum())
    for word, weights in (
        ("macro average", np.full(len(counts), 1 / len(counts))),
        ("weighted average", share),
    ):
        means = {key: float(values @ weights) for key, values in scores.items()}
        rows.append({"class": words(lang)[word]} | means | {"support": int(support.sum())})
    return rows


def _names(given: Sequence[str] | None, classes: int) -> list[str]:
    names = list(given) if given is not None else [str(i) for i in range(classes)]
    if len(names) != classes:
        raise ArgumentError(
            "Each class needs one name.",
            where="class_names",
            received=f"{len(names)} names for {classes} classes",
        )
    return names


def _counted(
    matrix: Any, predicted: Any, class_names: Sequence[str] | None
) -> tuple[Any, Sequence[str] | None]:
    """Counts and class names, of labels too."""
    if predicted is None or isinstance(matrix, Mapping):
        return matrix, predicted if class_names is None else class_names
    shape = np.shape(matrix)
    if len(shape) == 2 and shape[0] == shape[1] and np.ndim(predicted) == 1 and class_names is None:
        return matrix, predicted
    (true, found), names = number_classes(matrix, predicted, class_names=class_names)
    if true.shape != found.shape or not true.size:
        raise ShapeError(
            "Each true class needs a predicted one.",
            received=f"{len(true)} true and {len(found)} predicted classes",
        )
    lowest = int(min(true.min(), found.min()))
    if lowest < 0:
        raise ArgumentError("Classes must be numbered from 0.", received=f"class {lowest}")
    classes = max(int(true.max()), int(found.max())) + 1 if names is None else len(names)
    if max(true.max(), found.max()) >= classes:
        raise ArgumentError(
            "Each class needs one name.",
            where="class_names",
            received=f"{classes} names, classes {lowest} to {max(true.max(), found.max())}",
        )
    if classes > MOST_CLASSES:
        raise ArgumentError(
            "There are too many classes for a matrix.",
            received=f"classes up to {classes - 1}",
            expected=f"at most {MOST_CLASSES}",
        )
    counts = np.zeros((classes, classes), "int64")
    np.add.at(counts, (true, found), 1)
    return counts, names


def _checked(matrix: Any) -> np.ndarray:
    counts = as_numbers(matrix, "matrix")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ShapeError(
            "A confusion matrix must be square.",
            where="matrix",
            received=counts.shape,
            expected="(classes, classes)",
            fix="confusion_matrix(y_true, y_pred)",
        )
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ArgumentError(
            "A confusion matrix must hold counts.",
            where="matrix",
            received=f"a smallest value of {counts.min()}",
            expected="numbers that are not negative",
        )
    return counts


def _normalised(counts: np.ndarray, by: str | None) -> np.ndarray:
    if by is None:
        return counts
    total = counts.sum(axis=WAYS[by][0], keepdims=True)
    return counts / np.where(total == 0, 1.0, total)
