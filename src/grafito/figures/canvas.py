"""The sheet that figures are drawn on: colours, fonts and files that come out the same each time.

This module imports Matplotlib; the modules with the public functions import it when called.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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
        """Write the figure; the format follows the ending: .svg, .png, .pdf, ..."""
        kind = options.get("format") or str(fname).rpartition(".")[2].lower()
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


def style() -> Any:
    """Context in which axes and texts of a sheet are made."""
    return matplotlib.rc_context(STYLE)
