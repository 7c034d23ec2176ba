"""Convolutions with strides by their phases: right to within rounding, 0 where nothing is seen."""

import platform

import numpy as np
import pytest

from grafito import graph
from grafito.graph.convolution import Conv2D
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")

from grafito.engines.llvm import Engine
from grafito.engines.llvm.lowering import polyphase, winograd

CPUS = {
    "this CPU": {},
    "AVX2": {"cpu": "haswell", "features": "+avx2,+fma,+bmi,+bmi2,+f16c"},
    "SSE2": {"cpu": "x86-64", "features": "+sse2"},
}
ROWS = [  # images, height, width, channels, filters, window, strides, zeros around, largest tiles?
    (16, 13, 13, 3, 16, (7, 7), (2, 2), ((0, 0), (0, 0)), True),
    (20, 14, 11, 5, 19, (5, 5), (2, 2), ((2, 2), (1, 2)), True),
    (20, 14, 11, 5, 19, (5, 5), (2, 2), ((2, 2), (1, 2)), False),
    (5, 12, 12, 4, 6, (3, 3), (2, 2), ((0, 1), (1, 0)), True),
    (17, 16, 15, 2, 9, (9, 9), (3, 3), ((4, 4), (3, 4)), True),
    (8, 23, 19, 3, 5, (11, 11), (4, 4), ((0, 0), (2, 1)), True),
    (3, 10, 13, 16, 17, (5, 2), (2, 2), ((1, 2), (0, 0)), False),
    (4, 9, 14, 9, 8, (3, 4), (1, 3), ((1, 1), (2, 1)), True),
    (2, 1, 50, 8, 18, (1, 9), (1, 2), ((0, 0), (4, 4)), True),
    (33, 15, 8, 20, 3, (4, 4), (2, 2), ((1, 1), (1, 1)), True),
    (2, 30, 30, 1, 1, (6, 6), (2, 2), ((0, 0), (0, 0)), True),
    (6, 12, 17, 2, 5, (5, 7), (4, 2), ((1, 0), (3, 3)), True),
]
x86 = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


def tensors(row, dtype="float32", fill=None):
    """The result and both gradients, and what to feed."""
    images, height, width, channels, filters, window, strides, padding, _ = row
    x = graph.placeholder((images, height, width, channels), dtype, "x")
    k = graph.placeholder((*window, channels, filters), dtype, "k")
    y = Conv2D(strides, padding, (1, 1), 1)(x, k)
    g = graph.placeholder(y.shape, dtype, "g")
    random = np.random.default_rng(3)
    feeds = {t: random.normal(size=t.shape).astype("float32").astype(dtype) for t in (x, k, g)}
    if fill is not None:
        feeds |= {t: fill(random, feeds[t]) for t in (x, g)}
    return [y, *graph.gradients([y], [x, k], [g])], feeds


def compute(row, monkeypatch, fill=None, **options):
    """All three results, each by Winograd's method, and what was fed."""

    def choose(sizes, **_):
        counts = [6 if r > 3 or row[8] else 4 for r in sizes.window]
        return tuple(n - r + 1 if r > 1 else 1 for n, r in zip(counts, sizes.window, strict=True))

    monkeypatch.setattr(winograd, "choose", choose)
    outputs, feeds = tensors(row, fill=fill)
    names = dict(zip("xkg", feeds, strict=True))
    program = Engine(**options).compile(
        Graph(names, {str(i): y for i, y in enumerate(outputs)}, {})
    )
    told = program.explain()
    assert told.count("convolution (Winograd)") == 2
    assert "convolution, gradient of its weights (Winograd)" in told
    program.bind({name: feeds[t] for name, t in names.items()})
    return [a[0].copy() for a in program.run().values()], feeds


@x86
@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_results_and_gradients_are_those_of_float64(row, cpu, monkeypatch):
    found, _ = compute(row, monkeypatch, **CPUS[cpu])
    outputs, places = tensors(row, "float64")
    truth = graph.value(outputs, places)
    for ours, right in zip(found, truth, strict=True):
        assert ours.shape == right.shape
        assert np.abs(ours - right).max() <= 4e-6 * np.abs(right).max()


