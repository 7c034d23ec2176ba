"""The page of a player: one HTML file with the drawing, the operations, and nothing loaded."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito import language
from grafito.errors import ArgumentError
from grafito.figures.diagram import Diagram, Node
from grafito.figures.templates import templates
from grafito.figures.text import array_line, in_formula, with_decimal_sign
from grafito.insight.chain_rule import mathml
from grafito.language import message
from grafito.language import translate as _

if TYPE_CHECKING:
    from grafito.figures.drawn_graph import Reading
    from grafito.insight.player import Operation, Player

LARGEST = 300_000  # bytes of a page
WIDEST = 12.5  # inches of a drawing; as a frame of a report it fits a page of 1,000 pixels
IN_FRAME = 921  # CSS pixels that a page of 1,000 has for it
FRAME = 740.0, 1000.0  # CSS pixels from top to bottom, at least and at most
BESIDES = 500.0  # of title, buttons and panes
SHARE_OF_DRAWING, MOST_GROWTH = 0.55, 1.25  # as player.html has them
LETTERS = "ab"
SPELT_OUT = 4  # rows and columns of an array whose numbers are told
TEMPLATE = Path(__file__).parent / "player.html"
COLUMNS = (message("operation"), message("value"), message("gradient"), message("rule"))
TITLE = message("One training step, operation by operation")


def player_page(player: Player, title: str | None = None, lang: str | None = None) -> str:
    """The text of the page.

    Raises:
        ArgumentError: when it would be too large to be handed on.
    """
    with language.use(lang):
        diagram = step_diagram(player.reading)
        drawing, marks = drawing_of(diagram, WIDEST), Marks(diagram)
        context = {
            "title": title or _(TITLE),
            "drawing": drawing,
            "says": player.says,
            "step": player.step,
            "events": [event_of(op, marks) for op in player.plan],
            "start": marks.leaves,
            "lang": language.current(),
            "alt": player.plan[-1].formula if player.plan else "",
        }
        template = templates(TEMPLATE.parent).get_template(TEMPLATE.name)
        page = str(template.render(context, _=_))
    size = len(page.encode())
    if size > LARGEST:
        raise ArgumentError(
            "The page would be too large to be handed on.",
            received=f"{size:,} bytes",
            expected=f"{LARGEST:,} at most",
        )
    return page


def script_of(page: str) -> str:
    """The script of a page of a player: the last one, which the template has as it is."""
    return page.rpartition("<script>")[2].partition("</script>")[0]


def script_hash() -> str:
    """By what the policy of another page lets this script run, and no other.

    Example:
        >>> script_hash()[:7]
        'sha256-'
    """
    script = script_of(TEMPLATE.read_text(encoding="utf-8"))
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def framed(page: str, title: str = "") -> str:
    """A page as a part of another: a frame that may run its script and do nothing else.

    Example:
        >>> framed("<p>a & b</p>", "step")[:40]
        '<iframe class="player" sandbox="allow-sc'
    """
    drawn = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', page)
    across, down = (float(side) for side in drawn.groups()) if drawn else (1.0, 0.0)
    shown = down * min(IN_FRAME / across, MOST_GROWTH)
    low, high = FRAME
    height = min(max(low, shown / SHARE_OF_DRAWING, shown + BESIDES), high)
    inside = html.escape(page, quote=False).replace("'", "&#39;")  # fewer than the other quotes
    return (
        f'<iframe class="player" sandbox="allow-scripts" title="{html.escape(title)}" '
        f'style="width:100%;height:{height:.0f}px;border:1px solid #8886;border-radius:4px" '
        f"srcdoc='{inside}'></iframe>"
    )


def step_rows(player: Player) -> list[list[str]]:
    """The step as a table, in English: what is given, then the operations on the way forward.

    The gradients come from the last row up.

    Example:
        >>> from grafito.insight import Player
        >>> step_rows(Player("w*x", {"w": 2.0, "x": 3.0}))[-1][:3]
        ['#1 = w × x', '6.000', '1.000']
    """
    with language.use("en"):
        back = {op.node: op for op in player.plan if op.way == "back"}
        given = [op for op in player.plan if not op.number][::-1]
        order = [*given, *(op for op in player.plan if op.way == "forward")]
        rows = []
        for op in order:
            slope = back[op.node].gradient if op.node in back else None
            rule = op.rule.words if op.number and slope is not None else ""
            told = "" if slope is None else array_line(slope)
            rows.append([op.formula, array_line(op.value), told, rule])
    return rows


class Marks:
    """Which elements of the drawing belong to which node.

    Attributes:
        leaves: elements that are shown before the first operation.
        value: by node, its arrows on the way forward with their numbers.
        gradient: by node, the arrows back to its inputs with their numbers.
        node: by tensor's label, the name of its node.
    """

    def __init__(self, diagram: Diagram):
        self.value: dict[str, list[str]] = {node.name: [] for node in diagram.nodes}
        self.gradient: dict[str, list[str]] = {node.name: [] for node in diagram.nodes}
        kinds = {node.name: node.kind for node in diagram.nodes}
        for i, edge in enumerate(diagram.edges):
            self.value[edge.source] += [f"forward-{i}", f"head-forward-{i}", f"value-{i}"]
            self.gradient[edge.target] += [f"back-{i}", f"head-back-{i}", f"gradient-{i}"]
        self.leaves = [
            element
            for name, elements in self.value.items()
            if kinds[name] not in ("op", "block")
            for element in elements
        ]
        # The gradient of the output itself, 1, comes with the first operation back.
        self.ends = [e for n, k in kinds.items() if k == "output" for e in self.gradient[n]]


def step_diagram(reading: Reading) -> Diagram:
    """The graph of a step with the numbers of the table."""
    from grafito.figures.graph import _edge, _groups, _label
    from grafito.figures.text import words

    vocabulary, lang = words(), language.current()
    nodes, count = [], 0
    for mark in reading.marks.values():
        label = _label(mark, reading, vocabulary, lang)
        if mark.kind == "op":
            count += 1
            label = f"{label}  #{count}" if not mark.tensors[0].name else label
        nodes.append(Node(mark.name, label, mark.kind, _groups(mark, lang)))
    edges = [_edge(arrow, reading, 3, lang, 3) for arrow in reading.arrows]
    return Diagram(tuple(nodes), tuple(edges))


def drawing_of(diagram: Diagram, width: float = 17.5) -> str:
    """It as SVG, laid out as all drawings of graphs.

    Args:
        diagram: it.
        width: inches, beyond which it goes on in a further row.
    """
    from grafito.figures.graph import draw_diagram

    file = io.StringIO()
    draw_diagram(diagram, width=width, lang=language.current()).savefig(file, format="svg")
    return _slim(file.getvalue())


def texts_of(diagram: Diagram) -> dict[str, list[str]]:
    """The texts of the drawing by the id of their elements, a line each.

    A drawing with other numbers of the same graph differs in them alone.

    Example:
        >>> texts_of(Diagram((Node("x", "x", "input"),)))
        {'label-x': ['x']}
    """
    found = {f"label-{node.name}": [node.label] for node in diagram.nodes}
    for i, edge in enumerate(diagram.edges):
        for kind, text in (("value", edge.value), ("gradient", edge.gradient)):
            found[f"{kind}-{i}"] = text.replace(" ", "\u00a0").replace("-", "−").split("\n")
    return found


def _slim(svg: str) -> str:
    """The element alone, without metadata; its size follows the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(
        r"(<svg[^>]*?) width=\"([\d.]+)pt\" height=\"[\d.]+pt\"", r'\1 data-width="\2"', svg
    )
    return re.sub(r"\n\s*", "\n", svg)


