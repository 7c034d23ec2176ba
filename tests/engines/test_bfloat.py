"""Products of bfloat16 on the CPU engine: in tiles, pairs or one by one, the same numbers."""

import platform
import warnings

import ml_dtypes
import numpy as np
import pytest

from grafito import Input, Sequential, graph, layers, optimizers, utils
from grafito.graph.precision import mixed_bfloat16
from grafito.graph.program import Graph, trace_graph

pytest.importorskip("llvmlite")
from grafito.engines.llvm import Engine
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.lowering import bfloat16

X86 = platform.machine().lower() in ("x86_64", "amd64")
CPUS = {"this": {}} | (
    {
        "AVX2": {"cpu": "haswell", "features": "+avx2,+fma,+bmi,+bmi2,+f16c"},
        "SSE2": {"cpu": "x86-64", "features": "+sse2"},
    }
    if X86
    else {}
)
# Only AMD's CPUs gain by pairs without tiles; their code runs on others that have the instruction.
PAIRS = Machine().pairs
CPUS |= {"pairs": {"cpu": "znver4"}} if PAIRS else {}
AND_TILES = [*CPUS, "tiles"]  # AMX, emulated where this CPU has none


pytestmark = pytest.mark.usefixtures("poisoned_memory")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))


@pytest.fixture
def options(cpu, request):
    """Options of the engine for a CPU."""
    return request.getfixturevalue("tiles") if cpu == "tiles" else CPUS[cpu]


def run(step, feeds, products=True, **options):
    """The outputs of one step, by the CPU engine; products of bfloat16 warn where they are slow."""
    engine = Engine(**options)
    bfloat16.warn_that_it_is_slow.cache_clear()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        program = engine.compile(step)
    slow = products and not Machine(engine.cpu, engine.features).bf16_dot
    # Between guard pages a program is assembled twice, and may say so twice.
    assert any("AVX512-BF16" in str(w.message) for w in said) == slow
    program.bind(feeds)
    return {name: values[0] for name, values in program.run().items()}


ROWS = {
    "product": (lambda x, w: x @ w, (40, 101), (101, 50)),
    "one row": (lambda x, w: x @ w, (1, 33), (33, 40)),
    "one column": (lambda x, w: x @ w, (20, 9), (9, 1)),
    "few of all": (lambda x, w: x @ w, (3, 1), (1, 5)),
    "panels": (lambda x, w: x @ w, (65, 130), (130, 97)),
    "whole panels": (lambda x, w: x @ w, (32, 64), (64, 96)),
    "one more of all": (lambda x, w: x @ w, (17, 33), (33, 33)),
    "tall panels": (lambda x, w: x @ w, (40, 16), (16, 16)),
    "tall panels and a rest": (lambda x, w: x @ w, (67, 33), (33, 16)),
    "tall panels of few pairs": (lambda x, w: x @ w, (17, 3), (3, 16)),
    "panels by columns": (lambda x, w: x.T @ w.T, (131, 64), (100, 131)),
    "batched": (lambda x, w: x @ w, (3, 8, 9), (3, 9, 20)),
    "transposed": (lambda x, w: x.T @ w.T, (9, 24), (33, 9)),
    "beyond the caches": (lambda x, w: x @ w, (1801, 37), (37, 1801)),
    "beyond the caches, turned": (lambda x, w: x.T @ w.T, (41, 1801), (1793, 41)),
    "batched beyond the caches": (lambda x, w: x @ w, (12, 520, 37), (12, 37, 530)),
    "same": (lambda x, w: graph.conv2d(x, w, 1, "same"), (17, 6, 7, 3), (3, 3, 3, 8)),
    "full lanes": (lambda x, w: graph.conv2d(x, w, 1, "same"), (32, 4, 5, 6), (3, 3, 6, 24)),
    "strides": (lambda x, w: graph.conv2d(x, w, 2), (33, 6, 7, 8), (3, 2, 8, 5)),
    "groups": (lambda x, w: graph.conv2d(x, w, groups=2), (5, 6, 7, 6), (3, 2, 3, 6)),
    "dilation": (lambda x, w: graph.conv2d(x, w, dilation=2), (40, 6, 7, 2), (3, 2, 2, 6)),
    "sequences": (lambda x, w: graph.conv1d(x, w, padding="same"), (16, 9, 5), (3, 5, 33)),
    "depthwise": (lambda x, w: graph.depthwise_conv2d(x, w), (16, 6, 7, 4), (3, 2, 4, 3)),
    "back": (lambda x, w: graph.conv2d_transpose(x, w, 2), (17, 3, 4, 3), (3, 3, 5, 3)),
    "many channels": (lambda x, w: graph.conv2d(x, w, 1, "same"), (17, 8, 9, 64), (3, 3, 64, 64)),
    "more filters": (lambda x, w: graph.conv2d(x, w), (9, 2, 3, 40), (1, 2, 40, 150)),
    "one image": (lambda x, w: graph.conv2d(x, w), (1, 5, 5, 3), (5, 5, 3, 4)),
}


