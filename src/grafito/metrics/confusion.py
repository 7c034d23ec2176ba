"""Metrics of right and wrong: counts at thresholds, precision, recall, the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.graph.dtypes import is_floating
from grafito.graph.tensor import Tensor
from grafito.losses.targets import EACH, EITHER, VALUES, align_weights, divide_no_nan, pair
from grafito.metrics.base import STATE, Metric, register

Thresholds = float | Sequence[float] | None


class ThresholdMetric(Metric):
    """What is counted at thresholds: a prediction above one says yes, a target not 0 means yes."""

    counted: ClassVar[tuple[str, ...]] = ()  # the counts that a subclass keeps, as attributes

    top_k: int | None = None
    class_id: int | None = None

    def __init__(self, thresholds: Thresholds, default: Any, name: str | None, dtype: str | None):
        super().__init__(dtype, name)
        self.thresholds = thresholds
        if thresholds is not None:
            checked_thresholds(self.name, thresholds)
        self.limits = np.ravel(default if thresholds is None else thresholds)
        self.make_counts(self.count_shape())

    def count_shape(self) -> tuple[int, ...] | None:
        """The shape of each count, where it is known."""
        return self.limits.shape

    def make_counts(self, shape: tuple[int, ...] | None) -> None:
        """Make the counts that are not there yet."""
        for count in self.counted:
            if shape is not None and count not in vars(self):
                setattr(self, count, self.add_variable(shape, name=count))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = pair(y_true, y_pred, EACH, where=self.name)
        if self.top_k is not None:
            y_pred = graph.where(_among_first(y_pred, self.top_k), y_pred, float("-inf"))
        if self.class_id is not None:
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
        counts = self.count(y_true, y_pred, sample_weight)
        for count in self.counted:
            variable = getattr(self, count)
            variable.assign(variable + counts[count])

    def count(self, y_true: Tensor, y_pred: Tensor, sample_weight: Any) -> dict[str, Tensor]:
        """The counts of one batch."""
        return count_at(self.limits, y_true, y_pred, sample_weight)

    def single(self, x: Tensor) -> Tensor:
        """A number where there is one threshold, else one for each."""
        return graph.reshape(x, ()) if x.size == 1 else x


def checked_thresholds(where: str, thresholds: Any) -> list[float]:
    """One threshold or several as a flat list.

    Raises:
        ArgumentError: for what is no number from 0 to 1.
    """
    flat = np.ravel(np.asarray(thresholds, dtype=object)).tolist()
    if not all(isinstance(t, Real) and 0 <= float(t) <= 1 for t in flat):
        raise ArgumentError(
            "A threshold must be a probability.",
            where=where,
            received=f"thresholds={thresholds}",
            expected="numbers from 0 to 1",
        )
    return [float(t) for t in flat]


def count_columns_at(
    limits: np.ndarray, y_true: Tensor, y_pred: Tensor, sample_weight: Any = None
) -> dict[str, Tensor]:
    """The counts of each column: thresholds by columns."""
    weights = graph.as_tensor(1.0) if sample_weight is None else sample_weight
    weights = graph.broadcast_to(align_weights(weights, y_pred), y_pred.shape)
    weights = graph.expand_dims(graph.cast(weights, STATE), 0)
    p = y_pred if is_floating(y_pred.dtype) else graph.cast(y_pred, "float32")
    above = graph.expand_dims(p, 0) > graph.constant(limits.reshape(-1, 1, 1), p.dtype)
    says_yes = graph.cast(above, STATE)
    yes = weights * graph.expand_dims(graph.cast(graph.not_equal(y_true, 0), STATE), 0)
    no = weights - yes
    true_positives = graph.sum(yes * says_yes, axis=1)
    false_positives = graph.sum(no * says_yes, axis=1)
    return {
        "true_positives": true_positives,
        "false_positives": false_positives,
        "true_negatives": graph.sum(no, axis=1) - false_positives,
        "false_negatives": graph.sum(yes, axis=1) - true_positives,
    }


def count_at(
    limits: np.ndarray, y_true: Tensor, y_pred: Tensor, sample_weight: Any = None
) -> dict[str, Tensor]:
    """The weighted numbers of true and false, positive and negative predictions per threshold."""
    weights = graph.as_tensor(1.0) if sample_weight is None else sample_weight
    weights = graph.broadcast_to(align_weights(weights, y_pred), y_pred.shape)
    weights = graph.cast(graph.reshape(weights, (-1,)), STATE)
    p, t = graph.reshape(y_pred, (-1, 1)), graph.reshape(y_true, (-1,))
    p = p if is_floating(p.dtype) else graph.cast(p, "float32")
    says_yes = graph.cast(p > graph.as_tensor(limits, p.dtype), STATE)
    yes = weights * graph.cast(graph.not_equal(t, 0), STATE)
    no = weights - yes
    true_positives, false_positives = yes @ says_yes, no @ says_yes
    return {
        "true_positives": true_positives,
        "false_positives": false_positives,
        "true_negatives": graph.sum(no) - false_positives,
        "false_negatives": graph.sum(yes) - true_positives,
    }


def _among_first(x: Tensor, k: int) -> Tensor:
    """True for the k largest elements of the last axis; of those that tie the first come first."""
    size = x.shape[-1]
    mine, other = graph.expand_dims(x, -1), graph.expand_dims(x, -2)
    earlier = np.tri(size, size, -1, dtype=bool)  # [i, j]: j comes before i
    ahead = graph.logical_or(other > mine, graph.logical_and(graph.equal(other, mine), earlier))
    return graph.sum(ahead, axis=-1) < k


@register()
class TruePositives(ThresholdMetric):
    """The number of examples that are positive and said to be so.

    Args:
        thresholds: what a prediction must exceed to say yes; one number or several, 0.5 by default.
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(TruePositives()([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]))
        1.0
    """

    direction = "up"
    counted = ("true_positives",)

    def __init__(
        self, thresholds: Thresholds = None, name: str | None = None, dtype: str | None = None
    ):
        super().__init__(thresholds, 0.5, name, dtype)

    def result(self):
        return self.single(graph.as_tensor(getattr(self, self.counted[0])))


@register()
class FalsePositives(TruePositives):
    """The number of examples that are negative and said to be positive.

    Arguments and errors are those of `TruePositives`.

    Example:
        >>> float(FalsePositives()([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.7]))
        2.0
    """

    direction = "down"
    counted = ("false_positives",)


@register()
class TrueNegatives(TruePositives):
    """The number of examples that are negative and said to be so.

    Arguments and errors are those of `TruePositives`.

    Example:
        >>> float(TrueNegatives()([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]))
        1.0
    """

    counted = ("true_negatives",)


@register()
class FalseNegatives(TruePositives):
    """The number of examples that are positive and said to be negative.

    Arguments and errors are those of `TruePositives`.

    Example:
        >>> float(FalseNegatives()([1, 1, 0, 0], [0.3, 0.2, 0.8, 0.1]))
        2.0
    """

    direction = "down"
    counted = ("false_negatives",)


class ShareOfPositives(ThresholdMetric):
    """What precision and recall share: true positives over them and one kind of error."""

    direction = "up"

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(thresholds, 0.5 if top_k is None else -np.inf, name, dtype)
        self.top_k = top_k
        self.class_id = class_id

    def result(self):
        right, wrong = (getattr(self, count) for count in self.counted)
        return self.single(divide_no_nan(right, right + wrong))


@register()
class Precision(ShareOfPositives):
    """The precision, TP / (TP + FP): the share of positive predictions that are right.

    0 where nothing is said to be positive.

    Args:
        thresholds: what a prediction must exceed to say yes; one number or several, 0.5 by default.
        top_k: only the k largest predictions of an example say yes.
        class_id: count this column only.
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ArgumentError: for thresholds outside 0 to 1.
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(Precision()([1, 1, 0, 1], [0.9, 0.7, 0.8, 0.6]))
        0.75
    """

    counted = ("true_positives", "false_positives")


@register()
class Recall(ShareOfPositives):
    """The recall, TP / (TP + FN): the share of positive examples that are found.

    0 where nothing is positive. Arguments and errors are those of `Precision`.

    Example:
        >>> float(Recall()([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.6]))
        0.5
    """

    counted = ("true_positives", "false_negatives")


@register()
class ConfusionMatrix(Metric):
    """How often each class (row) is taken for each class (column): sums of weights.

    The predicted class is that of the largest of `(n, classes)` predictions; a single one,
    `(n, 1)` or `(n,)`, says 1 where it is above 0.5, and integers are class numbers already.

    Args:
        num_classes: the number of classes.
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ArgumentError: for fewer than two classes.
        ShapeError: on an update, when the predictions do not have so many classes, or targets
            or weights do not fit.

    Example:
        >>> matrix = ConfusionMatrix(2)
        >>> matrix([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]).numpy().tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """

    def __init__(self, num_classes: int, name: str = "confusion_matrix", dtype: str | None = None):
        super().__init__(dtype, name)
        if num_classes < 2:
            raise ArgumentError(
                "A confusion matrix needs at least two classes.", received=num_classes
            )
        self.num_classes = num_classes
        self.matrix = self.add_variable((num_classes, num_classes), name="matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        true, said = self._classes(graph.as_tensor(y_true), graph.as_tensor(y_pred))
        rows = graph.one_hot(true, self.num_classes, STATE)
        columns = graph.one_hot(said, self.num_classes, STATE)
        if sample_weight is not None:
            rows = rows * graph.expand_dims(
                graph.broadcast_to(align_weights(sample_weight, rows[:, 0]), true.shape), -1
            )
        self.matrix.assign(self.matrix + graph.transpose(rows) @ columns)

    def _classes(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
        """The true and the predicted class numbers, each a vector."""
        if y_pred.dtype.lstrip("u").startswith("int"):
            y_true, y_pred = pair(y_true, y_pred, VALUES, where=self.name)
            said = graph.cast(y_pred, "int32")
        elif self.num_classes == 2 and (y_pred.ndim == 1 or y_pred.shape[-1] == 1):
            y_true, y_pred = pair(y_true, y_pred, VALUES, where=self.name)
            said = graph.cast(y_pred > 0.5, "int32")
        elif y_pred.ndim > 1 and y_pred.shape[-1] == self.num_classes:
            y_true, y_pred = pair(y_true, y_pred, EITHER, where=self.name)
            y_true = graph.argmax(y_true, axis=-1) if y_true.ndim == y_pred.ndim else y_true
            said = graph.argmax(y_pred, axis=-1)
        else:
            raise ShapeError(
                "The predictions do not have the classes of the confusion matrix.",
                where=self.name,
                received=f"predictions {y_pred.shape}",
                expected=f"(n, {self.num_classes}), or integers",
                fix=f"ConfusionMatrix({y_pred.shape[-1] if y_pred.ndim > 1 else 2})",
            )
        true = graph.cast(y_true, "int32")
        return graph.reshape(true, (-1,)), graph.reshape(said, (-1,))

    def result(self):
        return graph.as_tensor(self.matrix)
