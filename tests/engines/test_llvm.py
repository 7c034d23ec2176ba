"""The CPU engine computes what the reference engine computes: every op, whole trainings, errors."""

import numpy as np
import pytest
from specs_ops import OPS

from grafito import Input, engines, graph, layers, models, utils
from grafito.errors import DataError, GraphError
from grafito.graph.dtypes import is_floating
from grafito.graph.program import Graph, trace_graph

pytest.importorskip("llvmlite")

NEAR = {"float64": {"rtol": 1e-12, "atol": 1e-13}, "float32": {"rtol": 2e-5}}


pytestmark = pytest.mark.usefixtures("poisoned_memory")


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, cache_folder):
    """Compiled code is kept for these tests alone."""
    monkeypatch.setenv("GRAFITO_CACHE", str(cache_folder))


def compile_(g, **options):
    from grafito.engines.llvm import Engine

    return Engine(**options).compile(g)


def compute(outputs, feeds, steps=1, **options):
    """The outputs of each step, by the CPU engine."""
    inputs = {f"x{i}": x for i, x in enumerate(feeds)}
    program = compile_(Graph(inputs, {str(i): x for i, x in enumerate(outputs)}, {}), **options)
    program.bind({f"x{i}": a for i, a in enumerate(feeds.values())})
    results = program.run(steps)
    return [results[str(i)] for i in range(len(outputs))]


def assert_near(ours, theirs, dtype):
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    near = dict(NEAR[dtype])
    near.setdefault("atol", 2e-5 * np.max(np.abs(theirs), initial=1e-30))
    np.testing.assert_allclose(ours, theirs, **near)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", OPS, ids=lambda row: row.name)
def test_value_and_gradients_are_those_of_the_reference(row, dtype):
    arrays = [np.asarray(x) for x in row.inputs]
    arrays = [x.astype(dtype) if x.dtype.kind == "f" else x for x in arrays]
    xs = [graph.placeholder(x.shape, x.dtype, f"x{i}") for i, x in enumerate(arrays)]
    y = row.function(*xs)
    outputs = [y]
    if row.order and is_floating(y.dtype):
        weights = np.random.default_rng(1).normal(size=y.shape).astype(y.dtype)
        floating = [x for x in xs if is_floating(x.dtype)]
        outputs += graph.gradients([y], floating, [graph.constant(weights)], unconnected="zero")
    feeds = dict(zip(xs, arrays, strict=True))
    for ours, theirs in zip(
        compute(outputs, feeds, steps=2), graph.value(outputs, feeds), strict=True
    ):
        for step in ours:
            assert_near(step, theirs, dtype)


@pytest.mark.parametrize("row", [r for r in OPS if r.order], ids=lambda row: row.name)
def test_second_gradients_are_those_of_the_reference(row):
    arrays = [np.asarray(x) for x in row.inputs]
    xs = [graph.placeholder(x.shape, x.dtype, f"x{i}") for i, x in enumerate(arrays)]
    floating = [x for x in xs if is_floating(x.dtype)]
    first = graph.gradients(graph.sum(graph.sin(row.function(*xs))), floating, unconnected="zero")
    total = sum(graph.sum(graph.square(g)) for g in first)
    outputs = graph.gradients(total, floating, unconnected="zero")
    feeds = dict(zip(xs, arrays, strict=True))
    for ours, theirs in zip(compute(outputs, feeds), graph.value(outputs, feeds), strict=True):
        scale = max(1.0, np.max(np.abs(theirs), initial=0))
        np.testing.assert_allclose(ours[0], theirs, rtol=1e-10, atol=1e-12 * scale)


@pytest.mark.parametrize(
    ("row", "at"),
    [(row, at) for row in OPS for at in row.at if at.value is not None],
    ids=lambda x: getattr(x, "name", ""),
)
def test_special_points(row, at):
    arrays = [np.asarray(x) for x in at.inputs]
    xs = [graph.placeholder(x.shape, x.dtype, f"x{i}") for i, x in enumerate(arrays)]
    (ours,) = compute([row.function(*xs)], dict(zip(xs, arrays, strict=True)))
    np.testing.assert_allclose(ours[0], at.value, rtol=1e-9, atol=1e-30)


