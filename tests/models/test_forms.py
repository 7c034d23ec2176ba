"""Forms of calls that programs for Keras use, beside the plain ones."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import Model, Sequential, layers, losses, metrics, utils
from grafito.errors import ArgumentError, DataError, GraphError

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def two_outputs():
    utils.set_random_seed(0)
    x = layers.Input((4,))
    return Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])


# the loss as given, the same in the plain form
NESTED = [
    ([["mse"], ["mae"]], ["mse", "mae"]),
    ([["mse", "mae"]], ["mse", "mae"]),
    (("mse", ["mae"]), ["mse", "mae"]),
    ({"a": ["mse"], "b": "mae"}, ["mse", "mae"]),
    ({"a": ["mse"]}, ["mse", None]),
    ([[losses.mse], [None]], ["mse", None]),
    ([[{"class_name": "MeanSquaredError", "config": {}}], "mae"], ["mse", "mae"]),
]


@pytest.mark.filterwarnings("ignore:No gradient reaches")
@pytest.mark.parametrize(("given", "plain"), NESTED, ids=str)
def test_nested_losses(given, plain):
    results = []
    for loss in (given, plain):
        model = two_outputs()
        model.compile("sgd", loss=loss, loss_weights=[[0.5], [2.0]])
        results.append(model.fit(X, [Y, 3 * Y], epochs=2, shuffle=False, verbose=0).history["loss"])
    assert results[0] == results[1]


def test_an_output_has_one_loss():
    model = two_outputs()
    model.compile("sgd", loss={"a": ["mse", "mae"], "b": "mse"})
    with pytest.raises(ArgumentError, match="one loss"):
        model.fit(X, [Y, Y], verbose=0)


@pytest.mark.filterwarnings("ignore:No gradient reaches")
@pytest.mark.parametrize("y", [Y, [Y]])
@pytest.mark.parametrize(
    ("loss", "place"), [(["mse", None], 0), ([None, "mse"], 1), ({"b": "mse"}, 1)]
)
def test_targets_of_the_outputs_that_have_a_loss(y, loss, place):
    one, other = two_outputs(), two_outputs()
    both = [Y, Y]
    both[1 - place] = 9 * Y
    for model, targets in ((one, y), (other, both)):
        model.compile("sgd", loss=loss)
        model.fit(X, targets, epochs=2, shuffle=False, verbose=0)
    for ours, expected in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, expected)
    assert one.evaluate(X, y, verbose=0) == other.evaluate(X, both, verbose=0)


def test_too_few_targets_are_refused():
    model = two_outputs()
    model.compile("sgd", loss=["mse", "mae"])
    with pytest.raises(DataError, match="another number of outputs"):
        model.fit(X, Y, verbose=0)


def test_a_model_that_is_only_evaluated(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile(optimizer=None, loss="mse", metrics=["mae"])
    assert len(model.evaluate(X, Y, verbose=0)) == 2
    model.summary(print_fn=lambda text: None)
    path = tmp_path / "m.safetensors"
    model.save(path)
    from grafito.models import load_model

    assert load_model(path).evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(GraphError, match="optimizer"):
            train(X, Y)


SHORT = ["MSE", "MAE", "MAPE", "MSLE", "KLD", "mse", "mae", "mape", "msle", "kld", "logcosh"]


@pytest.mark.parametrize("module", [losses, metrics])
@pytest.mark.parametrize("name", [*SHORT, "kullback_leibler_divergence"])
def test_short_names(module, name):
    function = getattr(module, name)
    assert losses.get(name).name == losses.get(function).name
    assert function(np.full((3, 2), 0.25), np.full((3, 2), 0.75)).shape == (3,)
    model = Sequential([layers.Input((4,)), layers.Dense(1, "sigmoid")])
    model.compile("sgd", loss=function, metrics=[function])
    model.evaluate(X, np.full((12, 1), 0.5), verbose=0)


def told(model, **arguments):
    lines = []
    model.summary(print_fn=lines.append, line_length=120, **arguments)
    return "\n".join(lines)


def test_summary_of_a_model_that_is_not_built():
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2)

    for model in (Sequential([layers.Dense(3), layers.Dense(1)]), Own(), Sequential()):
        text = told(model)
        assert "not built yet" in text
        assert "Total params: 0" in text
        assert text.count("(unbuilt)") == len(model.layers)


def test_summary_shows_what_is_trained():
    frozen = layers.Dense(3)
    frozen.trainable = False
    text = told(
        Sequential([layers.Input((4,)), frozen, layers.Dropout(0.5), layers.Dense(1)]),
        show_trainable=True,
    )
    rows = [line.split("│")[-2].strip() for line in text.splitlines() if "(D" in line]
    assert rows == ["N", "-", "Y"]


def test_summary_shows_layers_inside():
    inner = Sequential([layers.Input((4,)), layers.Dense(3, name="deep")], name="inner")
    model = Sequential([layers.Input((4,)), inner, layers.Dense(1, name="last")])
    assert "deep" not in told(model)
    text = told(model, expand_nested=True)
    rows = {
        name: line
        for line in text.splitlines()
        for name in ("inner", "deep", "last")
        if name in line
    }
    assert "12" in rows["deep"].split("│")[4]
    assert rows["deep"].split("│")[2:] == rows["inner"].split("│")[2:]
    assert told(model).splitlines()[-5:] == text.splitlines()[-5:]  # the totals count once


def test_input_length_gives_the_shape():
    model = Sequential([layers.Embedding(9, 2, input_length=5), layers.Flatten(), layers.Dense(1)])
    assert model.output_shape == (None, 1)
    assert model.layers[-1].kernel.shape == (10, 1)
    assert model.predict(np.arange(10).reshape(2, 5) % 9, verbose=0).shape == (2, 1)
    again = Sequential.from_config(model.get_config())
    assert again.output_shape == (None, 1)
