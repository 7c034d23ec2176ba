"""Every op on tensors of bfloat16, and convolutions whose gradients are bfloat16 too."""

import platform

import ml_dtypes
import numpy as np
import pytest
from specs_layers import BATCH, LAYERS
from specs_ops import OPS

from grafito import Input, Sequential, graph, layers, models, optimizers, utils
from grafito.engines import get
from grafito.graph.dtypes import is_floating
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")
from grafito.engines.llvm import Engine
from grafito.engines.llvm.lowering import winograd

pytestmark = pytest.mark.usefixtures("poisoned_memory")
CPUS = {"this": {}}
if platform.machine().lower() in ("x86_64", "amd64"):
    CPUS["AVX2"] = {"cpu": "haswell", "features": "+avx2,+fma,+bmi,+bmi2,+f16c"}
NARROW = np.dtype(ml_dtypes.bfloat16)


def on_both_engines(outputs, feeds, **options):
    """The outputs by the CPU engine, for a CPU, and by the reference."""
    inputs = {x.name: x for x in feeds}
    results = []
    for engine in (Engine(**options), get("reference")):
        step = Graph(inputs, {str(i): x for i, x in enumerate(outputs)}, {})
        program = engine.compile(step)
        program.bind({x.name: a for x, a in feeds.items()})
        found = program.run()
        results.append([np.array(found[str(i)][0]) for i in range(len(outputs))])
    return results


def narrowed(array):
    array = np.asarray(array)
    return array.astype(NARROW) if array.dtype.kind == "f" else array


def placed(arrays):
    """Placeholders for arrays."""
    return [
        graph.placeholder(a.shape, "bfloat16" if a.dtype == NARROW else a.dtype, f"x{i}")
        for i, a in enumerate(arrays)
    ]


@pytest.mark.parametrize("row", OPS, ids=lambda row: row.name)
def test_values_and_gradients_are_those_of_the_reference(row):
    """The gradients of a sum come back as one number that is repeated, which is not in memory."""
    arrays = [narrowed(x) for x in row.inputs]
    xs = placed(arrays)
    y = row.function(*xs)
    outputs = [y]
    if row.order and is_floating(y.dtype):
        weights = np.random.default_rng(1).normal(size=y.shape).astype(NARROW)
        for back in (None, [graph.constant(weights, y.dtype)]):
            outputs += graph.gradients([y], [x for x in xs if is_floating(x.dtype)], back, "zero")
    ours, theirs = on_both_engines(outputs, dict(zip(xs, arrays, strict=True)))
    for a, b in zip(ours, theirs, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        a, b = a.astype("float64"), b.astype("float64")
        largest = np.max(np.abs(b), where=np.isfinite(b), initial=0.25)
        np.testing.assert_allclose(a, b, rtol=0, atol=2**-6 * largest)


TILES = {(3, 3): (2, 2), (5, 5): (2, 2)}  # of Winograd's method

# Shapes of images and kernel, and options of conv2d.
CONVOLUTIONS = {
    "valid": ((32, 4, 4, 64), (3, 3, 64, 128), {}),
    "same": ((32, 4, 4, 6), (3, 3, 6, 24), {"padding": "same"}),
    "batch of 40": ((40, 7, 7, 3), (5, 5, 3, 6), {}),
    "strides": ((33, 6, 7, 8), (3, 2, 8, 5), {"strides": 2}),
    "groups": ((5, 6, 7, 6), (3, 2, 3, 6), {"groups": 2}),
    "dilation": ((40, 6, 7, 2), (3, 2, 2, 6), {"dilation": 2}),
    "one filter": ((16, 5, 5, 4), (3, 3, 4, 1), {}),
    "one image": ((1, 5, 5, 3), (5, 5, 3, 4), {}),
}


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("method", ["own", "winograd"])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_and_their_gradients_are_rounded_once(name, method, cpu, monkeypatch):
    """Sums are float32 until the end, whatever the dtype of the result."""
    if method == "winograd":
        monkeypatch.setattr(winograd, "choose", lambda sizes, *_, **__: TILES.get(sizes.window))
    shape, kernel, options = CONVOLUTIONS[name]
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype(NARROW) for s in (shape, kernel)]
    x, k = placed(arrays)
    y = graph.conv2d(x, k, **options)
    back = graph.placeholder(y.shape, "bfloat16", "back")
    outputs = [y, *graph.gradients([y], [x, k], [back])]
    feeds = {x: arrays[0], k: arrays[1], back: rng.normal(size=y.shape).astype(NARROW)}
    ours, theirs = on_both_engines(outputs, feeds, **CPUS[cpu])
    for a, b in zip(ours, theirs, strict=True):
        b = b.astype("float64")
        assert a.dtype == NARROW
        # Both round one exact sum; where that is in the middle, to either side.
        np.testing.assert_allclose(a.astype("float64"), b, 2**-7, 2**-7 * np.abs(b).max() / 8)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::grafito.errors.LossWarning")
@pytest.mark.parametrize("row", [row for row in LAYERS if not row.draws], ids=str)
def test_layers_of_bfloat16_learn_as_on_the_reference(row):
    def fit(engine):
        utils.set_random_seed(0)
        inputs = [Input(shape, dtype="int32" if row.below else "float32") for shape in row.shapes]
        outputs = row.build(layers, dtype="bfloat16")(inputs if len(inputs) > 1 else inputs[0])
        outputs = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        model = models.Model(inputs, outputs)
        model.compile(optimizers.SGD(0.05), "mse", engine=engine)
        y = np.random.default_rng(3).normal(size=(BATCH, *outputs.shape[1:]))
        found = model.fit(row.inputs("float32"), y, BATCH, epochs=3, verbose=0, shuffle=False)
        return [found.history["loss"], *map(np.asarray, model.get_weights())]

    for ours, theirs in zip(fit("llvm"), fit("reference"), strict=True):
        ours, theirs = (np.asarray(a, "float64") for a in (ours, theirs))
        largest = np.abs(theirs).max(initial=0.05)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=0.04 * largest)


def test_a_network_of_bfloat16_learns_as_on_the_reference():
    def losses(engine):
        utils.set_random_seed(0)
        policy = {"dtype": "bfloat16"}
        model = Sequential(
            [
                Input((6, 6, 16)),
                layers.Conv2D(32, 3, activation="relu", **policy),
                layers.GlobalAveragePooling2D(**policy),
                layers.Dense(3, **policy),
            ]
        )
        model.compile("sgd", "mse", engine=engine)
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(64, 6, 6, 16)), rng.normal(size=(64, 3))
        fitted = model.fit(x, y, batch_size=32, epochs=3, verbose=0, shuffle=False)
        return fitted.history["loss"]

    np.testing.assert_allclose(losses("llvm"), losses("reference"), rtol=0.02)
