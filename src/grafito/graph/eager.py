"""A step that is computed while it is traced, so that its tensors have numbers all along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grafito.errors import GraphError
from grafito.graph.dtypes import numpy_dtype
from grafito.graph.show import label_shown, print_shown
from grafito.graph.tensor import Constant, Tensor, as_tensor, known_value
from grafito.graph.trace import Trace
from grafito.graph.variable import Variable


class Numbers:
    """The values of a step's tensors: each is computed when it is first asked for, and kept.

    Args:
        leaves: the values of the placeholders.
    """

    def __init__(self, leaves: Mapping[Tensor, np.ndarray]):
        self._known: dict[Tensor, Any] = dict(leaves)

    def of(self, wanted: list[Tensor]) -> list[np.ndarray]:
        """The values of these tensors.

        Raises:
            GraphError: for a placeholder that belongs to no part of the step.
        """
        stack = [(x, False) for x in reversed(wanted)]
        with np.errstate(all="ignore"):  # infinities and NaN are values too
            while stack:
                x, ready = stack.pop()
                if x in self._known:
                    continue
                if ready or not x.inputs or known_value(x) is not None:
                    self._known[x] = self._computed(x)
                    continue
                stack.append((x, True))
                stack.extend((y, False) for y in reversed(x.inputs) if y not in self._known)
        return [np.asarray(self._known[x]) for x in wanted]

    def _computed(self, x: Tensor) -> Any:
        if known_value(x) is not None:  # the result of a call on arrays
            return known_value(x)
        if isinstance(x, Variable):
            return np.array(x.storage)
        if isinstance(x.op, Constant):
            return np.asarray(x.op.array, numpy_dtype(x.dtype))
        return x.op.value(np, *[self._known[y] for y in x.inputs])


def run_step(
    function: Callable[..., Mapping[str, Any]],
    inputs: Mapping[str, Tensor],
    arrays: Mapping[str, Any],
    training: bool = False,
    step: Tensor | None = None,
) -> dict[str, np.ndarray]:
    """One call of a function of tensors, computed op by op, with what it assigns.

    While it runs, `print`, `float`, `numpy()` and `if` see the numbers of its tensors.

    Args:
        function: called with the inputs by name; returns its outputs by name.
        inputs: placeholders by name.
        arrays: their values.
        training: whether layers behave as in training.
        step: integer tensor that keys the random numbers.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((2,), name="x")
        >>> def double(x):
        ...     print(float(graph.sum(x)))
        ...     return {"y": 2 * x}
        >>> run_step(double, {"x": x}, {"x": np.array([1.0, 2.0], "float32")})["y"].tolist()
        3.0
        [2.0, 4.0]
    """
    numbers = Numbers({x: np.asarray(arrays[name]) for name, x in inputs.items()})
    with Trace(training, step, numbers=numbers) as trace:
        results = function(**inputs)
        if not isinstance(results, Mapping):
            raise GraphError(
                "A step must return a dictionary from names to tensors.",
                received=repr(results),
                fix='return {"loss": loss}',
            )
        tensors = {name: as_tensor(x) for name, x in results.items()}
        tensors |= label_shown(trace, [*tensors.values(), *trace.updates.values()])
        values = numbers.of([*tensors.values(), *trace.updates.values()])
    for variable, new in zip(trace.updates, values[len(tensors) :], strict=True):
        variable.storage = np.array(new, dtype=variable.dtype)
    outputs = dict(zip(tensors, values, strict=False))
    print_shown(outputs)
    return outputs
