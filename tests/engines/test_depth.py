"""Graphs of any depth compile on the CPU engine, in a time that grows with their length alone."""

import contextlib
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from fuzz.both_engines import compare

from grafito import Sequential, graph, layers
from grafito.engines import get
from grafito.graph.program import Graph

FRAMES = 150  # that are left to the engine, whatever the depth of the graph
DEEP = 300  # ops in a row


@contextlib.contextmanager
def few_frames():
    """A recursion limit that is near: what goes as deep as the graph meets it."""
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + FRAMES)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def chain(step, n=DEEP):
    def build(x):
        y = x
        for _ in range(n):
            y = step(y, x)
        return y

    return build


def loop(x):
    total = 0.0
    for i in range(40):
        total = total + graph.square(x[i // 5, i % 5])
    return total


ROWS = {
    "scaled": chain(lambda y, x: y * 1.001 + 0.1),
    "sines": chain(lambda y, x: graph.sin(y) + x, 60),
    "used twice": chain(lambda y, x: 0.9 * y * (1.0 - y), 100),
    "transposed": chain(lambda y, x: graph.transpose(y)),
    "turned and scaled": chain(lambda y, x: graph.flip(y, 0) * 0.99),
    "reshaped": chain(lambda y, x: graph.reshape(graph.reshape(y, (2, 10)), (4, 5)) * 0.99, 50),
    "spread": chain(lambda y, x: y * graph.mean(x, axis=0) + x, 50),
    "products": chain(lambda y, x: graph.tanh(y @ graph.transpose(x)) @ x, 20),
    "widened": chain(lambda y, x: graph.cast(graph.cast(y, "float32"), "float64") * 0.99),
    "slices": lambda x: loop(graph.concatenate([x, x], 0)),
}


@pytest.mark.parametrize("name", ROWS)
def test_ops_in_a_row(name):
    x = graph.placeholder((4, 5), "float64", "x")
    y = ROWS[name](x)
    outputs = {"y": y, "slope": graph.gradients(graph.sum(y), x)}
    arrays = [{"x": np.random.default_rng(0).uniform(0.1, 0.5, x.shape)}]
    with few_frames():
        compare([x], outputs, arrays, (1e-8, 1e-8))


@pytest.mark.parametrize(("n", "most"), [(100, 2), (3000, 20)])
def test_a_long_row_is_cut_into_kernels(n, most):
    """The code of one kernel stays short: longer code takes LLVM more than its share of time."""
    x = graph.placeholder((20,), name="x")
    program = get("llvm").compile(Graph({"x": x}, {"y": chain(ROW, n)(x)}, {}))
    kernels = program._assembled.kernels
    assert 1 <= len(kernels) <= most
    assert max(len(text.splitlines()) for text in program._assembled.texts.values()) < 4000


def ROW(y, x):
    return y * 1.001 + 0.1


def test_a_loss_that_loops_over_the_batch():
    def loss(t, p):
        total = 0.0
        for i in range(p.shape[0]):
            total = total + graph.square(t[i, 0] - p[i, 0])
        return total / p.shape[0]

    weights = []
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 2)).astype("float32"), rng.normal(size=(90, 1)).astype("float32")
    for chosen in (loss, "mse"):
        model = Sequential([layers.Input((2,)), layers.Dense(1, kernel_initializer="ones")])
        model.compile("sgd", loss=chosen)
        with few_frames() if chosen is loss else contextlib.nullcontext():
            model.fit(x, y, batch_size=90, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.slow
def test_many_layers():
    model = Sequential([layers.Input((3,)), *[layers.Activation("tanh") for _ in range(250)]])
    x = np.ones((4, 3), "float32")
    assert model.predict(x, verbose=0).shape == (4, 3)
