"""Denormal numbers: 0 while weights are trained, where CPUs are slow with them; kept elsewhere."""

import numpy as np
import pytest

from grafito import Sequential, graph, layers
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")

from grafito.engines.llvm import Engine
from grafito.engines.llvm.compilation.machine import Machine

TINY = {"float32": 1e-40, "float64": 1e-310}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


def run(dtype, trains, threads=2, steps=3):
    """A mean that moves towards 0, over enough numbers for several threads."""
    start = np.full((400, 400), TINY[dtype], dtype)
    v = graph.Variable(start.copy(), name="v")
    x = graph.placeholder((400, 400), dtype, "x")
    mean = v * 0.9 + x * 0.5
    program = Engine(threads=threads).compile(
        Graph({"x": x}, {"mean": mean}, {v: mean} if trains else {})
    )
    program.bind({"x": start})
    return program.run(steps)["mean"][-1], start


@pytest.mark.parametrize("dtype", TINY)
def test_state_that_has_become_denormal_is_0_in_training(dtype):
    mean, start = run(dtype, trains=True)
    if Machine().is_x86:
        assert not mean.any()
    else:
        assert 0 < mean.min() < 3 * start.max()


@pytest.mark.parametrize("dtype", TINY)
def test_what_trains_nothing_keeps_them(dtype):
    """Also right after a training, in the same threads."""
    run(dtype, trains=True)
    mean, start = run(dtype, trains=False)
    np.testing.assert_allclose(mean, 1.4 * start.astype("longdouble"), rtol=1e-4)


def test_a_prediction_keeps_them_though_it_counts_its_batches():
    model = Sequential([layers.Input((3,)), layers.Dense(3, kernel_initializer="ones")])
    model.compile("adam", "mse", engine="llvm")
    x = np.full((8, 3), TINY["float32"], "float32")
    expected = model.predict(x, verbose=0)
    assert (expected > 0).all()
    model.fit(x, x, epochs=1, verbose=0)
    model.set_weights([np.ones((3, 3)), np.zeros(3)])
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)


def test_a_training_leaves_the_mode_of_its_thread_as_it_was():
    run("float32", trains=True)
    tiny = np.full(1000, TINY["float32"], "float32")
    assert (tiny * np.float32(1.5) > tiny).all()


def test_a_training_that_ends_in_an_error_leaves_it_too():
    from grafito.errors import DataError

    v = graph.Variable(np.ones((3, 2), "float32"), name="v")
    i = graph.placeholder((1,), "int32", "i")
    program = Engine().compile(Graph({"i": i}, {}, {v: v + graph.sum(graph.take(v, i))}))
    program.bind({"i": np.array([7], "int32")})
    with pytest.raises(DataError):
        program.run(2)
    tiny = np.full(1000, TINY["float32"], "float32")
    assert (tiny * np.float32(1.5) > tiny).all()
