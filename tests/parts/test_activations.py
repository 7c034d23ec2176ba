"""Activations: values and slopes by hand, against differences, and against Keras."""

import jax
import numpy as np
import pytest
from specs_parts import ACTIVATIONS

from grafito import activations, graph
from grafito.errors import UnknownNameError
from grafito.graph import elementwise, neural

POINTS = np.array([-30.0, -3.7, -2.2, -0.9, -1e-3, 1e-3, 0.7, 2.4, 5.5, 30.0]).reshape(2, 5)

TOLERANCES = {"float32": 2e-6, "float64": 1e-13}

rows = pytest.mark.parametrize("row", ACTIVATIONS, ids=str)
# The elements of a softmax depend on each other: the slope of their sum is 0.
elementwise_rows = pytest.mark.parametrize(
    "row", [row for row in ACTIVATIONS if not row.name.endswith("softmax")], ids=str
)


def evaluate(row, x):
    """Values and slopes (of the sum) at the points, in their dtype."""
    x = graph.Variable(np.asarray(x))
    y = row.build(activations, x=x)
    return graph.value([y, graph.gradients(y, x)])


def evaluate_in_keras(keras, row, x):
    """The same by Keras on JAX."""

    def total(x):
        return row.build(keras.activations, x=x).sum()

    x = jax.numpy.asarray(x)
    return row.build(keras.activations, x=x), jax.grad(total)(x)


def test_every_activation_has_a_row():
    registered = {f.__name__ for f in activations.registry.entries.values()}
    assert registered == {row.name for row in ACTIVATIONS}


@rows
def test_values_by_hand(row):
    for x, expected in row.at.items():
        assert evaluate(row, x)[0] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@rows
def test_slopes_at_kinks(row):
    for x, slope in row.kinks.items():
        assert evaluate(row, x)[1] == pytest.approx(slope, rel=1e-12)


@elementwise_rows
def test_gradients_against_differences(row):
    x, step = POINTS[:, 1:-1], 1e-6
    difference = (evaluate(row, x + step)[0] - evaluate(row, x - step)[0]) / (2 * step)
    np.testing.assert_allclose(evaluate(row, x)[1], difference, rtol=1e-7, atol=1e-8)


@rows
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_keras_agrees(keras, row, dtype):
    points = POINTS.astype(dtype)
    values = zip(evaluate(row, points), evaluate_in_keras(keras, row, points), strict=True)
    tolerance = TOLERANCES["float32" if row.name == "tanh" else dtype]  # its tanh is float32
    for ours, theirs in values:
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@elementwise_rows
def test_keras_agrees_at_kinks(keras, row):
    for x in {0.0, *row.kinks} - row.differs_from_keras:
        theirs = evaluate_in_keras(keras, row, x)[1]
        np.testing.assert_allclose(evaluate(row, x)[1], theirs, rtol=1e-13)


@rows
def test_gradients_stay_finite_far_out(row):
    far = np.array([-1e6, 1e6] if row.name != "exponential" else [-1e6], "float32")
    assert np.isfinite(evaluate(row, far)).all()


@pytest.mark.parametrize(
    ("activation", "op"),
    [
        (activations.relu, elementwise.Relu),
        (activations.sigmoid, elementwise.Sigmoid),
        (activations.tanh, elementwise.Tanh),
        (activations.softplus, elementwise.Softplus),
        (activations.softmax, neural.Softmax),
        (activations.log_softmax, neural.LogSoftmax),
    ],
)
def test_single_ops_stay_single(activation, op):
    x = graph.placeholder((3,), name="x")
    y = activation(x)
    assert isinstance(y.op, op)
    assert y.inputs == (x,)


def test_ops_know_which_activation_they_belong_to():
    y = activations.elu(graph.placeholder((3,)))
    parts = [t for t in graph.topological_order([y]) if t.inputs]
    assert len(parts) > 1
    assert {t.scope for t in parts} == {("elu",)}


def test_names_objects_and_configurations():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu is activations.swish
    assert activations.get(np.tanh) is np.tanh
    assert activations.deserialize(activations.serialize(activations.elu)) is activations.elu
    with pytest.raises(UnknownNameError, match="'relu'"):
        activations.get("relo")
