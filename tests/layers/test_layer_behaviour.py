"""What single layers do beyond their formula: chance, state, data, penalties, names."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from grafito import Model, Sequential, engines, graph, layers
from grafito.errors import ArgumentError, DataError, ShapeError

rng = np.random.default_rng(0)
MANY = np.ones((400, 50), dtype="float32")


def train(layer, x):
    return layer(x, training=True).numpy()


# Random layers: what holds for any numbers


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_keeps_and_scales(rate):
    y = train(layers.Dropout(rate, seed=1), MANY)
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)
    assert (y == 0).mean() == pytest.approx(rate, abs=0.02)


def test_dropout_at_its_ends():
    assert np.array_equal(train(layers.Dropout(0), MANY), MANY)
    assert not train(layers.Dropout(1), MANY).any()
    assert np.array_equal(train(layers.AlphaDropout(0), MANY), MANY)
    assert np.array_equal(train(layers.GaussianDropout(0), MANY), MANY)
    assert np.array_equal(train(layers.GaussianNoise(0), MANY), MANY)


def test_noise_shape_shares_the_choice():
    y = train(layers.Dropout(0.5, noise_shape=(None, 1), seed=1), MANY)
    assert {tuple(np.unique(row)) for row in y} == {(0.0,), (2.0,)}


@pytest.mark.parametrize(
    ("name", "places"), [("SpatialDropout1D", (9,)), ("SpatialDropout2D", (3, 4))]
)
def test_spatial_dropout_drops_whole_channels(name, places):
    x = np.ones((60, *places, 20), dtype="float32")
    y = train(getattr(layers, name)(0.4, seed=1), x).reshape(60, -1, 20)
    assert np.array_equal(y.min(axis=1), y.max(axis=1))
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.05)


def test_noise_has_its_mean_and_deviation():
    y = train(layers.GaussianNoise(0.3, seed=1), MANY)
    assert (y.mean(), y.std()) == pytest.approx((1, 0.3), abs=0.01)
    y = train(layers.GaussianDropout(0.2, seed=1), MANY)
    assert (y.mean(), y.std()) == pytest.approx((1, 0.5), abs=0.02)


def test_alpha_dropout_keeps_mean_and_variance():
    x = rng.normal(size=(400, 200)).astype("float32")
    y = train(layers.AlphaDropout(0.3, seed=1), x)
    assert (y.mean(), y.std()) == pytest.approx((0, 1), abs=0.02)


def test_eager_calls_draw_anew():
    layer = layers.Dropout(0.5, seed=1)
    assert not np.array_equal(train(layer, MANY), train(layer, MANY))


# State


@pytest.mark.parametrize("shape", [(6,), (4, 5, 6)])
def test_moving_statistics_are_those_of_keras(keras, shape):
    ours, theirs = (
        layers.BatchNormalization(momentum=0.7),
        keras.layers.BatchNormalization(momentum=0.7),
    )
    for step in range(5):
        x = rng.normal(step, 2, size=(8, *shape)).astype("float32")
        np.testing.assert_allclose(train(ours, x), theirs(x, training=True), atol=3e-6)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    np.testing.assert_allclose(ours(x).numpy(), theirs(x), atol=3e-6)


def test_variance_survives_a_large_mean():
    x = (1e4 + rng.normal(size=(64, 3))).astype("float32")
    y = train(layers.BatchNormalization(epsilon=0), x)
    assert y.std(axis=0) == pytest.approx([1, 1, 1], abs=1e-3)


def test_frozen_normalisation_uses_and_keeps_its_statistics():
    layer = layers.BatchNormalization(trainable=False)
    x = rng.normal(3, 2, size=(8, 4)).astype("float32")
    assert np.array_equal(train(layer, x), layer(x, training=False).numpy())
    assert not layer.moving_mean.numpy().any()
    assert not layer.trainable_variables


# Data


@pytest.mark.parametrize("axis", [-1, None, (1, 2)])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_adapt_finds_the_statistics_of_keras(keras, axis, dtype):
    data = rng.uniform(0, 250, size=(20, 4, 3)).astype(dtype)
    ours, theirs = layers.Normalization(axis), keras.layers.Normalization(axis)
    ours.adapt(data)
    theirs.adapt(data)
    np.testing.assert_allclose(ours.mean.numpy(), np.asarray(theirs.mean), rtol=1e-5)
    np.testing.assert_allclose(ours.variance.numpy(), np.asarray(theirs.variance), rtol=1e-5)
    np.testing.assert_allclose(ours(data).numpy(), theirs(data), atol=1e-5)


def test_adapt_reads_batches_and_forgets_what_was_before():
    data = rng.normal(5, 3, size=(50, 4)).astype("float32")
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(data)
    parts.adapt(data * 100)
    parts.adapt((data[i : i + 7], None) for i in range(0, 50, 7))
    parts.adapt([data[:10], data[10:]])
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_adapt_reads_large_arrays_in_slices():
    data = rng.normal(5, 3, size=(20_000, 1)).astype("float32")
    layer = layers.Normalization()
    layer.adapt(data)
    wide = data.astype("float64")
    assert layer.mean.item() == pytest.approx(wide.mean(), rel=1e-6)
    assert layer.variance.item() == pytest.approx(wide.var(), rel=1e-5)


def test_invert_undoes():
    data = rng.normal(5, 3, size=(50, 4)).astype("float32")
    there, back = layers.Normalization(), layers.Normalization(invert=True)
    for layer in (there, back):
        layer.adapt(data)
    np.testing.assert_allclose(back(there(data)).numpy(), data, rtol=1e-5)


def test_constant_feature_is_not_divided_by_zero():
    layer = layers.Normalization()
    layer.adapt(np.full((4, 1), 3.0, dtype="float32"))
    assert layer(np.full((2, 1), 3.0, dtype="float32")).numpy().tolist() == [[0.0], [0.0]]


def test_embedding_starts_from_given_weights():
    table = rng.normal(size=(5, 3)).astype("float32")
    for given in (table, [table]):
        layer = layers.Embedding(5, 3, weights=given)
        assert np.array_equal(layer([[4, 0]]).numpy(), table[[[4, 0]]])
        assert "weights" not in layer.get_config()


@pytest.mark.parametrize("engine", ["reference", "llvm"])
@pytest.mark.parametrize("call", ["fit", "predict", "call"])
@pytest.mark.parametrize("number", [-1, -3, 3, 2**32 + 1, -(2**40), 2**62])
def test_an_embedding_refuses_what_has_no_row(number, call, engine):
    """Padding of -1, an unknown word, a hash: never another word's row."""
    if engine not in engines.names():
        pytest.skip("not here")
    ids = np.array([[0, 2], [number, 1]])
    model = Sequential([layers.Input((2,), dtype="int64"), layers.Embedding(3, 2)])
    model.compile("sgd", loss="mse", engine=engine)
    act = {
        "fit": lambda: model.fit(ids, np.zeros((2, 2, 2)), verbose=0),
        "predict": lambda: model.predict(ids, verbose=0),
        "call": lambda: model.layers[-1](ids).numpy(),
    }[call]
    with pytest.raises(DataError, match=rf"received +{number}\n.*0 to 2"):
        act()


