"""How a number depends on a setting, with its spread over seeds; gradient norms over depth."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError
from grafito.figures.given import as_mapping, as_numbers, drawn
from grafito.figures.text import function_name, number, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BESIDE = 14  # letters of a line beside bars
DOT = 4.0  # points across the dot of a single result


@drawn
def sweep(
    results: Mapping[Any, Any],
    *,
    names: Sequence[str] = ("", ""),
    log: str = "",
    reference: Mapping[str, float] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw a number against a setting: lines over numbers, bars over names.

    Args:
        results: by setting, a number or those of several seeds (drawn as mean, and as the span
            from the least to the greatest); or several such dictionaries by name.
        names: of the setting and of the number, for the axes.
        log: "x", "y" or "xy" for logarithmic axes.
        reference: levels to compare with, by name, drawn as dotted lines.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ArgumentError: when there are no results.

    Example:
        >>> figure = sweep({2: [0.5, 0.7], 4: [0.9, 1.0]}, names=("hidden units", "accuracy"))
        >>> figure.axes[0].lines[0].get_ydata().tolist()
        [0.6, 0.95]
    """
    from grafito.figures import canvas, labels

    results = as_mapping(results, "results", "{setting: number}")
    several = all(isinstance(each, Mapping) for each in results.values())
    say = own_namer(lang)
    names = [*map(say, names)]
    series = {say(k): v for k, v in results.items()} if several else {"": results}
    settings = list(dict.fromkeys(setting for each in series.values() for setting in each))
    drawn = [_span(value)[0] for each in series.values() for value in each.values()]
    if not settings or np.isnan(drawn).all():
        raise ArgumentError("There are no results to draw.", where="results")
    numeric = all(isinstance(s, (int, float, np.number)) for s in settings)
    sheet = canvas.new_sheet(5.0, 3.4, layout="constrained")
    sheet.alt = f"{names[1]} ({names[0]}): {', '.join(filter(None, series)) or settings}"
    with canvas.style():
        axes = sheet.add_subplot()
        lines = {}
        for index, (name, each) in enumerate(series.items()):
            if numeric:
                lines[name] = _draw_line(axes, each, index), canvas.look(index)["color"]
            else:
                _draw_bars(axes, each, settings, (index, len(series)), name, lang)
        for i, (word, level) in enumerate((reference or {}).items()):
            line: dict[str, Any] = {"linewidth": 1, "linestyle": (0, (1, 2 + i))}
            axes.axhline(level, color=canvas.INK, **line, zorder=1 if numeric else 2.5)
            where = axes.get_yaxis_transform()
            look: dict[str, Any] = {"transform": where, "fontsize": 8, "zorder": 5}
            if numeric:
                look |= {"ha": "right", "va": "bottom", "bbox": labels.GROUND}
                axes.text(1.0, level, f"{say(word)} ", **look)
            else:  # beside the bars, of which one would lie under it
                axes.text(1.01, level, textwrap.fill(say(word), BESIDE), **look, va="center")
        axes.set(xlabel=names[0], ylabel=names[1], title=title)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        _scales(axes, settings, numeric, log, lang)
        if several and numeric:
            axes.margins(x=0.08, y=0.12)
            labels.label_lines(axes, lines)
        elif several:
            sheet.legend(loc="outside lower center", ncols=min(len(series), 4))
    return sheet


@drawn
def gradient_norms(
    norms: Mapping[str, Sequence[float]], *, title: str | None = None, lang: str | None = None
) -> Figure:
    """Draw the norm of the gradient in each layer, from the first to the last, on a log scale.

    Args:
        norms: by name (of the activation), a number for each layer, that beside the input first;
            a layer without any gradient, 0, has no point.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ArgumentError: for something else, such as a model.

    Example:
        >>> figure = gradient_norms({"sigmoid": [1e-6, 1e-3, 0.1], "relu": [0.2, 0.3, 0.2]})
        >>> figure.axes[0].get_yscale()
        'log'
    """
    vocabulary = words(lang)
    norms = as_mapping(norms, "norms", 'a number for each layer: {"sigmoid": [0.001, 0.1]}')
    found = {name: np.atleast_1d(as_numbers(each, str(name))) for name, each in norms.items()}
    table: dict[str, dict[int, float]] = {}
    for name, each in found.items():
        values = np.where(each > 0, each, np.nan).tolist()
        table[function_name(str(name), lang)] = dict(enumerate(values, start=1))
    axes = (vocabulary["layer"], vocabulary["gradient norm"])
    return sweep(table, names=axes, log="y", title=title, lang=lang)


