"""The metric: sums over batches in variables, and a result computed from the sums.

Sums are kept in float64: a count stays exact to 2⁵³ and the loss of an epoch loses no digit that
float32 examples had. An engine without float64 must add with compensation to give the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, GraphError, undefined
from grafito.graph.nest import parts
from grafito.graph.tensor import Tensor
from grafito.graph.variable import Variable
from grafito.registry import Configurable, Registry, snake_case

registry = Registry("metric")
register = registry.register

STATE = "float64"  # of sums and results, where no other dtype is asked for


class Metric(Configurable):
    """A number that describes how well a model does over many batches; subclass it for another.

    Make the sums with `add_variable` in `__init__`, move them with ops and `assign` in
    `update_state`, and compute from them in `result`. While a step is traced, an update becomes
    part of its graph; otherwise it happens at once.

    Args:
        dtype: of the sums and the result, by default float64.
        name: key in the history, by default made from the class name.

    Attributes:
        direction: "up" where more is better, "down" where less is, None where nobody knows.

    Example:
        >>> from grafito import graph, metrics
        >>> class Largest(metrics.Metric):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.largest = self.add_variable((), name="largest")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.largest.assign(graph.maximum(self.largest, graph.max(y_pred)))
        ...     def result(self):
        ...         return self.largest
        >>> float(Largest()([0.0, 0.0], [1.0, 3.0]))
        3.0
    """

    kind = "metric"
    direction: str | None = None

    def __init__(self, dtype: str | None = None, name: str | None = None):
        self.dtype = dtype
        self.name = name or snake_case(type(self).__name__)
        self._variables: list[Variable] = []
        self._starts: dict[Variable, Tensor] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "update_state" in vars(cls):
            cls.update_state = _at_once(cls.update_state)  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def variables(self) -> list[Variable]:
        """Its sums, other variables that it keeps, and those of metrics that it keeps."""
        nested = (v for metric in parts(self, (Metric,)) for v in metric.variables)
        return list(dict.fromkeys([*self._own_variables(), *nested]))

    def _own_variables(self) -> list[Variable]:
        """Those among its attributes; a weight that it looks at has the path of its layer."""
        return [v for v in parts(self, (Variable,), {"_starts"}) if "/" not in v.path]

    def _start(self, variable: Variable) -> Tensor:
        """What a variable holds before the first batch."""
        if variable not in self._starts:
            self._starts[variable] = graph.constant(variable.numpy(), variable.dtype)
        return self._starts[variable]

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: str | None = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A sum of this metric, zero at first and after `reset_state`.

        Args:
            shape: its shape.
            initializer: "zeros"; a metric starts from nothing.
            dtype: by default that of the metric.
            aggregation: how the parts of several devices combine; only "sum".
            name: what tables call it.

        Raises:
            ArgumentError: for another initializer or aggregation.
        """
        if "_variables" not in vars(self):
            raise GraphError(
                "The metric is not ready for variables.",
                where=type(self).__name__,
                fix="super().__init__() as the first line of __init__",
            )
        if aggregation != "sum" or snake_case(_name(initializer)) not in ("zeros", "none"):
            raise ArgumentError(
                "A variable of a metric must start at zero and be summed.",
                where=f"{self.name}.{name or 'variable'}",
                received=f"initializer={initializer!r}, aggregation={aggregation!r}",
                fix='initializer="zeros"',
            )
        dtype = dtype or self.dtype or STATE
        variable = Variable(np.zeros(shape), dtype=dtype, trainable=False, name=name)
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """The same as `add_variable`, by another of Keras's names."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch; most metrics take (y_true, y_pred, sample_weight=None)."""
        raise undefined(self, "update_state(self, y_true, y_pred, sample_weight=None)")

    def result(self) -> Tensor:
        """The metric of everything taken in since the last `reset_state`."""
        raise undefined(self, "result(self)")

    def reset_state(self) -> None:
        """Forget every batch: its variables get back the values that they began with."""
        for variable in self._own_variables():
            variable.assign(self._start(variable))
        for metric in parts(self, (Metric,)):
            metric.reset_state()

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take in a batch and give the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()


def _name(initializer: Any) -> str:
    kind = initializer if isinstance(initializer, str) else type(initializer).__name__
    return "none" if initializer is None else kind


def _at_once(update: Callable[..., None]) -> Callable[..., None]:
    """Outside a trace the assignments of an update are evaluated together, and stored."""

    @functools.wraps(update)
    def update_state(self: Metric, *args: Any, **kwargs: Any) -> None:
        for variable in self._own_variables():
            self._start(variable)
        graph.execute(lambda: update(self, *args, **kwargs))
        for variable in self._own_variables():  # one that the first batch made starts at zero
            if variable not in self._starts:
                self._starts[variable] = graph.constant(np.zeros(variable.shape), variable.dtype)

    return update_state
