"""Winograd's convolutions: right to within the stated bound, whatever the tile, shape and CPU."""

import platform

import numpy as np
import pytest

from grafito import graph
from grafito.graph.convolution import Conv2D
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")

from grafito.engines.llvm import Engine
from grafito.engines.llvm.winograd import method as winograd

ROUNDING = 2.0**-24
CPUS = {
    "this CPU": {},
    "AVX2": {"cpu": "haswell", "features": "+avx2,+fma,+bmi,+bmi2,+f16c"},
    "SSE2": {"cpu": "x86-64", "features": "+sse2"},
}
ROWS = [  # images, height, width, channels, filters, window, zeros around, tile
    (16, 8, 8, 4, 16, (3, 3), ((1, 1), (1, 1)), (2, 2)),
    (16, 8, 8, 4, 16, (3, 3), ((1, 1), (1, 1)), (4, 4)),
    (20, 9, 7, 5, 19, (3, 3), ((2, 1), (0, 1)), (4, 2)),
    (33, 11, 10, 3, 18, (5, 5), ((2, 2), (2, 2)), (2, 2)),
    (1, 1, 50, 1, 18, (1, 5), ((0, 0), (2, 2)), (1, 2)),
    (3, 6, 5, 70, 130, (3, 2), ((0, 0), (2, 2)), (2, 3)),
    (5, 2, 2, 6, 1, (3, 3), ((1, 1), (1, 1)), (2, 2)),
]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


def tensors(row, dtype="float32"):
    """The result and both gradients, and what to feed."""
    images, height, width, channels, filters, window, zeros, _ = row
    x = graph.placeholder((images, height, width, channels), dtype, "x")
    k = graph.placeholder((*window, channels, filters), dtype, "k")
    y = Conv2D((1, 1), zeros, (1, 1), 1)(x, k)
    g = graph.placeholder(y.shape, dtype, "g")
    random = np.random.default_rng(3)
    feeds = {t: random.normal(size=t.shape).astype(dtype) for t in (x, k, g)}
    return [y, *graph.gradients([y], [x, k], [g])], feeds


def compute(row, monkeypatch, **options):
    monkeypatch.setattr(winograd, "choose", lambda *_: row[-1])
    outputs, feeds = tensors(row)
    names = dict(zip("xkg", feeds, strict=True))
    g = Graph(names, {str(i): y for i, y in enumerate(outputs)}, {})
    program = Engine(**options).compile(g)
    assert "winograd" in program.explain()
    program.bind({name: feeds[t] for name, t in names.items()})
    results = program.run()
    return [results[str(i)][0] for i in range(3)], feeds


def along(matrices, grid, axes):
    """Matrices applied to two axes of an array."""
    for matrix, axis in zip(matrices, axes, strict=True):
        grid = np.moveaxis(np.tensordot(np.abs(matrix), grid, (1, axis)), 0, axis)
    return grid


