"""Models in files."""

from grafito.files.native import load_model, load_weights, save_model, save_weights

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