def trilinear(function, shapes):
    """A graph of the function and its two gradients: each is a sum of products of two arrays."""
    xs = {n: graph.placeholder(s, name=n) for n, s in zip("xw", shapes, strict=True)}
    seed = graph.placeholder(function(*xs.values()).shape, name="seed")

    def step(x, w, seed):
        y = function(x, w)
        slopes = graph.gradients([y], [x, w], [seed])
        return {"y": y, "x": slopes[0], "w": slopes[1]}

    return trace_graph(step, {**xs, "seed": seed})


def in_float64(step, feeds):
    values = graph.value(list(step.outputs.values()), feeds, "float64")
    return dict(zip(step.outputs, values, strict=True))


def bounds(step, feeds):
    """How far each sum may be from the exact one: n 2^-23 Σ|xy| + 2^-126 (n + Σ|x| + Σ|y|)."""
    sizes = {name: np.abs(a) for name, a in feeds.items()}
    ones = {name: np.ones_like(a) for name, a in feeds.items()}
    terms, products = in_float64(step, ones), in_float64(step, sizes)
    largest = sum(a.max(initial=0) for a in sizes.values())
    return {
        name: terms[name] * (2.0**-23 * products[name] + 2.0**-126 * (1 + largest))
        for name in step.outputs
    }


SCALES = [*((cpu, 1.0) for cpu in AND_TILES), ("this", 2.0**-64)]


@pytest.mark.parametrize(("cpu", "scale"), SCALES, ids=str)
@pytest.mark.parametrize("name", ROWS)
def test_products_and_their_gradients_are_within_the_bound(name, scale, options):
    function, *shapes = ROWS[name]
    rng = np.random.default_rng(0)
    step = trilinear(function, shapes)
    feeds = {
        n: (rng.normal(size=x.shape) * scale).astype(ml_dtypes.bfloat16).astype("float32")
        for n, x in step.inputs.items()
    }
    ours = run(mixed_bfloat16(step), feeds, **options)
    exact, bound = in_float64(step, feeds), bounds(step, feeds)
    for n, mine in ours.items():
        assert mine.dtype == "float32"
        assert np.all(np.abs(mine - exact[n]) <= bound[n]), n


@pytest.mark.skipif(not PAIRS, reason="no AVX512-BF16")
def test_pairs_are_added_up_where_the_cpu_can():
    step = mixed_bfloat16(trilinear(ROWS["full lanes"][0], ROWS["full lanes"][1:]))
    program = Engine(cpu="znver4").compile(step)
    calls = [k for k in program._assembled.texts.values() if "dpbf16ps" in k]
    assert len(calls) == 3


