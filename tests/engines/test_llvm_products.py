"""Matrix products of the CPU engine: any shape, order, number of threads and CPU."""

import ctypes
import platform

import numpy as np
import pytest

from grafito import graph
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")

# rows, inner, columns; the large ones have several blocks, panels and bands, and of the last ones y
# or the result do not fit the caches
SMALL = [(1, 1, 1), (2, 3, 1), (1, 5, 300), (33, 17, 65), (100, 1, 7)]
LARGE = [(97, 1700, 30), (70, 40, 1100), (131, 1601, 530), (40, 3100, 200)]
LARGE += [(37, 1650, 1990), (301, 41, 10_500), (9, 1901, 1701), (1, 1801, 1802)]
LARGE += [(1501, 130, 749), (90, 2100, 1999)]  # x packed; panels that stay in the first-level cache
OTHER_CPUS = {
    "AVX2": {"cpu": "haswell", "features": "+avx2,+fma,+bmi,+bmi2,+f16c"},
    "SSE2": {"cpu": "x86-64", "features": "+sse2"},
}


pytestmark = pytest.mark.usefixtures("poisoned_memory")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    """Compiled code is kept for these tests alone."""
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


def multiply(shape, turned, dtype="float32", **options):
    """relu(x y + 1) by the CPU engine and by NumPy in float64."""
    from grafito.engines.llvm import Engine

    n, k, m = shape
    rng = np.random.default_rng(0)
    a = rng.normal(size=(k, n) if turned[0] else (n, k)).astype(dtype)
    b = rng.normal(size=(m, k) if turned[1] else (k, m)).astype(dtype)
    x, y = graph.placeholder(a.shape, dtype), graph.placeholder(b.shape, dtype)
    product = (x.T if turned[0] else x) @ (y.T if turned[1] else y)
    traced = Graph({"x": x, "y": y}, {"z": graph.relu(product + 1.0)}, {})
    program = Engine(**options).compile(traced)
    program.bind({"x": a, "y": b})
    exact = (a.T if turned[0] else a).astype("f8") @ (b.T if turned[1] else b).astype("f8")
    return program.run()["z"][0], np.maximum(exact + 1, 0)


@pytest.mark.parametrize("shape", SMALL + LARGE)
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
def test_products_of_any_shape_and_order(shape, turned):
    ours, exact = multiply(shape, turned)
    np.testing.assert_allclose(ours, exact, rtol=1e-4, atol=5e-4)


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("turned", [(True, False), (False, True)])
def test_large_products_in_double_precision(shape, turned):
    ours, exact = multiply(shape, turned, "float64")
    np.testing.assert_allclose(ours, exact, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("turned", [(False, False), (True, True)])
def test_any_number_of_threads_gives_the_same_bits(shape, turned):
    one, two, four = (multiply(shape, turned, threads=n)[0] for n in (1, 2, 4))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, four)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86")
@pytest.mark.parametrize("cpu", OTHER_CPUS)
@pytest.mark.parametrize("shape", LARGE[1:3])
@pytest.mark.parametrize("turned", [(False, False), (False, True)])
def test_large_products_on_other_cpus(shape, turned, cpu):
    ours, exact = multiply(shape, turned, **OTHER_CPUS[cpu])
    np.testing.assert_allclose(ours, exact, rtol=1e-4, atol=5e-4)


@pytest.mark.parametrize("cpu", [{}, *OTHER_CPUS.values()], ids=["this CPU", *OTHER_CPUS])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_code_of_products_of_many_sizes_is_well_formed(dtype, cpu):
    """Bands, groups and blocks of all kinds, with rows that are gathered and operands turned."""
    from llvmlite import binding

    from grafito.engines.llvm.compilation.machine import Machine
    from grafito.engines.llvm.pipeline import assemble

    random = np.random.default_rng(len(cpu))
    sizes = [1, 3, 10, 41, 64, 100, 128, 200, 512, 784, 1000, 2000, 2048]
    shapes = [tuple(map(int, random.choice(sizes, 3))) for _ in range(40)]
    for n, k, m in [*shapes, (1000, 784, 512), (200, 64, 64)]:
        x, w = graph.placeholder((n, k), dtype, "x"), graph.placeholder((k, m), dtype, "w")
        t, i = graph.placeholder((m, k), dtype, "t"), graph.placeholder((n,), "int32", "i")
        inputs = {"x": x, "w": w, "t": t, "i": i}
        outputs = {"a": x @ w, "b": graph.take(x, i, axis=0) @ w, "c": x @ t.T, "d": x.T @ (x @ w)}
        made = assemble(Graph(inputs, outputs, {}), Machine(**cpu))
        for source in made.sources.values():
            binding.parse_assembly(source.text)


# Examples, features and units; the units beyond whole vectors of 4, 8 or 16 are few, and so are
# summed up apart: in steps of 16 that end within the features, in blocks, in groups of rows.
TRAINED = [(32, 64, 17), (33, 65, 18), (70, 129, 35), (100, 2000, 100), (1000, 90, 84)]
TRAINED += [(64, 900, 33), (300, 100, 20), (7, 200, 50), (65, 3072, 10), (129, 77, 200)]


