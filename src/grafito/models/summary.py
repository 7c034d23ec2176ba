"""The summary of a model: layers, shapes, parameters, multiply-adds, memory."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grafito import graph
from grafito.engines import format_bytes
from grafito.errors import ArgumentError, GrafitoError, ShapeError
from grafito.graph.convolution import Conv2D, Conv2DInputGradient
from grafito.graph.linear import MatMul
from grafito.graph.nest import flatten
from grafito.language import localised, message, retell, translate
from grafito.layers import InputLayer
from grafito.models.health import activations, linear_in_a_row
from grafito.models.memory import placeholders, training_memory
from grafito.models.model import Model

Path = tuple[str, ...]  # the names that lead to a layer, outermost first

UNBUILT = {"shape": "?", "bytes": 0, "macs": 0}

_BYTES = {"float32": 4, "float64": 8, "bfloat16": 2, "bool": 1, "uint8": 1, "int8": 1}

TITLES = (
    message("Layer (type)"),
    message("Output Shape"),
    message("Param #"),
    message("Multiply-adds"),
    message("Activations"),
)
TRAINABLE = message("Trainable")
NOT_CALLED = message("not called")
NOT_BUILT = message(
    "The model is not built yet: its shapes follow from Input, build or the first data."
)


@dataclass(frozen=True)
class Summary:
    """What there is to know of a model, as rows; the terminal and the report each lay them out.

    Attributes:
        model: its name.
        titles: of the columns, in English.
        rows: a list of cells for each layer.
        totals: what stands below the table, as (name, value).
        note: a sentence in English, where something is missing or does nothing.
    """

    model: str
    titles: list[str]
    rows: list[list[str | int]]
    totals: list[tuple[str, str]]
    note: str = ""


def summarize(
    model: Any,
    batch_size: int | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
) -> Summary:
    """The rows of a model; of one that is not built, its layers alone.

    Args:
        model: the model.
        batch_size: of the training step whose memory is told.
        expand_nested: show the layers inside of layers too.
        show_trainable: a column that says whether a layer is trained.
    """
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ArgumentError("batch_size must be at least 1.", received=f"batch_size={batch_size!r}")
    memory = training_memory(model, batch_size) if model.compiled and model.built else None
    layers = list(_rows(model, expand_nested))
    costs = layer_costs(model, layers) if model.built else {}
    totals = _totals(model, [costs[path] for path in costs if len(path) == 1])
    if memory is not None:
        examples, needed = memory
        told = f"{format_bytes(needed.total)} (batch_size={examples})"
        totals.append((message("Memory of a training step"), told))
    return Summary(
        model.name,
        [*TITLES, *([TRAINABLE] if show_trainable else [])],
        [_cells(layer, path, costs.get(path, UNBUILT), show_trainable) for path, layer in layers],
        totals,
        _note(model),
    )


def _note(model: Any) -> str:
    """What a reader should know besides: that shapes are missing, or layers do nothing together."""
    if not model.built:
        return NOT_BUILT
    found = linear_in_a_row(activations(model))
    return "" if found is None else found.error.what


def _cells(layer: Any, path: Path, cost: dict[str, Any], show_trainable: bool) -> list[str | int]:
    size = sum(v.size for v in layer.weights)
    cells = [
        f"{'  ' * (len(path) - 1)}{layer.name} ({type(layer).__name__})",
        cost["shape"],
        size if layer.built or layer.weights else f"{size} ({translate('unbuilt')})",
        cost["macs"],
        format_bytes(cost["bytes"]),
    ]
    if show_trainable:
        cells.append("-" if not layer.weights else "Y" if layer.trainable else "N")
    return cells


def as_text(summary: Summary, width: int | None = None) -> str:
    """The table for a terminal, in the language being spoken.

    Args:
        summary: the rows.
        width: characters in a line; those of the terminal by default, at least 80.
    """
    from rich.console import Console
    from rich.table import Table

    if width is not None and (not isinstance(width, int) or width < 1):
        raise ArgumentError("line_length must be positive.", received=f"line_length={width!r}")
    title = f"{translate('Model')}: {summary.model}"
    table = Table(title=title, title_justify="left")
    for heading in summary.titles:
        numbers = heading in TITLES[2:]
        table.add_column(translate(heading), justify="right" if numbers else "left")
    for row in summary.rows:
        table.add_row(*[localised(f"{c:,}" if isinstance(c, int) else c) for c in row])
    text = io.StringIO()
    console = Console(file=text, width=max(80, width or Console().width), color_system=None)
    console.print(table)
    for name, value in summary.totals:
        console.print(f" {translate(name)}: {localised(value)}", highlight=False)
    if summary.note:
        console.print(f" {retell(summary.note)}", highlight=False)
    return text.getvalue().rstrip()


def _rows(model: Any, nested: bool, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The layers with the names that lead to them."""
    for layer in model.layers if isinstance(model, Model) else model.sublayers:
        path = (*above, layer.name)
        yield path, layer
        if nested:
            yield from _rows(layer, nested, path)


