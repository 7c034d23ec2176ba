"""What a tensor answers to Python's operators, to NumPy's functions and to `print`."""

import math
import operator

import numpy as np
import pytest

from grafito import graph
from grafito.errors import ArgumentError, GrafitoError, GraphError, PositionError
from grafito.graph.program import trace_graph

A = np.array([[3.0, -7.0], [0.5, 2.0]], "float32")
B = np.array([[2.0, 3.0], [-0.25, 2.0]], "float32")
X, Y = graph.placeholder((2, 2), name="x"), graph.placeholder((2, 2), name="y")
FEEDS = {"x": A, "y": B}

NAMES = "add sub mul truediv floordiv mod matmul lt le gt ge eq ne"
BINARY = {name: getattr(operator, name) for name in NAMES.split()} | {
    "divmod": lambda x, y: divmod(x, y)[0],
    "divmod's rest": lambda x, y: divmod(x, y)[1],
}


@pytest.mark.parametrize("name", BINARY)
def test_operators_are_those_of_numpy(name):
    f = BINARY[name]
    number = B if name == "matmul" else 2
    pairs = [(f(X, Y), f(A, B)), (f(X, number), f(A, number)), (f(number, X), f(number, A))]
    pairs += [(f(X, B), f(A, B)), (f(A, Y), f(A, B))]
    for ours, theirs in pairs:
        assert isinstance(ours, graph.Tensor)
        np.testing.assert_allclose(graph.value(ours, FEEDS), theirs, rtol=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        operator.pos,
        operator.neg,
        abs,
        round,
        lambda x: x**2,
        lambda x: 2.0**x,
        lambda x: (x > 0) & (x < 1),
        lambda x: (x > 0) | (x < -1),
        lambda x: (x > 0) ^ (x > 1),
        lambda x: ~(x > 0),
        lambda x: True & (x > 0),
        lambda x: x[np.array(1)],
        lambda x: x[..., np.int8(-1)],
        lambda x: x[::-1, None],
    ],
)
def test_other_operators(f):
    expected = np.round(A) if f is round else f(A)
    np.testing.assert_allclose(graph.value(f(X), FEEDS), expected, rtol=1e-6)


def test_round_to_digits():
    ours = graph.value(round(X / 3, 2), FEEDS)
    np.testing.assert_allclose(ours, np.round(A / 3, 2), rtol=1e-6)


@pytest.mark.parametrize("other", [None, "a", object(), {}, slice(1)])
def test_what_holds_no_numbers_is_not_equal(other):
    assert (other == X) is False
    assert (other == X) is False
    assert (other != X) is True


def test_equality_is_elementwise_and_the_hash_is_identity():
    w = graph.Variable([1.0, 2.0])
    same = graph.constant([1.0, 3.0])
    assert (w == same).numpy().tolist() == [True, False]
    assert (w != [1.0, 3.0]).numpy().tolist() == [False, True]
    assert {w: 1, same: 2}[w] == 1
    assert len({w, same, w}) == 2
    assert w in [w]  # Python asks for identity first
    for search in (lambda: w in [same], lambda: [same].index(w), lambda: [same].count(w)):
        with pytest.raises(GraphError, match="one tensor"):
            search()


def test_a_loss_of_equalities():
    def accuracy(y, p):
        return graph.mean(graph.cast(graph.argmax(p, -1) == graph.argmax(y, -1), "float32"))

    assert graph.value(accuracy(X, Y), FEEDS) == 0.5


NUMPY = {
    "exp": np.exp,
    "maximum": lambda x: np.maximum(x, 0),
    "on the right": lambda x: np.maximum(0, x),
    "tanh": np.tanh,
    "absolute": np.absolute,
    "rint": np.rint,
    "remainder": lambda x: np.remainder(x, 3),
    "floor_divide": lambda x: np.floor_divide(x, 2),
    "isnan": np.isnan,
    "reciprocal": np.reciprocal,
    "logical_and": lambda x: np.logical_and(x > 0, x < 1),
    "invert": lambda x: np.invert(x > 0),
    "sum": np.sum,
    "sum over an axis": lambda x: np.sum(x, axis=1, keepdims=True),
    "mean": lambda x: np.mean(x, 0),
    "max": np.max,
    "var": np.var,
    "prod": lambda x: np.prod(x, axis=0),
    "argmax": lambda x: np.argmax(x, 1),
    "where": lambda x: np.where(x > 0, x, 0),
    "clip": lambda x: np.clip(x, 0, 1),
    "concatenate": lambda x: np.concatenate([x, x], axis=1),
    "stack": lambda x: np.stack([x, x]),
    "reshape": lambda x: np.reshape(x, (4,)),
    "transpose": np.transpose,
    "norm": lambda x: np.linalg.norm(x, axis=1),
    "zeros_like": np.zeros_like,
}


