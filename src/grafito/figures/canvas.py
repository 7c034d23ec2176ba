"""The sheet that figures are drawn on: colours, fonts and files that come out the same each time.

This module imports Matplotlib; the modules with the public functions import it when called.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, Formatter, FuncFormatter, LogLocator, NullFormatter

from grafito.errors import ArgumentError, GrafitoWarning, unknown_name, warn
from grafito.figures.text import LARGEST_PLAIN, number, power_of_ten, short
from grafito.files.writing import replace_file
from grafito.language import current

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

# Lines of several things in one picture: each has its colour, its dashes and its marker. Yellow
# would not show on white.
LINE_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, INK)
DASHES: tuple[Any, ...] = (
    "solid",
    (0, (5, 1.6)),
    (0, (1.2, 1.4)),
    (0, (6, 1.4, 1.2, 1.4)),
    (0, (9, 2)),
    (0, (3, 1.2, 1, 1.2, 1, 1.2)),
)
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "----")

# One colour and one line for each split, in all figures; the dashes tell them apart in grey print.
SPLITS = {"training": (BLUE, "solid"), "validation": (VERMILION, (0, (4, 2))), "test": (GREEN, ":")}

SANS = ["DejaVu Sans", "sans-serif"]
MONO = ["DejaVu Sans Mono", "monospace"]

LETTER = 5.0  # points across a digit below an axis
GLYPH = re.compile(r"Glyph (\d+)")  # how Matplotlib begins to say that a font lacks one
SLOW = re.compile(r"Creating legend .* slow")  # the best place is worth the second that it takes

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

    def __init__(self, *args: Any, alt: str = "", **options: Any):
        with matplotlib.rc_context(STYLE):
            super().__init__(*args, **options)
        self.alt = alt  # what it shows, for those who cannot see it
        FigureCanvasAgg(self)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the figure; the format follows the ending: .svg, .png, .pdf, ...

        Raises:
            UnknownNameError: for an ending that is no format of figures.
            FileError: when the file cannot be written; an older one stays as it was.
        """
        kind = options.get("format") or os.path.splitext(str(fname))[1].lower().removeprefix(".")
        formats = self.canvas.get_supported_filetypes()
        if named := isinstance(fname, (str, os.PathLike)):
            if kind not in formats:
                raise unknown_name("format of figures", kind, formats)
            options["format"] = kind
        if kind in ("svg", "pdf", "png"):
            known: dict[str, Any] = {"Title": self.alt} if self.alt else {}
            known |= {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
            options["metadata"] = {**known, **(options.get("metadata") or {})}
        target = io.BytesIO() if named else fname
        with matplotlib.rc_context(STYLE), warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            if self.stale and any(axes.get_aspect() != "auto" for axes in self.axes):
                # A layout with fixed shapes takes a second pass, with scales beside them a third.
                for _ in range(1 if any(axes.name == "3d" for axes in self.axes) else 2):
                    self.draw_without_rendering()
            super().savefig(target, **options)
        if named:
            replace_file(fname, target.getvalue())
        _report(seen, kind)

    def show(self, warn: bool = True) -> None:
        """Figures have no window: they are written to files, and shown by notebooks.

        Raises:
            ArgumentError: always, with what to do instead.
        """
        raise ArgumentError(
            "A figure has no window of its own.",
            where="figure.show",
            fix='figure.savefig("figure.png"), or a notebook',
        )

    def _repr_svg_(self) -> str:
        """The figure in a notebook."""
        file = io.StringIO()
        self.savefig(file, format="svg")
        return file.getvalue()


def _report(seen: Sequence[Any], kind: str) -> None:
    """Pass warnings on; those about single characters become one, and none where text is text."""
    lacking = set()
    for each in seen:
        if match := GLYPH.match(str(each.message)):
            lacking.add(chr(int(match[1])))
        elif not SLOW.match(str(each.message)):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if lacking and kind != "svg":
        warn(
            GrafitoWarning(
                f"The fonts of figures lack {' '.join(sorted(lacking))} and show boxes.",
                fix="an SVG file, which keeps such characters as text",
            )
        )


def new_sheet(width: float, height: float, alt: str = "", **options: Any) -> Sheet:
    """An empty sheet; width and height in inches; `alt` says in words what it shows."""
    return Sheet(figsize=(width, height), facecolor="white", alt=alt, **options)


def look(index: int) -> dict[str, Any]:
    """Colour, dashes and marker of the line with this number."""
    return {
        "color": LINE_COLOURS[index % len(LINE_COLOURS)],
        "linestyle": DASHES[index % len(DASHES)],
        "marker": MARKERS[index % len(MARKERS)],
        "markersize": 4.5,
        "linewidth": 1.5,
    }


def darkened(colour: str) -> tuple[float, ...]:
    """The colour, dark enough for letters."""
    return tuple(0.62 * c for c in to_rgb(colour))


def signed_shades() -> LinearSegmentedColormap:
    """Blue below 0, white at 0, orange above: told apart with every kind of colour vision."""
    return LinearSegmentedColormap.from_list("signed", [BLUE, "white", "#D97A00"])


def ink_on(ground: Any) -> str:
    """White or black, whichever is better to read on a colour."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(ground[:3] if not isinstance(ground, str) else ground)
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    return "white" if 1.05 / light > light / 0.0603 else INK  # ratios of contrast


def shades_of(colour: str) -> LinearSegmentedColormap:
    """From white to the colour."""
    return LinearSegmentedColormap.from_list("shades", ["white", colour])


def pale_colours(count: int) -> ListedColormap:
    """The cycle of colours, mixed with white, as grounds to draw on."""
    colours = [to_rgb(CYCLE[i % len(CYCLE)]) for i in range(count)]
    return ListedColormap([tuple(1 - 0.28 * (1 - c) for c in colour) for colour in colours])


class Ticks(Formatter):
    """Numbers of an axis as the language writes them, all with the same decimals."""

    def __init__(self, lang: str | None):
        self.lang = lang or current()
        self.shown: list[float] = []

    def set_locs(self, locs: Any) -> None:
        """The numbers that stand beside each other on the axis."""
        self.shown = [*map(float, locs)]

    def __call__(self, x: float, pos: int | None = None) -> str:
        x = float(x)
        power = self._power()
        text = number(x / 10.0**power, self._decimals(power), self.lang)
        return f"{text}·{power_of_ten(power)}" if power and x else text

    def _power(self) -> int:
        """The power of ten that very large or small numbers have in common."""
        top = max(map(abs, self.shown), default=0.0)
        plain = not top or 1e-3 <= top < LARGEST_PLAIN
        return 0 if plain else math.floor(math.log10(top) + 1e-9)

    def _decimals(self, power: int) -> int:
        """As many as tell the numbers apart."""
        scaled = [x / 10.0**power for x in self.shown]
        for digits in range(6):
            if all(abs(round(x, digits) - x) < 1e-6 * max(1.0, abs(x)) for x in scaled):
                return digits
        return 6


class RoomyTicks(AutoLocator):
    """Places of numbers below an axis: as many as have room for what `Ticks` writes."""

    def __init__(self, axes: Any, ticks: Ticks):
        super().__init__()
        self.axes, self.ticks = axes, ticks

    def tick_values(self, low: float, high: float) -> Any:
        places = super().tick_values(low, high)
        for count in range(len(places) - 2, 0, -1):
            if self._fit(places):
                break
            self.set_params(nbins=count)
            places = super().tick_values(low, high)
        self.set_params(nbins="auto")
        return places

    def _fit(self, places: Any) -> bool:
        self.ticks.set_locs(places)
        letters = max(len(self.ticks(x)) for x in places) + 2  # two of space
        points = self.axes.bbox.width * 72 / self.axes.figure.dpi
        return letters * LETTER * (len(places) - 1) <= points


def number_ticks(axis: Any, lang: str | None) -> None:
    """Write the numbers of an axis as the language does, below it only as many as there is room."""
    axis.set_major_formatter(Ticks(lang))
    if axis.axis_name == "x" and type(axis.get_major_locator()) is AutoLocator:
        axis.set_major_locator(RoomyTicks(axis.axes, Ticks(lang)))


def log_scale(axes: Any, which: str, lang: str | None) -> None:
    """Make the x or y axis, which holds its lines by now, logarithmic, with plain numbers."""
    getattr(axes, f"set_{which}scale")("log")
    axis = getattr(axes, f"{which}axis")
    low, high = axis.get_view_interval()
    if high / low < 50:  # hardly a power of ten would be in sight
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    powers = low < 1e-3 or high >= 1e4  # then all are, for one axis has one notation
    axis.set_major_formatter(FuncFormatter(lambda x, _: _of_log(x, powers, lang)))
    axis.set_minor_formatter(NullFormatter())


def _of_log(x: float, powers: bool, lang: str | None) -> str:
    if not powers or x in (1, 10):
        return short(x, lang)
    factor, _, power = f"{x:.0e}".partition("e")
    raised = power_of_ten(int(power))
    return raised if factor == "1" else f"{factor}·{raised}"


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Context in which axes and texts of a sheet are made and measured."""
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", GLYPH.pattern)  # `savefig` tells, once
        yield
