"""Random models pickled, deep-copied and written as text: equal predictions, equal next step."""

from __future__ import annotations

import copy
import pickle

import numpy as np

from grafito import Model, Sequential, graph, layers, models, optimizers

SHORT = 80  # cases of the short form


def _doubled(x):
    return 2 * x


class Scaled(layers.Layer):
    """A layer of one's own with an argument and a function."""

    def __init__(self, factor=1.0, function=None, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.function = factor, function

    def build(self, shape):
        self.scale = self.add_weight((shape[-1],), "ones", name="scale")

    def call(self, x):
        y = x * self.scale * self.factor
        return y if self.function is None else self.function(y)


def _layer(rng: np.random.Generator) -> layers.Layer:
    units = int(rng.integers(1, 4))
    kinds = [
        lambda: layers.Dense(units, str(rng.choice(["relu", "tanh", "linear"]))),
        lambda: layers.Dense(units, kernel_regularizer="l2", use_bias=False),
        layers.BatchNormalization,
        layers.LayerNormalization,
        lambda: layers.Dropout(float(rng.choice([0.0, 0.5]))),
        lambda: layers.GaussianNoise(0.1),
        lambda: layers.Lambda(_doubled),
        lambda: Scaled(float(rng.choice([0.0, 1.5])), rng.choice([None, graph.tanh, _doubled])),
    ]
    return kinds[rng.integers(len(kinds))]()


def _network(rng: np.random.Generator, features: int) -> Model:
    inner = [_layer(rng) for _ in range(rng.integers(0, 3))]
    if rng.integers(2):
        parts = [layers.Input((features,)), *inner, layers.Dense(1)]
        if rng.integers(2):
            own = Sequential([layers.Input((features,)), layers.Dense(features)])
            parts.insert(1, own)
        return Sequential(parts)
    x = layers.Input((features,))
    shared = layers.Dense(features, "tanh")
    y = layers.add([shared(x), shared(shared(x))])
    for layer in inner:
        y = layer(y)
    return Model(x, layers.Dense(1)(y))


def case(rng: np.random.Generator) -> None:
    """A network in some state of training, and its copy in one of the ways."""
    features, n = int(rng.integers(1, 4)), int(rng.choice([1, 3, 5]))
    x = rng.normal(size=(n, features)).astype("float32")
    y = rng.normal(size=(n, 1)).astype("float32")
    model = _network(rng, features)
    rule = rng.choice(["sgd", "adam", "rmsprop"])
    state = rng.integers(3)  # not compiled, compiled, trained
    if state:
        optimizer = optimizers.get(str(rule))
        model.compile(optimizer, "mse", metrics=["mae"], engine="reference")
    if state == 2:
        model.fit(x, y, batch_size=2, verbose=0)
    ways = [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))]
    texts = not any(isinstance(part, (layers.Lambda, Scaled)) for part in model.family())
    if not state and texts:
        ways.append(_by_text)
    other = ways[rng.integers(len(ways))](model)
    _same(model.predict(x, verbose=0), other.predict(x, verbose=0))
    if state:
        ours, theirs = (m.fit(x, y, batch_size=2, verbose=0).history for m in (model, other))
        assert ours == theirs, (ours, theirs)
    for mine, its in zip(model.get_weights(), other.get_weights(), strict=True):
        _same(mine, its)


def _by_text(model: Model) -> Model:
    other = models.model_from_json(model.to_json())
    other.set_weights(model.get_weights())
    return other


def _same(one: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_array_equal(one, other)
