"""The layers of a network as boxes with shapes and parameters, however deep it is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grafito.errors import ArgumentError, GraphError
from grafito.figures.given import drawn
from grafito.figures.text import short, whole, words
from grafito.graph.nest import flatten
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# In points of the page.
HIGH, STEP = 21.0, 32.0  # of a box; from one box to the next
BORDER, BETWEEN = 14.0, 34.0
HEAD = 9.5
LETTER, SMALL = 8.5, 8.0
MOST = 14  # boxes in a column, where the network allows a cut

SETTINGS = ("units", "filters", "kernel_size", "pool_size", "rate", "stddev", "activation")


@dataclasses.dataclass
class LayerBox:
    """One layer: its name, what it is, the shape of its output, its parameters and its sources."""

    name: str
    text: str
    shape: str
    parameters: int
    sources: list[int]


@drawn
def network_diagram(model: Any, *, title: str | None = None, lang: str | None = None) -> Figure:
    """Draw the layers of a model with the shapes of their outputs and their parameters.

    Each bar at the foot of a box is as long as the layer's share of the parameters of the largest
    layer. Layers run downwards, in several columns where there are many; arcs skip layers.

    Args:
        model: a model that is built, from symbols or Sequential.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        GraphError: when the model is not built, or not made of symbols.

    Example:
        >>> from grafito import Sequential
        >>> from grafito.layers import Dense, Input
        >>> model = Sequential([Input((784,)), Dense(100, activation="relu"), Dense(10)])
        >>> figure = network_diagram(model)
        >>> [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "parameters"]
        ['78,500', '1,010']
    """
    from grafito.figures import canvas

    vocabulary = words(lang)
    if not hasattr(model, "name"):
        raise ArgumentError(
            "Only a model has a diagram.",
            received=type(model).__name__,
            fix="draw_graph(layer, x) for a function or a formula",
        )
    boxes = layer_boxes(model, lang)
    total = whole(model.count_params(), lang)
    sheet_columns = _columns(boxes)
    head = f"{own_namer(lang)(title or model.name)}: {total} {vocabulary['parameters']}"
    with canvas.style():
        widths = _widths(boxes, (vocabulary["shape"], vocabulary["parameters"]))
        head_width = _widest([head], HEAD, "bold")
    wide = sum(widths) + 24
    height = max(map(len, sheet_columns)) * STEP - (STEP - HIGH) + 2 * BORDER + 40
    arcs = any(index - source > 1 for index, box in enumerate(boxes) for source in box.sources)
    width = 2 * BORDER + len(sheet_columns) * (wide + BETWEEN) - (0 if arcs else BETWEEN)
    width = max(width, 2 * BORDER + head_width)
    sheet = canvas.new_sheet(width / 72, height / 72)
    sheet.alt = ", ".join(" ".join(filter(None, (box.text, box.shape))) for box in boxes)
    sheet.alt += f"; {vocabulary['parameters']}: {total}"
    with canvas.style():
        axes = sheet.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        axes.text(BORDER, BORDER + 4, head, fontsize=HEAD, va="center", weight="bold")
        places = {
            index: (BORDER + number * (wide + BETWEEN), BORDER + 36 + row * STEP)
            for number, column in enumerate(sheet_columns)
            for row, index in enumerate(column)
        }
        for number in range(len(sheet_columns)):
            heads = (vocabulary["shape"], vocabulary["parameters"])
            _draw_heads(axes, BORDER + number * (wide + BETWEEN), widths, heads)
        largest = max((box.parameters for box in boxes), default=0)
        for index, box in enumerate(boxes):
            _draw_box(axes, box, places[index], widths, largest, lang)
            for source in box.sources:
                _draw_way(axes, places[source], places[index], wide, index - source)
    return sheet


def layer_boxes(model: Any, lang: str | None = None) -> list[LayerBox]:
    """What `network_diagram` draws, as plain data; sources are indices in the list.

    Raises:
        GraphError: when the model is not built, or not made of symbols.

    Example:
        >>> from grafito import Sequential
        >>> from grafito.layers import Dense, Input
        >>> [box.shape for box in layer_boxes(Sequential([Input((3,)), Dense(2)]))]
        ['3', '2']
    """
    whole = getattr(model, "functional", model)  # that of a Sequential model
    if not hasattr(whole, "nodes"):
        raise GraphError(
            "Only a model made of symbols has a plan of its layers.",
            where=f"model {model.name!r} ({type(model).__name__})",
            fix="Sequential([...]) or Model(inputs, outputs)",
        )
    boxes: list[LayerBox] = []
    index_of: dict[int, int] = {}  # of the symbols, by identity
    seen = set()
    for symbol in whole.inputs:
        index_of[id(symbol)] = len(boxes)
        name = symbol.name or (symbol.node.layer.name if symbol.node else "")
        boxes.append(LayerBox(name, words(lang)["input"], _shape(symbol), 0, []))
    for node in whole.nodes:
        outputs = flatten(node.outputs)
        if any(id(symbol) in index_of for symbol in outputs):
            continue
        sources = sorted({index_of[id(symbol)] for symbol in node.inputs})
        own = 0 if node.layer in seen else sum(v.size for v in node.layer.weights)
        seen.add(node.layer)
        index_of |= {id(symbol): len(boxes) for symbol in outputs}
        shape = ", ".join(map(_shape, outputs))
        boxes.append(LayerBox(node.layer.name, _describe(node.layer, lang), shape, own, sources))
    return boxes


def _shape(symbol: Any) -> str:
    return " × ".join("?" if n is None else str(n) for n in symbol.shape[1:]) or "1"


def _describe(layer: Any, lang: str | None) -> str:
    """The class and the settings that one asks for first: Conv2D 16, 3 × 3, relu."""
    parts = []
    for name in SETTINGS:
        value = getattr(layer, name, None)
        if name == "activation":
            value = getattr(value, "__name__", value)
            value = None if value == "linear" or type(layer).__name__ == "Activation" else value
        if isinstance(value, (tuple, list)):
            value = " × ".join(map(str, value))
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            parts.append(value if isinstance(value, str) else short(value, lang))
    if type(layer).__name__ == "Activation":
        parts.append(getattr(layer.activation, "__name__", ""))
    return f"{type(layer).__name__} {', '.join(parts)}".strip()


def _columns(boxes: Sequence[LayerBox]) -> list[list[int]]:
    """The layers in columns, cut only where one single arrow passes."""
    count = math.ceil(len(boxes) / MOST)
    size = math.ceil(len(boxes) / count)
    free = {
        i
        for i in range(1, len(boxes))
        if all(
            min(box.sources, default=j) >= i - 1 and (j == i or min(box.sources, default=j) >= i)
            for j, box in enumerate(boxes)
            if j >= i
        )
        and boxes[i].sources == [i - 1]
    }
    columns: list[list[int]] = [[]]
    for i in range(len(boxes)):
        if len(columns[-1]) >= size and i in free:
            columns.append([])
        columns[-1].append(i)
    return columns


def _widths(boxes: Sequence[LayerBox], heads: tuple[str, str]) -> tuple[float, float, float]:
    """Room for what a layer is, for its shape, and for its parameters."""
    return (
        _widest([box.text for box in boxes], LETTER) + 14,
        _widest([*(box.shape for box in boxes), heads[0]], SMALL) + 14,
        _widest([*(f"{box.parameters:,}" for box in boxes), heads[1]], SMALL),
    )


def _widest(texts: Sequence[str], size: float, weight: str = "normal") -> float:
    """The width of the longest text, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    from grafito.figures import canvas

    font = FontProperties(family=canvas.SANS, size=size, weight=weight)
    return max(text_to_path.get_text_width_height_descent(t, font, False)[0] for t in texts)


