"""`show`: a tensor's value and gradient, printed while a step runs, compiled or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.graph.elementwise import StopGradient
from grafito.graph.evaluate import topological_order, value
from grafito.graph.tensor import Input, Tensor, as_tensor
from grafito.graph.trace import Trace, current_trace
from grafito.language import say

SHOWN = "show "  # before the names of outputs that are printed, not returned
FEW = 8  # numbers of a tensor that are printed


class Show(StopGradient):
    """x, which a step prints where it is a gradient"""

    symbol = "show"
    label: str
    is_gradient: bool = False

    def gradient(self, g, out, x):
        return (Show(self.label, True)(g),)


def show(x: Any, label: str = "x") -> Tensor:
    """Pass x on; each step that computes it prints its value, and its gradient where there is one.

    Two lines a step: shape, mean, smallest, largest and first numbers. Training runs step by step
    while something is shown, so take it out again.

    Args:
        x: a tensor, in `call`, a loss or a training step; or one that has a value.
        label: what the lines begin with.

    Example:
        >>> from grafito import graph
        >>> y = show(graph.constant([1.0, 3.0]), "y")
        y: float32[2], mean 2, from 1 to 3: [1. 3.]
    """
    x = as_tensor(x)
    trace = current_trace()
    if trace is not None:
        trace.shown.append((label, x))
        return Show(label)(x)
    if not any(isinstance(y.op, Input) for y in topological_order([x])):
        say(told(label, value(x)))
    return x


def label_shown(trace: Trace, results: list[Tensor]) -> dict[str, Tensor]:
    """What a traced step is to print, as outputs: values, and gradients that its results need."""
    shown = list(trace.shown)
    if shown:
        nodes = [(x.op, x) for x in topological_order(results)]
        seen = [(op.label, x) for op, x in nodes if isinstance(op, Show) and op.is_gradient]
        shown += [(f"{label} gradient", x) for label, x in seen]
    return {f"{SHOWN}{i} {label}": x for i, (label, x) in enumerate(shown)}


def print_shown(outputs: dict[str, Any], steps: bool = False) -> None:
    """Print what is to be shown, and take it out of the outputs of a step, or of several."""
    names = [name for name in outputs if name.startswith(SHOWN)]
    columns = [np.asarray(outputs.pop(name)) for name in names]
    for row in zip(*columns, strict=True) if steps else [columns]:
        for name, array in zip(names, row, strict=True):
            say(told(name.removeprefix(SHOWN).partition(" ")[2], array))


def told(label: str, array: np.ndarray) -> str:
    """A line that says what an array holds."""
    array = np.asarray(array)
    if not array.size:
        return f"{label}: {array.dtype}{list(array.shape)}"
    few = np.array2string(array.reshape(-1)[:FEW], precision=4, max_line_width=1000)
    more = " ..." if array.size > FEW else ""
    if array.ndim == 0:
        return f"{label}: {array.dtype} {array:.6g}"
    low, high = float(array.min()), float(array.max())
    spread = f"mean {float(np.mean(array, dtype='float64')):.4g}, from {low:.4g} to {high:.4g}"
    return f"{label}: {array.dtype}{list(array.shape)}, {spread}: {few}{more}"
