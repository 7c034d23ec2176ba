"""The op that made a value which is not finite, the user's op it is of, and the `where` around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.graph import Evaluator, Tensor
from grafito.graph.elementwise import Where

GRADIENT = "gradient"  # the scope of what differentiation makes

# A branch of a `where` that is safe where it is not taken, for the ops that need it.
SAFE = {
    "divide": "x / graph.where(c, y, 1)",
    "power": "graph.where(c, x, 1) ** p",
    **{op: f"graph.{op}(graph.where(c, x, 1))" for op in ("log", "log1p", "sqrt", "exp", "expm1")},
}


@dataclass(frozen=True)
class FirstBad:
    """A value that is not finite, made by an op of values that are.

    Attributes:
        tensor: what was computed; a leaf if the value came in with it.
        inputs: what it was computed from.
        value: what came out.
        spans: the least and the greatest number of each value on the way to it.
    """

    tensor: Tensor
    inputs: list[np.ndarray]
    value: np.ndarray
    spans: Mapping[Tensor, tuple[float, float]]

    def least_of(self, x: Tensor | None) -> float:
        """The least number that went into an op; 0 where it is not known."""
        return self.spans.get(x.inputs[0], (0.0, 0.0))[0] if x is not None and x.inputs else 0.0


def first_bad(
    results: Sequence[Tensor],
    leaves: Mapping[Tensor, Any],
    sources: Sequence[Tensor] = (),
) -> FirstBad | None:
    """The first value that is not finite on the way to a source, computed op by op.

    Args:
        results: what to compute.
        leaves: values of the inputs and variables.
        sources: results that should be finite, those first that matter first; else all of them.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((2,), name="x")
        >>> found = first_bad([graph.sum(graph.log(x))], {x: np.array([1.0, 0.0])})
        >>> found.tensor.op.name, found.value.tolist(), found.spans[x]
        ('log', [0.0, -inf], (0.0, 1.0))
    """
    evaluator = Evaluator(results)
    values: dict[Tensor, Any] = {**evaluator.constants, **leaves}
    meant = set(evaluator.constants)  # a constant such as -inf for a mask is as it was meant
    bad = {x for x, v in leaves.items() if not is_finite(np.asarray(v))}
    made: dict[Tensor, tuple[list[np.ndarray], np.ndarray]] = {}
    made |= {x: ([], np.asarray(leaves[x])) for x in bad}  # of which values, and what
    with np.errstate(all="ignore"):
        spans = {x: _span(v) for x, v in values.items()}
        for x, compute, inputs, dying in evaluator.steps:
            values[x] = compute(np, *[values[y] for y in inputs])
            spans[x] = _span(values[x])
            if meant.issuperset(inputs):
                meant.add(x)
            elif not is_finite(np.asarray(values[x])):
                if bad.isdisjoint(inputs):
                    made[x] = [np.asarray(values[y]) for y in inputs], np.asarray(values[x])
                bad.add(x)
            for y in dying:
                del values[y]
    found = next((x for x in sources or results if x in bad), None)
    if found is None:
        return None
    while any(y in bad for y in found.inputs):
        found = next(y for y in found.inputs if y in bad)
    return FirstBad(found, *made[found], spans)


def _span(value: Any) -> tuple[float, float]:
    array = np.asarray(value)
    if not array.size:
        return np.inf, -np.inf
    return float(array.min()), float(array.max())


def is_finite(array: np.ndarray) -> bool:
    """Whether no element is NaN or infinite; the sum tells, unless it overflows by itself."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


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
