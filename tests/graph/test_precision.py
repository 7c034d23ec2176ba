"""Mixed precision rounds what products and convolutions read, and nothing else."""

import ml_dtypes
import numpy as np
import pytest

from grafito import Input, Sequential, graph, layers, models, utils
from grafito.errors import ArgumentError, UnknownNameError
from grafito.graph.precision import mixed_bfloat16
from grafito.graph.program import trace_graph
from grafito.models.resumption import training_state

RNG = np.random.default_rng(0)


def rounded(x):
    return np.asarray(x, "float32").astype(ml_dtypes.bfloat16).astype("float32")


def mixed(function, *arrays):
    """The outputs of a function of tensors in mixed precision."""
    xs = {f"x{i}": graph.placeholder(a.shape, a.dtype, f"x{i}") for i, a in enumerate(arrays)}
    step = trace_graph(lambda **x: dict(enumerate(function(*x.values()))), xs)
    feeds = dict(zip(xs, arrays, strict=True))
    return graph.value(list(mixed_bfloat16(step).outputs.values()), feeds)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def test_a_product_and_its_gradients_read_rounded_numbers():
    x, w = normal(5, 7), normal(7, 3)

    def step(x, w):
        y = graph.relu(x @ w)
        return [y, *graph.gradients(graph.sum(graph.square(y)), [x, w])]

    y, gx, gw = mixed(step, x, w)
    by_hand = np.maximum(rounded(x) @ rounded(w), 0)
    slope = rounded(2 * by_hand * (by_hand > 0))
    np.testing.assert_array_equal(y, by_hand)  # not rounded itself
    np.testing.assert_array_equal(gx, slope @ rounded(w).T)
    np.testing.assert_array_equal(gw, rounded(x).T @ slope)
    assert np.any(y != rounded(y))


ROWS = {
    "vector": (lambda x, w: x @ w, (7,), (7, 3)),
    "batched": (lambda x, w: x @ w, (2, 4, 3), (2, 3, 5)),
    "conv2d": (lambda x, w: graph.conv2d(x, w, 2, "same"), (2, 5, 6, 3), (3, 3, 3, 4)),
    "conv1d": (lambda x, w: graph.conv1d(x, w, padding="causal"), (2, 9, 3), (3, 3, 4)),
    "transposed": (lambda x, w: graph.conv2d_transpose(x, w, 2), (2, 3, 4, 3), (3, 3, 2, 3)),
    "depthwise": (lambda x, w: graph.depthwise_conv2d(x, w), (2, 5, 5, 3), (2, 2, 3, 2)),
}


@pytest.mark.parametrize("name", ROWS)
def test_rounding_before_is_the_same(name):
    function, *shapes = ROWS[name]
    arrays = [normal(*shape) for shape in shapes]

    def step(x, w):
        y = function(x, w)
        seed = graph.constant(rounded(np.sin(np.arange(y.size))).reshape(y.shape))
        return [y, *graph.gradients([y], [x, w], [seed])]

    ours = mixed(step, *arrays)
    xs = [graph.placeholder(a.shape, a.dtype) for a in arrays]
    theirs = graph.value(step(*xs), dict(zip(xs, map(rounded, arrays), strict=True)))
    for mine, plain in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, plain)


