"""Boston housing: 506 districts, 13 attributes and the median price."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grafito.datasets.readers.table import read_csv
from grafito.datasets.store import get
from grafito.datasets.transforms import shuffled_split
from grafito.errors import DataError
from grafito.language import message

__all__ = ["FEATURES", "load_data"]

Arrays = tuple[np.ndarray, np.ndarray]

FEATURES = (
    "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B",
    "LSTAT",
)  # fmt: skip


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[Arrays, Arrays]:
    """Load the Boston housing data, shuffled and split as Keras does.

    Args:
        path: for programs written for Keras; it has no effect here.
        test_split: the share of the test part, from 0 up to but without 1.
        seed: of the shuffle.

    Returns:
        ((x_train, y_train), (x_test, y_test)): attributes (n, 13) and prices in 1,000 dollars
        (n,), float64; 404 and 102 rows by default.

    Raises:
        ArgumentError: test_split is outside its range.
        DataError: the file is not here and cannot be downloaded, or holds something else.

    Source: https://keras.io/api/datasets/boston_housing/

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((404, 13), (102,))
    """
    (file,) = get("boston_housing").values()
    values = _read(file)
    return shuffled_split(values[:, :-1], values[:, -1], test_split, seed)


def check(path: Path) -> str:
    """Read the file and say what it holds; a DataError or FileError if it is bad."""
    rows, columns = _read(path).shape
    return message(f"{rows:,} rows of {columns} columns")


def _read(path: Path) -> np.ndarray:
    values = read_csv(path, delimiter=None, header=False).values
    prices = values[:, -1]
    if values.shape != (506, 14) or prices.min() < 5 or prices.max() > 50:
        raise DataError(
            "The file does not hold this data set.",
            where=path,
            received=f"shape {values.shape}, prices from {prices.min()} to {prices.max()}",
            expected="shape (506, 14), prices from 5 to 50",
        )
    return values


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
