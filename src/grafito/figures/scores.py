"""What probabilities are worth: ROC and precision-recall curves, calibration, thresholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.classes import number_classes
from grafito.figures.given import as_numbers, drawn, setting
from grafito.figures.ranking import Ranking
from grafito.figures.text import number, short, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HALF = 0.5  # the threshold that classes are told by unless another is chosen


@drawn
def roc_curve(
    y_true: Any,
    y_score: Any,
    *,
    class_names: Sequence[str] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw the share of positives that are found against the share of negatives that are taken.

    Each threshold of the score gives a point; a dot marks 0.5. AUC, the area under the curve, is
    the chance that a positive example has a higher score than a negative one.

    Args:
        y_true: the classes, numbers or texts, shape (n,), or one-hot.
        y_score: the probability of class 1, (n,) or (n, 1); or a column for each class, each of
            them then against all others; or several such by name.
        class_names: one for each class.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when there is not one score for each class of y_true.
        ArgumentError: when all examples are of one class.

    Example:
        >>> figure = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> [text.get_text() for text in figure.axes[0].get_legend().texts][0]
        'AUC = 0.750'
    """

    def draw(axes: Axes, ranking: Ranking, look: dict[str, Any]) -> str:
        fall_out, recall = ranking.fall_out, ranking.recall
        axes.plot(fall_out, recall, **look)
        at = ranking.place(HALF)
        if at is not None:
            axes.plot(fall_out[at], recall[at], "o", color=look["color"], ms=6, mec="white")
        return f"AUC = {number(ranking.area, 3, lang)}"

    vocabulary = words(lang)
    names = (vocabulary["share of negatives taken"], vocabulary["share of positives found"])
    sheet = _draw_curves(_rankings(y_true, y_score, class_names, lang), draw, names, title)
    from grafito.figures import canvas

    with canvas.style():
        axes = sheet.axes[0]
        line: dict[str, Any] = {"color": canvas.FAINT, "lw": 1, "ls": (0, (4, 3)), "zorder": 1}
        (chance,) = axes.plot([0, 1], [0, 1], **line, label=vocabulary["chance"])
        _legend(axes, [chance, _dot(lang)], "lower right", lang)
    return sheet


