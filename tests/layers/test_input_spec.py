"""What a layer of one's own asks of its inputs, and what is adapted to data."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import layers, models
from grafito.errors import ArgumentError, DataError, NotBuiltError, ShapeError

X = np.ones((2, 4), "float32")
GOOD = [
    {"ndim": 2},
    {"shape": (None, 4)},
    {"shape": (2, 4), "dtype": "float32"},
    {"min_ndim": 1, "max_ndim": 2},
    {"axes": {-1: 4}},
    {"shape": (None, 4, 1), "allow_last_axis_squeeze": True},
    {"optional": True, "name": "x"},
]
BAD = [
    {"ndim": 3},
    {"shape": (None, 5)},
    {"dtype": "int32"},
    {"min_ndim": 3},
    {"max_ndim": 1},
    {"axes": {-1: 3}},
    {"axes": {2: 4}},
    {"shape": (None, 4, 2), "allow_last_axis_squeeze": True},
]


class Same(layers.Layer):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("spec", GOOD, ids=str)
def test_an_input_that_fits(keras, spec):
    layer = Same()
    layer.input_spec = layers.InputSpec(**spec)
    assert repr(layer.input_spec) == repr(keras.layers.InputSpec(**spec))
    assert np.array_equal(layer(X).numpy(), X)


@pytest.mark.parametrize("spec", BAD, ids=str)
def test_an_input_that_does_not_fit(spec):
    layer = Same()
    layer.input_spec = layers.InputSpec(**spec)
    with pytest.raises(ShapeError, match="InputSpec"):
        layer(X)
    with pytest.raises(ShapeError, match="InputSpec"):
        layer(layers.Input((4,)))


def test_one_spec_for_each_input():
    layer = Same()
    layer.input_spec = [layers.InputSpec(ndim=2, name="a"), layers.InputSpec(ndim=1, name="b")]
    layer({"a": X, "b": X[:, 0]})
    with pytest.raises(ShapeError, match="InputSpec"):
        layer({"a": X[:, 0], "b": X})
    with pytest.raises(ShapeError, match="InputSpec"):
        layer(X)


class Scaled(layers.Wrapper):
    def call(self, inputs):
        return 3 * self.layer(inputs)


def test_a_wrapper_is_built_trained_and_saved(tmp_path):
    model = models.Sequential([layers.Input((4,)), Scaled(layers.Dense(2))])
    model.compile("sgd", "mse")
    model.fit(X, np.ones((2, 2)), verbose=0)
    assert len(model.trainable_weights) == 2
    model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors", custom_objects={"Scaled": Scaled})
    assert np.array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(ArgumentError, match="around a layer"):
        layers.Wrapper(3)


@pytest.mark.parametrize("values", [np.arange(10.0), np.arange(10.0) ** 2, np.ones(5)])
@pytest.mark.parametrize("bins", [1, 3, 4])
def test_boundaries_of_keras(keras, values, bins):
    theirs, ours = (each.Discretization(num_bins=bins) for each in (keras.layers, layers))
    theirs.update_state(values)
    theirs.finalize_state()
    ours.adapt(values)
    np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6)
    assert np.array_equal(ours(values[:, None]).numpy(), np.asarray(theirs(values[:, None])))
    again = layers.deserialize(layers.serialize(ours))
    assert again.bin_boundaries == ours.bin_boundaries


def test_boundaries_before_adapt_and_of_nothing():
    layer = layers.Discretization(num_bins=3)
    with pytest.raises(NotBuiltError, match="adapt"):
        layer(X)
    with pytest.raises(DataError, match="no data"):
        layer.adapt(np.zeros((0, 2)))


@pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
def test_the_layers_train_on_every_engine(engine):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 255, (12, 9, 8, 3)).astype("float32"), rng.integers(0, 2, 12)
    model = models.Sequential(
        [
            layers.Input((9, 8, 3)),
            layers.Resizing(6, 6),
            layers.RandomContrast(0.2, seed=1),
            layers.RandomBrightness(0.2, seed=2),
            layers.CenterCrop(4, 4),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3),
            layers.GroupNormalization(2),
            layers.Reshape((4, 4)),
            layers.SeparableConv1D(4, 2),
            layers.DepthwiseConv1D(2),
            layers.UnitNormalization(),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.compile("sgd", "binary_crossentropy", engine=engine)
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, shuffle=False)
    np.testing.assert_allclose(history.history["loss"], LOSSES, rtol=2e-4)


LOSSES = [0.9814003, 0.9543361]
