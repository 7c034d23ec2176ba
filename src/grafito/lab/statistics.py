"""When two means differ by more than the noise of their seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grafito.language import message

CONFIDENCE = 0.95
ALPHA = 0.05


@dataclass(frozen=True)
class Difference:
    """The difference of two means, and what its noise allows to say.

    Attributes:
        difference: the first mean minus the second.
        low, high: its interval of 95 % confidence; NaN where a side has a single value.
        p: how probable a difference as large is where there is none; NaN likewise.
    """

    difference: float
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan

    @property
    def judgement(self) -> str:
        """Whether a difference like it would come by chance in less than one case of twenty."""
        if math.isnan(self.p):
            return message("one seed has no spread")
        return message("beyond the noise") if self.p < ALPHA else message("within the noise")


def welch(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Compare two means without taking their variances for equal.

    t = (m1 - m2) / sqrt(s1²/n1 + s2²/n2), with the degrees of freedom of Welch and Satterthwaite.

    Args:
        first: the values of one side, such as the accuracies of several seeds.
        second: those of the other.

    Source:
        Welch: The generalization of 'Student's' problem when several different population
        variances are involved, Biometrika 34, 1947.

    Example:
        >>> found = welch([0.97, 0.98, 0.975], [0.90, 0.92, 0.91])
        >>> round(found.difference, 3), found.judgement
        (0.065, 'beyond the noise')
    """
    from scipy import stats

    sides = [np.asarray(side, "float64") for side in (first, second)]
    difference = float(sides[0].mean() - sides[1].mean())
    if min(map(len, sides)) < 2:
        return Difference(difference)
    parts = [side.var(ddof=1) / len(side) for side in sides]
    error = math.sqrt(sum(parts))
    if error <= 1e-12 * max(abs(side).max() for side in sides):  # every seed gave the same
        same = abs(difference) <= 1e-12 * max(abs(side).max() for side in sides)
        return Difference(difference, difference, difference, 1.0 if same else 0.0)
    below = sum(p**2 / (len(side) - 1) for p, side in zip(parts, sides, strict=True))
    freedom = sum(parts) ** 2 / below
    reach = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
    p = 2 * float(stats.t.sf(abs(difference) / error, freedom))
    return Difference(difference, difference - reach, difference + reach, p)


def between_single_runs(values: Sequence[float]) -> float:
    """How far two single runs of one kind lie apart at most, in 95 of 100 cases.

    sqrt(2) · t · s, with the deviation s of the values (n - 1) and the quantile t of n - 1 degrees
    of freedom.

    Example:
        >>> round(between_single_runs([0.90, 0.91, 0.92]), 4)
        0.0608
    """
    from scipy import stats

    t = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1))
    return math.sqrt(2) * t * float(np.std(values, ddof=1))


def holm(probabilities: Sequence[float]) -> list[float]:
    """Adjust the probabilities of several tests, so that together they err as seldom as one.

    The i-th smallest of n, counted from 0, is multiplied by n - i, and none becomes smaller than
    one before it. Those that are NaN stay so and do not count.

    Source:
        Holm: A simple sequentially rejective multiple test procedure, Scandinavian Journal of
        Statistics 6, 1979.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    known = [i for i, p in enumerate(probabilities) if not math.isnan(p)]
    adjusted = list(probabilities)
    largest = 0.0
    for rank, i in enumerate(sorted(known, key=probabilities.__getitem__)):
        largest = max(largest, min(1.0, (len(known) - rank) * probabilities[i]))
        adjusted[i] = largest
    return adjusted
