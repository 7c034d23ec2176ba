"""The JAX engine: every op as on the reference, state, faults, and the user's JAX left alone."""

import importlib.metadata
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from specs_ops import OPS

pytest.importorskip("jax")

import jax

from grafito import Input, engines, graph, layers, models, utils
from grafito.engines.jax import PLUGINS, plugin_installed
from grafito.errors import DataError, GraphError, OutOfMemoryError
from grafito.graph.dtypes import is_floating
from grafito.graph.program import Graph, trace_graph
from grafito.graph.tensor import Op


def compiled(outputs, inputs):
    """A program of the engine for some tensors."""
    return engines.get("jax").compile(Graph(inputs, {str(i): y for i, y in enumerate(outputs)}, {}))


@pytest.mark.parametrize("row", OPS, ids=lambda row: row.name)
def test_value_and_gradients_are_those_of_the_reference(row):
    arrays = [np.asarray(x) for x in row.inputs]
    xs = {f"x{i}": graph.placeholder(a.shape, a.dtype, f"x{i}") for i, a in enumerate(arrays)}
    outputs = [row.function(*xs.values())]
    if row.order and is_floating(outputs[0].dtype):
        floating = [x for x in xs.values() if is_floating(x.dtype)]
        outputs += graph.gradients([graph.square(outputs[0])], floating, unconnected="zero")
    program = compiled(outputs, xs)
    program.bind(dict(zip(xs, arrays, strict=True)))
    feeds = dict(zip(xs.values(), arrays, strict=True))
    for ours, theirs in zip(program.run(2).values(), graph.value(outputs, feeds), strict=True):
        assert ours.dtype == theirs.dtype
        for step in ours:
            np.testing.assert_allclose(step, theirs, rtol=1e-10, atol=1e-12)


def counting(capacity=None):
    """A program that adds up its input and shows the sum; and its variable."""
    total = graph.Variable(np.zeros(3, "float32"), name="total")
    x = graph.placeholder((3,), name="x")

    def step(x):
        total.assign(total + x)
        return {"total": total}

    program = engines.get("jax").compile(trace_graph(step, {"x": x}))
    if capacity:
        program.capacity = capacity
    program.bind({"x": np.arange(3, dtype="float32")})
    return program, total


@pytest.mark.parametrize(("steps", "capacity"), [(1, None), (5, None), (7, 3), (6, 3)])
def test_steps_pass_their_state_on(steps, capacity):
    program, total = counting(capacity)
    shown = program.run(steps)["total"]
    np.testing.assert_array_equal(shown, np.outer(np.arange(1, steps + 1), np.arange(3)))
    np.testing.assert_array_equal(total.numpy(), shown[-1])


def test_any_number_of_steps_is_one_compilation():
    program, _ = counting()
    for steps in (1, 5, 2, 900):
        program.run(steps)
    assert program._launch._cache_size() == 1


def test_arrays_that_are_held_outside_do_not_change():
    program, total = counting()
    program.run()
    view, copy = np.asarray(total.storage), total.numpy()
    program.run(3)
    np.testing.assert_array_equal(view, copy)


def test_what_was_assigned_between_runs_is_taken():
    program, total = counting()
    program.run(2)
    total.storage = np.array([10.0, 10.0, 10.0], "float32")
    assert program.run()["total"][0].tolist() == [10.0, 11.0, 12.0]


@pytest.mark.parametrize("index", [4, -1, 10**6])
def test_an_index_outside_is_an_error_and_changes_nothing(index):
    table = graph.Variable(np.ones((4, 2), "float32"))
    x = graph.placeholder((2,), "int32", "x")

    def step(x):
        rows = graph.take(table, x, axis=0)
        table.assign(table + graph.sum(rows))
        return {"rows": rows}

    program = engines.get("jax").compile(trace_graph(step, {"x": x}))
    program.bind({"x": np.array([0, index], "int32")})
    if index == -1:  # from the end
        program.run()
        return
    with pytest.raises(DataError, match="0 to 3") as told:
        program.run(3)
    assert str(index) in str(told.value)
    np.testing.assert_array_equal(table.numpy(), 1.0)


def test_an_op_that_jax_cannot_compute_is_named():
    class Sorted(Op):
        """The elements in order"""

        symbol = "sorted"

        def infer(self, x):
            return x.shape, x.dtype

        def value(self, xp, x):
            return np.array(sorted(x.tolist()), x.dtype)

    x = graph.placeholder((3,), name="x")
    program = compiled([Sorted()(x)], {"x": x})
    program.bind({"x": np.zeros(3, "float32")})
    with pytest.raises(GraphError, match="no rule for the op 'sorted'"):
        program.run()


def test_too_little_memory_on_the_device_is_an_error_in_words():
    program, total = counting()
    program.run()

    def exhausted(*arguments):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.")

    program._launch = exhausted
    with pytest.raises(OutOfMemoryError, match="smaller batch_size"):
        program.run()
    assert total.numpy().tolist() == [0.0, 1.0, 2.0]