def test_a_node_of_another_dtype_than_its_tensor_is_refused(monkeypatch):
    """It would write beyond the memory of the result."""
    from grafito.engines.llvm.ir.builders import cast
    from grafito.engines.llvm.lowering import ops

    monkeypatch.setitem(ops.RULES, "softmax", lambda x, y: cast(y, "float64"))
    x = graph.placeholder((3,))
    with pytest.raises(GraphError, match="softmax"):
        compile_(Graph({"x": x}, {"y": graph.softmax(x)}, {}))


def test_what_has_no_machine_code_is_refused_by_name():
    from grafito.graph.tensor import Tensor

    class Unheard:
        name = "unheard"

    x = graph.placeholder((3,))
    with pytest.raises(GraphError, match="unheard"):
        compile_(Graph({"x": x}, {"y": Tensor(Unheard(), (x,), (3,), "float32")}, {}))


# Odd shapes


@pytest.mark.parametrize("n", [1, 2, 16, 17, 40])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_convolutions_of_any_batch(n, strides):
    rng = np.random.default_rng(0)
    x, k = rng.normal(size=(n, 9, 8, 3)), rng.normal(size=(3, 2, 3, 5))
    a, b = graph.placeholder(x.shape, "float64"), graph.placeholder(k.shape, "float64")
    y = graph.max_pool(graph.tanh(graph.conv2d(a, b, strides, "same")), 2, padding="same")
    outputs = [y, *graph.gradients(graph.sum(graph.square(y)), [a, b])]
    feeds = {a: x, b: k}
    for ours, theirs in zip(compute(outputs, feeds), graph.value(outputs, feeds), strict=True):
        np.testing.assert_allclose(ours[0], theirs, rtol=1e-11, atol=1e-12)


# State and steps


def counter():
    total = graph.Variable([1.0, 2.0], name="total")
    swapped = graph.Variable([5.0, 7.0], name="swapped")

    def step(x):
        old = total + 0.0
        total.assign(swapped * 2.0)
        swapped.assign(old + graph.sum(x))
        return {"seen": old, "new": total}

    traced = trace_graph(step, {"x": graph.placeholder((3,), name="x")})
    return traced, total, swapped


def test_steps_pass_their_state_on():
    results = []
    for engine in ("reference", "llvm"):
        traced, total, swapped = counter()
        program = engines.get(engine).compile(traced)
        program.bind({"x": np.ones(3, "float32")})
        outputs = [program.run(3), program.run(1)]
        results.append((outputs, total.numpy(), swapped.numpy()))
    (reference, *state), (ours, *our_state) = results
    np.testing.assert_array_equal(our_state, state)
    for a, b in zip(reference, ours, strict=True):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_array_equal(b[name], a[name])


def test_a_value_taken_from_a_variable_does_not_change_later():
    traced, total, _ = counter()
    program = engines.get("llvm").compile(traced)
    program.bind({"x": np.ones(3, "float32")})
    before = total.storage
    program.run(2)
    assert before.tolist() == [1.0, 2.0]
    assert total.numpy().tolist() != [1.0, 2.0]


@pytest.mark.parametrize("threads", [2, 5])
def test_two_wrong_indices_do_not_keep_threads_waiting_for_one_another(threads):
    x, i = graph.placeholder((500, 784), name="x"), graph.placeholder((40,), "int32", "i")
    places = graph.placeholder((600,), "int32", "places")
    product = graph.take(x, graph.take(places, i)) @ graph.constant(np.ones((784, 64), "float32"))
    inputs = {"x": x, "i": i, "places": places}
    program = compile_(Graph(inputs, {"product": product}, {}), threads=threads)
    for wrong in ({"i": 600}, {"places": 500}, {"i": 600, "places": 500}):
        arrays = {name: np.full(inputs[name].shape, wrong.get(name, 0)) for name in inputs}
        program.bind({name: arrays[name].astype(inputs[name].dtype) for name in inputs})
        for _ in range(3000):  # it waited for ever once in some hundred times
            with pytest.raises(DataError):
                program.run()


