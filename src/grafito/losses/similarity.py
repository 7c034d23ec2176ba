"""Losses of agreement: the angle between two vectors, the overlap of two regions."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.graph.neural import EPSILON
from grafito.losses.base import Loss, function_form, register
from grafito.losses.targets import UNIT, VALUES


@register()
class CosineSimilarity(Loss):
    """The cosine of the angle between y and p with the sign changed, -Σ y p / (|y| |p|).

    -1 for the same direction, 0 for a right angle or a vector of zeros, 1 for opposite ones.

    Args:
        axis: the axis along which the vectors lie.
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when targets and predictions differ in shape.

    Example:
        >>> float(CosineSimilarity()([[0.0, 2.0]], [[3.0, 0.0]]))
        0.0
    """

    target = VALUES

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(name, reduction, dtype)
        self.axis = axis

    def call(self, y_true, y_pred):
        y, p = (
            x / graph.maximum(graph.norm(x, self.axis, keepdims=True), EPSILON)
            for x in (y_true, y_pred)
        )
        return -graph.sum(y * p, self.axis)


@register()
class Dice(Loss):
    """One minus the overlap of two regions, 1 - 2 Σ y p / (Σ y + Σ p + 1e-7).

    Args:
        axis: the axes of the sums; None for all, so that a batch has one loss.
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when targets and predictions differ in shape.

    Source: Milletari, Navab and Ahmadi, V-Net, 2016.

    Example:
        >>> print(round(float(Dice()([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4))
        0.3333
    """

    target = UNIT

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        axis: Any = None,
        dtype: str | None = None,
    ):
        super().__init__(name, reduction, dtype)
        self.axis = axis

    def call(self, y_true, y_pred):
        both, y, p = (graph.sum(x, self.axis) for x in (y_true * y_pred, y_true, y_pred))
        return 1 - 2 * both / (y + p + EPSILON)


cosine_similarity = function_form(CosineSimilarity)
dice = function_form(Dice)
