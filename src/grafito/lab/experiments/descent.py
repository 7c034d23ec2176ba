"""Gradient descent and its descendants, from one start on one loss surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers, optimizers
from grafito.callbacks import Callback
from grafito.callbacks.base import Logs
from grafito.datasets import generators
from grafito.lab.experiment import Experiment, Variants
from grafito.lab.prose.answers_of_others import rises
from grafito.lab.prose.conclusions_by_hand import fastest, rates_that_work
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_by_hand import DESCENT_VARIANTS
from grafito.lab.record import Record
from grafito.lab.training import Arrays
from grafito.language import message as N_
from grafito.models import Sequential
from grafito.utils import set_random_seed

OPTIMIZERS: dict[str, Callable[[float], optimizers.Optimizer]] = {
    "SGD": optimizers.SGD,
    N_("momentum"): lambda rate: optimizers.SGD(rate, momentum=0.9),
    "Nesterov": lambda rate: optimizers.SGD(rate, momentum=0.9, nesterov=True),
    "Adagrad": optimizers.Adagrad,
    "Adadelta": optimizers.Adadelta,
    "RMSprop": optimizers.RMSprop,
    "Adam": optimizers.Adam,
}
PLAIN = ("SGD", "momentum", "Nesterov")  # one rate for all parameters
BATCHES = {N_("batch"): 16, N_("mini-batch"): 4, N_("one by one"): 1}
TITLES = {
    "batches": N_("The ways on the loss surface"),
    "plain": N_("The ways on the loss surface, one rate for all weights"),
    "adaptive": N_("The ways on the loss surface, a rate for each weight"),
}
SHOWN = 4  # the share of the steps that is shown larger


class Way(Callback):
    """The weights of a model before training and after each step.

    Attributes:
        points: one row for each, with all trainable weights in their order.

    Example:
        >>> model = Sequential([layers.Input((1,)), layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> way = Way()
        >>> history = model.fit(np.ones((4, 1)), np.ones((4, 1)), 2, callbacks=[way], verbose=0)
        >>> way.points.shape
        (3, 2)
    """

    counts = ("_points",)

    def __init__(self) -> None:
        self._points: list[np.ndarray] = []

    @property
    def points(self) -> np.ndarray:
        return np.array(self._points)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._points = []
        self.on_train_batch_end(0)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        weights = [w.numpy().reshape(-1) for w in self.model.trainable_variables]
        self._points.append(np.concatenate(weights).astype(np.float64))


def steps_to(level: float, losses: np.ndarray) -> tuple[int | None, int | None]:
    """After how many steps a loss is at a level or below for the first time, and for good.

    None where it never is, or is not at the end.

    Example:
        >>> steps_to(3, np.array([9, 1, 5, 2, 1]))
        (1, 3)
    """
    low = losses <= level
    if not low[-1]:
        return (int(low.argmax()) if low.any() else None), None
    return int(low.argmax()), len(low) - int((~low[::-1]).argmax()) if not low.all() else 0


@dataclass(frozen=True, kw_only=True)
class Valley(Experiment):
    """A line through the ice creams: descents in the plane of its weight and bias, from one start.

    Attributes:
        shift: added to the temperatures, which have mean 0 and deviation 1; at 0 the surface is a
            round bowl, and the larger the shift, the longer and narrower the valley.
        start: weight and bias at the beginning.
        steps: of a descent with all examples in each.
        close: a loss is low enough if it exceeds the least one by no more than this share.
    """

    shift: float = 1.5
    start: tuple[float, ...] = (-1.0, -0.2)
    steps: int = 200
    close: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(steps=1, close=0)

    def load(self) -> Arrays:
        x, y = generators.ice_creams()
        return (x - x.mean()) / x.std() + self.shift, (y - y.mean()) / y.std()

    def losses(self, points: np.ndarray) -> np.ndarray:
        """The loss at each point (..., 2): the mean of (weight x + bias - y)²."""
        x, y = (part[:, 0].astype(np.float64) for part in self.load())
        with np.errstate(invalid="ignore", over="ignore"):  # a way may have diverged
            lines = points[..., :1] * x + points[..., 1:]
            return ((lines - y) ** 2).mean(axis=-1)

    def descend(
        self, record: Record, optimizer: optimizers.Optimizer, epochs: int, batch: int, name: str
    ) -> np.ndarray:
        """The points (steps + 1, 2) that an optimizer passes; named ones keep their history."""
        set_random_seed(self.seed)
        model = Sequential([layers.Input((1,)), layers.Dense(1)])
        model.set_weights([np.array([[self.start[0]]]), np.array([self.start[1]])])
        model.compile(optimizer, loss="mse", engine=record.engine)
        way = Way()
        settings: dict[str, Any] = {"batch_size": batch, "epochs": epochs, "callbacks": [way]}
        if name:
            record.fit(model, *self.load(), name, **settings)
        else:
            record.trial(model, *self.load(), **settings)
        return way.points

    def _show_ways(
        self, record: Record, name: str, ways: Mapping[str, np.ndarray], best: np.ndarray
    ) -> None:
        surface = partial(
            figures.loss_surface,
            lambda a, b: self.losses(np.stack([a, b], axis=-1)),
            ways,
            names=(N_("weight"), N_("bias")),
            minimum=best.tolist(),
        )
        record.figure(
            name,
            surface,
            TITLES.get(name, TITLES["batches"]),
            N_("From one start; the last point of each is larger."),
        )


@dataclass(frozen=True, kw_only=True)
class DescentVariants(Valley):
    """Descent by batches and one by one, and by seven optimizers.

    Attributes:
        rates: learning rates to try; each optimizer takes its best.
        epochs: of batch, mini-batch and one by one.
        learning_rate: of these.
    """

    task = DESCENT_VARIANTS
    name = "descent-variants"
    course = "TFG 3.7"
    what = N_("Descent by batches and one by one, and seven optimizers, on one surface.")
    asked = N_(
        "Compare descent by all examples, by mini-batches and one by one; and gradient descent, "
        "momentum, Nesterov, Adagrad, Adadelta, RMSprop and Adam, from one start."
    )
    variants: ClassVar[Variants] = {"valley": {}, "bowl": {"shift": 0.0, "start": (-1.0, 1.5)}}
    shortened: ClassVar[Mapping[str, Any]] = {"steps": 60, "epochs": 20, "rates": (0.03, 0.1, 1.0)}

    rates: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    epochs: int = 60
    learning_rate: float = 0.03

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(epochs=1)

    def conduct(self, record: Record) -> None:
        x, y = (part[:, 0] for part in self.load())
        best = np.polyfit(x, y, 1)
        level = (1 + self.close) * float(self.losses(best))
        curvature = np.linalg.eigvalsh(np.cov(np.c_[x, np.ones(len(x))].T, bias=True)
                                       + np.outer([x.mean(), 1], [x.mean(), 1]))  # fmt: skip
        record.text(
            N_(
                "The least loss is {least}; a loss counts as low from {level} on. The surface is "
                "{times} times as curved across its valley as along it."
            ),
            least=float(self.losses(best)),
            level=level,
            times=float(curvature[1] / curvature[0]),
        )
        smooth = self._compare_batches(record, best, level)
        needed = self._compare_optimizers(record, best, level)
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        question = N_("How do large batches and single examples differ?")
        record.words("answers", [said(rises(smooth))], question)
        found = said(fastest(needed), rates_that_work(needed))
        record.words("answers", [found], N_("Which optimizer arrives first?"))
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def _compare_batches(
        self, record: Record, best: np.ndarray, level: float
    ) -> dict[str, list[float]]:
        """Hand over descents with batches of three sizes; the losses after each epoch."""
        record.section(N_("Batch, mini-batch, one by one"))
        ways, curves, rows = {}, {}, []
        smooth: dict[str, list[float]] = {}
        for name, size in BATCHES.items():
            if record.interrupted:
                return smooth
            optimizer = optimizers.SGD(self.learning_rate)
            way = self.descend(record, optimizer, self.epochs, size, name)
            steps = max(BATCHES.values()) // size  # in an epoch
            losses = self.losses(way)
            ways[name] = way
            curves[name] = {"loss": losses[steps::steps]}
            smooth[name] = losses[steps::steps].tolist()
            first, good = steps_to(level, losses)
            rows.append([name, size, steps, _or_empty(first), _or_empty(good), losses[-1]])
        self._show_ways(record, "batches", ways, best)
        record.figure(
            "batches-curves",
            partial(figures.curves, curves, log=True),
            N_("The loss of all examples after each epoch"),
            N_("Gradient descent with rate {rate}."),
            rate=self.learning_rate,
        )
        record.table(
            "batches",
            ["form", "examples", "steps in an epoch", "steps", "steps for good", "final loss"],
            rows,
            N_("Steps until the loss is low, by the size of the batch"),
            N_("For the first time, and for good; empty where {epochs} epochs were not enough."),
            epochs=self.epochs,
        )
        return smooth

    def _compare_optimizers(
        self, record: Record, best: np.ndarray, level: float
    ) -> dict[str, dict[float, int]]:
        """Hand over the descents of all optimizers; the steps that each needs, by rate."""
        record.section(N_("Seven optimizers"))
        needed: dict[str, dict[float, int]] = {name: {} for name in OPTIMIZERS}
        ways, curves, rows = {}, {}, []
        for name, make in OPTIMIZERS.items():
            final = {}
            for rate in self.rates:
                if record.interrupted:
                    return {}
                losses = self.losses(self.descend(record, make(rate), self.steps, 16, ""))
                final[rate] = float(np.nan_to_num(losses[-1], nan=np.inf))
                _, steps = steps_to(level, losses)
                if steps is not None:
                    needed[name][rate] = steps
            found = needed[name] or final  # the fewest steps; if it never arrives, the least loss
            best_rate = min(found, key=lambda rate: found[rate])
            way = self.descend(record, make(best_rate), self.steps, 16, name)
            losses = self.losses(way)
            ways[name], curves[name] = way, {"loss": losses[1:]}
            first, good = map(_or_empty, steps_to(level, losses))
            each = [needed[name].get(rate, "") for rate in self.rates]
            rows.append([name, best_rate, first, good, losses[-1], *each])
        self._show_ways(record, "plain", {name: ways[name] for name in PLAIN}, best)
        adaptive = {name: way for name, way in ways.items() if name not in PLAIN}
        self._show_ways(record, "adaptive", adaptive, best)
        record.figure(
            "optimizers-curves",
            partial(figures.curves, curves, log=True, zoom=(1, max(2, self.steps // SHOWN))),
            N_("The loss after each step"),
            N_("Each step sees all examples, so it is an epoch. Each optimizer has its best rate."),
        )
        arrived = {name: each for name, each in needed.items() if each}
        if arrived:
            record.figure(
                "rates",
                partial(
                    figures.sweep,
                    arrived,
                    names=(N_("learning rate"), N_("steps needed")),
                    log="xy",
                ),
                N_("Steps until the loss stays low, for each learning rate"),
                N_("Where a point is missing, {steps} steps were not enough."),
                steps=self.steps,
            )
        record.table(
            "optimizers",
            ["optimizer", "best rate", "steps", "steps for good", "final loss",
             *(f"{rate:g}" for rate in self.rates)],
            rows,
            N_("Steps until the loss is low, by the optimizer"),
            N_(
                "With the best rate, for the first time and for good; then for good with each "
                "rate. Empty where {steps} steps were not enough. Adadelta begins with very short "
                "steps, and lengthens them slowly."
            ),
            steps=self.steps,
        )  # fmt: skip
        record.metrics({f"{name} steps": min(each.values()) for name, each in arrived.items()})
        return needed


def _or_empty(steps: int | None) -> int | str:
    """A cell of a table."""
    return "" if steps is None else steps