def test_embedding_outside_of_its_table():
    with pytest.raises(DataError, match="outside the table"):
        layers.Embedding(5, 3)([[5]])


def test_bytes_and_integers_are_computed_with():
    images = rng.integers(0, 255, size=(2, 5, 5, 1)).astype("uint8")
    layer = layers.Conv2D(2, 3)
    floats = layer(images.astype("float32")).numpy()
    np.testing.assert_allclose(layer(images).numpy(), floats, rtol=1e-6)
    assert layers.Dense(2)(np.ones((1, 3), dtype="int64")).dtype == "float32"


# Penalties and activations


def test_activity_penalty_is_that_of_keras(keras):
    x = rng.normal(size=(4, 3)).astype("float32")
    theirs = keras.layers.ActivityRegularization(0.1, 0.2)
    theirs(x)
    with graph.Trace() as trace:
        layers.ActivityRegularization(0.1, 0.2)(graph.constant(x))
    (penalty,) = trace.penalties
    assert penalty.item() == pytest.approx(float(theirs.losses[0]), rel=1e-6)


def test_penalties_of_weights_and_activities(keras):
    x = rng.normal(size=(4, 3)).astype("float32")
    arguments = {"kernel_regularizer": "l2", "bias_regularizer": "l1", "activity_regularizer": "l2"}
    ours, theirs = layers.Dense(2, **arguments), keras.layers.Dense(2, **arguments)
    theirs(x)
    with graph.Trace() as trace:
        ours(graph.constant(x))
    ours.set_weights(theirs.get_weights())
    total = sum(p.item() for p in [*trace.penalties, *ours.weight_penalties()])
    assert total == pytest.approx(float(sum(theirs.losses)), rel=1e-5)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_activation_is_the_last_op(activation):
    """So that the rewriter finds it before a cross-entropy."""
    y = layers.Dense(3, activation=activation)(graph.placeholder((2, 4)))
    assert y.op.name == activation


def test_constraint_and_regularizer_travel_in_the_configuration():
    layer = layers.Conv2D(2, 3, kernel_regularizer="l2", kernel_constraint="max_norm")
    again = layers.deserialize(layers.serialize(layer))
    assert again.kernel_regularizer.get_config() == layer.kernel_regularizer.get_config()
    assert type(again.kernel_constraint) is type(layer.kernel_constraint)


# Functions, inputs, code


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"]
)
def test_functions_are_layers(name):
    arrays = [rng.normal(size=(4, 3)).astype("float32") for _ in range(2)]
    layer = getattr(layers, name.capitalize())
    arguments = {"axes": -1} if name == "dot" else {}
    expected = layer(**arguments)(arrays).numpy()
    function = getattr(layers, name)
    assert np.array_equal(function(arrays).numpy(), expected)
    symbols = [layers.Input((3,)), layers.Input((3,))]
    assert function(symbols, name="merged").node.layer.name == "merged"
    assert inspect.getdoc(function)


