"""Run a function of tensors on arrays at once, with what it changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from grafito.graph.evaluate import value
from grafito.graph.nest import flatten, map_structure, sequence_like
from grafito.graph.show import label_shown, print_shown
from grafito.graph.tensor import Constant, Input, Tensor, as_tensor, constant, known_value
from grafito.graph.trace import Trace, current_trace
from grafito.graph.variable import Variable

_calls = itertools.count(1)  # steps of random numbers outside of training


def execute(function: Callable[..., Any], *args: Any, training: bool | None = False) -> Any:
    """Call a function of tensors on arrays: its variables change and its result is computed.

    Inside a trace the function is only traced, like any other part of the step.

    Args:
        function: what to call; its tensors may be in lists, tuples and dictionaries.
        args: arrays, numbers or (nested) lists of numbers.
        training: whether layers behave as in training; None leaves it to each layer.

    Returns:
        The result. Its tensors keep their values, computed from the variables as they are now,
        and are part of the graph: gradients reach the variables.

    Example:
        >>> from grafito import graph
        >>> total = graph.Variable(0.0)
        >>> execute(lambda x: total.assign(total + graph.sum(x)), [1.0, 2.0])
        >>> total.numpy().item()
        3.0
    """
    tensors = [_to_tensors(x) for x in args]
    if current_trace() is not None:
        return function(*tensors)
    with Trace(training, constant(next(_calls) % 2**31, "int32"), at_once=True) as trace:
        result = map_structure(_as_read, function(*tensors))
    leaves = [x for x in flatten(result) if isinstance(x, Tensor)]
    shown = label_shown(trace, [])
    values = value([*leaves, *trace.updates.values(), *shown.values()])
    print_shown(dict(zip(shown, values[len(values) - len(shown) :], strict=True)))
    values = values[: len(values) - len(shown)]
    for variable, new in zip(trace.updates, values[len(leaves) :], strict=True):
        variable.storage = np.array(new, dtype=variable.dtype)
    for x, computed in zip(leaves, values, strict=False):
        if not isinstance(x.op, (Constant, Input)):
            x.computed = computed
    return result


def has_value(tensors: list[Tensor]) -> bool:
    """Whether these are results of calls on arrays, so that a call on them is computed too."""
    known = [known_value(x) is not None for x in tensors]
    return any(known) and all(
        k or isinstance(x.op, Constant) for x, k in zip(tensors, known, strict=True)
    )


def _as_read(x: Any) -> Any:
    return as_tensor(x) if isinstance(x, Variable) else x


def _to_tensors(x: Any) -> Any:
    if isinstance(x, dict):
        return {k: _to_tensors(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)) and any(hasattr(v, "shape") for v in x):
        return sequence_like(x, [_to_tensors(v) for v in x])
    return x if isinstance(x, Tensor) or x is None else constant(x)
