"""Where a model passes from one class to another, and how sure it is on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.errors import ShapeError

FINE = 800  # points along each side of what is drawn
SMALLEST = 1e-12  # a probability


@dataclass(frozen=True)
class Field:
    """A score of each class at each point of a grid; the greatest one wins.

    Scores of probabilities are their logarithms, between which a straight boundary stays straight.

    Attributes:
        scores: shape (classes, rows, columns).
        sure: whether `chance` means anything.
    """

    scores: np.ndarray
    sure: bool

    @property
    def winners(self) -> np.ndarray:
        """The class of each point."""
        return self.scores.argmax(axis=0)

    @property
    def chance(self) -> np.ndarray:
        """The probability of the class that wins."""
        power = np.exp(self.scores - self.scores.max(axis=0))
        return 1 / power.sum(axis=0)

    def lead(self, label: int) -> np.ndarray:
        """How far a class is ahead of the best other one: 0 where the two are equal."""
        others = np.delete(self.scores, label, axis=0)
        return self.scores[label] - others.max(axis=0) if len(others) else self.scores[label]

    def finer(self) -> Field:
        """The same with straight lines between the points of the grid."""
        times = FINE // self.scores.shape[1]
        if times < 2:
            return self
        scores = _stretched(_stretched(self.scores, 1, times), 2, times)
        return Field(scores, self.sure)


def field_of(output: Any, labels: np.ndarray, side: int, classes: int) -> Field:
    """What a model said at the points of a square grid.

    Args:
        output: as the model gave it.
        labels: the same as numbers of classes.
        side: points along each side of the grid.
        classes: the least number of classes.

    Example:
        >>> field = field_of(np.array([0.1, 0.4, 0.6, 0.9]), np.array([0, 0, 1, 1]), 2, 2)
        >>> field.winners.tolist(), field.chance.round(1).tolist()
        ([[0, 0], [1, 1]], [[0.9, 0.6], [0.6, 0.9]])
    """
    if labels.shape != (side**2,):
        raise ShapeError(
            "The prediction must have one row for each point.",
            where="predict",
            received=labels.shape,
            expected=(side**2,),
        )
    array = np.asarray(output)
    scores, sure = None, False
    if array.dtype.kind == "f" and np.isfinite(array).all():
        array = array.astype("float64")
        columns = array if array.ndim == 2 and array.shape[1] > 1 else None
        if columns is None and (array != np.round(array)).any():
            one = array.reshape(-1)
            inside = ((one >= 0) & (one <= 1)).all()
            columns = np.stack([1 - one, one], axis=1) if inside else None
            scores = np.stack([0.5 - one, one - 0.5]) if not inside else None
        if columns is not None:
            sure = bool((columns >= 0).all() and np.allclose(columns.sum(axis=1), 1, atol=1e-3))
            scores = np.log(np.maximum(columns, SMALLEST)).T if sure else columns.T
    if scores is None:  # classes alone
        count = max(classes, int(labels.max()) + 1)
        scores = (labels == np.arange(count)[:, None]).astype("float64")
    return Field(scores.reshape(-1, side, side), sure)


def _stretched(values: np.ndarray, axis: int, times: int) -> np.ndarray:
    """An axis with so many points for each one that it had, between its ends."""
    size = values.shape[axis]
    at = np.linspace(0, size - 1, size * times)
    low = np.minimum(at.astype("int64"), size - 2)
    share = (at - low).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    first, second = np.take(values, low, axis), np.take(values, low + 1, axis)
    return first + share * (second - first)
