"""Learning curves: loss and metrics of training and validation over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, unknown_name
from grafito.figures.given import as_numbers, drawn, setting
from grafito.figures.text import number, words
from grafito.language import own_namer, translator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS_IN_A_ROW = 3
LOW_IS_GOOD = ("loss", "error", "errors", "mse", "mae", "divergence", "entropy")
HIGH_IS_GOOD = ("accuracy", "acc", "auc", "precision", "recall", "f1", "r2")
WINDOWS = 2  # so many must fit into a curve that is smoothed
FLAT = 0.02  # of the highest curve: what all others below lie on the axis
BEST = "best"
MARKS = 8  # on the line of one of several runs


@dataclass(frozen=True)
class Run:
    """The numbers of one training by name, and their epochs, counted from 1."""

    numbers: Mapping[str, np.ndarray]
    epochs: np.ndarray

    @property
    def names(self) -> list[str]:
        return [name.removeprefix("val_") for name in self.numbers]


@dataclass(frozen=True)
class Look:
    """How the panels of one figure are drawn."""

    vocabulary: Mapping[str, str]
    lang: str | None
    smooth: int
    log: bool | None
    zoom: tuple[int, int] | None


@drawn
def curves(
    history: Any,
    metrics: str | Sequence[str] | None = None,
    *,
    smooth: int = 1,
    log: bool | None = None,
    zoom: tuple[int, int] | None = None,
    held_out: str = "validation",
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw what `fit` returned: one panel for the loss and one for each metric.

    Training is solid and validation dashed. Of a single training a dot marks the best epoch of
    validation; of several each has its colour and marker, and several seeds a mean with a band.

    Args:
        history: the result of `fit`, or a dictionary from name ("val_NAME" for validation) to a
            number per epoch; or several, by name, each one of these or a list of them (seeds).
        metrics: a name or several to draw, in this order; by default all, the loss first.
        smooth: epochs averaged into a thick line, where there are as many around; the raw numbers
            stay as a thin one.
        log: whether losses are on a logarithmic scale; by default they are where, on another, all
            curves but one would lie on the axis.
        zoom: first and last epoch of a second panel that shows only these.
        held_out: what "val_NAME" is of: "validation", or "test" where `fit` was given that.
        title: text above the panels.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ArgumentError: for an empty history or an unknown name.

    Example:
        >>> len(curves({"a": {"loss": [0.9, 0.5]}, "b": {"loss": [0.8]}}, zoom=(1, 1)).axes)
        2
    """
    from grafito.figures import canvas

    if held_out not in ("validation", "test"):
        raise unknown_name("part", held_out, ["validation", "test"])
    vocabulary = {**words(lang), "validation": translator(lang)(held_out)}
    look = Look(vocabulary, lang, int(setting("smooth", smooth, 0, 5)), log, zoom)
    runs = {own_namer(lang)(name): seeds for name, seeds in _runs(history).items()}
    known = list(dict.fromkeys(n for runs_ in runs.values() for run in runs_ for n in run.names))
    metrics = [metrics] if isinstance(metrics, str) else metrics
    if not isinstance(metrics, (list, tuple, type(None))):
        raise unknown_name("metric", metrics, known)
    if zoom is not None and np.shape(zoom) != (2,):
        raise ArgumentError(
            "zoom must be a first and a last epoch.", received=f"zoom={zoom!r}", fix="zoom=(1, 10)"
        )
    for name in metrics or ():
        if name not in known:
            raise unknown_name("metric", name, known)
    names = list(metrics or sorted(known, key=lambda name: name != "loss"))
    panels = [(name, part) for name in names for part in ([None, zoom] if zoom else [None])]
    # Four stand two by two: three and one would leave half a page empty.
    columns = 2 if zoom or len(names) == 4 else min(len(names), PANELS_IN_A_ROW)
    rows = math.ceil(len(panels) / columns)
    several = len(runs) > 1
    height = 0.4 + 2.6 * rows + (0.3 if several else 0)
    sheet = canvas.new_sheet(0.7 + 3.4 * columns, height, layout="constrained")
    shown = [_title(name, lang) for name in names]
    sheet.alt = f"{', '.join(shown)} ({look.vocabulary['epoch']}): {', '.join(filter(None, runs))}"
    sheet.alt = sheet.alt.removesuffix(": ")
    with canvas.style():
        for place, (name, part) in enumerate(panels, start=1):
            axes = sheet.add_subplot(rows, columns, place)
            for index, (run_name, seeds) in enumerate(runs.items()):
                _draw_runs(axes, name, seeds, index if several else None, run_name, look)
            if part is not None:
                _limit(axes, *part)
            _dress(axes, name, part, look)
            if not several and part is None:
                _dot_best(axes, name, next(iter(runs.values())), look)
        if several:
            _legend_of_runs(sheet, runs, look)
        else:
            _legend_of_one(sheet.axes[0], look)
        if title:
            sheet.suptitle(title)
        for axes in sheet.axes:
            _tell_best(axes, look)
    return sheet


