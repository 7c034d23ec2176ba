"""Random models: nested, with shared and hand-built layers, lists of layers, inputs by name.

Each is built in one of several ways. It must have the weights of its recipe, its gradient must
reach all of them by a call on arrays, and what was saved, or made again from its configuration,
must predict and train as it does.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grafito import Model, Sequential, graph, layers, losses, metrics, optimizers, regularizers
from grafito.errors import ArgumentError
from grafito.models import load_model
from grafito.registry import custom_objects

SHORT = 80  # cases of the short form

SIZE = 4  # features of everything, so that all fits together
Rng = np.random.Generator


class Block(layers.Layer):
    """Keeps its parts in a list or a dictionary, and builds them by hand or not at all."""

    def __init__(self, width: int, by_hand: bool, form: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.by_hand, self.form = by_hand, form
        self.inner = (
            [_dense(), {"deep": (_dense(),) * width}] if form == "list" else {"a": _dense()}
        )
        self.seen = [metrics.Sum(name="seen")]

    def parts_in_order(self) -> list[Any]:
        if self.form == "list":
            return [self.inner[0], *self.inner[1]["deep"]]
        return [self.inner["a"]]

    def build(self, input_shape: Any) -> None:
        self.scale = graph.Variable(np.full(SIZE, 1.5), name="scale")
        for part in self.parts_in_order() if self.by_hand else ():
            part.build(input_shape)

    def call(self, x: Any) -> Any:
        self.seen[0].update_state(graph.ones_like(x[:, 0]))
        for part in self.parts_in_order():
            x = part(x)
        return x * self.scale


class Net(Model):
    """A subclass around other parts, made by a seed."""

    def __init__(self, seed: int, by_hand: bool = False):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.by_hand = by_hand
        self.stack = tuple(_layer(rng, 1) for _ in range(rng.integers(1, 3)))
        self.last = {"out": _dense()}

    def build(self, input_shape: Any) -> None:
        if self.by_hand:
            for part in (*self.stack, self.last["out"]):
                part.build(input_shape)
        else:
            super().build(input_shape)

    def call(self, x: Any) -> Any:
        for part in self.stack:
            x = part(x)
        return self.last["out"](x)


CLASSES = {"Block": Block, "Net": Net}


def _dense() -> layers.Layer:
    return layers.Dense(SIZE, activation="tanh", kernel_regularizer=regularizers.L2(0.01))


def _layer(rng: Rng, depth: int) -> layers.Layer:
    kind = rng.integers(0, 5 if depth else 3)
    if kind == 0:
        return _dense()
    if kind == 1:
        return layers.BatchNormalization()
    if kind == 2:
        form = str(rng.choice(["list", "dictionary"]))
        return Block(int(rng.integers(1, 3)), bool(rng.integers(2)), form)
    if kind == 3:
        inside = [_layer(rng, depth - 1) for _ in range(rng.integers(1, 3))]
        return Sequential([layers.Input((SIZE,)), *inside] if rng.integers(2) else inside)
    return Net(int(rng.integers(1000)), bool(rng.integers(2)))


def _count(layer: layers.Layer, seen: set[int]) -> int:
    """The number of weights by the recipe, each layer once."""
    if id(layer) in seen:
        return 0
    seen.add(id(layer))
    if isinstance(layer, layers.Dense):
        return 2
    if isinstance(layer, layers.BatchNormalization):
        return 4
    if isinstance(layer, Block):
        return 1 + sum(_count(part, seen) for part in layer.parts_in_order())
    if isinstance(layer, Net):
        return sum(_count(part, seen) for part in (*layer.stack, layer.last["out"]))
    return sum(_count(part, seen) for part in getattr(layer, "layers", ()))


def _functional(rng: Rng) -> tuple[Model, Any]:
    """A model of one or two inputs in some form, with parts that are shared."""
    names = [str(n) for n in rng.permutation(["in_b", "in_a"])[: rng.integers(1, 3)]]
    inputs = {name: layers.Input((SIZE,), name=name) for name in names}
    pool = [_layer(rng, 2) for _ in range(rng.integers(1, 4))]
    values, x = list(inputs.values()), next(iter(inputs.values()))
    if rng.integers(2):  # a submodel that shares a layer with what stands around it
        y = layers.Input((SIZE,))
        pool.append(Model(y, pool[0](y)))
    for _ in range(rng.integers(1, 4)):
        values.append(pool[rng.integers(len(pool))](values[rng.integers(len(values))]))
    x = layers.add([pool[-1](x), *values]) if len(values) > 1 else pool[-1](values[0])
    form = rng.integers(2)
    outputs = {"z": x, "y": _dense()(x)} if form else _dense()(x)
    return Model(dict(inputs) if rng.integers(2) else list(inputs.values()), outputs), names


def case(rng: Rng) -> None:
    """Make, compare with the recipe, save, load, make again, train."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", losses.LossWarning)  # every weight of these can be trained
        _check(rng)


