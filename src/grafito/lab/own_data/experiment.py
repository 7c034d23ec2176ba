"""What tables and pictures of one's own share: folds, rivals, the last training, the report."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from grafito import figures
from grafito.callbacks import EarlyStopping, History
from grafito.datasets.transforms import stratified_split
from grafito.figures.text import number as number_in_words
from grafito.insight import Health
from grafito.lab.classifier import FEW_CLASSES, count_classes, show_chances
from grafito.lab.experiment import CHOSEN, Experiment
from grafito.lab.experiments.regression import r_squared
from grafito.lab.own_data.rivals import NETWORK
from grafito.lab.prose import of_own_data as prose
from grafito.lab.prose.conclusions import confusions, overfitting
from grafito.lab.prose.measures import R_SQUARED, of_classes
from grafito.lab.prose.sentence import Sentence, Words, paragraph, said
from grafito.lab.prose.theory import theory_of
from grafito.lab.record import Record
from grafito.lab.report.blocks import Writer
from grafito.lab.training import show_networks
from grafito.language import message as N_
from grafito.language import say, translate, use
from grafito.models import Model
from grafito.models.validation import folds_of
from grafito.optimizers import AdamW
from grafito.utils import set_random_seed

HELD_OUT = 0.15  # of the training part, by which training is stopped
LARGE_BATCH = 1000  # examples, where nothing is learned
STEPS = 40  # in an epoch, about
SMALLEST, LARGEST = 16, 256  # examples in a batch

Inputs = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class OwnData(Experiment):
    """Data of one's own: what a network is worth on rows that it has not seen, and a last network.

    In each fold everything is measured and trained on the training part alone; a part of that is
    held out to stop the training. The last network is trained on all rows, and kept.

    Attributes:
        path: of the data.
        epochs: at most.
        batch_size: examples in a step; 0 takes what makes about 40 steps of an epoch.
        learning_rate, weight_decay: of AdamW.
        patience: epochs without improvement before training stops.
        folds: parts, each of which is held out once.
        dropout: share of the units that are left out of a step, after each hidden layer.
    """

    path: str = ""
    epochs: int = 200
    batch_size: int = 0
    learning_rate: float = 0.002
    weight_decay: float = 0.001
    patience: int = 20
    folds: int = 5
    dropout: float = 0.1
    data_in_memory: Any = None

    kind: ClassVar[str] = "table"  # what the file of a run says it was
    said_first: ClassVar[tuple[str, ...]] = (
        "path",
    )  # settings that the command says in words of their own

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(epochs=1, batch_size=0, folds=2, patience=0)
        vars(self)["name"] = Path(self.path).stem or self.kind

    def begins(self) -> list[str]:
        return [] if self.data_in_memory is not None else ["fit", self.path]

    def settings(self) -> dict[str, Any]:
        left_out = (*CHOSEN, "data_in_memory")
        names = [f.name for f in dataclasses.fields(self) if f.name not in left_out]
        return {name: getattr(self, name) for name in names}

    def changes(self) -> dict[str, Any]:
        return {k: v for k, v in super().changes().items() if k not in self.said_first}

    @property
    @abstractmethod
    def y(self) -> np.ndarray:
        """The numbers of the classes, or the values of a quantity (n,)."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """The classes; none of a quantity."""

    @property
    @abstractmethod
    def what_is_predicted(self) -> str:
        """The name of the target."""

    @abstractmethod
    def inputs(self, train: np.ndarray) -> Inputs:
        """From the rows of a training part to what makes inputs of any rows."""

    @abstractmethod
    def network(self, shape: tuple[int, ...]) -> Model:
        """A new network, not yet compiled."""

    @abstractmethod
    def rivals(self, train: np.ndarray, others: np.ndarray) -> Mapping[str, np.ndarray]:
        """What other models, fitted to the training part, say of other rows; by name."""

    @abstractmethod
    def describe_data(self, record: Record) -> None:
        """Hand over the card of the data."""

    def show(self, record: Record, folds: Sequence[Fold]) -> None:
        """Hand over what is peculiar to these data."""

    def state(self) -> dict[str, Any]:
        """What the kept network needs to predict, as plain data."""
        return {}

    @abstractmethod
    def task_words(self) -> list[Words]:
        """What is predicted from what, and what was left out."""

    def told(self, lang: str | None = None) -> str:
        """The same as a text for a terminal."""
        with use(lang):
            writer = Writer()
            words = [w for w in self.task_words() if isinstance(w, Sentence)]
            return "\n".join(writer.filled(one.text, one.values) for one in words)

    def conduct(self, record: Record) -> None:
        record.words("task", [self.task_words()])
        self.describe_data(record)
        folds = self._validated(record)
        if not folds:
            return
        scores = self._scores(folds)
        metric = "accuracy" if self.classes else "r2"
        numbers = {
            metric: float(np.mean(scores[NETWORK])),
            "standard_error": error_of(scores[NETWORK]),
        }
        for rival in [name for name in scores if name != NETWORK]:
            numbers[f"{rival} {metric}"] = float(np.mean(scores[rival]))
        record.metrics(numbers | self._further(folds))
        model, scale, history, health = self._last(record)
        record.model(model)
        record.folder.write_json("fitted.json", self._kept(scale))
        self._show(record, folds, scores, model, history)
        losses = ["sparse_categorical_crossentropy" if self.classes else "mse"]
        record.words("theory", theory_of([model], losses, ["adam"]))
        record.words("choices", [paragraph(prose.CHOICES), *self.choices()])
        record.words("answers", [prose.verdict(scores, metric)], prose.QUESTION)
        after = [overfitting(history.history["val_loss"], "validation")]
        record.words("findings", [said(*after), *prose.diagnosis(health.diagnosis.found.values())])
        record.words("limits", [paragraph(prose.LIMITS)])

    def choices(self) -> list[Any]:
        """Further paragraphs on what was chosen."""
        return []

    def _validated(self, record: Record) -> list[Fold]:
        """What each fold gave; fewer after Ctrl-C."""
        found = []
        for number, (train, held_out) in enumerate(folds_of(self.y, self.folds, self.seed), 1):
            set_random_seed(self.seed + number)
            to_inputs = self.inputs(train)
            model, scale, history = self._trained(to_inputs, train, record.engine, record.trial)
            if history.interrupted:
                break
            outputs = model.predict(to_inputs(held_out), batch_size=LARGE_BATCH, verbose=0)
            fold = Fold(
                train, held_out, self._answers(outputs, scale), outputs, model, to_inputs, scale
            )
            fold.rivals = dict(self.rivals(train, held_out))
            found.append(fold)
            if record.verbose:
                told = translate("fold {} of {}: {} epochs, held-out score {}")
                score = self._score(held_out, fold.answers)
                say(told.format(number, self.folds, len(history.epoch), number_in_words(score)))
        return found

    def _trained(
        self,
        to_inputs: Inputs,
        rows: np.ndarray,
        engine: Any,
        fit: Callable[..., History],
        **more: Any,
    ) -> tuple[Model, tuple[float, float], History]:
        """A network trained on some of the rows, and stopped by the others."""
        stop = self.y[rows] if self.classes else np.arange(len(rows)) + 0.5
        kept, held = stratified_split(stop, HELD_OUT, self.seed)
        x = to_inputs(rows)
        mean, deviation = 0.0, 1.0
        targets = self.y[rows].astype("int32" if self.classes else "float64")
        if not self.classes:
            mean, deviation = float(targets[kept].mean()), float(targets[kept].std()) or 1.0
            targets = ((targets - mean) / deviation).astype("float32")[:, None]
        model = self.network(x.shape[1:])
        model.compile(
            AdamW(self.learning_rate, weight_decay=self.weight_decay),
            loss="sparse_categorical_crossentropy" if self.classes else "mse",
            metrics=["accuracy"] if self.classes else [],
            engine=engine,
        )
        stopping = EarlyStopping(patience=self.patience)
        history = fit(
            model,
            x[kept],
            targets[kept],
            epochs=self.epochs,
            batch_size=self.batch_size or batch_size_for(len(kept)),
            validation_data=(x[held], targets[held]),
            callbacks=[stopping, *more.pop("callbacks", [])],
            **more,
        )
        return model, (mean, deviation), history

    def _last(self, record: Record) -> tuple[Model, tuple[float, float], History, Health]:
        """The network that is kept, trained on all rows."""
        set_random_seed(self.seed)
        everything = np.arange(len(self.y))
        health = Health()
        model, scale, history = self._trained(
            self.inputs(everything), everything, record.engine, record.fit, callbacks=[health]
        )
        return model, scale, history, health

    def _kept(self, scale: tuple[float, float]) -> dict[str, Any]:
        """The file that `predict` reads beside the network."""
        mean, deviation = scale
        return {
            "kind": self.kind,
            "target": self.what_is_predicted,
            "classes": [*self.classes],
            "mean": mean,
            "deviation": deviation,
            **self.state(),
        }

    def _answers(self, outputs: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
        """Classes by number, or values, from the outputs of a network."""
        if self.classes:
            return outputs.argmax(axis=1)
        return outputs[:, 0].astype("float64") * scale[1] + scale[0]

    def _score(self, rows: np.ndarray, answers: np.ndarray) -> float:
        if self.classes:
            return float(np.mean(self.y[rows] == answers))
        return r_squared(self.y[rows], answers)

    def _scores(self, folds: Sequence[Fold]) -> dict[str, list[float]]:
        """The held-out score of each model in each fold, by its name."""
        scores = {NETWORK: [self._score(fold.held_out, fold.answers) for fold in folds]}
        for name in folds[0].rivals:
            scores[name] = [self._score(fold.held_out, fold.rivals[name]) for fold in folds]
        return scores

    def _further(self, folds: Sequence[Fold]) -> dict[str, float]:
        """What a number is worth: the largest class, or the size of the errors."""
        if self.classes:
            return {"majority": float(np.bincount(self.y).max() / len(self.y))}
        errors = np.concatenate([self.y[f.held_out] - f.answers for f in folds])
        return {N_("mean absolute error"): float(np.abs(errors).mean())}

    def _show(
        self,
        record: Record,
        folds: Sequence[Fold],
        scores: Mapping[str, list[float]],
        model: Model,
        history: History,
    ) -> None:
        """Hand over figures and tables."""
        metric = "accuracy" if self.classes else "r2"
        record.table(
            "scores",
            ["model", metric, "standard error", *(f"fold {k}" for k in range(1, len(folds) + 1))],
            [
                [name, round(float(np.mean(v)), 4), round(error_of(v), 4), *np.round(v, 4).tolist()]
                for name, v in scores.items()
            ],
            N_("Held-out scores"),
            N_("Each row of the data is held out once; the standard error is that of the mean."),
        )
        largest = (
            {N_("always the largest class"): record.numbers["majority"]} if self.classes else {}
        )
        record.figure(
            "scores",
            partial(
                figures.sweep,
                dict(scores),
                names=("", N_("accuracy") if self.classes else "R²"),
                reference=largest,
            ),
            N_("The network beside simpler models"),
            N_("The bars are the means of the folds, which are the points."),
        )
        truth = np.concatenate([self.y[fold.held_out] for fold in folds])
        answers = np.concatenate([fold.answers for fold in folds])
        record.ours = False  # what follows has the names of somebody's data
        if not self.classes:
            record.figure(
                "prediction",
                partial(figures.scatter_fit, truth, answers, name=self.what_is_predicted),
                N_("Predicted against true values"),
                N_("Each row when it was held out; on the diagonal both are equal."),
            )
            record.words("findings", [R_SQUARED])
        else:
            self._show_classes(record, folds, truth, answers)
        self.show(record, folds)
        record.ours = True
        show_networks(record, {"": model})
        record.figure(
            "curves",
            partial(figures.curves, history, held_out="validation"),
            N_("Training of the network that is kept"),
        )

    def _show_classes(
        self, record: Record, folds: Sequence[Fold], truth: np.ndarray, answers: np.ndarray
    ) -> None:
        counts, few = (
            count_classes(truth, answers, len(self.classes)),
            len(self.classes) <= FEW_CLASSES,
        )
        record.figure(
            "confusion",
            partial(
                figures.confusion_matrix,
                counts,
                list(self.classes),
                normalise=(None, "true") if few else "true",
                margins=few,
            ),
            N_("Confusion matrix"),
            N_("Held-out rows of each class (rows) and the class that the network gave them."),
        )
        record.words(
            "findings", [confusions(counts, self.classes), *of_classes(counts, self.classes)]
        )
        if len(self.classes) == 2:
            chances = np.concatenate([fold.outputs[:, 1] for fold in folds])
            record.ours = True
            show_chances(record, truth, {"": chances})
            record.ours = False


@dataclass
class Fold:
    """What a fold gave.

    Attributes:
        train, held_out: its rows.
        answers: of the network, for those held out.
        outputs: the same as they came.
        model: the network.
        inputs: what makes its inputs.
        scale: mean and deviation of the target in its training part.
        rivals: what the other models say, by name.
    """

    train: np.ndarray
    held_out: np.ndarray
    answers: np.ndarray
    outputs: np.ndarray
    model: Model
    inputs: Inputs
    scale: tuple[float, float]
    rivals: dict[str, np.ndarray] = None  # type: ignore[assignment]


def error_of(values: Sequence[float]) -> float:
    """The standard error of a mean: s / sqrt(n).

    Example:
        >>> round(error_of([0.8, 0.9, 1.0]), 4)
        0.0577
    """
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def batch_size_for(count: int) -> int:
    """A power of two that makes about 40 steps of an epoch.

    Example:
        >>> batch_size_for(100), batch_size_for(1000), batch_size_for(10**6)
        (16, 32, 256)
    """
    return int(np.clip(2 ** round(np.log2(max(count, 1) / STEPS)), SMALLEST, LARGEST))
