"""Messages of layers: which layer, what came, what was expected, what to try."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from grafito import Sequential, graph, layers
from grafito.errors import ArgumentError, GrafitoError, ShapeError, UnknownNameError

L = layers


def on(layer, *shapes):
    """Call the layer on inputs of these shapes."""
    inputs = [L.Input(shape) for shape in shapes]
    return layer(inputs if len(inputs) > 1 else inputs[0])


# What is done, and words that its message holds.
WRONG = [
    # arguments
    (lambda: L.Dense(0), ArgumentError, ["Dense", "units=0", "1 or more", "units=1"]),
    (lambda: L.Dense(2.5), ArgumentError, ["units=2.5", "integer"]),
    (lambda: L.Dense(True), ArgumentError, ["units=True"]),
    (lambda: L.Dense("10"), ArgumentError, ["units='10'"]),
    (
        lambda: L.Dense(3, activaton="relu"),
        ArgumentError,
        ["no argument 'activaton'", "activation"],
    ),
    (lambda: L.Dense(3, activation="rleu"), UnknownNameError, ["'rleu'", "try        'relu'"]),
    (lambda: L.Dense(3, kernel_initializer="glorot"), UnknownNameError, ["initializer 'glorot'"]),
    (lambda: L.Conv2D(-1, 3), ArgumentError, ["filters=-1"]),
    (lambda: L.Conv2D(4, (3, 3, 3)), ArgumentError, ["kernel_size=(3, 3, 3)", "2 of them"]),
    (lambda: L.Conv2D(4, 0), ArgumentError, ["kernel_size=0"]),
    (lambda: L.Conv2D(4, 3, padding="sam"), UnknownNameError, ["'padding' of Conv2D", "'same'"]),
    (lambda: L.Conv2D(4, 3, padding="causal"), UnknownNameError, ["one of same, valid"]),
    (lambda: L.Conv2D(4, 3, strides=2, dilation_rate=2), ArgumentError, ["strides or dilation"]),
    (lambda: L.Conv2D(5, 3, groups=2), ArgumentError, ["filters=5, groups=2", "filters=4"]),
    (
        lambda: L.Conv2D(4, 3, data_format="channels_first"),
        ArgumentError,
        ["channels as the last axis", "Permute((2, 3, 1))"],
    ),
    (lambda: L.Conv2DTranspose(4, 3, output_padding=1), ArgumentError, ["output_padding=1"]),
    (lambda: L.MaxPooling2D(0), ArgumentError, ["MaxPooling2D", "pool_size=0"]),
    (lambda: L.Dropout(1.5), ArgumentError, ["rate=1.5", "0 to 1"]),
    (lambda: L.GaussianDropout(1), ArgumentError, ["below 1"]),
    (lambda: L.ReLU(threshold=-1), ArgumentError, ["threshold=-1"]),
    (lambda: L.Permute((1, 3)), ArgumentError, ["dims=(1, 3)", "counted from 1"]),
    (lambda: L.Reshape((-1, -1)), ArgumentError, ["-1 once"]),
    (lambda: L.ZeroPadding2D((1, 2, 3)), ArgumentError, ["padding=(1, 2, 3)"]),
    (lambda: L.UpSampling2D(interpolation="area"), UnknownNameError, ["bilinear", "nearest"]),
    (lambda: L.Embedding(5, 2, mask_zero=True), ArgumentError, ["no mask", "mask_zero=False"]),
    (lambda: L.Dot(0), ArgumentError, ["not that of the batch"]),
    (lambda: L.Normalization(mean=1.0), ArgumentError, ["or neither"]),
    (lambda: L.RandomZoom(2), ArgumentError, ["height_factor=2"]),
    (lambda: L.RandomFlip("sideways"), UnknownNameError, ["'mode' of RandomFlip"]),
    (lambda: L.RandomRotation(0.1, fill_mode="mirror"), UnknownNameError, ["reflect"]),
    (lambda: L.Lambda("x + 1"), ArgumentError, ["needs a function"]),
    (lambda: L.Input("784"), ArgumentError, ["shape='784'", "Input((784,))"]),
    (lambda: L.Input((0,)), ArgumentError, ["shape=0"]),
    (lambda: L.Input(), ArgumentError, ["needs a shape"]),
    (lambda: L.deserialize("Conv4D"), UnknownNameError, ["layer 'Conv4D'", "'Conv1D'"]),
    # shapes
    (
        lambda: on(L.Conv2D(4, 3), (28, 28)),
        ShapeError,
        ["(Conv2D)", "(None, 28, 28)", "(batch, height, width, channels)", "Reshape((28, 28, 1))"],
    ),
    (lambda: on(L.Conv2D(4, 3), (784,)), ShapeError, ["Reshape((height, width, channels))"]),
    (lambda: on(L.Conv1D(4, 3), (100,)), ShapeError, ["Input((100, 1))", "Reshape((100, 1))"]),
    (lambda: on(L.MaxPooling2D(), (8, 8)), ShapeError, ["4 axes", "Reshape((8, 8, 1))"]),
    (lambda: on(L.Conv2D(4, 7), (5, 9, 1)), ShapeError, ["(5, 9)", "(7, 7)", "(-1, 3)", "same"]),
    (lambda: on(L.AveragePooling1D(9), (4, 1)), ShapeError, ["(AveragePooling1D)", "(4,)", "(9,)"]),
    (lambda: on(L.Conv2D(4, 3, groups=2), (8, 8, 3)), ArgumentError, ["3 channels, groups=2"]),
    (lambda: on(L.Conv2D(4, 3), (8, 8, None)), ShapeError, ["number of channels"]),
    (lambda: on(L.Dense(3), ()), ShapeError, ["(Dense)", "Input((1,))"]),
    (
        lambda: on(L.Dense(3), (None,)),
        ShapeError,
        ["sizes that are known", "(None, 3)", "Input((784,))"],
    ),
    (lambda: on(L.Reshape((4, 4)), (15,)), ShapeError, ["15 elements", "16 elements"]),
    (
        lambda: on(L.Reshape((-1, 4)), (15,)),
        ShapeError,
        ["15 elements", "4 elements or a multiple"],
    ),
    (lambda: on(L.Permute((2, 1)), (4,)), ShapeError, ["3 axes"]),
    (lambda: on(L.RepeatVector(3), (4, 2)), ShapeError, ["2 axes", "Flatten()"]),
    (lambda: on(L.Cropping2D(3), (6, 8, 1)), ShapeError, ["leave nothing", "(6, 8)"]),
    (lambda: on(L.BatchNormalization(axis=3), (4,)), ArgumentError, ["axis=3", "-2 to 1"]),
    (lambda: on(L.SpatialDropout1D(0.5), (4,)), ShapeError, ["(batch, steps, channels)"]),
    (
        lambda: L.Dropout(0.5, (None, 1))(np.ones((2, 3, 4)), training=True),
        ArgumentError,
        ["noise_shape=(None, 1)", "3 axes", "3 sizes"],
    ),
    (lambda: on(L.Normalization(axis=0), (4,)), ArgumentError, ["how many features"]),
    (lambda: on(L.RandomCrop(9, 4), (6, 8, 1)), ShapeError, ["6 by 8", "9 by 4", "ZeroPadding2D"]),
    (lambda: on(L.Add(), (3,)), ArgumentError, ["list of inputs", "Add()([a, b])"]),
    (lambda: on(L.Subtract(), (3,), (3,), (3,)), ArgumentError, ["3 inputs", "expected   2"]),
    (lambda: on(L.Add(), (3,), (4,)), ShapeError, ["(None, 3) and (None, 4)"]),
    (
        lambda: on(L.Concatenate(axis=1), (3, 2), (3, 4)),
        ShapeError,
        ["(None, 3, 2) and (None, 3, 4)", "all axes but axis 1"],
    ),
    (lambda: on(L.Dot(1), (3,), (4,)), ShapeError, ["the same size along axis 1 and axis 1"]),
    (
        lambda: L.Add()([np.ones((2, 3)), np.ones((5, 3))]),
        ShapeError,
        ["2 examples and 5 examples"],
    ),
    (lambda: L.Dropout(0.5, noise_shape=-3), ArgumentError, ["noise_shape=-3", "(None, 1, None)"]),
    (lambda: L.Dropout(0.5, noise_shape=(2, -1)), ArgumentError, ["noise_shape=(2, -1)"]),
    (lambda: L.Dropout(0.5, noise_shape=("a",)), ArgumentError, ["noise_shape=('a',)"]),
    (lambda: L.AlphaDropout(0.5, noise_shape=0.5), ArgumentError, ["noise_shape=0.5"]),
    (lambda: L.LayerNormalization(axis={"a": 1}), ArgumentError, ["axis={'a': 1}", "axis=-1"]),
    (lambda: L.LayerNormalization(axis=(1, 1)), ArgumentError, ["axis=(1, 1)", "that differ"]),
    (lambda: L.LayerNormalization(axis=()), ArgumentError, ["axis=()"]),
    (lambda: L.Layer(trainable="no"), ArgumentError, ["trainable='no'", "trainable=False"]),
    (lambda: setattr(L.Dense(1), "trainable", "no"), ArgumentError, ["trainable='no'"]),
    (lambda: L.Dense(1).add_weight("w"), ArgumentError, ["name='w'", "shape=(...)"]),
]


@pytest.mark.parametrize(("act", "kind", "words"), WRONG)
def test_message(act, kind, words):
    with pytest.raises(kind) as caught:
        act()
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, str(caught.value)


def test_message_names_the_layer_and_the_way_to_it():
    x = L.Dense(12, name="encoder")(L.Input((4,), name="data"))
    with pytest.raises(ShapeError) as caught:
        L.Conv2D(3, 2, name="filters")(x)
    text = str(caught.value)
    assert "where      layer 'filters' (Conv2D)" in text
    assert "path       (None, 4) -> encoder (None, 12)" in text


def test_another_size_than_the_first():
    layer = L.Dense(3, name="output")
    layer(np.ones((2, 4)))
    with pytest.raises(ShapeError, match="size 4, with which its weights were built"):
        layer(np.ones((2, 5)))
    conv = L.Conv2D(3, 2)
    conv(np.ones((2, 4, 4, 1)))
    with pytest.raises(ShapeError, match="size 1"):
        conv(np.ones((2, 4, 4, 3)))


def test_nothing_but_own_errors():
    """Whatever the shape, a layer works or says why not."""
    made = [
        lambda: L.Conv2D(2, 3),
        lambda: L.Conv1D(2, 3),
        lambda: L.MaxPooling2D(3),
        lambda: L.GlobalMaxPooling1D(),
        lambda: L.BatchNormalization(),
        lambda: L.LayerNormalization(axis=2),
        lambda: L.Cropping1D(2),
        lambda: L.UpSampling2D(2),
        lambda: L.RandomRotation(0.1),
        lambda: L.PReLU(shared_axes=2),
        lambda: L.Softmax(axis=2),
        lambda: L.Permute((2, 1)),
        lambda: L.Normalization(),
        lambda: L.SeparableConv2D(2, 2),
    ]
    shapes = [(), (3,), (None,), (4, 3), (None, 3), (2, 2, 1), (5, 6, None), (2, 3, 4, 5)]
    for make in made:
        for shape in shapes:
            with contextlib.suppress(GrafitoError):
                on(make(), shape)


def test_adapt_without_data():
    with pytest.raises(GrafitoError, match="no data"):
        L.Normalization().adapt(np.ones((0, 3)))
    with pytest.raises(GrafitoError, match="nothing to find"):
        L.Normalization(mean=0.0, variance=1.0).adapt(np.ones((2, 3)))
    with pytest.raises(GrafitoError, match="needs data"):
        L.Normalization().adapt(3)


# Functions that do not fit their inputs: shapes of the inputs, what is said.
OPEN = {
    "product": (lambda x: graph.matmul(x, np.ones((5, 2))), (4,), "(None, 4) @ (5, 2)"),
    "sum": (lambda x: x + np.ones(3), (4,), "(None, 4) and (3,)"),
    "inner": (lambda x: x + np.ones((9, 3)), (None, 4), "(None, None, 4) and (9, 3)"),
    "reshape": (lambda x: graph.reshape(x, (3, 4)), (4,), "(None, 4)"),
}


@pytest.mark.parametrize("case", OPEN)
def test_errors_say_the_shapes_of_the_users_arrays(case):
    function, shape, words = OPEN[case]
    with pytest.raises(ShapeError) as error:
        layers.Lambda(function)(layers.Input(shape))
    assert words in str(error.value)
    assert "(2, " not in str(error.value)


def test_errors_of_training_say_the_shapes_of_the_users_arrays():
    x = np.ones((7, 4), "float32")
    model = Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse")
    for work in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ShapeError, match=r"targets \(7, 2\), predictions \(7, 3\)"):
            work(x, np.ones((7, 2)))
