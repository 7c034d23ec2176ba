"""What tables and pictures of one's own share: folds, rivals, the last training, the report."""

from __future__ import annotations

import dataclasses
import shlex
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from grafito import figures
from grafito.callbacks import EarlyStopping, History
from grafito.datasets.transforms import stratified_split
from grafito.errors import DataError
from grafito.figures.text import number as number_in_words
from grafito.insight import Health
from grafito.lab.classifier import FEW_CLASSES, count_classes, show_chances
from grafito.lab.experiment import CHOSEN, Experiment
from grafito.lab.experiments.regression import r_squared
from grafito.lab.own_data.folds import Fold, Team, averaged, batch_size_for, error_of
from grafito.lab.own_data.rivals import NETWORK
from grafito.lab.prose import of_own_data as prose
from grafito.lab.prose.conclusions import overfitting
from grafito.lab.prose.conclusions_of_classes import confusions
from grafito.lab.prose.measures import R_SQUARED, of_classes
from grafito.lab.prose.sentence import Sentence, Words, paragraph, said
from grafito.lab.prose.theory import theory_of
from grafito.lab.record import Record
from grafito.lab.report.blocks import Writer
from grafito.lab.training import show_networks
from grafito.language import message as N_
from grafito.language import say, translate, translator, use
from grafito.models import Model
from grafito.models.validation import folds_of
from grafito.optimizers import AdamW
from grafito.utils import set_random_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HELD_OUT = 0.15  # of the training part, by which training is stopped
LARGE_BATCH = 1000  # examples, where nothing is learned

