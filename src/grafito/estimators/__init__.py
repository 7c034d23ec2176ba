"""scikit-learn's face: networks as estimators, for pipelines, grids and cross-validation.

scikit-learn is loaded with this module, not with grafito.
"""

from __future__ import annotations

import importlib.util

from grafito.errors import MissingDependencyError

if importlib.util.find_spec("sklearn") is None:
    raise MissingDependencyError(
        "The estimators need the package scikit-learn.",
        where="grafito.estimators",
        fix="pip install -U scikit-learn",
    )

from grafito.estimators.classification import NetworkClassifier
from grafito.estimators.regression import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
