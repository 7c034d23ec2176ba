"""Every row of the tables of layers, losses and optimizers on each engine, as on the reference.

The table of ops is run in `test_llvm.py` and `test_jax.py`.
"""

import importlib.util

import numpy as np
import pytest
from specs_layers import LAYERS
from specs_losses import LOSSES
from specs_parts import OPTIMIZERS

pytest.importorskip("llvmlite")

from grafito import engines, graph, layers, losses, optimizers
from grafito.graph.dtypes import is_floating
from grafito.graph.program import Graph, trace_graph

NEAR = {"float64": 1e-11, "float32": 2e-5}
NO_JAX = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="no jax")
on_each = pytest.mark.parametrize("engine", ["llvm", pytest.param("jax", marks=NO_JAX)])
dtypes = pytest.mark.parametrize("dtype", NEAR)


def compare(outputs, feeds, dtype, engine):
    """All outputs, computed by an engine and by the reference."""
    inputs = {f"x{i}": x for i, x in enumerate(feeds)}
    names = [f"y{i}" for i in range(len(outputs))]
    program = engines.get(engine).compile(Graph(inputs, dict(zip(names, outputs, strict=True)), {}))
    program.bind({f"x{i}": np.ascontiguousarray(a) for i, a in enumerate(feeds.values())})
    ours = program.run()
    for name, theirs in zip(names, graph.value(outputs, feeds), strict=True):
        assert ours[name].dtype == theirs.dtype
        scale = np.max(np.abs(theirs), initial=1e-30)
        near = NEAR[dtype]
        np.testing.assert_allclose(ours[name][0], theirs, rtol=near, atol=near * scale)


def typed(array, dtype):
    array = np.asarray(array)
    return array.astype(dtype) if array.dtype.kind == "f" else array


SPARSE = np.random.default_rng(4).choice([0.0, -0.0, 0.0, 1.0, -1.0, 2.0, 6.0], 1000)
ZERO = np.zeros(1)


def filled(array, numbers):
    """An array of its shape with these numbers in turn; integers stay, which are positions."""
    return np.resize(numbers, array.shape).astype(array.dtype) if array.dtype.kind == "f" else array


@pytest.mark.parametrize(
    ("engine", "training", "dtype", "numbers"),
    [
        ("llvm", False, "float64", None),
        ("llvm", True, "float32", None),
        ("llvm", False, "float64", SPARSE),
        ("llvm", False, "float64", ZERO),
        pytest.param("jax", True, "float32", None, marks=NO_JAX),
    ],
    ids=["predicting", "training", "kinks and ties", "zeros", "jax, training"],
)
@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_layers(row, engine, training, dtype, numbers):
    """Output, gradients and what a call changes, also for a batch that does not fill its lanes."""
    layer = row.build(layers, dtype=dtype)
    arrays = [np.concatenate([x] * 6)[:17] for x in row.inputs(dtype)]
    if numbers is not None:
        arrays = [filled(x, numbers) for x in arrays]
    xs = [graph.placeholder(x.shape, str(x.dtype)) for x in arrays]
    row.call(layer, [graph.placeholder(x.shape, x.dtype) for x in xs])
    rng = np.random.default_rng(0)
    layer.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(w.dtype) for w in layer.weights])
    with graph.Trace(training=training) as trace:
        y = row.call(layer, xs)
    sources = [x for x in xs if is_floating(x.dtype)] + layer.trainable_variables
    weigh = rng.normal(size=y.shape).astype(dtype)
    slopes = []
    if sources and is_floating(y.dtype):
        slopes = graph.gradients([y], sources, [graph.constant(weigh, y.dtype)], unconnected="zero")
    compare(
        [y, *slopes, *trace.updates.values()], dict(zip(xs, arrays, strict=True)), dtype, engine
    )


@on_each
@dtypes
@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_losses(row, dtype, engine):
    loss = row.build(losses)
    arrays = [typed(row.y_true, dtype), typed(row.y_pred, dtype)]
    t, p = (graph.placeholder(x.shape, str(x.dtype)) for x in arrays)
    y = loss(t, p)
    compare([y, graph.gradients(y, p)], {t: arrays[0], p: arrays[1]}, dtype, engine)


@on_each
@dtypes
@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_optimizers(row, dtype, engine):
    """The weights after each of five steps."""
    rng = np.random.default_rng(3)
    starts = [rng.normal(size=shape).astype(dtype) for shape in ((3, 5), (17,))]
    pulls = [rng.normal(size=w.shape).astype(dtype) for w in starts]
    paths = []
    for name in ("reference", engine):
        optimizer = row.build(optimizers)
        variables = [graph.Variable(w, name=name) for w, name in zip(starts, "wb", strict=True)]

        def step(optimizer=optimizer, variables=variables):
            pairs = zip(variables, pulls, strict=True)
            loss = sum(graph.sum(graph.square(w) * a + graph.sin(w)) for w, a in pairs)
            optimizer.apply(graph.gradients(loss, variables), variables)
            return {"w": variables[0] + 0.0, "b": variables[1] + 0.0}

        paths.append(engines.get(name).compile(trace_graph(step, {}, training=True)).run(5))
    for name, theirs in paths[0].items():
        scale = np.max(np.abs(theirs))
        near = NEAR[dtype]
        np.testing.assert_allclose(paths[1][name], theirs, rtol=near, atol=near * scale)
