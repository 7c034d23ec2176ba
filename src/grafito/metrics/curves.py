"""The area under a curve that a threshold draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, ShapeError, unknown_name
from grafito.graph.tensor import Tensor
from grafito.losses.targets import align_weights, divide_no_nan
from grafito.metrics.base import register
from grafito.metrics.confusion import ThresholdMetric, checked_thresholds, count_columns_at
from grafito.registry import plain

CURVES = ("ROC", "PR")
SUMMATIONS = ("interpolation", "minoring", "majoring")
BEYOND = 1e-7  # the first and the last threshold lie so far outside 0 to 1


@register()
class AUC(ThresholdMetric):
    """The area under the ROC curve (recall over false positive rate) or the precision-recall one.

    The curve is known at the thresholds only; more of them come nearer to the exact area.

    Args:
        num_thresholds: how many, evenly spaced over 0 to 1, where no `thresholds` are given.
        curve: "ROC" or "PR".
        summation_method: "interpolation" (trapezes; for PR the interpolation of Davis and
            Goadrich, 2006), "minoring" or "majoring" (the lower or the upper of two heights).
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        thresholds: inner thresholds of one's own; the attribute has the two ends too.
        multi_label: whether each column is a label with a curve of its own; the result is the mean
            of their areas.
        num_labels: the number of columns, by default that of the first batch.
        label_weights: weights of the labels in that mean; without `multi_label`, of the columns.
        from_logits: the predictions are logits; else one below 0 counts as 0, above 1 as 1.

    Raises:
        ArgumentError: for an unknown curve or summation, or fewer than two thresholds.
        ShapeError: on an update, when targets, predictions and weights do not fit.

    Example:
        >>> float(AUC()([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]))
        0.75
    """

    direction = "up"
    counted = ("true_positives", "false_positives", "true_negatives", "false_negatives")

    def __init__(
        self,
        num_thresholds: int | None = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ):
        for kind, word, known in (
            ("curve", str(curve).upper(), CURVES),
            ("summation_method", str(summation_method).lower(), SUMMATIONS),
        ):
            if word not in known:
                raise unknown_name(f"{kind!r} of AUC", word, known)
        few = not isinstance(num_thresholds, (int, np.integer)) or num_thresholds < 2
        if thresholds is None and few:
            raise ArgumentError(
                "A curve needs at least two thresholds.",
                where="AUC",
                received=f"num_thresholds={num_thresholds}",
                fix="num_thresholds=200, or thresholds=[0.25, 0.5, 0.75]",
            )
        given = None if thresholds is None else sorted(checked_thresholds("AUC", thresholds))
        inner = np.linspace(0, 1, num_thresholds)[1:-1] if given is None else given  # type: ignore[arg-type]
        self.multi_label, self.num_labels = multi_label, num_labels
        self.label_weights = None if label_weights is None else [float(w) for w in label_weights]
        super().__init__(None, [-BEYOND, *inner, 1 + BEYOND], name, dtype)
        self.inner_thresholds = given
        self.thresholds = [float(t) for t in self.limits]
        self.num_thresholds = len(self.limits)
        self.curve, self.summation_method = curve.upper(), summation_method.lower()
        self.from_logits = from_logits

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": plain(self.inner_thresholds)}

    def count_shape(self) -> tuple[int, ...] | None:
        """The shape of the counts; of several labels it is found with the first batch."""
        return None if self.multi_label else super().count_shape()

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = graph.sigmoid(y_pred) if self.from_logits else graph.clip(y_pred, 0.0, 1.0)
        labels = y_pred.shape[-1] if y_pred.ndim else 0
        wanted = self.num_labels or len(self.label_weights or ()) or labels
        if (self.multi_label or self.label_weights) and (y_pred.ndim != 2 or labels != wanted):
            raise ShapeError(
                "AUC of several labels takes a column for each of them.",
                where=self.name,
                received=f"predictions {y_pred.shape}",
                expected=f"(examples, {wanted})" if y_pred.ndim == 2 else "(examples, labels)",
            )
        if self.multi_label:
            self.make_counts((len(self.limits), labels))
        elif self.label_weights:
            weights = graph.as_tensor(1.0) if sample_weight is None else sample_weight
            columns = graph.constant(self.label_weights)
            sample_weight = (
                graph.broadcast_to(align_weights(weights, y_pred), y_pred.shape) * columns
            )
        super().update_state(y_true, y_pred, sample_weight)

    def count(self, y_true, y_pred, sample_weight):
        if not self.multi_label:
            return super().count(y_true, y_pred, sample_weight)
        return count_columns_at(self.limits, y_true, y_pred, sample_weight)

    def result(self):
        if not hasattr(self, self.counted[0]):  # of several labels, before the first batch
            return graph.constant(0.0)
        areas = self.areas()
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return graph.mean(areas)
        weights = graph.constant(self.label_weights, areas.dtype)
        return divide_no_nan(graph.sum(areas * weights), graph.sum(weights))

    def areas(self) -> Tensor:
        """The area, or that of each label."""
        tp, fp, tn, fn = (graph.as_tensor(getattr(self, count)) for count in self.counted)
        recall = divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            return self.area(divide_no_nan(fp, fp + tn), recall)
        if self.summation_method == "interpolation":
            return _area_of_precision(tp, fp, fn)
        return self.area(recall, divide_no_nan(tp, tp + fp))

    def area(self, x: Tensor, y: Tensor) -> Tensor:
        """The sum of strips; x falls while the threshold rises."""
        left, right = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (left + right) / 2
        else:
            bound = graph.minimum if self.summation_method == "minoring" else graph.maximum
            heights = bound(left, right)
        return graph.sum((x[:-1] - x[1:]) * heights, axis=0)


def _area_of_precision(tp: Tensor, fp: Tensor, fn: Tensor) -> Tensor:
    """∫ precision d recall, where true positives are linear in positives between two thresholds.

    With TP = a + s P the integral of TP / P over a strip is s ΔTP + s a ln(P_left / P_right).
    """
    positives = tp + fp
    left, right = positives[:-1], positives[1:]
    rise = tp[:-1] - tp[1:]
    slope = divide_no_nan(rise, left - right)
    intercept = tp[1:] - slope * right
    both = graph.logical_and(left > 0, right > 0)
    ratio = graph.where(both, divide_no_nan(left, right), 1)
    strips = divide_no_nan(slope * (rise + intercept * graph.log(ratio)), tp[1:] + fn[1:])
    return graph.sum(strips, axis=0)
