"""Fashion-MNIST: 70,000 articles of clothing."""

from __future__ import annotations

from grafito.datasets import _idx_images

__all__ = ["load_data"]

check = _idx_images.check


def load_data() -> tuple[_idx_images.Arrays, _idx_images.Arrays]:
    """Load Fashion-MNIST, from the folders of GRAFITO_DATA or the cache, else by download (31 MB).

    Returns:
        ((x_train, y_train), (x_test, y_test)): images (60000, 28, 28) and (10000, 28, 28) of
        uint8 from 0 to 255, labels (60000,) and (10000,) of uint8 from 0 to 9.

    Raises:
        DataError: the files are not here and cannot be downloaded, or hold something else.
        FileError: a file is damaged.

    Source: https://keras.io/api/datasets/fashion_mnist/

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((60000, 28, 28), (10000,))
    """
    return _idx_images.load("fashion_mnist")


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
