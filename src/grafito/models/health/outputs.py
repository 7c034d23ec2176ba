"""Rules of outputs, targets and metrics: what can never fit, whatever the weights become."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.losses import Loss, LossWarning
from grafito.losses.checks import BINARY
from grafito.losses.targets import VALUES
from grafito.metrics import Accuracy, BinaryAccuracy, CategoricalAccuracy, Metric

# The numbers that an activation can give.
RANGES = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "softmax"), (0.0, 1.0)),
    **dict.fromkeys(("tanh", "softsign", "hard_tanh"), (-1.0, 1.0)),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0.0, np.inf)),
    "relu6": (0.0, 6.0),
}
SLACK = 0.05  # of the width of the targets: what a scaling may leave outside
ROUNDING = 1e-5  # of the largest number: what a division in float32 may leave outside


def out_of_reach(loss: Any, activation: str, y: Any) -> LossWarning | None:
    """The warning for targets of a regression that the last activation cannot give.

    Args:
        loss: a loss; only those that compare numbers are looked at.
        activation: name of the last activation.
        y: the targets as an array.

    Example:
        >>> from grafito import losses
        >>> print(out_of_reach(losses.get("mse"), "sigmoid", np.array([2.0, 30.0])))
        The outputs cannot reach the targets.
          received   activation 'sigmoid' (from 0 to 1), targets from 2 to 30
          try        a last layer without activation, or targets scaled to the range
    """
    if getattr(loss, "target", None) != VALUES or activation not in RANGES or not np.size(y):
        return None
    lowest, highest = RANGES[activation]
    low, high = float(np.min(y)), float(np.max(y))
    slack = SLACK * (high - low) + ROUNDING * max(1.0, abs(low), abs(high))
    if low >= lowest - slack and high <= highest + slack:
        return None
    span = f"from {lowest:g} to {highest:g}" if np.isfinite(highest) else f"{lowest:g} or more"
    return LossWarning(
        "The outputs cannot reach the targets.",
        received=f"activation {activation!r} ({span}), targets from {low:g} to {high:g}",
        fix="a last layer without activation, or targets scaled to the range",
    )


def accuracy_of_numbers(metric: Metric, y: Any) -> LossWarning | None:
    """The warning for an accuracy whose targets are real numbers, so that it stays 0.

    Example:
        >>> from grafito import metrics
        >>> accuracy_of_numbers(metrics.get("binary_accuracy"), np.array([0, 1])) is None
        True
        >>> print(accuracy_of_numbers(metrics.get("binary_accuracy"), np.array([0.5, 2.0])))
        An accuracy counts targets that are met exactly; of these it says nothing.
          where      metric 'binary_accuracy'
          received   targets such as 0.5, which is no class
          try        metrics=["mae"], or metrics.R2Score()
    """
    y = np.asarray(y)
    if not y.size or y.dtype.kind not in "biuf":
        return None
    if isinstance(metric, BinaryAccuracy):
        wrong = (y != 0) & (y != 1)
    elif isinstance(metric, Accuracy):
        wrong = y != np.floor(y)
    elif isinstance(metric, CategoricalAccuracy) and y.ndim > 1:
        rows = (y < 0).any(axis=-1) | (np.abs(y.sum(axis=-1, dtype="float64") - 1) > 1e-3)
        wrong = np.broadcast_to(rows[..., None], y.shape)
    else:
        return None
    if not wrong.any():
        return None
    if isinstance(metric, CategoricalAccuracy) and ((y == 0) | (y == 1)).all():
        row = y[wrong.any(axis=-1)].reshape(-1, y.shape[-1])[0]
        return LossWarning(
            "A categorical accuracy compares the largest numbers; it is for one class an example.",
            where=f"metric {metric.name!r}",
            received=f"targets with {np.count_nonzero(row)} classes in an example",
            fix='metrics=["binary_accuracy"]',
        )
    return LossWarning(
        "An accuracy counts targets that are met exactly; of these it says nothing.",
        where=f"metric {metric.name!r}",
        received=f"targets such as {y[wrong].flat[0]:g}, which is no class",
        fix='metrics=["mae"], or metrics.R2Score()',
    )


def accuracy_of_logits(metric: Metric, loss: Loss | None) -> LossWarning | None:
    """The warning for a threshold between classes that is meant for probabilities.

    Example:
        >>> from grafito import losses, metrics
        >>> loss = losses.BinaryCrossentropy(from_logits=True)
        >>> accuracy_of_logits(metrics.BinaryAccuracy(threshold=0.0), loss) is None
        True
    """
    if not isinstance(loss, BINARY) or not loss.from_logits:
        return None
    if not isinstance(metric, BinaryAccuracy) or not 0 < metric.threshold < 1:
        return None
    return LossWarning(
        "The outputs are logits, of which 0 is the border between the classes.",
        where=f"metric {metric.name!r}",
        received=f"threshold {metric.threshold:g}, loss {loss.name!r} with from_logits=True",
        fix="metrics.BinaryAccuracy(threshold=0.0)",
    )
