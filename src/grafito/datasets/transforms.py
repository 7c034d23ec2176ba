"""Splitting data in two and bringing columns to one scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from grafito.errors import ArgumentError, DataError

__all__ = ["class_labels", "shuffled_split", "standardise", "stratified_split"]

# RandomState here and in the other files of this folder: NumPy promises that its numbers stay the
# same in all versions, which it does not for the newer Generator.


def stratified_split(
    labels: ArrayLike, fraction: float, seed: int | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Choose a held-out sample in which every class has its share.

    Where `class_labels` finds no classes, or one is too rare to be divided, it is a plain sample.
    The choice is that of scikit-learn's StratifiedShuffleSplit with the same seed.

    Args:
        labels: one per example: (n,), (n, 1), or one-hot (n, classes).
        fraction: the share to hold out, between 0 and 1.
        seed: of the choice; None draws another one each time.

    Returns:
        (train, held_out): two arrays of indices, each in rising order.

    Raises:
        ArgumentError: the fraction is not between 0 and 1.
        DataError: there are too few examples to leave one on each side.

    Example:
        >>> train, held_out = stratified_split([0, 0, 0, 0, 1, 1], 1 / 3, seed=1)
        >>> len(train), len(held_out)
        (4, 2)
    """
    targets = np.asarray(labels)
    count = targets.shape[0] if targets.ndim else 0
    if not 0 < fraction < 1:
        raise ArgumentError(
            "The share to hold out must lie between 0 and 1.", where="fraction", received=fraction
        )
    held = round(count * fraction)
    if not 0 < held < count:
        raise DataError(
            "There are too few examples to split.",
            received=f"{count} examples, {fraction} of them to hold out",
            expected="at least one on each side",
            fix="give more data or another fraction",
        )
    classes = class_labels(targets)
    if classes is None or min(held, count - held) < len(np.unique(classes)):
        order = np.random.RandomState(seed).permutation(count)
        return np.sort(order[held:]), np.sort(order[:held])
    return _shares(classes, held, np.random.RandomState(seed))


def _shares(
    classes: np.ndarray, held: int, random: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """As scikit-learn chooses, whose import would take longer than a short training."""
    _, numbers, counts = np.unique(classes, return_inverse=True, return_counts=True)
    kept = _whole_shares(counts, len(classes) - held, random)
    left = _whole_shares(counts - kept, held, random)
    members = np.split(np.argsort(numbers, kind="stable"), np.cumsum(counts)[:-1])
    train, held_out = [], []
    for own, k, n in zip(members, kept, left, strict=True):
        order = own[random.permutation(len(own))]
        train.append(order[:k])
        held_out.append(order[k : k + n])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(held_out))


def _whole_shares(counts: np.ndarray, total: int, random: np.random.RandomState) -> np.ndarray:
    """How many of each class, so that they are `total`: the largest remainders are rounded up."""
    exact = counts / counts.sum() * total
    shares = np.floor(exact)
    remainders, missing = exact - shares, int(total - shares.sum())
    for remainder in np.unique(remainders)[::-1]:
        (equal,) = np.nonzero(remainders == remainder)
        if missing > 0:
            up = random.choice(equal, size=min(len(equal), missing), replace=False)
            shares[up] += 1
            missing -= len(up)
    return shares.astype(int)


def class_labels(labels: ArrayLike) -> np.ndarray | None:
    """Read class labels from targets, where the targets are classes.

    Args:
        labels: targets: whole numbers or text (n,) or (n, 1), or one-hot (n, classes).

    Returns:
        The classes (n,), or None if the targets are continuous, several per example, or have a
        class with fewer than two members.

    Example:
        >>> class_labels([[0, 1], [1, 0], [0, 1], [1, 0]]).tolist()
        [1, 0, 1, 0]
        >>> class_labels([0.5, 1.25, 3.75]) is None
        True
    """
    targets = np.asarray(labels)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    elif targets.ndim == 2 and _is_one_hot(targets):
        targets = targets.argmax(axis=1)
    if targets.ndim != 1 or targets.dtype.kind not in "biufUS":
        return None
    if targets.dtype.kind == "f" and not np.array_equal(targets, np.round(targets)):
        return None
    _, counts = np.unique(targets, return_counts=True)
    return targets if counts.size and counts.min() >= 2 else None


def _is_one_hot(labels: np.ndarray) -> bool:
    is_zero_or_one = np.isin(labels, (0, 1)).all()
    return bool(is_zero_or_one and (np.count_nonzero(labels, axis=1) == 1).all())


def shuffled_split(
    x: np.ndarray, y: np.ndarray, test_split: float, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Shuffle examples and cut the last share off as test part, in the order that Keras gives.

    Args:
        x: inputs (n, ...).
        y: targets (n, ...).
        test_split: the share of the test part, from 0 up to but without 1.
        seed: of the shuffle.

    Returns:
        ((x_train, y_train), (x_test, y_test)).

    Raises:
        ArgumentError: test_split is outside its range.

    Example:
        >>> train, test = shuffled_split(np.arange(10), np.arange(10), 0.2, seed=113)
        >>> len(train[0]), len(test[0])
        (8, 2)
    """
    if not 0 <= test_split < 1:
        raise ArgumentError(
            "The share of the test part must be at least 0 and less than 1.",
            where="test_split",
            received=test_split,
        )
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    cut = int(len(x) * (1 - test_split))
    train, test = order[:cut], order[cut:]
    return (x[train], y[train]), (x[test], y[test])


def standardise(train: ArrayLike, *others: ArrayLike) -> tuple[np.ndarray, ...]:
    """Bring each column to mean 0 and deviation 1, as measured on the training part alone.

    Args:
        train: the training inputs (n, ...); statistics are over the first axis.
        others: further inputs, for example the test part, scaled by the same numbers.

    Returns:
        All the arrays, scaled; float32 stays, other types become float64. A constant column
        becomes 0.

    Raises:
        DataError: the training part is empty.

    Example:
        >>> train, test = standardise([[1.0, 5.0], [3.0, 5.0]], [[5.0, 5.0]])
        >>> train.tolist(), test.tolist()
        ([[-1.0, 0.0], [1.0, 0.0]], [[3.0, 0.0]])
    """
    reference = np.asarray(train, np.float64)
    if not len(reference):
        raise DataError("The training part is empty.", where="standardise")
    mean = reference.mean(axis=0)
    deviation = reference.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1)
    scaled = []
    for part in (train, *others):
        values = np.asarray(part)
        dtype = np.float32 if values.dtype == np.float32 else np.float64
        scaled.append(((values - mean) / deviation).astype(dtype))
    return tuple(scaled)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
