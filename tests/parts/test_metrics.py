"""Metrics: values by hand, of Keras and of scikit-learn; any split into batches gives the same."""

import inspect
import math
import re

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics as sk
from specs_losses import (
    COLUMN,
    COLUMN_PRED,
    LABELS,
    LOGITS,
    LOSSES,
    METRICS,
    METRICS_OF_VALUES,
    NUMBERS,
    ONE_HOT,
    SOFTMAX,
    WEIGHTS,
    K,
    N,
    measure,
)

from grafito import graph, losses, metrics
from grafito.registry import snake_case

rows = pytest.mark.parametrize("row", METRICS, ids=str)
keras_rows = pytest.mark.parametrize("row", [r for r in METRICS if r.keras], ids=str)
weighted = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])


# The tables


def test_every_metric_has_a_row():
    public = {
        name
        for name in metrics.__all__
        if inspect.isclass(thing := getattr(metrics, name)) and issubclass(thing, metrics.Metric)
    }
    registered = {entry.__name__ for entry in metrics.registry.entries.values()}
    assert registered == {row.name for row in METRICS} | METRICS_OF_VALUES
    assert public == registered | {"Metric"}


@pytest.mark.parametrize("row", [r for r in METRICS if r.by_hand], ids=str)
def test_values_by_hand(row):
    y_true, y_pred, expected = row.by_hand
    result = row.build(metrics)(y_true, np.array(y_pred, "float64")).numpy()
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@weighted
@keras_rows
def test_keras_computes_the_same(keras, row, weights):
    y_true, y_pred = row.y_true.astype("float32"), row.y_pred.astype("float32")
    ours = measure(row.build(metrics), y_true, y_pred, weights, cuts=[3, 4])
    theirs = row.build(keras.metrics, dtype="float32")  # that of most already; IoU has integers
    theirs = measure(theirs, y_true, y_pred, weights)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=2e-7)


@keras_rows
def test_keras_has_the_same_arguments(keras, row):
    ours = inspect.signature(getattr(metrics, row.name)).parameters
    theirs = inspect.signature(getattr(keras.metrics, row.name)).parameters
    expected = [name for name in theirs if name not in row.unlike_keras]
    if len(row.arguments) == 0:  # the first row says what is left out
        assert list(ours) == expected
        # Keras numbers the second metric of a kind in a program, which depends on what ran before.
        assert row.build(metrics).name == re.sub(r"_\d+$", "", row.build(keras.metrics).name)


CUTS = st.lists(st.integers(1, N - 1), max_size=4, unique=True)


@rows
@hypothesis.settings(max_examples=4)
@hypothesis.given(cuts=CUTS, weigh=st.booleans())
def test_any_split_gives_the_same(row, cuts, weigh):
    weights = WEIGHTS if weigh else None
    metric = row.build(metrics)
    whole = measure(metric, row.y_true, row.y_pred, weights)
    parts = measure(metric, row.y_true, row.y_pred, weights, cuts)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-12)


@rows
def test_a_weight_of_two_is_the_example_twice(row):
    if "num_regressors" in row.arguments:
        return  # the adjusted R² counts examples, not weights
    twice = np.arange(N).repeat(2)
    weights = np.full(N, 2.0)
    weights[5:] = 0
    ours = measure(row.build(metrics), row.y_true, row.y_pred, weights)
    theirs = measure(row.build(metrics), row.y_true[twice][:10], row.y_pred[twice][:10])
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@rows
def test_a_traced_update_is_the_same(row):
    """In a training step the update is part of the graph, and variables keep their value."""
    eager, traced = row.build(metrics), row.build(metrics)
    expected = measure(eager, row.y_true, row.y_pred)
    y_true, y_pred = graph.constant(row.y_true), graph.placeholder(row.y_pred.shape, "float64")
    with graph.Trace() as trace:
        traced.update_state(y_true, y_pred)
        result = traced.result()
    assert set(trace.updates) == set(traced.variables)
    assert not any(np.any(variable.numpy()) for variable in traced.variables)
    assert not any(variable.trainable for variable in traced.variables)
    np.testing.assert_allclose(graph.value(result, {y_pred: row.y_pred}), expected, rtol=1e-12)


