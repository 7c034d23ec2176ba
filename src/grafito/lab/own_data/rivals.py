"""What a network is measured against: a linear model and gradient boosting of scikit-learn."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import MissingDependencyError
from grafito.language import message

ROUNDS = 100
TREES = 3000  # of boosting, at most
LINEAR, BOOSTING, NETWORK = message("linear model"), message("gradient boosting"), "network"


def _sklearn(module: str) -> Any:
    """A part of scikit-learn, imported when it is needed."""
    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError:
        raise MissingDependencyError(
            "The linear model and gradient boosting come from scikit-learn.",
            fix="pip install scikit-learn",
        ) from None


def linear(classes: int, seed: int) -> Any:
    """Ridge regression, or logistic regression; their penalties are chosen by validation."""
    models = _sklearn("linear_model")
    if not classes:
        return models.RidgeCV(np.logspace(-3, 3, 13))
    return models.LogisticRegression(max_iter=1000, random_state=seed)


def boosting(classes: int, seed: int, categories: Sequence[bool] | None = None) -> Any:
    """Trees on histograms, in the settings that scikit-learn gives them, but for their number.

    Each round grows a tree for each class, so that of very many classes there are fewer rounds.

    Example:
        >>> boosting(3, 1).max_iter, boosting(300, 1).max_iter
        (100, 10)
    """
    ensemble = _sklearn("ensemble")
    kind = "HistGradientBoosting" + ("Classifier" if classes else "Regressor")
    return getattr(ensemble, kind)(
        random_state=seed, categorical_features=categories, max_iter=rounds(classes)
    )


def rounds(classes: int) -> int:
    """How many rounds boosting has.

    Example:
        >>> rounds(0), rounds(30), rounds(300)
        (100, 100, 10)
    """
    return min(ROUNDS, max(1, TREES // max(classes, 1)))


def answers(model: Any, x: np.ndarray, y: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What a model of scikit-learn says of other rows after it was fitted.

    Where all rows have one value, it is that.

    Example:
        >>> answers(linear(2, 1), np.zeros((3, 1)), np.array([1, 1, 1]), np.zeros((2, 1))).tolist()
        [1, 1]
    """
    if (y == y[0]).all():
        return np.full(len(others), y[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        return np.asarray(model.fit(x, y).predict(others))
