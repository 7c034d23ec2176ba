"""Sequences of different lengths as one array."""

from grafito.errors import names_of as _names_of
from grafito.utils import pad_sequences

__all__ = ["pad_sequences"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
