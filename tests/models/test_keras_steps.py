"""Steps of networks with batch normalisation go where Keras goes, in float64.

Such networks leave each other soon in float32: a rounding moves a ReLU, a maximum or the sign of a
first step, and the next step is another one. So they are compared where roundings are far away.
"""

import importlib.util

import numpy as np
import pytest

import grafito

keras = pytest.importorskip("keras")


def convolutions(library):
    """As VGG, cut down."""
    layers, sizes = library.layers, ((4, 1), (8, 1))
    network = [library.Input((8, 8, 3), dtype="float64")]
    for filters, count in sizes:
        for _ in range(count):
            network.append(
                layers.Conv2D(filters, 3, padding="same", activation="relu", dtype="float64")
            )
            network.append(layers.BatchNormalization(dtype="float64"))
        network.append(layers.MaxPooling2D(2, dtype="float64"))
    network += [layers.Flatten(dtype="float64"), layers.Dense(16, "relu", dtype="float64")]
    network += [layers.BatchNormalization(dtype="float64")]
    return [*network, layers.Dense(5, "softmax", dtype="float64")]


def words(library):
    """An embedding, convolutions over words, and normalisation after each."""
    layers = library.layers
    network = [library.Input((12,), dtype="int32"), layers.Embedding(20, 6, dtype="float64")]
    network += [layers.BatchNormalization(dtype="float64")]
    for _ in range(2):
        network += [
            layers.Conv1D(6, 3, padding="same", activation="relu", dtype="float64"),
            layers.BatchNormalization(dtype="float64"),
            layers.MaxPooling1D(2, dtype="float64"),
        ]
    return [*network, layers.Flatten(dtype="float64"), layers.Dense(5, "softmax", dtype="float64")]


ROWS = {  # the network, its optimizer with a rate that float32 holds, and steps
    "convolutions": (convolutions, lambda library: library.optimizers.Adadelta(1.0), 4),
    "words": (words, lambda library: library.optimizers.Adam(2.0**-10), 8),
}


def train(library, name, weights=None, **how):
    """The weights before and after the steps, and what is predicted then."""
    make, optimizer, steps = ROWS[name]
    random = np.random.default_rng(0)
    n = 16 * steps
    x = random.normal(size=(n, 8, 8, 3))
    if name == "words":
        x = random.integers(0, 20, (n, 12)).astype("int32")
    y = np.eye(5)[random.integers(0, 5, n)]
    model = library.Sequential(make(library))
    if weights is not None:
        model.set_weights(weights)
    first = [np.asarray(w) for w in model.get_weights()]
    assert {w.dtype for w in first} == {np.dtype("float64")}
    model.compile(optimizer(library), "categorical_crossentropy", **how)
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0)
    return first, [np.asarray(w) for w in model.get_weights()], model.predict(x, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_steps_with_batch_normalization_are_those_of_keras(name, monkeypatch):
    monkeypatch.setattr(keras.src.backend, "result_type", lambda *_: "float64")  # it takes float32
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        grafito.utils.set_random_seed(0)
        first, *ours = train(grafito, name, engine="reference")
        _, *theirs = train(keras, name, first)
    finally:
        keras.config.set_floatx(before)
    moved = [np.abs(b - a).max() for a, b in zip(first, theirs[0], strict=True)]
    assert min(moved) > 1e-6  # all weights learn, and both moving averages move
    results = [ours]
    if importlib.util.find_spec("llvmlite"):
        results.append(train(grafito, name, first, engine="llvm")[1:])
    for weights, predicted in results:
        for a, b in zip([*weights, predicted], [*theirs[0], theirs[1]], strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * max(1, np.abs(b).max()))
