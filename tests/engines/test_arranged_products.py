"""Products that are turned, and what is computed behind their reshapes: the same bits in less."""

import numpy as np
import pytest

from grafito import graph
from grafito.graph.program import Graph
from grafito.graph.variable import Variable

pytest.importorskip("llvmlite")

from grafito.engines.llvm import Engine, pipeline
from grafito.engines.llvm.compilation.machine import Machine

pytestmark = pytest.mark.usefixtures("poisoned_memory")

WIDE = 1800  # units of weights that come from memory


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    """Compiled code is kept for these tests alone."""
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


def run(x, results, data, threads=1):
    """The results of a graph of one input."""
    outputs = {str(n): y for n, y in enumerate(results)}
    program = Engine(threads=threads).compile(Graph({"x": x}, outputs, {}))
    program.bind({"x": data})
    return [program.run()[name][0] for name in outputs]


def as_written(monkeypatch, *args, **options):
    """The results of the same graph without the pass."""
    passes = [each for each in pipeline.PASSES if each is not pipeline.arrange_products]
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "PASSES", passes)
        return run(*args, **options)


def kernels(x, results):
    """The anchor of each kernel and what is computed with it."""
    outputs = {str(n): y for n, y in enumerate(results)}
    *_, (_, stage) = pipeline.stages(Graph({"x": x}, outputs, {}), Machine())
    return [(k.anchor, [y.kind for y in k.results]) for k in stage.kernels]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [32, 33, 100, 256])
def test_a_turned_product_keeps_its_bits(monkeypatch, rows, dtype):
    rng = np.random.default_rng(0)
    w = graph.constant(rng.normal(size=(WIDE, WIDE + 3)).astype(dtype))
    x = graph.placeholder((rows, WIDE + 3), dtype, "x")
    data = rng.normal(size=x.shape).astype(dtype)
    results = [graph.relu(x @ w.T + 1.0), graph.sum(x @ w.T, axis=0)]
    anchors = [a for a, _ in kernels(x, results) if a is not None and a.kind == "matmul"]
    assert [a.shape for a in anchors] == [(WIDE, rows)]
    plain = as_written(monkeypatch, x, results, data)
    for threads in (1, 3):
        for ours, theirs in zip(run(x, results, data, threads), plain, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(run(x, results[:1], data)[0][:32], plain[0][:32])
    exact = np.maximum(data.astype("f8") @ w.op.array.T.astype("f8") + 1, 0)
    error = 1e-3 if dtype == "float32" else 1e-11
    np.testing.assert_allclose(plain[0], exact, rtol=error, atol=error)


@pytest.mark.parametrize("rows", [33, 50, 100])
def test_a_turned_product_with_weights_that_train(rows):
    """Rows beyond whole vectors are summed apart, with steps in the lanes."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(rows, WIDE + 3)).astype("float32")
    old = rng.normal(size=(WIDE, WIDE + 3)).astype("float32")
    found = []
    for threads in (1, 3):
        w = Variable(old)
        x = graph.placeholder(data.shape, "float32", "x")
        step = Graph({"x": x}, {"y": x @ w.T}, {w: w * 0.5})
        program = Engine(threads=threads).compile(step)
        program.bind({"x": data})
        found.append(program.run()["y"][0])
        np.testing.assert_array_equal(w.value, old * np.float32(0.5))
    np.testing.assert_array_equal(*found)
    exact = data.astype("f8") @ old.T.astype("f8")
    np.testing.assert_allclose(found[0], exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("rows", "shape"), [(31, (WIDE, WIDE)), (257, (WIDE, WIDE)), (64, (WIDE, 1700))]
)
def test_few_rows_many_rows_and_small_weights_are_not_turned(rows, shape):
    x = graph.placeholder((rows, shape[1]), "float32", "x")
    w = graph.constant(np.zeros(shape, "float32"))
    [(anchor, _)] = [k for k in kernels(x, [x @ w.T]) if k[0] is not None]
    assert anchor.shape == (rows, shape[0])


def behind_reshapes(x):
    """Results behind reshapes of products, by what they are."""
    rng = np.random.default_rng(1)
    n = x.shape[0]

    def weights(*shape):
        return graph.constant(rng.normal(size=shape).astype("float32"))

    def image(units=3 * 4 * 5):
        return graph.reshape(x @ weights(x.shape[1], units), (n, 3, units // 15, 5))

    seen = graph.tanh(weights(n, 3, 4, 5))
    gradient = graph.where(seen > 0.0, image(), 0.0)
    return {
        "a gradient of relu": [gradient],
        "one read twice": [gradient, graph.sum(gradient, axis=(0, 1, 2))],
        "two in a row": [graph.exp(graph.where(seen > 0.0, image(), 0.0)) * seen],
        "two products": [image() * image()],
        "a product read twice": [(y := image()) * 2.0, graph.reshape(y, (n, 60)) + 1.0],
        "a bias that is broadcast": [image() + weights(5)],
        "other leading axes": [graph.reshape(x @ weights(x.shape[1], 4), (2 * n, 2)) * 3.0],
        "a product of pooled images": [
            graph.reshape(graph.reshape(graph.max_pool(gradient, 2, 1), (n, -1)) @ weights(30, 60),
                          seen.shape) * graph.exp(seen)
        ],
        "a reshape back": [graph.reshape(graph.exp(image()), (n, 60)) * weights(n, 60)],
    }  # fmt: skip


NAMES = list(behind_reshapes(graph.placeholder((2, 3), "float32", "x")))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [1, 3, 16, 40])
def test_what_follows_a_reshape_keeps_its_bits(monkeypatch, n, name):
    x = graph.placeholder((n, 7), "float32", "x")
    results = behind_reshapes(x)[name]
    data = np.random.default_rng(2).normal(size=x.shape).astype("float32")
    plain = as_written(monkeypatch, x, results, data)
    for ours, theirs in zip(run(x, results, data), plain, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["a gradient of relu", "one read twice", "two in a row"])
def test_what_follows_a_reshape_joins_the_product(name):
    x = graph.placeholder((40, 7), "float32", "x")
    found = kernels(x, behind_reshapes(x)[name])
    assert [kinds for _, kinds in found if kinds[0] == "matmul" and len(kinds) > 1]
    assert not [kinds for _, kinds in found if {"where", "exp", "multiply"} & {kinds[0]}]


def test_an_update_behind_a_reshape_stays_an_update(monkeypatch):
    rng = np.random.default_rng(3)
    v = Variable(rng.normal(size=(3, 4, 5)).astype("float32"))
    x = graph.placeholder((3, 6), "float32", "x")
    w = graph.constant(rng.normal(size=(6, 20)).astype("float32"))
    gradient = graph.reshape(x @ w, v.shape)
    program = Engine(threads=1).compile(Graph({"x": x}, {}, {v: v - 0.5 * gradient}))
    data = rng.normal(size=x.shape).astype("float32")
    expected = v.value - 0.5 * (data @ w.op.array).reshape(v.shape)
    program.bind({"x": data})
    program.run()
    np.testing.assert_allclose(v.value, expected, rtol=1e-5, atol=1e-5)
