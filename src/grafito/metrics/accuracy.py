"""Accuracies: the share of predictions that are right, for every form of labels."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.graph.tensor import Tensor
from grafito.losses.targets import CLASSES, ONE_HOT, VALUES, pair
from grafito.metrics.base import register
from grafito.metrics.means import MeanOfPairs
from grafito.registry import known_arguments


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the prediction equals the target, else 0, element by element.

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> accuracy([1.0, 2.0], [1.0, 3.0]).numpy().tolist()
        [1.0, 0.0]
    """
    return _float(graph.equal(*pair(y_true, y_pred, VALUES, where="accuracy")))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where the target, 0 or 1, says whether the prediction is above the threshold, else 0.

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> binary_accuracy([[1], [0]], [[0.8], [0.6]]).numpy().tolist()
        [[1.0], [0.0]]
    """
    y_true, y_pred = pair(y_true, y_pred, VALUES, where="binary_accuracy")
    return _float(graph.equal(y_true, _float(graph.greater(y_pred, float(threshold)))))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest prediction is at the class of the one-hot target, else 0.

    Of predictions that tie the first counts as the largest.

    Raises:
        ShapeError: when the shapes differ, as those of integer labels do.

    Example:
        >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]]).numpy().tolist()
        [1.0, 0.0]
    """
    where, other = "categorical_accuracy", "sparse_categorical_accuracy"
    y_true, y_pred = pair(y_true, y_pred, ONE_HOT, where=where, other=other)
    return _float(graph.equal(graph.argmax(y_true, axis=-1), graph.argmax(y_pred, axis=-1)))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest prediction is at the class that the integer target names, else 0.

    Of predictions that tie the first counts as the largest.

    Raises:
        ShapeError: when the targets are not `(n,)` or `(n, 1)` against `(n, classes)`.

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.3, 0.7]]).numpy().tolist()
        [1.0, 0.0]
    """
    where, other = "sparse_categorical_accuracy", "categorical_accuracy"
    y_true, y_pred = pair(y_true, y_pred, CLASSES, where=where, other=other)
    return _float(graph.equal(y_true, graph.argmax(y_pred, axis=-1)))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where fewer than k predictions are larger than that of the one-hot target's class, else 0.

    Raises:
        ShapeError: when the shapes differ, as those of integer labels do.

    Example:
        >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.2, 0.3]], k=2).numpy().tolist()
        [1.0]
    """
    where, other = "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"
    y_true, y_pred = pair(y_true, y_pred, ONE_HOT, where=where, other=other)
    return _among_largest(graph.argmax(y_true, axis=-1), y_pred, k)


@known_arguments
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where fewer than k predictions are larger than that of the target's class, else 0.

    Raises:
        ShapeError: when the targets are not `(n,)` or `(n, 1)` against `(n, classes)`.

    Example:
        >>> sparse_top_k_categorical_accuracy([2], [[0.5, 0.2, 0.3]], k=2).numpy().tolist()
        [1.0]
    """
    where, other = "sparse_top_k_categorical_accuracy", "top_k_categorical_accuracy"
    return _among_largest(*pair(y_true, y_pred, CLASSES, where=where, other=other), k)


for _function in (accuracy, binary_accuracy, categorical_accuracy, sparse_categorical_accuracy):
    _function.direction = "up"  # type: ignore[attr-defined]
for _function in (top_k_categorical_accuracy, sparse_top_k_categorical_accuracy):
    _function.direction = "up"  # type: ignore[attr-defined]


def _among_largest(labels: Tensor, y_pred: Tensor, k: int) -> Tensor:
    own = graph.one_hot(labels, y_pred.shape[-1], "bool")
    score = graph.max(graph.where(own, y_pred, float("-inf")), axis=-1, keepdims=True)
    score = graph.where(graph.not_equal(score, score), float("-inf"), score)  # NaN is not large
    return _float(graph.less(graph.sum(graph.greater(y_pred, score), axis=-1), k))


def _float(truth: Tensor) -> Tensor:
    return graph.cast(truth, "float32")


@register()
class Accuracy(MeanOfPairs):
    """The share of predictions that equal their target.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(Accuracy()([1, 2, 3, 4], [1, 2, 3, 0]))
        0.75
    """

    direction = "up"

    def __init__(self, name: str = "accuracy", dtype: str | None = None):
        super().__init__(name, dtype)

    def values(self, y_true, y_pred):
        return accuracy(y_true, y_pred)


@register()
class BinaryAccuracy(MeanOfPairs):
    """The share of targets, 0 or 1, that say whether the prediction is above a threshold.

    Args:
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        threshold: what a prediction must exceed to count as 1.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(BinaryAccuracy()([1, 0], [[0.8], [0.6]]))
        0.5
    """

    direction = "up"

    def __init__(
        self, name: str = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5
    ):
        super().__init__(name, dtype)
        self.threshold = threshold

    def values(self, y_true, y_pred):
        return binary_accuracy(y_true, y_pred, self.threshold)


@register()
class CategoricalAccuracy(MeanOfPairs):
    """The share of one-hot targets whose class has the largest prediction.

    Arguments and errors are those of `Accuracy`.

    Example:
        >>> float(CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]]))
        0.5
    """

    direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype: str | None = None):
        super().__init__(name, dtype)

    def values(self, y_true, y_pred):
        return categorical_accuracy(y_true, y_pred)


@register()
class SparseCategoricalAccuracy(MeanOfPairs):
    """The share of integer targets whose class has the largest prediction.

    Arguments and errors are those of `Accuracy`.

    Example:
        >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.3, 0.7]]))
        0.5
    """

    direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: str | None = None):
        super().__init__(name, dtype)

    def values(self, y_true, y_pred):
        return sparse_categorical_accuracy(y_true, y_pred)


@register()
class TopKCategoricalAccuracy(MeanOfPairs):
    """The share of one-hot targets whose class is among the k largest predictions.

    Args:
        k: how many predictions count.
        name: key in the history.
        dtype: of the sums and the result, by default float64.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.5, 0.2, 0.3]]))
        1.0
    """

    direction = "up"

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: str | None = None
    ):
        super().__init__(name, dtype)
        self.k = k

    def values(self, y_true, y_pred):
        return top_k_categorical_accuracy(y_true, y_pred, self.k)


@register()
class SparseTopKCategoricalAccuracy(MeanOfPairs):
    """The share of integer targets whose class is among the k largest predictions.

    Arguments and errors are those of `TopKCategoricalAccuracy`.

    Example:
        >>> float(SparseTopKCategoricalAccuracy(k=2)([2], [[0.5, 0.2, 0.3]]))
        1.0
    """

    direction = "up"

    def __init__(
        self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy", dtype: str | None = None
    ):
        super().__init__(name, dtype)
        self.k = k

    def values(self, y_true, y_pred):
        return sparse_top_k_categorical_accuracy(y_true, y_pred, self.k)
