"""Regularizers and constraints: values by hand, gradients and values of Keras."""

import jax
import numpy as np
import pytest
from specs_parts import CONSTRAINTS, MATRIX, REGULARIZERS

from grafito import constraints, graph, regularizers
from grafito.errors import ArgumentError, ShapeError, UnknownNameError

rows = pytest.mark.parametrize("row", REGULARIZERS, ids=str)
constraint_rows = pytest.mark.parametrize("row", CONSTRAINTS, ids=str)

RANDOM = np.random.default_rng(1).normal(size=(5, 4))


@pytest.mark.parametrize(
    ("module", "table"), [(regularizers, REGULARIZERS), (constraints, CONSTRAINTS)]
)
def test_every_part_has_a_row(module, table):
    registered = {cls.__name__ for cls in module.registry.entries.values()}
    assert registered == {row.name for row in table}


@rows
def test_penalties_by_hand(row):
    penalty = row.build(regularizers)(graph.constant(np.array(MATRIX)))
    assert penalty.shape == ()
    assert penalty.item() == pytest.approx(row.value, rel=1e-12)


@constraint_rows
def test_projections_by_hand(row):
    projected = row.build(constraints)(graph.constant(np.array(MATRIX)))
    np.testing.assert_allclose(projected.numpy(), row.value, rtol=1e-6)


@rows
def test_keras_penalizes_the_same(keras, row):
    x = graph.Variable(RANDOM)
    penalty = row.build(regularizers)(x)
    value, slopes = jax.value_and_grad(row.build(keras.regularizers))(jax.numpy.asarray(RANDOM))
    # Keras keeps some factors in float32.
    np.testing.assert_allclose(penalty.numpy(), value, rtol=1e-7)
    np.testing.assert_allclose(graph.gradients(penalty, x).numpy(), slopes, rtol=1e-7, atol=1e-15)


@constraint_rows
def test_keras_projects_the_same(keras, row):
    ours = row.build(constraints)(graph.constant(RANDOM)).numpy()
    np.testing.assert_allclose(ours, row.build(keras.constraints)(RANDOM), rtol=1e-14)


@pytest.mark.parametrize(
    ("module", "row"),
    [(regularizers, row) for row in REGULARIZERS] + [(constraints, row) for row in CONSTRAINTS],
    ids=str,
)
def test_configuration_round_trip(module, row):
    part = row.build(module)
    again = module.deserialize(module.serialize(part))
    assert type(again) is type(part)
    assert again.get_config() == part.get_config()


@rows
def test_keras_has_the_same_defaults(keras, row):
    theirs = row.build(keras.regularizers).get_config()
    expected = {k: v if isinstance(v, str) else pytest.approx(v) for k, v in theirs.items()}
    assert row.build(regularizers).get_config() == expected


@constraint_rows
def test_keras_has_the_same_constraint_defaults(keras, row):
    assert row.build(constraints).get_config() == row.build(keras.constraints).get_config()


def test_a_weight_of_zero_stays_under_l1():
    x = graph.Variable([0.0, 2.0])
    assert graph.gradients(regularizers.L1(0.5)(x), x).numpy().tolist() == [0.0, 0.5]


def test_a_row_of_zeros_has_a_gradient():
    x = graph.Variable([[0.0, 0.0], [1.0, 2.0]])
    slopes = graph.gradients(regularizers.OrthogonalRegularizer()(x), x)
    assert np.isfinite(slopes.numpy()).all()


@pytest.mark.parametrize("name", ["MaxNorm", "UnitNorm", "MinMaxNorm"])
def test_zeros_stay_zeros(name):
    zeros = np.zeros((3, 2), "float32")
    assert np.array_equal(getattr(constraints, name)()(graph.constant(zeros)).numpy(), zeros)


def test_names():
    assert regularizers.get("l2").l2 == 0.01
    assert type(regularizers.get("l1_l2")) is regularizers.L1L2 is regularizers.l1_l2
    assert type(constraints.get("max_norm")) is constraints.MaxNorm is constraints.max_norm
    assert regularizers.get(None) is None is constraints.get(None)
    with pytest.raises(UnknownNameError, match="'l2'"):
        regularizers.get("l22")
    with pytest.raises(UnknownNameError, match="'non_neg'"):
        constraints.get("nonneg")


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: regularizers.L1(-1.0), "l1=-1.0"),
        (lambda: regularizers.L2(float("nan")), "finite"),
        (lambda: regularizers.L1L2("l1"), "l1='l1'"),
        (lambda: regularizers.OrthogonalRegularizer(mode="diagonal"), "'rows' or 'columns'"),
        (lambda: regularizers.OrthogonalRegularizer()(graph.constant([1.0])), "matrix"),
        (lambda: regularizers.OrthogonalRegularizer()(graph.constant([[1.0]])), "two rows"),
    ],
)
def test_errors(build, error):
    with pytest.raises((ArgumentError, ShapeError), match=error):
        build()
