"""Trains four networks on one device and on several; run as a program, it prints what differs.

`python tests/distribution/on_devices.py DEVICES '["dense", 24, 20, "float32", false]' ...`: name,
batch size, steps, dtype, and whether batches are sent in place of the data. A name and steps alone,
as in '["dense", 1000]', give the losses at the end: of three seeds on one device, and of the first
seed on all.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np


def networks():
    """By name: a function that makes the network, and its data."""
    from grafito import Input, layers, models

    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 6)).astype("float32")
    images = rng.integers(0, 255, (96, 8, 8, 1)).astype("uint8")
    words = rng.integers(0, 50, (96, 7)).astype("int32")
    labels = rng.integers(0, 3, 96)

    def dense():
        return models.Sequential(
            [Input((6,)), layers.Dense(16, "tanh"), layers.Dense(3, "softmax")]
        )

    def normalised():
        return models.Sequential(
            [
                Input((6,)),
                layers.Dense(16, use_bias=False),  # the slope of a bias there is rounding alone
                layers.BatchNormalization(),
                layers.Activation("relu"),
                layers.Dropout(0.3),
                layers.Dense(3, "softmax"),
            ]
        )

    def convolutional():
        return models.Sequential(
            [
                Input((8, 8, 1), dtype="uint8"),
                layers.Rescaling(1 / 255),
                layers.Conv2D(4, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                layers.Dense(3, "softmax"),
            ]
        )

    def embedded():
        return models.Sequential(
            [
                Input((7,), dtype="int32"),
                layers.Embedding(50, 8),
                layers.GlobalAveragePooling1D(),
                layers.Dense(3, "softmax"),
            ]
        )

    return {
        "dense": (dense, x, labels),
        "batch normalisation": (normalised, x, labels),
        "convolution": (convolutional, images, labels),
        "embedding": (embedded, words, labels),
    }


def trained(make, x, y, steps, batch_size=24, seed=7):
    """Losses, weights, and predictions after so many steps."""
    from grafito import optimizers, utils

    utils.set_random_seed(seed)
    model = make()
    sgd = optimizers.SGD(0.05, momentum=0.9)
    model.compile(sgd, "sparse_categorical_crossentropy", metrics=["accuracy"], engine="jax")
    count = -(-len(x) // batch_size)
    history = model.fit(x, y, batch_size=batch_size, epochs=-(-steps // count), verbose=0)
    losses = [np.asarray(v) for v in history.history.values()]
    return [*losses, *model.get_weights(), model.predict(x, verbose=0)]


def difference(ours, theirs):
    """The largest of the arrays' differences, each relative to the array, as norms."""
    return max(
        float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-30))
        for a, b in zip(ours, theirs, strict=True)
    )


def compared(name, size, steps, dtype, sent):
    """How far apart one device and all devices are."""
    from grafito import config, distribution
    from grafito.engines.jax import placement

    make, x, y = networks()[name]
    config.set_floatx(dtype)
    x = x.astype(dtype) if x.dtype == "float32" else x
    distribution.set_distribution(None)
    one = trained(make, x, y, steps, size)
    distribution.set_distribution(distribution.DataParallel())
    placement.SHARE = 0.0 if sent else 0.5
    return difference(trained(make, x, y, steps, size), one)


def at_the_end(name, steps):
    """The last losses of three seeds on one device, and of the first seed on all devices."""
    from grafito import distribution

    make, x, y = networks()[name]
    found = []
    for seed, divided in ((7, None), (8, None), (9, None), (7, distribution.DataParallel())):
        distribution.set_distribution(divided)
        losses = trained(make, x, y, steps, seed=seed)[1]  # of the logs, accuracy and loss
        found.append(float(losses[-1]))
    return found


def main() -> None:
    count, *cases = sys.argv[1:]
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={count}"
    rows = map(json.loads, cases)
    print(json.dumps([at_the_end(*row) if len(row) == 2 else compared(*row) for row in rows]))


if __name__ == "__main__":
    main()
