"""A model of the same architecture with weights of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafito import layers
from grafito.errors import ArgumentError
from grafito.graph.nest import flatten, map_structure
from grafito.layers.base import Layer
from grafito.layers.symbolic import Symbol, asked_dtype
from grafito.models.architecture import layer_entry, model_from_entry
from grafito.models.functional import Functional
from grafito.models.sequential import Sequential
from grafito.registry import known_arguments, objects_kept


@known_arguments
def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Callable[[Layer], Layer] | None = None
) -> Any:
    """A model of the same architecture, with new weights, that is not compiled.

    Args:
        model: the model.
        input_tensors: symbols that the new model begins with, in place of inputs like the old ones.
        clone_function: makes the new layer for each layer; by default one of equal configuration.

    Raises:
        ArgumentError: for a model of a class of one's own with either of these.

    Example:
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((2,)), layers.Dense(1)])
        >>> clone_model(model).count_params()
        3
    """
    if input_tensors is None and clone_function is None:
        with objects_kept():
            return model_from_entry(layer_entry(model))
    function = clone_function or (lambda layer: type(layer).from_config(layer.get_config()))
    if isinstance(model, Sequential):
        stack = [x for x in model.stack if not isinstance(x, layers.InputLayer)]
        begin = [input_tensors or layers.Input(batch_shape=model.input_shape)]
        return Sequential([*begin, *(function(layer) for layer in stack)])
    if not isinstance(model, Functional):
        raise ArgumentError(
            "A model of a class of one's own is cloned as a whole.",
            received=type(model).__name__,
            fix="models.clone_model(model)",
        )
    return _called_again(model, input_tensors, function)


def _called_again(model: Functional, given: Any, function: Callable[[Layer], Layer]) -> Functional:
    """The layer calls of a model made anew on other layers."""

    def begin(symbol: Symbol) -> Symbol:
        return layers.Input(batch_shape=symbol.shape, dtype=asked_dtype(symbol), name=symbol.name)

    inputs = map_structure(begin, model.input) if given is None else given
    old = zip(model.inputs, flatten(inputs), strict=True)
    known = {id(symbol): new for symbol, new in old}
    made: dict[Layer, Layer] = {}

    def new(x: Any) -> Any:
        return known.get(id(x), x)

    for node in model.nodes:
        layer = made.get(node.layer) or made.setdefault(node.layer, function(node.layer))
        outputs = layer(*map_structure(new, node.args), **map_structure(new, node.kwargs))
        pairs = zip(flatten(node.outputs), flatten(outputs), strict=True)
        known.update({id(symbol): out for symbol, out in pairs})
    return Functional(inputs, map_structure(new, model.output), name=model.name)
