"""Where data enter a model: its layers that read text make numbers of what they stand on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from grafito.errors import GrafitoError, GraphError
from grafito.graph.nest import flatten
from grafito.layers.symbolic import Symbol, is_text
from grafito.models.frames import is_frame


def entering(model: Any) -> Callable[[Any], Any] | None:
    """The function that makes numbers of the texts in a model's inputs; None without such layers.

    Args:
        model: whose layers may read text.
    """
    readers = [layer for layer in model.family() if getattr(layer, "reads_text", False)]
    return partial(_enter, model, readers) if readers else None


def _enter(model: Any, readers: list[Any], x: Any) -> Any:
    inputs = None
    with contextlib.suppress(GrafitoError):  # what was not made from symbols has none
        inputs = model.input
    if inputs is None:  # a model of one's own
        if len(readers) > 1:
            raise GraphError(
                "It is not known which layer reads which text.",
                where=f"model {model.name!r}",
                received=f"the layers {', '.join(repr(layer.name) for layer in readers)}",
                fix="Model(inputs, outputs), with an Input(..., dtype='string') for each",
            )
        return readers[0].tokens(x)
    symbols = model.inputs
    names = sorted(inputs) if isinstance(inputs, Mapping) else [s.name for s in symbols]
    read = {n: _reader(model, s) for n, s in zip(names, symbols, strict=True) if is_text(s)}
    if is_frame(x) and len(symbols) > 1:
        x = {str(name): x[name] for name in x.columns}
    if isinstance(x, Mapping):
        return {name: read[name].tokens(x[name]) if name in read else x[name] for name in x}
    if len(symbols) == 1:
        return read[names[0]].tokens(x) if read else x
    return [
        read[name].tokens(part) if name in read else part
        for name, part in zip(names, x, strict=False)
    ]


def _reader(model: Any, symbol: Symbol) -> Any:
    """The one layer that reads a text input."""
    found = list(dict.fromkeys(_readers(model, symbol)))
    if len(found) != 1:
        raise GraphError(
            "An input of text goes into one layer that reads text.",
            where=f"input {symbol.name!r} of model {model.name!r}",
            received=", ".join(repr(layer.name) for layer in found) or "no such layer",
            fix="a second Input for a second layer",
        )
    return found[0]


def _readers(model: Any, symbol: Symbol) -> Iterator[Any]:
    for node in getattr(model, "functional", model).nodes:
        for i, x in enumerate(flatten(node.args)):
            if x is symbol:
                inner = getattr(node.layer, "inputs", None)
                yield from [node.layer] if inner is None else _readers(node.layer, inner[i])
