"""Networks inside scikit-learn: pipelines, grids, weights, labels, and what is refused."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score, learning_curve
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from grafito import Sequential, layers, optimizers, seeds
from grafito.errors import ArgumentError, DataError
from grafito.estimators import NetworkClassifier, NetworkRegressor

IRIS = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])


def quick(**settings):
    return NetworkClassifier(
        **{"hidden": (16,), "learning_rate": 0.02, "random_state": 0, **settings}
    )


def test_a_classifier_learns_iris():
    x, y = IRIS
    model = quick().fit(x, NAMES[y])
    assert model.classes_.tolist() == NAMES.tolist()
    assert model.n_features_in_ == 4
    p = model.predict_proba(x)
    assert p.shape == (150, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (NAMES[p.argmax(axis=1)] == model.predict(x)).all()
    assert len(model.loss_curve_) == model.n_iter_ == 200
    assert model.loss_curve_[-1] < 0.1 < model.loss_curve_[0]
    np.testing.assert_allclose(np.exp(model.predict_log_proba(x)), p)
    assert (
        abs(
            model.score(x, NAMES[y])
            - MLPClassifier(max_iter=2000, random_state=0).fit(x, y).score(x, y)
        )
        < 0.04
    )


def test_pipeline_grid_and_curves():
    x, y = IRIS
    pipeline = make_pipeline(StandardScaler(), quick(epochs=60))
    grid = GridSearchCV(pipeline, {"networkclassifier__hidden": [(4,), (16,)]}, n_jobs=2, cv=3)
    assert grid.fit(x, y).best_score_ > 0.9
    assert cross_val_score(pipeline, x, y, cv=3).mean() > 0.9
    sizes, _, scores = learning_curve(pipeline, x, y, cv=3, train_sizes=[0.3, 1.0], shuffle=True)
    assert scores.shape == (2, 3)
    assert sizes[1] == 100
    importances = permutation_importance(grid, x, y, n_repeats=3, random_state=0).importances_mean
    assert importances[3] > importances[0]


def test_copies():
    x, y = IRIS
    model = quick(epochs=5).fit(x, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))
    fresh = clone(model)
    assert not hasattr(fresh, "model_")
    np.testing.assert_array_equal(fresh.fit(x, y).predict_proba(x), model.predict_proba(x))
    assert again.partial_fit(x, y).n_iter_ == 6


def test_names_of_columns():
    pandas = pytest.importorskip("pandas")
    x, y = IRIS
    frame = pandas.DataFrame(x, columns=list("abcd"))
    model = quick(epochs=2).fit(frame, y)
    assert model.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("bacd")])


@pytest.mark.parametrize("estimator", [NetworkClassifier, NetworkRegressor])
def test_a_weight_is_a_repetition_where_one_batch_holds_all(estimator):
    x, y = IRIS
    times = np.random.default_rng(0).integers(0, 4, 150)
    settings = {"batch_size": 1000, "epochs": 30, "random_state": 0}
    weighted = estimator(**settings).fit(x, y, sample_weight=times)
    repeated = estimator(**settings).fit(x.repeat(times, axis=0), y.repeat(times))
    say = "predict_proba" if estimator is NetworkClassifier else "predict"
    np.testing.assert_allclose(getattr(weighted, say)(x), getattr(repeated, say)(x), rtol=1e-10)


def test_several_labels():
    x, y = make_multilabel_classification(200, 8, n_classes=3, random_state=0)
    model = quick().fit(x, y)
    assert model.predict(x).shape == (200, 3)
    assert set(np.unique(model.predict(x))) == {0, 1}
    assert (model.predict(x) == y).mean() > 0.83
    assert ((model.predict_proba(x) > 0.5) == model.predict(x)).all()


def test_several_outputs():
    x = np.random.default_rng(0).normal(size=(150, 3))
    y = np.stack([x[:, 0] + x[:, 1], np.abs(x[:, 2])], axis=1)
    model = NetworkRegressor(hidden=30, learning_rate=0.02, random_state=0)
    assert model.fit(x, y).predict(x).shape == (150, 2)
    assert model.score(x, y) > 0.95
    assert model.fit(x, y[:, 0]).predict(x).shape == (150,)
    far = TransformedTargetRegressor(model, transformer=StandardScaler())
    assert far.fit(x, 1000 * y[:, 0] + 5000).score(x, 1000 * y[:, 0] + 5000) > 0.95


def test_partial_fit_goes_on_and_knows_all_classes():
    x, y = IRIS
    model = quick()
    for part in (slice(0, 100), slice(50, 150)):
        model.partial_fit(x[part], y[part], classes=[0, 1, 2])
    assert model.n_iter_ == 2
    assert model.predict_proba(x).shape == (150, 3)
    with pytest.raises(DataError, match="classes that the network was not made for"):
        quick().partial_fit(x[:100], y[:100]).partial_fit(x, y)


def test_warm_start_goes_on():
    x, y = IRIS
    model = quick(epochs=3, warm_start=True).fit(x, y)
    first = model.model_
    assert model.fit(x, y).model_ is first
    assert len(model.loss_curve_) == 6
    whole = quick(epochs=6).fit(x, y)
    np.testing.assert_allclose(model.loss_curve_, whole.loss_curve_)


def test_lbfgs_takes_all_examples_in_each_step():
    x = np.random.default_rng(0).normal(size=(300, 3))
    y = x @ [1.0, -2.0, 3.0] + 1
    model = NetworkRegressor(hidden=(), optimizer="lbfgs", epochs=40, random_state=0).fit(x, y)
    assert model.loss_curve_[-1] < 1e-8


def test_early_stopping_holds_a_part_out():
    x, y = IRIS
    model = quick(early_stopping=3, validation_fraction=0.2, epochs=500, learning_rate=0.1)
    model.fit(x, y)
    assert model.n_iter_ < 500
    assert "val_loss" in model.history_.history


def test_rare_classes_can_weigh_more():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (190, 2)), rng.normal(1, 1, (10, 2))])
    y = np.repeat(["no", "yes"], [190, 10])
    found = {
        weight: (quick(class_weight=given).fit(x, y).predict(x)[190:] == "yes").sum()
        for weight, given in [("none", None), ("balanced", "balanced"), ("own", {"yes": 19})]
    }
    assert found["none"] < found["balanced"]
    assert found["own"] == found["balanced"]


@pytest.mark.parametrize("units", [1, 2])
def test_a_network_of_ones_own(units):
    def network(shape, outputs):
        assert (shape, outputs) == ((6, 6, 1), 2)
        end = layers.Dense(units, activation="sigmoid" if units == 1 else "softmax")
        return Sequential([layers.Input(shape), layers.Conv2D(4, 3), layers.Flatten(), end])

    images = np.random.default_rng(0).integers(0, 255, (80, 6, 6, 1), dtype="uint8")
    y = np.where(images[:, 2, 2, 0] > 127, "bright", "dark")
    model = quick(network=network, epochs=80, learning_rate=0.002).fit(images / np.float32(255), y)
    assert model.predict_proba(images / np.float32(255)).shape == (80, 2)
    assert model.score(images / np.float32(255), y) > 0.9


def test_the_optimizer_and_the_stream_of_seeds_stay_the_users():
    x, y = IRIS
    sgd = optimizers.SGD(0.1, momentum=0.9)
    seeds.set_seed(1)
    expected = seeds.next_seed()
    seeds.set_seed(1)
    for _ in range(2):
        model = quick(optimizer=sgd, learning_rate=None, epochs=3).fit(x, y)
    assert seeds.next_seed() == expected
    assert model.model_.optimizer is not sgd
    assert model.model_.optimizer.momentum == 0.9


@pytest.mark.parametrize("loss", ["mse", "categorical_crossentropy"])
def test_other_losses(loss):
    x, y = IRIS
    assert quick(loss=loss).fit(x, y).score(x, y) > 0.9


def test_float_and_small_integers_stay_small():
    x, y = IRIS
    assert quick(epochs=1).fit(x, y).model_.layers[0].dtype == "float64"
    small = quick(epochs=1).fit((10 * x).astype("uint8"), y)
    assert small.model_.layers[0].dtype == "float32"


def ends_in(units):
    """A function that makes a network with so many outputs, whatever it is told."""
    last = "softmax" if units > 1 else "sigmoid"
    return lambda shape, n: Sequential([layers.Input(shape), layers.Dense(units, activation=last)])


def test_a_regressor_refuses_a_network_with_other_outputs():
    with pytest.raises(ArgumentError, match="5 units, 1 outputs"):
        NetworkRegressor(ends_in(5)).fit(*IRIS)


def test_weights_below_zero_are_refused():
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        quick().fit(*IRIS, sample_weight=np.full(150, -1.0))


def test_weights_of_classes_that_a_fold_lacks_are_no_fault():
    x, y = IRIS
    assert quick(epochs=1, class_weight={0: 1, 1: 2, 2: 3}).fit(x[:100], y[:100]).n_iter_ == 1


@pytest.mark.parametrize(
    ("settings", "y", "error", "words"),
    [
        ({}, np.zeros(150), DataError, "all of 1 class"),
        ({}, np.stack([IRIS[1], IRIS[1]], 1), DataError, "a label that is 0 or 1"),
        ({"class_weight": "uniform"}, IRIS[1], ArgumentError, "dictionary from class"),
        ({"network": Sequential()}, IRIS[1], ArgumentError, "a function that makes a new model"),
        ({"network": lambda shape, n: None}, IRIS[1], ArgumentError, "must return a model"),
        ({"class_weight": {0: 1, "1": 5}}, IRIS[1], ArgumentError, "class that the targets"),
        ({"network": ends_in(5)}, IRIS[1], ArgumentError, "5 units, 3 outputs"),
        ({"network": ends_in(1)}, IRIS[1], ArgumentError, "1 units, 3 outputs"),
        ({"optimizer": "adan"}, IRIS[1], ArgumentError, "adam"),
        ({"epochs": 0.5}, IRIS[1], ArgumentError, "epochs"),
        *(
            (
                {"early_stopping": True, "validation_fraction": share},
                IRIS[1],
                ArgumentError,
                "try  *validation_fraction=0.1",
            )
            for share in (0, 1, -0.1, None, "a")
        ),
    ],
)
def test_bad_settings(settings, y, error, words):
    model = quick(**settings)
    with pytest.raises(error, match=words):
        model.fit(IRIS[0], y)


def test_sparse_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match="toarray"):
        quick().fit(csr_array(IRIS[0]), IRIS[1])


def test_absent_scikit_learn_is_named_with_its_command():
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'sklearn' else find(name, *a)\n"
        "import grafito\n"
        "try: grafito.estimators\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install -U scikit-learn" in done.stdout