def _draw_box(
    axes: Any,
    box: LayerBox,
    place: tuple[float, float],
    widths: tuple[float, float, float],
    largest: int,
    lang: str | None,
) -> None:
    from matplotlib.patches import FancyBboxPatch, Rectangle

    from grafito.figures import canvas

    (x, y), wide = place, sum(widths) + 24
    fill = "#d9ecf7" if not box.sources else "white"
    shape = "round,pad=0,rounding_size=3"
    edge: dict[str, Any] = {
        "edgecolor": canvas.INK,
        "linewidth": 0.9,
        "zorder": 2,
        "gid": f"node-{box.name}",
    }
    axes.add_patch(FancyBboxPatch((x, y), wide, HIGH, shape, facecolor=fill, **edge))
    middle = y + HIGH / 2 - 0.5
    axes.text(x + 8, middle, box.text, fontsize=LETTER, va="center", zorder=3, gid="label")
    at = x + 12 + widths[0] + widths[1] - 8
    small: dict[str, Any] = {"fontsize": SMALL, "ha": "right", "va": "center", "zorder": 3}
    axes.text(at, middle, box.shape, color="#4d4d4d", gid="shape", **small)
    if box.parameters:
        count = whole(box.parameters, lang)
        axes.text(x + wide - 8, middle, count, gid="parameters", **small)
        length = (wide - 8) * box.parameters / largest
        bar: dict[str, Any] = {"facecolor": canvas.ORANGE, "edgecolor": "none", "zorder": 3}
        axes.add_patch(Rectangle((x + 4, y + HIGH - 3.4), length, 2.4, **bar))


