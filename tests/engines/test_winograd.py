"""Winograd's convolutions: right to within the stated bound, whatever the tile, shape and CPU."""

import platform

import numpy as np
import pytest

from grafito import Input, graph, layers, models, optimizers, utils
from grafito.graph.convolution import Conv2D
from grafito.graph.precision import mixed_bfloat16
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")

from grafito.engines.llvm import Engine
from grafito.engines.llvm.kernels.convolution import winograd_zeros as zeros
from grafito.engines.llvm.lowering import winograd

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
    (3, 6, 5, 70, 130, (3, 2), ((0, 0), (1, 1)), (2, 3)),
    (5, 2, 2, 6, 1, (3, 3), ((1, 1), (1, 1)), (2, 2)),
]
ZEROS = [  # the same, where images have room for windows of zeros
    *ROWS[:4],
    (5, 9, 8, 20, 18, (3, 2), ((0, 0), (0, 1)), (2, 3)),
    (33, 13, 13, 32, 16, (3, 3), ((0, 0), (0, 0)), (4, 4)),
    (17, 10, 11, 21, 3, (5, 5), ((2, 2), (2, 2)), (2, 2)),
    (8, 9, 9, 3, 5, (3, 2), ((0, 1), (0, 0)), (4, 3)),
    (5, 12, 9, 18, 5, (2, 3), ((0, 0), (1, 1)), (5, 2)),
    (1, 1, 40, 3, 5, (1, 5), ((0, 0), (2, 2)), (1, 2)),
    (6, 9, 30, 2, 5, (1, 3), ((0, 0), (1, 1)), (1, 4)),
]
DILATED = [  # the same, and the dilation
    (16, 12, 12, 4, 16, (3, 3), ((2, 2), (2, 2)), (4, 4), (2, 2)),
    (20, 11, 13, 5, 19, (3, 3), ((3, 4), (0, 2)), (2, 4), (3, 2)),
    (33, 12, 9, 3, 18, (3, 2), ((4, 4), (0, 0)), (4, 3), (4, 1)),
    (5, 1, 40, 20, 3, (1, 5), ((0, 0), (8, 8)), (1, 2), (1, 4)),
]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


def tensors(row, dtype="float32", fill=None):
    """The result and both gradients, and what to feed."""
    images, height, width, channels, filters, window, padding, _, *dilated = row
    x = graph.placeholder((images, height, width, channels), dtype, "x")
    k = graph.placeholder((*window, channels, filters), dtype, "k")
    y = Conv2D((1, 1), padding, *dilated or [(1, 1)], 1)(x, k)
    g = graph.placeholder(y.shape, dtype, "g")
    random = np.random.default_rng(3)
    feeds = {t: random.normal(size=t.shape).astype(dtype) for t in (x, k, g)}
    if fill is not None:
        feeds |= {t: fill(random, feeds[t]) for t in (x, g)}
    return [y, *graph.gradients([y], [x, k], [g])], feeds


def compute(row, monkeypatch, fill=None, half=False, **options):
    """All three results, with what is read rounded to bfloat16 where asked for."""
    monkeypatch.setattr(winograd, "choose", lambda *_, **__: row[7])
    outputs, feeds = tensors(row, fill=fill)
    names = dict(zip("xkg", feeds, strict=True))
    g = Graph(names, {str(i): y for i, y in enumerate(outputs)}, {})
    g = mixed_bfloat16(g) if half else g
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
    padding, window, tile = row[6], row[5], row[7]
    before = tuple(p[0] for p in padding)
    assert np.all(np.abs(y - truth[0]) <= bound(x, k, y.shape[1:3], before, tile))
    turned = k[::-1, ::-1].transpose(0, 1, 3, 2)
    back = tuple(r - 1 - z for r, z in zip(window, before, strict=True))
    assert np.all(np.abs(dx - truth[1]) <= bound(g, turned, dx.shape[1:3], back, tile))
    for ours, theirs in zip((y, dx, dk), truth, strict=True):  # far below the bound, as it should
        assert np.abs(ours - theirs).max() <= 4e-6 * np.abs(theirs).max()