@pytest.mark.parametrize("wrong", [7, -8, 2**31 - 1])
def test_an_index_out_of_range_is_named_and_nothing_is_updated(wrong):
    table = graph.Variable(np.ones((7, 3)), dtype="float32", name="table")

    def step(i):
        rows = graph.take(table, i)
        table.assign(table - graph.gradients(graph.sum(rows), table))
        return {"rows": rows}

    program = engines.get("llvm").compile(
        trace_graph(step, {"i": graph.placeholder((4,), "int32", "i")})
    )
    program.bind({"i": np.array([0, -1, wrong, 6], "int32")})
    with pytest.raises(DataError, match=str(wrong)):
        program.run()
    assert (table.numpy() == 1).all()
    program.bind({"i": np.array([0, -1, 6, 6], "int32")})
    program.run()
    np.testing.assert_array_equal(table.numpy()[[0, 1, 6]], [[0] * 3, [1] * 3, [-2] * 3])


# Whole trainings

NETS = {
    "dense": ((20,), lambda: [layers.Dense(16, "tanh"), layers.Dense(8, "relu")]),
    "dropout": (
        (20,),
        lambda: [
            layers.Dense(16),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dropout(0.3),
        ],
    ),
    "convolution": (
        (12, 12, 2),
        lambda: [
            layers.Conv2D(5, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(2),
            layers.Conv2D(7, 3, strides=2, padding="same", activation="tanh"),
            layers.Flatten(),
        ],
    ),
    "averages": (
        (10, 10, 3),
        lambda: [
            layers.Conv2D(6, 3),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.AveragePooling2D(2),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
        ],
    ),
    "words": (
        (18,),
        lambda: [
            layers.Embedding(6, 4),
            layers.Conv1D(5, 3, activation="relu"),
            layers.MaxPooling1D(2),
            layers.Flatten(),
        ],
    ),
}


def train(shape, make, engine, optimizer="sgd", batch_size=32, epochs=2):
    """The history, the predictions and the weights after a training on noise."""
    utils.set_random_seed(3)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, *shape)).astype("float32"), rng.integers(0, 5, 100)
    if shape == (18,):
        x = rng.integers(0, 6, (100, 18))
    model = models.Sequential([Input(shape), *make(), layers.Dense(5, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], engine=engine)
    weights = {0: 1.0, 1: 2.0, 2: 0.5, 3: 1.0, 4: 1.0}
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0, class_weight=weights)
    return history.history, model.predict(x, verbose=0), model.get_weights()


@pytest.mark.parametrize(("optimizer", "batch_size"), [("sgd", 50), ("adam", 32)])
@pytest.mark.parametrize("name", NETS)
def test_a_training_is_that_of_the_reference(name, optimizer, batch_size):
    shape, make = NETS[name]
    history, predictions, _ = train(shape, make, "reference", optimizer, batch_size)
    ours, our_predictions, _ = train(shape, make, "llvm", optimizer, batch_size)
    np.testing.assert_allclose(ours["loss"], history["loss"], rtol=1e-5)
    np.testing.assert_allclose(ours["accuracy"], history["accuracy"], rtol=1e-5)
    np.testing.assert_allclose(our_predictions, predictions, rtol=1e-4, atol=3e-5)


@pytest.mark.parametrize("name", ["dropout", "convolution", "averages"])
def test_any_number_of_threads_gives_the_same_bits(name):
    from grafito.engines.llvm import Engine

    shape, make = NETS[name]
    runs = [train(shape, make, Engine(threads=n), batch_size=50, epochs=1) for n in (1, 2, 3, 16)]
    for _, predictions, weights in runs[1:]:
        np.testing.assert_array_equal(predictions, runs[0][1])
        for a, b in zip(weights, runs[0][2], strict=True):
            np.testing.assert_array_equal(a, b)
