"""The metric for what a user writes: a name, a configuration, a class, an object, a function."""

from __future__ import annotations

from typing import Any

from grafito import losses
from grafito.errors import UnknownNameError
from grafito.graph.tensor import Shape
from grafito.losses.targets import label_form
from grafito.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from grafito.metrics.base import Metric, registry
from grafito.metrics.means import LossMetric, MeanMetricWrapper
from grafito.metrics.of_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from grafito.registry import deserializer

FORMS: dict[str, dict[str, type[Metric]]] = {
    "accuracy": {
        "binary": BinaryAccuracy,
        "sparse": SparseCategoricalAccuracy,
        "categorical": CategoricalAccuracy,
    },
    "crossentropy": {
        "binary": BinaryCrossentropy,
        "sparse": SparseCategoricalCrossentropy,
        "categorical": CategoricalCrossentropy,
    },
}
SHORT = {"acc": "accuracy", "ce": "crossentropy"}


def get(identifier: Any) -> Any:
    """The metric for a name, a configuration, a class, an object, a loss or a function.

    A name of a loss that is no metric of its own gives that loss's mean.

    Raises:
        UnknownNameError: when the name is not known; it proposes the nearest.

    Example:
        >>> from grafito import metrics
        >>> metrics.get("auc").num_thresholds, metrics.get("huber").loss.delta
        (200, 1.0)
    """
    if isinstance(identifier, str) and not _known(registry, identifier):
        if not _known(losses.registry, identifier):
            raise registry.unknown(identifier, losses.registry.names)
        return LossMetric(identifier, name=identifier)
    found = registry.get(identifier)
    if found is None or isinstance(found, Metric):
        return found
    if isinstance(found, losses.Loss) or hasattr(found, "loss"):
        return LossMetric(found)
    return MeanMetricWrapper(found)


deserialize = deserializer(get)


def _known(names: Any, identifier: str) -> bool:
    try:
        names.lookup(identifier)
    except UnknownNameError:
        return False
    return True


def resolve(identifier: Any, y_true_shape: Shape, y_pred_shape: Shape) -> Any:
    """The metric for an identifier, given the shapes that it will compare.

    "accuracy" and "acc", "crossentropy" and "ce" choose the binary, the integer or the one-hot
    form, by Keras's rule. What the user wrote as a string is the metric's name.

    Args:
        identifier: see `get`.
        y_true_shape: shape of the targets.
        y_pred_shape: shape of the predictions.

    Example:
        >>> from grafito import metrics
        >>> metrics.resolve("accuracy", (32,), (32, 10))
        <SparseCategoricalAccuracy 'accuracy'>
    """
    if not isinstance(identifier, str):
        return get(identifier)
    word = identifier.lower()
    word = SHORT.get(word, word)
    if word in FORMS:
        metric: Any = FORMS[word][label_form(y_true_shape, y_pred_shape)]()
    else:
        metric = get(identifier)
    metric.name = identifier
    return metric
