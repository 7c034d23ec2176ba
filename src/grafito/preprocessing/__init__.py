"""Data before they enter a model, with the names of older programs."""

from grafito.errors import names_of as _names_of
from grafito.preprocessing import image, sequence
from grafito.utils import image_dataset_from_directory, timeseries_dataset_from_array

__all__ = ["image", "image_dataset_from_directory", "sequence", "timeseries_dataset_from_array"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
