"""Confusion matrices: which classes a model takes for which, and how well it knows each."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError, unknown_name
from grafito.figures.classes import number_classes
from grafito.figures.given import as_numbers, drawn
from grafito.figures.text import number, whole, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES = 2000
MOST_IN_A_ROW = 3  # matrices
# Inches. A page of 1,000 pixels shows a drawing of this width without a scroll bar.
WIDEST, OF_THE_SCALE = 12.0, 0.7
CELL, LEAST_CELL = 0.42, 0.34  # they shrink where two matrices stand side by side
MATRIX, LARGEST_MATRIX = 1.6, 9.0
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
    margins: bool = False,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw confusion matrices: a row for each true class, a column for each predicted one.

    The shades follow the square root, so that rare confusions show; a scale says what they mean.

    Args:
        matrix: the true classes (n,), numbers or texts; or counts of shape (classes, classes), or
            several such by name, drawn side by side.
        predicted: the classes that were predicted, or probabilities; with counts, class names.
        class_names: one for each class; by default their texts, or their numbers.
        normalise: "true" makes each row sum to 1, "predicted" each column, "all" the whole
            matrix; None shows counts. Classes without examples stay 0. Several ways, as in
            (None, "true"), are drawn side by side, or below each other for several matrices.
        margins: whether recall and precision stand at the ends of rows and columns.
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
    several_ways = isinstance(normalise, Sequence) and not isinstance(normalise, str)
    ways: list[Any] = list(normalise or ()) if several_ways else [normalise]
    for way in ways:
        if way not in WAYS:
            raise unknown_name("way to normalise", way, [str(known) for known in WAYS])
    names = {n: [*map(say, _names(class_names, len(each)))] for n, each in counts.items()}
    around, most = 1.6 + 0.5 * margins, max(map(len, counts.values()))
    room = WIDEST - OF_THE_SCALE
    place = _places(len(counts), len(ways), int(room / (around + _across(most, LEAST_CELL))))
    rows, columns = (1 + max(each) for each in zip(*place, strict=True))
    across = max(_across(most, LEAST_CELL), min(_across(most, CELL), room / columns - around))
    side = around + across
    sheet = canvas.new_sheet(side * columns + OF_THE_SCALE, side * rows, layout="constrained")
    sheet.alt = "; ".join([title or vocabulary["predicted class"], *filter(None, counts)])
    with canvas.style():
        groups: list[tuple[list[Any], float]] = []
        for k, way in enumerate(ways):
            group: list[Any] = []
            top = 1.0 if way else max(float(each.max()) for each in counts.values()) or 1.0
            for n, (name, each) in enumerate(counts.items()):
                row, column = place[k * len(counts) + n]
                axes = sheet.add_subplot(rows, columns, row * columns + column + 1)
                cell = across / len(each)
                _draw_matrix(axes, _normalised(each, way), names[name], (way, top), cell, lang)
                axes.set(xlabel=vocabulary["predicted class"], ylabel=vocabulary["true class"])
                heads = [name, vocabulary[WAYS[way][1]] if len(ways) > 1 else ""]
                head = ": ".join(filter(None, [*heads, title if len(place) == 1 else ""]))
                if margins:
                    _draw_margins(axes, each, vocabulary, lang)
                    head = "\n".join(filter(None, [head, _accuracy(each, vocabulary, lang)]))
                axes.set_title(
                    "\n".join(textwrap.fill(t, int(13 * side)) for t in head.split("\n"))
                )
                group.append(axes)
            groups.append((group, top))
        for group, top in groups:
            _draw_scale(sheet, group, top, lang)
        if title and len(place) > 1:
            sheet.suptitle(title)
    return sheet


def _across(classes: int, cell: float) -> float:
    """How wide a matrix with cells of this size is."""
    return min(max(cell * classes, MATRIX), LARGEST_MATRIX)


def _places(matrices: int, ways: int, room: int) -> list[tuple[int, int]]:
    """Row and column of each matrix, way by way: as many side by side as a page has room for."""
    room = max(1, room)
    if matrices == 1:
        return [(k // min(ways, room), k % min(ways, room)) for k in range(ways)]
    lines = math.ceil(matrices / min(room, MOST_IN_A_ROW))
    columns = math.ceil(matrices / lines)
    return [(lines * k + n // columns, n % columns) for k in range(ways) for n in range(matrices)]


def _draw_matrix(
    axes: Any,
    shown: np.ndarray,
    names: Sequence[str],
    scale: tuple[str | None, float],
    cell: float,
    lang: str | None,
) -> None:
    from grafito.figures import canvas

    way, top = scale
    classes = len(shown)
    shades = canvas.shades_of(canvas.BLUE)
    image = axes.imshow(shown, cmap=shades, norm=_shading(top))
    if classes <= MOST_NUMBERS:
        for i, j in np.ndindex(classes, classes):
            text = _cell(float(shown[i, j]), way, lang)
            size = 9 if len(text) <= 4 else 7
            ink = canvas.ink_on(shades(image.norm(shown[i, j])))
            told = axes.text(j, i, text, ha="center", va="center", color=ink, fontsize=size)
            told.set_in_layout(False)
    ticks = range(0, classes, max(1, classes // 25))
    shown_names = [names[i] for i in ticks]
    tilt = 45 if 0.075 * max(map(len, shown_names)) > max(cell, LEAST_CELL) - 0.05 else 0
    axes.set_xticks(ticks, shown_names, rotation=tilt, ha="right" if tilt else "center")
    axes.set_yticks(ticks, shown_names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=min(1.5, 30 / classes))
    axes.tick_params(which="minor", length=0)


def _cell(value: float, way: str | None, lang: str | None) -> str:
    """The number of a cell."""
    if value == int(value) and (way is None or value == 0):
        return whole(int(value), lang)
    return _share(value, lang) if way else number(value, 2, lang)


def _share(value: float, lang: str | None) -> str:
    """Two decimals; a share too small for them is told from none at all."""
    return f"<{number(0.01, 2, lang)}" if 0 < value < 0.005 else number(value, 2, lang)


def _shading(top: float) -> Any:
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, 0.0, top)


def _draw_scale(sheet: Any, group: Sequence[Any], top: float, lang: str | None) -> None:
    """What the shades of these matrices mean."""
    from matplotlib.cm import ScalarMappable

    from grafito.figures import canvas

    colours = ScalarMappable(_shading(top), canvas.shades_of(canvas.BLUE))
    bar = sheet.colorbar(colours, ax=list(group), pad=0.02, aspect=30, shrink=0.8)
    bar.outline.set_visible(False)
    bar.ax.tick_params(which="both", length=0, labelsize=8)
    bar.set_ticks(_round_parts(top))
    canvas.number_ticks(bar.ax.yaxis, lang)


def _round_parts(top: float) -> list[float]:
    """Round numbers that lie apart on the scale of the root."""
    ten = 10.0 ** math.floor(math.log10(top))
    step = next(ten * each for each in (5, 2, 1) if ten * each <= top * 1.001)
    parts = [0.05, 0.2, 0.5, 1.0] if top <= 1 else [step / 20, step / 5, step / 2, step]
    kept = [part for part in parts if top <= 1 or part == int(part)]
    return [0.0, *dict.fromkeys(kept)]


def _draw_margins(axes: Any, counts: np.ndarray, vocabulary: Any, lang: str | None) -> None:
    """The recall of each class behind its row, the precision under its column."""
    classes = len(counts)
    if classes > MOST_NUMBERS:
        return
    right, beyond = counts.diagonal(), classes + 0.25
    for i in range(classes):
        for total, at in (
            (counts.sum(axis=1)[i], (beyond, i)),
            (counts.sum(axis=0)[i], (i, beyond)),
        ):
            text = _share(right[i] / total, lang) if total else "–"
            cell = axes.text(*at, text, ha="center", va="center", fontsize=8, gid="margin")
            cell.set_in_layout(False)
    axes.set(xlim=(-0.5, classes + 0.75), ylim=(classes + 0.75, -0.5))
    for axis, word in ((axes.xaxis, "recall"), (axes.yaxis, "precision")):
        labels = [text.get_text() for text in axis.get_ticklabels()]
        axis.set_ticks([*range(classes), beyond], [*labels, vocabulary[word]])
    axes.get_xticklabels()[-1].set(rotation=45, ha="right")


def _accuracy(counts: np.ndarray, vocabulary: Any, lang: str | None) -> str:
    total = counts.sum()
    share = number(counts.trace() / total, 3, lang) if total else "–"
    return f"{vocabulary['accuracy']} {share}"


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