def bound(image, kernel, places, before, tile):
    """What the docstring of the module says, for the results of a convolution."""
    window, (m, n) = kernel.shape[:2], tile
    a, g, b = zip(*(winograd.matrices(*p) for p in zip(tile, window, strict=True)), strict=True)
    points = winograd.points(tile, window)
    weights = along(g, np.abs(kernel).astype("float64"), (0, 1))
    size = [-(-p // t) * t + r - 1 for p, t, r in zip(places, tile, window, strict=True)]
    padded = np.zeros((image.shape[0], *size, image.shape[3]))
    rows, columns = (
        range(max(0, -s), min(h, t - s))
        for s, h, t in zip(before, image.shape[1:3], size, strict=True)
    )
    inside = np.abs(image)[:, rows.start : rows.stop, columns.start : columns.stop]
    top, left = rows.start + before[0], columns.start + before[1]
    padded[:, top : top + len(rows), left : left + len(columns)] = inside
    total = np.zeros((image.shape[0], *size, kernel.shape[3]))
    for i in range(0, places[0], m):
        for j in range(0, places[1], n):
            patch = padded[:, i : i + points[0], j : j + points[1]]
            seen = np.einsum("nabc,abcf->nabf", along(b, patch, (1, 2)), weights)
            total[:, i : i + m, j : j + n] = along(a, seen, (1, 2))
    factor = image.shape[3] + 6 * max(points)
    return factor * ROUNDING * total[:, : places[0], : places[1]]


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86")
@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_results_are_within_the_bound_and_near_the_reference(row, cpu, monkeypatch):
    (y, dx, dk), feeds = compute(row, monkeypatch, **CPUS[cpu])
    x, k, g = (a.astype("float64") for a in feeds.values())
    outputs, places = tensors(row, "float64")
    truth = graph.value(outputs, dict(zip(places, (x, k, g), strict=True)))
    zeros, window, tile = row[6], row[5], row[7]
    before = tuple(z[0] for z in zeros)
    assert np.all(np.abs(y - truth[0]) <= bound(x, k, y.shape[1:3], before, tile))
    turned = k[::-1, ::-1].transpose(0, 1, 3, 2)
    back = tuple(r - 1 - z for r, z in zip(window, before, strict=True))
    assert np.all(np.abs(dx - truth[1]) <= bound(g, turned, dx.shape[1:3], back, tile))
    for ours, theirs in zip((y, dx, dk), truth, strict=True):  # far below the bound, as it should
        assert np.abs(ours - theirs).max() <= 4e-6 * np.abs(theirs).max()


@pytest.mark.parametrize("row", ROWS[:3], ids=str)
def test_any_number_of_threads_gives_the_same_bits(row, monkeypatch):
    one, three = (compute(row, monkeypatch, threads=n)[0] for n in (1, 3))
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_batch_beside_its_lanes_changes_nothing(monkeypatch, poison_memory):
    """Lanes without an image hold anything; here they are NaN."""
    plain = compute(ROWS[2], monkeypatch)[0]
    poison_memory()
    for a, b in zip(plain, compute(ROWS[2], monkeypatch)[0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_points_are_twice_as_good_as_the_usual_ones():
    """Root of the mean square error of 4 x 4 results, in float32, for two choices of points."""
    random = np.random.default_rng(0)
    d = random.normal(size=(300, 32, 6, 6)).astype("float32")
    g = random.normal(size=(32, 3, 3)).astype("float32")
    windows = np.lib.stride_tricks.sliding_window_view(d.astype("float64"), (3, 3), (2, 3))
    exact = np.einsum("ncijab,cab->nij", windows, g)

    def error():
        winograd.matrices.cache_clear()
        a, u, b = (np.array(x, "float32") for x in winograd.matrices(4, 3))
        products = np.einsum("ncij,cij->nij", b @ d @ b.T, u @ g @ u.T, dtype="float32")
        return np.sqrt(np.mean((a @ products @ a.T - exact) ** 2))

    ours = error()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(winograd.POINTS, 6, (0, 1, -1, 2, -2))
        usual = error()
    winograd.matrices.cache_clear()
    assert ours < 0.7 * usual


@pytest.mark.parametrize(
    ("places", "window", "channels", "filters", "images", "tile"),
    [
        ((32, 32), (3, 3), 64, 64, 64, (4, 4)),
        ((2, 2), (3, 3), 512, 512, 64, (2, 2)),
        ((15, 15), (5, 5), 96, 256, 64, (2, 2)),
        ((28, 28), (3, 3), 1, 16, 64, None),
        ((32, 32), (1, 1), 64, 64, 64, None),
        ((32, 32), (7, 7), 64, 64, 64, None),
    ],
)
def test_tiles_are_chosen_where_they_pay(places, window, channels, filters, images, tile):
    assert winograd.choose(places, window, channels, filters, images) == tile
