"""A number against two settings: a cell for each pair, darker where it is better."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError
from grafito.figures.given import as_mapping, as_numbers
from grafito.figures.text import number, with_decimal_sign
from grafito.language import namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Panel = Mapping[tuple[Any, Any], Any]
MOST_IN_A_ROW = 3  # panels


def heat_map(
    results: Mapping[Any, Any],
    *,
    names: Sequence[str] = ("", "", ""),
    lower: bool = False,
    marked: Collection[Any] = (),
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    r"""Draw a number against two settings; a cell says its mean, and its deviation over seeds.

    Args:
        results: by (row, column) a number or those of several seeds, none where there is no
            number; or several such dictionaries by name, drawn side by side.
        names: of the rows, of the columns and of the number.
        lower: whether less is better, and darker.
        marked: keys that get a frame; with several panels (panel, row, column).
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ArgumentError: when there are no results.

    Example:
        >>> figure = heat_map({(8, 0.1): [0.5, 0.7], (8, 1.0): 0.9, (16, 0.1): []})
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.600\n± 0.141', '0.900', '–']
    """
    from grafito.figures import canvas

    results = as_mapping(results, "results", "{(row, column): number}")
    several = any(isinstance(each, Mapping) for each in results.values())
    panels: Mapping[Any, Panel] = results if several else {"": results}
    means = {
        (panel, *cell): float(np.mean(given))
        for panel, each in panels.items()
        for cell, value in each.items()
        if (given := as_numbers(value, "results").reshape(-1)).size
    }
    finite = [mean for mean in means.values() if np.isfinite(mean)]
    if not finite:
        raise ArgumentError("There are no results to draw.", where="results")
    rows, columns = (
        list(dict.fromkeys(cell[i] for each in panels.values() for cell in each)) for i in (0, 1)
    )
    span = (min(finite), max(finite))
    across = min(len(panels), MOST_IN_A_ROW)
    down = -(-len(panels) // across)
    size = 1.1 + 0.85 * len(columns), 0.9 + 0.5 * len(rows)
    sheet = canvas.new_sheet(across * size[0], down * size[1] + 0.2, layout="constrained")
    say = namer(lang)
    sheet.alt = f"{say(names[2])} ({say(names[0])}, {say(names[1])})"
    with canvas.style():
        for place, (panel, each) in enumerate(panels.items(), start=1):
            axes = sheet.add_subplot(down, across, place)
            _frame(axes, rows, columns, lang)
            for (row, column), value in each.items():
                at = columns.index(column), rows.index(row)
                mean = means.get((panel, row, column))
                shade = _shade(mean, span, lower)
                key = (panel, row, column) if several else (row, column)
                _cell(axes, at, shade, _text(value, lang), key in marked)
            axes.set(xlabel=say(names[1]), ylabel=say(names[0]), title=say(panel) or title)
        if title and several:
            sheet.suptitle(title)
    return sheet


def _shade(mean: float | None, span: tuple[float, float], lower: bool) -> float:
    """From 0, the worst, to 1, the best; NaN without a number."""
    if mean is None or not np.isfinite(mean):
        return np.nan
    low, high = span
    share = (mean - low) / (high - low) if high > low else 1.0
    return 1 - share if lower else share


def _text(value: Any, lang: str | None) -> str:
    given = as_numbers(value, "results").reshape(-1)
    if not given.size or not np.isfinite(given).all():
        return "–"
    text = number(given.mean(), 3, lang)
    return f"{text}\n± {number(given.std(ddof=1), 3, lang)}" if len(given) > 1 else text


def _frame(axes: Any, rows: Sequence[Any], columns: Sequence[Any], lang: str | None) -> None:
    """An empty table with its titles."""
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(range(len(columns)), [_named(value, lang) for value in columns])
    axes.set_yticks(range(len(rows)), [_named(value, lang) for value in rows])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _named(value: Any, lang: str | None) -> str:
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        return namer(lang)(value)
    return with_decimal_sign(f"{value:g}", lang)


def _cell(axes: Any, at: tuple[int, int], shade: float, text: str, marked: bool) -> None:
    from matplotlib.patches import Rectangle

    from grafito.figures import canvas

    known = np.isfinite(shade)
    fill = canvas.shades_of(canvas.BLUE)(0.05 + 0.8 * shade) if known else "white"
    look: dict[str, Any] = {"facecolor": fill, "edgecolor": "white", "linewidth": 1.5}
    axes.add_patch(Rectangle((at[0] - 0.5, at[1] - 0.5), 1, 1, **look))
    if marked:
        edge: dict[str, Any] = {"fill": False, "edgecolor": canvas.VERMILION, "linewidth": 2}
        axes.add_patch(Rectangle((at[0] - 0.46, at[1] - 0.46), 0.92, 0.92, **edge, zorder=3))
    ink = "white" if known and shade > 0.6 else canvas.INK
    label = axes.text(*at, text, ha="center", va="center", color=ink, fontsize=8, zorder=4)
    label.set_in_layout(False)
