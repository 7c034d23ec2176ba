"""Layers in pickles and copies: their class, configuration and weights."""

from __future__ import annotations

from typing import Any

from grafito.layers.building import build_again
from grafito.registry import objects_kept


def pickled(layer: Any) -> tuple[Any, ...]:
    """What pickle and copy make of a layer that is no model."""
    with objects_kept():
        config = layer.get_config()
    shape = layer.build_shape if layer.built else None
    state = layer.get_weights(), what_is_frozen(layer)
    return _from_parts, (type(layer), config, shape, layer.build_shapes, *state)


def _from_parts(
    cls: type, config: Any, shape: Any, shapes: dict[str, Any], weights: list[Any], frozen: Any
) -> Any:
    layer = cls.from_config(config)  # type: ignore[attr-defined]
    if shape is not None:
        build_again(layer, shape, shapes, len(weights))
    layer.set_weights(weights)
    freeze(layer, frozen)
    return layer


def what_is_frozen(layer: Any) -> dict[str, Any]:
    """Which parts and weights are not trained; what `__init__` makes would be trained again."""
    family, weights = layer.family(), layer.weights
    return {
        "parts": len(family),
        "layers": [i for i, part in enumerate(family) if not part._trainable],
        "weights": [i for i, weight in enumerate(weights) if not weight.trainable],
    }


def freeze(layer: Any, frozen: dict[str, Any] | None) -> None:
    """Freeze the same parts and weights; files of before 0.1 do not say which."""
    family = layer.family()
    if frozen is None or frozen["parts"] != len(family):
        return
    for i, part in enumerate(family):
        part._trainable = i not in frozen["layers"]
    for i, weight in enumerate(layer.weights):
        weight.trainable = i not in frozen["weights"]
