"""A loss over two parameters as a map, and the ways that optimizers take on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.given import as_mapping, as_numbers, drawn
from grafito.figures.plane import ONE_SCALE, shape_of
from grafito.figures.text import short, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Range = tuple[float, float]

LEVELS = 24  # shades of the map
MOST_MARKS = 25  # steps of one way that are marked
GRID = 101  # points along each parameter, where the loss is a function


@drawn
def loss_surface(
    loss: Callable[[np.ndarray, np.ndarray], Any] | Any,
    paths: Mapping[str, Any] | None = None,
    *,
    a: Any = None,
    b: Any = None,
    names: Sequence[str] = ("a", "b"),
    minimum: Sequence[float] | None = None,
    solid: bool = False,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw a loss over two parameters, with the way of each optimizer from its start to its end.

    Args:
        loss: function of two grids (parameter a, parameter b) to losses of the same shape; or an
            array of losses, shape (values of b, values of a).
        paths: by name, the points passed, shape (steps, 2): columns a and b.
        a: the values of a for an array of losses; for a function (lowest, highest), by default
            what the paths need.
        b: the same for b.
        names: of the two parameters.
        minimum: the best point, marked with a cross.
        solid: draw it as a landscape in three dimensions, the loss as its height.
        title: text above the map.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when paths or losses have another shape.
        ArgumentError: for a function without paths and without a and b.

    Example:
        >>> way = [[2.0, 1.0], [1.0, 0.2], [0.5, 0.1]]
        >>> figure = loss_surface(lambda a, b: a**2 + 4 * b**2, {"sgd": way}, names=("w", "b"))
        >>> figure.axes[0].get_xlabel()
        'w'
    """
    from grafito.figures import canvas, labels

    vocabulary = words(lang)
    say = own_namer(lang)
    names = [*map(say, names)]
    if paths is not None:
        paths = as_mapping(paths, "paths", '{"sgd": points of shape (steps, 2)}')
    ways = {say(name): _way(name, points) for name, points in (paths or {}).items()}
    marked = [*ways.values(), *([np.reshape(minimum, (1, 2))] if minimum is not None else [])]
    a_values, b_values, heights = _heights(loss, a, b, marked)
    ratio = shape_of(*np.array([a_values[[0, -1]], b_values[[0, -1]]], "float64").T)
    tall = 4.4 if ratio is None or solid else 0.6 + 4.2 * min(ratio, 1.3)
    # A landscape has room for its labels by `zoom`; older versions of Matplotlib collapse its axes.
    sheet = canvas.new_sheet(5.8, tall, layout=None if solid else "constrained")
    sheet.alt = f"{vocabulary['loss']} ({names[0]}, {names[1]})" + (
        f": {', '.join(ways)}" if ways else ""
    )
    if solid:
        with canvas.style():
            _draw_landscape(sheet, (a_values, b_values, heights), ways, names, lang)
            sheet.axes[0].set_title(title or "")
        return sheet
    with canvas.style():
        axes = sheet.add_subplot()
        _draw_map(sheet, axes, a_values, b_values, heights, vocabulary["loss"], lang)
        axes.set(xlim=a_values[[0, -1]], ylim=b_values[[0, -1]])
        axes.set(xlabel=names[0], ylabel=names[1], title=title)
        if ratio is not None:  # one scale: a round bowl is round
            axes.set_aspect("equal")
        lines: dict[str, tuple[Any, str]] = {}
        for index, (name, way) in enumerate(ways.items()):
            look = canvas.look(index)
            every = max(1, len(way) // MOST_MARKS)
            axes.plot(*way.T, color="white", linewidth=3.4, zorder=3)
            axes.plot(*way.T, **look, markevery=every, mec="white", mew=0.6, label=name, zorder=4)
            axes.plot(*way[-1], look["marker"], color=look["color"], mec=canvas.INK, ms=8, zorder=5)
            lines[name] = (way, look["color"])
        for start in {tuple(way[0]) for way in ways.values()}:
            axes.plot(*start, "o", mfc="white", mec=canvas.INK, ms=7, mew=1.4, zorder=5)
            lines[vocabulary["start"]] = ([start], canvas.INK)
        if minimum is not None:
            axes.plot(*minimum, "+", color=canvas.INK, ms=13, mew=2, zorder=6)
            lines[vocabulary["minimum"]] = ([minimum], canvas.INK)
        for which in (axes.xaxis, axes.yaxis):
            canvas.number_ticks(which, lang)
        labels.label_lines(axes, lines)
    return sheet


def _draw_landscape(
    sheet: Any,
    surface: tuple[np.ndarray, np.ndarray, np.ndarray],
    ways: Mapping[str, np.ndarray],
    names: Sequence[str],
    lang: str | None,
) -> None:
    """The loss as heights, and each way on it."""
    from grafito.figures import canvas

    a, b, heights = surface
    axes = sheet.add_subplot(projection="3d")
    look = {"cmap": canvas.shades_of(canvas.BLUE), "alpha": 0.6, "linewidth": 0.2}
    edge = {"edgecolor": "white", "rcount": 28, "ccount": 28}
    axes.plot_surface(*np.meshgrid(a, b), np.ma.masked_invalid(heights), **look, **edge)
    for index, (name, way) in enumerate(ways.items()):
        columns = np.abs(a[:, None] - way[:, 0]).argmin(axis=0)
        rows = np.abs(b[:, None] - way[:, 1]).argmin(axis=0)
        style = canvas.look(index) | {"linewidth": 2.0, "markersize": 3}
        axes.plot(*way.T, heights[rows, columns], **style, label=name, zorder=5)
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.set_zlabel(words(lang)["loss"])
    axes.set_box_aspect(None, zoom=0.85)  # room for the name of the height
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        low, high = sorted(axis.get_view_interval())
        axis.set_ticks([tick for tick in axis.get_majorticklocs() if low <= tick <= high])
        canvas.number_ticks(axis, lang)
    if ways:
        sheet.legend(loc="lower center", ncols=min(len(ways), 3))


def _way(name: str, points: Any) -> np.ndarray:
    way = as_numbers(points, name)
    if way.ndim != 2 or way.shape[1] != 2 or not len(way):
        raise ShapeError(
            "A path on a surface must have two columns.",
            where=f"paths[{name!r}]",
            received=way.shape,
            expected="(steps, 2)",
        )
    return np.where(np.isfinite(way), way, np.nan)


def _heights(
    loss: Any, a: Any, b: Any, marked: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of a, values of b, and the losses over them."""
    if callable(loss):
        ranges = [
            _range(given, [points[:, i] for points in marked], name)
            for i, (given, name) in enumerate(((a, "a"), (b, "b")))
        ]
        ranges = _widened(ranges, (a is None, b is None))
        a_values, b_values = (np.linspace(*limits, GRID) for limits in ranges)
        heights = as_numbers(loss(*np.meshgrid(a_values, b_values)), "loss")
    else:
        heights = as_numbers(loss, "loss")
        if a is None or b is None:
            raise ArgumentError(
                "An array of losses needs the values of both parameters.", where="a, b"
            )
        a_values, b_values = as_numbers(a, "a"), as_numbers(b, "b")
    if heights.shape != (len(b_values), len(a_values)) or min(heights.shape) < 2:
        raise ShapeError(
            "The losses do not fit the values of the parameters.",
            where="loss",
            received=heights.shape,
            expected=f"(values of b, values of a), here {(len(b_values), len(a_values))}",
        )
    return a_values, b_values, heights


def _range(given: Any, columns: Sequence[np.ndarray], name: str) -> Range:
    if given is not None:
        return float(given[0]), float(given[-1])
    if not columns:
        raise ArgumentError(
            "A function is drawn between two limits.", where=name, expected="(lowest, highest)"
        )
    seen = np.concatenate(columns)
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    edge = 0.25 * (high - low) or 1.0
    return low - edge, high + edge


def _widened(ranges: Sequence[Range], free: tuple[bool, bool]) -> list[Range]:
    """Ranges that nobody chose are made as wide as one scale for both axes needs."""
    spans = [high - low for low, high in ranges]
    wanted = max(spans) / ONE_SCALE * 1.001
    return [
        (low - more, high + more)
        for (low, high), span, is_free in zip(ranges, spans, free, strict=True)
        for more in [max(wanted - span, 0.0) / 2 if is_free else 0.0]
    ]


def _draw_map(
    sheet: Any,
    axes: Any,
    a: np.ndarray,
    b: np.ndarray,
    heights: np.ndarray,
    word: str,
    lang: str | None,
) -> None:
    """Shades and lines of equal loss, closer together where the loss is low."""
    from matplotlib.colors import BoundaryNorm

    from grafito.figures import canvas

    shown = np.ma.masked_invalid(heights)
    low, high = float(shown.min()), float(shown.max())
    if high <= low:
        high = low + 1.0
    levels = low + (high - low) * np.linspace(0, 1, LEVELS + 1) ** 2.5
    shades = canvas.shades_of(canvas.BLUE)
    norm = BoundaryNorm(levels, shades.N)
    # Half the depth: the ways must stand out.
    filled = axes.contourf(a, b, shown, levels, cmap=shades, norm=norm, alpha=0.55, zorder=0)
    axes.contour(a, b, shown, levels, colors="white", linewidths=0.5, zorder=1)
    ticks = _round_levels(levels)
    bar = sheet.colorbar(filled, ax=axes, label=word, pad=0.02, ticks=ticks)
    bar.outline.set_visible(False)
    bar.ax.tick_params(which="both", length=0)
    bar.ax.set_yticklabels([short(level, lang) for level in ticks])


def _round_levels(levels: np.ndarray) -> list[float]:
    """Round numbers near every fourth level, inside of all of them."""
    found: list[float] = []
    last = 0.0
    for level in levels[::4]:
        ten = 10.0 ** np.floor(np.log10(abs(level))) if level else 1.0
        near = float(np.round(np.round(level / ten) * ten, 12))
        near = 0.0 if abs(near) < 1e-3 * abs(levels[-1]) else near
        apart = not found or near - found[-1] > (level - last) / 2  # else one covers the other
        if levels[0] <= near <= levels[-1] and apart:
            found.append(near)
            last = level
    return found or [float(levels[0]), float(levels[-1])]
