"""Examples in the plane, and the class that a model gives to each point."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.boundaries import Field, field_of
from grafito.figures.classes import number_classes
from grafito.figures.given import drawn, setting
from grafito.figures.plane import (
    as_points,
    check_labels,
    draw_examples,
    draw_rings,
    names_of,
    shape_of,
    with_edge,
)
from grafito.figures.text import number, short, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


PANELS_IN_A_ROW = 3
BANDS = (0.6, 0.8, 0.95)  # probabilities between which a region has one shade
PALE = 0.28  # of the colour of a class, in a region of one shade
MOST_OTHERS = 4  # inputs whose means are told
DEPTHS = (0.1, 0.5)  # the same of the least and of the most certain band

Predict = Callable[[np.ndarray], Any]


@drawn
def decision_regions(
    predict: Predict | Mapping[str, Predict],
    x: Any,
    y: Any,
    *,
    columns: tuple[int, int] | None = None,
    held_out: tuple[Any, Any] | None = None,
    errors: bool = False,
    bands: bool | Sequence[float] = False,
    names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    resolution: int = 200,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Colour the plane by predicted class; the boundary is where two classes are equally probable.

    Args:
        predict: from points (n, inputs) to classes, to the probability of class 1, or to a column
            for each class; a model; or several by name, side by side.
        x: examples, shape (n, inputs).
        y: their classes, numbers or texts, shape (n,) or (n, 1), or one-hot (n, classes).
        columns: the two inputs that are the axes; the others stay at their mean.
        held_out: x and y of other examples, drawn hollow.
        errors: whether a ring marks each example that is taken for another class.
        bands: probabilities where the shade changes; True for 0.6, 0.8 and 0.95.
        names: of the inputs; by default x0, x1, ...
        class_names: one for each class; by default their numbers.
        resolution: points of the grid along each side.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> figure = decision_regions(lambda p: p[:, 0] > 0.5, x, [0, 0, 1, 1], resolution=20)
        >>> len(figure.axes)
        1
    """
    several = predict if isinstance(predict, Mapping) else {"": predict}
    asks = {own_namer(lang)(name): _asked(one) for name, one in several.items()}
    points = as_points(x, "x", columns)
    plane = _Plane(points, columns or (0, 1), _names(names, points.shape[1]), words(lang), lang)
    side = int(setting("resolution", resolution, 2, 200))
    outputs = [one(plane.grid(side)) for one in asks.values()]
    (labels, *predicted), class_names = number_classes(y, *outputs, class_names=class_names)
    check_labels(labels, y, len(points))
    sets = [(points, labels)]
    if held_out is not None:
        sets.append(_held_out(held_out, columns, class_names, points.shape[1]))
    classes = max(2, int(max(each.max() for _, each in sets)) + 1)
    fields = [
        field_of(output, numbers, side, classes)
        for output, numbers in zip(outputs, predicted, strict=True)
    ]
    seen = {*np.concatenate([each for _, each in sets]).tolist()}
    found = sorted(seen.union(*(np.unique(field.winners).tolist() for field in fields)))
    texts = [*map(own_namer(lang), names_of(class_names, found, words(lang)["class"]))]
    called = dict(zip(found, texts, strict=True))
    wrong = [_wrong(one, sets, class_names) if errors else [] for one in asks.values()]
    look = _Look(called, _levels(bands), title, errors, len(sets) > 1)
    return _draw(plane, dict(zip(asks, zip(fields, wrong, strict=True), strict=True)), sets, look)


@dataclass(frozen=True)
class _Plane:
    """The part of the space of inputs that is drawn."""

    points: np.ndarray
    columns: Sequence[int]
    names: Sequence[str]
    vocabulary: Mapping[str, str]
    lang: str | None

    @property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        return with_edge(self.points[:, list(self.columns)], 0.12)

    def sides(self, count: int) -> list[np.ndarray]:
        low, high = self.limits
        return [np.linspace(low[i], high[i], count) for i in (0, 1)]

    def grid(self, side: int) -> np.ndarray:
        """Points of the plane, row by row; the other inputs are at their mean."""
        grid = np.tile(self.points.mean(axis=0), (side**2, 1))
        grid[:, list(self.columns)] = np.stack(np.meshgrid(*self.sides(side)), axis=-1).reshape(
            -1, 2
        )
        return grid.astype(self.points.dtype)

    @property
    def axes(self) -> list[str]:
        return [self.names[i] for i in self.columns]

    @property
    def rest(self) -> str:
        """Where the inputs are that have no axis."""
        means = self.points.mean(axis=0)
        others = [i for i in range(len(self.names)) if i not in self.columns]
        facts = [f"{self.names[i]} = {number(means[i], 2, self.lang)}" for i in others]
        facts = facts[:MOST_OTHERS]
        more = ["…"] if len(others) > MOST_OTHERS else []
        word = self.vocabulary["the other inputs at their mean"]
        return f"{word}: {'; '.join([*facts, *more])}" if others else ""