@drawn
def precision_recall_curve(
    y_true: Any,
    y_score: Any,
    *,
    class_names: Sequence[str] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw precision against recall, each threshold of the score a point; a dot marks 0.5.

    AP, the average precision, is the mean of the precisions, each weighted by what its threshold
    adds to the recall. A dotted line is the share of positives: the precision of guessing.

    Args:
        y_true: the classes, numbers or texts, shape (n,), or one-hot.
        y_score: the probability of class 1, (n,) or (n, 1); or a column for each class, each of
            them then against all others; or several such by name.
        class_names: one for each class.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> figure = precision_recall_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> [text.get_text() for text in figure.axes[0].get_legend().texts][0]
        'AP = 0.833'
    """
    from grafito.figures import canvas

    def draw(axes: Axes, ranking: Ranking, look: dict[str, Any]) -> str:
        recall, precision = ranking.recall, ranking.precision
        axes.plot(recall, precision, drawstyle="steps-pre", **look)
        at = ranking.place(HALF)
        if at is not None:
            axes.plot(recall[at], precision[at], "o", color=look["color"], ms=6, mec="white")
        guess: dict[str, Any] = {"color": look["color"], "lw": 1, "ls": (0, (1, 2)), "zorder": 1}
        axes.axhline(ranking.share, **guess)
        return f"AP = {number(ranking.average_precision, 3, lang)}"

    vocabulary = words(lang)
    names = (vocabulary["recall"], vocabulary["precision"])
    sheet = _draw_curves(_rankings(y_true, y_score, class_names, lang), draw, names, title)
    with canvas.style():
        from matplotlib.lines import Line2D

        dots: dict[str, Any] = {"color": canvas.INK, "lw": 1, "ls": (0, (1, 2))}
        guess = Line2D([], [], **dots, label=vocabulary["chance"])
        _legend(sheet.axes[0], [guess, _dot(lang)], "lower left", lang)
    return sheet


@drawn
def calibration_curve(
    y_true: Any,
    y_score: Any,
    *,
    bins: int = 10,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw how often class 1 is true where a model gives it a probability; below, how many are so.

    A model whose 70 % mean 70 % lies on the diagonal; below it, the model is too sure of class 1.

    Args:
        y_true: the classes, two of them, numbers or texts, shape (n,), or one-hot.
        y_score: the probability of class 1, (n,), (n, 1) or (n, 2); or several such by name.
        bins: parts of equal width into which the probabilities fall.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> figure = calibration_curve([0, 1, 1, 1], [0.2, 0.8, 0.9, 0.7], bins=5)
        >>> figure.axes[0].lines[1].get_ydata().tolist()
        [0.0, 1.0, 1.0]
    """
    from grafito.figures import canvas

    bins = int(setting("bins", bins, 1, 10))
    vocabulary = words(lang)
    rankings = _rankings(y_true, y_score, None, lang, two=True, probabilities=True)
    sheet = canvas.new_sheet(4.4, 5.0, layout="constrained")
    facts = []
    with canvas.style():
        above, below = sheet.subplots(2, 1, height_ratios=[3.4, 1], sharex=True)
        grey: dict[str, Any] = {"color": canvas.FAINT, "lw": 1, "ls": (0, (4, 3))}
        above.plot([0, 1], [0, 1], **grey, label=vocabulary["perfectly calibrated"])
        for index, (name, ranking) in enumerate(rankings.items()):
            middle, share, count = ranking.bins(bins)
            brier = f"Brier = {number(ranking.brier, 3, lang)}"
            facts.append(": ".join(filter(None, [name, brier])))
            above.plot(middle, share, **canvas.look(index), mec="white", label=facts[-1])
            edges = np.linspace(0, 1, bins + 1)
            step: dict[str, Any] = {"color": canvas.look(index)["color"], "lw": 1.2}
            below.stairs(count, edges, **step, fill=not index, alpha=0.55 if not index else 1)
        above.set(ylabel=vocabulary["share of class 1"], title=title, ylim=(-0.03, 1.03))
        below.set(xlabel=vocabulary["probability of class 1"], ylabel=vocabulary["examples"])
        below.set(xlim=(-0.02, 1.02))
        above.legend(loc="upper left")
        for axis in (above.yaxis, below.xaxis, below.yaxis):
            canvas.number_ticks(axis, lang)
    sheet.alt = "; ".join([vocabulary["share of class 1"], *facts])
    return sheet


@drawn
def threshold_curves(
    y_true: Any,
    y_score: Any,
    *,
    costs: tuple[float, float] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw precision, recall, F1 and accuracy over the threshold, and mark where one is best.

    The mark is the greatest F1; with costs it is the least mean cost of an example.

    Args:
        y_true: the classes, two of them, numbers or texts, shape (n,), or one-hot.
        y_score: the probability of class 1, (n,), (n, 1) or (n, 2).
        costs: of a negative that is taken for class 1, and of a positive that is missed.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> figure = threshold_curves([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> figure.axes[0].texts[0].get_text()
        'F1 0.800, threshold 0.35'
    """
    from grafito.figures import canvas

    if isinstance(y_score, Mapping):
        raise ArgumentError(
            "Thresholds are those of one model.", where="y_score", received=list(y_score)
        )
    vocabulary = words(lang)
    (ranking,) = _rankings(y_true, y_score, None, lang, two=True, probabilities=True).values()
    curves = {
        vocabulary["precision"]: ranking.precision[1:],
        vocabulary["recall"]: ranking.recall[1:],
        "F1": ranking.f1[1:],
        vocabulary["accuracy"]: ranking.accuracy[1:],
    }
    best, word = int(np.argmax(curves["F1"])), "F1"
    if costs is not None:
        word = vocabulary["mean cost"]
        curves[word] = ranking.cost(*_costs(costs))[1:]
        best = int(np.argmin(curves[word]))
    thresholds = ranking.thresholds[1:]
    sheet = canvas.new_sheet(5.4, 3.6, layout="constrained")
    with canvas.style():
        axes = sheet.add_subplot()
        for index, (name, values) in enumerate(curves.items()):
            look = canvas.look(index) | {"marker": "", "linewidth": 2.2 if name == word else 1.3}
            axes.plot(thresholds, values, drawstyle="steps-post", **look, label=name)
        at = float(thresholds[best])
        axes.axvline(at, color=canvas.INK, lw=0.9, ls=(0, (1, 2)))
        axes.plot(at, curves[word][best], "o", color=canvas.INK, ms=6, mec="white", zorder=5)
        where = f"{vocabulary['threshold']} {short(round(at, 3), lang)}"
        told = f"{word} {number(curves[word][best], 3, lang)}, {where}"
        side = "left" if at < 0.6 else "right"
        pad: dict[str, Any] = {
            "xytext": (6 if side == "left" else -6, 0),
            "textcoords": "offset points",
        }
        frame = axes.get_xaxis_transform()
        axes.annotate(told, (at, 1.02), xycoords=frame, **pad, ha=side, va="bottom", fontsize=8.5)
        axes.set(xlabel=vocabulary["threshold"], xlim=(0, 1))
        axes.set_title(title or "", pad=20)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        for axis in (axes.xaxis, axes.yaxis):
            canvas.number_ticks(axis, lang)
        sheet.legend(loc="outside lower center", ncols=min(len(curves), 3))
    sheet.alt = f"{', '.join(curves)} ({vocabulary['threshold']}): {told}"
    return sheet


def _costs(costs: Any) -> tuple[float, float]:
    numbers = as_numbers(costs, "costs")
    if numbers.shape != (2,) or not (np.isfinite(numbers).all() and (numbers >= 0).all()):
        raise ArgumentError(
            "Costs are two numbers: of a negative that is taken, of a positive that is missed.",
            where="costs",
            received=repr(costs)[:80],
            fix="costs=(1, 5)",
        )
    return float(numbers[0]), float(numbers[1])


def _rankings(
    y_true: Any,
    y_score: Any,
    class_names: Sequence[str] | None,
    lang: str | None,
    two: bool = False,
    probabilities: bool = False,
) -> dict[str, Ranking]:
    """Examples by their scores: by name of the model, or of the class."""
    (labels,), names = number_classes(y_true, class_names=class_names)
    if isinstance(y_score, Mapping) and not y_score:
        raise ArgumentError("There are no scores to draw.", where="y_score")
    given = y_score if isinstance(y_score, Mapping) else {"": y_score}
    found: dict[str, Ranking] = {}
    for name, one in given.items():
        scores = as_numbers(one, "y_score")
        scores = scores[:, None] if scores.ndim == 1 else scores
        if scores.ndim != 2 or len(scores) != len(labels) or not len(labels):
            raise ShapeError(
                "Each example needs a score.",
                where="y_score",
                received=scores.shape,
                expected=f"({len(labels)},), or a column for each class",
            )
        _check_scores(scores, labels, two, probabilities)
        if scores.shape[1] <= 2:
            found[own_namer(lang)(name)] = Ranking.of(labels == 1, scores[:, -1])
            continue
        for label in range(scores.shape[1]):
            text = str(names[label]) if names is not None and label < len(names) else str(label)
            key = ": ".join(filter(None, [str(name), text]))
            found[own_namer(lang)(key)] = Ranking.of(labels == label, scores[:, label])
    return found


def _check_scores(scores: np.ndarray, labels: np.ndarray, two: bool, probabilities: bool) -> None:
    if not np.isfinite(scores).all():
        raise ArgumentError("A score is not finite.", where="y_score")
    classes = max(2, int(scores.shape[1]))
    if labels.min() < 0 or labels.max() >= classes or (two and classes > 2):
        raise ShapeError(
            "The scores do not fit the classes.",
            where="y_score",
            received=f"{scores.shape[1]} columns, classes {labels.min()} to {labels.max()}",
            expected="two classes" if two else "a column for each class",
        )
    if probabilities and not ((scores >= 0) & (scores <= 1)).all():
        raise ArgumentError(
            "Probabilities lie between 0 and 1.",
            where="y_score",
            received=f"from {scores.min():.4g} to {scores.max():.4g}",
            fix="graph.sigmoid(y_score).numpy()",
        )


def _draw_curves(
    rankings: Mapping[str, Ranking],
    draw: Callable[[Axes, Ranking, dict[str, Any]], str],
    names: tuple[str, str],
    title: str | None,
) -> Any:
    from grafito.figures import canvas

    sheet = canvas.new_sheet(4.6, 4.6, layout="constrained")
    facts = []
    with canvas.style():
        axes = sheet.add_subplot()
        for index, (name, ranking) in enumerate(rankings.items()):
            look = canvas.look(index) | {"marker": "", "linewidth": 1.8}
            fact = draw(axes, ranking, look)
            facts.append(": ".join(filter(None, [name, fact])))
            axes.lines[-1].set_label("")
            axes.plot([], [], **look, label=facts[-1])
        axes.set(xlabel=names[0], ylabel=names[1], title=title, aspect="equal")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    sheet.alt = f"{names[1]} ({names[0]}): {'; '.join(facts)}"
    return sheet


def _dot(lang: str | None) -> Any:
    from matplotlib.lines import Line2D

    from grafito.figures import canvas

    label = f"{words(lang)['threshold']} {short(HALF, lang)}"
    return Line2D([], [], ls="", marker="o", color=canvas.INK, mec="white", ms=6, label=label)


def _legend(axes: Axes, others: Sequence[Any], where: str, lang: str | None) -> None:
    from grafito.figures import canvas

    own = [line for line in axes.lines if not np.size(line.get_xdata())]
    axes.legend(
        handles=[*own, *others],
        loc=where,
        fontsize=8,
        frameon=True,
        framealpha=0.9,
        edgecolor="none",
    )
    for axis in (axes.xaxis, axes.yaxis):
        canvas.number_ticks(axis, lang)