def _span(values: Any) -> tuple[float, float, float]:
    """Mean, least and greatest."""
    array = as_numbers(values, "results").reshape(-1)
    if not array.size:
        raise ArgumentError("A setting has no result.", where="results", received=repr(values))
    return float(array.mean()), float(array.min()), float(array.max())


def _draw_line(axes: Any, results: Mapping[Any, Any], index: int) -> np.ndarray:
    from grafito.figures import canvas

    x = sorted(results)
    mean, low, high = np.array([_span(results[setting]) for setting in x]).T
    look = canvas.look(index)
    axes.plot(x, mean, **look, mec="white", mew=0.6, zorder=3)
    if (high > low).any():
        reach = [mean - low, high - mean]
        bars: dict[str, Any] = {
            "ecolor": look["color"],
            "elinewidth": 1,
            "capsize": 3,
            "linestyle": "none",
        }
        axes.errorbar(x, mean, yerr=reach, **bars, zorder=2)
    return np.stack([np.asarray(x, "float64"), mean], axis=1)


def _draw_bars(
    axes: Any,
    results: Mapping[Any, Any],
    settings: Sequence[Any],
    place: tuple[int, int],
    name: str,
    lang: str | None,
) -> None:
    """Bars of one series beside those of the others, each with its number."""
    from grafito.figures import canvas

    index, count = place
    wide = 0.8 / count
    at = [i for i, setting in enumerate(settings) if setting in results]
    spans = np.array([_span(results[settings[i]]) for i in at])
    x = np.array(at) + (index - (count - 1) / 2) * wide
    mean, low, high = spans.T
    fill = canvas.LINE_COLOURS[index % len(canvas.LINE_COLOURS)]
    hatch = canvas.HATCHES[index % len(canvas.HATCHES)]
    edge: dict[str, Any] = {"edgecolor": "white", "hatch": hatch, "linewidth": 0.5}
    axes.bar(x, mean, 0.92 * wide, color=fill, label=name, **edge, zorder=2)
    several = bool((high > low).any())
    if several:
        reach = [mean - low, high - mean]
        axes.errorbar(x, mean, yerr=reach, ecolor=canvas.INK, capsize=3, ls="none", zorder=3)
        dots: dict[str, Any] = {"mfc": "white", "mec": canvas.INK, "ms": DOT, "zorder": 4}
        for left, i in zip(x, at, strict=True):
            each = as_numbers(results[settings[i]], "results").reshape(-1)
            axes.plot(np.full(len(each), left), each, "o", **dots)
    digits = 3 if np.abs(mean).max() < 10 else 1
    if len(settings) * count <= 16:
        for left, middle, top in zip(x, mean, high, strict=True):
            text = number(middle, digits, lang)
            above = DOT + 2 if several else 3  # points, clear of the dots
            pad: dict[str, Any] = {"xytext": (0, above), "textcoords": "offset points"}
            axes.annotate(text, (left, max(top, 0.0)), **pad, ha="center", fontsize=7.5)


def _scales(axes: Any, settings: Sequence[Any], numeric: bool, log: str, lang: str | None) -> None:
    from matplotlib.ticker import MaxNLocator

    from grafito.figures import canvas

    if not numeric:
        texts = [*map(own_namer(lang), settings)]
        tilt = 30 if max(map(len, texts)) * len(texts) > 60 else 0
        side = "right" if tilt else "center"
        axes.set_xticks(range(len(texts)), texts, rotation=tilt, ha=side)
        axes.margins(y=0.14)
    elif "x" in log:
        canvas.log_scale(axes, "x", lang)
    else:
        whole = all(float(s).is_integer() for s in settings)
        if whole:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        canvas.number_ticks(axes.xaxis, lang)
    if "y" in log:
        canvas.log_scale(axes, "y", lang)
    else:
        canvas.number_ticks(axes.yaxis, lang)