@dataclass(frozen=True)
class _Look:
    """How regions are drawn: names of the classes found, bands, title, marks."""

    classes: Mapping[int, str]
    bands: Sequence[float]
    title: str | None
    errors: bool
    held_out: bool


def _asked(one: Any) -> Predict:
    """The function that says the class of points."""
    if hasattr(one, "predict") and not isinstance(one, type):
        return lambda points: one.predict(points)
    if not callable(one):
        raise ArgumentError(
            "A function or a model says the class of each point.",
            where="predict",
            received=type(one).__name__,
            fix="decision_regions(model.predict, x, y)",
        )
    return one


def _names(given: Sequence[str] | None, inputs: int) -> list[str]:
    if given is None:
        return [f"x{i}" for i in range(inputs)]
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != inputs:
        raise ArgumentError(
            "Each input needs one name.",
            where="names",
            received=repr(given)[:80],
            expected=f"{inputs} names",
        )
    return [*map(str, given)]


def _levels(bands: Any) -> list[float]:
    levels = list(BANDS) if bands is True else [] if bands is False or bands is None else bands
    if not isinstance(levels, (list, tuple)) or not all(
        isinstance(level, (int, float)) and 0 < level < 1 for level in levels
    ):
        raise ArgumentError(
            "Bands are probabilities between 0 and 1.",
            where="bands",
            received=repr(bands)[:80],
            fix="bands=True",
        )
    return sorted(levels)


def _held_out(given: Any, columns: Any, class_names: Any, inputs: int) -> tuple[Any, np.ndarray]:
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        raise ArgumentError(
            "Examples that were held out are a pair of inputs and classes.",
            where="held_out",
            received=type(given).__name__,
            fix="held_out=(x_test, y_test)",
        )
    points = as_points(given[0], "held_out", columns)
    if points.shape[1] != inputs:
        raise ShapeError(
            "All examples must have the same inputs.",
            where="held_out",
            received=points.shape,
            expected=("n", inputs),
        )
    (labels,), _ = number_classes(given[1], class_names=class_names)
    check_labels(labels, given[1], len(points))
    return points, labels


def _wrong(ask: Predict, sets: Sequence[Any], class_names: Any) -> list[np.ndarray]:
    """Which examples of each set are taken for another class."""
    found = []
    for points, labels in sets:
        (predicted,), _ = number_classes(ask(points), class_names=class_names)
        check_labels(predicted, predicted, len(points))
        found.append(predicted != labels)
    return found


