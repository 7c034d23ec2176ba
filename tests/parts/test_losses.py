"""Losses: values by hand, values and gradients of Keras, gradients by differences, ends, errors."""

import inspect

import jax
import numpy as np
import pytest
from specs_losses import (
    LABELS,
    LOGITS,
    LOSSES,
    ONE_HOT,
    WEIGHTS,
    K,
    N,
    Row,
    value_and_gradient,
)

from grafito import graph, losses
from grafito.errors import ShapeError
from grafito.graph.rewrite import rewrite
from grafito.registry import snake_case

rows = pytest.mark.parametrize("row", LOSSES, ids=str)
keras_rows = pytest.mark.parametrize("row", [r for r in LOSSES if r.keras], ids=str)
reductions = pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", None]
)


# The tables


def test_every_loss_has_a_row():
    public = {
        name
        for name in losses.__all__
        if inspect.isclass(thing := getattr(losses, name)) and issubclass(thing, losses.Loss)
    }
    registered = {entry.__name__ for entry in losses.registry.entries.values()}
    rows = {row.name for row in LOSSES}
    assert registered == rows | {"FunctionLoss"}
    assert public == registered | {"Loss"}


@pytest.mark.parametrize("row", [r for r in LOSSES if r.by_hand], ids=str)
def test_values_by_hand(row):
    y_true, y_pred, expected = row.by_hand
    loss = row.build(losses)(y_true, np.array(y_pred, "float64"))
    assert loss.shape == ()
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@reductions
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@keras_rows
def test_keras_computes_the_same(keras, row, reduction, weights):
    theirs = row.build(keras.losses, reduction=reduction, dtype="float64")
    shape = row.build(losses, reduction=None)(row.y_true, row.y_pred).shape
    if weights is not None:
        weights = weights[: shape[0]] if shape else None  # one loss for the batch has no weights
    ours = value_and_gradient(
        row.build(losses, reduction=reduction), row.y_true, row.y_pred, weights
    )
    slopes = jax.grad(lambda y: theirs(row.y_true, y, weights).sum())(row.y_pred)
    # Keras takes means in float32.
    expected = np.asarray(theirs(row.y_true, row.y_pred, weights))
    np.testing.assert_allclose(ours[0], expected, rtol=2e-7)
    np.testing.assert_allclose(ours[1], slopes, rtol=2e-7, atol=1e-7 * np.abs(slopes).max())


@keras_rows
def test_keras_computes_the_same_in_float32(keras, row):
    y_pred = row.y_pred.astype("float32")
    ours = value_and_gradient(row.build(losses), row.y_true, y_pred, dtype="float32")
    theirs = row.build(keras.losses)
    value, slopes = jax.value_and_grad(lambda y: theirs(row.y_true.astype("float32"), y))(y_pred)
    assert ours[0].dtype == ours[1].dtype == "float32"
    np.testing.assert_allclose(ours[0], value, rtol=1e-6)
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-5, atol=1e-6 * np.abs(slopes).max())


ENDS = np.array([0.0, 1e-9, 1e-7, 0.5, 1 - 1e-7, 1 - 1e-9, 1.0])
TARGETS = np.array([0.0, 1.0, 1.0, 0.3, 0.0, 1.0, 0.0])


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "BinaryFocalCrossentropy", "KLDivergence"])
def test_keras_clips_probabilities_at_the_same_ends(keras, name):
    row = Row(name, TARGETS[:, None], ENDS[:, None], {"reduction": "sum"})
    theirs = row.build(keras.losses, dtype="float64")
    ours = value_and_gradient(row.build(losses), row.y_true, row.y_pred)
    np.testing.assert_allclose(ours[0], theirs(row.y_true, row.y_pred), rtol=1e-6)
    slopes = np.asarray(jax.grad(lambda y: theirs(row.y_true, y))(row.y_pred))
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    ["CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy"],
)
def test_keras_clips_rows_of_probabilities_at_the_same_ends(keras, name):
    y_pred = np.array([[0.0, 1.0], [1.0, 0.0], [1e-9, 1 - 1e-9], [0.25, 0.75]])
    labels = np.array([0, 0, 1, 1])
    y_true = labels if name.startswith("Sparse") else np.eye(2)[labels]
    theirs = getattr(keras.losses, name)(dtype="float64")
    ours = value_and_gradient(getattr(losses, name)(), y_true, y_pred)
    np.testing.assert_allclose(ours[0], theirs(y_true, y_pred), rtol=1e-7)
    slopes = jax.grad(lambda y: theirs(y_true, y))(y_pred)
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-6, atol=1e-12)


@rows
def test_gradients_agree_with_differences(row):
    loss = row.build(losses)
    report = graph.check_gradients(lambda y_pred: loss(row.y_true, y_pred), [row.y_pred])
    assert not report.kinks


