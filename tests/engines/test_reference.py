"""The interface of the engines, on the reference engine: bind, run, state, values."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import engines, graph
from grafito.engines import interface, reference
from grafito.errors import ArgumentError, GraphError, ShapeError, UnknownNameError
from grafito.graph.program import Graph


@pytest.fixture
def counter():
    """A step that adds the mean of its input to a variable and returns its square."""
    total = graph.Variable(1.0, name="total")

    def step(x):
        mean = graph.mean(x, axis=1)
        total.assign(total + graph.sum(mean))
        return {"total": total, "squares": graph.square(mean)}

    x = graph.placeholder((2, 3), name="x")
    return total, graph.trace_graph(step, {"x": x})


def test_state_passes_from_step_to_step(counter):
    total, traced = counter
    program = engines.get("reference").compile(traced)
    program.bind({"x": np.ones((2, 3), "float32")})
    outputs = program.run(3)
    assert outputs["total"].tolist() == [3, 5, 7]
    assert outputs["squares"].shape == (3, 2)
    assert total.numpy() == 7
    total.assign(0.0)  # state may be written between runs
    assert program.run()["total"].tolist() == [2]


@pytest.mark.parametrize("engine", ["reference", "llvm"])
@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i4", ">u2"])
def test_arrays_of_the_other_byte_order_are_bound(dtype, engine):
    if engine == "llvm":
        pytest.importorskip("llvmlite")
    x = graph.placeholder((3,), np.dtype(dtype).name, "x")
    program = engines.get(engine).compile(Graph({"x": x}, {"y": x + 1}, {}))
    program.bind({"x": np.array([1, 2, 300], dtype)})
    assert program.run()["y"][0].tolist() == [2, 3, 301]


@pytest.mark.parametrize("engine", ["reference", "llvm"])
def test_the_sign_of_zero_is_kept(engine):
    if engine == "llvm":
        pytest.importorskip("llvmlite")
    odd = ["erfinv", "erf", "sqrt", "tanh", "sin", "expm1", "log1p", "round", "floor"]
    x = graph.placeholder((1,), "float64", "x")
    outputs = {name: getattr(graph, name)(x) for name in odd}
    program = engines.get(engine).compile(Graph({"x": x}, outputs, {}))
    program.bind({"x": np.array([-0.0])})
    assert [name for name, y in program.run().items() if not np.signbit(y[0])] == []


def test_every_value_can_be_kept_in_float64(counter):
    _, traced = counter
    program = reference.Engine(dtype="float64", keep=True).compile(traced)
    program.bind({"x": np.full((2, 3), 0.1, "float32")})
    program.run()
    assert set(program.values) >= set(traced.nodes)
    floats = [v for x, v in program.values.items() if x.dtype == "float32"]
    assert {np.asarray(v).dtype.name for v in floats} == {"float64"}


@pytest.mark.parametrize(
    ("error", "words", "act"),
    [
        (ArgumentError, ["'y'", "one of x"], lambda p: p.bind({"y": np.ones(3)})),
        (ShapeError, ["float32[2, 2]", "float32[2, 3]"], lambda p: p.bind({"x": ones(2, 2)})),
        (ShapeError, ["float64[2, 3]"], lambda p: p.bind({"x": np.ones((2, 3))})),
        (ArgumentError, ["No array is bound", "'x'"], lambda p: p.run()),
    ],
)
def test_wrong_use_is_explained(counter, error, words, act):
    program = engines.get("reference").compile(counter[1])
    with pytest.raises(error) as caught:
        act(program)
    assert all(word in str(caught.value) for word in words)


def ones(*shape):
    return np.ones(shape, "float32")


def test_a_graph_names_all_that_it_needs():
    x, y = graph.placeholder((), name="x"), graph.placeholder((), name="y")
    with pytest.raises(GraphError, match="not its input"):
        graph.trace_graph(lambda x: {"z": x + y}, {"x": x})


def test_engines_are_chosen_by_name():
    names = engines.names()
    assert "reference" in names
    assert "interface" not in names
    assert all(issubclass(type(engines.get(n)), interface.Engine) for n in ("reference", "auto"))
    with pytest.raises(UnknownNameError, match="'reference'"):
        engines.get("refernce")
    engine = reference.Engine(keep=True)
    assert engines.get(engine) is engine


def test_a_failed_step_leaves_the_state(counter):
    """State is stored only when the whole step is computed."""
    total = graph.Variable(1.0, name="total")
    table = graph.constant([1.0, 2.0])

    def step(index):
        total.assign(total + 1)
        return {"taken": graph.take(table, index)}

    index = graph.placeholder((1,), "int32", "index")
    program = engines.get("reference").compile(graph.trace_graph(step, {"index": index}))
    program.bind({"index": np.array([5], "int32")})
    with pytest.raises(ValueError, match="outside the table"):
        program.run()
    assert total.numpy() == 1
