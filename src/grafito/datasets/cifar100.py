"""CIFAR-100: 60,000 small photographs in 100 fine and 20 coarse classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grafito.datasets.readers.cifar import read_cifar100
from grafito.datasets.store import get
from grafito.errors import GrafitoWarning, unknown_name, warn

__all__ = ["load_data"]

Arrays = tuple[np.ndarray, np.ndarray]

_WHOLE = (50_000, 10_000)


def load_data(label_mode: str = "fine") -> tuple[Arrays, Arrays]:
    """Load CIFAR-100, from the folders of GRAFITO_DATA or the cache, else by download (169 MB).

    A subset of the same form in GRAFITO_DATA is accepted with a warning that tells its size.

    Args:
        label_mode: "fine" for 100 classes, "coarse" for 20.

    Returns:
        ((x_train, y_train), (x_test, y_test)): images (50000, 32, 32, 3) and
        (10000, 32, 32, 3) of uint8 from 0 to 255, labels (50000, 1) and (10000, 1) of int64.

    Raises:
        DataError: the archive is not here and cannot be downloaded, or holds something else.
        FileError: the archive is damaged.

    Source: https://keras.io/api/datasets/cifar100/

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data("coarse")
        >>> x_train.shape[1:], int(y_train.max())
        ((32, 32, 3), 19)
    """
    if label_mode not in ("fine", "coarse"):
        raise unknown_name("label_mode", label_mode, ("fine", "coarse"))
    (path,) = get("cifar100").values()
    batches = read_cifar100(path)
    counts = tuple(len(batch.images) for batch in batches)
    if counts != _WHOLE:
        warn(
            GrafitoWarning(
                f"{path.name} is a subset of CIFAR-100: {counts[0]} of 50000 training and "
                f"{counts[1]} of 10000 test images."
            )
        )
    train, test = (
        (batch.images, batch.labels[f"{label_mode}_labels"].astype(np.int64).reshape(-1, 1))
        for batch in batches
    )
    return train, test


def check(path: Path) -> str:
    """Read the archive and say what it holds; a DataError or FileError if it is bad."""
    counts = tuple(len(batch.images) for batch in read_cifar100(path))
    kind = "" if counts == _WHOLE else "a subset: "
    return f"{kind}{counts[0]:,} training and {counts[1]:,} test images of 32 x 32 x 3"


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
