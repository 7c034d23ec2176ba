"""Every check that scikit-learn has for estimators, on networks; none is expected to fail."""

from __future__ import annotations

import warnings

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from grafito.estimators import NetworkClassifier, NetworkRegressor

# Its own mark hands over a generator in 1.6, which pytest will not take for long.
_mark = parametrize_with_checks([NetworkClassifier(), NetworkRegressor()])
_names, _checks = _mark.args


@pytest.mark.parametrize(_names, list(_checks), **_mark.kwargs)
def test_checks_of_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # the data are made for the checks, and strange
        check(estimator)
