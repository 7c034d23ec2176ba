"""The table of a model: layers, shapes, parameters, multiply-adds, memory."""

from __future__ import annotations

import io
import math
from typing import Any

from grafito import graph
from grafito.engines import format_bytes
from grafito.errors import ArgumentError
from grafito.graph.convolution import Conv2D, Conv2DInputGradient
from grafito.graph.linear import MatMul
from grafito.graph.nest import flatten
from grafito.models.memory import placeholders, training_memory
from grafito.models.model import not_built

_BYTES = {"float32": 4, "float64": 8, "bfloat16": 2, "bool": 1, "uint8": 1, "int8": 1}


def summary_text(model: Any, width: int | None = None, batch_size: int | None = None) -> str:
    """The table as text.

    Args:
        model: a model that is built.
        width: characters in a line; those of the terminal by default, at least 80.
        batch_size: of the training step whose memory is told.

    Raises:
        GraphError: when the model is not built, so its shapes are not known.
    """
    from rich.console import Console
    from rich.table import Table

    if not model.built:
        raise not_built(model)
    if width is not None and (not isinstance(width, int) or width < 1):
        raise ArgumentError("A line has a positive length.", received=f"line_length={width!r}")
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ArgumentError("A batch has examples.", received=f"batch_size={batch_size!r}")
    memory = training_memory(model, batch_size) if model.compiled else None
    costs = layer_costs(model)
    table = Table(title=f"Model: {model.name}", title_justify="left")
    table.add_column("Layer (type)")
    table.add_column("Output Shape")
    for heading in ("Param #", "Multiply-adds", "Activations"):
        table.add_column(heading, justify="right")
    for layer in model.layers:
        cost = costs[layer.name]
        table.add_row(
            f"{layer.name} ({type(layer).__name__})",
            cost["shape"],
            f"{sum(v.size for v in layer.weights):,}",
            f"{cost['macs']:,}",
            format_bytes(cost["bytes"]),
        )
    text = io.StringIO()
    console = Console(file=text, width=max(80, width or Console().width), color_system=None)
    console.print(table)
    for label, value in _totals(model, costs):
        console.print(f" {label}: {value}", highlight=False)
    if memory is not None:
        size, needed = memory
        told = f"{format_bytes(needed.total)} (batch_size={size})"
        console.print(f" Memory of a training step: {told}", highlight=False)
    return text.getvalue().rstrip()


def _totals(model: Any, costs: dict[str, Any]) -> list[tuple[str, str]]:
    def size(variables: list[graph.Variable]) -> str:
        total = sum(v.size for v in variables)
        memory = sum(v.size * _BYTES.get(v.dtype, 4) for v in variables)
        return f"{total:,} ({format_bytes(memory)})"

    lines = [
        ("Total params", size(model.weights)),
        ("Trainable params", size(model.trainable_variables)),
        ("Non-trainable params", size(model.non_trainable_variables)),
    ]
    if model.optimizer is not None and model.optimizer.built:
        lines.append(("Optimizer params", size(model.optimizer.variables)))
    macs = sum(cost["macs"] for cost in costs.values())
    memory = sum(cost["bytes"] for cost in costs.values())
    return [
        *lines,
        ("Multiply-adds per example", f"{macs:,}"),
        ("Activations per example", format_bytes(memory)),
    ]


def layer_costs(model: Any) -> dict[str, dict[str, Any]]:
    """For each layer: output shape, multiply-adds and bytes of its outputs, for one example.

    Multiply-adds are those of matrix products and convolutions, counted on the traced graph.
    """
    with graph.Trace(training=False):
        result = model(placeholders(model))
    costs = {}
    for layer in model.layers:
        outputs = layer.last_outputs
        shapes = [f"({', '.join(['None', *map(str, shape[1:])])})" for shape, _ in outputs]
        costs[layer.name] = {
            "shape": ", ".join(shapes) or "not called",
            "bytes": sum(math.prod(shape) * _BYTES.get(dtype, 4) for shape, dtype in outputs),
            "macs": 0,
        }
    for node in graph.topological_order(flatten(result)):
        owner = next((name for name in node.scope if name in costs), None)
        if owner is not None:
            costs[owner]["macs"] += multiply_adds(node)
    return costs


def multiply_adds(node: graph.Tensor) -> int:
    """The multiply-adds of one op: of a matrix product or a convolution, else 0."""
    if isinstance(node.op, MatMul):
        return node.size * node.inputs[0].shape[-1]
    if isinstance(node.op, Conv2D):
        return node.size * math.prod(node.inputs[1].shape[:3])
    if isinstance(node.op, Conv2DInputGradient):  # a transposed convolution
        return node.inputs[0].size * math.prod(node.inputs[1].shape[:3])
    return 0
