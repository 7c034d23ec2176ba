"""California housing: 20,640 districts, 8 attributes and the median price."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grafito.datasets.readers.archive import read_tar
from grafito.datasets.readers.table import parse_table, read_csv
from grafito.datasets.store import get
from grafito.datasets.transforms import shuffled_split
from grafito.errors import DataError, unknown_name
from grafito.language import message

__all__ = ["FEATURES", "load_data"]

Arrays = tuple[np.ndarray, np.ndarray]

FEATURES = (
    "longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population",
    "households", "median_income",
)  # fmt: skip

_MEMBER = "CaliforniaHousing/cal_housing.data"
_MAX_BYTES = 16 << 20


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[Arrays, Arrays]:
    """Load the California housing data, shuffled and split as Keras does.

    Args:
        version: "large" for all rows, "small" for the first 600.
        path: for programs written for Keras; it has no effect here.
        test_split: the share of the test part, from 0 up to but without 1.
        seed: of the shuffle.

    Returns:
        ((x_train, y_train), (x_test, y_test)): attributes (n, 8) and prices in dollars (n,),
        float32; 16,512 and 4,128 rows by default.

    Raises:
        ArgumentError: version or test_split is outside its range.
        DataError: the file is not here and cannot be downloaded, or holds something else.

    Source: https://keras.io/api/datasets/california_housing/

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((16512, 8), (4128,))
    """
    if version not in ("large", "small"):
        raise unknown_name("version", version, ("large", "small"))
    (file,) = get("california_housing").values()
    values = _read(file)[: 600 if version == "small" else None].astype(np.float32)
    return shuffled_split(values[:, :-1], values[:, -1], test_split, seed)


def check(path: Path) -> str:
    """Read the file and say what it holds; a DataError or FileError if it is bad."""
    rows, columns = _read(path).shape
    return message(f"{rows:,} rows of {columns} columns")


def _read(path: Path) -> np.ndarray:
    if path.suffix == ".tgz":
        members = dict(read_tar(path, _MEMBER, max_bytes=_MAX_BYTES, max_members=100))
        if _MEMBER not in members:
            raise DataError("The archive lacks its table.", where=path, expected=_MEMBER)
        values = parse_table(members[_MEMBER], f"{path}, {_MEMBER}", header=False).values
    else:
        values = read_csv(path, header=False).values
    prices = values[:, -1]
    if values.shape != (20_640, 9) or prices.min() < 14_999 or prices.max() > 500_001:
        raise DataError(
            "The file does not hold this data set.",
            where=path,
            received=f"shape {values.shape}, prices from {prices.min()} to {prices.max()}",
            expected="shape (20640, 9), prices from 14999 to 500001",
        )
    return values


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
