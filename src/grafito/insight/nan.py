"""Which op was the first whose value is no finite number, and what it was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import NonFiniteError
from grafito.figures.formula import PLUMBING
from grafito.graph import Evaluator, Tensor, Variable, topological_order
from grafito.graph.differentiate import DOUBLE_WHERE, branch_not_taken
from grafito.graph.dtypes import is_floating
from grafito.graph.evaluate import _leaf_values
from grafito.insight.trial import examples_of, traced
from grafito.language import message, retell, translate
from grafito.layers import Layer
from grafito.models.culprits import GRADIENT, FirstBad, first_bad
from grafito.models.finite import FiniteCheck, what_to_try
from grafito.models.loops import run_batch
from grafito.models.saving import load_step

FOUND = message("The first value that is not finite is made by {}, {}.")
NOWHERE = message("Every value is finite: loss, gradients and all on the way to them.")
FORWARD = message("on the way forward")
BACK = message("on the way back")
DEEPEST = 2  # ops of what enters the one that is not finite
WIDEST = 30  # letters before what stands in a row
LONGEST = 8  # ops before the one that is not finite
STEP = message("Step {} of model {}: {}.")
WAY = message("What was computed before it:")
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
        found = first_bad(results, _leaf_values(Evaluator(results), feeds)) if results else None
        if found is not None:
            return _report(found, _what_to_try(found, back), bool(back))
    return NaNReport("", (), "", {}, None, translate(NOWHERE))


def replay(folder: Any, custom_objects: Mapping[str, Any] | None = None) -> NaNReport:
    """Do the step again that ended a training with `check_finite=True`, up to the op that failed.

    The engine of the training does it, from the weights before it, with the same random numbers;
    then it is computed op by op. `load_model(".../step.safetensors")` reads the model alone.

    Args:
        folder: where model and batch were kept.
        custom_objects: classes and functions of your own that the model uses, by name.

    Raises:
        FileError: for a folder or a file of another kind, and for a damaged file.
        UnknownNameError: for a class that is not registered and not in `custom_objects`.

    Example:
        >>> from grafito import Sequential, errors, layers
        >>> from grafito.optimizers import SGD
        >>> model = Sequential([layers.Input((1,)), layers.Dense(1)])
        >>> model.compile(SGD(1e30), "mse", check_finite=True)
        >>> try:
        ...     _ = model.fit(np.ones((4, 1)), np.ones(4), epochs=2, verbose=0)
        ... except errors.NonFiniteError as error:
        ...     print(error.rows["replay"])
        grafito replay not-finite
        >>> replay("not-finite").op
        'square'
    """
    step = load_step(folder, custom_objects)
    model, examples = step.model, step.examples
    executor = model._executor
    executor.watch = FiniteCheck(model, executor.step_counter, executor.start, folder=None)
    said = [translate(STEP).format(step.number, repr(model.name), retell(step.batch))]
    try:
        run_batch(model, "train", examples)  # they entered the model once: no texts any more
    except NonFiniteError as error:
        said.append(retell(error.what))
        if (found := error.found) is None:
            return NaNReport("", (), "", {}, None, "\n".join(said))
        report = _report(found, error.rows["try"], GRADIENT in found.tensor.scope)
        way = _way_to(found)
        if way:
            said += [translate(WAY), *way]
        return replace(report, text="\n".join([*said, report.text]))
    return NaNReport("", (), "", {}, None, "\n".join([*said, translate(NOWHERE)]))


def _way_to(found: FirstBad) -> list[str]:
    """What was computed before it, always of the largest value, with the span of each."""
    rows: list[tuple[str, str]] = []
    x = found.tensor
    while len(rows) < LONGEST:
        above = [v for v in x.inputs if v.inputs and is_floating(v.dtype)]
        if not above:
            break
        x = max(above, key=lambda v: max(map(abs, found.spans[v])))
        if type(x.op).__name__ not in PLUMBING:
            place = "/".join(name for name in map(str, x.scope) if name != GRADIENT)
            least, greatest = found.spans[x]
            span = translate("from {} to {}").format(f"{least:g}", f"{greatest:g}")
            rows.append((f"{place}: {x.op.name}" if place else x.op.name, span))
    width = max((len(name) for name, _ in rows), default=0)
    return [f"  {name:<{width}}  {span}" for name, span in reversed(rows)]


def _report(found: FirstBad, fix: str, back: bool) -> NaNReport:
    x, value = found.tensor, found.value
    wrong = np.argwhere(~np.isfinite(value))
    name = _name(x, "x")
    if not x.inputs:
        text = translate(GIVEN).format(name, len(wrong), value.size)
        return NaNReport(x.op.name, (), name, {}, value, text)
    from grafito.figures.graph import op_formula

    names = _distinct([_written(v) for v in x.inputs])
    spans = {n: found.spans[v] for n, v in zip(names, x.inputs, strict=True)}
    formula = op_formula(x, [_closed(name, len(names) > 1) for name in names])
    if formula.startswith(names[0]):  # as in (a − b)²
        formula = op_formula(x, [_closed(name, True) for name in names])
    place = tuple(name for name in map(str, x.scope) if name != GRADIENT)
    said = translate(FOUND).format(x.op.name, translate(BACK if back else FORWARD))
    at = f"[{', '.join(str(int(i)) for i in wrong[0])}]"
    rows = {"where": "/".join(place)} if place else {}
    rows["formula"] = formula
    rows |= {
        n: translate("from {} to {}").format(f"{a:g}", f"{b:g}") for n, (a, b) in spans.items()
    }
    rows["value"] = translate(COUNT).format(len(wrong), value.size, at)
    rows["try"] = retell(fix)
    width = min(max(9, *map(len, rows)), WIDEST)
    lines = [f"  {translate(row):<{width}}  {text}" for row, text in rows.items()]
    return NaNReport(x.op.name, place, formula, spans, value, "\n".join([said, *lines]))


def _what_to_try(found: FirstBad, way_back: list[Tensor]) -> str:
    x = found.tensor
    place = "/".join(name for name in map(str, x.scope) if name != GRADIENT)
    fix = what_to_try(x, place or None, 1, bool(way_back), found.least_of(x))
    if way_back and branch_not_taken(way_back) is not None:
        fix = f"if a `where` is to avoid this value, {DOUBLE_WHERE}; else {fix}"
    return fix


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
