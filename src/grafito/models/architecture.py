"""The architecture of a model as plain data, and back. No code is stored and none is run.

A layer is {"class_name", "config", "build_shape"}; classes are looked up in the registry of layers
and among the `custom_objects` of the caller. A functional model lists its layers once and then its
layer calls, in which ["call", 3, 0] stands for the first output of the fourth call and
["input", 0] for the first input.
"""

from __future__ import annotations

import contextlib
import json
from collections import namedtuple
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from grafito import layers
from grafito.errors import FileError, GrafitoError
from grafito.graph.nest import flatten
from grafito.layers.base import Layer, registry
from grafito.layers.building import build_again
from grafito.layers.symbolic import Symbol, asked_dtype
from grafito.models.functional import Functional
from grafito.models.model import Model
from grafito.models.sequential import Sequential
from grafito.registry import class_entry, plain
from grafito.registry import custom_objects as custom_object_scope

# While a model is written or read: entries by layer, layers by number.
_written: ContextVar[dict[Layer, dict[str, Any]] | None] = ContextVar("written", default=None)
_read: ContextVar[dict[Any, Layer] | None] = ContextVar("read", default=None)


@contextlib.contextmanager
def _one(memo: ContextVar[Any]) -> Iterator[Any]:
    """The memo for the model being written or read; the outermost call creates it."""
    token = memo.set({}) if memo.get() is None else None
    try:
        yield memo.get()
    finally:
        if token is not None:
            memo.reset(token)


def layer_entry(layer: Layer) -> dict[str, Any]:
    """One layer as data; a layer that occurs earlier in the model as {"shared": n}."""
    with _one(_written) as written:
        if layer in written:
            number = sum("number" in entry for entry in written.values())
            number = written[layer].setdefault("number", number)
            return {"shared": number}
        entry: dict[str, Any] = {}
        written[layer] = entry
        entry.update(_entry(layer))
        return entry


def _entry(layer: Layer) -> dict[str, Any]:
    cls = type(layer)
    own_build = isinstance(layer, Model) and cls.build not in (Model.build, Sequential.build)
    return {
        "class_name": class_entry(getattr(cls, "written_class", cls)),
        "config": layer.get_config(),
        "build_shape": _shape_data(layer.build_shape),
        **({"build_shapes": _shape_data(layer.build_shapes)} if layer.build_shapes else {}),
        **({"weights": len(layer.weights)} if own_build and layer.built else {}),
    }


def layer_from_entry(entry: Any) -> Layer:
    """The layer, not yet built.

    Raises:
        UnknownNameError: for a class that is neither registered nor given by the caller.
        FileError: for an entry that does not describe a layer.
    """
    with _one(_read) as read:
        if isinstance(entry, Mapping) and "shared" in entry:
            if entry["shared"] not in read:
                raise FileError("The file names a shared layer that it does not describe.")
            return read[entry["shared"]]
        layer = _layer(entry)
        if "number" in entry:
            read[entry["number"]] = layer
        return layer


def _layer(entry: Any) -> Layer:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("config"), Mapping):
        raise FileError(
            "The file describes a layer in a form that is not known.", received=repr(entry)[:80]
        )
    cls = registry.lookup(entry.get("class_name"))
    if not (isinstance(cls, type) and issubclass(cls, Layer)):
        raise FileError("The file names something that is not a layer.", received=repr(cls))
    try:
        return cls.from_config(dict(entry["config"]))
    except TypeError as error:
        raise FileError(
            f"The file has a configuration that {cls.__name__} does not take.", received=error
        ) from error


def sequential_config(model: Sequential) -> dict[str, Any]:
    """A stack of layers as data."""
    with _one(_written):
        entries = [layer_entry(layer) for layer in model.stack]
    config = {"name": model.name, "trainable": model.trainable, "layers": entries}
    if model.built and model.build_shape is not None:
        config["build_shape"] = _shape_data(model.build_shape)
    return config


def sequential_from_config(config: Mapping[str, Any]) -> Sequential:
    """The stack, connected where it knows its input shape."""
    model = Sequential(name=config.get("name"), trainable=config.get("trainable", True))
    with _one(_read):
        for entry in config["layers"]:
            model.add(layer_from_entry(entry))
    shape = config.get("build_shape")
    if shape is not None and model.built:  # already built by its first layer
        model.build_shape = _shape(shape)
    elif shape is not None:
        model.build(_shape(shape))
    return model


def functional_config(model: Functional) -> dict[str, Any]:
    """A model made from symbols as data."""
    inputs = model.inputs
    places: dict[int, list[Any]] = {id(s): ["input", i] for i, s in enumerate(inputs)}
    members: list[Layer] = []
    calls = []

    def place(x: Any) -> Any:
        if isinstance(x, Symbol):
            return {"symbol": places[id(x)]}
        return {"value": plain(x)}

    for node in model.nodes:
        if node.layer not in members:
            members.append(node.layer)
        calls.append(
            {
                "layer": members.index(node.layer),
                "args": _tree(place, node.args),
                "kwargs": _tree(place, node.kwargs),
            }
        )
        for j, symbol in enumerate(flatten(node.outputs)):
            places[id(symbol)] = ["call", len(calls) - 1, j]
    with _one(_written):
        entries = [layer_entry(layer) for layer in members]
    return {
        "name": model.name,
        "trainable": model.trainable,
        "inputs": _tree(lambda s: {"value": [list(s.shape), asked_dtype(s), s.name]}, model.input),
        "layers": entries,
        "calls": calls,
        "outputs": _tree(place, model.output),
    }