@rows
def test_configuration_round_trip(row):
    metric = row.build(metrics, name="mine", dtype="float32")
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert again.name == "mine"
    measure(again, row.y_true, row.y_pred)
    assert {variable.dtype for variable in again.variables} == {"float32"}


@rows
def test_nothing_yet_is_zero_or_nothing(row):
    empty = np.asarray(row.build(metrics).result())
    assert not empty.any()
    metric = row.build(metrics)
    measure(metric, row.y_true, row.y_pred)
    metric.reset_state()
    assert not any(variable.numpy().any() for variable in metric.variables)
    assert not np.asarray(metric.result()).any()


# scikit-learn


@weighted
def test_sklearn_finds_the_same_rates(weights):
    y, p = COLUMN[:, 0], COLUMN_PRED[:, 0]
    for metric, score in (
        (metrics.Precision(), sk.precision_score),
        (metrics.Recall(), sk.recall_score),
        (metrics.BinaryAccuracy(), sk.accuracy_score),
        (metrics.F1Score(threshold=0.5), sk.f1_score),
    ):
        expected = score(y, p > 0.5, sample_weight=weights)
        ours = measure(metric, y[:, None], p[:, None], weights)
        np.testing.assert_allclose(ours.ravel(), [expected], rtol=1e-6)  # Keras's epsilon in F


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", None])
def test_sklearn_finds_the_same_f1(average):
    ours = measure(metrics.F1Score(average), ONE_HOT, SOFTMAX)
    theirs = sk.f1_score(LABELS, SOFTMAX.argmax(-1), average=average, zero_division=0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@weighted
def test_sklearn_finds_the_same_r2(weights):
    for ours, theirs in (
        ("uniform_average", "uniform_average"),
        ("variance_weighted_average", "variance_weighted"),
        (None, "raw_values"),
    ):
        score = measure(metrics.R2Score(ours), NUMBERS, LOGITS, weights, cuts=[4])
        expected = sk.r2_score(NUMBERS, LOGITS, sample_weight=weights, multioutput=theirs)
        np.testing.assert_allclose(score, expected, rtol=1e-10)


def test_r2_loses_no_digits_far_from_zero():
    random = np.random.default_rng(3)
    y = 1e8 + random.normal(size=(1000, 1))
    p = y + 0.1 * random.normal(size=(1000, 1))
    score = measure(metrics.R2Score(), y, p, cuts=range(50, 1000, 50))
    assert float(score) == pytest.approx(sk.r2_score(y, p), rel=1e-8)


def test_r2_of_targets_that_do_not_vary():
    same = np.full((5, 1), 3.0)
    assert float(metrics.R2Score()(same, same)) == sk.r2_score(same, same) == 1
    assert float(metrics.R2Score()(same, same + 1)) == sk.r2_score(same, same + 1) == 0


def test_adjusted_r2_falls_back_when_regressors_are_too_many():
    plain = float(metrics.R2Score()(NUMBERS[:3], LOGITS[:3]))
    assert float(metrics.R2Score(num_regressors=2)(NUMBERS[:3], LOGITS[:3])) == plain


def test_sklearn_finds_nearly_the_same_area():
    random = np.random.default_rng(5)
    y = random.integers(0, 2, 2000)
    p = 1 / (1 + np.exp(-(random.normal(size=2000) + y)))
    for curve, exact in (("ROC", sk.roc_auc_score(y, p)), ("PR", sk.average_precision_score(y, p))):
        assert float(metrics.AUC(curve=curve)(y, p)) == pytest.approx(exact, abs=1e-3)
    fine = metrics.AUC(num_thresholds=5000)(y, p)
    assert float(fine) == pytest.approx(sk.roc_auc_score(y, p), abs=1e-5)


@weighted
def test_sklearn_finds_the_same_confusion_matrix(weights):
    said = SOFTMAX.argmax(-1)
    expected = sk.confusion_matrix(LABELS, said, sample_weight=weights, labels=range(K))
    for y_true, y_pred in (
        (LABELS, SOFTMAX),
        (LABELS[:, None], SOFTMAX),
        (ONE_HOT, SOFTMAX),
        (LABELS, said),
    ):
        ours = measure(metrics.ConfusionMatrix(K), y_true, y_pred, weights, cuts=[5])
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(N,), (N, 1)])
def test_a_confusion_matrix_of_yes_and_no(shape):
    y, p = COLUMN.reshape(shape), COLUMN_PRED.reshape(shape)
    expected = sk.confusion_matrix(y.ravel(), p.ravel() > 0.5)
    assert metrics.ConfusionMatrix(2)(COLUMN[:, 0], p).numpy().tolist() == expected.tolist()


