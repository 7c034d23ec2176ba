"""Reverse-mode differentiation: one walk from the outputs back to the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, GraphError, unknown_name, warn
from grafito.graph.crossing import crossed
from grafito.graph.dtypes import is_floating
from grafito.graph.elementwise import Where
from grafito.graph.evaluate import Feeds, topological_order, value
from grafito.graph.tensor import Constant, Tensor, as_tensor, constant
from grafito.graph.trace import current_scope, scopes
from grafito.graph.variable import Reading, Variable


def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | str | Sequence[Tensor | str],
    output_gradients: Sequence[Any] | None = None,
    unconnected: str = "error",
) -> Any:
    """The gradient of the sum of the outputs with respect to each input, as tensors.

    For y = f(x) it is gᵀ ∂f/∂x, a graph too, with g the output gradient (ones by default).

    Args:
        outputs: a tensor or several.
        inputs: placeholders, variables, other values or their names.
        output_gradients: one for each output, of its shape.
        unconnected: "zero" gives zeros for an input that no output depends on.

    Returns:
        A tensor for a single input, else a list, each of its input's shape.

    Raises:
        LossWarning: a warning, for a loss that compares a column with a vector.
        GraphError: for what is no float, or an input that no output depends on.
        ArgumentError: for another number of output gradients than of outputs.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> slope = gradients(x**3, x)
        >>> float(graph.value(slope, {"x": 2})), float(graph.value(gradients(slope, x), {"x": 2}))
        (12.0, 12.0)
    """
    if isinstance(outputs, np.ndarray):
        raise GraphError(
            "An array does not record how it was computed, so it has no gradients.",
            where="outputs",
            received=f"an array of shape {outputs.shape}",
            expected="a tensor: what a model gives for data",
            fix="p = model(graph.as_tensor(x)); graph.gradients(p, model.trainable_weights)",
        )
    ys = [as_tensor(y) for y in ([outputs] if isinstance(outputs, Tensor) else outputs)]
    single = isinstance(inputs, (Tensor, str))
    asked = [inputs] if single else inputs
    xs = [_named(x, ys) if isinstance(x, str) else as_tensor(x) for x in asked]
    for x in (*ys, *xs):
        if not is_floating(x.dtype):
            raise GraphError(
                "Only floating-point values have gradients.", where=x, received=x.dtype
            )
    given = [constant(1.0, y.dtype) for y in ys] if output_gradients is None else output_gradients
    if len(given) != len(ys):
        raise ArgumentError(
            "Each output needs one output gradient.",
            received=f"{len(ys)} outputs and {len(given)} output gradients",
        )
    incoming: dict[Tensor, Tensor] = {}
    for y, g in zip(ys, given, strict=True):
        _accumulate(incoming, y, as_tensor(g))

    if unconnected not in ("error", "zero"):
        raise unknown_name("choice for unconnected inputs", unconnected, ["error", "zero"])
    order = topological_order(ys)
    readings = _readings(order, xs)
    leads_to_input = {*xs, *readings}
    if unconnected == "error":
        _check_connected(xs, {*order, *readings.values()})
    for node in order:
        if any(x in leads_to_input for x in node.inputs):
            leads_to_input.add(node)
    finding = crossed(ys, order, {*xs, *readings})
    if finding is not None:
        warn(finding)

    for node in reversed(order):
        if node not in leads_to_input or node not in incoming or not node.inputs:
            continue
        with scopes((*node.scope, "gradient") if node.scope else current_scope()):
            node_gradients = node.op.gradient(incoming[node], node, *node.inputs)
            for x, part in zip(node.inputs, node_gradients, strict=True):
                if part is not None and x in leads_to_input:
                    _accumulate(incoming, x, part)

    for reading, x in readings.items():
        if reading in incoming:
            _accumulate(incoming, x, incoming[reading])
    results = [incoming[x] if x in incoming else _zeros_like(x) for x in xs]
    return results[0] if single else results


def _readings(order: list[Tensor], xs: list[Tensor]) -> dict[Tensor, Tensor]:
    """Where calls on arrays have read the variables among the inputs."""
    wanted = {x for x in xs if isinstance(x, Variable)}
    read = [x for x in order if isinstance(x.op, Reading)] if wanted else []
    return {x: x.op.variable for x in read if x.op.variable in wanted}  # type: ignore[attr-defined]


def _check_connected(xs: list[Tensor], reached: set[Tensor]) -> None:
    for x in xs:
        if x not in reached:
            raise GraphError(
                "The output does not depend on this input, so it has no gradient there.",
                where=getattr(x, "path", None) or repr(x),
                expected="an input that the output was computed from, as the same object",
                fix='graph.gradients(..., unconnected="zero") where zeros are meant',
            )


def gradient(output: Tensor, node: Tensor | str, feeds: Feeds | None = None) -> Any:
    """The numbers of the gradient of an output at any node, in float64.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> float(gradient(graph.sigmoid(x), "x", {"x": 0}))
        0.25
    """
    return value(gradients(output, node), feeds, dtype="float64")


def _named(name: str, outputs: Sequence[Tensor]) -> Tensor:
    """The node of this name on which outputs depend."""
    known: dict[str, list[Tensor]] = {}
    for x in topological_order(outputs):
        if x.name:
            known.setdefault(x.name, []).append(x)
    if name not in known:
        raise unknown_name("input", name, known)
    if len(known[name]) > 1:
        raise ArgumentError(
            f"Several nodes are called {name!r}.", fix="the tensor itself in place of its name"
        )
    return known[name][0]


def branch_not_taken(slopes: Sequence[Tensor]) -> Tensor | None:
    """A `where` on whose way back these slopes were computed, if there is one.

    Of the branch that is not taken the slope is 0, but 0 times an infinite slope inside of the
    branch is NaN. A choice by the state alone, such as a count that starts again, is none of these.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> y = graph.where(x > 0, graph.sqrt(x), 0)
        >>> branch_not_taken([y, graph.gradients(y, x)])
        <where float32[]>
    """
    first: dict[Tensor, Tensor] = {}
    for x in topological_order(slopes):
        if isinstance(x.op, Where) and not _by_state(x.inputs[0]):
            # The gradient of a `where` asks for its condition again.
            if x.inputs[0] in first:
                return first[x.inputs[0]]
            first[x.inputs[0]] = x
    return None


def _by_state(condition: Tensor) -> bool:
    """Whether a condition reads neither data nor what is learned."""
    leaves = [x for x in topological_order([condition]) if not x.inputs]
    read = [x for x in leaves if not isinstance(x.op, Constant)]
    return bool(read) and all(isinstance(x, Variable) and not x.trainable for x in read)


DOUBLE_WHERE = (
    "the double where: what a branch reads is replaced where the branch is not taken, "
    "graph.where(c, f(graph.where(c, x, 1)), 0)"
)


def _accumulate(incoming: dict[Tensor, Tensor], x: Tensor, g: Tensor) -> None:
    g = _restore_shape(g, x.shape)
    incoming[x] = incoming[x] + g if x in incoming else g


def _restore_shape(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Undo broadcasting: sum over the axes along which a value was repeated."""
    from grafito.graph.reductions import sum
    from grafito.graph.shaping import broadcast_to, reshape

    if g.shape == shape:
        return g
    added = g.ndim - len(shape)
    if added >= 0:
        stretched = [
            i
            for i, size in enumerate(g.shape)
            if i < added or (shape[i - added] == 1 and size != 1)
        ]
        if stretched:
            g = sum(g, axis=tuple(stretched), keepdims=True)
            g = reshape(g, g.shape[added:])
    return broadcast_to(g, shape)


def _zeros_like(x: Tensor) -> Tensor:
    from grafito.graph.shaping import broadcast_to

    return broadcast_to(constant(0.0, x.dtype), x.shape)