def sparse(random, x):
    """Images of which one in three is black in parts, and one in three all black."""
    x = x * (random.random((*x.shape[:3], 1)) < 0.06)
    x[::3] = 0
    x[random.random(x.shape) < 0.1] = -0.0
    return x


@x86
@pytest.mark.parametrize("cpu", ["this CPU", "AVX2"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_sees_only_zeros_is_0_and_nothing_else_is(row, cpu, monkeypatch):
    (y, dx, _), _ = compute(row, monkeypatch, sparse, **CPUS[cpu])
    outputs, places = tensors(row, "float64", sparse)
    x, k, g = places
    marks = {
        x: np.any(places[x], axis=3, keepdims=True) * np.ones(x.shape),
        k: np.ones(k.shape),
        g: np.any(places[g], axis=3, keepdims=True) * np.ones(g.shape),
    }
    for result, seen in zip((y, dx), graph.value(outputs[:2], marks), strict=True):
        assert 0 < np.mean(seen == 0) < 1
        np.testing.assert_array_equal(result[seen == 0], 0)
        assert np.all(result[seen != 0] != 0)


@pytest.mark.parametrize("row", ROWS[1:5], ids=str)
def test_any_number_of_threads_gives_the_same_bits(row, monkeypatch):
    one, three = (compute(row, monkeypatch, threads=n)[0] for n in (1, 3))
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_batch_beside_its_lanes_changes_nothing(monkeypatch, poison_memory):
    plain = compute(ROWS[2], monkeypatch)[0]
    poison_memory()
    for a, b in zip(plain, compute(ROWS[2], monkeypatch)[0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_pixels_that_no_window_sees_have_no_gradient(monkeypatch):
    row = (2, 16, 15, 3, 4, (5, 5), (4, 3), ((0, 0), (0, 0)), True)
    (_, dx, _), _ = compute(row, monkeypatch)
    assert np.all(dx[:, :13, :14] != 0)
    np.testing.assert_array_equal(dx[:, 13:], 0)
    np.testing.assert_array_equal(dx[:, :, 14:], 0)


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({}, True),
        ({"groups": 2}, False),
        ({"dtype": "float64"}, False),
        ({"window": 2}, False),
        ({"window": 1}, False),
    ],
    ids=str,
)
def test_other_convolutions_are_not_taken_apart(options, taken, monkeypatch):
    monkeypatch.setattr(polyphase, "SLOWER", 1e-9)
    dtype, size, groups = (
        options.get(name, usual)
        for name, usual in (("dtype", "float32"), ("window", 5), ("groups", 1))
    )
    x = graph.placeholder((16, 12, 12, 4), dtype, "x")
    k = graph.placeholder((size, size, 4 // groups, 16), dtype, "k")
    y = graph.conv2d(x, k, strides=2, groups=groups)
    slopes = graph.gradients(graph.sum(graph.sin(y)), [x, k])
    whole = Graph({"x": x, "k": k}, {"y": y, "dx": slopes[0], "dk": slopes[1]}, {})
    told = Engine().compile(whole).explain()
    assert ("Winograd" in told) == taken


@pytest.mark.parametrize(
    ("size", "channels", "filters", "window", "stride", "images", "taken"),
    [
        (111, 3, 96, 11, 4, 32, True),
        (64, 3, 32, 9, 3, 64, True),
        (29, 32, 64, 5, 2, 64, True),
        (112, 3, 64, 7, 2, 16, True),
        (16, 64, 128, 3, 2, 64, False),
        (28, 1, 8, 3, 2, 32, False),
        (64, 8, 16, 1, 2, 32, False),
    ],
)
def test_the_method_is_chosen_where_it_pays(size, channels, filters, window, stride, images, taken):
    x = graph.placeholder((images, size, size, channels), "float32", "x")
    k = graph.placeholder((window, window, channels, filters), "float32", "k")
    y = graph.conv2d(x, k, strides=stride)
    told = Engine().compile(Graph({"x": x, "k": k}, {"y": y}, {})).explain()
    assert ("Winograd" in told) == taken
