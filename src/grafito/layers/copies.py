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
    return _from_parts, (type(layer), config, shape, layer.build_shapes, layer.get_weights())


def _from_parts(
    cls: type, config: dict[str, Any], shape: Any, shapes: dict[str, Any], weights: list[Any]
) -> Any:
    layer = cls.from_config(config)  # type: ignore[attr-defined]
    if shape is not None:
        build_again(layer, shape, shapes, len(weights))
    layer.set_weights(weights)
    return layer
