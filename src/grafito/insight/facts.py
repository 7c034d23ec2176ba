"""What is known of a model and its data without training: scales, classes, order of layers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from grafito.errors import GrafitoError
from grafito.graph.nest import flatten
from grafito.layers import Normalization
from grafito.models import Model

MOST = 20_000  # rows that are looked at
MOST_NUMBERS = 200_000  # likewise
SCALES = ("Normalization", "Rescaling", "BatchNormalization", "LayerNormalization", "Embedding")
NOISE = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout",
         "AlphaDropout")  # fmt: skip


def columns(x: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean and standard deviation along the last axis; of a grey image or a series, of all.

    Example:
        >>> mean, deviation = columns(np.array([[0.0, 10.0], [2.0, 30.0]]))
        >>> mean.tolist(), deviation.tolist()
        ([1.0, 20.0], [1.0, 10.0])
    """
    if not isinstance(x, np.ndarray) or not x.size or x.dtype.kind not in "biuf":
        return None
    rows = max(1, min(MOST, MOST_NUMBERS * len(x) // x.size))
    step = -(-len(x) // rows)
    part = x[::step].astype("float64")
    flat = part.reshape(-1, part.shape[-1]) if part.ndim > 1 else part.reshape(-1, 1)
    return flat.mean(axis=0), flat.std(axis=0)


def arrays(examples: Any) -> list[np.ndarray]:
    """The inputs of examples, each as an array; none of a stream."""
    return [x for x in flatten(getattr(examples, "x", None)) if isinstance(x, np.ndarray)]


def units(model: Any) -> dict[str, int]:
    """How many units each kernel has, by its path."""
    return {v.path: v.shape[-1] for v in model.trainable_variables if v.ndim > 1}


def labels_of(y: Any) -> np.ndarray | None:
    """The class numbers of targets: of integers, of 0 and 1, or one-hot; None for other numbers.

    Example:
        >>> labels_of(np.array([[0.0, 1.0], [1.0, 0.0]])).tolist(), labels_of(np.array([0.5]))
        ([1, 0], None)
    """
    if not isinstance(y, np.ndarray) or not y.size:
        return None
    if y.ndim == 2 and y.shape[1] > 1:
        one_hot = ((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all()
        return y.argmax(axis=1) if one_hot else None
    flat = y.reshape(-1) if y.size == len(y) else None
    if flat is None or flat.min() < 0 or (flat.dtype.kind == "f" and (flat != flat // 1).any()):
        return None
    first = flat[:MOST]
    small = first.max() < MOST  # counted without sorting
    distinct = np.bincount(first.astype("int64")).nonzero() if small else np.unique(first)
    few = np.size(distinct) <= max(2, len(flat) // 5)
    return flat.astype("int64") if few else None


def classes_of(outputs: np.ndarray, logits: bool = False) -> np.ndarray:
    """The class numbers that outputs stand for.

    Example:
        >>> classes_of(np.array([[0.2], [0.9]])).tolist()
        [0, 1]
    """
    if outputs.ndim > 1 and outputs.shape[-1] > 1:
        return outputs.argmax(axis=-1)
    return (outputs.reshape(-1) > (0.0 if logits else 0.5)).astype("int64")


def entropy_of(labels: np.ndarray) -> float:
    """The cross-entropy of guessing classes by their shares.

    Example:
        >>> round(entropy_of(np.array([0, 1, 0, 1])), 3)
        0.693
    """
    counts = (
        np.bincount(labels) if labels.max() < MOST else np.unique(labels, return_counts=True)[1]
    )
    shares = counts[counts > 0] / len(labels)
    return float(-(shares * np.log(shares)).sum())


def loss_name(model: Any) -> str:
    """The name of the model's loss; "" for several or a function of one's own."""
    try:
        loss = model.loss
    except (AttributeError, GrafitoError):
        return ""
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    return str(name or "").lower()


def guess_of(model: Any, y: Any, labels: np.ndarray | None) -> float | None:
    """The loss of guessing: by the shares of the classes, or the mean of the targets."""
    name = loss_name(model)
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf":
        return None
    if "crossentropy" in name or name in ("nll", "bce"):
        return None if labels is None else entropy_of(labels)
    if name in ("mse", "mean_squared_error"):
        return float(np.var(y.astype("float64"), axis=0).mean())
    if name in ("mae", "mean_absolute_error"):
        return float(np.abs(y - np.median(y, axis=0)).mean())
    return None


def scales_itself(model: Any) -> bool:
    """Whether a layer that scales, or looks words up, comes before any weights.

    A `train_step` of its own may do so before any layer: nobody can tell.
    """
    if type(model).train_step is not Model.train_step:
        return True
    for layer in _all(model):
        if type(layer).__name__ in SCALES:
            return True
        if layer.weights and not layer.sublayers:
            return False
    return False


def normalizations(model: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Means and variances of Normalization layers that were not given them, by name."""
    return {
        layer.name: (layer.adapt_mean.numpy(), layer.adapt_variance.numpy())
        for layer in _all(model)
        if isinstance(layer, Normalization) and layer.built and layer.input_mean is None
    }


def noisy(model: Any) -> list[str]:
    """Names of layers that drop or add something in training alone."""
    return [
        layer.name
        for layer in _all(model)
        if type(layer).__name__ in NOISE and getattr(layer, "rate", None) != 0
    ]


def _all(model: Any) -> Iterator[Any]:
    for layer in model.layers if isinstance(model, Model) else model.sublayers:
        yield layer
        yield from _all(layer)


def rate_of(model: Any) -> float | None:
    """The learning rate as a number; None without an optimizer."""
    optimizer = getattr(model, "optimizer", None)
    rate = None if optimizer is None else float(np.asarray(optimizer.learning_rate.numpy()))
    return rate if rate is not None and math.isfinite(rate) else None
