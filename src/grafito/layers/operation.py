"""A function of `grafito.ops` as a layer: `x[:, 0]`, `x ** 2` and `ops.exp(x)` of symbols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, unknown_name
from grafito.graph.variable import Variable
from grafito.layers.automatic_names import unique_name
from grafito.layers.base import Layer, register
from grafito.layers.symbolic import Symbol
from grafito.ops.conversion import OF_SYMBOLS
from grafito.ops.dispatch import CALLING, FUNCTIONS
from grafito.registry import plain

SHAPED = {"broadcast_to", "reshape"}
TABLE = FUNCTIONS.keys() - CALLING - {f.__name__ for f in OF_SYMBOLS}


@register()
class Operation(Layer):
    """A function of `grafito.ops` by name, called on the layer's inputs and on fixed arguments.

    Made by the operators of symbols and by the functions of `grafito.ops` called on them.

    Args:
        function: its name, one of a fixed table; a file can name no other.
        arguments: positional and keyword arguments as data; {"input": 0} is the first input.
        kwargs: those of `Layer`.

    Raises:
        UnknownNameError: for a function that is not in the table.

    Example:
        >>> from grafito import layers
        >>> (layers.Input((3,)) ** 2).node.layer.function
        'power'
    """

    def __init__(self, function: str, arguments: Mapping[str, Any] | None = None, **kwargs: Any):
        if function not in TABLE:
            raise unknown_name("function of ops", function, TABLE)
        super().__init__(name=kwargs.pop("name", None) or unique_name(function), **kwargs)
        self.function = function
        self.arguments = dict(arguments or {"args": [{"input": 0}], "kwargs": {}})

    @property
    def input_dtype(self) -> str | None:
        return None  # a function of tensors leaves dtypes alone

    def call(self, inputs: Any) -> Any:
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        args = [_read(x, given) for x in self.arguments["args"]]
        kwargs = {name: _read(x, given) for name, x in self.arguments["kwargs"].items()}
        if self.function in SHAPED:  # the free size in a shape is that of the batch
            batch = given[0].shape[0]
            args = [_sized(x, batch) for x in args]
            kwargs = {name: _sized(x, batch) for name, x in kwargs.items()}
        return FUNCTIONS[self.function](*args, **kwargs)


def operation(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a function of `grafito.ops` makes of symbols: the outputs of a new layer.

    Args:
        function: its name.
        args: its arguments, some of them symbols.
        kwargs: its keyword arguments.
    """
    symbols: list[Symbol] = []
    arguments = {
        "args": [_written(x, symbols) for x in args],
        "kwargs": {name: _written(x, symbols) for name, x in kwargs.items()},
    }
    layer = Operation(function, arguments)
    return layer(symbols if len(symbols) > 1 else symbols[0])


def _written(x: Any, symbols: list[Symbol]) -> Any:
    """An argument as data; symbols are noted and stand by their number."""
    if isinstance(x, Symbol):
        number = next((i for i, known in enumerate(symbols) if known is x), len(symbols))
        symbols[number:] = symbols[number:] or [x]
        return {"input": number}
    if isinstance(x, Variable):
        raise ArgumentError(
            "A variable needs a layer that it belongs to.",
            received=x,
            fix="a subclass of Layer: self.w = self.add_weight(shape) in build, x @ self.w in call",
        )
    if isinstance(x, (list, tuple)):
        kind = "tuple" if isinstance(x, tuple) else "list"
        return {kind: [_written(part, symbols) for part in x]}
    if isinstance(x, slice):
        return {"slice": [plain(part) for part in (x.start, x.stop, x.step)]}
    if x is Ellipsis:
        return {"ellipsis": True}
    if isinstance(x, graph.Tensor) or hasattr(x, "__array__"):
        known = graph.as_tensor(x)
        return {"array": known.numpy().tolist(), "dtype": known.dtype}
    return {"value": plain(x)}


def _sized(shape: Any, batch: int) -> Any:
    """A shape with the size of the batch where it is free."""
    if not isinstance(shape, (list, tuple)):
        return shape
    return tuple(batch if n is None else n for n in shape)


def _read(data: Any, inputs: list[Any]) -> Any:
    """The argument that is written so."""
    ((kind, x),) = [item for item in data.items() if item[0] != "dtype"]
    if kind == "input":
        return inputs[x]
    if kind in ("tuple", "list"):
        parts = [_read(part, inputs) for part in x]
        return tuple(parts) if kind == "tuple" else parts
    if kind == "slice":
        return slice(*x)
    if kind == "ellipsis":
        return ...
    return graph.constant(x, data["dtype"]) if kind == "array" else x
