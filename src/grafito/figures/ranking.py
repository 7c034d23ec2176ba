"""Examples by their scores: what every threshold takes for the positive class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grafito.errors import ArgumentError


@dataclass(frozen=True)
class Ranking:
    """Counts at each threshold, from above all scores down to the lowest.

    Attributes:
        positive: whether each example is of the positive class.
        scores: of each example.
        thresholds: the different scores, greatest first, behind infinity.
        found: positives whose score reaches each threshold.
        taken: negatives whose score does.
    """

    positive: np.ndarray
    scores: np.ndarray
    thresholds: np.ndarray
    found: np.ndarray
    taken: np.ndarray

    @classmethod
    def of(cls, positive: np.ndarray, scores: np.ndarray) -> Ranking:
        """Examples, sorted.

        Raises:
            ArgumentError: when all of them are of one class.

        Example:
            >>> ranking = Ranking.of(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]))
            >>> ranking.found.tolist(), ranking.taken.tolist()
            ([0, 1, 2], [0, 0, 1])
        """
        if positive.all() or not positive.any():
            raise ArgumentError(
                "A curve over thresholds needs examples of both classes.",
                where="y_true",
                received="all positive" if positive.all() else "no positive",
            )
        order = np.argsort(-scores, kind="stable")
        sorted_scores, hits = scores[order], positive[order]
        ends = np.r_[np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1]  # of equal scores
        found, taken = np.cumsum(hits)[ends], np.cumsum(~hits)[ends]
        thresholds = np.r_[np.inf, sorted_scores[ends]]
        return cls(positive, scores, thresholds, np.r_[0, found], np.r_[0, taken])

    @property
    def share(self) -> float:
        """The share of positive examples."""
        return float(self.positive.mean())

    @property
    def recall(self) -> np.ndarray:
        """The share of the positives that are found."""
        return self.found / self.found[-1]

    @property
    def fall_out(self) -> np.ndarray:
        """The share of the negatives that are taken."""
        return self.taken / self.taken[-1]

    @property
    def precision(self) -> np.ndarray:
        """Of those taken the share that is positive; 1 where none is taken."""
        total = self.found + self.taken
        return np.where(total, self.found / np.maximum(total, 1), 1.0)

    @property
    def f1(self) -> np.ndarray:
        """2 · found / (positives + all taken)."""
        return 2 * self.found / (self.found[-1] + self.found + self.taken)

    @property
    def accuracy(self) -> np.ndarray:
        """The share of all examples that are right."""
        return (self.found + self.taken[-1] - self.taken) / len(self.scores)

    @property
    def area(self) -> float:
        """Under the curve of recall over fall-out."""
        width, height = np.diff(self.fall_out), self.recall
        return float((width * (height[1:] + height[:-1]) / 2).sum())

    @property
    def average_precision(self) -> float:
        """The precisions, each weighted by the recall that its threshold adds."""
        return float((np.diff(self.recall) * self.precision[1:]).sum())

    @property
    def brier(self) -> float:
        """The mean squared error of the probabilities."""
        return float(((self.scores - self.positive) ** 2).mean())

    def cost(self, taken: float, missed: float) -> np.ndarray:
        """The mean cost of an example."""
        return (taken * self.taken + missed * (self.found[-1] - self.found)) / len(self.scores)

    def place(self, threshold: float) -> int | None:
        """The point where scores from this threshold on are taken; None if it lies beyond them."""
        if not self.scores.min() <= threshold <= self.scores.max():
            return None
        return int(np.flatnonzero(self.thresholds >= threshold)[-1])

    def bins(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean score and share of positives of each bin with examples; and the sizes of all."""
        at = np.minimum((self.scores * count).astype("int64"), count - 1)
        sizes = np.bincount(at, minlength=count)
        seen = sizes > 0
        middle = np.bincount(at, self.scores, count)[seen] / sizes[seen]
        share = np.bincount(at, self.positive, count)[seen] / sizes[seen]
        return middle, share, sizes
