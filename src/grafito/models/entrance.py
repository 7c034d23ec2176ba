"""Where data enter a model: its layers that read text make numbers of what they stand on."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import GrafitoError, GraphError
from grafito.graph.nest import flatten
from grafito.layers.symbolic import Node, Symbol, is_text
from grafito.models.frames import is_frame


def entering(model: Any) -> Callable[[Any], Any] | None:
    """The function that makes numbers of the texts in a model's inputs; None without such layers.

    Args:
        model: whose layers may read text.
    """
    reading = [layer for layer in model.family() if getattr(layer, "reads_text", False)]
    return partial(_enter, model, reading) if reading else None


def _enter(model: Any, reading: list[Any], x: Any) -> Any:
    inputs = None
    with contextlib.suppress(GrafitoError):  # what was not made from symbols has none
        inputs = model.input
    if inputs is None:  # a model of one's own
        if len(reading) > 1:
            raise GraphError(
                "It is not known which layer reads which text.",
                where=f"model {model.name!r}",
                received=f"the layers {', '.join(repr(layer.name) for layer in reading)}",
                fix="Model(inputs, outputs), with an Input(..., dtype='string') for each",
            )
        return reading[0].tokens(x)
    symbols = model.inputs
    names = sorted(inputs) if isinstance(inputs, Mapping) else [s.name for s in symbols]
    pairs = zip(names, symbols, strict=True)
    read = {name: partial(_tokens, model, s) for name, s in pairs if is_text(s)}
    if is_frame(x) and len(symbols) > 1:
        x = {str(name): x[name] for name in x.columns}
    if isinstance(x, Mapping):
        return {name: read[name](x[name]) if name in read else x[name] for name in x}
    if len(symbols) == 1:
        return read[names[0]](x) if read else x
    return [
        read[name](part) if name in read else part for name, part in zip(names, x, strict=False)
    ]


def _tokens(model: Any, symbol: Symbol, x: Any) -> Any:
    """What the layers on an input of text read in it, side by side in the columns of an array."""
    layers = readers(model, symbol)
    if len(layers) == 1:
        return layers[0].tokens(x)
    where = f"input {symbol.name!r} of model {model.name!r}"
    if not layers:
        raise GraphError(
            "An input of text goes into a layer that reads text.",
            where=where,
            received="no such layer",
            fix="layers.TextVectorization() or layers.StringLookup() on it",
        )
    arrays = [np.asarray(layer.tokens(x)) for layer in layers]
    arrays = [array.reshape(len(array), math.prod(array.shape[1:])) for array in arrays]
    loose = [i for i, layer in enumerate(layers) if None in layer.token_shape(symbol.shape)[1:]]
    width = max((arrays[i].shape[1] for i in loose), default=0)
    for i in loose:
        missing = width - arrays[i].shape[1]
        if missing and layers[i].output_mode == "int":
            raise GraphError(
                "Layers that read the same text find different numbers of terms in it.",
                where=where,
                received=", ".join(f"{layers[i].name!r}: {arrays[i].shape[1]}" for i in loose),
                fix=f"output_sequence_length={width} of layer {layers[i].name!r}",
            )
        arrays[i] = np.pad(arrays[i], ((0, 0), (0, missing)), constant_values=-1)
    return np.concatenate(arrays, axis=1)


def part_for(model: Any, symbol: Symbol, x: graph.Tensor, node: Node, place: int) -> graph.Tensor:
    """Of the numbers of a text, the columns that a call of a layer reads.

    Args:
        model: whose input the text is.
        symbol: of the text.
        x: the numbers of all layers that read it.
        node: the call.
        place: of the symbol in its arguments.
    """
    layers, own = readers(model, symbol), list(dict.fromkeys(_read_by(node, place)))
    if layers == own:
        return x
    shapes = [layer.token_shape(symbol.shape)[1:] for layer in layers]
    sizes = [0 if None in shape else math.prod(shape) for shape in shapes]
    rest = (x.shape[1] - sum(sizes)) // max(sum(None in shape for shape in shapes), 1)
    sizes = [rest if None in shape else n for n, shape in zip(sizes, shapes, strict=True)]
    ends = list(itertools.accumulate(sizes))
    pieces = {
        layer: x[:, end - size : end] for layer, size, end in zip(layers, sizes, ends, strict=True)
    }
    if len(own) > 1:  # of a model within the model, which takes them apart
        return graph.concatenate([pieces[layer] for layer in own], axis=1)
    shape = shapes[layers.index(own[0])]
    return graph.reshape(pieces[own[0]], (x.shape[0], *(-1 if n is None else n for n in shape)))


def readers(model: Any, symbol: Symbol) -> list[Any]:
    """The layers that read an input of text."""
    nodes = getattr(model, "functional", model).nodes
    calls = ((node, i) for node in nodes for i, x in enumerate(flatten(node.args)) if x is symbol)
    return list(dict.fromkeys(layer for call in calls for layer in _read_by(*call)))


def _read_by(node: Node, place: int) -> list[Any]:
    inner = getattr(node.layer, "inputs", None)
    return [node.layer] if inner is None else readers(node.layer, inner[place])
