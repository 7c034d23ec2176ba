"""A column less a vector is told in a loss of one's own, and nowhere where a table is meant."""

import warnings

import numpy as np
import pytest

from grafito import Model, graph, layers, losses, optimizers
from grafito.errors import LossWarning

N = 8
rng = np.random.default_rng(0)
DATA = rng.normal(size=(N, 3)).astype("float32")
COLUMN = rng.normal(size=(N, 1)).astype("float32")
VECTOR = COLUMN[:, 0]


def weights(*shape):
    return graph.Variable(rng.normal(size=shape), dtype="float32", name="w")


def of_square(f):
    """A loss made of predictions (N, 1), f(p)."""
    w = weights(3, 1)
    return lambda: (f(graph.as_tensor(DATA) @ w), [w])


def of_vector(f):
    w = weights(3)
    return lambda: (f(graph.as_tensor(DATA) @ w), [w])


def layer():
    dense = layers.Dense(1)
    loss = graph.mean(graph.square(VECTOR - dense(DATA)))
    return loss, dense.trainable_variables


def bootstrapped():
    w = weights(3, 1)
    p = graph.as_tensor(DATA) @ w
    target = graph.stop_gradient(graph.max(p, axis=-1)) * 0.9 + 1.0
    return graph.mean((target - p) ** 2), [w]


def weighted():
    w = weights(3, 1)
    each = losses.mean_squared_error(COLUMN, graph.as_tensor(DATA) @ w)
    return graph.mean(each * np.ones((N, 1), "float32")), [w]


SPEAKS = {
    "squares": of_square(lambda p: graph.mean(graph.square(VECTOR - p))),
    "power": of_square(lambda p: graph.sum((p - VECTOR) ** 2) / N),
    "abs": of_square(lambda p: graph.mean(abs(p - VECTOR))),
    "abs of a vector": of_vector(lambda p: graph.mean(abs(p - COLUMN))),
    "where": of_square(
        lambda p: graph.mean(graph.where(p < VECTOR, 0.9 * (VECTOR - p), 0.1 * (p - VECTOR)))
    ),
    "hinge": of_square(lambda p: graph.mean(graph.maximum(1 - VECTOR * p, 0))),
    "cross-entropy": of_square(lambda p: -graph.mean(graph.log(graph.sigmoid(p)) * VECTOR)),
    "root": of_square(lambda p: graph.sqrt(graph.mean((VECTOR - p) ** 2))),
    "mean of means": of_square(lambda p: graph.mean(graph.mean((VECTOR - p) ** 2, axis=-1))),
    "cast": of_square(lambda p: graph.mean(graph.cast(VECTOR - p, "float64") ** 2)),
    "penalty": of_square(lambda p: graph.mean((VECTOR - p) ** 2) + 0.1 * graph.sum(p * p)),
    "a layer at once": layer,
    "bootstrapped targets": bootstrapped,
    "weights of examples": weighted,
}


def outer():
    u, v = weights(N, 1), weights(N)
    return graph.sum(graph.square(u * v - DATA @ DATA.T)), [u, v]


def attention():
    w, mask = weights(3, 1), np.zeros(N, "float32")
    q = graph.as_tensor(DATA) @ w
    return graph.sum(graph.softmax(q * q[:, 0] + mask) @ DATA), [w]


def hand_made():
    w, b, v = weights(N), weights(N), weights(N)
    hidden = graph.tanh(COLUMN * w + b)  # as many units as examples
    return graph.mean(graph.square(graph.sum(hidden * v, axis=1) - VECTOR)), [w, b, v]


def product():
    w = weights(N)
    return graph.mean(graph.square(graph.relu(COLUMN * w) @ np.ones((N, 2), "float32"))), [w]


def chamfer():
    c = weights(N)
    return graph.mean(graph.min(abs(COLUMN - c), axis=1)), [c]


SILENT = {
    "shapes agree": of_square(lambda p: graph.mean(graph.square(COLUMN - p))),
    "vectors": of_vector(lambda p: graph.mean(graph.square(VECTOR - p))),
    "outer product": outer,
    "attention": attention,
    "a layer by hand": hand_made,
    "hidden units": product,
    "nearest centre": chamfer,
    "distances": of_vector(lambda p: graph.mean(abs(p[:, None] - VECTOR))),
    "distances of rows": of_vector(lambda p: graph.mean(abs(p[:, None] - VECTOR[None]))),
    "other sizes": of_square(lambda p: graph.mean(graph.square(VECTOR[:3] - p))),
    "one example": of_square(lambda p: graph.mean(graph.square(VECTOR[:1] - p[:1]))),
    "a loss by itself": of_square(lambda p: losses.MeanSquaredError()(VECTOR, p)),
    "a loss as a function": of_square(lambda p: graph.mean(losses.huber(VECTOR, p))),
    "contrast": of_square(lambda p: graph.mean(graph.logsumexp(p * VECTOR, axis=1))),
}


@pytest.mark.parametrize("case", SPEAKS)
def test_a_column_less_a_vector_is_told(case):
    with pytest.warns(LossWarning, match="column and a vector") as caught:
        graph.gradients(*SPEAKS[case]())
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert "reshape(-1" in str(caught[0].message)


@pytest.mark.parametrize("case", SILENT)
def test_a_table_that_is_meant_is_not_told(case):
    graph.gradients(*SILENT[case]())


class Own(Model):
    """A regression with a loss of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        loss = graph.mean(graph.square(y - self(x, training=True)))
        variables = self.trainable_variables
        self.optimizer.apply(graph.gradients(loss, variables), variables)
        return {"loss": loss}


def test_a_train_step_tells_it_once():
    model = Own()
    model.compile("sgd")
    with pytest.warns(LossWarning, match="column and a vector") as caught:
        model.fit(DATA, VECTOR, batch_size=4, epochs=3, verbose=0)
    assert len(caught) == 1
    model.fit(DATA, COLUMN, batch_size=4, epochs=3, verbose=0)


def test_a_loop_tells_it_once_at_its_line():
    dense, descent = layers.Dense(1), optimizers.SGD(0.1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(5):
            loss = graph.mean(graph.square(VECTOR - dense(DATA)))
            variables = dense.trainable_variables
            descent.apply(graph.gradients(loss, variables), variables)
    assert [w.filename for w in caught] == [__file__]
