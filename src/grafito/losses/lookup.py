"""The loss for what a user writes: a name, a configuration, a class, an object, a function."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from grafito.graph.tensor import Shape
from grafito.losses.base import FunctionLoss, Loss, registry
from grafito.losses.classification import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from grafito.losses.targets import label_form
from grafito.registry import deserializer


def get(identifier: Any) -> Any:
    """The loss for a name, a configuration, a class, an object or a function (y_true, y_pred).

    Raises:
        UnknownNameError: when the name is not known; it proposes the nearest.

    Example:
        >>> from grafito import losses
        >>> losses.get("huber").get_config()["delta"]
        1.0
    """
    found = registry.get(identifier)
    found = getattr(found, "loss", found)  # the function form of a loss stands for its class
    if found is None or isinstance(found, Loss):
        return found
    return found() if inspect.isclass(found) else FunctionLoss(found)


deserialize = deserializer(get)


def objects(given: Any) -> Any:
    """Losses with objects in place of their configurations, in lists and dictionaries too.

    Example:
        >>> saved = {"class_name": "Huber", "config": {"delta": 2.0}}
        >>> objects(["mse", saved])[1].delta
        2.0
    """
    if isinstance(given, Mapping):
        whole = "class_name" in given
        return get(given) if whole else {name: objects(each) for name, each in given.items()}
    return [objects(each) for each in given] if isinstance(given, list) else given


def resolve(identifier: Any, y_true_shape: Shape, y_pred_shape: Shape) -> Any:
    """The loss for an identifier; "crossentropy" and "ce" choose their form by the shapes.

    Example:
        >>> from grafito import losses
        >>> losses.resolve("crossentropy", (32,), (32, 10)).name
        'sparse_categorical_crossentropy'
    """
    if str(identifier).lower() not in ("crossentropy", "ce"):
        return get(identifier)
    forms = {
        "binary": BinaryCrossentropy,
        "sparse": SparseCategoricalCrossentropy,
        "categorical": CategoricalCrossentropy,
    }
    return forms[label_form(y_true_shape, y_pred_shape)]()
