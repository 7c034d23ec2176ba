"""AUC in all its forms, against Keras."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import Sequential, layers, metrics
from grafito.errors import ArgumentError, ShapeError

RANDOM = np.random.default_rng(3)
TRUE = RANDOM.integers(0, 2, (30, 3))
PRED = np.round(RANDOM.uniform(size=(30, 3)), 2).astype("float32")
WEIGHT = RANDOM.uniform(size=30).astype("float32")

FORMS = [
    {},
    {"thresholds": [0.5]},
    {"thresholds": [0.75, 0.25, 0.5]},
    {"num_thresholds": None, "thresholds": [0.1, 0.6]},
    {"multi_label": True},
    {"multi_label": True, "num_labels": 3},
    {"multi_label": True, "label_weights": [0.2, 0.5, 3.0], "num_labels": 3},
    {"multi_label": True, "curve": "PR", "num_thresholds": 50},
    {"multi_label": True, "curve": "PR", "summation_method": "minoring"},
    {"multi_label": True, "summation_method": "majoring", "label_weights": [1.0, 0.0, 2.0]},
    {"label_weights": [0.2, 0.5, 3.0]},
    {"from_logits": True, "multi_label": True},
]


@pytest.mark.parametrize("form", [{}, {"curve": "PR"}, {"multi_label": True}], ids=str)
def test_what_is_no_probability_counts_as_the_nearest(form, keras):
    scores = (4 * PRED - 1.5).astype("float32")
    areas = []
    for auc in (metrics.AUC(**form), keras.metrics.AUC(**form)):
        auc.update_state(TRUE, scores)
        areas.append(float(auc.result()))
    assert areas[0] == pytest.approx(areas[1], rel=2e-5)
    assert metrics.AUC()([0, 1, 1, 0], [-0.5, 0.3, 1.7, 0.6]) == pytest.approx(0.75)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_as_in_keras(form, weighted, keras):
    ours, theirs = metrics.AUC(**form), keras.metrics.AUC(**form)
    np.testing.assert_allclose(ours.thresholds, theirs.thresholds, rtol=1e-6)
    weights = WEIGHT if weighted else None
    if "label_weights" in form and weighted and "multi_label" not in form:
        pytest.skip("Keras multiplies weights of another shape")
    for part in (slice(0, 12), slice(12, 30)):
        some = None if weights is None else weights[part]
        ours.update_state(TRUE[part], PRED[part], some)
        theirs.update_state(TRUE[part], PRED[part], some)
    np.testing.assert_allclose(float(ours.result()), float(theirs.result()), rtol=2e-5)
    again = metrics.AUC.from_config(ours.get_config())
    assert again.thresholds == ours.thresholds
    again.update_state(TRUE, PRED, weights)
    assert float(again.result()) == pytest.approx(float(ours.result()), rel=1e-12)
    ours.reset_state()
    ours.update_state(TRUE, PRED, weights)
    assert float(again.result()) == pytest.approx(float(ours.result()), rel=1e-12)


def test_in_training(keras):
    x = RANDOM.normal(size=(30, 4)).astype("float32")
    results = []
    for library in (None, keras):
        part, kinds = (layers, metrics) if library is None else (keras.layers, keras.metrics)
        model = (library or __import__("grafito")).Sequential(
            [part.Input((4,)), part.Dense(3, "sigmoid", kernel_initializer="ones")]
        )
        model.compile("sgd", "binary_crossentropy", metrics=[kinds.AUC(multi_label=True, name="a")])
        results.append(model.evaluate(x, TRUE, verbose=0, batch_size=8, return_dict=True)["a"])
    assert results[0] == pytest.approx(results[1], rel=1e-5)
    assert isinstance(Sequential, type)


WRONG = {
    "none": (ArgumentError, lambda: metrics.Precision(thresholds=[None])),
    "a number among lists": (ArgumentError, lambda: metrics.Recall(thresholds=[0.5, [0.2]])),
    "text": (ArgumentError, lambda: metrics.AUC(thresholds=["a"])),
    "outside": (ArgumentError, lambda: metrics.TruePositives(thresholds=1.5)),
    "no number": (ArgumentError, lambda: metrics.AUC(num_thresholds=None)),
    "beta None": (ArgumentError, lambda: metrics.FBetaScore(beta=None)),
    "beta text": (ArgumentError, lambda: metrics.FBetaScore(beta="1")),
    "threshold text": (ArgumentError, lambda: metrics.F1Score(threshold="a")),
    "threshold 0": (ArgumentError, lambda: metrics.F1Score(threshold=0.0)),
    "labels": (ShapeError, lambda: metrics.AUC(multi_label=True, num_labels=2)(TRUE, PRED)),
    "flat": (ShapeError, lambda: metrics.AUC(multi_label=True)(TRUE[:, 0], PRED[:, 0])),
    "curve": (ArgumentError, lambda: metrics.AUC(curve="PRGAIN")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused(name):
    error, make = WRONG[name]
    with pytest.raises(error):
        make()
