"""Experiments that train a network on data: one form, or several side by side."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, optimizers
from grafito.callbacks import Callback, History
from grafito.figures.network import layer_boxes
from grafito.lab.experiment import Experiment, course_numbers
from grafito.lab.prose.telling import tell_findings, tell_theory
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.models import Model
from grafito.utils import set_random_seed

Arrays = tuple[np.ndarray, np.ndarray]
Data = tuple[Arrays, Arrays]
LARGE_BATCH = 1000  # examples, where nothing is learned
SEEN = (N_("training accuracy"), N_("validation accuracy"))  # names of numbers
MANY_EPOCHS, SMOOTHED = 20, 5  # the curves of so many epochs are smoothed over so many


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes:
        model: the trained network.
        data: ((x_train, y_train), (x_test, y_test)).
        history: its numbers, epoch by epoch.
        numbers: those that count at the end.
        seconds: that it took.
        available: training examples that there are; those of `data` may be fewer.
    """

    model: Model
    data: Data
    history: History
    numbers: dict[str, float]
    seconds: float
    available: int

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The outputs of the network, in large batches."""
        return self.model.predict(x, batch_size=LARGE_BATCH, verbose=0)

    @cached_property
    def test_outputs(self) -> np.ndarray:
        """Its outputs for the test part."""
        return self.predict(self.data[1][0])


class _Parts(Callback):
    """Keeps what `fit` trains and validates with."""

    only_reads_logs = True
    training: Any = None
    validation: Any = None

    def set_data(self, training: Any, validation: Any) -> None:
        self.training, self.validation = training, validation


@dataclass(frozen=True, kw_only=True)
class Training(Experiment):
    """A network, its data and how it is trained.

    A subclass defines `load` and `network`; it may define `measure`, `show`, `callbacks` and
    `fitting`. A variant named in `together` trains several others and overlays them.

    Attributes:
        together: the variants that a variant puts side by side.
        epochs, batch_size, optimizer, learning_rate, loss, metrics, validation_split: as in
            `compile` and `fit`.
        follow_test: validate on the test part, as courses often do; nothing is chosen by it.
        examples: for training, drawn by the seed; 0 takes all.
        test_examples: for testing, likewise.
    """

    together: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 2, "examples": 2000, "test_examples": 1000}

    epochs: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 0.001
    loss: str = "sparse_categorical_crossentropy"
    metrics: tuple[str, ...] = ("accuracy",)
    validation_split: float = 0.0
    follow_test: bool = False
    examples: int = 0
    test_examples: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(epochs=1, batch_size=1, examples=0, test_examples=0)

    @abstractmethod
    def load(self) -> Data:
        """((x_train, y_train), (x_test, y_test))."""

    @abstractmethod
    def network(self, x: np.ndarray) -> Model:
        """The network for inputs such as these, not yet compiled; preprocessing adapts to them."""

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        """The numbers that count at the end; the first is the one that results show."""
        x, y = data[1]
        logs = model.evaluate(x, y, batch_size=LARGE_BATCH, verbose=0, return_dict=True)
        return {name: logs[name] for name in (*self.metrics, "loss")}

    def show(self, record: Record, trained: Trained) -> None:
        """Hand over figures and tables of a trained network, besides its curves."""

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        """Hand over figures and tables of several, besides their curves and numbers."""

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        """Hand over answers to the questions of the exercise, computed from what came out.

        Args:
            record: what they are handed over to, as words of the part "answers".
            trained: what each form gave; of a single one by the name of the variant.
        """

    def callbacks(self) -> Sequence[Callback]:
        """What follows the training."""
        return ()

    def fitting(self) -> dict[str, Any]:
        """Further arguments of `fit`, such as weights of the classes."""
        return {}

    def forms(self) -> Mapping[str, Training]:
        return {name: self.another(name) for name in self.together.get(self.variant, ())}

    @property
    def held_out(self) -> str:
        """What the numbers of validation are of."""
        return "test" if self.follow_test else "validation"

    def conduct(self, record: Record) -> None:
        if forms := self.forms():
            alone = N_("To run one alone: --variant {names}")
            trained = train_together(record, forms, alone, names=" | ".join(forms))
            tell_theory(record, self.task.of(self.variant), forms, trained)
            tell_findings(record, self.task.of(self.variant), forms, trained, course_numbers(forms))
            self.show_together(record, trained)
            self.answer(record, trained)
            return
        one = self.train(record)
        record.metrics(one.numbers)
        record.model(one.model)
        show_networks(record, {"": one.model})
        if one.history.epoch:
            show_curves(record, {"": one.history}, N_("Training"), self.held_out)
        task, only = self.task.of(self.variant), {"": self}
        tell_theory(record, task, only, {"": one})
        tell_findings(record, task, only, {"": one}, course_numbers(only))
        self.show(record, one)
        self.answer(record, {self.variant: one})

    def train(self, record: Record, name: str = "") -> Trained:
        """Load, train and measure."""
        set_random_seed(self.seed)
        loaded = self.load()
        data = self.limited(loaded)
        x, y = data[0]
        model = self.compiled(x, record.engine)
        held_out: dict[str, Any] = {"validation_split": self.validation_split}
        if self.follow_test:
            held_out = {"validation_data": data[1]}
        before, parts = record.seconds, _Parts()
        history = record.fit(
            model,
            x,
            y,
            name,
            batch_size=self.batch_size,
            epochs=self.epochs,
            callbacks=[*self.callbacks(), parts],
            **held_out,
            **self.fitting(),
        )
        seconds = record.seconds - before
        numbers = self.measure(model, data)
        if history.epoch:
            numbers |= self._seen(model, parts)
        return Trained(model, data, history, numbers, seconds, len(loaded[0][0]))

    def _seen(self, model: Model, parts: _Parts) -> dict[str, float]:
        """The metrics of the trained network on what it was trained and validated with.

        Those of its history are means over an epoch in which the weights change, with dropout.
        """
        told = {"training": parts.training}
        if not self.follow_test:  # else it is the test
            told["validation"] = parts.validation
        found: dict[str, float] = {}
        for part, examples in told.items():
            if examples is not None and self.metrics:
                logs = model.evaluate(
                    examples.x, examples.y, batch_size=LARGE_BATCH, verbose=0, return_dict=True
                )
                found |= {f"{part}_{metric}": logs[metric] for metric in self.metrics}
        return found

    def limited(self, data: Data) -> Data:
        """The data with as many examples as the settings want."""
        rng = np.random.default_rng(self.seed)

        def some(part: Arrays, count: int) -> Arrays:
            x, y = part
            if not 0 < count < len(x):
                return part
            chosen = np.sort(rng.permutation(len(x))[:count])
            return x[chosen], y[chosen]

        return some(data[0], self.examples), some(data[1], self.test_examples)

    def compiled(self, x: np.ndarray, engine: Any) -> Model:
        """The network, ready to be trained."""
        model = self.network(x)
        settings = {"learning_rate": self.learning_rate}
        optimizer = optimizers.get({"class_name": self.optimizer, "config": settings})
        model.compile(optimizer, loss=self.loss, metrics=list(self.metrics), engine=engine)
        return model


def train_together(
    record: Record, forms: Mapping[str, Training], caption: str = "", **values: Any
) -> dict[str, Trained]:
    """Train several, one after the other; hand over their curves and numbers side by side.

    After Ctrl-C no further one is begun.

    Args:
        record: what they are handed over to.
        forms: experiments by the name that legends and tables show.
        caption: of the table of results, with its values.
        values: likewise.

    Returns:
        What each gave, by name.
    """
    trained: dict[str, Trained] = {}
    sizes: dict[str, int] = {}
    for name, form in forms.items():
        trained[name] = form.train(record, name)
        key, value = next(iter(trained[name].numbers.items()))
        record.metrics({f"{name} {key}": value})  # the first of each come before the rest
        sizes[name] = record.model(trained[name].model, name).stat().st_size
        if record.interrupted:
            break
    for name, one in trained.items():
        record.metrics({f"{name} {key}": value for key, value in one.numbers.items()})
    show_networks(record, {name: one.model for name, one in trained.items()})
    done = {name: one.history for name, one in trained.items() if one.history.epoch}
    if done:
        held_out = next(iter(forms.values())).held_out
        show_curves(record, done, N_("Training, side by side"), held_out)
    keys = list(dict.fromkeys(key for one in trained.values() for key in one.numbers))
    record.table(
        "results",
        ["form", *keys, "parameters", "bytes", "epochs", "seconds"],
        [
            [
                name,
                *(one.numbers.get(key, "") for key in keys),
                one.model.count_params(),
                sizes[name],
                len(one.history.epoch),
                round(one.seconds, 2),
            ]
            for name, one in trained.items()
        ],
        N_("Results, side by side"),
        caption,
        **values,
    )
    return trained


def show_curves(
    record: Record, histories: Mapping[str, History], title: str, held_out: str
) -> None:
    """Loss and metrics of one training, or of several by name, epoch by epoch."""
    epochs = min(len(history.epoch) for history in histories.values())
    given = histories if len(histories) > 1 else next(iter(histories.values()))
    smooth = SMOOTHED if epochs >= MANY_EPOCHS else 1
    sheet = partial(figures.curves, given, smooth=smooth, held_out=held_out)
    caption = N_("Thick: the mean of {epochs} epochs. Thin: each epoch.") if smooth > 1 else ""
    values: dict[str, Any] = {"epochs": smooth} if smooth > 1 else {}
    record.figure("curves", sheet, title, caption, **values)


def show_networks(record: Record, models: Mapping[str, Model]) -> None:
    """The layers of each network; those that are alike are drawn once."""
    alike: dict[str, list[str]] = {}
    for name, model in models.items():
        boxes = layer_boxes(model)
        plan = repr([(box.text, box.shape, box.parameters, box.sources) for box in boxes])
        alike.setdefault(plan, []).append(name)
    for number, names in enumerate(alike.values()):
        several = len(alike) > 1
        title = ", ".join(names) if several else N_("Network")
        values: dict[str, Any] = {"names": names} if several else {}
        sheet = partial(figures.network_diagram, models[names[0]], title=title)
        record.figure(
            f"network-{names[0]}" if several else "network",
            sheet,
            N_("The network: {names}") if several else N_("The network"),
            ""
            if number  # said once
            else N_("Of each layer: the shape of its output, and how many parameters it has."),
            **values,
        )