FOLD = N_("fold {}")

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
        members: networks whose mean is the prediction; each is stopped by another part of the rows.
    """

    path: str = ""
    epochs: int = 200
    batch_size: int = 0
    learning_rate: float = 0.002
    weight_decay: float = 0.001
    patience: int = 20
    folds: int = 5
    dropout: float = 0.1
    members: int = 5
    data_in_memory: Any = None

    names_are_ours: ClassVar[bool] = False
    kind: ClassVar[str] = "table"  # what the file of a run says it was
    said_first: ClassVar[tuple[str, ...]] = (
        "path",
    )  # settings that the command says in words of their own

    def __post_init__(self) -> None:
        super().__post_init__()
        vars(self)["name"] = Path(self.path).stem or self.kind
        self.at_least(epochs=1, batch_size=0, folds=2, patience=0, members=1)

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

    @property
    def unit(self) -> str:
        """Of what is predicted, where it is known, as a text to be translated."""
        return ""

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

    def hand_over(self, record: Record, card: dict[str, Any]) -> None:
        """Keep the card of the data.

        Raises:
            DataError: where a run goes on with other data than it was begun with.
        """
        before = record.folder.configuration.get("data")
        if before and before != [card]:
            raise DataError(
                "The data have changed since the run was begun.",
                where=self.path or record.folder.path,
                fix=shlex.join(["grafito", *self.begins()]) if self.begins() else None,
            )
        record.folder.configuration["data"] = [card]

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
            writer = Writer(ours=False)
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
        health, everything = Health(), np.arange(len(self.y))
        team = self._trained(self.inputs(everything), everything, self.seed, record, health)
        record.model(team.model)
        record.folder.write_json("fitted.json", self._kept(team.scale))
        self._show(record, folds, scores, team)
        losses = ["sparse_categorical_crossentropy" if self.classes else "mse"]
        record.words("theory", theory_of(team.members[:1], losses, ["adamw"]))
        record.words("choices", [*prose.choices(len(team.members)), *self.choices()])
        record.words("answers", [prose.verdict(scores, metric)], prose.QUESTION)
        after = [overfitting(team.histories[0].history["val_loss"], "validation")]
        record.words("findings", [said(*after), *prose.diagnosis(health.diagnosis.found.values())])
        record.words("limits", [paragraph(prose.LIMITS)])

    def passes(self, count: int, batch: int) -> int:
        """How often an epoch goes through so many examples in batches of this size."""
        return 1

    def choices(self) -> list[Any]:
        """Further paragraphs on what was chosen."""
        return []

    def _validated(self, record: Record) -> list[Fold]:
        """What each fold gave; fewer after Ctrl-C."""
        found = []
        for number, (train, held_out) in enumerate(folds_of(self.y, self.folds, self.seed), 1):
            to_inputs = self.inputs(train)
            seed = self.seed + number * self.members
            team = self._trained(to_inputs, train, seed, record)
            if record.interrupted:
                break
            outputs = team.model.predict(to_inputs(held_out), batch_size=LARGE_BATCH, verbose=0)
            answers = self._answers(outputs, team.scale)
            fold = Fold(train, held_out, answers, outputs, team.model, team.scale)
            fold.rivals = dict(self.rivals(train, held_out))
            found.append(fold)
            if record.verbose:
                told = translate("fold {} of {}: {} epochs, held-out score {}")
                score, epochs = self._score(held_out, fold.answers), round(np.mean(team.epochs))
                say(told.format(number, self.folds, epochs, number_in_words(score)))
        return found

    def _trained(
        self, to_inputs: Inputs, rows: np.ndarray, seed: int, record: Record, *callbacks: Any
    ) -> Team:
        """Networks trained on some of the rows, each stopped by another part of them.

        With `callbacks` the training of the first goes into the record.
        """
        x, targets, scale = to_inputs(rows), *self._targets(rows)
        members: list[Model] = []
        histories: list[History] = []
        for number in range(self.members):
            set_random_seed(seed + number)
            stop = self.y[rows] if self.classes else np.arange(len(rows)) + 0.5
            kept, held = stratified_split(stop, HELD_OUT, self.seed + number)
            batch = self.batch_size or batch_size_for(len(kept))
            kept = np.tile(kept, self.passes(len(kept), batch))
            model = self._compiled(self.network(x.shape[1:]), record)
            fit = record.fit if callbacks and not number else record.trial
            history = fit(
                model,
                x[kept],
                targets[kept],
                epochs=self.epochs,
                batch_size=batch,
                validation_data=(x[held], targets[held]),
                callbacks=[EarlyStopping(patience=self.patience), *([] if number else callbacks)],
            )
            members.append(model)
            histories.append(history)
            if history.interrupted:
                break
        whole = members[0] if len(members) == 1 else self._compiled(averaged(members), record)
        return Team(whole, members, histories, scale)

    def _targets(self, rows: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
        """What the network is to say of these rows; of a quantity, its mean and deviation too."""
        if self.classes:
            return self.y[rows].astype("int32"), (0.0, 1.0)
        values = self.y[rows].astype("float64")
        mean, deviation = float(values.mean()), float(values.std()) or 1.0
        return ((values - mean) / deviation).astype("float32")[:, None], (mean, deviation)

    def _compiled(self, model: Model, record: Record) -> Model:
        model.compile(
            AdamW(self.learning_rate, weight_decay=self.weight_decay),
            loss="sparse_categorical_crossentropy" if self.classes else "mse",
            metrics=["accuracy"] if self.classes else [],
            engine=record.engine,
        )
        return model

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
        team: Team,
    ) -> None:
        """Hand over figures and tables."""
        metric = "accuracy" if self.classes else "r2"
        record.table(
            "scores",
            [
                "model",
                metric,
                "standard error",
                *(FOLD.format(k) for k in range(1, len(folds) + 1)),
            ],
            [
                [name, round(float(np.mean(v)), 4), round(error_of(v), 4), *np.round(v, 4).tolist()]
                for name, v in scores.items()
            ],
            N_("Held-out scores"),
            N_("Each row of the data is held out once; the standard error is that of the mean."),
            words=("model",),
        )
        largest = (
            {N_("always the largest class"): record.numbers["majority"]} if self.classes else {}
        )
        record.ours = True  # the names of the models are
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
        record.ours = False
        truth = np.concatenate([self.y[fold.held_out] for fold in folds])
        answers = np.concatenate([fold.answers for fold in folds])
        if not self.classes:
            record.figure(
                "prediction",
                partial(_scatter, truth, answers, self.what_is_predicted, self.unit),
                N_("Predicted against true values"),
                N_("Each row when it was held out; on the diagonal both are equal."),
            )
            record.words("findings", [R_SQUARED])
        else:
            self._show_classes(record, folds, truth, answers)
        self.show(record, folds)
        record.ours = True
        show_networks(record, {"": team.members[0]})
        record.figure(
            "curves",
            partial(figures.curves, team.histories[0], held_out="validation"),
            N_("Training of the network that is kept"),
            N_("Of the first of {count} networks.") if len(team.members) > 1 else "",
            count=len(team.members),
        )
        record.ours = False

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


def _scatter(truth: np.ndarray, answers: np.ndarray, name: str, unit: str, lang: str) -> Figure:
    """Predicted against true values of a quantity, whose name stays as it is."""
    told = f"{name} ({translator(lang)(unit)})" if unit else name
    return figures.scatter_fit(truth, answers, name=told, lang=lang)
