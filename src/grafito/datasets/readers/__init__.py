"""Readers of data files: one format per file, and no trust in what a file says of itself."""

from grafito.datasets.readers.cifar import read_cifar10, read_cifar100
from grafito.datasets.readers.idx import read_idx, read_idx_pair
from grafito.datasets.readers.npz import read_npz
from grafito.datasets.readers.table import read_csv

__all__ = [
    "read_cifar10",
    "read_cifar100",
    "read_csv",
    "read_idx",
    "read_idx_pair",
    "read_npz",
]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
