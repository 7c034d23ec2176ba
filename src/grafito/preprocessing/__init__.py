"""Data before they enter a model, with the names of older programs."""

from grafito.errors import names_of as _names_of
from grafito.preprocessing import image, sequence

__all__ = ["image", "sequence"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
