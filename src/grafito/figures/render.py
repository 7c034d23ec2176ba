"""Draws a diagram with Matplotlib. One unit of the drawing is one point of the page."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from grafito.figures import canvas
from grafito.figures.arrows import Point, control_points, is_round, leanings
from grafito.figures.diagram import Diagram, Edge, Node
from grafito.figures.diagram_rows import split_rows
from grafito.figures.layered import Box, Link, Placement, Region, Stretch, place

NAME = FontProperties(family=canvas.SANS, size=9.5)
SMALL = FontProperties(family=canvas.SANS, size=7.5)
NUMBER = FontProperties(family=canvas.MONO, size=7)
DOT = FontProperties(family=canvas.SANS, size=20)  # else too small to be seen
TINY = FontProperties(family=canvas.SANS, size=5.4)
LINE = 8.6  # from one line of numbers to the next
CAPITAL = 5.2  # height of a digit
PORT = 9.0  # from one arrow to the next at a node
RADIUS, LINK = 12.5, 8.0
APART = 1.7  # from the middle of an edge to each of its two arrows
AIR = 2.5  # between an arrow and its text
DASHES = (0, (3.2, 1.8))
HEAD = 5.0  # length of an arrow head
QUIET = "#8f7a7a"  # a gradient that nobody needs
EDGE = 12.0  # white border of the page
TRIES = 6  # of rows, each a little narrower

FILL = {
    "input": "#d9ecf7",
    "parameter": "#f8d48f",
    "constant": "#f0f0f0",
    "op": "white",
    "block": "#e9e3f1",
    "link": "#4d4d4d",
}
# In grey print corners and lightness tell an input from a parameter.
CORNER = {"input": 6.0, "parameter": 0.5, "constant": 3.0, "op": RADIUS, "block": RADIUS}
REGIONS = ("#e3f1ec", "#e6eefa", "#faecdf", "#f4e6ee", "#f3f2d8", "#e9e9f5")


@dataclasses.dataclass
class Piece:
    """A row of the drawing: what it shows, where, and the numbers of its edges in the whole."""

    diagram: Diagram
    boxes: Mapping[str, Box]
    placement: Placement
    numbers: Sequence[str]


def render(diagram: Diagram, words: Mapping[str, str], width: float | None = None) -> canvas.Sheet:
    """The figure of a diagram, in rows where it is wider than `width` points.

    `words` names value, gradient, input and parameter.
    """
    with canvas.style():
        pieces = [_placed(diagram, [str(i) for i in range(len(diagram.edges))])]
        if width is not None and _sheet_width(pieces) > width:
            pieces = _in_rows(diagram, pieces[0].placement, width)
        return _draw(diagram, pieces, words)


def _in_rows(diagram: Diagram, placement: Placement, width: float) -> list[Piece]:
    """Rows cut closer until they fit: by itself a row may be wider than its part of the whole."""
    room, narrowest = width, list[Piece]()
    for _ in range(TRIES):
        pieces = [_placed(*row) for row in split_rows(diagram, placement, room)]
        if not narrowest or _sheet_width(pieces) < _sheet_width(narrowest):
            narrowest = pieces
        excess = _sheet_width(narrowest) - width
        if excess <= 0:
            break
        room -= max(excess, width / 40)
    return narrowest


def _sheet_width(pieces: Sequence[Piece]) -> float:
    return max(piece.placement.width for piece in pieces) + 2 * EDGE


def _placed(diagram: Diagram, numbers: Sequence[str]) -> Piece:
    ports = Counter(edge.source for edge in diagram.edges)
    ports |= Counter(edge.target for edge in diagram.edges)
    boxes = {n.name: Box(*_node_size(n, ports[n.name]), n.groups) for n in diagram.nodes}
    links = [Link(edge.source, edge.target, *_label_size(edge)) for edge in diagram.edges]
    names = {group for node in diagram.nodes for group in node.groups}
    titles = {name: (_width(name, SMALL), 9.0) for name in names}
    return Piece(diagram, boxes, place(boxes, links, titles), numbers)


def _width(text: str, font: FontProperties) -> float:
    return float(text_to_path.get_text_width_height_descent(text, font, False)[0])


def _font(node: Node) -> FontProperties:
    """Small letters where they let the name of an op fit into a circle."""
    fits = 1.65 * RADIUS
    if node.kind == "link":
        return SMALL
    if node.label == "·":
        return DOT
    small = node.kind == "op" and _width(node.label, SMALL) <= fits < _width(node.label, NAME)
    return SMALL if small else NAME


def _node_size(node: Node, ports: int) -> tuple[float, float]:
    """Width and height; what is not round grows with the number of arrows on one side."""
    width = _width(node.label, _font(node))
    if node.kind == "output":
        return width + 4, 14.0
    if node.kind == "link":
        return 2 * LINK, 2 * LINK
    if node.kind == "op" and width <= 1.65 * RADIUS:
        return 2 * RADIUS, 2 * RADIUS
    return max(width + 12, 2 * RADIUS), max(2 * RADIUS - 2, PORT * ports)


def _label_size(edge: Edge) -> tuple[float, float]:
    """Room for the texts above and below the line; the line runs through the middle."""
    lines = [text.split("\n") if text else [] for text in (edge.value, edge.gradient)]
    if not any(lines):
        return 0.0, 0.0
    digit = _width("0", NUMBER)  # of a font where all characters are equally wide
    width = digit * max(map(len, lines[0] + lines[1]))
    return width + 6, 2 * (APART + AIR + LINE * max(map(len, lines)))


def _draw(diagram: Diagram, pieces: Sequence[Piece], words: Mapping[str, str]) -> canvas.Sheet:
    """The rows below each other, each in axes of its own, and the legend below the last."""
    legend = _legend(diagram, words, len(pieces) > 1)
    wide = max(*(p.placement.width for p in pieces), sum(length for *_, length in legend))
    width = wide + 2 * EDGE
    foot = 26.0 if legend else 0.0
    heights = [piece.placement.height + 2 * EDGE for piece in pieces]
    heights[-1] += foot
    sheet = canvas.new_sheet(width / 72, sum(heights) / 72)
    sheet.alt = ", ".join(node.label for node in diagram.nodes if node.label)
    groups = [region.path[0] for piece in pieces for region in piece.placement.regions]
    colours = {name: REGIONS[i % len(REGIONS)] for i, name in enumerate(dict.fromkeys(groups))}
    bottom = sum(heights)
    for piece, height in zip(pieces, heights, strict=True):
        bottom -= height
        axes = sheet.add_axes((0, bottom / sum(heights), 1, height / sum(heights)))
        axes.set(xlim=(-EDGE, width - EDGE), ylim=(height - EDGE, -EDGE))
        axes.set_axis_off()
        _draw_piece(axes, piece, colours)
    _draw_legend(axes, legend, pieces[-1].placement.height + 20)
    return sheet


def _draw_piece(axes: Axes, piece: Piece, colours: Mapping[str, str]) -> None:
    diagram, boxes, placement = piece.diagram, piece.boxes, piece.placement
    for region in placement.regions:
        _draw_region(axes, region, colours[region.path[0]])
    leaning = leanings(diagram, boxes, placement)
    for index, (edge, route) in enumerate(zip(diagram.edges, placement.routes, strict=True)):
        ends = [
            (placement.nodes[name], boxes[name], placement.sides[name])
            for name in (edge.source, edge.target)
        ]
        _draw_edge(axes, piece.numbers[index], edge, route, leaning[index], ends)
    for node in diagram.nodes:
        _draw_node(axes, node, boxes[node.name], placement.nodes[node.name])


def _draw_region(axes: Axes, region: Region, colour: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (region.left, region.top),
            region.right - region.left,
            region.bottom - region.top,
            boxstyle="round,pad=0,rounding_size=6",
            facecolor=colour if len(region.path) == 1 else "#ffffff90",
            edgecolor="#b5b5b5",
            linewidth=0.7,
            zorder=0,
            gid=f"region-{'/'.join(region.path)}",
        )
    )
    axes.text(
        region.title,
        region.top + 10,
        region.path[-1],
        font=SMALL,
        color="#4d4d4d",
        zorder=3,
        gid="title",
    )


def _draw_node(axes: Axes, node: Node, box: Box, centre: tuple[float, float]) -> None:
    x, y = centre
    if node.kind != "output":
        style: dict[str, Any] = {
            "facecolor": FILL[node.kind],
            "edgecolor": canvas.FAINT if node.kind == "constant" else canvas.INK,
            "linewidth": 1.0,
            "zorder": 2,
            "gid": f"node-{node.name}",
        }
        if is_round(box):
            axes.add_patch(Circle(centre, box.width / 2, **style))
        else:
            corner = min(CORNER[node.kind], box.height / 2)
            shape = f"round,pad=0,rounding_size={corner}"
            corner_at = (x - box.width / 2, y - box.height / 2)
            axes.add_patch(FancyBboxPatch(corner_at, box.width, box.height, shape, **style))
    if node.number:
        at = (x, y - 8.3)  # inside, above the sign: around a node there is no room
        look: dict[str, Any] = {"font": TINY, "color": canvas.FAINT, "ha": "center", "zorder": 2.2}
        axes.text(*at, node.number, va="center", **look, gid=f"number-{node.name}")
    axes.text(
        x,
        y,
        node.label,
        font=_font(node),
        color="white" if node.kind == "link" else canvas.INK,
        ha="center",
        va="center_baseline",
        zorder=3,
        gid=f"label-{node.name}",
    )


def _draw_edge(
    axes: Axes,
    number: str,
    edge: Edge,
    route: Sequence[Stretch],
    leaning: tuple[float, float],
    ends: Sequence[tuple[Point, Box, tuple[float, float]]],
) -> None:
    """The black arrow there, the dashed red arrow back and the numbers of both."""
    up = -APART if edge.gradient else 0.0
    back = QUIET if edge.quiet else canvas.RED
    _arrow(axes, control_points(ends, leaning, route, up), canvas.INK, "solid", f"forward-{number}")
    if edge.gradient:
        curve = control_points(ends, leaning, route, APART)[::-1]
        _arrow(axes, curve, back, DASHES, f"back-{number}")
    for stretch in route:
        if stretch.label is not None:
            above, below = edge.value.split("\n"), edge.gradient.split("\n")
            y = stretch.y + up - AIR - LINE * (len(above) - 1)
            _numbers(axes, stretch.label, y, above, canvas.INK, f"value-{number}")
            y = stretch.y + APART + AIR + CAPITAL
            _numbers(axes, stretch.label, y, below, back, f"gradient-{number}")


def _numbers(axes: Axes, x: float, y: float, lines: Sequence[str], colour: str, gid: str) -> None:
    """Lines of text, the base of the first one at y."""
    for row, text in enumerate(lines):
        # Spaces that no SVG viewer folds, and the minus sign of print.
        text = text.replace(" ", "\u00a0").replace("-", "\N{MINUS SIGN}")
        if text:
            y_row = y + LINE * row
            axes.text(x, y_row, text, font=NUMBER, color=colour, ha="center", zorder=3, gid=gid)


def _arrow(axes: Axes, points: np.ndarray, colour: str, dash: object, gid: str) -> None:
    """A curve with a head at its end."""
    direction = points[-1] - points[-2]
    direction /= np.hypot(*direction)
    across = np.array([-direction[1], direction[0]])
    tip = points[-1] - 0.8 * direction
    base = tip - HEAD * direction
    curve = np.vstack([points[:-1], base])
    codes = [Path.MOVETO] + [Path.CURVE4] * (len(curve) - 1)
    axes.add_patch(
        PathPatch(
            Path(curve, codes),
            facecolor="none",
            edgecolor=colour,
            linewidth=0.9,
            linestyle=dash,
            capstyle="butt",
            zorder=1,
            gid=gid,
        )
    )
    corners = [tip, base + 2.0 * across, base - 2.0 * across]
    head = Polygon(corners, facecolor=colour, edgecolor="none", zorder=2.5, gid=f"head-{gid}")
    axes.add_patch(head)


def _legend(
    diagram: Diagram, words: Mapping[str, str], in_rows: bool
) -> list[tuple[str, str, float]]:
    """Kind, text and length of the entries that the diagram needs."""
    present = [("value", any(edge.value for edge in diagram.edges))]
    present += [("gradient", any(edge.gradient for edge in diagram.edges))]
    kinds = {node.kind for node in diagram.nodes}
    present += [("gradient of data", any(edge.quiet for edge in diagram.edges))]
    present += [("shape", any(edge.value.startswith("(") for edge in diagram.edges))]
    labels = {node.label for node in diagram.nodes if node.kind == "op"}
    present += [("matrix product", "·" in labels)]
    present += [("block", "block" in kinds)]
    present += [(kind, kind in kinds) for kind in ("input", "parameter")]
    present += [("continues", in_rows)]
    told = {**words, "block": words["layer"]}
    return [(k, told[k], _width(told[k], SMALL) + 36) for k, shown in present if shown]


def _draw_legend(axes: Axes, legend: Sequence[tuple[str, str, float]], y: float) -> None:
    x = 0.0
    for kind, text, length in legend:
        if kind == "value":
            line = np.array([[x, y], [x + 6, y], [x + 12, y], [x + 18, y]])
            _arrow(axes, line, canvas.INK, "solid", "legend")
        elif kind == "gradient":
            line = np.array([[x + 18, y], [x + 12, y], [x + 6, y], [x, y]])
            _arrow(axes, line, canvas.RED, DASHES, "legend")
        elif kind == "gradient of data":
            line = np.array([[x + 18, y], [x + 12, y], [x + 6, y], [x, y]])
            _arrow(axes, line, QUIET, DASHES, "legend")
        elif kind == "shape":
            axes.text(x - 4, y, "(n×m)", font=SMALL, va="center_baseline", zorder=3)
        elif kind == "matrix product":
            axes.text(x + 10, y, "·", font=DOT, ha="center", va="center_baseline", zorder=3)
        elif kind == "continues":
            axes.add_patch(Circle((x + 10, y), 5, fc=FILL["link"], ec=canvas.INK, lw=0.8))
        else:
            shape = f"round,pad=0,rounding_size={CORNER[kind] / 2}"
            axes.add_patch(
                FancyBboxPatch((x + 4, y - 5), 13, 10, shape, fc=FILL[kind], ec=canvas.INK, lw=0.8)
            )
        axes.text(x + 22, y, text, font=SMALL, va="center_baseline", zorder=3, gid="legend")
        x += length
