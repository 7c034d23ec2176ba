"""How well regions of classes are found: the overlap of what is true with what is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError
from grafito.graph.tensor import Tensor
from grafito.losses.targets import VALUES, align_weights, divide_no_nan, pair
from grafito.metrics.base import STATE, Metric, register


class _Overlap(Metric):
    """The mean overlap of some classes, from the counts of a confusion matrix."""

    direction = "up"
    wanted: Sequence[int] | None = None  # classes; None for all

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(dtype, name)
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.matrix = self.add_variable((num_classes, num_classes), name="matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        true, said = (
            self._classes(y_true, self.sparse_y_true),
            self._classes(y_pred, self.sparse_y_pred),
        )
        true, said = pair(true, said, VALUES, where=self.name)
        weights = graph.as_tensor(1.0) if sample_weight is None else sample_weight
        weights = graph.broadcast_to(align_weights(weights, said), said.shape)
        if self.ignore_class is not None:
            weights = weights * graph.not_equal(true, self.ignore_class)
        true, said, weights = (graph.reshape(x, (-1,)) for x in (true, said, weights))
        numbers = graph.arange(self.num_classes)
        rows, columns = (
            graph.cast(graph.equal(graph.expand_dims(x, -1), numbers), STATE) for x in (true, said)
        )
        weighted = rows * graph.expand_dims(graph.cast(weights, STATE), -1)
        self.matrix.assign(self.matrix + graph.transpose(weighted) @ columns)

    def _classes(self, x: Any, sparse: bool) -> Tensor:
        return graph.cast(x, "int32") if sparse else graph.argmax(x, axis=self.axis)

    def result(self):
        matrix = graph.as_tensor(self.matrix)
        both = graph.sum(matrix * graph.eye(self.num_classes, dtype=matrix.dtype), axis=0)
        either = graph.sum(matrix, axis=0) + graph.sum(matrix, axis=1) - both
        if self.wanted is not None:
            both, either = (graph.take(x, list(self.wanted), axis=0) for x in (both, either))
        seen = graph.cast(either > 0, matrix.dtype)
        return divide_no_nan(graph.sum(divide_no_nan(both, either)), graph.sum(seen))


@register()
class MeanIoU(_Overlap):
    """The mean over the classes of TP / (TP + FP + FN): intersection over union of their regions.

    Classes that are neither true nor said do not count, nor do elements outside of the classes.

    Args:
        num_classes: how many classes there are.
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        ignore_class: elements with this true class do not count.
        sparse_y_true: whether targets are class numbers; else the largest along `axis` is taken.
        sparse_y_pred: the same of the predictions.
        axis: the axis of the classes.

    Raises:
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> print(round(float(MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1])), 4))
        0.3333
    """

    chosen_by_name = False


@register()
class IoU(_Overlap):
    """The mean over some classes of TP / (TP + FP + FN): intersection over union of their regions.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes that count.
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        ignore_class: elements with this true class do not count.
        sparse_y_true: whether targets are class numbers; else the largest along `axis` is taken.
        sparse_y_pred: the same of the predictions.
        axis: the axis of the classes.

    Raises:
        ArgumentError: for a class that there is not.
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> print(round(float(IoU(2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])), 4))
        0.3333
    """

    chosen_by_name = False

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ):
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        self.target_class_ids = self.wanted = list(target_class_ids)
        if not self.wanted or not all(0 <= each < num_classes for each in self.wanted):
            raise ArgumentError(
                "There is no such class.",
                where="IoU",
                received=f"target_class_ids={target_class_ids}",
                expected=f"classes from 0 to {num_classes - 1}",
            )
