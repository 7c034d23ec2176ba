"""Losses of numbers: errors of regression, and divergences of rates and distributions."""

from __future__ import annotations

import math

from grafito import graph
from grafito.graph.neural import EPSILON
from grafito.losses.base import Loss, StandardLoss, function_form, register
from grafito.losses.targets import UNIT, VALUES


@register("mse", "MSE")
class MeanSquaredError(StandardLoss):
    """The mean squared error, Σ (y - p)² / k over the k outputs of an example.

    Args:
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when targets and predictions differ in shape.

    Example:
        >>> float(MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
        2.0
    """

    target = VALUES

    def call(self, y_true, y_pred):
        return graph.mean(graph.square(y_true - y_pred), axis=-1)


@register("mae", "MAE")
class MeanAbsoluteError(StandardLoss):
    """The mean absolute error, Σ |y - p| / k over the k outputs of an example.

    Arguments and errors are those of `MeanSquaredError`. The slope where y = p is 0.

    Example:
        >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
        1.0
    """

    target = VALUES

    def call(self, y_true, y_pred):
        return graph.mean(graph.abs(y_true - y_pred), axis=-1)


@register("mape", "MAPE")
class MeanAbsolutePercentageError(StandardLoss):
    """The mean absolute error in percent of the target, 100 Σ |y - p| / max(|y|, 1e-7) / k.

    Arguments and errors are those of `MeanSquaredError`. Targets near 0 make it huge.

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
        25.0
    """

    target = VALUES

    def call(self, y_true, y_pred):
        scale = graph.maximum(graph.abs(y_true), EPSILON)
        return 100 * graph.mean(graph.abs((y_true - y_pred) / scale), axis=-1)


@register("msle", "MSLE")
class MeanSquaredLogarithmicError(StandardLoss):
    """The squared error of logarithms, Σ (ln(1 + y) - ln(1 + p))² / k, for quantities above 0.

    Arguments and errors are those of `MeanSquaredError`. Values below 1e-7 count as 1e-7.

    Example:
        >>> float(MeanSquaredLogarithmicError()([[0.0]], [[0.0]]))
        0.0
    """

    target = VALUES

    def call(self, y_true, y_pred):
        difference = _log_of_one_more(y_pred) - _log_of_one_more(y_true)
        return graph.mean(graph.square(difference), axis=-1)


def _log_of_one_more(x):
    return graph.log1p(graph.maximum(x, EPSILON))


@register("logcosh")
class LogCosh(StandardLoss):
    """The mean of ln cosh(p - y): near x²/2 for small errors x, near |x| - ln 2 for large ones.

    Arguments and errors are those of `MeanSquaredError`. It does not overflow.

    Example:
        >>> print(round(float(LogCosh()([[0.0]], [[1000.0]])), 3))
        999.307
    """

    target = VALUES

    def call(self, y_true, y_pred):
        x = y_pred - y_true
        return graph.mean(x + graph.softplus(-2 * x) - math.log(2), axis=-1)


@register()
class Huber(Loss):
    """The Huber loss: x²/2 for errors |x| ≤ δ, and δ |x| - δ²/2 beyond; the mean over outputs.

    Args:
        delta: δ, where it turns from a parabola into a line.
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when targets and predictions differ in shape.

    Source: P. J. Huber, Robust Estimation of a Location Parameter, 1964.

    Example:
        >>> float(Huber(delta=1.0)([[0.0, 0.0]], [[1.0, 3.0]]))
        1.5
    """

    target = VALUES

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(name, reduction, dtype)
        self.delta = delta

    def call(self, y_true, y_pred):
        x = y_pred - y_true
        size = graph.abs(x)
        parabola, line = 0.5 * graph.square(x), self.delta * size - 0.5 * self.delta**2
        return graph.mean(graph.where(size <= self.delta, parabola, line), axis=-1)


@register("kld", "KLD", "kullback_leibler_divergence")
class KLDivergence(StandardLoss):
    """The Kullback-Leibler divergence, Σ y ln(y / p) over the last axis, of two distributions.

    Arguments and errors are those of `MeanSquaredError`; both are clipped to [1e-7, 1].

    Example:
        >>> print(round(float(KLDivergence()([[0.0, 1.0]], [[0.5, 0.5]])), 4))
        0.6931
    """

    target = UNIT

    def call(self, y_true, y_pred):
        y_true, y_pred = graph.clip(y_true, EPSILON, 1), graph.clip(y_pred, EPSILON, 1)
        return graph.sum(y_true * graph.log(y_true / y_pred), axis=-1)


@register()
class Poisson(StandardLoss):
    """The Poisson loss, Σ (p - y ln(p + 1e-7)) / k: counts y, predicted rates p above 0.

    Arguments and errors are those of `MeanSquaredError`. A rate below 0 gives NaN.

    Example:
        >>> float(Poisson()([[0.0, 3.0]], [[1.0, 1.0]]).numpy().round(4))
        1.0
    """

    target = VALUES

    def call(self, y_true, y_pred):
        return graph.mean(y_pred - y_true * graph.log(y_pred + EPSILON), axis=-1)


mean_squared_error = function_form(MeanSquaredError)
mean_absolute_error = function_form(MeanAbsoluteError)
mean_absolute_percentage_error = function_form(MeanAbsolutePercentageError)
mean_squared_logarithmic_error = function_form(MeanSquaredLogarithmicError)
log_cosh = function_form(LogCosh)
huber = function_form(Huber)
kl_divergence = function_form(KLDivergence)
poisson = function_form(Poisson)
