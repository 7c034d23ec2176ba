"""Rules of data: weights of classes and examples, and how many batches there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.losses import LossWarning


def absent_classes(class_weight: Any, y: Any) -> LossWarning | None:
    """The warning for weights of classes that no example has.

    Example:
        >>> print(absent_classes({0: 1.0, 7: 2.0}, np.array([0, 1])))
        A class that no example has was given a weight.
          where      class_weight
          received   7
          expected   classes from 0 to 1
    """
    if not isinstance(class_weight, Mapping) or not isinstance(y, np.ndarray) or not y.size:
        return None
    one_hot = y.ndim == 2 and y.shape[1] > 1
    highest = y.shape[1] - 1 if one_hot else y.max()
    present = range(y.shape[1]) if one_hot else np.unique(y)
    absent = [label for label in class_weight if label not in present]
    if not absent:
        return None
    return LossWarning(
        "A class that no example has was given a weight.",
        where="class_weight",
        received=", ".join(map(str, absent)),
        expected=f"classes from {0 if one_hot else y.min()} to {highest}",
    )


def negative_weights(sample_weight: Any) -> LossWarning | None:
    """The warning for examples with a weight below 0, whose loss training makes larger.

    Example:
        >>> print(str(negative_weights(np.array([1.0, -2.0]))).splitlines()[0])
        A sample weight below 0 makes the loss of its example larger.
    """
    if not isinstance(sample_weight, np.ndarray) or not sample_weight.size:
        return None
    lowest = sample_weight.min()
    if lowest >= 0:
        return None
    return LossWarning(
        "A sample weight below 0 makes the loss of its example larger.",
        where="sample_weight",
        received=f"{lowest:g} at index {_place(sample_weight)}",
        fix="sample_weight=numpy.maximum(sample_weight, 0), unless it is meant",
    )


def negative_class_weights(class_weight: Any) -> LossWarning | None:
    """The warning for classes with a weight below 0.

    Example:
        >>> print(str(negative_class_weights({0: 1.0, 1: -2.0})).splitlines()[0])
        A class weight below 0 makes the loss of its examples larger.
    """
    weights = class_weight.items() if isinstance(class_weight, Mapping) else ()
    below = [(label, w) for label, w in weights if isinstance(w, (int, float)) and w < 0]
    if not below:
        return None
    return LossWarning(
        "A class weight below 0 makes the loss of its examples larger.",
        where="class_weight",
        received=", ".join(f"{w:g} for class {label}" for label, w in below),
        fix="0, to leave a class out",
    )


def _place(weights: np.ndarray) -> int:
    return int(np.unravel_index(np.argmin(weights), weights.shape)[0])


def few_batches(
    batches: int, steps: int | None, name: str, sizes: tuple[int, int] | None = None
) -> LossWarning | None:
    """The warning for more steps than the data have batches.

    Args:
        batches: those of the data.
        steps: how many were asked for.
        name: the argument that says so.
        sizes: of arrays, which more epochs can go through: examples, and those of a batch.

    Example:
        >>> print(few_batches(4, 10, "steps_per_epoch", (100, 32)))
        The data have fewer batches than were asked for.
          received   steps_per_epoch=10
          expected   4 at most: 100 examples in batches of 32
          try        epochs=3 times as many, without steps_per_epoch
        >>> print(few_batches(4, 10, "validation_steps").error.rows["try"])
        validation_steps=4
    """
    if steps is None or steps <= batches:
        return None
    times = -(-steps // max(batches, 1))
    n, batch_size = sizes or (0, 0)
    return LossWarning(
        "The data have fewer batches than were asked for.",
        received=f"{name}={steps}",
        expected=f"{batches} at most"
        if sizes is None
        else f"{batches} at most: {n} examples in batches of {batch_size}",
        fix=f"{name}={batches}"
        if sizes is None
        else f"epochs={times} times as many, without {name}",
    )


def of_fit(
    examples: Any, class_weight: Any, batch_size: int, steps: int | None
) -> list[LossWarning | None]:
    """What these rules find in the examples that `fit` was given.

    Example:
        >>> from grafito.models.examples import make_examples
        >>> examples = make_examples([[1.0], [2.0]], [0, 1])
        >>> [bool(finding) for finding in of_fit(examples, {0: -1.0, 1: 1.0}, 2, None)]
        [False, False, True, False]
    """
    n = len(examples)
    return [
        absent_classes(class_weight, examples.y),
        negative_weights(examples.sample_weight),
        negative_class_weights(class_weight),
        few_batches(-(-n // batch_size), steps, "steps_per_epoch", (n, batch_size)),
    ]
