"""The area under a curve that a threshold draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError
from grafito.graph.tensor import Tensor
from grafito.losses.targets import divide_no_nan
from grafito.metrics.base import register
from grafito.metrics.confusion import ThresholdMetric

CURVES = ("ROC", "PR")
SUMMATIONS = ("interpolation", "minoring", "majoring")
BEYOND = 1e-7  # the first and the last threshold lie so far outside 0 to 1


@register()
class AUC(ThresholdMetric):
    """The area under the ROC curve (recall over false positive rate) or the precision-recall one.

    The curve is known at the thresholds only; more of them come nearer to the exact area.

    Args:
        num_thresholds: how many thresholds, evenly spaced over 0 to 1.
        curve: "ROC" or "PR".
        summation_method: "interpolation" (trapezes; for PR the interpolation of Davis and
            Goadrich, 2006), "minoring" or "majoring" (the lower or the upper of two heights).
        name: key in the history.
        dtype: of the sums and the result, by default float64.
        thresholds: inner thresholds of one's own in place of the even ones.
        from_logits: the predictions are logits.

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
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        *,
        from_logits: bool = False,
    ):
        words = ((curve.upper(), CURVES), (summation_method.lower(), SUMMATIONS))
        for word, known in words:
            if word not in known:
                raise ArgumentError(
                    "Unknown curve or way to sum it.",
                    where="AUC",
                    received=repr(word),
                    expected="one of " + ", ".join(map(repr, known)),
                )
        if thresholds is None and num_thresholds < 2:
            raise ArgumentError(
                "A curve needs at least two thresholds.",
                where="AUC",
                received=f"num_thresholds={num_thresholds}",
            )
        even = np.linspace(0, 1, num_thresholds)[1:-1]
        inner = even if thresholds is None else sorted(thresholds)
        super().__init__(None, [-BEYOND, *inner, 1 + BEYOND], name, dtype)
        self.thresholds = thresholds
        self.num_thresholds = len(inner) + 2
        self.curve, self.summation_method = (word for word, _ in words)
        self.from_logits = from_logits

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = graph.sigmoid(y_pred) if self.from_logits else y_pred
        super().update_state(y_true, y_pred, sample_weight)

    def result(self):
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
        return graph.sum((x[:-1] - x[1:]) * heights)


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
    return graph.sum(divide_no_nan(slope * (rise + intercept * graph.log(ratio)), tp[1:] + fn[1:]))
