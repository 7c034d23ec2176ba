"""Digits: 1,797 handwritten digits of 8 x 8, which come with scikit-learn."""

from __future__ import annotations

import numpy as np

from grafito.datasets.transforms import stratified_split

__all__ = ["load_data"]

Arrays = tuple[np.ndarray, np.ndarray]


def load_data(test_split: float = 0.2, seed: int = 113) -> tuple[Arrays, Arrays]:
    """Load scikit-learn's digits, split with all classes alike; needs no download.

    Args:
        test_split: the share of the test part, between 0 and 1.
        seed: of the split.

    Returns:
        ((x_train, y_train), (x_test, y_test)): images (n, 8, 8) of uint8 from 0 to 16, labels
        (n,) of uint8 from 0 to 9; 1,438 and 359 images by default.

    Raises:
        ArgumentError: test_split is outside its range.

    Source: https://archive.ics.uci.edu/dataset/80

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_test.shape
        ((1438, 8, 8), (359,))
    """
    from sklearn.datasets import load_digits

    bundled = load_digits()
    images, labels = bundled.images.astype(np.uint8), bundled.target.astype(np.uint8)
    train, test = stratified_split(labels, test_split, seed)
    return (images[train], labels[train]), (images[test], labels[test])


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
