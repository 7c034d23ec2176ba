"""Metrics with thresholds, batch by batch, on predictions that often equal their threshold."""

from __future__ import annotations

import numpy as np

from grafito import metrics

SHORT = 200  # cases of the short form
NEAR = {"rtol": 1e-5, "atol": 1e-6}


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a, dtype="float64"), where=b != 0)


def case(rng: np.random.Generator) -> None:
    """Accuracy, precision, recall and F1 of a few batches against their definitions."""
    n, columns = int(rng.integers(1, 30)), int(rng.integers(1, 4))
    y = rng.integers(0, 2, (n, columns)).astype("float32")
    p = np.round(rng.random((n, columns)), 1).astype("float32")
    threshold = float(rng.choice([0.1, 0.3, 0.5, 0.6, 0.7, 0.9]))
    weights = rng.choice([0.0, 0.5, 1.0, 2.0], n) if rng.random() < 0.4 else None
    v = np.ones((n, 1)) if weights is None else weights[:, None]
    yes = p > np.float32(threshold)  # as numbers of the dtype of the predictions
    true, false, missed = (
        np.sum(v * counted, axis=0) for counted in (yes * y, yes * (1 - y), ~yes * y)
    )
    f1 = ratio(2 * true, 2 * true + false + missed)
    average = [None, "micro", "macro"][rng.integers(3)]
    expected = {
        metrics.BinaryAccuracy(threshold=threshold): np.average(
            np.mean(yes == y, axis=1), weights=v[:, 0] if v.any() else None
        )
        * bool(v.any()),
        metrics.Precision(thresholds=threshold): ratio(true.sum(), true.sum() + false.sum()),
        metrics.Recall(thresholds=threshold): ratio(true.sum(), true.sum() + missed.sum()),
        metrics.F1Score(average=average, threshold=threshold): {
            None: f1,
            "macro": f1.mean(),
            "micro": ratio(2 * true.sum(), 2 * true.sum() + false.sum() + missed.sum()),
        }[average],
    }
    size = int(rng.integers(1, n + 1))
    for metric, right in expected.items():
        for again in range(2):
            for i in range(0, n, size):
                some = slice(i, i + size)
                part = None if weights is None else weights[some]
                metric.update_state(y[some], p[some], sample_weight=part)
            words = f"{metric.name}, threshold {threshold}, time {again + 1}"
            np.testing.assert_allclose(metric.result(), right, **NEAR, err_msg=words)
            metric.reset_state()
