"""Hinge losses: of scores, which must win by a margin of 1."""

from __future__ import annotations

from grafito import graph
from grafito.graph.tensor import Tensor
from grafito.losses.base import StandardLoss, function_form, register
from grafito.losses.targets import EITHER, ONE_HOT, SIGNS


def _signs(y_true: Tensor) -> Tensor:
    """Labels 0 or 1 as -1 or 1; labels -1 or 1 as they are."""
    return graph.where(graph.equal(y_true, 0), -1, y_true)


@register()
class Hinge(StandardLoss):
    """The hinge loss, the mean of max(0, 1 - y s) over the outputs: labels y of -1 or 1, scores s.

    Labels 0 count as -1. At the hinge, y s = 1, the slope is half of that beside it.

    Args:
        reduction: see `Loss`.
        name: what errors and drawings call it.
        dtype: see `Loss`.

    Raises:
        ShapeError: when targets and predictions differ in shape.

    Source: C. Cortes and V. Vapnik, Support-Vector Networks, 1995.

    Example:
        >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.0
    """

    target = SIGNS

    def call(self, y_true, y_pred):
        return graph.mean(graph.maximum(1 - _signs(y_true) * y_pred, 0), axis=-1)


@register()
class SquaredHinge(StandardLoss):
    """The squared hinge loss, the mean of max(0, 1 - y s)² over the outputs.

    Arguments and labels are those of `Hinge`.

    Example:
        >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.25
    """

    target = SIGNS

    def call(self, y_true, y_pred):
        violation = graph.maximum(1 - _signs(y_true) * y_pred, 0)
        return graph.mean(graph.square(violation), axis=-1)


@register()
class CategoricalHinge(StandardLoss):
    """The hinge loss of the strongest rival, max(0, 1 + max((1 - y) s) - Σ y s), y one-hot.

    Arguments are those of `Hinge`. As in Keras the true class stays among the rivals, with a
    score of 0: with negative scores it differs from Crammer and Singer's loss.

    Raises:
        ShapeError: when targets and predictions differ in shape, as integer labels do.

    Example:
        >>> float(CategoricalHinge()([[0, 1, 0]], [[0.5, 2.0, 1.5]]))
        0.5
    """

    target = ONE_HOT
    other = "multiclass_hinge"

    def call(self, y_true, y_pred):
        own = graph.sum(y_true * y_pred, axis=-1)
        rival = graph.max((1 - y_true) * y_pred, axis=-1)
        return graph.maximum(rival - own + 1, 0)


@register("svm", "SVM")
class MulticlassHinge(StandardLoss):
    """The multiclass hinge loss, Σ max(0, 1 + s_j - s_y) over the classes j that are not y.

    The "SVM loss" of courses. Every rival counts that comes nearer than 1 to the true class's
    score, not the strongest alone as in `CategoricalHinge`. Arguments are those of `Hinge`.
    The labels may be integers, shape `(n,)` or `(n, 1)`, or one-hot rows.

    Raises:
        ShapeError: when the targets fit neither way.

    Source: J. Weston and C. Watkins, Support Vector Machines for Multi-Class Pattern
    Recognition, ESANN 1999.

    Example:
        >>> float(MulticlassHinge()([1], [[1.5, 2.0, 3.0]]))
        2.5
    """

    target = EITHER

    def call(self, y_true, y_pred):
        if y_true.shape != y_pred.shape:
            y_true = graph.one_hot(y_true, y_pred.shape[-1], y_pred.dtype)
        own = graph.sum(y_true * y_pred, axis=-1, keepdims=True)
        violations = graph.maximum(1 + y_pred - own, 0)
        return graph.sum((1 - y_true) * violations, axis=-1)


hinge = function_form(Hinge)
squared_hinge = function_form(SquaredHinge)
categorical_hinge = function_form(CategoricalHinge)
multiclass_hinge = function_form(MulticlassHinge)