def test_symbols_are_added_as_numbers_are():
    x, y = layers.Input((3,)), layers.Input((3,))
    for z in (x + y, x - y, x * y, x + 1, 1 - x, x * 2, x / 2, -x):
        assert z.shape == (None, 3)


def test_lambda_is_code():
    double = layers.Lambda(lambda x, by: by * x, arguments={"by": 2})
    assert double(np.ones((1, 2))).numpy().tolist() == [[2.0, 2.0]]
    assert double(layers.Input((2,))).shape == (None, 2)
    mode = layers.Lambda(lambda x, training: x if training else 0 * x)
    assert mode([1.0], training=True).numpy().tolist() == [1.0]
    assert mode([1.0]).numpy().tolist() == [0.0]
    with pytest.raises(ArgumentError, match="holds code"):
        layers.serialize(double)


def test_input_and_its_layer():
    x = layers.Input((3, None), batch_size=4, dtype="int32", name="words")
    assert (x.shape, x.dtype, x.name) == ((4, 3, None), "int32", "words")
    assert layers.Input(batch_shape=(None, 2)).shape == (None, 2)
    layer = layers.InputLayer((3,), name="a")
    again = layers.InputLayer.from_config(layer.get_config())
    assert again.batch_shape == (None, 3)
    assert again.output.name == "a"


def test_names_of_older_programs():
    assert layers.LeakyReLU(alpha=0.1).negative_slope == 0.1
    assert layers.Embedding(5, 3, input_length=7).input_dim == 5


@pytest.mark.parametrize("name", ["Convolution2D", "MaxPool2D", "GlobalAvgPool1D", "dense"])
def test_second_names(name):
    assert inspect.isclass(layers.registry.lookup(name))


def test_sizes_that_are_free_stay_free():
    x = layers.Input((None, 3))
    for layer in (
        layers.Conv1D(4, 3),
        layers.Dense(4),
        layers.MaxPooling1D(2),
        layers.Dropout(0.1),
    ):
        assert layer(x).shape[:2] == (None, None)
    assert layers.GlobalMaxPooling1D()(x).shape == (None, 3)
    assert layers.Flatten()(x).shape == (None, None)


def test_reshape_of_a_free_axis(capsys):
    x = layers.Input((None,))
    fixed, free = layers.Reshape((3, 5))(x), layers.Reshape((3, -1))(x)
    assert (fixed.shape, free.shape) == ((None, 3, 5), (None, 3, None))
    model = Model(x, layers.Dense(2)(fixed))
    assert model.predict(np.ones((2, 15)), verbose=0).shape == (2, 3, 2)
    model.summary()
    assert "(None, 3, 5)" in capsys.readouterr().out


def test_an_activation_may_be_set_later():
    dense = layers.Dense(2, activation="relu", kernel_initializer="ones")
    dense(-np.ones((1, 2)))
    dense.activation = None
    assert dense(-np.ones((1, 2))).numpy().tolist() == [[-2.0, -2.0]]
    dense.activation = "relu"
    assert dense(-np.ones((1, 2))).numpy().tolist() == [[0.0, 0.0]]


def test_an_array_as_initializer():
    table = np.arange(8.0).reshape(4, 2)
    dense = layers.Dense(2, kernel_initializer=table)
    dense.build((None, 4))
    again = layers.Dense.from_config(dense.get_config())
    again.build((None, 4))
    np.testing.assert_array_equal(again.get_weights()[0], table)
    with pytest.raises(ShapeError):
        layers.Dense(3, kernel_initializer=table).build((None, 4))


def test_losses_of_a_layer():
    dense = layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2")
    assert dense.losses == []
    stack = Sequential([layers.Input((3,)), dense])
    assert [round(float(loss), 6) for loss in stack.losses] == [0.06]


def test_losses_after_a_call_are_those_that_it_added():
    class Penalised(layers.Layer):
        def call(self, x):
            self.add_loss(graph.mean(x))
            return x

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Penalised()

        def call(self, x):
            return self.inner(x)

    outer = Outer()
    assert outer.losses == []
    for size in (1.0, 2.0):
        outer(np.full((2, 2), size))
        assert [float(loss) for loss in outer.losses] == [size]


def test_float64_layers():
    layer = layers.Dense(2, dtype="float64")
    assert layer(np.ones((1, 3), dtype="float32")).dtype == "float64"
    assert layer.kernel.dtype == "float64"


def test_no_examples_keep_the_shape_of_one():
    none = np.zeros((0, 8, 6), "float32")
    for layer in (layers.Reshape((-1,)), layers.Reshape((2, -1)), layers.Flatten()):
        assert layer(none).shape[1:] == layer(np.ones((1, 8, 6)))[:0].shape[1:]


def test_an_image_without_rows_is_not_resized():
    with pytest.raises(ShapeError, match="without pixels"):
        layers.Resizing(4, 4)(np.zeros((1, 0, 6, 3)))
