"""One row for each loss and metric, or several where arguments change what it computes.

A test walks the registries and fails on a part without a row, so a new part begins here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grafito import graph

RANDOM = np.random.default_rng(7)
N, K = 11, 4

LOGITS = RANDOM.normal(size=(N, K)) * 2
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
SIGMOIDS = 1 / (1 + np.exp(-LOGITS))
NUMBERS = RANDOM.normal(size=(N, K))
COUNTS = RANDOM.integers(0, 4, (N, K)).astype(float)
LABELS = RANDOM.integers(0, K, N)
ONE_HOT = np.eye(K)[LABELS]
YES_NO = RANDOM.integers(0, 2, (N, K)).astype(float)
WEIGHTS = RANDOM.random(N)
TIES = np.round(SOFTMAX * 4) / 4  # many predictions are equal


@dataclass(frozen=True)
class Row:
    """A loss or metric with arguments, and what it compares.

    Attributes:
        name: of the class.
        y_true: targets.
        y_pred: predictions.
        arguments: of the constructor.
        by_hand: targets, predictions and the result, worked out on paper.
        keras: whether Keras has it.
        unlike_keras: names of Keras's arguments that it does not take.
    """

    name: str
    y_true: np.ndarray
    y_pred: np.ndarray
    arguments: dict[str, Any] = field(default_factory=dict)
    by_hand: tuple[Any, Any, float] | None = None
    keras: bool = True
    unlike_keras: tuple[str, ...] = ()

    def __str__(self) -> str:
        given = ",".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.name}({given})"

    def build(self, module: Any, **more: Any) -> Any:
        """The part, from grafito's module or from Keras's."""
        return getattr(module, self.name)(**{**self.arguments, **more})


LN2 = float(np.log(2))
DENSE = {"sparse_y_true": False, "sparse_y_pred": False}
SMOOTH = {"from_logits": True, "label_smoothing": 0.1}

LOSSES = [
    Row("MeanSquaredError", NUMBERS, LOGITS, {}, ([[1.0, 2.0]], [[3.0, 1.0]], 2.5)),
    Row("MeanAbsoluteError", NUMBERS, LOGITS, {}, ([[1.0, 2.0]], [[3.0, 1.0]], 1.5)),
    Row("MeanAbsolutePercentageError", NUMBERS, LOGITS, {}, ([[1.0, -2.0]], [[3.0, -1.0]], 125.0)),
    Row("MeanSquaredLogarithmicError", COUNTS, LOGITS, {}, ([[1.0]], [[3.0]], LN2**2)),
    Row("LogCosh", NUMBERS, LOGITS, {}, ([[0.0]], [[LN2]], float(np.log(1.25)))),
    Row("Huber", NUMBERS, LOGITS, {}, ([[0.0, 0.0]], [[0.5, -2.0]], 0.8125)),
    Row("Huber", NUMBERS, LOGITS, {"delta": 0.3}, ([[0.0]], [[1.3]], 0.345)),
    Row("CosineSimilarity", NUMBERS, LOGITS, {}, ([[3.0, 4.0]], [[4.0, 3.0]], -0.96)),
    Row("CosineSimilarity", NUMBERS, LOGITS, {"axis": 0}, ([[0.0]], [[2.0]], 0.0)),
    Row("Dice", YES_NO, SIGMOIDS, {}, ([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], 1 - 2 / (3 + 1e-7))),
    Row(
        "Dice",
        YES_NO,
        SIGMOIDS,
        {"axis": -1},
        ([[1, 0], [0, 1]], [[1, 0], [1, 1]], 1 - 1 / (2 + 1e-7) - 1 / (3 + 1e-7)),
    ),
    Row("KLDivergence", SOFTMAX[::-1], SOFTMAX, {}, ([[0.5, 0.5]], [[0.25, 0.75]], 0.1438410362)),
    Row("Poisson", COUNTS, SOFTMAX, {}, ([[3.0]], [[1.0]], 1 - 3 * float(np.log(1 + 1e-7)))),
    Row("BinaryCrossentropy", YES_NO, SIGMOIDS, {}, ([[1.0, 0.0]], [[0.5, 0.75]], 1.5 * LN2)),
    Row("BinaryCrossentropy", SIGMOIDS, SIGMOIDS[::-1]),
    Row("BinaryCrossentropy", YES_NO, LOGITS, SMOOTH, ([[1.0]], [[0.0]], LN2)),
    Row("BinaryCrossentropy", YES_NO, SIGMOIDS, {"label_smoothing": 0.3, "axis": 0}),
    Row("CategoricalCrossentropy", ONE_HOT, 3 * SOFTMAX, {}, ([[0, 1]], [[0.5, 0.5]], LN2)),
    Row("CategoricalCrossentropy", ONE_HOT, LOGITS, SMOOTH, ([[0, 1]], [[7.0, 7.0]], LN2)),
    Row("CategoricalCrossentropy", SOFTMAX[::-1], SOFTMAX, {"label_smoothing": 0.2}),
    Row("SparseCategoricalCrossentropy", LABELS, SOFTMAX, {}, ([1], [[0.5, 0.5]], LN2)),
    Row("SparseCategoricalCrossentropy", LABELS[:, None], LOGITS, {"from_logits": True}),
    Row("SparseCategoricalCrossentropy", LABELS, SOFTMAX, {"ignore_class": 2}),
    Row("Hinge", YES_NO, LOGITS, {}, ([[1.0, 0.0]], [[0.5, 0.5]], 1.0)),
    Row("Hinge", 2 * YES_NO - 1, LOGITS),
    Row("SquaredHinge", YES_NO, LOGITS, {}, ([[1.0, -1.0]], [[0.5, 0.5]], 1.25)),
    Row("CategoricalHinge", ONE_HOT, LOGITS, {}, ([[0, 1, 0]], [[1.5, 2.0, 3.0]], 2.0)),
    # Rivals 1.5 and 3.0 of the score 2.0 come too near by 0.5 and 2.0; 0.5 does not.
    Row("MulticlassHinge", LABELS, LOGITS, {}, ([1], [[1.5, 2.0, 3.0, 0.5]], 2.5), keras=False),
    Row("MulticlassHinge", ONE_HOT, LOGITS, {}, ([[1, 0]], [[-1.0, -3.0]], 0.0), keras=False),
    Row("BinaryFocalCrossentropy", YES_NO, SIGMOIDS, {}, ([[1.0]], [[0.5]], LN2 / 4)),
    Row(
        "BinaryFocalCrossentropy",
        YES_NO,
        LOGITS,
        {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5, **SMOOTH},
        ([[1.0]], [[0.0]], (0.95 * 0.4 + 0.05 * 0.6) * LN2 / 8**0.5),
    ),
    Row("CategoricalFocalCrossentropy", ONE_HOT, SOFTMAX, {}, ([[1, 0]], [[0.5, 0.5]], LN2 / 16)),
    Row(
        "CategoricalFocalCrossentropy",
        ONE_HOT,
        LOGITS,
        {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.0, **SMOOTH},
    ),
]

COLUMN, COLUMN_PRED = YES_NO[:, :1], SIGMOIDS[:, :1]
LOSSES_AS_METRICS = [
    Row(row.name, row.y_true, row.y_pred, row.arguments)
    for row in LOSSES
    if row.name
    not in (
        *("LogCosh", "Huber", "MulticlassHinge", "CosineSimilarity", "Dice"),
        *("BinaryFocalCrossentropy", "CategoricalFocalCrossentropy"),
    )
    and not {"ignore_class", "axis"} & row.arguments.keys()
]
ALL_FOUR = ([1, 1, 0, 0, 0], [0.9, 0.2, 0.8, 0.1, 0.6])  # 1 TP, 1 FN, 2 FP, 1 TN

METRICS = [
    *LOSSES_AS_METRICS,
    Row("RootMeanSquaredError", NUMBERS, LOGITS, {}, ([[0.0], [0.0]], [[7.0], [1.0]], 5.0)),
    Row("LogCoshError", NUMBERS, LOGITS, {}, ([[0.0]], [[LN2]], float(np.log(1.25)))),
    Row("CosineSimilarity", NUMBERS, LOGITS, {}, ([[3.0, 4.0]], [[4.0, 3.0]], 0.96)),
    Row("CosineSimilarity", NUMBERS, LOGITS, {"axis": -1}),
    Row("MeanIoU", LABELS, LABELS[::-1], {"num_classes": K}, ([0, 1, 1], [1, 1, 1], 1 / 3)),
    Row("MeanIoU", ONE_HOT, SOFTMAX, {"num_classes": K, "ignore_class": 1} | DENSE),
    Row("MeanIoU", LABELS, LABELS[::-1] + 0.7, {"num_classes": K}),
    Row("IoU", LABELS, LABELS[::-1], {"num_classes": K, "target_class_ids": [0, 2]}),
    Row("IoU", ONE_HOT, SOFTMAX, {"num_classes": K, "target_class_ids": [1]} | DENSE),
    Row("Accuracy", LABELS, LABELS[::-1], {}, ([1, 2, 3, 4], [1, 2, 3, 0], 0.75)),
    Row("BinaryAccuracy", YES_NO, SIGMOIDS, {}, ([1, 0, 1, 1], [[0.9], [0.6], [0.1], [0.5]], 0.25)),
    Row("BinaryAccuracy", COLUMN[:, 0], COLUMN_PRED, {"threshold": 0.3}),
    Row("CategoricalAccuracy", ONE_HOT, TIES, {}, ([[0, 1], [0, 1]], [[0, 1], [0.5, 0.5]], 0.5)),
    Row("SparseCategoricalAccuracy", LABELS, TIES, {}, ([[1], [1]], [[0, 1], [0.5, 0.5]], 0.5)),
    Row("TopKCategoricalAccuracy", ONE_HOT, TIES, {"k": 2}, ([[0, 0, 1]], [[5, 2, 2]], 1.0)),
    Row("TopKCategoricalAccuracy", ONE_HOT, SOFTMAX, {"k": 1}, ([[0, 0, 1]], [[5, 2, 2]], 0.0)),
    Row(
        "SparseTopKCategoricalAccuracy",
        LABELS,
        TIES,
        {"k": 2},
        ([2, 2], [[0.4, 0.3, 0.3], [0.5, 0.3, 0.2]], 0.5),
        unlike_keras=("from_sorted_ids",),
    ),
    Row("TruePositives", YES_NO, SIGMOIDS, {}, (*ALL_FOUR, 1.0)),
    Row("FalsePositives", YES_NO, SIGMOIDS, {"thresholds": 0.7}, (*ALL_FOUR, 1.0)),
    Row("TrueNegatives", YES_NO, SIGMOIDS, {}, (*ALL_FOUR, 1.0)),
    Row("FalseNegatives", YES_NO, SIGMOIDS, {"thresholds": [0.2, 0.7]}),
    Row("FalseNegatives", COLUMN, COLUMN_PRED, {}, (*ALL_FOUR, 1.0)),
    Row("Precision", YES_NO, SIGMOIDS, {}, (*ALL_FOUR, 1 / 3)),
    Row("Precision", COLUMN, COLUMN_PRED, {"thresholds": [0.2, 0.7]}),
    Row("Precision", YES_NO, TIES, {"top_k": 2}, ([[1, 0, 0]], [[0.3, 0.3, 0.3]], 0.5)),
    Row("Precision", YES_NO, SIGMOIDS, {"class_id": 2}),
    Row("Recall", YES_NO, SIGMOIDS, {}, (*ALL_FOUR, 0.5)),
    Row("Recall", YES_NO, TIES, {"top_k": 2, "class_id": 1}),
    Row(
        "AUC",
        COLUMN,
        COLUMN_PRED,
        {},
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75),
    ),
    Row("AUC", COLUMN, COLUMN_PRED, {"curve": "PR"}),
    Row("AUC", COLUMN, COLUMN_PRED, {"summation_method": "minoring", "num_thresholds": 50}),
    Row("AUC", COLUMN, COLUMN_PRED, {"summation_method": "majoring", "curve": "PR"}),
    Row("AUC", COLUMN, COLUMN_PRED, {"thresholds": [0.3, 0.1, 0.8]}),
    Row("AUC", COLUMN, LOGITS[:, :1], {"from_logits": True}),
    Row("F1Score", COLUMN, COLUMN_PRED, {"threshold": 0.5}),
    Row("F1Score", ONE_HOT, SOFTMAX, {"average": "macro"}),
    Row("F1Score", ONE_HOT, SOFTMAX, {"average": "weighted"}),
    Row("F1Score", YES_NO, SIGMOIDS, {"average": "micro", "threshold": 0.4}),
    Row("FBetaScore", YES_NO, SIGMOIDS, {"beta": 2.0, "average": "macro", "threshold": 0.4}),
    Row("R2Score", NUMBERS, LOGITS, {}, ([[1.0], [3.0]], [[1.0], [2.0]], 0.5)),
    Row("R2Score", NUMBERS, LOGITS, {"class_aggregation": None}),
    Row("R2Score", NUMBERS, LOGITS, {"class_aggregation": "variance_weighted_average"}),
    Row("R2Score", NUMBERS[:, :1], LOGITS[:, :1], {"num_regressors": 2}),
    Row("ConfusionMatrix", LABELS, SOFTMAX, {"num_classes": K}, keras=False),
    Row("LossMetric", NUMBERS, LOGITS, {"loss": "huber"}, ([[0.0]], [[3.0]], 2.5), keras=False),
]
# Means of values, not of pairs; tests of their own.
METRICS_OF_VALUES = {"Sum", "Mean", "MeanMetricWrapper"}


def measure(metric, y_true, y_pred, weights=None, cuts=()):
    """The result after the examples came in parts."""
    metric.reset_state()
    for part in np.split(np.arange(len(y_true)), sorted(cuts)):
        if len(part):
            extra = () if weights is None else (weights[part],)
            metric.update_state(y_true[part], y_pred[part], *extra)
    return np.asarray(metric.result())


def value_and_gradient(loss, y_true, y_pred, weights=None, dtype="float64"):
    """The loss, and the gradient of its sum in the predictions."""
    x = graph.placeholder(np.shape(y_pred), dtype, name="y_pred")
    out = loss(y_true, x, weights)
    return graph.value([out, graph.gradients(graph.sum(out), x)], {x: y_pred})
