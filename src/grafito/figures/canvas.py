"""The sheet that figures are drawn on: colours, fonts and files that come out the same each time.

This module imports Matplotlib; the modules with the public functions import it when called.
"""

from __future__ import annotations

import io
import os
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from grafito.errors import unknown_name

# Okabe and Ito (2008): told apart with every kind of colour vision. Their order here also
# alternates in lightness, so that neighbours differ in grey print.
BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
)
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, FAINT, RED = "#1a1a1a", "#8a8a8a", "#b3191f"

# One colour and one line for each split, in all figures; the dashes tell them apart in grey print.
SPLITS = {"training": (BLUE, "solid"), "validation": (VERMILION, (0, (4, 2))), "test": (GREEN, ":")}

SANS = ["DejaVu Sans", "sans-serif"]
MONO = ["DejaVu Sans Mono", "monospace"]

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and edited
    "svg.hashsalt": "grafito",  # ids of shapes do not change from run to run
    "font.family": SANS,
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "text.usetex": False,
    "text.parse_math": False,  # a name such as "w_$1" is no formula
}


class Sheet(Figure):
    """A Matplotlib figure that needs no display and writes the same bytes for the same drawing."""

    def __init__(self, *args: Any, **options: Any):
        with matplotlib.rc_context(STYLE):
            super().__init__(*args, **options)
        FigureCanvasAgg(self)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the figure; the format follows the ending: .svg, .png, .pdf, ...

        Raises:
            UnknownNameError: for an ending that is no format of figures.
        """
        kind = options.get("format") or os.path.splitext(str(fname))[1].lower().removeprefix(".")
        formats = self.canvas.get_supported_filetypes()
        if isinstance(fname, (str, os.PathLike)) and kind not in formats:
            raise unknown_name("format of figures", kind, formats)
        if kind in ("svg", "pdf"):
            stamp = {"svg": "Date", "pdf": "CreationDate"}[kind]
            options["metadata"] = {stamp: None, **(options.get("metadata") or {})}
        with matplotlib.rc_context(STYLE):
            super().savefig(fname, **options)

    def _repr_svg_(self) -> str:
        """The figure in a notebook."""
        file = io.StringIO()
        self.savefig(file, format="svg")
        return file.getvalue()


def new_sheet(width: float, height: float, **options: Any) -> Sheet:
    """An empty sheet; width and height in inches."""
    return Sheet(figsize=(width, height), facecolor="white", **options)


def shades_of(colour: str) -> LinearSegmentedColormap:
    """From white to the colour."""
    return LinearSegmentedColormap.from_list("shades", ["white", colour])


def pale_colours(count: int) -> ListedColormap:
    """The cycle of colours, mixed with white, as grounds to draw on."""
    colours = [to_rgb(CYCLE[i % len(CYCLE)]) for i in range(count)]
    return ListedColormap([tuple(1 - 0.28 * (1 - c) for c in colour) for colour in colours])


class _DecimalComma(ScalarFormatter):
    def __call__(self, x: float, pos: int | None = None) -> str:
        return super().__call__(x, pos).replace(".", ",")


def use_decimal_comma(axis: Any, lang: str) -> None:
    """Write the numbers of an axis as Spanish does."""
    if lang == "es":
        axis.set_major_formatter(_DecimalComma())


def style() -> Any:
    """Context in which axes and texts of a sheet are made."""
    return matplotlib.rc_context(STYLE)
