"""The op of the user's that made a value which is not finite, and the `where` around it."""

from __future__ import annotations

from collections.abc import Sequence

from grafito.graph import Tensor
from grafito.graph.elementwise import Where

GRADIENT = "gradient"  # the scope of what differentiation makes

# A branch of a `where` that is safe where it is not taken, for the ops that need it.
SAFE = {
    "divide": "x / graph.where(c, y, 1)",
    "power": "graph.where(c, x, 1) ** p",
    **{op: f"graph.{op}(graph.where(c, x, 1))" for op in ("log", "log1p", "sqrt", "exp", "expm1")},
}


def users_op(x: Tensor, order: Sequence[Tensor]) -> Tensor:
    """Of a value on the way back the op whose slope it is, as far as can be seen; else itself.

    Args:
        x: the value.
        order: the step, each value after those that it is computed from.

    Example:
        >>> from grafito import graph
        >>> p = graph.placeholder((), name="p")
        >>> with graph.scope("dense"):
        ...     y = graph.log(p)
        >>> slope = graph.gradients(y, p)
        >>> users_op(slope, graph.topological_order([y, slope])).op.name
        'log'
    """
    if GRADIENT not in x.scope or x.op.name != "divide":
        return x
    below = x.inputs[1]
    if below.op.name == "sqrt":
        return below
    read = {below} if _is_users(below) else {below, *below.inputs}  # 1 + x for log1p
    reads = (y for y in order if _is_users(y) and not read.isdisjoint(y.inputs))
    return next((y for y in reads if y.op.name in SAFE), x)


def guarding_where(x: Tensor, order: Sequence[Tensor]) -> Tensor | None:
    """The `where` beside an op that has it in a branch; None where there is none.

    Args:
        x: what the op gives.
        order: the step, each value after those that it is computed from.

    Example:
        >>> from grafito import graph
        >>> p = graph.placeholder((), name="p")
        >>> y = graph.where(p > 0, graph.log(p), 0)
        >>> guarding_where(y.inputs[1], graph.topological_order([y]))
        <where float32[]>
    """
    depending = {x}
    for y in order:
        if _is_users(y) and y.scope == x.scope and not depending.isdisjoint(y.inputs):
            if isinstance(y.op, Where) and y.inputs[0] not in depending:
                return y
            depending.add(y)
    return None


def _is_users(x: Tensor) -> bool:
    return GRADIENT not in x.scope
