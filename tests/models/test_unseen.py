"""`predict` says once that an input lies far outside all that training saw."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from grafito import Model, Sequential, layers, models
from grafito.errors import DataError, GrafitoWarning
from grafito.models import ranges
from grafito.models.examples import check_finite

X = np.random.default_rng(0).random((64, 5))
Y = X.sum(axis=1)


def trained(x=X, y=Y):
    model = Sequential([layers.Input((5,)), layers.Dense(1)])
    model.compile("sgd", loss="mse")
    model.fit(x, y, epochs=1, verbose=0)
    return model


def test_once_after_each_training():
    model = trained()
    model.predict(X, verbose=0)
    model.predict(X * 1.5 - 0.2, verbose=0)  # an unseen example may lie a little outside
    with pytest.warns(GrafitoWarning, match=r"outside all that training saw.*\n.*\n.*to 25"):
        model.predict(X * 255, verbose=0)
    model.predict(X * 255, verbose=0)
    model.fit(X, Y, verbose=0)
    with pytest.warns(GrafitoWarning, match="outside"):
        model.predict(X * 255, verbose=0)


def test_the_fast_way_sees_it_too():
    model, x = trained(), X[:1].astype("float32")
    for _ in range(3):
        model.predict(x, verbose=0)
    with pytest.warns(GrafitoWarning, match="outside"):
        model.predict(x - 100, verbose=0)
    model.predict(x - 100, verbose=0)


def test_a_file_and_a_pickle_know_it(tmp_path):
    trained().save(tmp_path / "m.safetensors")
    with pytest.warns(GrafitoWarning, match="outside"):
        models.load_model(tmp_path / "m.safetensors").predict(X * 255, verbose=0)


def test_batches_and_several_inputs():
    a, b = layers.Input((5,), name="a"), layers.Input((1,), name="b")
    model = Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))
    model.compile("sgd", loss="mse")
    batches = [((X[i : i + 16], 50 * X[i : i + 16, :1]), Y[i : i + 16]) for i in range(0, 64, 16)]
    model.fit(iter(batches), epochs=1, verbose=0)
    model.predict([X, 50 * X[:, :1]], verbose=0)
    with pytest.warns(GrafitoWarning, match=r"x\[1\]"):
        model.predict([X, 5000 * X[:, :1]], verbose=0)


def test_a_tenfold_image_is_told_what_to_write():
    model = trained(X / X.max())
    with pytest.warns(GrafitoWarning, match="x / 255"):
        model.predict(255 * X / X.max(), verbose=0)


def test_of_large_arrays_of_integers_some_examples_are_looked_at(monkeypatch):
    monkeypatch.setattr(ranges, "MOST_LOOKED_AT", 32)
    x = np.zeros((64, 5), int)
    x[::10], x[1::10] = 1, 50  # every tenth is looked at
    assert trained(x)._seen == {"x": (1.0, 1.0)}
    assert trained(x.astype(float))._seen == {"x": (0.0, 50.0)}  # all are searched for NaN anyway


def test_what_is_held_out_is_not_seen():
    x = np.arange(320.0).reshape(64, 5) / 100
    model = Sequential([layers.Input((5,)), layers.Dense(1)])
    model.compile("sgd", loss="mse")
    model.fit(x, Y, validation_split=0.9, verbose=0)
    kept = model._seen["x"]
    model.fit(x, Y, verbose=0)
    assert model._seen["x"] == (0.0, 3.19)
    assert kept != (0.0, 3.19)


def test_nothing_is_said_where_nothing_is_known():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(np.ones((8, 5)), np.ones(8)).predict(X * 1000, verbose=0)
        Sequential([layers.Input((5,)), layers.Dense(1)]).predict(X * 1000, verbose=0)


def test_all_numbers_that_are_not_finite_are_counted():
    x = np.zeros((100_000, 5), "float32")  # more than are looked at together
    x[3:, 2] = np.nan
    with pytest.raises(DataError, match="99997 such values"):
        trained(x, np.zeros(100_000))


@pytest.mark.parametrize("threads", ["1", "2", "5"])
@pytest.mark.parametrize("shape", [(3, 2_000_000), (1, 5_000_000), (1_000_003, 5)])
def test_large_arrays_are_looked_at_by_several_threads(shape, threads, monkeypatch):
    monkeypatch.setenv("GRAFITO_THREADS", threads)
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    x[-1, -1], x[0, 1] = 31, -32
    assert check_finite("x", x) == (-32.0, 31.0)
    x[-1, -3] = np.inf
    with pytest.raises(DataError, match=rf"x\[{shape[0] - 1}, {shape[1] - 3}\], the first one"):
        check_finite("x", x)
    x[0, 0] = np.nan
    with pytest.raises(DataError, match=r"nan \(2 such values"):
        check_finite("x", x)
