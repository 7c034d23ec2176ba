"""Checks before training: do the labels fit the loss?

An error where training cannot work, a warning where it works but is seldom meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.errors import DataError, LossWarning, warn
from grafito.language import message
from grafito.losses import targets
from grafito.losses.base import Loss

ROUNDING = 1e-6  # by which a probability may miss 0 and 1
FEW = 20  # more classes than that are numbers


def check_labels(
    loss: Loss, y: Any, classes: int | None = None, where: str = "y", weights: Any = None
) -> None:
    """Check the values of the targets against the loss, before training.

    Args:
        loss: a loss; of a user's own function's targets only their being finite is checked.
        y: the targets as an array; their shape is checked by the loss itself.
        classes: size of the output's class axis, where the loss is one of classes.
        where: name of the argument or the output, for the message.
        weights: of the examples; one with weight 0 may have any target.

    Raises:
        DataError: for text, NaN or infinity, labels outside the classes (1 to K, say, in place of
            0 to K - 1), one-hot rows without sum 1, hinge labels that are neither 0 and 1 nor -1
            and 1, probabilities outside 0 to 1.

    Warns:
        LossWarning: for rows of zeros and ones that name no class, or several.

    Example:
        >>> import numpy as np
        >>> from grafito import losses
        >>> check_labels(losses.get("sparse_categorical_crossentropy"), np.array([0, 2]), 3)
    """
    finding = strange_labels(loss, y, classes, where, weights)
    if finding is not None:
        warn(finding)


def strange_labels(
    loss: Loss, y: Any, classes: int | None = None, where: str = "y", weights: Any = None
) -> LossWarning | None:
    """What `check_labels` warns of, as a value; it raises the same errors.

    Example:
        >>> import numpy as np
        >>> from grafito import losses
        >>> strange_labels(losses.get("mse"), np.array([0.5])) is None
        True
    """
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise DataError(
            "Targets must be numbers.",
            where=where,
            received=f"dtype {y.dtype}" + (f", first value {y.flat[0]!r}" if y.size else ""),
            fix="names, y = numpy.unique(y, return_inverse=True)",
        )
    labels = _Labels(y, where, _counted(y, weights))
    if y.dtype.kind == "f":
        finite = np.isfinite(y)  # NaN times a weight of 0 is NaN
        if not finite.all():
            what, expected = message("A target is NaN or infinite."), message("finite numbers")
            labels.refuse(finite, y, what, expected)
    if not labels.some:
        return None
    target = loss.target
    if target == targets.EITHER:
        rows = y.ndim > 1 and y.shape[-1] > 1 and y.shape[-1] == (classes or y.shape[-1])
        target = targets.ONE_HOT if rows else targets.CLASSES
    if target == targets.CLASSES:
        _check_class_numbers(labels, classes, getattr(loss, "ignore_class", None))
    elif target == targets.ONE_HOT and y.ndim > 1:
        return _check_rows(labels, getattr(loss, "axis", -1), loss.other)
    elif target == targets.UNIT:
        _check_unit(labels)
    elif target == targets.SIGNS:
        _check_signs(labels)
    return None


@dataclass(frozen=True)
class _Labels:
    """Targets, what messages call them, and which examples count (None: all)."""

    y: np.ndarray
    where: str
    counts: np.ndarray | None = None

    @property
    def seen(self) -> np.ndarray:
        """The targets of the examples that count."""
        return self.y if self.counts is None else self.y[self.counts]

    @property
    def some(self) -> bool:
        return bool(self.seen.size)

    def require(
        self,
        good: np.ndarray,
        values: np.ndarray,
        what: str,
        expected: str,
        fix: str | None = None,
    ) -> None:
        """Raise the error for the first element that is not good, of the examples that count."""
        if self.counts is not None:
            good = good | ~self.counts.reshape(-1, *[1] * (good.ndim - 1))
        if not np.all(good):
            self.refuse(good, values, what, expected, fix)

    def refuse(
        self,
        good: np.ndarray,
        values: np.ndarray,
        what: str,
        expected: str,
        fix: str | None = None,
    ) -> None:
        index = tuple(map(int, np.argwhere(~good)[0]))
        place = index[0] if len(index) == 1 else index
        raise DataError(
            what,
            where=self.where,
            received=f"{values[index]} at index {place} ({np.count_nonzero(~good)} in total)",
            expected=expected,
            fix=fix,
        )


def _counted(y: np.ndarray, weights: Any) -> np.ndarray | None:
    """Which examples have another weight than 0; None where all have."""
    if weights is None or not y.ndim or len(weights) != len(y):
        return None
    counts = np.not_equal(np.asarray(weights).reshape(len(y), -1), 0).any(axis=1)
    return None if counts.all() else counts


def _check_class_numbers(labels: _Labels, classes: int | None, ignored: Any) -> None:
    y, counted = labels.y, labels.seen
    counted = counted[counted != ignored] if ignored is not None else counted
    if not counted.size:
        return
    low, high = counted.min(), counted.max()
    expected = message(f"integers from 0 to {classes - 1}" if classes else "integers from 0")
    what, fix = (
        message("A label is outside the classes."),
        "numpy.unique(y, return_inverse=True)[1]",
    )
    if classes and low == 1 and high == classes:
        what = message(f"The labels run from 1 to {classes}, but classes are numbered from 0.")
        fix = "y - 1"
    elif classes and low >= 0 and high >= classes:
        fix = message(f"a last layer with {int(high) + 1} units")
    elif classes and low == -1:
        fix = message(
            "ignore_class=-1 in the loss, or sample_weight=(y >= 0), for labels that are padding"
        )
    good = (y >= 0) & (y == np.floor(y)) & (y < (classes or np.inf))
    labels.require(good if ignored is None else good | (y == ignored), y, what, expected, fix)


def _check_rows(labels: _Labels, axis: int, other: str | None) -> LossWarning | None:
    y = labels.y
    what, expected = message("A one-hot target is below 0."), message("rows from 0 to 1 with sum 1")
    labels.require(y >= 0, y, what, expected)
    sums = y.sum(axis=axis, dtype="float64")
    good = np.abs(sums - 1) < 1e-3
    if labels.counts is not None:
        good |= ~labels.counts.reshape(-1, *[1] * (good.ndim - 1))
    if good.all():
        return None
    what = message("A row of one-hot targets has another sum than 1.")
    expected = message("rows with 1 at the class and 0 elsewhere, or other numbers with sum 1")
    fix = message(
        f'for several classes at once: activation="sigmoid" with "binary_crossentropy"; '
        f"for integer labels: {other!r}"
        if other
        else 'for several classes at once: activation="sigmoid" with "binary_crossentropy"'
    )
    if np.isin(labels.seen, (0, 1)).all():
        first = int(np.argwhere(~good)[0][0])
        return LossWarning(
            what,
            where=labels.where,
            received=f"sum {sums[~good].flat[0]} at index {first}",
            expected=expected,
            fix=fix,
        )
    labels.refuse(good, sums, what, expected, fix)
    return None


def _check_unit(labels: _Labels) -> None:
    y, seen = labels.y, labels.seen
    whole = bool((seen == np.floor(seen)).all())
    fix = message('loss="mse" and a last layer without activation, for targets that are numbers')
    if seen.min() == -1 and np.isin(seen, (-1, 0, 1)).all():
        fix = message('(y + 1) / 2 for labels -1 and 1, or the loss "hinge"')
    elif seen.max() == 255:
        fix = "y / 255"
    elif seen.min() >= 0 and whole and len(np.unique(seen)) <= FEW:
        fix = message('a unit for each class with "sparse_categorical_crossentropy"')
    what = message("A target of a loss of probabilities is not from 0 to 1.")
    good = (y >= -ROUNDING) & (y <= 1 + ROUNDING)
    labels.require(good, y, what, message("numbers from 0 to 1"), fix)


def _check_signs(labels: _Labels) -> None:
    y = labels.y
    allowed = (0, 1) if labels.seen.min() >= 0 else (-1, 1)
    what = message("A label of a hinge loss is neither 0 or 1 nor -1 or 1.")
    fix = message('numpy.where(y > 0, 1, -1), or "multiclass_hinge" for several classes')
    labels.require(
        np.isin(y, allowed), y, what, message(f"labels {allowed[0]} and {allowed[1]}"), fix
    )