@rows
def test_function_forms_give_each_example(row):
    function = getattr(losses, snake_case(row.name))
    values = function(row.y_true, row.y_pred, **row.arguments)
    whole = row.build(losses, reduction=None)(row.y_true, row.y_pred)
    assert function.__name__ == snake_case(row.name)
    assert np.array_equal(values.numpy(), whole.numpy())


def arguments(thing):
    names = [*inspect.signature(thing).parameters]
    return [name for name in names if name not in ("fn", "kwargs")]


@keras_rows
def test_keras_has_the_same_arguments(keras, row):
    assert arguments(getattr(losses, row.name)) == arguments(getattr(keras.losses, row.name))
    name = snake_case(row.name)
    assert arguments(getattr(losses, name)) == arguments(getattr(keras.losses, name))


@keras_rows
def test_keras_has_the_same_settings(keras, row):
    theirs, ours = row.build(keras.losses).get_config(), row.build(losses).get_config()
    assert {name: ours[name] for name in theirs} == theirs


@rows
def test_configuration_round_trip(row):
    loss = row.build(losses, reduction="sum")
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


# Logits and stable forms

FAR = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]])


@pytest.mark.parametrize(
    ("name", "y_true", "expected"),
    [
        ("BinaryCrossentropy", [[1, 0, 0], [1, 0, 1]], [LN2 := np.log(2) / 3, 2e4 / 3]),
        ("CategoricalCrossentropy", [[0, 1, 0], [0, 1, 0]], [2e4, np.log(2)]),
        ("SparseCategoricalCrossentropy", [2, 0], [1e4, 2e4 + np.log(2)]),
        ("BinaryFocalCrossentropy", [[1, 0, 0], [1, 0, 1]], [LN2 / 4, 2e4 / 3]),
        ("CategoricalFocalCrossentropy", [[0, 1, 0], [0, 1, 0]], [5e3, np.log(2) / 16]),
    ],
)
def test_far_logits_stay_finite_and_right(name, y_true, expected):
    loss = getattr(losses, name)(from_logits=True, reduction=None)
    value, slopes = value_and_gradient(loss, y_true, FAR, dtype="float32")
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(
    ("activation", "name", "y_true"),
    [
        (graph.sigmoid, "BinaryCrossentropy", [[1, 0, 0], [1, 0, 1]]),
        (graph.softmax, "CategoricalCrossentropy", [[0, 1, 0], [0, 1, 0]]),
        (graph.softmax, "SparseCategoricalCrossentropy", [2, 0]),
    ],
)
def test_rewriting_finds_the_logits_behind_probabilities(activation, name, y_true):
    x = graph.placeholder(FAR.shape, name="x")
    (loss,) = rewrite([getattr(losses, name)()(y_true, activation(x))])
    stable = getattr(losses, name)(from_logits=True)(y_true, x)
    slopes = [graph.gradients(y, x) for y in (loss, stable)]
    ours, theirs = (
        graph.value([loss, slopes[0]], {x: FAR}),
        graph.value([stable, slopes[1]], {x: FAR}),
    )
    assert float(ours[0]) == float(theirs[0]) > 100
    assert np.array_equal(ours[1], theirs[1])


def test_log_cosh_does_not_overflow():
    loss = losses.LogCosh(reduction=None)([[0.0], [0.0]], [[1e4], [-1e4]])
    np.testing.assert_allclose(loss.numpy(), 1e4 - np.log(2), rtol=1e-6)


# The multiclass hinge


@pytest.mark.parametrize("y_true", [LABELS, LABELS[:, None], ONE_HOT], ids=["n", "n1", "one-hot"])
def test_multiclass_hinge_is_that_of_weston_and_watkins(y_true):
    terms = np.maximum(0, 1 + LOGITS - LOGITS[np.arange(N), LABELS][:, None])
    expected = terms.sum(axis=1) - 1  # the term of the class itself is always 1
    loss = losses.MulticlassHinge(reduction="none")(y_true, LOGITS)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-12)


def test_multiclass_hinge_gradient_by_hand():
    _, slopes = value_and_gradient(losses.get("svm"), [1], np.array([[1.5, 2.0, 3.0, 0.5]]))
    assert slopes.tolist() == [[1.0, -2.0, 1.0, 0.0]]


def test_torch_has_the_same_multiclass_hinge(torch):
    scores = torch.tensor(LOGITS, requires_grad=True)
    theirs = torch.nn.functional.multi_margin_loss(scores, torch.tensor(LABELS)) * K
    theirs.backward()
    value, slopes = value_and_gradient(losses.MulticlassHinge(), LABELS, LOGITS)
    assert float(value) == pytest.approx(theirs.item(), rel=1e-12)
    np.testing.assert_allclose(slopes, scores.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("shapes", [((4, 3), (4, 1)), ((2, 4, 3), (4, 3))])
def test_regions_of_other_shapes(shapes):
    y_true, y_pred = map(np.ones, shapes)
    with pytest.raises(ShapeError, match="shape of the predictions"):
        losses.Dice()(y_true, y_pred)
