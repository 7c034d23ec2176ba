"""Learning curves: loss and metrics of training and validation over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grafito.errors import ArgumentError, unknown_name
from grafito.figures.text import number, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS_IN_A_ROW = 3
LOW_IS_GOOD = ("loss", "error", "mse", "mae", "divergence", "entropy")
HIGH_IS_GOOD = ("accuracy", "acc", "auc", "precision", "recall", "f1", "r2")


def curves(
    history: Any,
    metrics: Sequence[str] | None = None,
    *,
    title: str | None = None,
    lang: str = "en",
) -> Figure:
    """Draw what `fit` returned: one panel for the loss and one for each metric.

    Training is a solid blue line and validation a dashed red one in every panel. A dot marks the
    best epoch of validation, where the name of the metric tells what is good.

    Args:
        history: the result of `fit`, or a dictionary from name to one number per epoch;
            "val_NAME" is the validation of "NAME".
        metrics: names to draw, in this order; by default all, the loss first.
        title: text above the panels.
        lang: "en" or "es".

    Raises:
        ArgumentError: for an empty history or an unknown name.

    Example:
        >>> figure = curves({"loss": [0.9, 0.5], "val_loss": [1.0, 0.7]})
        >>> len(figure.axes)
        1
    """
    from grafito.figures import canvas

    vocabulary = words(lang)
    numbers, epochs = _read(history)
    known = list(dict.fromkeys(name.removeprefix("val_") for name in numbers))
    for name in metrics or ():
        if name not in known:
            raise unknown_name("metric", name, known)
    names = list(metrics or sorted(known, key=lambda name: name != "loss"))
    columns = min(len(names), PANELS_IN_A_ROW)
    rows = math.ceil(len(names) / columns)
    sheet = canvas.new_sheet(0.7 + 3.4 * columns, 0.4 + 2.6 * rows, layout="constrained")
    with canvas.style():
        for place, name in enumerate(names, start=1):
            axes = sheet.add_subplot(rows, columns, place)
            _draw_panel(axes, name, numbers, epochs, vocabulary, lang)
        sheet.axes[0].legend()
        if title:
            sheet.suptitle(title)
    return sheet


def _read(history: Any) -> tuple[dict[str, list[float]], list[int]]:
    """Numbers by name, and the epochs, counted from 1."""
    table = getattr(history, "history", history)
    if not isinstance(table, Mapping) or not any(len(values) for values in table.values()):
        raise ArgumentError(
            "There is nothing to draw in the history.",
            where="history",
            received=f"{type(history).__name__}, {len(table) if hasattr(table, '__len__') else 0}"
            " names",
            expected="the result of fit, or a dictionary from names to numbers per epoch",
        )
    numbers = {str(name): [float(x) for x in values] for name, values in table.items()}
    longest = max(map(len, numbers.values()))
    first = list(getattr(history, "epoch", None) or range(longest))
    return numbers, [epoch + 1 for epoch in first][:longest]


def _draw_panel(
    axes: Axes,
    name: str,
    numbers: Mapping[str, list[float]],
    epochs: Sequence[int],
    vocabulary: Mapping[str, str],
    lang: str,
) -> None:
    from matplotlib.ticker import MaxNLocator

    from grafito.figures import canvas

    for key, split in ((name, "training"), (f"val_{name}", "validation")):
        if key in numbers:
            values = numbers[key]
            colour, dash = canvas.SPLITS[split]
            lone = "o" if len(values) == 1 else ""
            axes.plot(
                epochs[: len(values)],
                values,
                color=colour,
                linestyle=dash,
                marker=lone,
                label=vocabulary[split],
            )
            best = _best(name, values)
            if split == "validation" and best is not None:
                axes.plot(epochs[best], values[best], "o", color=colour, markersize=5)
                # Away from the training line: above a loss, below an accuracy.
                above = best == _best("loss", values)
                axes.annotate(
                    number(values[best], 3, lang),
                    (epochs[best], values[best]),
                    xytext=(0, 6 if above else -7),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if above else "top",
                    fontsize=8,
                    color=colour,
                    bbox={"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none"},
                )
    axes.set(title=vocabulary.get(name, name.replace("_", " ")), xlabel=vocabulary["epoch"])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.12)
    axes.grid(color="#dddddd", linewidth=0.6)
    canvas.use_decimal_comma(axes.yaxis, lang)


def _best(name: str, values: Sequence[float]) -> int | None:
    """The epoch with the best value, or None where nobody can tell."""
    words_in_name = name.lower().split("_")
    finite = [i for i, value in enumerate(values) if math.isfinite(value)]
    if finite and any(word in words_in_name for word in LOW_IS_GOOD):
        return min(finite, key=lambda i: values[i])
    if finite and any(word in words_in_name for word in HIGH_IS_GOOD):
        return max(finite, key=lambda i: values[i])
    return None
