"""The perceptron: a line that moves towards every example it gets wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from grafito import figures
from grafito.lab.experiment import Experiment, Variants
from grafito.lab.prose.conclusions_by_hand import at_rest, at_rest_over_seeds
from grafito.lab.prose.sentence import Words, paragraph
from grafito.lab.prose.tasks_by_hand import PERCEPTRON
from grafito.lab.record import Record
from grafito.language import message as N_

SHOWN_UPDATES = 20
SETS = {
    "separable": N_("separable"),
    "overlapping": N_("overlapping"),
    N_("exclusive-or"): N_("exclusive or"),
}
ERRORS, UPDATES = N_("errors"), N_("updates")
CENTRE = (4.0, 2.0)  # of all points; away from the origin, where the first boundary passes


@dataclass(frozen=True)
class Learned:
    """What the rule did.

    Attributes:
        weights: (w0, w1, b) after each update, shape (updates, 3).
        errors: examples on the wrong side in each epoch, as they came.
        converged: whether an epoch passed without an error.
    """

    weights: np.ndarray
    errors: list[int]
    converged: bool


def learn(x: np.ndarray, y: np.ndarray, epochs: int, rate: float = 1.0) -> Learned:
    """The perceptron learning rule: w += rate (y - ŷ) x for each example, one after the other.

    Args:
        x: points [N, 2].
        y: classes 0 and 1 [N].
        epochs: to stop after, if it does not converge.
        rate: length of a step.

    Source: Rosenblatt: The perceptron, Psychological Review, 1958.

    Example:
        >>> learned = learn(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1]), epochs=10)
        >>> learned.converged, learned.errors
        (True, [2, 0])
    """
    seen = np.c_[x, np.ones(len(x))].astype(np.float64)
    w = np.zeros(3)
    weights: list[np.ndarray] = []
    errors: list[int] = []
    for _ in range(epochs):
        wrong = 0
        for row, target in zip(seen, y, strict=True):
            answer = int(row @ w >= 0)
            if answer != target:
                w = w + rate * (int(target) - answer) * row
                weights.append(w)
                wrong += 1
        errors.append(wrong)
        if not wrong:
            return Learned(np.array(weights).reshape(-1, 3), errors, True)
    return Learned(np.array(weights).reshape(-1, 3), errors, False)


@dataclass(frozen=True, kw_only=True)
class Perceptron(Experiment):
    """Two clouds of points.

    Attributes:
        samples: points in each.
        distance: between their centres, in standard deviations.
        gap: width of a strip between them that stays free of points; above zero, a line can
            separate the set.
        opposite_corners: whether class 1 lies in two opposite corners, as in exclusive or.
        epochs: to stop after.
    """

    task = PERCEPTRON
    name = "perceptron"
    course = "TAA"
    what = N_("The perceptron learning rule on points that a line can and cannot part.")
    asked = N_(
        "Apply the perceptron learning rule and draw the boundary after each update, for a set "
        "that a line can separate and for one that it cannot."
    )
    expected = N_("converges; does not converge")
    variants: ClassVar[Variants] = {
        "both": {},
        "separable": {},
        "overlapping": {"distance": 2.0, "gap": 0.0},
        "exclusive-or": {"opposite_corners": True},
    }

    samples: int = 30
    distance: float = 5.0
    gap: float = 2.0
    opposite_corners: bool = False
    epochs: int = 30

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(samples=1, distance=0, gap=0, epochs=1)

    def conduct(self, record: Record) -> None:
        errors = {
            SETS[name]: form._show(record, name)
            for name, form in (self.forms() or {self.variant: self}).items()
        }
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words(
            "answers", [[one] for one in at_rest(errors)], N_("Does the rule come to rest?")
        )
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def over_seeds(self, metrics: Sequence[Mapping[str, float]]) -> list[Words]:
        """From how many seeds the rule came to rest."""
        ends = {
            SETS[name]: [
                (int(one[f"{SETS[name]} {ERRORS}"]), int(one[f"{SETS[name]} {UPDATES}"]))
                for one in metrics
            ]
            for name in self.forms() or (self.variant,)
        }
        return [*at_rest_over_seeds(ends)]

    def forms(self) -> dict[str, Perceptron]:
        names = tuple(SETS) if self.variant == "both" else ()
        return {name: self.another(name) for name in names}

    def _show(self, record: Record, name: str) -> list[int]:
        """Hand over what the rule did; the errors of each epoch."""
        x, y = self.points()
        learned = learn(x, y, self.epochs)
        record.section(SETS[name])
        shown = learned.weights[-SHOWN_UPDATES:]
        first = len(learned.weights) - len(shown) + 1
        record.figure(
            name,
            partial(figures.perceptron_lines, x, y, shown, first=first),
            N_("The boundary after each update: {of}"),
            N_(
                "At most the last {shown}; older ones are paler. The arrow shows the side of "
                "class 1."
            ),
            shown=SHOWN_UPDATES,
            of=SETS[name],
        )
        text = (
            N_("After {updates} updates in {epochs} epochs no example is on the wrong side.")
            if learned.converged
            else N_("After {epochs} epochs and {updates} updates it still has not come to rest.")
        )
        record.text(text, updates=len(learned.weights), epochs=len(learned.errors))
        record.table(
            f"{name}-errors",
            ["epoch", "errors"],
            enumerate(learned.errors, start=1),
            N_("Updates in each epoch: {of}"),
            of=SETS[name],
        )
        record.metrics(
            {
                f"{SETS[name]} {ERRORS}": learned.errors[-1],
                f"{SETS[name]} {UPDATES}": len(learned.weights),
            }
        )
        return learned.errors

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (2 samples, 2) and their classes, in a random order."""
        rng = np.random.default_rng(self.seed)
        side = 2 * rng.permutation(np.repeat([0, 1], self.samples)) - 1
        along = self.distance / 2 + rng.normal(size=len(side))
        if self.gap:  # what would lie inside the strip is mirrored out of it
            along = self.gap / 2 + abs(along - self.gap / 2)
        across = rng.normal(size=len(side))
        along *= side
        if self.opposite_corners:  # a corner of a square for each of the four pairs of bits
            other = rng.permutation(side)
            corners = np.stack([side, other], axis=1) * self.distance / 2
            x = corners + np.c_[along - side * self.distance / 2, across] / 2
            return x + CENTRE, (side * other < 0).astype(int)
        x = np.c_[along - across, along + across] / np.sqrt(2)
        return x + CENTRE, (side + 1) // 2
