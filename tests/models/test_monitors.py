"""What callbacks watch and write: the direction of a value, plateaus, rows of a log."""

from __future__ import annotations

import csv
import inspect
import json

import numpy as np
import pytest

from grafito import Model, Sequential, callbacks, layers, losses, metrics, utils
from grafito.errors import ArgumentError
from grafito.optimizers import SGD


def model(rate=0.1):
    utils.set_random_seed(0)
    net = Sequential([layers.Input((3,)), layers.Dense(1)])
    net.compile(SGD(rate), loss="mse")
    return net


def data(n=24):
    random = np.random.default_rng(0)
    x = random.normal(size=(n, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


class Script(callbacks.Callback):
    """Replaces the logs of each epoch by given values, before the callbacks behind it see them."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


# name in the logs, the metrics of a model with outputs decoder1 and decoder2, whether it rises
DIRECTIONS = [
    ("val_decoder2_loss", [], False),
    ("val_loss", [], False),
    ("loss", [], False),
    ("val_decoder2_mae", ["mae"], False),
    ("decoder2_roc", [metrics.AUC(name="roc")], True),
    ("val_decoder1_fbeta_score", [metrics.FBetaScore(average="micro", threshold=0.5)], True),
    ("val_decoder1_recall", ["recall"], True),
    ("decoder2_accuracy", ["accuracy"], True),
    ("decoder2_acc", ["acc"], True),
    ("decoder2_r2", [metrics.R2Score(name="r2")], True),
    ("decoder1_missed_auc", [metrics.FalseNegatives(name="missed_auc")], False),
    ("decoder1_score", [], None),
    ("decoder1_binary_accuracy", [metrics.MeanMetricWrapper(metrics.binary_accuracy)], True),
    ("decoder1_mean_absolute_error", [metrics.get(losses.mean_absolute_error)], False),
]


@pytest.mark.parametrize(("name", "measured", "rises"), DIRECTIONS, ids=lambda value: str(value))
def test_the_metric_says_whether_a_watched_value_rises(name, measured, rises):
    x = layers.Input((3,))
    outputs = [layers.Dense(1, "sigmoid", name=f"decoder{i}")(x) for i in (1, 2)]
    net = Model(x, outputs)
    net.compile("sgd", loss="mse", metrics=[measured, measured])
    target = (data()[1] > 0).astype("float32")
    net.fit(data()[0], [target, target], verbose=0)
    for kind in (callbacks.EarlyStopping, callbacks.ReduceLROnPlateau, callbacks.Monitor):
        watch = kind(name)
        watch.set_model(net)
        if rises is None:
            with pytest.raises(ArgumentError, match='mode="max"'):
                _ = watch.maximize
        else:
            assert watch.maximize is rises


KNOWN = {
    **dict.fromkeys(("Sum", "Mean", "MeanMetricWrapper", "ConfusionMatrix"), None),
    **dict.fromkeys(("FalsePositives", "FalseNegatives"), "down"),
    **dict.fromkeys(("TruePositives", "TrueNegatives", "Precision", "Recall", "AUC"), "up"),
    **dict.fromkeys(("R2Score", "FBetaScore", "F1Score", "Accuracy", "BinaryAccuracy"), "up"),
    **dict.fromkeys(("CosineSimilarity", "IoU", "MeanIoU"), "up"),
    **dict.fromkeys(("CategoricalAccuracy", "SparseCategoricalAccuracy"), "up"),
    **dict.fromkeys(("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"), "up"),
}


@pytest.mark.parametrize(
    "kind",
    sorted({c for c in metrics.registry.entries.values() if inspect.isclass(c)}, key=str),
    ids=str,
)
def test_every_metric_has_a_direction(kind):
    if kind.__module__.startswith("grafito."):
        usual = "down" if issubclass(kind, metrics.LossMetric) else "without a row"
        assert kind.direction == KNOWN.get(kind.__name__, usual)


def test_a_score_of_ones_own_needs_a_mode():
    def score(y_true, y_pred):
        return y_pred

    x, y = data()
    net = model()
    net.compile("sgd", loss="mse", metrics=[score])
    with pytest.raises(ArgumentError, match=r'EarlyStopping.*mode="max"'):
        net.fit(x, y, verbose=0, callbacks=callbacks.EarlyStopping("score"))
    net.fit(x, y, verbose=0, callbacks=callbacks.EarlyStopping("score", mode="max"))


def test_a_plateau_at_the_smallest_rate_is_told_once(capsys):
    for low in (0.001, 0.1, 0.3, 1e-4):
        net = model(rate=10 * low)
        plateau = callbacks.ReduceLROnPlateau("loss", 0.1, patience=1, verbose=1, min_lr=low)
        script = Script("loss", [1.0] * 8)
        history = net.fit(*data(), epochs=8, verbose=0, callbacks=[script, plateau]).history
        assert capsys.readouterr().out.count("learning rate") == 1
        assert history["learning_rate"][-1] == pytest.approx(low)


def test_csv_columns_are_those_that_come(tmp_path):
    """Validation in every second epoch, and a rate that another callback adds."""
    x, y = data()
    path = tmp_path / "log.csv"
    rates = callbacks.LearningRateScheduler(lambda epoch: 0.1)
    late = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(late=1.0) if epoch == 2 else None
    )
    given = [rates, late, callbacks.CSVLogger(path)]
    settings = {"validation_data": (x, y), "validation_freq": 2, "verbose": 0}
    model().fit(x, y, epochs=4, callbacks=given, **settings)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "learning_rate", "val_loss", "late"]
    assert [row["val_loss"] == "NA" for row in rows] == [True, False, True, False]
    assert [row["late"] for row in rows] == ["NA", "NA", "1.0", "NA"]
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]


def test_vectors_are_logged_with_all_their_digits(tmp_path, capsys):
    x, _ = data()
    net = Sequential([layers.Input((3,)), layers.Dense(3, "softmax")])
    net.compile("sgd", loss="categorical_crossentropy", metrics=[metrics.F1Score()])
    path = tmp_path / "log.csv"
    one_hot = np.eye(3)[np.arange(24) % 3]
    history = net.fit(x, one_hot, verbose=2, callbacks=callbacks.CSVLogger(path)).history
    with path.open(newline="") as file:
        row = next(csv.DictReader(file))
    assert json.loads(row["f1_score"]) == history["f1_score"][0].tolist()
    shown = " ".join(f"{value:.4g}" for value in history["f1_score"][0])
    assert f"f1_score: [{shown}]" in capsys.readouterr().out