def _draw(
    plane: _Plane, panels: Mapping[str, tuple[Field, Any]], sets: Sequence[Any], look: _Look
) -> Figure:
    from grafito.figures import canvas

    columns = min(len(panels), PANELS_IN_A_ROW)
    rows = math.ceil(len(panels) / columns)
    wide = 4.4 if len(panels) == 1 else 3.0
    tall = (wide - 0.6) * min(shape_of(*plane.limits) or 1.0, 1.3) + 0.5
    handles = _handles(plane, look, any(field.sure for field, _ in panels.values()))
    longest = max(len(str(handle.get_label())) for handle in handles)
    room = min(len(handles), max(1, int(wide * columns / (0.45 + 0.075 * longest))))
    rest = textwrap.fill(plane.rest, int(13 * wide * columns))
    below = 0.2 + 0.2 * math.ceil(len(handles) / room) + 0.17 * rest.count("\n") + 0.2 * bool(rest)
    heads = 0.3 * rows * bool(look.title or len(panels) > 1) + 0.3 * bool(look.title)
    sheet = canvas.new_sheet(wide * columns, tall * rows + below + heads, layout="constrained")
    texts = [*filter(None, panels), *look.classes.values()]
    alt = look.title or f"{', '.join(plane.axes)}: {', '.join(texts)}"
    sheet.alt = "; ".join(filter(None, [alt, plane.rest]))
    with canvas.style():
        for place, (name, (field, wrong)) in enumerate(panels.items(), start=1):
            axes = sheet.add_subplot(rows, columns, place)
            _draw_field(axes, field, plane, look)
            for hollow, (points, labels) in enumerate(sets):
                shown = points[:, list(plane.columns)]
                draw_examples(axes, shown, labels, look.classes, hollow=bool(hollow))
                if look.errors:
                    draw_rings(axes, shown[wrong[hollow]], len(points))
            axes.set(xlabel=plane.axes[0], ylabel=plane.axes[1], title=name or look.title)
            canvas.number_ticks(axes.xaxis, plane.lang)
            canvas.number_ticks(axes.yaxis, plane.lang)
        # Names of the classes come first; their marks are those of the first panel.
        handles = [*sheet.axes[0].get_legend_handles_labels()[0], *handles[len(look.classes) :]]
        below_all: dict[str, Any] = {"title": rest or None, "title_fontsize": 8, "ncols": room}
        sheet.legend(handles=handles, loc="outside lower center", **below_all)
        if len(panels) > 1 and look.title:
            sheet.suptitle(look.title)
    return sheet


def _draw_field(axes: Any, field: Field, plane: _Plane, look: _Look) -> None:
    """Grounds of the colours of the classes, and lines where two classes are equal."""
    from matplotlib.colors import ListedColormap

    from grafito.figures import canvas

    found = list(look.classes)
    fine = field.finer()
    bands = look.bands if field.sure else []
    place = np.searchsorted(found, fine.winners) * (len(bands) + 1)
    place += np.searchsorted(bands, fine.chance, side="right") if bands else 0
    shades = [s for i in range(len(found)) for s in _shades(canvas.CYCLE, i, len(bands))]
    low, high = plane.limits
    axes.imshow(
        place,
        extent=(low[0], high[0], low[1], high[1]),
        origin="lower",
        aspect="auto" if shape_of(low, high) is None else "equal",
        cmap=ListedColormap(shades),
        vmin=-0.5,
        vmax=len(shades) - 0.5,
        interpolation="nearest",
    )
    sides = plane.sides(field.scores.shape[1])
    present = [c for c in np.unique(field.winners).tolist() if (field.winners != c).any()]
    for label in present[:1] if len(present) == 2 else present:
        line: dict[str, Any] = {"colors": canvas.INK, "linewidths": 1.2}
        axes.contour(*sides, field.lead(label), levels=[0.0], **line)


def _shades(cycle: Sequence[str], index: int, bands: int) -> list[tuple[float, ...]]:
    """The colour of a class mixed with white, once for each band."""
    from matplotlib.colors import to_rgb

    depths = np.linspace(*DEPTHS, bands + 1) if bands else [PALE]
    colour = to_rgb(cycle[index % len(cycle)])
    return [tuple(float(1 - depth * (1 - c)) for c in colour) for depth in depths]


def _handles(plane: _Plane, look: _Look, sure: bool) -> list[Any]:
    """Entries of the legend: classes, kinds of marks, bands."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from grafito.figures import canvas

    handles: list[Any] = [Patch(label=name) for name in look.classes.values()]
    mark: dict[str, Any] = {"linestyle": "", "marker": "o", "mec": canvas.INK}
    if look.held_out:
        label = plane.vocabulary["held out"]
        handles.append(Line2D([], [], **mark, mfc="white", ms=5, label=label))
    if look.errors:
        label = plane.vocabulary["error"]
        handles.append(Line2D([], [], **mark, mfc="none", ms=8, mew=1.1, label=label))
    if look.bands and sure:
        signs = [f"p < {short(look.bands[0], plane.lang)}"]
        signs += [f"p ≥ {short(low, plane.lang)}" for low in look.bands]
        for text, depth in zip(signs, np.linspace(*DEPTHS, len(signs)), strict=True):
            handles.append(Patch(fc=str(1 - depth), ec=canvas.FAINT, lw=0.4, label=text))
    return handles
