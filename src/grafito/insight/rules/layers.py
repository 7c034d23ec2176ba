"""Rules of layers: what they give, what they are told to change, and how they follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.errors import LossWarning

MOST_DEAD = 0.5  # of the units of a layer
SHORT = 0.1  # a unit's weights; those of the usual initialisers are about 1 long
MOST_SATURATED = 0.6  # of the activations of a layer
FADED = 1e-3  # of the largest gradient of a later layer
EXPLODED = 1e3  # times that of the last layer
FAR_BEYOND = 1e6  # times the weights themselves
TINY = 1e-30


def dead_units(layer: str, dead: int, units: int, length: float = 1.0) -> LossWarning | None:
    """Most units of a ReLU layer gave 0 for every example that was seen.

    Args:
        layer: its name.
        dead: how many of its units.
        units: that it has.
        length: of a unit's weights at the beginning; such as began near 0 leave it no choice.

    Example:
        >>> print(dead_units("hidden", 60, 64))
        Most units of layer 'hidden' are dead: they give 0 for every example.
          received   60 of 64 units
          try        activation="leaky_relu" for the layer, or a smaller learning rate
    """
    if units < 1 or dead <= MOST_DEAD * units:
        return None
    return LossWarning(
        f"Most units of layer {layer!r} are dead: they give 0 for every example.",
        received=f"{dead} of {units} units",
        fix='kernel_initializer="he_normal" in the hidden layers'
        if length < SHORT
        else 'activation="leaky_relu" for the layer, or a smaller learning rate',
    )


def saturated_units(layer: str, activation: str, share: float) -> LossWarning | None:
    """Most activations of a hidden sigmoid or tanh layer lie where the curve is flat.

    Args:
        layer: its name.
        activation: "sigmoid" or "tanh".
        share: of its activations within 1 % of an end of their range.

    Example:
        >>> print(saturated_units("hidden", "tanh", 0.9))
        Layer 'hidden' is saturated: its activations lie where 'tanh' is flat.
          received   90 % of them within 1 % of an end of the range
          try        layers.BatchNormalization() before the activation, or smaller inputs
    """
    if not share > MOST_SATURATED:
        return None
    return LossWarning(
        f"Layer {layer!r} is saturated: its activations lie where {activation!r} is flat.",
        received=f"{100 * share:.0f} % of them within 1 % of an end of the range",
        fix="layers.BatchNormalization() before the activation, or smaller inputs",
    )


def vanishing_gradients(
    norms: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> LossWarning | None:
    """The gradient of the first layers is a thousandth of that of later ones, or less.

    Args:
        norms: of the gradient of each layer's kernel, from the input to the output.
        weights: norms of the kernels; a gradient that is longer than they are has not vanished.

    Example:
        >>> print(vanishing_gradients({"a": 1e-7, "b": 1e-4, "c": 0.1}))
        The gradients vanish on the way back to layer 'a'.
          received   1e-07 at 'a', 0.1 at 'c'
          try        activation="relu" and kernel_initializer="he_normal" in the hidden layers
    """
    names, values = list(norms), np.array(list(norms.values()), "float64")
    if len(values) < 3 or not np.isfinite(values).all():
        return None
    largest = int(np.argmax(values))
    if not values[largest] > TINY or not largest or values[0] >= FADED * values[largest]:
        return None
    if weights and values[0] > weights.get(names[0], np.inf):
        return None
    return LossWarning(
        f"The gradients vanish on the way back to layer {names[0]!r}.",
        received=f"{values[0]:.2g} at {names[0]!r}, {values[largest]:.2g} at {names[largest]!r}",
        fix='activation="relu" and kernel_initializer="he_normal" in the hidden layers',
    )


def exploding_gradients(
    norms: Mapping[str, float], weights: Mapping[str, float]
) -> LossWarning | None:
    """The gradient of some layer is a thousand times that of the last, or far beyond the weights.

    Args:
        norms: of the gradient of each layer's kernel, from the input to the output.
        weights: norms of the kernels.

    Example:
        >>> print(exploding_gradients({"a": 2e6, "b": 4e4, "c": 10.0}, {"a": 3.0, "b": 3.0}))
        The gradients explode on the way back to layer 'a'.
          received   2e+06 at 'a', 10 at 'c'
          try        kernel_initializer="he_normal" in the hidden layers
    """
    names, values = list(norms), np.array(list(norms.values()), "float64")
    if len(values) < 3 or not values[-1] > TINY:
        return None
    largest = int(np.argmax(np.nan_to_num(values, nan=np.inf)))
    name = names[largest]
    if not np.isfinite(values[largest]):
        grown = True
    else:
        own = max(weights.get(name, 1.0), TINY)
        grown = values[largest] > EXPLODED * values[-1] and values[largest] > own
        grown = grown or values[largest] > FAR_BEYOND * own
    if not grown:
        return None
    return LossWarning(
        f"The gradients explode on the way back to layer {name!r}.",
        received=f"{values[largest]:.2g} at {name!r}, {values[-1]:.2g} at {names[-1]!r}",
        fix='kernel_initializer="he_normal" in the hidden layers',
    )


def never_adapted(layers: Mapping[str, tuple[Any, Any]]) -> LossWarning | None:
    """A Normalization layer that has seen no data leaves them as they are.

    Args:
        layers: means and variances of such layers, by name.

    Example:
        >>> print(never_adapted({"normalization": ([0.0, 0.0], [1.0, 1.0])}))
        Layer 'normalization' was never adapted: it leaves the data as they are.
          try        model.get_layer('normalization').adapt(x_train), before compile
    """
    for name, (mean, variance) in layers.items():
        if not np.any(mean) and np.all(np.asarray(variance) == 1):
            return LossWarning(
                f"Layer {name!r} was never adapted: it leaves the data as they are.",
                fix=f"model.get_layer({name!r}).adapt(x_train), before compile",
            )
    return None