def test_the_rest_stays_float32():
    x = np.float32([[1 + 2**-12, 3.0]])
    outputs = mixed(lambda x: [x * x, graph.sum(x), graph.softmax(x), graph.max(x)], x)
    xs = graph.placeholder(x.shape)
    plain = [xs * xs, graph.sum(xs), graph.softmax(xs), graph.max(xs)]
    for mine, theirs in zip(outputs, graph.value(plain, {xs: x}), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_tensor_that_many_read_is_rounded_once():
    x, w = graph.placeholder((4, 4), name="x"), graph.placeholder((4, 4), name="w")
    products = {"y": x @ w, "z": x.T @ w, "v": w.reshape(2, 8) @ w.reshape(8, 2)}
    step = trace_graph(lambda **_: products, {"x": x, "w": w})
    once = mixed_bfloat16(step)
    assert sum(t.dtype == "bfloat16" for t in once.nodes) == 2
    assert len(mixed_bfloat16(once).nodes) == len(once.nodes)


def test_integers_and_float64_are_left_alone():
    x = RNG.integers(0, 1000, (3, 3))
    np.testing.assert_array_equal(mixed(lambda x: [x @ x], x)[0], x @ x)
    y = RNG.normal(size=(3, 3))
    np.testing.assert_array_equal(mixed(lambda y: [y @ y], y)[0], y @ y)


def test_it_agrees_with_autocast():
    torch = pytest.importorskip("torch")
    x, w = normal(6, 40), normal(40, 5)
    (ours,) = mixed(lambda x, w: [x @ w], x, w)
    with torch.autocast("cpu", torch.bfloat16):
        theirs = (torch.from_numpy(x) @ torch.from_numpy(w)).float().numpy()
    np.testing.assert_array_equal(rounded(ours), theirs)  # which rounds the result too


# Training


def spirals():
    rng = np.random.default_rng(1)
    angle, side = rng.uniform(0.5, 7, 400), rng.integers(0, 2, 400)
    x = np.stack([np.cos(angle + np.pi * side), np.sin(angle + np.pi * side)], 1) * angle[:, None]
    return (x / 4).astype("float32"), side


def train(precision, engine, epochs=100):
    utils.set_random_seed(3)
    model = Sequential(
        [Input((2,)), *(layers.Dense(32, "tanh") for _ in range(2)), layers.Dense(2, "softmax")]
    )
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"],
        engine=engine, precision=precision,
    )  # fmt: skip
    x, y = spirals()
    log = model.fit(x, y, 20, epochs=epochs, verbose=0).history
    return model, log


@pytest.mark.parametrize("engine", ["reference", "llvm"])
def test_training_is_as_good_as_in_float32(engine):
    (_, before), (model, after) = (train(p, engine) for p in ("float32", "mixed_bfloat16"))
    assert after["loss"][0] != before["loss"][0]
    assert before["accuracy"][-1] > 0.97
    assert after["accuracy"][-1] > 0.97
    state = [*model.weights, *(s for w in model.weights for s in model.optimizer.slots_of(w))]
    assert {v.dtype for v in state} == {"float32"}
    assert {np.asarray(v.storage).dtype for v in state} == {np.dtype("float32")}
    assert any(np.any(w != rounded(w)) for w in model.get_weights())


@pytest.mark.parametrize("engine", ["reference", "llvm"])
def test_small_updates_are_not_lost(engine):
    model = Sequential([Input((1,)), layers.Dense(1, use_bias=False)])
    model.set_weights([np.float32([[1.0]])])
    model.compile("sgd", "mse", engine=engine, precision="mixed_bfloat16")
    model.optimizer.learning_rate = 2**-13  # a step of 2**-12, a sixteenth of the gap after 1
    x = np.ones((1, 1), "float32")
    model.fit(x, x * 0, epochs=8, verbose=0)  # the slope 2 w is 2 while w rounds to 1
    assert model.get_weights()[0].item() == 1 - 8 * 2**-12


def test_evaluation_and_prediction_have_the_same_precision():
    model, _ = train("mixed_bfloat16", "reference", epochs=1)
    x, _ = spirals()
    kernel, bias = model.get_weights()[:2]
    hidden = models.Model(model.inputs, model.layers[0].output)
    hidden.compile("sgd", "mse", engine="reference", precision="mixed_bfloat16")
    by_hand = np.tanh(rounded(x) @ rounded(kernel) + bias)
    np.testing.assert_allclose(hidden.predict(x, verbose=0), by_hand, rtol=1e-5)


def test_files_keep_it(tmp_path):
    model, _ = train("mixed_bfloat16", "reference", epochs=1)
    model.save(tmp_path / "m.safetensors")
    again = models.load_model(tmp_path / "m.safetensors")
    assert training_state(again)[0]["precision"] == "mixed_bfloat16"


def test_another_name_is_refused():
    model = Sequential([Input((1,)), layers.Dense(1)])
    with pytest.raises(UnknownNameError, match="mixed_bfloat16"):
        model.compile("sgd", "mse", precision="mixed_bfloat61")
    with pytest.raises(ArgumentError, match="dtype"):
        model.compile("sgd", "mse", precision="float64")
