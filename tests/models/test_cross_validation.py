"""Cross-validation: every example is held out once, and nothing of it is seen before."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score

from grafito import layers, models
from grafito.errors import ArgumentError
from grafito.optimizers import SGD

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


def build(x):
    model = models.Sequential([layers.Input(x.shape[1:]), layers.Dense(1)])
    model.compile("adam", loss="mse")
    return model


def run(y, make=build, **settings):
    return models.cross_validate(make, X, y, **{"epochs": 1, "verbose": 0, **settings})


@pytest.mark.parametrize("folds", [2, 5, 40])
def test_every_example_is_held_out_once(folds):
    result = run(X[:, :1], folds=folds)
    assert sorted(np.concatenate([held for _, held in result.folds])) == list(range(40))
    assert all(not set(train) & set(held) for train, held in result.folds)
    assert result.scores["loss"].shape == (folds,)
    assert result.mean("loss") == pytest.approx(np.mean(result.scores["loss"]))
    assert result.deviation("loss") == pytest.approx(np.std(result.scores["loss"], ddof=1))
    assert len({id(model) for model in result.models}) == folds


def test_folds_keep_the_shares_of_the_classes():
    y = (np.arange(40) < 10).astype("uint8")[:, None]
    assert [y[held].sum() for _, held in run(y).folds] == [2] * 5


def test_preprocessing_never_sees_the_held_out_part():
    x = X.copy()
    x[::4, 0] = np.nan
    seen = []

    def look(part):
        seen.append(part[:, 0])
        return build(part)

    result = models.cross_validate(
        look, x, X[:, :1], preprocessing=SimpleImputer(), epochs=1, verbose=0
    )
    for (train, _), column in zip(result.folds, seen, strict=True):
        filled = column[np.isnan(x[train, 0])]
        np.testing.assert_allclose(filled, np.nanmean(x[train, 0]), rtol=1e-6)


def test_scores_are_those_of_scikit_learn():
    """Least squares by both, on the same folds."""
    y = X @ np.array([[1.0], [-2.0], [0.5]], "float32") + X[:, :1] ** 2
    result = models.cross_validate(_solved(y), X, y, folds=4, epochs=1, verbose=0)
    scores = cross_val_score(
        LinearRegression(), X, y, cv=result.folds, scoring="neg_mean_squared_error"
    )
    np.testing.assert_allclose(result.scores["loss"], -scores, rtol=1e-4)


def _solved(y):
    """A way to build models that hold the solution already and do not move."""

    def make(x):
        rows = [np.flatnonzero((row == X).all(axis=1))[0] for row in x]
        line = LinearRegression().fit(x, y[rows])
        model = build(x)
        model.compile(SGD(0.0), loss="mse")
        model.set_weights([line.coef_.T, line.intercept_])
        return model

    return make


@pytest.mark.parametrize("folds", [0, 1, 41])
def test_impossible_folds(folds):
    with pytest.raises(ArgumentError, match="from 2 to 40"):
        run(X[:, :1], folds=folds)


def test_a_model_is_not_used_twice():
    model = build(X)
    with pytest.raises(ArgumentError, match="inside build"):
        run(X[:, :1], make=lambda x: model)
