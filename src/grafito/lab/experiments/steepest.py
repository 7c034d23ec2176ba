"""Why the gradient: the steepest direction around a point, and how long a step may be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from grafito import figures, optimizers
from grafito.lab.experiments.descent import Valley, steps_to
from grafito.lab.prose.conclusions_of_exercises import arrived, rated, steepest_at
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_of_exercises import STEEPEST_DESCENT
from grafito.lab.record import Record
from grafito.language import message as N_

AROUND = 24  # directions
NEAR = 1e-4  # how far a direction is followed to measure its slope
RAYS = {N_("against the gradient"): 180, N_("across"): 90, N_("along the gradient"): 0}


@dataclass(frozen=True, kw_only=True)
class SteepestDescent(Valley):
    """The valley of the ice creams, looked at from one point.

    Attributes:
        creeping, fitting, bouncing: learning rates, as shares of the largest one that does not
            diverge.
    """

    task = STEEPEST_DESCENT
    name = "steepest-descent"
    course = "TFG 3.4, 3.5"
    what = N_("The steepest direction, and rates that creep, fit and bounce.")
    asked = N_(
        "Show that the gradient is the direction in which the loss rises most; and what descent "
        "does with a learning rate that is too small, right and too large."
    )
    steps: int = 40
    creeping: float = 0.03
    fitting: float = 0.6
    bouncing: float = 0.97

    def conduct(self, record: Record) -> None:
        x, y = (part[:, 0] for part in self.load())
        best = np.polyfit(x, y, 1)
        found = self._show_directions(record, x, y, best)
        record.section(N_("How long a step may be"))
        seen = np.stack([x, np.ones(len(x))]).astype(np.float64)
        largest = 2 / float(np.linalg.eigvalsh(2 * seen @ seen.T / len(x))[-1])
        shares = {
            N_("creeping"): self.creeping,
            N_("fitting"): self.fitting,
            N_("bouncing"): self.bouncing,
        }
        ways: dict[str, np.ndarray] = {}
        rows: list[list[Any]] = []
        level = (1 + self.close) * float(self.losses(best))
        for name, share in shares.items():
            rate = share * largest
            ways[name] = self.descend(record, optimizers.SGD(rate), self.steps, 16, name)
            losses = self.losses(ways[name])
            turns = int((np.diff(np.sign(np.diff(ways[name][:, 1]))) != 0).sum())
            steps = steps_to(level, losses)[1]
            rows.append([name, rate, "" if steps is None else steps, turns, float(losses[-1])])
        self._show_ways(record, "rates", ways, best)
        curves = {name: {"loss": self.losses(way)[1:]} for name, way in ways.items()}
        record.figure(
            "rates-curves",
            partial(figures.curves, curves, log=True),
            N_("The loss after each step"),
        )
        record.table(
            "rates",
            ["form", "learning rate", "steps for good", "turns", "final loss"],
            rows,
            N_("Three rates on one surface"),
            N_(
                "Beyond the rate {largest} descent diverges. Steps for good: after how many the "
                "loss stays within {close} of the least, as a share of it; empty where {steps} "
                "were not enough. Turns: how often the bias reverses its direction."
            ),
            close=self.close,
            largest=largest,
            steps=self.steps,
        )
        record.metrics({f"{row[0]} loss": row[4] for row in rows})
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words(
            "findings",
            [
                said(steepest_at(*found)),
                said(
                    arrived({r[0]: r[2] or None for r in rows}, self.close, self.steps),
                    rated({r[0]: r[3] for r in rows}, largest),
                ),
            ],
        )
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def _show_directions(
        self, record: Record, x: np.ndarray, y: np.ndarray, best: np.ndarray
    ) -> tuple[float, float, float]:
        """Hand over slopes all around; the gradient's angle and length, and the largest slope."""
        record.section(N_("The steepest direction"))
        point = np.array(self.start, np.float64)
        errors = point[0] * x.astype(np.float64) + point[1] - y
        gradient = 2 * np.array([(errors * x).mean(), errors.mean()])
        angle = float(np.degrees(np.arctan2(gradient[1], gradient[0])))
        length = float(np.linalg.norm(gradient))
        degrees = np.linspace(-180, 180, AROUND, endpoint=False)
        units = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)
        ends = [self.losses(point + sign * NEAR * units) for sign in (1, -1)]
        slopes = (ends[0] - ends[1]) / (2 * NEAR)

        def product(at: np.ndarray) -> np.ndarray:
            return length * np.cos(np.radians(np.asarray(at, np.float64).reshape(-1) - angle))

        record.figure(
            "directions",
            partial(
                figures.function_fit,
                degrees,
                slopes,
                {N_("gradient · direction"): product},
                names=(N_("direction (degrees)"), N_("slope of the loss")),
                called=N_("measured"),
            ),
            N_("The slope in every direction"),
            N_("Points: measured by small steps. Line: the product of gradient and direction."),
        )
        rays = {
            name: np.array([point, point + 0.5 * _unit(angle + turn)])
            for name, turn in RAYS.items()
        }
        record.figure(
            "rays",
            partial(
                figures.loss_surface,
                lambda a, b: self.losses(np.stack([a, b], axis=-1)),
                rays,
                names=(N_("weight"), N_("bias")),
                minimum=best.tolist(),
            ),
            N_("Three directions from one point"),
            N_("Steps of one length; across the gradient the loss hardly changes."),
        )
        return angle, length, float(slopes.max())


def _unit(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
