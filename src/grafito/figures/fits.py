"""Regression: predicted against true values, and fitted functions through their data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ShapeError
from grafito.figures.given import as_numbers, drawn
from grafito.figures.text import number, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS_IN_A_ROW = 3
POINTS = 400


@drawn
def scatter_fit(
    y_true: Any,
    y_pred: Any,
    *,
    name: str | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw predicted against true values, with the diagonal where both are equal, and R².

    R² = 1 − Σ (true − predicted)² / Σ (true − mean of true)².

    Args:
        y_true: shape (n,) or (n, 1).
        y_pred: the same.
        name: of the quantity, with its unit.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when there are not as many predictions as true values.

    Example:
        >>> figure = scatter_fit([1.0, 2.0, 3.0], [1.1, 1.9, 3.2])
        >>> figure.axes[0].texts[0].get_text()
        'R² = 0.970'
    """
    from grafito.figures import canvas

    vocabulary = words(lang)
    true, predicted = _column(y_true, "y_true"), _column(y_pred, "y_pred")
    if true.shape != predicted.shape:
        raise ShapeError(
            "Each true value needs a prediction.",
            where="y_pred",
            received=predicted.shape,
            expected=true.shape,
        )
    spread = float(((true - true.mean()) ** 2).sum())
    r2 = 1 - float(((true - predicted) ** 2).sum()) / spread if spread else math.nan
    low, high = min(true.min(), predicted.min()), max(true.max(), predicted.max())
    edge = 0.04 * (high - low) or 1.0
    ends = [low - edge, high + edge]
    fact = f"R² = {number(r2, 3, lang)}"
    sheet = canvas.new_sheet(4.4, 4.2, layout="constrained")
    sheet.alt = f"{vocabulary['predicted value']} / {vocabulary['true value']}: {fact}"
    with canvas.style():
        axes = sheet.add_subplot()
        axes.plot(ends, ends, color=canvas.INK, linewidth=1, linestyle=(0, (5, 3)), zorder=3)
        fill: dict[str, Any] = {
            "c": canvas.BLUE,
            "alpha": min(1.0, 0.25 + 60 / len(true)),
            "edgecolors": "none",
        }
        axes.scatter(true, predicted, s=18, **fill)
        axes.text(0.04, 0.96, fact, transform=axes.transAxes, va="top", fontsize=11)
        unit = f": {own_namer(lang)(name)}" if name else ""
        axes.set(xlabel=f"{vocabulary['true value']}{unit}", title=title, xlim=ends, ylim=ends)
        axes.set(ylabel=f"{vocabulary['predicted value']}{unit}", aspect="equal")
        for axis in (axes.xaxis, axes.yaxis):
            canvas.number_ticks(axis, lang)
    return sheet


@drawn
def function_fit(
    x: Any,
    y: Any,
    functions: Mapping[str, Any],
    *,
    held_out: tuple[Any, Any] | None = None,
    apart: bool = False,
    names: Sequence[str] = ("x", "y"),
    span: tuple[float, float] | None = None,
    called: str = "examples",
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw points of a function of one variable, and functions fitted to them.

    Args:
        x: points, shape (n,) or (n, 1).
        y: their values.
        functions: by name, what takes points (m, 1) and returns (m,) or (m, 1), as `predict`
            of a model does; or the points (m, 2) of a line, drawn as they are.
        held_out: x and y of other points, drawn hollow.
        apart: whether each function has a panel of its own.
        names: of the two axes.
        span: where functions begin and end; by default at the outermost points.
        called: what the points are.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> figure = function_fit([0, 1, 2], [0, 1, 4], {"square": lambda x: x**2})
        >>> [text.get_text() for text in figure.legends[0].texts]
        ['examples', 'square']
    """
    from matplotlib.ticker import MaxNLocator

    from grafito.figures import canvas

    vocabulary = words(lang)
    sets = [(_column(x, "x"), _column(y, "y"), called)]
    if held_out is not None:
        sets.append(
            (_column(held_out[0], "held_out"), _column(held_out[1], "held_out"), "held out")
        )
    every = np.concatenate([points for points, _, _ in sets])
    begin, end = span or (float(every.min()), float(every.max()))
    grid = np.linspace(begin, end, POINTS)
    say = own_namer(lang)
    names = [*map(say, names)]
    lines = {say(name): _line(function, grid, name) for name, function in functions.items()}
    panels = [[name] for name in lines] if apart else [list(lines)]
    columns = min(len(panels), PANELS_IN_A_ROW)
    rows = math.ceil(len(panels) / columns)
    wide = (2.9 if apart else 5.0) * columns
    sheet = canvas.new_sheet(wide, 0.5 + (2.4 if apart else 3.4) * rows, layout="constrained")
    sheet.alt = f"{names[1]} ({names[0]}): {', '.join(lines)}"
    with canvas.style():
        for place, inside in enumerate(panels, start=1):
            axes = sheet.add_subplot(rows, columns, place)
            for (points, values, word), fill in zip(sets, (canvas.INK, "white"), strict=False):
                dots: dict[str, Any] = {"mfc": fill, "mec": canvas.INK, "ms": 4, "alpha": 0.8}
                axes.plot(points, values, "o", label=vocabulary.get(word) or say(word), **dots)
            for name in inside:
                index = 0 if apart else list(lines).index(name)
                look: dict[str, Any] = canvas.look(index) | {"marker": "", "linewidth": 1.8}
                axes.plot(*lines[name].T, **look, label=name)
            values = np.concatenate([v for _, v, _ in sets])
            # Between its points an overfitted function may leave all that is of interest.
            edge = 0.25 * (values.max() - values.min()) or 1.0
            axes.set_ylim(values.min() - edge, values.max() + edge)
            axes.set(xlabel=names[0], ylabel=names[1])
            if (every == np.round(every)).all():
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if apart:
                axes.set_title(inside[0])
            for axis in (axes.xaxis, axes.yaxis):
                canvas.number_ticks(axis, lang)
        handles = sheet.axes[0].get_legend_handles_labels()[0]
        handles = handles[: len(sets)] if apart else handles
        sheet.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4))
        if title:
            sheet.suptitle(title)
    return sheet


def _line(function: Callable[[np.ndarray], Any] | Any, grid: np.ndarray, name: str) -> np.ndarray:
    if not callable(function):
        line = as_numbers(function, "functions")
        if line.ndim != 2 or line.shape[1] != 2:
            raise ShapeError(
                "A line must have two columns.",
                where=name,
                received=line.shape,
                expected="(points, 2)",
            )
        return line
    values = _column(function(grid[:, None].astype("float32")), name)
    if len(values) != len(grid):
        raise ShapeError(
            "The function must give one value for each point.",
            where=name,
            received=len(values),
            expected=len(grid),
        )
    return np.stack([grid, values], axis=1)


def _column(values: Any, where: str) -> np.ndarray:
    array = as_numbers(values, where)
    if array.ndim == 0 or array.size != len(array) or not array.size:
        raise ShapeError(
            "One number is needed for each example.",
            where=where,
            received=array.shape,
            expected="(n,) or (n, 1)",
        )
    return array.reshape(-1)
