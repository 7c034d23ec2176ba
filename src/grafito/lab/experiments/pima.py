"""Diabetes among Pima women: missing values that look like zeros, five folds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers, optimizers, regularizers
from grafito.callbacks import History
from grafito.datasets import pima
from grafito.lab.classifier import tell_chances
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Experiment, Variants
from grafito.lab.prose import conclusions
from grafito.lab.prose.conclusions_by_hand import against_the_majority
from grafito.lab.prose.conclusions_of_exercises import filling
from grafito.lab.prose.of_the_course import beside_the_course
from grafito.lab.prose.sentence import Words, paragraph, said
from grafito.lab.prose.tasks_by_hand import PIMA
from grafito.lab.prose.theory import theory_of
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.models import Model, Sequential, cross_validate
from grafito.models.validation import CrossValidation

MEASURED = [name for name in pima.FEATURES if name != "pregnancies"]  # a zero is no measurement


@dataclass(frozen=True, kw_only=True)
class Pima(Experiment):
    """A network 250-100-50-50-50-1, trained and tested in folds.

    Attributes:
        missing: "zeros" leaves zeros as they are; "mean" puts the mean of the training fold in
            their place, except in the number of pregnancies.
        scaled: whether inputs are brought to mean 0 and deviation 1 of the training fold.
        units: sizes of the hidden layers.
        l2: factor of the squares of all kernels in the loss.
        folds, epochs, batch_size, learning_rate: of the training, with Adam.
    """

    task = PIMA
    name = "pima"
    course = "TP4-6"
    what = N_("Diabetes among Pima women, with missing values, in five folds.")
    asked = N_(
        "Train 250-100-50-50-50-1 with L2 and Adam in five folds, first with the zeros as they "
        "are, then with zeros as missing values that the mean of the training fold replaces."
    )
    expected = N_("68 %, then 72 %")
    said: ClassVar[Sayings] = {
        "": {
            "epochs": Said(50, N_("With so small a rate the loss still falls after 50 epochs.")),
            "learning_rate": Said(1e-4),
            "folds": Said(5),
            "units": Said((250, 100, 50, 50, 50)),
        },
        "mean": {"missing": Said("mean")},
        "zeros": {"missing": Said("zeros")},
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "mean": {"accuracy": 0.72},
        "zeros": {"accuracy": 0.68},
    }
    data = "pima"
    variants: ClassVar[Variants] = {
        "mean": {},
        "zeros": {"missing": "zeros"},
        "scaled": {"scaled": True},
        "all": {},
    }
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 10}

    missing: str = "mean"
    scaled: bool = False
    units: tuple[int, ...] = (250, 100, 50, 50, 50)
    l2: float = 0.01
    folds: int = 5
    epochs: int = 300
    batch_size: int = 32
    learning_rate: float = 1e-4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(folds=2, epochs=1, batch_size=1, l2=0)

    def network(self, x: np.ndarray) -> Model:
        """The compiled network of a fold."""
        penalty = regularizers.L2(self.l2)
        hidden = [layers.Dense(n, "relu", kernel_regularizer=penalty) for n in self.units]
        output = layers.Dense(1, "sigmoid", kernel_regularizer=penalty)
        return Sequential([layers.Input(x.shape[1:]), *hidden, output])

    def preprocessing(self) -> Any:
        """What is fitted to the training part of each fold."""
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler

        steps: list[Any] = [FunctionTransformer()]
        if self.missing == "mean":
            columns = [pima.FEATURES.index(name) for name in MEASURED]
            imputer = SimpleImputer(missing_values=0, strategy="mean")
            steps.append(make_column_transformer((imputer, columns), remainder="passthrough"))
        if self.scaled:
            steps.append(StandardScaler())
        return make_pipeline(*steps)

    def _findings(self, record: Record, histories: Sequence[History]) -> list[list[Words]]:
        """What the numbers of the folds say."""
        length = min(len(one.epoch) for one in histories)
        mean = {
            name: np.mean([one.history[name][:length] for one in histories], axis=0).tolist()
            for name in histories[0].history
        }
        course = self.course_numbers.get(self.variant, {})
        return [
            said(beside_the_course(record.numbers, course)),
            said(
                conclusions.standing_still(mean["loss"]),
                conclusions.overfitting(mean.get("val_loss", ()), "validation"),
            ),
        ]

    def forms(self) -> dict[str, Pima]:
        names = ("zeros", "mean", "scaled") if self.variant == "all" else ()
        return {name: self.another(name) for name in names}

    def conduct(self, record: Record) -> None:
        if forms := self.forms():
            self._compare(record, forms)
            return
        result, majority = self.validated(record)
        record.metrics(
            {
                "accuracy": result.mean("accuracy"),
                "accuracy_deviation": result.deviation("accuracy"),
                "loss": result.mean("loss"),
                "majority": majority,
            }
        )
        record.model(result.models[0])
        record.words("theory", theory_of(result.models[:1], ["binary_crossentropy"], ["adam"]))
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        found = against_the_majority(
            *(record.numbers[name] for name in ("accuracy", "accuracy_deviation", "majority"))
        )
        question = N_("Does the network know more than which class is the larger one?")
        record.words("answers", [[found]], question)
        record.words("findings", self._findings(record, result.histories))
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])
        together = partial(figures.curves, {"": result.histories})
        record.figure(
            "curves",
            together,
            N_("Training"),
            N_("Mean of the folds; the band is their spread."),
        )
        record.table(
            "folds",
            ["fold", "examples", *result.scores],
            [
                [
                    number + 1,
                    len(result.folds[number][1]),
                    *(s[number] for s in result.scores.values()),
                ]
                for number in range(len(result.histories))
            ],
            N_("The held-out part of each fold"),
        )
        tell_chances(record, *self._held_out({"": result}))

    def _held_out(
        self, results: Mapping[str, CrossValidation]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The classes of the held-out parts of all folds, and what each form said of them."""
        y = np.concatenate([part[1] for part in pima.load_data(seed=self.seed)])
        done = min(len(result.outputs) for result in results.values())
        folds = next(iter(results.values())).folds[:done]
        truth = np.concatenate([y[held_out] for _, held_out in folds])
        return truth, {
            name: np.concatenate([*result.outputs[:done]])[:, 0] for name, result in results.items()
        }

    def validated(self, record: Record, name: str = "") -> tuple[CrossValidation, float]:
        """What the folds gave, and the share of the larger class."""
        parts = pima.load_data(seed=self.seed)
        x, y = (np.concatenate(both) for both in zip(*parts, strict=True))

        def build(x_train: np.ndarray) -> Model:
            model = self.network(x_train)
            model.compile(
                optimizers.Adam(self.learning_rate),
                loss="binary_crossentropy",
                metrics=["accuracy"],
                engine=record.engine,
            )
            return model

        began = time.perf_counter()
        result = cross_validate(
            build,
            x,
            y[:, None],
            folds=self.folds,
            preprocessing=self.preprocessing(),
            seed=self.seed,
            epochs=self.epochs,
            batch_size=self.batch_size,
            verbose=0,
        )
        seconds = time.perf_counter() - began
        for number, history in enumerate(result.histories, start=1):
            told = f"{name} fold {number}".strip()
            record.history(history, told, seconds / len(result.histories))
        return result, float(max(np.mean(y), 1 - np.mean(y)))

    def _compare(self, record: Record, forms: Mapping[str, Pima]) -> None:
        """Hand over the folds of several forms side by side; the folds are the same."""
        done, majority = {}, 0.0
        for name, form in forms.items():
            if record.interrupted:
                return
            done[name], majority = form.validated(record, name)
            record.metrics({f"{name} accuracy": done[name].mean("accuracy")})
        shares = {name: list(result.scores["accuracy"]) for name, result in done.items()}
        record.metrics({f"{name} loss": result.mean("loss") for name, result in done.items()})
        record.metrics({"majority": majority})
        record.figure(
            "folds",
            partial(
                figures.sweep,
                shares,
                names=("", N_("accuracy")),
                reference={N_("always “no”"): majority},
            ),
            N_("Accuracy of each fold"),
            N_("The bars are the means of the folds, which are the points."),
        )
        record.figure(
            "curves",
            partial(figures.curves, {name: result.histories for name, result in done.items()}),
            N_("Training, side by side"),
            N_("Mean of the folds; the band is their spread."),
        )
        record.table(
            "folds",
            ["fold", *shares],
            [[n + 1, *(each[n] for each in shares.values())] for n in range(self.folds)],
            N_("Accuracy of each fold"),
        )
        tell_chances(record, *self._held_out(done))
        models = [result.models[0] for result in done.values()]
        record.words("theory", theory_of(models[:1], ["binary_crossentropy"], ["adam"]))
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words(
            "findings",
            [
                said(filling(shares["zeros"], shares["mean"])),
                said(conclusions.best_of({n: float(np.mean(v)) for n, v in shares.items()},
                                         "accuracy", False)),
            ],
        )  # fmt: skip
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])
