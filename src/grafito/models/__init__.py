"""Models: networks that can be trained, evaluated, saved and drawn."""

from grafito.errors import names_of as _names_of
from grafito.models.architecture import model_from_json
from grafito.models.cloning import clone_model
from grafito.models.functional import Functional
from grafito.models.model import Model
from grafito.models.saving import load_model, save_model
from grafito.models.sequential import Sequential
from grafito.models.validation import CrossValidation, cross_validate

__all__ = ["CrossValidation", "Functional", "Model", "Sequential", "cross_validate"]
__all__ += ["clone_model", "load_model", "model_from_json", "save_model"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
