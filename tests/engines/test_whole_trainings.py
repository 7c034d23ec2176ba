"""A hundred steps of whole networks end where they end on the reference engine."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from grafito import Input, graph, layers, models, optimizers, utils

STEPS = 100
NEAR = {"float32": 1e-5, "float64": 1e-12}


def dense(dtype):
    return models.Sequential(
        [
            Input((12,), dtype=dtype),
            layers.Dense(24, use_bias=False, dtype=dtype),
            layers.BatchNormalization(dtype=dtype),
            layers.Activation("tanh", dtype=dtype),
            layers.Dropout(0.3, dtype=dtype),
            layers.Dense(8, "sigmoid", dtype=dtype),
            layers.Dense(5, "softmax", dtype=dtype),
        ]
    )


def lenet(dtype):
    return models.Sequential(
        [
            Input((10, 10, 1), dtype=dtype),
            layers.Conv2D(4, 3, activation="tanh", dtype=dtype),
            layers.AveragePooling2D(2, dtype=dtype),
            layers.Conv2D(6, 3, activation="tanh", padding="same", dtype=dtype),
            layers.MaxPooling2D(2, dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(12, "tanh", dtype=dtype),
            layers.Dense(5, "softmax", dtype=dtype),
        ]
    )


def words(dtype):
    return models.Sequential(
        [
            Input((14,), dtype="int32"),
            layers.Embedding(9, 5, dtype=dtype),
            layers.Conv1D(6, 3, activation="tanh", dtype=dtype),
            layers.Conv1D(6, 3, strides=2, padding="same", activation="tanh", dtype=dtype),
            layers.GlobalAveragePooling1D(dtype=dtype),
            layers.Dense(5, "softmax", dtype=dtype),
        ]
    )


def two_inputs(dtype):
    images, numbers = Input((6, 6, 2), dtype=dtype), Input((7,), dtype=dtype)
    x = layers.Flatten(dtype=dtype)(layers.Conv2D(3, 3, activation="tanh", dtype=dtype)(images))
    y = layers.Dense(10, "tanh", dtype=dtype)(numbers)
    z = layers.Dense(12, "tanh", dtype=dtype)(layers.Concatenate(dtype=dtype)([x, y]))
    return models.Model([images, numbers], layers.Dense(5, "softmax", dtype=dtype)(z))


class OwnStep(models.Model):
    """Training written by the user: a loss of its own, and plain descent with a growing rate."""

    def __init__(self, dtype):
        super().__init__(dtype=dtype)
        self.hidden, self.out = layers.Dense(10, "tanh", dtype=dtype), layers.Dense(5, dtype=dtype)
        self.done = graph.Variable(0.0, name="done", trainable=False)

    def call(self, x):
        return self.out(self.hidden(x))

    def train_step(self, data):
        x, y = data
        target = graph.one_hot(y, 5, x.dtype)
        loss = graph.mean(graph.square(graph.sin(self(x, training=True)) - target))
        rate = 0.01 * (1.0 + graph.cast(self.done, x.dtype) / 100)
        for w, g in zip(
            self.trainable_variables, graph.gradients(loss, self.trainable_variables), strict=True
        ):
            w.assign(w - rate * g)
        self.done.assign(self.done + 1.0)
        return {"loss": loss}


# The network, the shapes of its inputs, the optimizer. Smooth functions, so that a rounding does
# not change which way a value goes.
NETWORKS = {
    "dense": (dense, [(12,)], "sgd"),
    "lenet": (lenet, [(10, 10, 1)], lambda: optimizers.SGD(0.05, momentum=0.9)),
    "words": (words, [(14,)], "adam"),
    "two inputs": (two_inputs, [(6, 6, 2), (7,)], "rmsprop"),
    "own step": (OwnStep, [(12,)], "sgd"),
}


def train(name, dtype, engine):
    """The loss of each step, the weights at the end, and predictions."""
    make, shapes, optimizer = NETWORKS[name]
    utils.set_random_seed(5)
    rng = np.random.default_rng(0)
    n = 40  # three steps an epoch, the last of them smaller
    x = [rng.normal(size=(n, *shape)).astype(dtype) for shape in shapes]
    if name == "words":
        x = [rng.integers(0, 9, (n, 14)).astype("int32")]
    y = rng.integers(0, 5, n)
    model = make(dtype)
    optimizer = optimizer() if callable(optimizer) else optimizer
    model.compile(optimizer, "sparse_categorical_crossentropy", engine=engine)
    x = x if len(x) > 1 else x[0]
    losses = model.fit(x, y, batch_size=16, epochs=STEPS // 3 + 1, verbose=0).history["loss"]
    assert model._executor.step_counter.numpy() >= STEPS
    return losses, [np.asarray(w) for w in model.get_weights()], model.predict(x, verbose=0)


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_hundred_steps_end_where_the_reference_does(name, dtype):
    losses, weights, predictions = train(name, dtype, "reference")
    ours = train(name, dtype, "llvm")
    assert losses[-1] < 0.95 * losses[0]
    near = NEAR[dtype]
    np.testing.assert_allclose(ours[0], losses, rtol=near)
    assert {w.dtype for w in weights if w.dtype.kind == "f"} >= {np.dtype(dtype)}
    for a, b in zip([*ours[1], ours[2]], [*weights, predictions], strict=True):
        np.testing.assert_allclose(a, b, rtol=near, atol=near * np.max(np.abs(b)))
