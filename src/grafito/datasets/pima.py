"""Pima Indians diabetes: 768 women, 8 measurements, and whether diabetes followed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grafito.datasets.readers.table import read_csv
from grafito.datasets.store import get
from grafito.datasets.transforms import stratified_split
from grafito.errors import DataError
from grafito.language import message

__all__ = ["FEATURES", "load_data"]

Arrays = tuple[np.ndarray, np.ndarray]

FEATURES = (
    "pregnancies", "glucose", "blood_pressure", "skin_fold", "insulin", "body_mass_index",
    "pedigree", "age",
)  # fmt: skip


def load_data(test_split: float = 0.2, seed: int = 113) -> tuple[Arrays, Arrays]:
    """Load the Pima Indians diabetes data, split with both classes alike.

    A zero stands for a missing value in glucose, blood pressure, skin fold, insulin and body
    mass index.

    Args:
        test_split: the share of the test part, between 0 and 1.
        seed: of the split.

    Returns:
        ((x_train, y_train), (x_test, y_test)): measurements (n, 8) of float32 and labels (n,) of
        uint8, 0 or 1; 614 and 154 rows by default.

    Raises:
        ArgumentError: test_split is outside its range.
        DataError: the file is not here and cannot be downloaded, or holds something else.

    Source: Smith and others: Using the ADAP learning algorithm to forecast the onset of diabetes
    mellitus, 1988

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((614, 8), (154,))
    """
    (file,) = get("pima").values()
    values = _read(file)
    x, y = values[:, :-1].astype(np.float32), values[:, -1].astype(np.uint8)
    train, test = stratified_split(y, test_split, seed)
    return (x[train], y[train]), (x[test], y[test])


def check(path: Path) -> str:
    """Read the file and say what it holds; a DataError or FileError if it is bad."""
    rows, columns = _read(path).shape
    return message(f"{rows:,} rows of {columns} columns")


def _read(path: Path) -> np.ndarray:
    values = read_csv(path, header=None).values
    ones = int(np.count_nonzero(values[:, -1] == 1))
    zeros = int(np.count_nonzero(values[:, -1] == 0))
    if values.shape != (768, 9) or (zeros, ones) != (500, 268):
        raise DataError(
            "The file does not hold this data set.",
            where=path,
            received=f"shape {values.shape}, {zeros} zeros and {ones} ones in the last column",
            expected="shape (768, 9), 500 zeros and 268 ones",
        )
    return values


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
