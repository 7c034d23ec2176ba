"""Answers in words to "it does not learn" and "is this gradient right?", from numbers.

Everything here looks at a model, or trains a copy of it; the model itself stays as it is.
"""

from grafito.errors import names_of as _names_of
from grafito.insight.diagnosis import Diagnosis, Health, diagnose
from grafito.insight.gradients import GradientCheck, gradient_check
from grafito.insight.nan import NaNReport, replay, where_nan
from grafito.insight.pictures import (
    embedding_map,
    grad_cam,
    maximise_unit,
    occlusion,
    saliency,
)
from grafito.insight.player import Operation, Player
from grafito.insight.tries import Overfit, RateRange, overfit_one_batch, rate_range

__all__ = [
    "Diagnosis",
    "GradientCheck",
    "Health",
    "NaNReport",
    "Operation",
    "Overfit",
    "Player",
    "RateRange",
    "diagnose",
    "embedding_map",
    "grad_cam",
    "gradient_check",
    "maximise_unit",
    "occlusion",
    "overfit_one_batch",
    "rate_range",
    "replay",
    "saliency",
    "where_nan",
]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
