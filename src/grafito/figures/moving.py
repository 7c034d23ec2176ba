"""A plane on its way through the layers of a network, as a drawing that moves by itself.

The file is one SVG whose shapes are animated by its own elements, without any script. Whoever asks
the system for less motion sees the last stage, at rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from grafito.errors import ArgumentError
from grafito.figures.text import short
from grafito.language import message as N_
from grafito.language import translator

SIDE, EDGE, HEAD, FOOT = 460, 20, 34, 44  # of the panel, around it, for a title, for the legend
REST, MOVE, END = 1.2, 1.8, 2.6  # seconds: at a stage, between two, at the last one
COLOURS = ("#0072B2", "#E69F00")
INK, FAINT, RED = "#1a1a1a", "#9a9a9a", "#b3191f"


class Stage(NamedTuple):
    """What is drawn at one moment.

    Attributes:
        title: in the language of the drawing.
        lines: of the grid, (lines, points, 2).
        points: the examples, (n, 2).
        boundary: both ends of a straight line, (2, 2), where there is one.
    """

    title: str
    lines: np.ndarray
    points: np.ndarray
    boundary: np.ndarray | None = None


def moving_plane(stages: Sequence[Stage], labels: Sequence[int], lang: str | None = None) -> str:
    """The stages one after the other, each filling the panel at one scale of both axes.

    Args:
        stages: two at least, with equally many lines and points.
        labels: the class of each example, 0 or 1.
        lang: "en" or "es"; by default the one being spoken.

    Returns:
        The text of an SVG file.

    Example:
        >>> grid, points = np.zeros((2, 3, 2)), np.eye(2)
        >>> stages = [Stage("a", grid, points), Stage("b", grid + 1, 2 * points)]
        >>> text = moving_plane(stages, [0, 1])
        >>> text.count("<polyline"), text.count("<circle"), text.startswith("<svg")
        (4, 3, True)
    """
    if len(stages) < 2 or len({stage.lines.shape + stage.points.shape for stage in stages}) > 1:
        raise ArgumentError(
            "What moves has several stages with equally many points.",
            received=f"{len(stages)} stages",
        )
    say = translator(lang)
    ends = np.cumsum([0.0, *[REST + MOVE] * (len(stages) - 1)])
    whole = float(ends[-1]) + END
    times = [f"{t / whole:.4f}" for end in ends[:-1] for t in (end, end + REST)]
    times += [f"{ends[-1] / whole:.4f}", "1"]
    clock = f'dur="{whole:.1f}s" repeatCount="indefinite"'
    frames = [_fitted(stage) for stage in stages]
    moving = [
        *_grid(frames, f'{clock} keyTimes="{";".join(times)}"'),
        *_examples(frames, labels, f'{clock} keyTimes="{";".join(times)}"'),
    ]
    starts = [0.0, *(end - MOVE for end in ends[1:])]  # a title comes with the movement to it
    for number, (stage, frame) in enumerate(zip(stages, frames, strict=True)):
        shown = ";".join(str(int(i == number)) for i in range(len(stages)))
        switch = (
            f'<animate attributeName="opacity" calcMode="discrete" values="{shown}" '
            f'keyTimes="{";".join(f"{t / whole:.4f}" for t in starts)}" {clock}/>'
        )
        words = _words(stage, frame, number, len(stages), lang)
        moving.append(f'<g opacity="{int(number == 0)}">{switch}{words}</g>')
    still = [*_grid(frames[-1:]), *_examples(frames[-1:], labels)]
    still.append(_words(stages[-1], frames[-1], len(stages) - 1, len(stages), lang))
    width, height = SIDE + 2 * EDGE, SIDE + HEAD + FOOT + 2 * EDGE
    name = ", ".join(stage.title for stage in stages)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, sans-serif" font-size="13">\n'
        f"<title>{escape(name)}</title>\n"
        "<style>.still{display:none}@media (prefers-reduced-motion:reduce),print"
        "{.moving{display:none}.still{display:inline}}</style>\n"
        f'<clipPath id="panel"><rect x="{EDGE}" y="{EDGE + HEAD}" width="{SIDE}" '
        f'height="{SIDE}"/></clipPath>\n<rect width="{width}" height="{height}" fill="white"/>\n'
        f'<g class="moving">{chr(10).join(moving)}</g>\n'
        f'<g class="still">{chr(10).join(still)}</g>\n'
        f"{_legend(say(N_('class')), height)}</svg>\n"
    )


class _Frame(NamedTuple):
    """A stage in pixels, and what the edges of the panel stand for."""

    lines: np.ndarray
    points: np.ndarray
    boundary: np.ndarray | None
    low: np.ndarray
    high: np.ndarray


def _fitted(stage: Stage) -> _Frame:
    """A stage that fills the panel; circles stay circles."""
    every = np.concatenate([stage.lines.reshape(-1, 2), stage.points])
    middle = (every.min(axis=0) + every.max(axis=0)) / 2
    half = max(float(np.ptp(every, axis=0).max()) / 2, 1e-12)
    corner = np.array([EDGE, EDGE + HEAD])

    def place(points: np.ndarray) -> np.ndarray:
        turned = (points - middle) / half * [1, -1]  # upwards is less in a drawing
        return corner + (turned + 1) * SIDE / 2

    boundary = None if stage.boundary is None else place(stage.boundary)
    return _Frame(place(stage.lines), place(stage.points), boundary, middle - half, middle + half)


def _twice(values: Sequence[str]) -> str:
    """Values each of which is held for a while."""
    return ";".join(value for value in values for _ in (0, 1))


def _grid(frames: Sequence[_Frame], clock: str = "") -> list[str]:
    found = []
    for line in range(len(frames[0].lines)):
        ways = [" ".join(f"{x:.0f},{y:.0f}" for x, y in frame.lines[line]) for frame in frames]
        inner = (
            f'<animate attributeName="points" values="{_twice(ways)}" {clock}/>' if clock else ""
        )
        found.append(
            f'<polyline fill="none" stroke="{FAINT}" stroke-width="1" points="{ways[0]}">{inner}'
            "</polyline>"
        )
    return found


def _examples(frames: Sequence[_Frame], labels: Sequence[int], clock: str = "") -> list[str]:
    found = []
    for i, label in enumerate(labels):
        kind, names, shift = ("circle", ("cx", "cy"), 0) if label == 0 else ("rect", "xy", 3.5)
        places = [[f"{frame.points[i, axis] - shift:.0f}" for frame in frames] for axis in (0, 1)]
        inner = "".join(
            f'<animate attributeName="{name}" values="{_twice(each)}" {clock}/>'
            for name, each in zip(names, places, strict=True)
            if clock
        )
        at = " ".join(f'{n}="{each[0]}"' for n, each in zip(names, places, strict=True))
        found.append(f"<{kind} {at} {_look(label)}>{inner}</{kind}>")
    return found


def _look(label: int) -> str:
    size = 'r="4"' if label == 0 else 'width="7" height="7"'
    return f'{size} fill="{COLOURS[int(label != 0)]}" stroke="white" stroke-width="0.7"'


def _words(stage: Stage, frame: _Frame, number: int, count: int, lang: str | None) -> str:
    """Title, what the edges stand for, the boundary."""
    line = ""
    if frame.boundary is not None:
        ends = " ".join(f"{x:.0f},{y:.0f}" for x, y in frame.boundary)
        line = (
            f'<polyline fill="none" stroke="{RED}" stroke-width="2" clip-path="url(#panel)" '
            f'points="{ends}"/>'
        )
    spans = [
        f"{axis}: {short(round(float(low), 1), lang)} … {short(round(float(high), 1), lang)}"
        for axis, low, high in zip(("x₁", "x₂"), frame.low, frame.high, strict=True)
    ]
    below = EDGE + HEAD + SIDE + 20
    return (
        f'{line}<text x="{EDGE}" y="{EDGE + 10}" fill="{INK}">{number + 1}/{count}  '
        f"{escape(stage.title)}</text>"
        f'<text x="{EDGE + SIDE}" y="{below}" text-anchor="end" fill="{INK}">'
        f"{'   '.join(spans)}</text>"
    )


def _legend(word: str, height: int) -> str:
    y = height - EDGE - FOOT + 20
    return (
        f'<circle cx="{EDGE + 6}" cy="{y - 4}" {_look(0)}/>'
        f'<text x="{EDGE + 15}" y="{y}" fill="{INK}">{escape(word)} 0</text>'
        f'<rect x="{EDGE + 82}" y="{y - 8}" {_look(1)}/>'
        f'<text x="{EDGE + 95}" y="{y}" fill="{INK}">{escape(word)} 1</text>'
    )