@pytest.mark.parametrize("n", [1, 16, 17, 18])
def test_images_that_do_not_exist_are_not_added(n):
    x, w = graph.placeholder((n, 5, 4, 3), name="x"), graph.placeholder((3, 3, 3, 8), name="w")

    def step(x, w):
        return {"w": graph.gradients(graph.sum(graph.log(graph.conv2d(x, w, 1, "same"))), w)}

    step = mixed_bfloat16(trace_graph(step, {"x": x, "w": w}))
    rng = np.random.default_rng(0)
    feeds = {v.name: rng.uniform(1, 2, v.shape).astype("float32") for v in (x, w)}
    (right,) = graph.value(list(step.outputs.values()), feeds)
    np.testing.assert_allclose(run(step, feeds)["w"], right, rtol=1e-3)


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20]
SPECIAL += [3.4e38, -3.4e38, 1e-40, 2**-133, 2**-134, 1.5 * 2**-134, 65535.0, 1e-45]


@pytest.mark.parametrize("cpu", CPUS)
def test_rounding_is_to_the_nearest_even(cpu):
    rng = np.random.default_rng(0)
    x = np.float32([*SPECIAL, *(rng.normal(size=101) * 10.0 ** rng.integers(-40, 38, 101))])
    p = graph.placeholder(x.shape, name="x")
    half = graph.cast(p, "bfloat16")
    step = Graph({"x": p}, {"half": half, "wide": graph.cast(half, "float32")}, {})
    with np.errstate(over="ignore"):
        right = x.astype(ml_dtypes.bfloat16)
    ours = run(step, {"x": x}, products=False, **CPUS[cpu])
    assert ours["half"].dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(ours["half"].astype("float32"), right.astype("float32"))
    np.testing.assert_array_equal(ours["wide"], right.astype("float32"))


@pytest.mark.parametrize("cpu", ["this", "tiles"])
@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda x, w: graph.conv2d(x, w), [(40, 9, 9, 16), (3, 3, 16, 24)]),
        (lambda x, w: x @ w, [(70, 150), (150, 130)]),
    ],
    ids=["convolution", "product"],
)
def test_threads_do_not_change_a_bit(function, shapes, options):
    step = mixed_bfloat16(trilinear(function, shapes))
    rng = np.random.default_rng(0)
    feeds = {n: rng.normal(size=x.shape).astype("float32") for n, x in step.inputs.items()}
    one, two = (run(step, feeds, threads=n, **options) for n in (1, 2))
    for n in one:
        np.testing.assert_array_equal(one[n], two[n])


@pytest.mark.parametrize("cpu", AND_TILES)
def test_a_training_is_that_of_the_reference(options):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 8, 8, 2)).astype("float32")
    y = (x.mean(axis=(1, 2, 3)) > 0).astype("int32")

    def losses(engine):
        utils.set_random_seed(5)
        model = Sequential(
            [
                Input((8, 8, 2)),
                layers.Conv2D(8, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(2),
                layers.Conv2D(16, 3, activation="relu"),
                layers.BatchNormalization(),
                layers.Flatten(),
                layers.Dense(20, "relu"),
                layers.Dense(2, "softmax"),
            ]
        )
        model.compile(
            optimizers.SGD(0.05), "sparse_categorical_crossentropy",
            engine=engine, precision="mixed_bfloat16",
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "This CPU multiplies bfloat16")
            return model.fit(x, y, 16, epochs=6, verbose=0, shuffle=False).history["loss"]

    reference, ours = losses("reference"), losses(Engine(**options))
    np.testing.assert_allclose(ours[0], reference[0], rtol=1e-4)
    np.testing.assert_allclose(ours, reference, rtol=2e-2)  # some sums round to another bfloat16
    assert ours[-1] < 0.8 * ours[0]


def test_what_is_no_faster_is_told_once():
    step = mixed_bfloat16(trilinear(ROWS["product"][0], ROWS["product"][1:]))
    bfloat16.warn_that_it_is_slow.cache_clear()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for cpu in ("haswell", "x86-64"):
            Engine(cpu=cpu, features="+sse2").compile(step)
    assert len(said) == 1