def _draw_heads(
    axes: Any, x: float, widths: tuple[float, float, float], heads: tuple[str, str]
) -> None:
    """What the two columns of numbers are, above them; a bar stands for the parameters."""
    from matplotlib.patches import Rectangle

    from grafito.figures import canvas

    ends = (x + 12 + widths[0] + widths[1] - 8, x + sum(widths) + 16)
    small: dict[str, Any] = {"fontsize": SMALL, "ha": "right", "va": "center", "color": "#4d4d4d"}
    for end, head in zip(ends, heads, strict=True):
        axes.text(end, BORDER + 18, head, gid="head", **small)
    wide = _widest([heads[1]], SMALL)
    bar: dict[str, Any] = {"facecolor": canvas.ORANGE, "edgecolor": "none"}
    axes.add_patch(Rectangle((ends[1] - wide, BORDER + 22.5), wide, 2.4, **bar))


def _draw_way(
    axes: Any, start: tuple[float, float], stop: tuple[float, float], wide: float, steps: int
) -> None:
    """An arrow to the next box, around the ones between, or to the head of the next column."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    from grafito.figures import canvas

    arrow: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": 8,
        "color": canvas.INK,
        "lw": 0.9,
    }
    (x0, y0), (x1, y1) = start, stop
    if x0 != x1:
        side, centre = x0 + wide + BETWEEN / 2, x1 + wide / 2
        points = [(x0 + wide / 2, y0 + HIGH), (x0 + wide / 2, y0 + HIGH + 6), (side, y0 + HIGH + 6)]
        points += [(side, y1 - 8), (centre, y1 - 8), (centre, y1)]
        path = Path(points)
    elif steps == 1:
        path = Path([(x0 + wide / 2, y0 + HIGH), (x0 + wide / 2, y1)])
    else:
        bulge = x0 + wide + min(8.0 + 5 * steps, BETWEEN + 6)
        points = [(x0 + wide, y0 + HIGH / 2), (bulge, y0 + HIGH / 2)]
        points += [(bulge, y1 + HIGH / 2), (x1 + wide, y1 + HIGH / 2)]
        path = Path(points, [Path.MOVETO] + [Path.CURVE4] * 3)
    patch = FancyArrowPatch(path=path, shrinkA=0, shrinkB=0, zorder=1, **arrow)
    axes.add_patch(patch)
