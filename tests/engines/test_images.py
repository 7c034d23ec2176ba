"""Images as lanes: batches that are gathered and turned, pooling on its way back."""

import ctypes
import platform

import numpy as np
import pytest

from grafito import engines, graph
from grafito.graph import pooling
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")

from grafito.engines.llvm import Engine
from grafito.engines.llvm.program import CONTROL


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


def compute(outputs, feeds):
    inputs = {f"x{i}": x for i, x in enumerate(feeds)}
    graph_ = Graph(inputs, {str(i): y for i, y in enumerate(outputs)}, {})
    program = Engine().compile(graph_)
    program.bind(dict(zip(inputs, feeds.values(), strict=True)))
    results = program.run()
    return [results[str(i)][0] for i in range(len(outputs))], program


def near(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5 * np.abs(b).max())


POOLS = [  # images, height, width, channels, window, stride
    (5, 6, 8, 3, 2, 2),
    (40, 7, 6, 18, 2, 2),
    (16, 9, 9, 33, 3, 2),
    (3, 8, 8, 1, 4, 4),
]


FILLS = {
    "random": lambda x: x,
    "sparse": lambda x: x * (np.abs(x) > 1.2),
    "constant": lambda x: np.ones_like(x) * np.abs(x[:1, :1, :1]),
    "repeated": lambda x: np.round(x[:1]) * np.ones_like(x),
}


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("row", POOLS, ids=str)
@pytest.mark.parametrize("pool", [pooling.max_pool, pooling.average_pool])
def test_pooling_and_its_way_back_after_relu(row, pool, fill):
    *shape, window, stride = row
    random = np.random.default_rng(2)
    x = graph.placeholder(tuple(shape), "float32", "x")
    y = graph.relu(x + 0.25)
    z = pool(y, window, stride)
    weights = random.normal(size=z.shape).astype("float32")
    outputs = [z, *graph.gradients([z], [x], [graph.constant(weights)])]
    a = FILLS[fill](random.normal(size=x.shape).astype("float32"))
    a[0] = -1.0  # all elements of its windows tie
    ours, _ = compute(outputs, {x: a})
    near(ours, graph.value(outputs, {x: a}))


@pytest.mark.parametrize("name", ["llvm", "reference", "jax"])
@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 1), (4, 4)])
def test_nan_has_the_gradient_of_its_window(name, window, stride):
    """The first one, as NumPy's argmax has it, also where the rest of a window is -∞."""
    if name == "jax":
        pytest.importorskip("jax")
    random = np.random.default_rng(window)
    a = random.integers(-2, 3, (17, 8, 8, 2)).astype("float32")
    a[random.random(a.shape) < 0.1] = np.nan
    a[random.random(a.shape) < 0.3] = -np.inf
    x = graph.placeholder(a.shape, "float32", "x")
    y = pooling.max_pool(x, window, stride)
    g = random.normal(size=y.shape).astype("float32")
    expected = np.zeros_like(a)
    for n, i, j, c in np.ndindex(y.shape):
        rows, columns = (slice(stride * k, stride * k + window) for k in (i, j))
        place = np.unravel_index(np.argmax(a[n, rows, columns, c]), (window, window))
        expected[n, rows, columns, c][place] += g[n, i, j, c]
    slope = graph.gradients([y], [x], [graph.constant(g)])[0]
    program = engines.get(name).compile(Graph({"x": x}, {"slope": slope}, {}))
    program.bind({"x": a})
    np.testing.assert_allclose(program.run()["slope"][0], expected, atol=1e-5)


def test_the_relu_before_a_pool_is_computed_on_its_way_back():
    x = graph.placeholder((16, 8, 8, 4))
    k = graph.placeholder((3, 3, 4, 4))
    y = graph.relu(graph.conv2d(x, k, padding="same"))
    z = pooling.max_pool(y, 2)
    outputs = graph.gradients([z], [k], [graph.constant(np.ones(z.shape, "float32"))])
    random = np.random.default_rng(0)
    feeds = {t: random.normal(size=t.shape).astype("float32") for t in (x, k)}
    ours, program = compute(outputs, feeds)
    near(ours, graph.value(outputs, feeds))
    (line,) = (x for x in program.explain().splitlines() if "max pooling, gradient" in x)
    assert "where" in line


BATCHES = [  # images, height, width, channels, dtype
    (40, 5, 7, 3, "uint8"),
    (16, 4, 4, 1, "float32"),
    (33, 6, 5, 3, "float64"),
    (1, 4, 8, 2, "uint8"),
    (20, 3, 3, 1, "float32"),
]


