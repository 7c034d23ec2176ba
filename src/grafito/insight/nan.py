"""Which op was the first whose value is no finite number, and what it was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito import graph
from grafito.figures.formula import PLUMBING
from grafito.graph import Evaluator, Tensor, Variable, topological_order
from grafito.graph.differentiate import DOUBLE_WHERE, branch_not_taken
from grafito.graph.dtypes import is_floating
from grafito.graph.evaluate import _leaf_values
from grafito.insight.trial import examples_of, traced
from grafito.language import message, retell, translate
from grafito.layers import Layer
from grafito.models.finite import GRADIENT, is_finite, what_to_try

FOUND = message("The first value that is not finite is made by {}, {}.")
NOWHERE = message("Every value is finite: loss, gradients and all on the way to them.")
FORWARD = message("on the way forward")
BACK = message("on the way back")
DEEPEST = 2  # ops of what enters the one that is not finite
WIDEST = 30  # letters before what stands in a row
GIVEN = message("The input {} is not finite: {} of {} numbers.")
COUNT = message("{} of {} numbers are not finite, the first at {}")


@dataclass(frozen=True)
class NaNReport:
    """What `where_nan` found; printed, it says so in words.

    Attributes:
        op: name of the first op whose value is not finite; "" where all are finite.
        place: the layers it stands in, outermost first.
        formula: the op with the names of its inputs.
        inputs: by name, the least and the greatest number of each.
        value: what it gave.
        text: all that in words.
    """

    op: str
    place: tuple[str, ...]
    formula: str
    inputs: Mapping[str, tuple[float, float]]
    value: np.ndarray | None
    text: str

    @property
    def finite(self) -> bool:
        """Whether nothing was found."""
        return self.value is None

    def __str__(self) -> str:
        return self.text


def where_nan(source: Any, x: Any = None, y: Any = None) -> NaNReport:
    """The first op that is not finite, with its inputs and its formula; forward, then back.

    Args:
        source: a compiled model, of which loss and gradients are computed op by op; or a tensor.
        x: examples for a model; for a tensor the values of its inputs, by tensor or name.
        y: the targets of a model.

    Example:
        >>> x = graph.placeholder((2,), name="x")
        >>> print(where_nan(graph.sum(graph.log(x)), {"x": [1.0, 0.0]}))
        The first value that is not finite is made by log, on the way forward.
          formula    ln(x)
          x          from 0 to 1
          value      1 of 2 numbers are not finite, the first at [1]
          try        the logarithm of 0: graph.log(x + 1e-7), from_logits=True in a loss of grafito,
        or graph.binary_cross_entropy
    """
    if isinstance(source, Layer):
        examples = examples_of(source, x, y)
        whole = traced(source, examples)
        output, inputs = whole.loss, list(whole.weights)
        feeds: Mapping[Any, Any] = whole.feeds
    else:
        output, feeds = graph.as_tensor(source), x or {}
        leaves = [t for t in topological_order([output]) if t.op.name in ("input", "state")]
        inputs = [t for t in leaves if is_floating(t.dtype)]  # type: ignore[misc]
    slopes = (
        graph.gradients(output, inputs, unconnected="zero")
        if inputs and is_floating(output.dtype)
        else []
    )
    for results, back in (([output], []), (slopes, [output, *slopes])):
        bad = _first(results, feeds)
        if bad is not None:
            return _report(*bad, back)
    return NaNReport("", (), "", {}, None, translate(NOWHERE))


def _first(
    results: list[Tensor], feeds: Mapping[Any, Any]
) -> tuple[Tensor, list[np.ndarray], np.ndarray] | None:
    """Where a result is not finite, the first such value on the way to it, with its inputs."""
    evaluator = Evaluator(results, keep=True)
    leaves = _leaf_values(evaluator, feeds)
    values: dict[Tensor, Any] = {**evaluator.constants, **leaves}
    meant = set(evaluator.constants)  # a constant such as -inf for a mask is as it was meant
    bad = {x for x, array in leaves.items() if _is_bad(array)}
    with np.errstate(all="ignore"):
        for x, compute, inputs, _ in evaluator.steps:
            values[x] = compute(np, *[values[v] for v in inputs])
            if meant.issuperset(inputs):
                meant.add(x)
            elif _is_bad(values[x]):
                bad.add(x)
    found = next((x for x in results if x in bad), None)
    if found is None:
        return None
    while any(v in bad for v in found.inputs):
        found = next(v for v in found.inputs if v in bad)
    return found, [np.asarray(values[v]) for v in found.inputs], np.asarray(values[found])


def _is_bad(array: Any) -> bool:
    array = np.asarray(array)
    return array.dtype.kind == "f" and not is_finite(array)


def _report(
    x: Tensor, inputs: list[np.ndarray], value: np.ndarray, way_back: list[Tensor]
) -> NaNReport:
    wrong = np.argwhere(~np.isfinite(value))
    name = _name(x, "x")
    if not x.inputs:
        text = translate(GIVEN).format(name, len(wrong), value.size)
        return NaNReport(x.op.name, (), name, {}, value, text)
    from grafito.figures.graph import op_formula

    names = _distinct([_written(v) for v in x.inputs])
    spans = {
        n: (float(a.min(initial=np.inf)), float(a.max(initial=-np.inf)))
        for n, a in zip(names, inputs, strict=True)
    }
    back = bool(way_back)
    formula = op_formula(x, [_closed(name, len(names) > 1) for name in names])
    place = tuple(name for name in map(str, x.scope) if name != GRADIENT)
    said = translate(FOUND).format(x.op.name, translate(BACK if back else FORWARD))
    at = f"[{', '.join(str(int(i)) for i in wrong[0])}]"
    rows = {"where": "/".join(place)} if place else {}
    rows["formula"] = formula
    rows |= {
        n: translate("from {} to {}").format(f"{a:g}", f"{b:g}") for n, (a, b) in spans.items()
    }
    rows["value"] = translate(COUNT).format(len(wrong), value.size, at)
    fix = what_to_try(x, "/".join(place) or None, 1, back)
    if back and branch_not_taken(way_back) is not None:
        fix = f"if a `where` is to avoid this value, {DOUBLE_WHERE}; else {fix}"
    rows["try"] = retell(fix)
    width = min(max(9, *map(len, rows)), WIDEST)
    lines = [f"  {translate(row):<{width}}  {text}" for row, text in rows.items()]
    return NaNReport(x.op.name, place, formula, spans, value, "\n".join([said, *lines]))


def _name(x: Tensor, otherwise: str) -> str:
    if isinstance(x, Variable):
        return x.path
    return x.name or (x.op.name if x.inputs else otherwise)


def _written(x: Tensor, depth: int = DEEPEST) -> str:
    """What a tensor is computed by, a few ops deep."""
    from grafito.figures.graph import op_formula

    while type(x.op).__name__ in PLUMBING and x.inputs:
        x = x.inputs[0]
    if isinstance(x, Variable) or x.name:
        return _name(x, "x")
    if not x.inputs:
        array = np.asarray(getattr(x.op, "array", ()))
        return f"{array.item():g}" if array.size == 1 else "C"
    if not depth:
        return "…"
    inside = [_written(v, depth - 1) for v in x.inputs]
    return op_formula(x, [_closed(text, len(inside) > 1) for text in inside])


def _closed(text: str, within: bool) -> str:
    """A formula as a part of a larger one."""
    outside, depth = "", 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        outside += sign if not depth else ""
    return f"({text})" if within and " " in outside else text


def _distinct(names: list[str]) -> list[str]:
    """The same with a number behind those that stand twice."""
    return [name if name not in names[:i] else f"{name} #{i + 1}" for i, name in enumerate(names)]


WORDS = (message("formula"), message("value"), message("from {} to {}"))
