"""Rules of the order of layers: what follows what, and where an activation lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito.losses import LossWarning

MOVES = ("Flatten", "Reshape", "Permute", "Dropout", "SpatialDropout1D", "SpatialDropout2D",
         "InputLayer", "ZeroPadding2D", "Cropping2D", "UpSampling2D")  # fmt: skip


def activation_of(layer: Any) -> str:
    """The name of a layer's activation; "" where it has none, "custom" where it has no name.

    Example:
        >>> from grafito import layers
        >>> activation_of(layers.Dense(2, "tanh")), activation_of(layers.ReLU())
        ('tanh', 'relu')
    """
    activation = getattr(layer, "activation", None)
    if activation is None:
        kind = type(layer).__name__
        return {"ReLU": "relu", "Softmax": "softmax"}.get(kind, "")
    name = getattr(activation, "__name__", "") or getattr(activation, "name", "custom")
    return "" if name == "linear" else str(name)


def chain(model: Any) -> list[Any]:
    """The layers in order, where each has one input, that of the layer before; else none."""
    whole = getattr(model, "functional", model)
    nodes = getattr(whole, "nodes", None)
    if not nodes or any(len(node.inputs) != 1 for node in nodes):
        return []
    return [node.layer for node in nodes]


def activations(model: Any) -> list[tuple[str, str]]:
    """Name and activation of the layers, as `linear_in_a_row` reads them.

    Example:
        >>> from grafito import Sequential, layers
        >>> dense, relu = layers.Dense(2, name="a"), layers.ReLU(name="r")
        >>> activations(Sequential([layers.Input((3,)), dense, relu]))
        [('a', 'linear'), ('r', 'other layer')]
    """
    found = []
    for layer in chain(model):
        kind = type(layer).__name__
        if kind in MOVES:
            found.append((layer.name, ""))
        elif kind == "Dense" or kind.startswith("Conv"):
            found.append((layer.name, activation_of(layer) or "linear"))
        else:
            found.append((layer.name, "other layer"))
    return found


def linear_in_a_row(layers: Sequence[tuple[str, str]]) -> LossWarning | None:
    """Two layers of weights without activation between them are one linear layer.

    Args:
        layers: name and activation of the layers in order: "linear" for one with weights alone,
            "" for one that only moves numbers, as Flatten; another text for all others.

    Example:
        >>> print(linear_in_a_row([("a", "linear"), ("flatten", ""), ("b", "sigmoid")]))
        Layers 'a' and 'b' have no activation between them: together they are one linear layer.
          where      layer 'a'
          try        activation="relu" in layer 'a'
    """
    before = None
    for name, activation in layers:
        if activation == "":
            continue
        weighs = activation.partition(" ")[0] != "other"
        if before is not None and weighs:
            return LossWarning(
                f"Layers {before!r} and {name!r} have no activation between them: "
                "together they are one linear layer.",
                where=f"layer {before!r}",
                fix=f'activation="relu" in layer {before!r}',
            )
        before = name if activation == "linear" else None
    return None
