"""Drawings and tables of a computational graph with every value and every gradient on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grafito import graph
from grafito.errors import ArgumentError, unknown_name
from grafito.figures.diagram import Diagram, Edge, Node
from grafito.figures.drawn_graph import Arrow, Mark, Reading, collapse, read_graph
from grafito.figures.given import as_names, drawn, setting
from grafito.figures.sources import Source, missing_value, outputs_of
from grafito.figures.text import LARGEST as LARGEST_ARRAY
from grafito.figures.text import array_line, array_rows, shape_text, short, words
from grafito.graph import Tensor
from grafito.graph.trace import renamed
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVELS = ("ops", "functions", "layers")
LARGEST = 400  # nodes; beyond, nobody reads a drawing


@drawn
def draw_graph(
    outputs: Source,
    feeds: Any = None,
    *,
    level: str = "ops",
    gradients: bool = True,
    parameters: Sequence[str] = (),
    digits: int = 3,
    most: int = LARGEST_ARRAY,
    width: float | None = 17.5,
    lang: str | None = None,
) -> Figure:
    """Draw a graph: values on black arrows, gradients on dashed red ones back.

    Args:
        outputs: a tensor or several; the text of a formula; a function of tensors; a model or
            layer. Gradients are those of the sum of all elements.
        feeds: values of the inputs, by tensor or name; of a model, the examples that it is called
            with. Without them shapes are drawn.
        level: "ops" shows every op, "functions" one node for each function such as elu, "layers"
            one for each layer.
        gradients: whether to draw the way back.
        parameters: names of inputs that are to be learned, drawn like the weights of a layer.
        digits: decimals.
        most: rows and columns of a matrix that is written out; of a larger one its shape is.
        width: inches, beyond which the drawing goes on in a further row; None for a single row.
        lang: "en" or "es"; by default the one being spoken.

    Returns:
        A figure; `savefig` writes SVG (with text as text), PNG or PDF.

    Raises:
        ArgumentError: for an unknown level, a missing input, or too many nodes to read.

    Example:
        >>> figure = draw_graph("sigmoid(w*x)", {"w": 2, "x": 1}, parameters=["w"])
        >>> figure.savefig("neuron.svg")  # doctest: +SKIP
    """
    diagram = graph_diagram(
        outputs, feeds, level=level, gradients=gradients, parameters=parameters, digits=digits,
        most=most, lang=lang,
    )  # fmt: skip
    return draw_diagram(diagram, width=width, lang=lang)


def draw_diagram(
    diagram: Diagram, *, width: float | None = 17.5, lang: str | None = None
) -> Figure:
    """Draw a diagram of one's own: nodes, edges and their texts.

    Args:
        diagram: what to draw.
        width: inches, beyond which the drawing goes on in a further row; None for a single row.
        lang: language of the legend, "en" or "es"; by default the one being spoken.

    Raises:
        GraphError: when the edges form a cycle.

    Example:
        >>> nodes = (Node("x", "x", "input"), Node("y", "exp"))
        >>> figure = draw_diagram(Diagram(nodes, (Edge("x", "y", "1.000", "2.718"),)))
        >>> [text.get_text() for text in figure.axes[0].texts][:2]
        ['1.000', '2.718']
    """
    from grafito.figures.render import render

    if not isinstance(diagram, Diagram):
        raise ArgumentError(
            "A diagram is made of nodes and edges.",
            received=type(diagram).__name__,
            fix="draw_graph draws formulas, functions and models",
        )
    inches = None if width is None else setting("width", width, 0, 17.5)
    return render(diagram, words(lang), None if inches is None else 72 * inches)


def graph_diagram(
    outputs: Source,
    feeds: Any = None,
    *,
    level: str = "ops",
    gradients: bool = True,
    parameters: Sequence[str] = (),
    digits: int = 3,
    most: int = LARGEST_ARRAY,
    lang: str | None = None,
) -> Diagram:
    """What `draw_graph` draws, as plain data; the arguments are the same.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> [edge.gradient for edge in graph_diagram(3 * x, {"x": 2.0}).edges]
        ['', '3.000', '1.000']
    """
    vocabulary = words(lang)
    if level not in LEVELS:
        raise unknown_name("level", level, LEVELS)
    reading = _read(outputs, feeds, gradients, parameters)
    every = reading
    if level != "ops":
        reading = collapse(reading, level)
    if len(reading.marks) > LARGEST:
        coarse = level != "layers" and len(collapse(every, "layers").marks) <= LARGEST
        raise ArgumentError(
            "The graph has too many nodes for a drawing.",
            received=f"{len(reading.marks)} nodes at level {level!r}",
            expected=f"at most {LARGEST}",
            fix="level='layers'" if coarse else "a part of the graph, or fewer outputs",
        )
    labels = {m.name: _label(m, reading, vocabulary, lang) for m in reading.marks.values()}
    numbers = _numbers(every)
    nodes = [
        Node(m.name, labels[m.name], m.kind, _groups(m, lang), _number(m, numbers))
        for m in reading.marks.values()
    ]
    digits, most = _decimals(digits, most)
    edges = [_edge(arrow, reading, digits, lang, most) for arrow in reading.arrows]
    return Diagram(tuple(nodes), tuple(edges))


def _read(source: Source, feeds: Any, gradients: bool, parameters: Sequence[str] = ()) -> Reading:
    """What a source gives with these values; some of its inputs are parameters."""
    tensors, feeds = outputs_of(source, feeds)
    names = graph.inputs(tensors)
    for name, x in names.items() if isinstance(feeds, Mapping) else ():
        if name not in feeds and x not in feeds:
            raise missing_value(name, list(names))
    parameters = as_names("parameters", parameters, '["w", "b"]')
    for name in parameters:
        if name not in names:
            raise unknown_name("input", name, names)
    reading = read_graph(tensors, feeds, gradients)
    for mark in reading.marks.values():
        if mark.kind == "input" and mark.tensors[0].name in parameters:
            mark.kind = "parameter"
    return reading


def _decimals(digits: Any, most: Any) -> tuple[int, int]:
    return int(setting("digits", digits, 0, 3)), setting("most", most, 0, LARGEST_ARRAY)


def _label(mark: Mark, reading: Reading, vocabulary: Mapping[str, str], lang: str | None) -> str:
    if len(mark.tensors) != 1 or mark.kind == "block":
        return mark.title
    (x,) = mark.tensors
    name = (x.name or "").rpartition("/")[2]
    if mark.kind == "output":
        return name
    if mark.kind == "op":
        symbol = x.op.symbol or x.op.name
        word = symbol.isascii() and symbol.isalpha()
        # "flatten" says more than "reshape", but "ReLU" is how relu is written.
        alias = mark.title if word and mark.title.lower() != symbol.lower() else ""
        return alias or symbol
    if name:
        of_layer = mark.kind == "parameter" and x.scope  # a name that grafito gave
        return vocabulary.get(name, name) if of_layer else name
    if mark.kind == "constant":
        return _short(x, lang) if x.size == 1 else vocabulary["constant"]
    alike = [
        m.name for m in reading.marks.values() if m.kind == mark.kind and not m.tensors[0].name
    ]
    return f"{vocabulary[mark.kind]} {alike.index(mark.name) + 1}"


def _groups(mark: Mark, lang: str | None) -> tuple[str, ...]:
    """The regions around a node, called as in the language."""
    named = own_namer(lang)
    return tuple(renamed(group, named(group)) for group in mark.groups)


def _short(x: Tensor, lang: str | None) -> str:
    """The number of a constant, with no more decimals than it needs."""
    return short(graph.value(x, dtype="float64").item(), lang)


def _edge(arrow: Arrow, reading: Reading, digits: int, lang: str | None, most: int) -> Edge:
    value = gradient = ""
    constant = reading.marks[arrow.source].kind == "constant"
    if arrow.value is not None and not (constant and arrow.value.size == 1):
        value = "\n".join(array_rows(arrow.value, digits, lang, most))
    elif arrow.value is None and arrow.shape:
        value = shape_text(arrow.shape)
    if arrow.gradient is not None:
        gradient = "\n".join(array_rows(arrow.gradient, digits, lang, most))
    kinds = {mark.kind for mark in reading.marks.values()}
    data = reading.marks[arrow.source].kind == "input" and kinds & {"parameter", "block"}
    return Edge(arrow.source, arrow.target, value, gradient, bool(data and gradient))


def _number(mark: Mark, numbers: Mapping[Tensor, str]) -> str:
    return numbers.get(mark.tensors[-1], "") if mark.kind == "op" else ""


def _numbers(reading: Reading) -> dict[Tensor, str]:
    """What ops without a name are called in a table."""
    ops = [mark.tensors[0] for mark in reading.marks.values() if mark.kind == "op"]
    return {x: f"#{i}" for i, x in enumerate((x for x in ops if not x.name), start=1)}


@drawn
def graph_table(
    outputs: Source,
    feeds: Any = None,
    *,
    gradients: bool = True,
    digits: int = 3,
    most: int = LARGEST_ARRAY,
    lang: str | None = None,
) -> str:
    """The numbers of `draw_graph` as text: node, value, gradient, one row for each node.

    The gradient is that of all uses of a value together; on a drawing each use has its arrow.
    The arguments are those of `draw_graph`; without values there are shapes in their place.

    Example:
        >>> print(graph_table("exp(2*x)", {"x": 0.5}))
        node          value  gradient
        x             0.500     5.437
        #1 = 2 × x    1.000     2.718
        #2 = exp(#1)  2.718     1.000
    """
    vocabulary = words(lang)
    reading = _read(outputs, feeds, gradients)
    inputs: dict[str, list[str]] = {name: [] for name in reading.marks}
    short: dict[str, str] = {}
    shapes: dict[Tensor, tuple[int, ...]] = {}
    second = "value" if reading.values else "shape"
    digits, most = _decimals(digits, most)
    rows = [(vocabulary["node"], vocabulary[second], vocabulary["gradient"])]
    for arrow in reading.arrows:
        inputs[arrow.target].append(arrow.source)
        shapes[arrow.tensor] = arrow.shape
    numbers = _numbers(reading)
    for mark in reading.marks.values():
        x = mark.tensors[0]
        text = short[mark.name] = _label(mark, reading, vocabulary, lang)
        if mark.kind == "op":
            short[mark.name] = x.name or numbers[x]
            text = f"{short[mark.name]} = {op_formula(x, [short[n] for n in inputs[mark.name]])}"
        elif mark.kind == "output" or (mark.kind == "constant" and x.size == 1):
            continue
        cells = [
            array_line(known[x].reshape(shapes[x]), digits, lang, most) if x in known else ""
            for known in (reading.values, reading.gradients)
        ]
        shape = shapes.get(x, x.shape)
        rows.append((text, cells[0] or (shape_text(shape) if shape else ""), cells[1]))
    columns = 3 if reading.gradients else 2 if any(row[1] for row in rows[1:]) else 1
    wide = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join(
        "  ".join([row[0].ljust(wide[0]), *(row[i].rjust(wide[i]) for i in range(1, columns))])
        for row in rows
    )


def op_formula(x: Tensor, names: Sequence[str]) -> str:
    """What an op computes, with these names for its inputs.

    Example:
        >>> from grafito import graph
        >>> op_formula(graph.parse("a*b"), ["w", "x"])
        'w × x'
    """
    symbol = x.op.symbol or x.op.name
    if len(names) == 2 and not symbol.isalpha():
        return f"{names[0]} {symbol} {names[1]}"
    if len(names) == 1 and [c for c in symbol if c.isalpha()] == ["x"]:  # x², |x|
        return symbol.replace("x", names[0])
    if x.op.name == "negative":
        return f"{symbol}{names[0]}"
    return f"{symbol}({', '.join(names)})"
