"""CIFAR-10: 60,000 small photographs in 10 classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grafito.datasets.readers.cifar import read_cifar10
from grafito.datasets.store import get
from grafito.language import message

__all__ = ["load_data"]

Arrays = tuple[np.ndarray, np.ndarray]


def load_data() -> tuple[Arrays, Arrays]:
    """Load CIFAR-10, from the folders of GRAFITO_DATA or the cache, else by download (170 MB).

    Returns:
        ((x_train, y_train), (x_test, y_test)): images (50000, 32, 32, 3) and
        (10000, 32, 32, 3) of uint8 from 0 to 255, labels (50000, 1) and (10000, 1) of uint8
        from 0 to 9.

    Raises:
        DataError: the archive is not here and cannot be downloaded, or holds something else.
        FileError: the archive is damaged.

    Source: https://keras.io/api/datasets/cifar10/

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((50000, 32, 32, 3), (10000, 1))
    """
    (path,) = get("cifar10").values()
    train, test = (
        (batch.images, batch.labels["labels"].astype(np.uint8).reshape(-1, 1))
        for batch in read_cifar10(path)
    )
    return train, test


def check(path: Path) -> str:
    """Read the archive and say what it holds; a DataError or FileError if it is bad."""
    train, test = read_cifar10(path)
    counts = len(train.images), len(test.images)
    return message(f"{counts[0]:,} training and {counts[1]:,} test images of 32 x 32 x 3")


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