def _check(rng: Rng) -> None:
    n = int(rng.choice([2, 5]))
    if rng.integers(2):
        model, names = _functional(rng)
    else:
        made = _layer(rng, 2)
        model, names = (made, ["x"]) if isinstance(made, Model) else (Sequential([made]), ["x"])
    arrays = {name: rng.normal(size=(n, SIZE)).astype("float32") for name in names}
    x = arrays if len(names) > 1 else next(iter(arrays.values()))
    if isinstance(getattr(model, "input", None) if model.built else None, dict):
        x = arrays
    if not model.built and rng.integers(2):
        model.build((None, SIZE))
    model(x)
    if (found := len(model.weights)) != (right := _count(model, set())):
        raise AssertionError(f"{found} weights, right {right}")
    _check_gradients(model, x)
    _check_copies(model, x, rng)


def _total(outputs: Any) -> graph.Tensor:
    parts = outputs.values() if isinstance(outputs, dict) else [outputs]
    return sum(graph.mean(graph.square(part)) for part in parts)


def _check_gradients(model: Model, x: Any) -> None:
    as_tensors = {k: graph.as_tensor(v) for k, v in x.items()} if isinstance(x, dict) else x
    as_tensors = as_tensors if isinstance(x, dict) else graph.as_tensor(x)
    weights = model.trainable_variables
    formulas = [graph.gradients(_total(model(given)), weights) for given in (x, as_tensors)]
    found = [graph.value(formula) for formula in formulas]
    kept = model.get_weights()
    model.set_weights([w + 0.1 for w in kept])
    for now, then in zip(graph.value(formulas[0]), found[0], strict=True):
        np.testing.assert_array_equal(now, then)  # of the weights at the time of the call
    model.set_weights(kept)
    for at_once, formula in zip(*found, strict=True):
        np.testing.assert_allclose(at_once, formula, rtol=1e-4, atol=1e-5)


def _check_copies(model: Model, x: Any, rng: Rng) -> None:
    model.compile(optimizers.SGD(0.05, momentum=0.9), loss="mse", engine="reference")
    given = getattr(model, "input", None)
    if isinstance(given, dict) and list(given) != sorted(given):
        with pytest.raises(ArgumentError):  # nobody can tell which is which
            model.predict(list(x.values()), verbose=0)
    y = model.predict(x, verbose=0)
    targets = {k: v / 2 for k, v in y.items()} if isinstance(y, dict) else y / 2
    if rng.integers(2):
        model.fit(x, targets, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m.safetensors")
        loaded = load_model(Path(folder) / "m.safetensors", custom_objects=CLASSES)
    assert loaded._executor.engine_wanted == "reference"
    config = model.get_config()
    with custom_objects(CLASSES):
        again = type(model).from_config(json.loads(json.dumps(config)))
    if not again.built:
        again.build(model.build_shape)
        again(x)  # a `build` of its own may leave parts to the first call
    again.set_weights(model.get_weights())
    again.compile(optimizers.SGD(0.05), loss="mse", engine="reference")
    if again.get_config() != config:
        raise AssertionError(f"the configuration changes: {again.get_config()} {config}")
    y = model.predict(x, verbose=0)
    for other in (loaded, again):
        _equal(other.predict(x, verbose=0), y)
    histories = [m.fit(x, targets, epochs=2, verbose=0).history for m in (model, loaded)]
    blocks = [layer for layer in model.family() if isinstance(layer, Block)]
    if blocks and not [name for name in histories[0] if name.startswith("seen")]:
        raise AssertionError("a metric that a layer keeps in a list is not in the history")
    if histories[0] != histories[1]:
        raise AssertionError(f"trained differently: {histories}")
    for name, values in histories[0].items():
        if name.startswith("seen") and (values[0] != values[1] or values[0] <= 0):
            raise AssertionError(f"{name} goes on from epoch to epoch: {values}")
    _equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def _equal(ours: Any, theirs: Any) -> None:
    for name in theirs if isinstance(theirs, dict) else [None]:
        one, two = (ours, theirs) if name is None else (ours[name], theirs[name])
        np.testing.assert_array_equal(one, two)
