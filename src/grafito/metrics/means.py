"""Sums and means of values, of functions of targets and predictions, and of losses."""

from __future__ import annotations

from typing import Any

from grafito import graph, losses
from grafito.errors import undefined
from grafito.graph.tensor import Tensor
from grafito.losses.targets import ANY, SIGNS, UNIT, VALUES, align_weights, divide_no_nan, pair
from grafito.metrics.base import Metric, register, registry
from grafito.registry import plain


@register()
class Sum(Metric):
    """The weighted sum of all values, Σ wᵢ vᵢ.

    Args:
        name: key in the history.
        dtype: of the sum and the result, by default float64.

    Example:
        >>> total = Sum()
        >>> total.update_state([1.0, 2.0])
        >>> float(total([3.0], sample_weight=[10.0]))
        33.0
    """

    def __init__(self, name: str = "sum", dtype: str | None = None):
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")

    def update_state(self, values, sample_weight=None):
        values = graph.cast(values, self.total.dtype)
        if sample_weight is not None:
            values = values * align_weights(sample_weight, values)
        self.total.assign(self.total + graph.sum(values))

    def result(self):
        return graph.as_tensor(self.total)


@register()
class Mean(Metric):
    """The weighted mean of all values, Σ wᵢ vᵢ / Σ wᵢ; 0 before the first.

    An example that has several values (an axis after the first) counts with their mean.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ShapeError: on an update, when the weights do not fit the values.

    Example:
        >>> mean = Mean()
        >>> mean.update_state([1.0, 2.0, 3.0])
        >>> float(mean([7.0], sample_weight=[2.0]))
        4.0
    """

    def __init__(self, name: str = "mean", dtype: str | None = None):
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values, sample_weight=None):
        values = graph.cast(values, self.total.dtype)
        examples = values.shape[0] if values.ndim else 1
        values_each = float(values.size // examples) if examples else 1.0
        count = graph.as_tensor(float(examples), values.dtype)
        if sample_weight is not None:
            weights = align_weights(sample_weight, values)
            values = values * weights
            count = graph.sum(graph.broadcast_to(weights, values.shape)) / values_each
        self.total.assign(self.total + graph.sum(values) / values_each)
        self.count.assign(self.count + count)

    def result(self):
        return divide_no_nan(self.total, self.count)


class MeanOfPairs(Mean):
    """The mean of `values(y_true, y_pred)`, which a subclass defines."""

    def values(self, y_true: Any, y_pred: Any) -> Tensor:
        """A value for each example."""
        raise undefined(self, "values(self, y_true, y_pred)")

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(self.values(y_true, y_pred), sample_weight)


@register()
class MeanMetricWrapper(MeanOfPairs):
    """The mean of a function (y_true, y_pred) that gives a value for each example.

    Targets `(n,)` against predictions `(n, 1)` get the missing axis before the function sees them.

    Args:
        fn: the function.
        name: key in the history, by default that of the function.
        dtype: of the sums and the result, by default float64.
        **kwargs: further arguments of the function.

    Raises:
        ShapeError: on an update, when the weights do not fit the values.

    Example:
        >>> metric = MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred), name="error")
        >>> float(metric([1.0, 2.0], [[1.0], [3.0]]))
        0.5
    """

    takes_any = True

    chosen_by_name = False

    def __init__(self, fn: Any, name: str | None = None, dtype: str | None = None, **kwargs: Any):
        self.fn: Any = registry.lookup(fn) if isinstance(fn, str) else fn
        super().__init__(name or str(getattr(self.fn, "__name__", "metric")), dtype)
        self.arguments = kwargs
        self.direction = getattr(self.fn, "direction", None)

    def values(self, y_true, y_pred):
        y_true, y_pred = pair(y_true, y_pred, ANY)
        values = graph.as_tensor(self.fn(y_true, y_pred, **self.arguments))
        if values.ndim == 0 and y_pred.ndim:  # one number for the batch is that of each example
            values = graph.broadcast_to(values, y_pred.shape[:1])
        return values

    def get_config(self):
        arguments = {name: plain(value) for name, value in self.arguments.items()}
        return {"fn": plain(self.fn), "name": self.name, "dtype": self.dtype, **arguments}


@register()
class LossMetric(Mean):
    """The mean of a loss over all examples, whatever the loss's reduction.

    Args:
        loss: a loss, or a name for `losses.get`.
        name: key in the history, by default that of the loss.
        dtype: of the sums and the result, by default float64.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(LossMetric("huber")([[0.0], [0.0]], [[1.0], [3.0]]))
        1.5
    """

    direction = "down"

    chosen_by_name = False

    def __init__(self, loss: Any, name: str | None = None, dtype: str | None = None):
        self.loss = losses.get(loss)
        super().__init__(name or str(self.loss.name), dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = self.loss.pair(y_true, y_pred)
        if y_pred.ndim == 1 and self.loss.target in (ANY, VALUES, UNIT, SIGNS):
            y_true, y_pred = graph.reshape(y_true, (-1, 1)), graph.reshape(y_pred, (-1, 1))
        values = graph.as_tensor(self.loss.call(y_true, y_pred))
        mask = self.loss.mask(y_true)
        if mask is not None:
            counts = graph.cast(mask, values.dtype)
            given = 1.0 if sample_weight is None else align_weights(sample_weight, counts)
            sample_weight = counts * given
        super().update_state(values, sample_weight)
