"""A hidden layer that is wide enough approximates any smooth function: the error by its width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers, optimizers
from grafito.lab.experiment import Experiment
from grafito.lab.prose.conclusions_of_exercises import approximated
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_of_exercises import APPROXIMATION
from grafito.lab.prose.theory import theory_of
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.models import Sequential
from grafito.utils import set_random_seed

POINTS = 200


@dataclass(frozen=True, kw_only=True)
class Approximation(Experiment):
    """Networks of one hidden layer and growing width on one function without noise.

    Attributes:
        widths: hidden units of each network.
        starts: of each width, from seeds that follow each other.
        epochs, learning_rate: of each training, with Adam and all points in each step.
        activation: of the hidden units.
    """

    task = APPROXIMATION
    name = "approximation"
    course = "TAA"
    what = N_("The error of networks of growing width on one function.")
    asked = N_(
        "A network with one hidden layer can approximate every continuous function, if it is wide "
        "enough. Show the error against the width."
    )
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 200, "starts": 2}

    widths: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 50)
    starts: int = 5
    epochs: int = 2000
    learning_rate: float = 0.01
    activation: str = "tanh"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(starts=1, epochs=1)

    def load(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, 1) in [-1, 1], and what the function is there: two waves and a slope."""
        x = np.linspace(-1, 1, POINTS)[:, None]
        return x, np.sin(2 * np.pi * x) + 0.5 * x

    def network(self, width: int) -> Sequential:
        hidden = layers.Dense(width, activation=self.activation)
        return Sequential([layers.Input((1,)), hidden, layers.Dense(1)])

    def conduct(self, record: Record) -> None:
        x, y = self.load()
        errors: dict[int, list[float]] = {}
        best: dict[int, np.ndarray] = {}
        model = self.network(1)
        for width in self.widths:
            for seed in range(self.seed, self.seed + self.starts):
                if record.interrupted:
                    break
                set_random_seed(seed)
                model = self.network(width)
                adam = optimizers.Adam(self.learning_rate)
                model.compile(adam, loss="mse", engine=record.engine)
                record.trial(model, x, y, batch_size=len(x), epochs=self.epochs)
                found = model.predict(x, batch_size=len(x), verbose=0)
                error = float(np.mean((found - y) ** 2))
                if error < min(errors.get(width, [np.inf])):
                    best[width] = np.c_[x, found]
                errors.setdefault(width, []).append(error)
        record.figure(
            "widths",
            partial(
                figures.sweep,
                errors,
                names=(N_("hidden units"), N_("mean squared error")),
                log="xy",
            ),
            N_("The error by the width"),
            N_("Mean of {starts} starts, and the span from the least to the greatest."),
            starts=self.starts,
        )
        shown = {f"{N_('hidden units')}: {width}": line for width, line in best.items()}
        record.figure(
            "fits",
            partial(figures.function_fit, x, y, shown, apart=True),
            N_("The best network of each width"),
        )
        record.table(
            "widths",
            ["hidden units", "parameters", "mean squared error", "least", "largest"],
            [[w, 3 * w + 1, float(np.mean(e)), min(e), max(e)] for w, e in errors.items()],
            N_("The error by the width"),
        )
        wide = N_("width {}")
        record.metrics({f"{wide.format(w)} loss": float(np.mean(e)) for w, e in errors.items()})
        record.words(
            "theory", [*self.task.of(self.variant).theory, *theory_of([model], ["mse"], ["adam"])]
        )
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words("findings", [said(*approximated({w: min(e) for w, e in errors.items()}))])
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])