def event_of(op: Operation, marks: Marks) -> dict[str, Any]:
    """What the page shows and says at one operation."""
    back = op.way == "back"
    show = marks.gradient[op.node] if back else marks.value[op.node]
    if back:
        show = [*marks.ends, *show]
    names = [in_formula(name) for name in op.inputs]
    rows = [(name, _told(value)) for name, value in zip(names, op.inputs.values(), strict=True)]
    out = in_formula(op.formula).partition(" =")[0]
    rows.append((out, _told(op.value)))
    formulas = op.rule.formulas[: len(names)] if back else ()
    stand_for = {"g": _("the gradient of {}").format(out), "y": out, "n": _("how many there are")}
    stand_for |= {"t": names[-1] if names else "", **dict(zip(LETTERS, names[:2], strict=False))}
    return {
        "node": f"node-{op.node}",
        "show": show,
        "way": _(op.way),
        "formula": in_formula(op.formula),
        "rows": rows,
        "gradient": "" if op.gradient is None else _told(op.gradient),
        "received": [(in_formula(name), _told(part)) for name, part in op.received.items()],
        "rule": _(op.rule.words) if back else "",
        "maths": [mathml(LETTERS[i], formula) for i, formula in enumerate(formulas)],
        "letters": ", ".join(
            f"{letter} = {text}"
            for letter, text in stand_for.items()
            if formulas and (letter in LETTERS or re.search(rf"\b{letter}\b", " ".join(formulas)))
        ),
    }


def _told(array: np.ndarray) -> str:
    """An array on one line; a large one by its shape and its range."""
    text = array_line(array, 4, most=SPELT_OUT)
    if array.size and max(array.shape, default=0) > SPELT_OUT:
        low, high = f"{array.min():.4g}", f"{array.max():.4g}"
        text += f" {_('from {} to {}').format(*map(with_decimal_sign, (low, high)))}"
    return text.replace("-", "−")
