"""Arrays in files, with a content and the digests of both. This package knows no model."""

from grafito.files.arrays import read_arrays, write_arrays

__all__ = ["read_arrays", "write_arrays"]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