def _totals(model: Any, costs: list[dict[str, Any]]) -> list[tuple[str, str]]:
    def size(variables: list[graph.Variable]) -> str:
        total = sum(v.size for v in variables)
        memory = sum(v.size * _BYTES.get(v.dtype, 4) for v in variables)
        return f"{total:,} ({format_bytes(memory)})"

    lines = [
        (message("Total params"), size(model.weights)),
        (message("Trainable params"), size(model.trainable_variables)),
        (message("Non-trainable params"), size(model.non_trainable_variables)),
    ]
    if model.optimizer is not None and model.optimizer.built:
        lines.append((message("Optimizer params"), size(model.optimizer.variables)))
    if not costs:
        return lines
    macs = sum(cost["macs"] for cost in costs)
    memory = sum(cost["bytes"] for cost in costs)
    return [
        *lines,
        (message("Multiply-adds per example"), f"{macs:,}"),
        (message("Activations per example"), format_bytes(memory)),
    ]


def layer_costs(model: Any, rows: Any = None) -> dict[Path, dict[str, Any]]:
    """For each layer: output shape, multiply-adds and bytes of its outputs, for one example.

    Multiply-adds are those of matrix products and convolutions, counted on the traced graph.

    Args:
        model: a model that is built.
        rows: the layers with the names that lead to them; those of the model by default.
    """
    result: Any = []
    # Free sizes of 1 may not do for a Reshape: then nothing is known of the multiply-adds.
    with contextlib.suppress(ShapeError), graph.Trace(training=False):
        result = model(placeholders(model))
    costs = {}
    for path, layer in rows or _rows(model, False):
        outputs = layer.last_outputs
        if isinstance(layer, InputLayer):  # which gives what it is fed, and is never called
            outputs = [(tuple(1 if n is None else n for n in layer.batch_shape), layer.dtype)]
        shapes = _shapes(layer, [shape for shape, _ in outputs])
        costs[path] = {
            "shape": ", ".join(shapes) or NOT_CALLED,
            "bytes": sum(math.prod(shape) * _BYTES.get(dtype, 4) for shape, dtype in outputs),
            "macs": 0,
        }
    for node in graph.topological_order(flatten(result)):
        macs, scope = multiply_adds(node), node.scope
        if macs:
            start = next((i for i, name in enumerate(scope) if (name,) in costs), len(scope))
            for end in range(start + 1, len(scope) + 1):
                if scope[start:end] in costs:
                    costs[scope[start:end]]["macs"] += macs
    return costs


def _shapes(layer: Any, traced: list[tuple[int, ...]]) -> list[str]:
    """The shapes of the outputs as text, with None for the sizes that are free."""
    shapes: list[tuple[Any, ...]] = [(None, *shape[1:]) for shape in traced]
    with contextlib.suppress(GrafitoError):  # of a layer that was called on no symbol
        free = [symbol.shape for symbol in flatten(layer.output)]
        if [len(shape) for shape in free] == [len(shape) for shape in shapes]:
            shapes = [(None, *shape[1:]) for shape in free]
    return [f"({', '.join(map(str, shape))})" for shape in shapes]


def multiply_adds(node: graph.Tensor) -> int:
    """The multiply-adds of one op: of a matrix product or a convolution, else 0."""
    if isinstance(node.op, MatMul):
        return node.size * node.inputs[0].shape[-1]
    if isinstance(node.op, Conv2D):
        return node.size * math.prod(node.inputs[1].shape[:3])
    if isinstance(node.op, Conv2DInputGradient):  # a transposed convolution
        return node.inputs[0].size * math.prod(node.inputs[1].shape[:3])
    return 0
