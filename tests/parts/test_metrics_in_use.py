"""Metrics as users write them: names, functions, classes of their own, errors, training."""

import numpy as np
import pytest
import sklearn.metrics as sk
from specs_losses import COLUMN, COLUMN_PRED, LOGITS, NUMBERS, K, N, measure

from grafito import graph, layers, losses, metrics
from grafito.errors import ArgumentError, GraphError, ShapeError, UnknownNameError
from grafito.registry import custom_objects

# What a user writes


def test_names_classes_functions_and_objects():
    auc = metrics.AUC
    for identifier in ("auc", "AUC", auc, auc()):
        assert type(metrics.get(identifier)) is auc
    assert metrics.get(None) is None
    assert type(metrics.get("accuracy")) is metrics.Accuracy
    with pytest.raises(UnknownNameError, match="precision"):
        metrics.get("precison")
    with pytest.raises(UnknownNameError, match="categorical_hinge"):
        metrics.resolve("categorial_hinge", (N, K), (N, K))


SHAPES = [((9,), (9, 1)), ((9, 1), (9, 1)), ((9,), (9, 4)), ((9, 1), (9, 4)), ((9, 4), (9, 4))]
SHAPES += [((9, 5), (9, 5, 4)), ((9, 5, 4), (9, 5, 4)), ((9, 5), (9, 5, 1))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_chooses_the_form_that_keras_chooses(keras, name, shapes):
    from keras.src.trainers.compile_utils import get_metric

    ours = metrics.resolve(name, *shapes)
    theirs = get_metric(name, *(np.zeros(shape) for shape in shapes))
    assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_crossentropy_chooses_the_form_of_the_loss(shapes):
    loss = losses.resolve("ce", *shapes)
    metric = metrics.resolve("ce", *shapes)
    assert type(metric.loss) is type(loss)
    assert not metric.from_logits


def test_a_name_stays_the_name_in_the_history():
    for name in ("mse", "MAE", "acc", "hinge", "auc", "huber", "top_k_categorical_accuracy"):
        assert metrics.resolve(name, (N,), (N, K)).name == name
    assert metrics.resolve(metrics.Recall(name="found"), (N,), (N, 1)).name == "found"


def test_a_users_own_function():
    def within_one(y_true, y_pred):
        return graph.cast(abs(y_true - y_pred) < 1, "float32")

    metric = metrics.resolve(within_one, (N,), (N, 1))
    assert metric.name == "within_one"
    expected = np.mean(np.abs(NUMBERS[:, 0] - LOGITS[:, 0]) < 1)
    assert float(measure(metric, NUMBERS[:, 0], LOGITS[:, :1], cuts=[3])) == pytest.approx(expected)
    with custom_objects({"within_one": within_one}):
        assert metrics.deserialize(metrics.serialize(metric)).fn is within_one


def test_a_function_with_arguments():
    metric = metrics.MeanMetricWrapper(metrics.binary_accuracy, name="strict", threshold=0.9)
    assert float(metric([1, 0], [0.8, 0.1])) == 0.5
    assert metric.get_config()["threshold"] == 0.9


def test_a_metric_as_keras_users_write_it():
    class Largest(metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.value = self.add_weight(name="value", initializer="zeros")
            self.mean = metrics.Mean()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(graph.maximum(self.value, graph.max(y_pred)))
            self.mean.update_state(y_pred)

        def result(self):
            return self.value - self.mean.result()

    metric = Largest()
    assert len(metric.variables) == 3
    assert float(metric([0.0, 0.0], [1.0, 4.0])) == 1.5
    assert float(metric([0.0], [4.0])) == 1.0
    metric.reset_state()
    assert float(metric.result()) == 0


def test_a_metric_without_its_base():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_variable()

    with pytest.raises(GraphError, match=r"super\(\).__init__\(\)"):
        Forgetful()
    with pytest.raises(NotImplementedError, match="update_state"):
        metrics.Metric().update_state()
    with pytest.raises(ArgumentError, match='initializer="zeros"'):
        metrics.Metric().add_variable((), "ones")


# Errors


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "words"),
    [
        (metrics.MeanSquaredError(), (5, 3), (5, 4), ["(5, 3)", "(5, 4)"]),
        (metrics.Accuracy(), (5, 3), (5,), ["(5, 3)", "(5,)"]),
        (metrics.CategoricalAccuracy(), (5,), (5, 4), ["sparse_categorical_accuracy"]),
        (metrics.SparseCategoricalAccuracy(), (5, 4), (5, 4), ["'categorical_accuracy'"]),
        (metrics.Precision(), (5, 3), (5, 4), ["precision", "(5, 3)"]),
        (metrics.F1Score(), (5, 3, 2), (5, 3, 2), ["(n, columns)"]),
        (metrics.ConfusionMatrix(3), (5,), (5, 4), ["ConfusionMatrix(4)"]),
        (metrics.AUC(), (5,), (5, 2), ["auc", "(5, 2)"]),
    ],
)
def test_wrong_shapes_say_what_to_edit(metric, y_true, y_pred, words):
    with pytest.raises(ShapeError) as error:
        metric.update_state(np.zeros(y_true, int), np.zeros(y_pred))
    assert not [word for word in words if word not in str(error.value)], error.value
    assert graph.current_trace() is None


def test_vectors_are_never_broadcast_against_columns():
    for metric in (metrics.get("mse"), metrics.BinaryAccuracy(), metrics.R2Score(), metrics.AUC()):
        flat = measure(metric, COLUMN[:, 0], COLUMN_PRED[:, 0])
        assert measure(metric, COLUMN[:, 0], COLUMN_PRED) == pytest.approx(flat, rel=1e-12)
        assert measure(metric, COLUMN, COLUMN_PRED[:, 0]) == pytest.approx(flat, rel=1e-12)


