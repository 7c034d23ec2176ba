"""The pieces of a small page: a frame, tables, numbers with shades, what unfolds."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from grafito.figures.text import with_decimal_sign
from grafito.language import translate as _
from grafito.shown import brief

MOST = 10  # rows and columns of numbers; of more the first and the last
STYLE = (
    "<style>.grafito{font:13px/1.4 system-ui,sans-serif;overflow-x:auto}"
    ".grafito table{font:inherit;border-collapse:collapse;margin:4px 0}"
    ".grafito th,.grafito td{padding:1px 8px;text-align:right;border-bottom:1px solid #8883}"
    ".grafito th:first-child,.grafito td:first-child{text-align:left}"
    ".grafito summary{cursor:pointer}.grafito details{margin-left:4px}"
    ".grafito svg{max-width:100%;height:auto;background:#fff}.grafito p{margin:4px 0}</style>"
)


def escape(text: str) -> str:
    """Text between elements.

    Example:
        >>> escape("'a' < b")
        "'a' &lt; b"
    """
    return html.escape(text, quote=False)


def block(title: str, inside: str) -> str:
    """The frame of everything that is shown.

    Example:
        >>> block("a < b", "<p>text</p>").endswith("<b>a &lt; b</b><p>text</p></div>")
        True
    """
    heading = f"<b>{escape(title)}</b>" if title else ""
    return f'<div class="grafito">{STYLE}{heading}{inside}</div>'


def section(title: str, inside: str) -> str:
    """What unfolds under a title.

    Example:
        >>> section("more", "text")
        '<details><summary>more</summary>text</details>'
    """
    return f"<details><summary>{escape(title)}</summary>{inside}</details>"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells, which are HTML already, under their titles.

    Example:
        >>> table(["n"], [["1"]])
        '<table><tr><th>n</th></tr><tr><td>1</td></tr></table>'
    """
    head = "".join(f"<th>{title}</th>" for title in titles)
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return (
        f"<table>{''.join(f'<tr>{line}</tr>' for line in ([head] if head else []) + lines)}</table>"
    )


def settings(values: Mapping[str, Any]) -> str:
    """Names with their values.

    Example:
        >>> settings({"units": 3})
        '<table><tr><td>units</td><td>3</td></tr></table>'
    """
    return table([], [[escape(name), escape(_short(value))] for name, value in values.items()])


def _short(value: Any) -> str:
    return with_decimal_sign(f"{value:g}", None) if isinstance(value, float) else brief(value)


def numbers(array: np.ndarray) -> str:
    """An array: its numbers on shades, of a large one the corners, of a deep one its spread.

    Example:
        >>> "0.5" in numbers(np.array([[0.5, -1.0]]))
        True
    """
    array = np.asarray(array)
    if array.ndim == 0:
        return f"<p>{_number(array.item())}</p>"
    spread = ""
    if array.size > MOST and array.dtype.kind in "iuf":
        parts = {"min": array.min(), _("mean"): array.mean(), "max": array.max()}
        spread = " · ".join(f"{escape(name)} {_number(x.item())}" for name, x in parts.items())
        spread = f"<p>{spread}</p>"
    if array.ndim > 2 or not array.size:
        return spread
    rows, columns = (_some(n) for n in (array.reshape(-1, array.shape[-1])).shape)
    grid = array.reshape(-1, array.shape[-1]).astype(np.float64)
    finite = np.abs(grid[np.isfinite(grid)])
    most = float(finite.max(initial=0.0)) or 1.0
    lines = [
        "".join("<td>…</td>" if None in (i, j) else _shaded(grid[i, j], most) for j in columns)
        for i in rows
    ]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>{spread}"


def _some(n: int) -> list[Any]:
    """The places that are shown of n, None for those left out."""
    half = MOST // 2
    return list(range(n)) if n <= MOST else [*range(half), None, *range(n - half, n)]


def _shaded(value: float, most: float) -> str:
    """A cell, blue below 0 and orange above."""
    colour = "230,120,0" if value > 0 else "0,90,200"
    share = abs(value) / most if np.isfinite(value) else 0.0
    return f'<td style="background:rgba({colour},{0.5 * share:.2f})">{_number(float(value))}</td>'


def _number(value: Any) -> str:
    return with_decimal_sign(f"{value:.4g}", None) if isinstance(value, float) else str(value)