def _runs(history: Any) -> dict[str, list[Run]]:
    """Each training by name, as a list of its seeds; a single one has no name."""
    if isinstance(history, Mapping) and history:
        first = next(iter(history.values()))
        lists = isinstance(first, (list, tuple)) and first and _is_history(first[0])
        if _is_history(first) or lists:
            seeds = {n: x if isinstance(x, (list, tuple)) else [x] for n, x in history.items()}
            return {str(name): [_read(one) for one in each] for name, each in seeds.items()}
    return {"": [_read(history)]}


def _is_history(x: Any) -> bool:
    return isinstance(x, Mapping) or hasattr(x, "history")


def _read(history: Any) -> Run:
    table = getattr(history, "history", history)
    numbers = {}
    if isinstance(table, Mapping):
        numbers = {str(n): np.atleast_1d(as_numbers(v, str(n))) for n, v in table.items()}
    if not any(map(len, numbers.values())):
        raise ArgumentError(
            "There is nothing to draw in the history.",
            where="history",
            received=f"{type(history).__name__}, {len(table) if hasattr(table, '__len__') else 0}"
            " names",
            expected="the result of fit, or a dictionary from names to numbers per epoch",
        )
    longest = max(map(len, numbers.values()))
    first = list(getattr(history, "epoch", None) or range(longest))
    return Run(numbers, np.array(first[:longest]) + 1)