@pytest.mark.parametrize(
    "build",
    [
        lambda: metrics.Precision(thresholds=1.5),
        lambda: metrics.Recall(thresholds=[0.2, -1]),
        lambda: metrics.AUC(curve="IOU"),
        lambda: metrics.AUC(summation_method="sum"),
        lambda: metrics.AUC(num_thresholds=1),
        lambda: metrics.F1Score(average="mean"),
        lambda: metrics.F1Score(threshold=2.0),
        lambda: metrics.FBetaScore(beta=-1.0),
        lambda: metrics.R2Score("median"),
        lambda: metrics.R2Score(num_regressors=-1),
        lambda: metrics.ConfusionMatrix(1),
    ],
)
def test_wrong_arguments_are_errors(build):
    with pytest.raises(ArgumentError):
        build()


def test_training_measures():
    """Metrics ride in the training step, and their names are those of the history."""
    from grafito import models, utils

    utils.set_random_seed(1)  # a weight near 0 would put all predictions between two thresholds
    x = np.linspace(-1, 1, 40)[:, None]
    y = (x[:, 0] > 0).astype("int64")
    model = models.Sequential([layers.Input((1,)), layers.Dense(1, activation="sigmoid")])
    measures = ["accuracy", "auc", "mse", metrics.F1Score(threshold=0.5, name="f1")]
    model.compile("sgd", "binary_crossentropy", metrics=measures)
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0).history
    assert set(history) == {"loss", "accuracy", "auc", "mse", "f1"}
    p = model.predict(x, verbose=0)
    found = model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True)
    assert found["accuracy"] == pytest.approx(np.mean((p[:, 0] > 0.5) == y))
    assert found["auc"] == pytest.approx(sk.roc_auc_score(y, p), abs=5e-3)
    assert found["mse"] == pytest.approx(np.mean((p[:, 0] - y) ** 2), rel=1e-6)


# metrics with a threshold; a prediction equal to it, in float32, does not exceed it
@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7, np.float64(0.3), np.float32(0.3)])
@pytest.mark.parametrize(
    ("make", "at_the_threshold"),
    [
        (lambda t: metrics.F1Score(threshold=t), 0.0),
        (lambda t: metrics.FBetaScore(threshold=t, average="micro"), 0.0),
        (lambda t: metrics.BinaryAccuracy(threshold=t), 0.0),
        (lambda t: metrics.Recall(thresholds=t), 0.0),
        (lambda t: metrics.Precision(thresholds=[t]), 0.0),
        (lambda t: metrics.TruePositives(t), 0.0),
        (lambda t: metrics.FalseNegatives(t), 1.0),
    ],
)
def test_a_prediction_at_the_threshold_says_no(make, at_the_threshold, threshold):
    at = np.array([[threshold]], "float32")
    above = np.nextafter(at, 1)
    yes = np.array([[1.0]])
    assert np.ravel(measure(make(threshold), yes, at))[0] == at_the_threshold
    beyond = np.ravel(measure(make(threshold), yes, above))[0]
    assert beyond == pytest.approx(1 - at_the_threshold, abs=1e-6)


def test_a_threshold_of_nothing_is_refused():
    for wrong in (0.0, -0.1, 1.5):
        with pytest.raises(ArgumentError):
            metrics.F1Score(threshold=wrong)


def test_one_number_for_a_batch_counts_as_often_as_the_loss_does():
    """Batches of 4 and 1: the metric is the mean over examples, as the loss."""
    from grafito import models

    def error(y_true, y_pred):
        return graph.mean(graph.abs(y_true - y_pred))

    x = np.array([[1.0], [1.0], [1.0], [1.0], [11.0]], "float32")
    model = models.Sequential([layers.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", loss=error, metrics=[error])
    found = model.evaluate(x, 0 * x, batch_size=4, verbose=0, return_dict=True)
    assert found == {"loss": pytest.approx(3.0), "error": pytest.approx(3.0)}


@pytest.mark.parametrize("form", ["one list", "lists", "dictionary", "both kinds"])
def test_one_object_for_two_outputs_measures_each_by_itself(form):
    from grafito import models

    one = metrics.MeanAbsoluteError(name="mae")
    given = {
        "one list": {"metrics": [one]},
        "lists": {"metrics": [[one], [one]]},
        "dictionary": {"metrics": {"a": one, "b": [one]}},
        "both kinds": {"metrics": [[one], []], "weighted_metrics": [[], [one]]},
    }[form]
    x = layers.Input((1,))
    same = {"kernel_initializer": "ones"}
    model = models.Model(x, [layers.Dense(1, name=name, **same)(x) for name in "ab"])
    model.compile("sgd", loss="mse", **given)
    ones = np.ones((4, 1))
    found = model.evaluate(ones, [ones + 2, ones + 5], verbose=0, return_dict=True)
    assert (found["a_mae"], found["b_mae"]) == (2.0, 5.0)


@pytest.mark.parametrize(
    "given",
    [{"class_name": "MeanAbsoluteError", "config": {"name": "mae"}}, [None, "mae"], [["mae"]]],
)
def test_a_configuration_and_gaps_among_metrics(given):
    from grafito import models

    model = models.Sequential([layers.Input((1,)), layers.Dense(1)])
    model.compile("sgd", loss="mse", metrics=given)
    ones = np.ones((4, 1))
    assert list(model.evaluate(ones, ones, verbose=0, return_dict=True)) == ["loss", "mae"]