@pytest.mark.parametrize("row", BATCHES, ids=str)
def test_a_batch_that_is_gathered_by_index(row):
    *shape, dtype = row
    images, height, width, channels = shape
    random = np.random.default_rng(1)
    data = (100 * random.random((images + 9, height, width, channels))).astype(dtype)
    x, order = graph.placeholder(data.shape, dtype, "x"), graph.placeholder((images,), "int32", "i")
    batch = graph.cast(graph.take(x, order), "float32") / 255.0
    y = pooling.max_pool(batch, 2)
    feeds = {x: data, order: random.permutation(images + 9)[:images].astype("int32")}
    ours, _ = compute([y], feeds)
    near(ours, graph.value([y], feeds))


@pytest.mark.parametrize("images", [1, 7, 33, 40])
def test_images_that_do_not_exist_take_part_in_no_sum(images):
    """Blocks of lanes are read and written as a whole; what is behind the last image may be NaN."""
    x = graph.placeholder((images, 9, 9, 3), name="x")
    w, v = graph.placeholder((3, 3, 3, 5), name="w"), graph.placeholder((49 * 5, 4), name="v")
    seen = graph.log(graph.conv2d(x, w))  # of zeros it is infinite
    result = graph.mean(graph.square(graph.reshape(seen, (images, 49 * 5)) @ v))
    slopes = graph.gradients([result], [w, v, x])
    random = np.random.default_rng(2)
    feeds = {a: (0.5 + random.random(a.shape)).astype("float32") for a in (x, w, v)}
    ours, _ = compute([result, *slopes], feeds)
    near(ours, graph.value([result, *slopes], feeds))


@pytest.mark.parametrize("size", [1, 15, 16, 17, 33, 47, 64])
@pytest.mark.parametrize("dtype", ["bfloat16", "bool", "float32", "float64"])
def test_the_last_vector_writes_no_further(size, dtype):
    x = graph.placeholder((size,), name="x")
    y = graph.cast(x > 0, "bool") if dtype == "bool" else graph.cast(x * 2, dtype)
    program = Engine().compile(Graph({"x": x}, {"y": y}, {}))
    program.bind({"x": np.ones(size, "float32")})
    memory = program._fill(1)["y"]
    behind = np.lib.stride_tricks.as_strided(memory.view("uint8").reshape(-1), (memory.nbytes + 4,))
    behind[-4:] = 77  # within what was allocated: arrays have room behind them
    program._enter(program._table.address, _control(), 1)
    np.testing.assert_array_equal(memory[0].astype("float32"), 1 if dtype == "bool" else 2)
    assert behind[-4:].tolist() == [77] * 4


def _control():
    _control.words = (ctypes.c_int64 * CONTROL)()
    return ctypes.addressof(_control.words)


CHUNKS = {  # images, filters: sums of windows of 7 x 7 are kept in memory
    "some rows, and fewer at the end": ((25, 26, 26, 16), 32),
    "two blocks of images at once": ((150, 8, 8, 8), 32),
    "a row at a time": ((40, 12, 9, 2), 8),
}


@pytest.mark.parametrize("cpu", ["this", "AVX2"])
@pytest.mark.parametrize("name", CHUNKS)
def test_a_kernel_gradient_that_sees_images_in_chunks(name, cpu):
    if cpu == "AVX2" and platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("code for x86-64")
    shape, filters = CHUNKS[name]
    rng = np.random.default_rng(0)
    x, k, back = (
        graph.placeholder(s, name=n)
        for n, s in (
            ("x", shape), ("k", (7, 7, shape[3], filters)), ("back", (*shape[:3], filters)),
        )
    )  # fmt: skip
    y = graph.conv2d(graph.relu(x), k, padding="same")
    (slope,) = graph.gradients([y], [k], [graph.relu(back)])
    feeds = {v: rng.normal(size=v.shape).astype("float32") for v in (x, back)}
    options = {"cpu": "haswell", "features": "+avx2,+fma"} if cpu == "AVX2" else {}
    program = Engine(**options).compile(Graph({"x": x, "back": back}, {"slope": slope}, {}))
    program.bind({v.name: a for v, a in feeds.items()})
    expected = graph.value(slope, {v: a.astype("float64") for v, a in feeds.items()}, "float64")
    near = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(program.run()["slope"][0], expected, rtol=0, atol=near)