def functional_from_config(config: Mapping[str, Any], cls: type[Model] = Functional) -> Any:
    """The model, by calling its layers again on new symbols."""

    def make_input(leaf: Any) -> Symbol:
        shape, dtype, name = leaf["value"]
        return layers.Input(batch_shape=tuple(shape), dtype=dtype, name=name)

    inputs = _untree(make_input, config["inputs"])
    with _one(_read):
        members = [layer_from_entry(entry) for entry in config["layers"]]
    results: list[list[Any]] = []

    def resolve(leaf: Any) -> Any:
        if "value" in leaf:
            return leaf["value"]
        kind, index, *output = leaf["symbol"]
        return flatten(inputs)[index] if kind == "input" else results[index][output[0]]

    for call in config["calls"]:
        args = _untree(resolve, call["args"])
        outputs = members[call["layer"]](*args, **_untree(resolve, call["kwargs"]))
        results.append(flatten(outputs))
    outputs = _untree(resolve, config["outputs"])
    name, trainable = config.get("name"), config.get("trainable", True)
    return cls(inputs, outputs, name=name, trainable=trainable)


def _tree(leaf: Any, structure: Any) -> Any:
    """A structure as data; leaves are dictionaries, so they cannot be mistaken for structure."""
    if hasattr(structure, "_fields"):
        parts = [_tree(leaf, part) for part in structure]
        return ["named", [_named_entry(type(structure)), parts]]
    if isinstance(structure, (list, tuple)):
        kind = "tuple" if isinstance(structure, tuple) else "list"
        return [kind, [_tree(leaf, part) for part in structure]]
    if isinstance(structure, dict):
        return ["dict", {key: _tree(leaf, part) for key, part in structure.items()}]
    return leaf(structure)


def _untree(leaf: Any, data: Any) -> Any:
    if isinstance(data, dict):
        return leaf(data)
    kind, parts = data
    if kind == "dict":
        return {key: _untree(leaf, part) for key, part in parts.items()}
    if kind == "named":
        entry, parts = parts
        return _named_class(entry)(*(_untree(leaf, part) for part in parts))
    return (tuple if kind == "tuple" else list)(_untree(leaf, part) for part in parts)


def _named_entry(cls: Any) -> Any:
    """A class of named tuples as data: its name and those of its fields."""
    entry = class_entry(cls)
    return entry if isinstance(entry, type) else {"class_name": entry, "fields": [*cls._fields]}


def _named_class(entry: Any) -> Any:
    """The class among the custom objects, or one that is made like it."""
    if isinstance(entry, type):
        return entry
    name, fields = entry["class_name"], entry["fields"]
    known = registry.custom(name)
    return known if getattr(known, "_fields", None) == tuple(fields) else namedtuple(name, fields)


def model_from_entry(entry: Mapping[str, Any]) -> Model:
    """The model, built, with new weights.

    Raises:
        FileError: when the entry does not describe a model.
    """
    try:
        model = layer_from_entry(entry)
        if not isinstance(model, Model):
            raise FileError("The file describes a layer, not a model.", received=type(model))
        if (shape := entry.get("build_shape")) is not None:
            others = {k: _shape(s) for k, s in entry.get("build_shapes", {}).items()}
            build_again(model, _shape(shape), others, entry.get("weights", 0))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, GrafitoError):
            raise
        raise FileError(
            "The architecture in the file cannot be read.",
            received=f"{type(error).__name__}: {error}",
        ) from error
    return model


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A model from the text of `model.to_json()`, with new weights.

    Args:
        json_string: the text.
        custom_objects: classes and functions of your own that the model uses, by name.

    Raises:
        FileError: for a text that does not describe a model.

    Example:
        >>> from grafito import Sequential, layers
        >>> text = Sequential([layers.Input((2,)), layers.Dense(1)]).to_json()
        >>> model_from_json(text).count_params()
        3
    """
    try:
        entry = json.loads(json_string)
    except (TypeError, ValueError) as error:
        raise FileError("The text is not JSON.", received=error, fix="model.to_json()") from None
    if "build_shape" not in (entry if isinstance(entry, Mapping) else {}):
        raise FileError(
            "The text describes no model of grafito.",
            received=json_string[:60],
            expected="what model.to_json() of grafito returns",
        )
    with custom_object_scope(custom_objects):
        return model_from_entry(entry)


def _shape_data(shape: Any) -> Any:
    """A shape, or a structure of shapes, as plain data."""
    if hasattr(shape, "_fields"):
        return {"named": _named_entry(type(shape)), "shapes": [*map(_shape_data, shape)]}
    if isinstance(shape, dict):
        return {key: _shape_data(part) for key, part in shape.items()}
    if isinstance(shape, (list, tuple)):
        return [*map(_shape_data, shape)]
    return plain(shape)


def _shape(shape: Any) -> Any:
    """A shape, or a structure of shapes, with the tuples that JSON turned into lists."""
    if isinstance(shape, dict) and shape.keys() == {"named", "shapes"}:
        return _named_class(shape["named"])(*map(_shape, shape["shapes"]))
    if isinstance(shape, dict):
        return {key: _shape(part) for key, part in shape.items()}
    if shape and isinstance(shape[0], (list, dict)):
        return [_shape(part) for part in shape]
    return tuple(shape)