def test_top_k_of_sklearn():
    for k in (1, 2, 3):
        expected = sk.top_k_accuracy_score(LABELS, SOFTMAX, k=k, labels=range(K))
        assert float(metrics.SparseTopKCategoricalAccuracy(k)(LABELS, SOFTMAX)) == expected
        assert float(metrics.TopKCategoricalAccuracy(k)(ONE_HOT, SOFTMAX)) == expected


@pytest.mark.parametrize("bad", [-1, K])
def test_a_label_outside_the_classes_is_never_right(bad):
    labels = np.full(N, bad)
    assert float(metrics.SparseCategoricalAccuracy()(labels, SOFTMAX)) == 0
    assert float(metrics.SparseTopKCategoricalAccuracy(2)(labels, SOFTMAX)) == 0


def test_nan_is_not_among_the_largest():
    scores = np.array([[np.nan, 1.0, 0.5, 0.2]])
    assert float(metrics.SparseTopKCategoricalAccuracy(3)([0], scores)) == 0
    assert float(metrics.SparseTopKCategoricalAccuracy(1)([1], scores)) == 1


# Losses as metrics


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_every_loss_is_a_metric(row):
    metric = metrics.get(row.build(losses, reduction="sum"))
    if row.arguments.get("axis", 0 if row.name == "Dice" else -1) == 0:
        return  # no loss for each example
    ours = measure(metric, row.y_true, row.y_pred, WEIGHTS, cuts=[2, 7])
    loss = row.build(losses, reduction="mean_with_sample_weight")
    expected = loss(row.y_true, row.y_pred, WEIGHTS)
    assert float(ours) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("name", sorted({snake_case(row.name) for row in LOSSES} | {"svm", "bce"}))
def test_every_name_of_a_loss_is_a_metric(name):
    assert metrics.resolve(name, (N, K), (N, K)).name == name


def test_vectors_stream_like_columns():
    y, p = NUMBERS[:, 0], LOGITS[:, 0]
    whole = np.mean((y - p) ** 2)
    for metric in (metrics.get("mse"), metrics.get(losses.mean_squared_error)):
        assert float(measure(metric, y, p, cuts=[1, 4])) == pytest.approx(whole, rel=1e-12)


def test_an_ignored_class_does_not_count():
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=2)
    counted = LABELS != 2
    expected = losses.get("sparse_categorical_crossentropy")(LABELS[counted], SOFTMAX[counted])
    ours = measure(metric, LABELS, SOFTMAX, cuts=[3])
    assert float(ours) == pytest.approx(float(expected), rel=1e-12)


# Sums


def test_sums_lose_no_digits():
    """An epoch of 60,000 float32 losses, and counts beyond what float32 can hold."""
    values = np.random.default_rng(0).random(60_000).astype("float32") + 3
    mean = metrics.Mean()
    for part in np.split(values, 100):
        mean.update_state(part)
    assert float(mean.result()) == pytest.approx(math.fsum(values) / 60_000, rel=1e-15)
    count = metrics.Sum()
    for weight in (2.0**24, 1.0, 1.0, 1.0):
        count.update_state([1.0], [weight])
    assert int(count.result()) == 2**24 + 3


def test_a_mean_of_losses_of_batches():
    """As training uses it: the loss of each batch, weighted by the size of the batch."""
    mean = metrics.Mean(name="loss")
    mean.update_state(graph.constant(3.0), sample_weight=128)
    mean.update_state(graph.constant(1.0), sample_weight=32)
    assert float(mean.result()) == pytest.approx(2.6, rel=1e-12)


def test_a_mean_of_examples_with_several_values():
    values = np.arange(12.0).reshape(2, 3, 2)
    assert float(metrics.Mean()(values)) == 5.5
    assert float(metrics.Mean()(values, [1.0, 0.0])) == 2.5
    weights = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert float(metrics.Mean()(values, weights)) == 5.5
    assert float(metrics.Mean()(np.zeros((0, 3)))) == 0