def trained(shape, dtype="float32", **options):
    """Forward product, gradients of the input and new weights; by the engine and by NumPy."""
    from grafito.engines.llvm import Engine

    n, k, m = shape
    rng = np.random.default_rng(0)
    table, rows = rng.normal(size=(50, k)).astype(dtype), rng.integers(0, 50, n).astype("int32")
    g, start = rng.normal(size=(n, m)).astype(dtype), rng.normal(size=(k, m)).astype(dtype)
    w = graph.Variable(start)
    given = {"table": table, "rows": rows, "g": g}
    inputs = {name: graph.placeholder(a.shape, str(a.dtype), name) for name, a in given.items()}
    x = graph.take(inputs["table"], inputs["rows"], axis=0)
    outputs = {"y": graph.tanh(x @ w / 50.0), "d": inputs["g"] @ w.T}
    updates = {w: w - 0.125 * (x.T @ inputs["g"])}
    program = Engine(**options).compile(Graph(inputs, outputs, updates))
    program.bind(given)
    ran = program.run()
    x, g, first = (a.astype("float64") for a in (table[rows], g, start))
    exact = [np.tanh(x @ first / 50), g @ first.T, first - 0.125 * x.T @ g]
    return [ran["y"][0], ran["d"][0], w.numpy()], exact


@pytest.mark.parametrize(("dtype", "error"), [("float32", 3e-4), ("float64", 1e-11)])
@pytest.mark.parametrize("shape", TRAINED)
def test_products_of_a_training_step(shape, dtype, error):
    for ours, exact in zip(*trained(shape, dtype), strict=True):
        np.testing.assert_allclose(ours, exact, rtol=error, atol=error)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86")
@pytest.mark.parametrize("cpu", OTHER_CPUS)
@pytest.mark.parametrize("shape", TRAINED)
def test_products_of_a_training_step_on_other_cpus(shape, cpu):
    for ours, exact in zip(*trained(shape, **OTHER_CPUS[cpu]), strict=True):
        np.testing.assert_allclose(ours, exact, rtol=3e-4, atol=3e-4)


@pytest.mark.parametrize("shape", TRAINED)
def test_any_number_of_threads_trains_to_the_same_bits(shape):
    one, two, four = (trained(shape, threads=n)[0] for n in (1, 2, 4))
    for a, b, c in zip(one, two, four, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_terms_are_added_in_any_order_only_where_weights_train():
    """With steps in the lanes, so that terms change their order, only where weights train."""
    from grafito.engines.llvm.compilation.machine import Machine
    from grafito.engines.llvm.pipeline import stages

    w = graph.Variable(np.ones((64, 100), "float32"))
    x = graph.placeholder((32, 64), "float32", "x")
    g = graph.placeholder((32, 100), "float32", "g")
    inputs, outputs = {"x": x, "g": g}, {"y": x @ w, "z": g @ w.T}
    for updates, marked in [({w: w * 2.0}, True), ({}, False)]:
        *_, (_, stage) = stages(Graph(inputs, outputs, updates), Machine())
        products = [k.anchor for k in stage.kernels if k.anchor is not None]
        assert len(products) == 2
        assert all(("any_order" in p.attributes) == marked for p in products)


SHARED = [  # rows, inner, columns, and which operands are turned
    ((128, 784, 64), (False, False)),
    ((784, 128, 64), (True, False)),
    ((1500, 128, 784), (True, False)),
    ((784, 128, 1500), (True, False)),
    ((128, 1500, 750), (False, False)),
    ((128, 750, 1500), (False, True)),
    ((2000, 300, 90), (False, False)),
]


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86")
@pytest.mark.parametrize("cpu", [{}, OTHER_CPUS["AVX2"]], ids=["this CPU", "AVX2"])
@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize("row", SHARED, ids=str)
def test_threads_have_equal_parts_of_a_product(row, threads, cpu):
    """How many results the units of each thread write: none is over a sixth above the mean."""
    from grafito.engines.llvm import Engine
    from grafito.engines.llvm.program import CONTROL

    (n, k, m), turned = row
    x = graph.placeholder((k, n) if turned[0] else (n, k), "float32")
    y = graph.placeholder((m, k) if turned[1] else (k, m), "float32")
    product = (x.T if turned[0] else x) @ (y.T if turned[1] else y)
    program = Engine(threads=threads, **cpu).compile(Graph({"x": x, "y": y}, {"z": product}, {}))
    program.bind({"x": np.ones(x.shape, "float32"), "y": np.ones(y.shape, "float32")})
    result = program.run()["z"][0]
    (call,) = (c for c in program._assembled.calls if c.name.startswith("matmul"))
    run_units = program._kernel(call, (ctypes.c_int64 * CONTROL)())
    units, written = call.routine.units, []
    for thread in range(threads):
        result[...] = 0
        begin, end = (units * at // threads for at in (thread, thread + 1))
        run_units(begin, end)
        written.append(np.count_nonzero(result))
    assert sum(written) == n * m
    assert max(written) <= 7 / 6 * n * m / threads
