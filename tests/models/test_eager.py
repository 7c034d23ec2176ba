"""Numbers while a model trains: `run_eagerly` and `graph.show`."""

from __future__ import annotations

import re

import numpy as np
import pytest

from grafito import Model, Sequential, graph, layers, optimizers, utils
from grafito.errors import ArgumentError, NonFiniteError

X = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")
Y = X.sum(1, keepdims=True)
ENGINES = ["reference", "llvm"]


class Own(Model):
    """A training step of one's own, with a decision that needs a number where there are any."""

    def __init__(self):
        super().__init__()
        self.out = layers.Dense(1)
        self.seen = []

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        x, y = data
        loss = graph.mean(graph.square(self(x, training=True) - y))
        if self.run_eagerly:
            self.seen.append(float(loss))
            assert loss > 0
            assert loss.numpy() == self.seen[-1]
            assert "array" not in repr(loss)
            assert f"{self.seen[-1]:.3f}"[:4] in repr(loss)
        weights = self.trainable_variables
        self.optimizer.apply(graph.gradients(loss, weights), weights)
        return {"loss": loss}


def stack(*middle):
    return Sequential([layers.Input((6,)), layers.Dense(8, "tanh"), *middle, layers.Dense(1)])


MODELS = {
    "dense": stack,
    "dropout and statistics": lambda: stack(layers.BatchNormalization(), layers.Dropout(0.4)),
    "convolution": lambda: Sequential(
        [
            layers.Input((6,)),
            layers.Reshape((6, 1)),
            layers.Conv1D(3, 3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    ),
    "own step": Own,
}


@pytest.mark.parametrize("name", MODELS)
def test_the_same_numbers_as_the_reference(name):
    results = []
    for eager in (True, False):
        utils.set_random_seed(2)
        model = MODELS[name]()
        model.compile(
            optimizers.Adam(0.01),
            None if name == "own step" else "mse",
            metrics=None if name == "own step" else ["mae"],
            run_eagerly=eager,
            engine="reference",
        )
        history = model.fit(X, Y, epochs=3, batch_size=8, verbose=0)
        stream = [(X[:8], Y[:8]), (X[8:], Y[8:])]
        more = model.fit(iter(stream), epochs=1, verbose=0)
        predicted = model.predict(X, verbose=0)
        results.append((history.history, more.history, predicted, model.get_weights()))
        if name != "own step":
            results[-1] += (model.evaluate(X, Y, verbose=0),)
        elif eager:
            assert len(model.seen) == 11  # in each step, once
    ours, expected = results
    for got, wanted in zip(ours, expected, strict=True):
        np.testing.assert_equal(type(got), type(wanted))
    np.testing.assert_allclose(ours[2], expected[2], rtol=2e-5, atol=1e-6)
    for a, b in zip(ours[3], expected[3], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
    for key, values in expected[0].items():
        np.testing.assert_allclose(ours[0][key], values, rtol=2e-5)


class Loud(layers.Layer):
    def call(self, x):
        print("h =", x)
        return x


def test_print_shows_numbers(capsys):
    model = stack(Loud())
    model.compile("sgd", "mse", run_eagerly=True)
    capsys.readouterr()
    model.fit(X[:2], Y[:2], epochs=3, verbose=0)
    printed = capsys.readouterr().out
    assert len(re.findall(r"h = <tanh float32\[2, 8\]\n\[\[ *-?\d", printed)) == 3


def test_it_can_be_set_afterwards(capsys):
    model = stack(Loud())
    model.compile("sgd", "mse")
    model.fit(X[:2], Y[:2], verbose=0)
    model.run_eagerly = True
    capsys.readouterr()
    model.fit(X[:2], Y[:2], verbose=0)
    assert "[[" in capsys.readouterr().out
    model.run_eagerly = False
    model.fit(X[:2], Y[:2], verbose=0)
    assert "[[" not in capsys.readouterr().out


def test_with_check_finite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the step is kept there
    model = stack()
    model.compile(optimizers.SGD(1e30), "mse", run_eagerly=True, check_finite=True)
    with pytest.raises(NonFiniteError):
        model.fit(X, Y, epochs=5, verbose=0)


def test_no_mixed_precision():
    with pytest.raises(ArgumentError, match="mixed precision"):
        stack().compile("sgd", "mse", run_eagerly=True, precision="mixed_bfloat16")


class Shown(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight((shape[-1],), "ones", name="w")

    def call(self, x):
        return graph.show(x * self.w, "h")


@pytest.mark.parametrize("eager", [True, False])
@pytest.mark.parametrize("engine", ENGINES)
def test_show_tells_value_and_gradient(engine, eager, capsys):
    """Of y = sum of w x with x = 2: the value 2, the gradient of (y - 0)² / 2 examples."""
    model = Sequential([layers.Input((1,)), Shown()])
    model.compile(optimizers.SGD(0.0), "mse", engine=engine, run_eagerly=eager)
    x = np.full((2, 1), 2.0, "float32")
    capsys.readouterr()
    model.fit(x, 0 * x, batch_size=1, epochs=2, verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines
        == [
            "h: float32[1, 1], mean 2, from 2 to 2: [2.]",
            "h gradient: float32[1, 1], mean 4, from 4 to 4: [4.]",
        ]
        * 4
    )
    history = model.fit(x, 0 * x, epochs=1, verbose=0).history
    assert history == {"loss": [4.0]}
    capsys.readouterr()
    model.evaluate(x, x, verbose=0)
    model.predict(x, verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("h: float32[2, 1]") for line in lines)


def test_show_changes_nothing_else(capsys):
    results = []
    for label in ("h", None):
        utils.set_random_seed(0)
        model = stack(layers.Lambda(lambda x, label=label: graph.show(x, label) if label else x))
        model.compile("adam", "mse", metrics=["mae"])
        results.append(model.fit(X, Y, epochs=12, batch_size=20, verbose=0).history)
    assert list(results[0]) == list(results[1])
    for name, values in results[1].items():
        np.testing.assert_allclose(results[0][name], values, rtol=1e-5)
    assert len(capsys.readouterr().out.splitlines()) == 24