def network():
    """Convolution, normalisation, dropout: what has state and random numbers."""
    utils.set_random_seed(3)
    return models.Sequential(
        [
            Input((9, 9, 2)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(5, activation="softmax"),
        ]
    )


def trained(engine, precision="float32"):
    """Losses, weights and predictions after epochs of which each ends with a smaller batch."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 9, 9, 2)).astype("float32"), rng.integers(0, 5, 70)
    model = network()
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], engine=engine, precision=precision)
    history = model.fit(x, y, batch_size=16, epochs=3, validation_split=0.2, verbose=0)
    return history.history, model.get_weights(), model.predict(x, verbose=0)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_training_is_that_of_the_other_engines(precision):
    """The same dropped units too: random bits are the same in every engine."""
    ours, theirs = trained("jax", precision), trained("llvm", precision)
    near = 1e-5 if precision == "float32" else 2e-2
    for name, values in theirs[0].items():
        np.testing.assert_allclose(ours[0][name], values, rtol=near)
    for a, b in zip([*ours[1], ours[2]], [*theirs[1], theirs[2]], strict=True):
        np.testing.assert_allclose(a, b, rtol=near, atol=near)


@pytest.mark.parametrize("what", ["predict", "get_weights", "model(x)", "save"])
def test_other_threads_read_a_model_while_it_is_trained(what, tmp_path):
    model = models.Sequential([layers.Input((8,)), layers.Dense(8, "tanh"), layers.Dense(1)])
    model.compile("sgd", "mse", engine="jax")
    x = np.random.default_rng(0).normal(size=(6000, 8)).astype("float32")
    read = {
        "predict": lambda: model.predict(x[:4], verbose=0),
        "get_weights": model.get_weights,
        "model(x)": lambda: model(x[:4]).numpy(),
        "save": lambda: model.save(tmp_path / "m.safetensors"),
    }[what]
    model.fit(x[:8], x[:8, :1], batch_size=8, verbose=0)
    read()
    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(model.fit, x, x[:, :1], batch_size=8, epochs=20, verbose=0)
        reads = 0
        while not training.done():
            read()
            reads += 1
            time.sleep(0.001)  # a thread that only reads would leave the training no turn
        assert len(training.result().history["loss"]) == 20
    assert reads > 1


def test_weights_that_are_read_are_of_one_moment():
    """Both count the steps; a launch replaces both."""
    a, b = (graph.Variable(0, dtype="int32", name=name) for name in "ab")

    def step():
        for v in (a, b):
            v.assign_add(1)
        return {"a": a + 0}

    program = engines.get("jax").compile(trace_graph(step, {}))
    layer = layers.Layer()
    layer.a, layer.b = a, b
    with ThreadPoolExecutor(1) as pool:
        counting = pool.submit(lambda: [program.run() for _ in range(2000)])
        while not counting.done():
            first, second = layer.get_weights()
            assert first == second
            time.sleep(0.001)
        counting.result()


def test_the_users_jax_stays_as_it_was():
    with jax.enable_x64(False):
        program, _ = counting()
        program.run()
        assert not jax.config.jax_enable_x64
        assert jax.numpy.zeros(2).dtype == "float32"


# "auto"


@pytest.mark.parametrize(
    ("package", "accelerated"),
    [
        ("jax-cuda13-plugin", True),
        ("jax-cuda12-pjrt", True),
        ("jax_rocm7_plugin", True),
        ("libtpu", True),
        ("jax", False),
        ("jaxlib", False),
        ("jaxtyping", False),
    ],
)
def test_packages_by_which_jax_finds_an_accelerator(package, accelerated):
    assert bool(PLUGINS.fullmatch(package.lower().replace("_", "-"))) == accelerated


@pytest.mark.parametrize(
    ("plugin", "backend", "taken"),
    [
        ("jax-cuda13-plugin", "gpu", "jax"),
        ("jax-cuda13-plugin", "cpu", "llvm"),  # a plug-in on a machine without the device
        ("numpy", "gpu", "llvm"),
    ],
)
def test_auto_takes_it_where_there_is_an_accelerator(plugin, backend, taken, monkeypatch):
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: [SimpleNamespace(name=plugin)])
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    plugin_installed.cache_clear()
    assert engines.get("auto").name == taken
    plugin_installed.cache_clear()


def test_compile_without_an_accelerator_does_not_import_jax():
    script = (
        "import sys, grafito\n"
        "from grafito import layers\n"
        "m = grafito.Sequential([layers.Input((2,)), layers.Dense(1)])\n"
        "m.compile('sgd', 'mse')\n"
        "print(sum(name.split('.')[0] in ('jax', 'jaxlib') for name in sys.modules))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert ran.stdout == "0\n"


def test_no_number_of_steps_is_compiled_for_itself(caplog):
    counter = graph.Variable(0, dtype="int32", name="counter")

    def step():
        counter.assign(counter + 1)
        return {"seen": counter + 0}

    program = engines.get("jax").compile(trace_graph(step, {}))
    program.run(2)
    with jax.log_compiles():
        found = [program.run(steps)["seen"].tolist() for steps in (1, 3, 5)]
    assert found == [[3], [4, 5, 6], [7, 8, 9, 10, 11]]
    assert [r.message for r in caplog.records if r.message.startswith("Compiling")] == []