@pytest.mark.parametrize("name", NUMPY)
def test_functions_of_numpy_become_ops(name):
    y = NUMPY[name](X)
    assert isinstance(y, graph.Tensor)
    np.testing.assert_allclose(graph.value(y, FEEDS), NUMPY[name](A), rtol=1e-6)


def test_a_function_of_numpy_has_a_gradient():
    w = graph.Variable([1.0, 2.0])
    slope = graph.gradients(np.sum(np.square(w)), w)
    assert slope.numpy().tolist() == [2.0, 4.0]


def test_shapes_need_no_numbers():
    assert (np.shape(X), np.ndim(X), np.size(X)) == ((2, 2), 2, 4)


@pytest.mark.parametrize("f", [np.sort, np.cbrt, lambda x: np.sum(x, dtype="float64"), np.median])
def test_other_functions_of_numpy_read_known_numbers_only(f):
    np.testing.assert_allclose(f(graph.constant(np.abs(A))), f(np.abs(A)))
    with pytest.raises(ArgumentError, match="reads numbers"):
        f(X)


def test_positions_found_by_numpy_index_lists():
    assert ["a", "b"][np.argmax(graph.constant([1.0, 3.0]))] == "b"
    assert ["a", "b"][graph.argmax([1.0, 3.0])] == "b"


def test_writing_into_an_array_is_refused():
    a = np.ones((2, 2), "float32")
    with pytest.raises(ArgumentError, match="a = a \\+ t"):
        a += X


def test_numpy_functions_as_activations():
    from grafito import layers

    y = layers.Activation(np.tanh)(graph.constant([[0.5]]))
    np.testing.assert_allclose(np.asarray(y), np.tanh([[0.5]]), rtol=1e-6)


READS = {
    "float": float,
    "int": int,
    "index": operator.index,
    "asarray": np.asarray,
    "numpy": lambda x: x.numpy(),
    "item": lambda x: x.item(),
    "format": lambda x: f"{x:.3f}",
}


@pytest.mark.parametrize("name", READS)
def test_a_traced_tensor_says_that_it_has_no_numbers(name):
    def step(x):
        READS[name](graph.sum(x))
        return {}

    with pytest.raises(ArgumentError, match="is traced: it has no numbers"):
        trace_graph(step, {"x": X})


def test_known_numbers():
    third = graph.constant(1.0) / 3
    assert f"{third:.3f}" == "0.333"
    assert f"{graph.constant([2])[0]:03d}" == "002"
    assert math.isclose(float(third), 1 / 3, rel_tol=1e-7)


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (lambda: graph.constant([1.0, 2.5]), "<constant float32[2] [1.  2.5]>"),
        (lambda: graph.constant(1.0) / 3, "<divide float32[] 0.3333>"),
        (lambda: graph.Variable([[1, 2]], name="w"), "<state 'w' int32[1, 2] [[1 2]]>"),
        (lambda: graph.constant(np.zeros((100, 100))), "<constant float64[100, 100]>"),
        (lambda: graph.exp(X), "<exp float32[2, 2]>"),
    ],
)
def test_repr_shows_few_known_numbers(tensor, text):
    assert repr(tensor()) == str(tensor()) == text


@pytest.mark.parametrize(
    ("attempt", "error", "text"),
    [
        (lambda: X[7], PositionError, "outside its axis"),
        (lambda: X[0, 0, 0], PositionError, "More indices than axes"),
        (lambda: graph.constant(1.0)[0], PositionError, "More indices than axes"),
        (lambda: X[..., ...], PositionError, "only one"),
        (lambda: X[::0], ArgumentError, "step other than 0"),
        (lambda: X[:1.5], ArgumentError, "whole numbers as bounds"),
        (lambda: X[np.array([0, 1])], ArgumentError, "graph.take"),
        (lambda: graph.reshape(X, 2.5), ArgumentError, "must consist of integers"),
        (lambda: X.reshape(2.0, 2), ArgumentError, "must consist of integers"),
        (lambda: graph.placeholder((None, 2)), ArgumentError, "layers.Input"),
        (lambda: graph.placeholder(2.5), ArgumentError, "must consist of integers"),
        (lambda: graph.placeholder((-1,)), ArgumentError, "layers.Input"),
    ],
)
def test_errors(attempt, error, text):
    with pytest.raises(error, match=text) as caught:
        attempt()
    assert isinstance(caught.value, GrafitoError)
    assert isinstance(caught.value, IndexError) == (error is PositionError)


def test_a_placeholder_of_one_axis():
    assert graph.placeholder(3).shape == (3,)