def _draw_runs(
    axes: Axes, name: str, seeds: Sequence[Run], index: int | None, run_name: str, look: Look
) -> None:
    """The lines of one training, or of its seeds together; `index` where there are several."""
    from grafito.figures import canvas

    for key, split in ((name, "training"), (f"val_{name}", "validation")):
        found = [run for run in seeds if key in run.numbers]
        if not found:
            continue
        length = min(len(run.numbers[key]) for run in found)
        epochs = found[0].epochs[:length]
        together = np.stack([run.numbers[key][:length] for run in found])
        values = together.mean(axis=0)
        colour, dash = canvas.SPLITS[split]
        style: dict[str, Any] = {"color": colour, "label": look.vocabulary[split]}
        if index is not None:
            own = canvas.look(index)
            style = {k: own[k] for k in ("color", "marker")} | {"label": f"{run_name} {key}"}
            step = max(1, length // MARKS)
            style |= {"markersize": 4, "markevery": (index % step, step)}
        if length == 1:
            style["marker"] = style.get("marker", "o")
        if len(found) > 1:
            band = together.min(axis=0), together.max(axis=0)
            axes.fill_between(epochs, *band, color=style["color"], alpha=0.18, linewidth=0)
        width = 1.5
        if look.smooth > 1 and length >= WINDOWS * look.smooth:
            axes.plot(epochs, values, color=style["color"], linewidth=0.7, alpha=0.7, gid="raw")
            values, width = _smoothed(values, look.smooth), 2.0
            epochs = _smoothed(epochs.astype("float64"), look.smooth)
            if "markevery" in style:
                style["markevery"] = (index or 0, max(1, len(epochs) // MARKS))
        axes.plot(epochs, values, linestyle=dash, linewidth=width, **style)


def _smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """The mean of so many neighbours, wherever there are as many."""
    known = np.isfinite(values)
    ones = np.ones(window)
    total = np.convolve(np.where(known, values, 0.0), ones, mode="valid")
    count = np.convolve(known.astype("float64"), ones, mode="valid")
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _dot_best(axes: Axes, name: str, seeds: Sequence[Run], look: Look) -> None:
    """A dot at the best epoch of validation, where the name says what is good."""
    from grafito.figures import canvas

    values = seeds[0].numbers.get(f"val_{name}")
    best = None if values is None or len(seeds) > 1 else _best(name, values)
    if values is None or best is None:
        return
    at = (seeds[0].epochs[best], values[best])
    label = look.vocabulary["best epoch"]
    axes.plot(*at, "o", color=canvas.SPLITS["validation"][0], markersize=5, gid=BEST, label=label)


def _tell_best(axes: Axes, look: Look) -> None:
    """The number at the dot, where it covers no line."""
    from grafito.figures.labels import label_point

    lines = [np.asarray(line.get_xydata()) for line in axes.lines if line.get_gid() != BEST]
    for dot in [line for line in axes.lines if line.get_gid() == BEST]:
        at = np.asarray(dot.get_xydata())[0]
        label_point(axes, number(at[1], 3, look.lang), at, (lines, str(dot.get_color())))


def _dress(axes: Axes, name: str, part: tuple[int, int] | None, look: Look) -> None:
    """Scales, limits and names of a panel."""
    from matplotlib.ticker import MaxNLocator

    from grafito.figures import canvas

    title = _title(name, look.lang)
    axes.margins(y=0.12)
    if part is not None:
        title = f"{title}, {look.vocabulary['epochs']} {part[0]}–{part[1]}"
    elif look.zoom is not None:
        axes.axvspan(*look.zoom, color="#e4e4e4", linewidth=0, zorder=0)
    axes.set(title=title, xlabel=look.vocabulary["epoch"])
    low, high = axes.get_xlim()
    if high - low < 1:  # a single epoch
        axes.set_xlim(round(low) - 1, round(low) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.grid(color="#dddddd", linewidth=0.6)
    canvas.number_ticks(axes.xaxis, look.lang)
    if _is_log(axes, name, look):
        canvas.log_scale(axes, "y", look.lang)
    else:
        canvas.number_ticks(axes.yaxis, look.lang)


def _is_log(axes: Axes, name: str, look: Look) -> bool:
    """Whether the numbers of a panel are told apart by a logarithmic scale alone."""
    shares = any(word in name.lower().split("_") for word in HIGH_IS_GOOD)
    if shares or look.log is False:
        return False
    values = [np.asarray(line.get_ydata(), "float64") for line in axes.lines]
    tops = sorted(float(np.nanmax(y)) for y in values if np.isfinite(y).any())
    if look.log:
        return bool(tops) and tops[-1] > 0
    lows = [float(np.nanmin(y)) for y in values if np.isfinite(y).any()]
    return len(tops) > 1 and min(lows) > 0 and tops[-2] < FLAT * tops[-1]


def _title(name: str, lang: str | None) -> str:
    """The name of a metric in words."""
    return translator(lang)(name.replace("_", " "))


def _limit(axes: Axes, first: int, last: int) -> None:
    """Show these epochs alone, as large as they can be."""
    edge = 0.02 * (last - first) or 0.5  # whole markers at both ends
    axes.set_xlim(first - edge, last + edge)
    x, y = np.concatenate([np.asarray(line.get_xydata(), "float64") for line in axes.lines]).T
    seen = y[(x >= first) & (x <= last) & np.isfinite(y)]
    if seen.size:
        low, high = float(seen.min()), float(seen.max())
        edge = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
        axes.set_ylim(low - edge if low > edge else low * 0.9, high + edge)
    step = max(1, (last - first) // MARKS)
    for index, line in enumerate(axes.lines):
        line.set_markevery((first - 1 + index % step, step))


def _legend_of_runs(sheet: Any, runs: Mapping[str, Sequence[Run]], look: Look) -> None:
    """A row above the panels: a colour and a marker for each run, a line for each split."""
    from matplotlib.lines import Line2D

    from grafito.figures import canvas

    entries = []
    for index, name in enumerate(runs):
        own = canvas.look(index)
        entries.append(Line2D([], [], color=own["color"], marker=own["marker"], label=name))
    keys = {key.startswith("val_") for seeds in runs.values() for r in seeds for key in r.numbers}
    if len(keys) > 1:
        for split in ("training", "validation"):
            dash = canvas.SPLITS[split][1]
            label = look.vocabulary[split]
            entries.append(Line2D([], [], color=canvas.INK, linestyle=dash, label=label))
    entries += _raw(look) if any(map(_has_raw, sheet.axes)) else []
    longest = max(len(str(entry.get_label())) for entry in entries)
    room = int(sheet.get_figwidth() / (0.6 + 0.07 * longest)) or 1  # entries side by side
    balanced = math.ceil(len(entries) / math.ceil(len(entries) / room))
    sheet.legend(handles=entries, loc="outside upper center", ncols=balanced)


def _legend_of_one(axes: Axes, look: Look) -> None:
    """The splits of a single training, where there are several things to tell apart."""
    entries = [*axes.get_legend_handles_labels()[0], *(_raw(look) if _has_raw(axes) else [])]
    if len(entries) > 1:
        axes.legend(handles=entries, loc="best")  # asked for: no warning that it takes long


def _has_raw(axes: Axes) -> bool:
    return any(line.get_gid() == "raw" for line in axes.lines)


def _raw(look: Look) -> list[Any]:
    """What the thin lines are, where there are any."""
    from matplotlib.lines import Line2D

    from grafito.figures import canvas

    thin: dict[str, Any] = {"color": canvas.INK, "linewidth": 0.7, "label": look.vocabulary["raw"]}
    return [Line2D([], [], **thin)]


def low_is_good(name: str) -> bool:
    """Whether less of a number is better, by its name.

    Example:
        >>> low_is_good("val_loss"), low_is_good("mean absolute error"), low_is_good("accuracy")
        (True, True, False)
    """
    words_in_name = name.lower().replace(" ", "_").split("_")
    return any(word in words_in_name for word in LOW_IS_GOOD)


def _best(name: str, values: Sequence[float] | np.ndarray) -> int | None:
    """The epoch with the best value, or None where nobody can tell."""
    finite = [i for i, value in enumerate(values) if math.isfinite(value)]
    if finite and low_is_good(name):
        return min(finite, key=lambda i: values[i])
    if finite and any(word in name.lower().split("_") for word in HIGH_IS_GOOD):
        return max(finite, key=lambda i: values[i])
    return None
