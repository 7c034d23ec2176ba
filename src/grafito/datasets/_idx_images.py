"""What MNIST and Fashion-MNIST share: four IDX files, 60,000 and 10,000 images of 28 x 28."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grafito.datasets.readers.idx import check_labels, read_idx, read_idx_pair
from grafito.datasets.store import get
from grafito.errors import DataError
from grafito.language import message

_COUNTS = {"train": 60_000, "t10k": 10_000}
_CLASSES = 10

Arrays = tuple[np.ndarray, np.ndarray]


def load(name: str) -> tuple[Arrays, Arrays]:
    """Read the training and test parts of the data set `name`, checked."""
    files = get(name)
    parts = []
    for part, count in _COUNTS.items():
        images = files[f"{part}-images-idx3-ubyte.gz"]
        labels = files[f"{part}-labels-idx1-ubyte.gz"]
        x, y = read_idx_pair(images, labels, classes=_CLASSES)
        _check_shape(x, (count, 28, 28), images)
        parts.append((x, y))
    return parts[0], parts[1]


def check(path: Path) -> str:
    """Read one of the four files and say what it holds; a DataError or FileError if it is bad."""
    values = read_idx(path)
    count = _COUNTS["train" if path.name.startswith("train") else "t10k"]
    if "images" in path.name:
        _check_shape(values, (count, 28, 28), path)
        return message(f"{count:,} images of 28 x 28")
    _check_shape(values, (count,), path)
    check_labels(values, _CLASSES, path)
    return message(f"{count:,} labels from 0 to {_CLASSES - 1}")


def _check_shape(values: np.ndarray, shape: tuple[int, ...], path: Path) -> None:
    if values.shape != shape or values.dtype != np.uint8:
        raise DataError(
            "The file does not hold this data set.",
            where=path,
            received=f"shape {values.shape} of {values.dtype}",
            expected=f"shape {shape} of uint8",
        )
