"""The logistic map x(t+1) = 4 x(t) (1 - x(t)): a rule learned from its series, and iterated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.datasets import generators
from grafito.lab.course import Said, Sayings
from grafito.lab.experiments.graphs import show_network_graph
from grafito.lab.prose.answers_of_others import generalises
from grafito.lab.prose.tasks_of_networks import LOGISTIC_MAP
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Functional

FORECAST = 20  # steps


@dataclass(frozen=True, kw_only=True)
class LogisticMap(Training):
    """Five units with tanh; the output sees the input beside them.

    Attributes:
        hidden: units.
        length: of the series for training; that for testing goes on from there.
        tested: points for testing.
        drawn: points drawn at random from the rule, in place of a series.
        start: the first value.
    """

    task = LOGISTIC_MAP
    name = "logistic-map"
    course = "TP4-5"
    what = N_("The logistic map, learned from its series and iterated.")
    asked = N_(
        "Learn x(t+1) = 4 x(t) (1 - x(t)) with five units, whose output also sees the input; "
        "compare training and test errors, draw data and fit."
    )
    expected = N_("the error falls, without overfitting")
    said: ClassVar[Sayings] = {
        "": {
            "hidden": Said(5),
            "drawn": Said(True, N_("A series can be continued, and the forecast judged.")),
            "length": Said(900, N_("Half of the 1,000 points leaves a long series for testing.")),
            "tested": Said(100, N_("Half of the 1,000 points leaves a long series for testing.")),
            "optimizer": Said("adadelta", N_("Adam arrives within 500 epochs.")),
        }
    }
    departures = (
        N_("The course adds an L2 penalty; five units on exact data have no noise to overfit."),
    )
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 100}

    epochs: int = 500
    learning_rate: float = 0.01
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    validation_split: float = 0.2
    hidden: int = 5
    length: int = 500
    tested: int = 500
    drawn: bool = False
    start: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(hidden=1, length=10, tested=1, start=0)

    def load(self) -> Data:
        cut, whole = self.length, self.length + self.tested
        if self.drawn:
            x = np.random.default_rng(self.seed).uniform(size=(whole, 1)).astype(np.float32)
            pairs = x, 4 * x * (1 - x)
        else:
            series = generators.logistic_map(whole + 1, self.start).astype(np.float32)
            pairs = series[:-1, None], series[1:, None]
        return (pairs[0][:cut], pairs[1][:cut]), (pairs[0][cut:], pairs[1][cut:])

    def network(self, x: np.ndarray) -> Functional:
        now = layers.Input((1,), name="now")
        hidden = layers.Dense(self.hidden, activation="tanh", name="hidden")(now)
        seen = layers.concatenate([hidden, now])
        return Functional(now, layers.Dense(1, name="next")(seen))

    def show(self, record: Record, trained: Trained) -> None:
        x, y = trained.data[0]
        fit = partial(
            figures.function_fit,
            x,
            y,
            {N_("network"): trained.predict},
            held_out=trained.data[1],
            names=("x(t)", "x(t + 1)"),
            span=(0, 1),
        )
        record.figure("fit", fit, N_("Data and fit"))
        training, test = [
            float(np.mean((trained.predict(part) - truth) ** 2, dtype=np.float64))
            for part, truth in trained.data
        ]
        constant = float(np.var(trained.data[1][1], dtype=np.float64))
        record.words(
            "answers", [[generalises(training, test, constant)]], N_("Does the network overfit?")
        )
        steps = np.arange(FORECAST)
        true = generators.logistic_map(FORECAST, float(trained.data[1][0][0, 0]))
        forecast = [np.array([[true[0]]], np.float32)]
        for _ in steps[1:]:
            forecast.append(trained.predict(forecast[-1]))
        line = np.c_[steps, np.concatenate(forecast)[:, 0]]
        errors = np.abs(line[:, 1] - true)
        drawing = partial(
            figures.function_fit,
            steps,
            true,
            {"network": line},
            names=("t", "x(t)"),
            called="true value",
        )
        known = int(np.argmax(errors > 0.1)) if (errors > 0.1).any() else FORECAST
        record.figure(
            "forecast",
            drawing,
            N_("Iterated forecast"),
            forecast_caption(known),
            steps=known,
        )
        show_network_graph(record, self, trained)


def forecast_caption(known: int) -> str:
    """What is said of a forecast that is near the truth for so many steps."""
    if known > 1:
        return N_(
            "From the same start, each prediction is the next input. The map is chaotic: an error "
            "doubles at each step on average, so {steps} steps are foretold to within 0.1 and no "
            "network could foretell many more."
        )
    return N_(
        "From the same start, each prediction is the next input. Not even the second step is "
        "foretold to within 0.1: the network has not found the rule."
    )
