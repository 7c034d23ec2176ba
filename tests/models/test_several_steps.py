"""Gathered gradients and averaged weights in `fit`: Keras's numbers on every engine."""

import numpy as np
import pytest

import grafito
from grafito import Sequential, layers, models, optimizers
from grafito.errors import ArgumentError

X = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
Y = 2 * X[:, :1]
SEVERAL = {
    "use_ema": True,
    "ema_momentum": 0.9,
    "ema_overwrite_frequency": 3,
    "gradient_accumulation_steps": 2,
}


def trained(library, weights, epochs=3, **compiled):
    dense = library.layers.Dense
    model = library.Sequential([library.layers.Input((5,)), dense(4, activation="tanh"), dense(1)])
    model.set_weights(weights or model.get_weights())
    model.compile(library.optimizers.Adam(0.05, **SEVERAL), "mse", **compiled)
    history = model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, shuffle=False)
    return model, history.history["loss"]


@pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
def test_keras_trains_alike(keras, engine):
    start = Sequential([layers.Input((5,)), layers.Dense(4), layers.Dense(1)]).get_weights()
    ours, losses = trained(grafito, start, engine=engine)
    theirs, expected = trained(keras, start)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)


def test_the_weights_after_fit_are_their_average(tmp_path):
    model = Sequential([layers.Input((5,)), layers.Dense(1)])
    model.compile(optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5), "mse")
    seen, average = [], model.get_weights()[0]
    keep = grafito.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(model.get_weights()[0])
    )
    model.fit(X, Y, batch_size=16, verbose=0, callbacks=[keep])
    average = seen[0]
    for kernel in seen[1:]:
        average = 0.5 * average + 0.5 * kernel
    np.testing.assert_allclose(model.get_weights()[0], average, rtol=1e-5)
    model.save(tmp_path / "model.safetensors")
    again = models.load_model(tmp_path / "model.safetensors")
    one, two = (m.fit(X, Y, verbose=0, shuffle=False).history for m in (model, again))
    assert one == two


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"gradient_accumulation_steps": 1}, "a whole number from 2"),
        ({"gradient_accumulation_steps": 2.5}, "a whole number from 2"),
        ({"ema_overwrite_frequency": 0, "use_ema": True}, "a whole number from 1"),
        ({"ema_momentum": 1.5, "use_ema": True}, "between 0 and 1"),
        ({"loss_scale_factor": 8.0}, "mixed_bfloat16"),
    ],
)
def test_numbers_outside_of_their_range(arguments, error):
    with pytest.raises((ArgumentError, TypeError), match=error):
        optimizers.Adam(**arguments)
