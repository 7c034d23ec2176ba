"""Activation functions beside their derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito import activations, graph
from grafito.errors import ArgumentError
from grafito.figures.given import drawn, setting
from grafito.figures.text import function_name, number, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USUAL = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus")
PANELS_IN_A_ROW = 3
POINTS = 401
JUMP = 0.25  # a step of a derivative that is no slope, as a share of its range


@drawn
def activation_gallery(
    names: Sequence[Any] | Mapping[str, Callable[[Any], Any]] = USUAL,
    *,
    low: float = -5.0,
    high: float = 5.0,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw activations (solid) and their derivatives (dashed), a panel for each.

    The derivative is that of grafito's own graph. Its greatest value is marked where it lies
    inside the panel: 0.25 for the sigmoid, which is why deep networks of sigmoids learn slowly.

    Args:
        names: of activations, or functions by name.
        low: where the axis begins.
        high: where it ends.
        title: text above the panels.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        UnknownNameError: for an unknown activation; it proposes the nearest.

    Example:
        >>> figure = activation_gallery(["sigmoid", "relu"])
        >>> [axes.texts[0].get_text() for axes in figure.axes]
        ['0.250', '1.000']
    """
    from grafito.figures import canvas
    from grafito.figures.labels import label_point

    vocabulary = words(lang)
    listed = [names] if isinstance(names, str) or callable(names) else names or ()
    given = (
        names
        if isinstance(names, Mapping)
        else {getattr(n, "__name__", str(n)): activations.get(n) for n in listed}
    )
    if not given:
        raise ArgumentError("There are no activations to draw.", fix='["sigmoid", "relu"]')
    functions = {function_name(name, lang): function for name, function in given.items()}
    low, high = setting("low", low, -np.inf, -5.0), setting("high", high, -np.inf, 5.0)
    x = np.linspace(low, high, POINTS)
    columns = min(len(functions), PANELS_IN_A_ROW)
    rows = math.ceil(len(functions) / columns)
    sheet = canvas.new_sheet(0.3 + 2.6 * columns, 0.5 + 2.1 * rows, layout="constrained")
    facts = []
    marks: list[Any] = []
    with canvas.style():
        for place, (name, function) in enumerate(functions.items(), start=1):
            axes = sheet.add_subplot(rows, columns, place)
            y, slope = values_and_slopes(function, x)
            axes.axhline(0, color=canvas.FAINT, linewidth=0.6, zorder=0)
            axes.axvline(0, color=canvas.FAINT, linewidth=0.6, zorder=0)
            axes.plot(x, y, color=canvas.BLUE, linewidth=1.8, label=vocabulary["function"])
            dashes = canvas.SPLITS["validation"][1]
            word = vocabulary["derivative"]
            way = _without_jumps(slope)
            axes.plot(x, way, color=canvas.VERMILION, linestyle=dashes, linewidth=1.5, label=word)
            top = _top(x, slope)
            fact = name
            if top is not None:
                text = number(slope[top], 3, lang)
                fact = f"{name} ({word}: {text})"
                axes.plot(*(x[top], slope[top]), "o", color=canvas.VERMILION, ms=5, mec="white")
                curves = [np.stack([x, y], axis=1), np.stack([x, way], axis=1)]
                marks.append((axes, text, (x[top], slope[top]), (curves, canvas.VERMILION)))
            facts.append(fact)
            axes.set_title(name)
            if place > len(functions) - columns:
                axes.set_xlabel("x")
            axes.margins(x=0, y=0.1)
            canvas.number_ticks(axes.yaxis, lang)
        handles = sheet.axes[0].get_legend_handles_labels()[0]
        sheet.legend(handles=handles, loc="outside lower center", ncols=2)
        if title:
            sheet.suptitle(title)
        for mark in marks:  # once the layout stands
            label_point(*mark)
    sheet.alt = ", ".join(facts)
    return sheet


def values_and_slopes(
    function: Callable[[Any], Any], x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """An elementwise function of the graph and its derivative at points.

    Example:
        >>> y, slope = values_and_slopes(activations.sigmoid, np.zeros(1))
        >>> y.tolist(), slope.tolist()
        ([0.5], [0.25])
    """
    points = graph.placeholder(x.shape, name="x")
    y = function(points)
    (slope,) = graph.gradients([y], [points], unconnected="zero")
    values, slopes = graph.value([y, slope], {"x": x}, dtype="float64")
    return np.asarray(values), np.asarray(slopes)


def _top(x: np.ndarray, slope: np.ndarray) -> int | None:
    """Where the derivative is greatest, nearest to 0; None where it still grows at the border."""
    highest = np.flatnonzero(slope >= slope.max() - 1e-9)
    nearest = int(highest[np.argmin(np.abs(x[highest]))])
    return None if nearest in (0, len(x) - 1) else nearest


def _without_jumps(slope: np.ndarray) -> np.ndarray:
    """The same with a gap where it jumps, as the derivative of ReLU does at 0."""
    steps = np.abs(np.diff(slope))
    jumps = np.flatnonzero(steps > JUMP * max(np.ptp(slope), 1e-12)) + 1
    found = slope.astype(float)
    found[jumps] = np.nan
    return found