def sparse(random, x):
    """Images with a border, with a few pixels, empty or dense; zeros of both signs."""
    x, shape = x.copy(), x.shape
    kind = np.arange(shape[0]) % 4
    x[kind == 0, : shape[1] // 2 + 1, : shape[2] // 2] = 0
    x[kind == 1] *= random.random((np.sum(kind == 1), *shape[1:3], 1)) < 0.06
    x[kind == 2] = 0
    x[random.random(shape) < 0.1] = -0.0
    return x


def sees_nothing(image, window, before, places):
    """Which results have a window of zeros."""
    after = [
        max(0, n + r - 1 - b - size)
        for n, r, b, size in zip(places, window, before, image.shape[1:3], strict=True)
    ]
    seen = np.pad(np.any(image, axis=3), ((0, 0), (before[0], after[0]), (before[1], after[1])))
    windows = np.lib.stride_tricks.sliding_window_view(seen, window, (1, 2))
    return ~np.any(windows[:, : places[0], : places[1]], axis=(3, 4))


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86")
@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("row", ZEROS, ids=str)
def test_a_window_of_zeros_gives_0_and_no_other_does(row, cpu, monkeypatch):
    check_zeros(row, monkeypatch, **CPUS[cpu])


@pytest.mark.filterwarnings("ignore:.*bfloat16")
@pytest.mark.parametrize("row", [ZEROS[1], ZEROS[2], ZEROS[5], ZEROS[7], ZEROS[9]], ids=str)
def test_a_window_of_zeros_of_a_bfloat16_image(row, monkeypatch):
    check_zeros(row, monkeypatch, half=True)


def check_zeros(row, monkeypatch, **options):
    (y, dx, _), feeds = compute(row, monkeypatch, sparse, **options)
    x, _, g = feeds.values()
    window, before = row[5], [p[0] for p in row[6]]
    back = [r - 1 - b for r, b in zip(window, before, strict=True)]
    for result, image, at in ((y, x, before), (dx, g, back)):
        empty = sees_nothing(image, window, at, result.shape[1:3])
        assert 0.05 < np.mean(empty) < 0.95
        np.testing.assert_array_equal(result[empty], 0)
        assert not np.any(np.signbit(result[empty]))
        assert np.all(result[~empty] != 0)


def by_phases(x, k, padding, dilation, tile, monkeypatch, **options):
    """A convolution with dilation as one without for each remainder of rows and columns."""
    before = [p[0] // d for p, d in zip(padding, dilation, strict=True)]
    places = [
        n + sum(p) - (r - 1) * d
        for n, p, r, d in zip(x.shape[1:3], padding, k.shape, dilation, strict=False)
    ]
    found = np.zeros((x.shape[0], *places, k.shape[3]), "float32")
    for i, j in np.ndindex(*dilation):
        part, into = (
            x[:, i :: dilation[0], j :: dilation[1]],
            found[:, i :: dilation[0], j :: dilation[1]],
        )
        after = [
            p + r - 1 - b - n
            for p, r, b, n in zip(into.shape[1:], k.shape, before, part.shape[1:], strict=False)
        ]
        row = (*part.shape, k.shape[3], k.shape[:2], tuple(zip(before, after, strict=True)), tile)
        monkeypatch.setattr(winograd, "choose", lambda *_, **__: tile)
        outputs, feeds = tensors(row)
        image, weights = list(feeds)[:2]
        program = Engine(**options).compile(
            Graph({"x": image, "k": weights}, {"y": outputs[0]}, {})
        )
        program.bind({"x": part, "k": k})
        into[...] = program.run()["y"][0]
    return found


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86")
@pytest.mark.parametrize("fill", [None, sparse], ids=["dense", "sparse"])
@pytest.mark.parametrize("cpu", ["this CPU", "AVX2"])
@pytest.mark.parametrize("row", DILATED, ids=str)
def test_dilated_results_have_the_bits_of_their_phases(row, cpu, fill, monkeypatch):
    (y, dx, dk), feeds = compute(row, monkeypatch, fill, **CPUS[cpu])
    x, k, g = feeds.values()
    window, padding, tile, dilation = row[5:]
    theirs = by_phases(x, k, padding, dilation, tile, monkeypatch, **CPUS[cpu])
    np.testing.assert_array_equal(y, theirs)
    back = [
        tuple((r - 1) * d - p for p in pads)
        for r, d, pads in zip(window, dilation, padding, strict=True)
    ]
    turned = np.ascontiguousarray(k[::-1, ::-1].transpose(0, 1, 3, 2))
    theirs = by_phases(g, turned, back, dilation, tile, monkeypatch, **CPUS[cpu])
    np.testing.assert_allclose(dx, theirs, rtol=0, atol=1e-5)
    outputs, places = tensors(row, "float64")
    feeds = dict(zip(places, (a.astype("float64") for a in (x, k, g)), strict=True))
    truth = graph.value(outputs, feeds)
    for ours, right in zip((y, dx, dk), truth, strict=True):
        assert np.abs(ours - right).max() <= 4e-6 * np.abs(right).max()


def test_results_of_tiles_of_two_are_0_by_themselves():
    for tile, window in ((1, 1), (2, 3), (2, 5), (3, 2), (3, 4), (4, 3), (5, 2)):
        assert zeros.exact(tile, window) == (tile <= 2)


@pytest.mark.parametrize("row", [ROWS[1], ROWS[2]], ids=str)
def test_equal_images_give_equal_bits(row, monkeypatch):
    def repeated(random, x):
        return x[np.arange(len(x)) % 3]

    (y, dx, _), _ = compute(row, monkeypatch, repeated)
    for result in (y, dx):
        np.testing.assert_array_equal(result, result[np.arange(len(result)) % 3])


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
        with np.errstate(all="ignore"):  # products of NumPy on 64-bit Arm raise flags for nothing
            seen, weights = b @ d @ b.T, u @ g @ u.T
        products = np.einsum("ncij,cij->nij", seen, weights, dtype="float32")
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
    sizes = winograd.Sizes(places, window, (1, 1), channels, filters, images)
    assert winograd.choose(sizes) == tile


def test_a_bias_behind_black_rows_learns_as_everywhere_else():
    """The numbers are those of Keras on JAX and on PyTorch, and of the reference engine."""
    random = np.random.default_rng(0)
    x = np.zeros((8, 13, 13, 32), "float32")
    x[:, :6] = random.normal(size=(8, 6, 13, 32))
    convolution = layers.Conv2D(16, 3, activation="relu")
    rest = [layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(1)]
    model = models.Sequential([Input((13, 13, 32)), convolution, *rest])
    model.set_weights(
        [
            random.normal(size=w.shape) * 0.1 if w.ndim > 1 else np.zeros(w.shape)
            for w in model.get_weights()
        ]
    )
    model.compile(optimizers.SGD(1.0), "mse", engine="llvm")
    model.fit(x, np.ones((8, 1), "float32"), batch_size=8, verbose=0, shuffle=False)
    np.testing.assert_allclose(
        model.get_weights()[1][:6],
        [0.46097, -1.41068, -0.62730, 1.29691, -1.96960, -1.36430],
        atol=2e-5,
    )


def test_digits_on_black_move_all_biases_as_on_the_reference():
    """The usual network of digits, from its first weights."""
    random = np.random.default_rng(1)
    x = np.zeros((32, 28, 28, 1), "float32")
    x[:, 6:20, 8:21] = random.random((32, 14, 13, 1)) * (random.random((32, 14, 13, 1)) < 0.5)
    y = random.integers(0, 10, 32)
    moved = []
    for engine in ("llvm", "reference"):
        utils.set_random_seed(0)
        model = models.Sequential(
            [
                Input((28, 28, 1)),
                layers.Conv2D(32, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Conv2D(64, 3, activation="relu"),
                layers.MaxPooling2D(2),
                layers.Conv2D(64, 3, activation="relu"),
                layers.Flatten(),
                layers.Dense(64, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile(optimizers.SGD(1.0), "sparse_categorical_crossentropy", engine=engine)
        model.fit(x, y, batch_size=32, verbose=0, shuffle=False)
        moved.append([w for w in model.get_weights() if w.ndim == 1])
    for ours, theirs in zip(*moved, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5 * np.abs(theirs).max())
