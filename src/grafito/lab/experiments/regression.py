"""Prices of houses: a linear model on Boston, a deep one on California."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.callbacks import Callback, EarlyStopping
from grafito.datasets import boston_housing, california_housing
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.prose.answers_of_others import explained, explains_as, stopped
from grafito.lab.prose.measures import R_SQUARED
from grafito.lab.prose.tasks_of_networks import BOSTON, CALIFORNIA
from grafito.lab.record import Record
from grafito.lab.training import Arrays, Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Model, Sequential


def r_squared(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The share of the variance that is explained: 1 - sum (t - p)² / sum (t - mean t)².

    Example:
        >>> r_squared(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
        0.5
    """
    truth = np.asarray(truth, np.float64)
    return float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))


@dataclass(frozen=True, kw_only=True)
class Prices(Training):
    """Attributes of a district, brought to mean 0 and deviation 1, and a price.

    Attributes:
        units: sizes of the hidden layers, with ReLU.
        patience: epochs without improvement in validation before training stops; 0 never stops.
        test_split: the share of the test part.
    """

    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 20, "examples": 2000}
    quantity: ClassVar[str]

    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    validation_split: float = 0.1
    units: tuple[int, ...] = ()
    patience: int = 0
    test_split: float = 0.2

    def network(self, x: np.ndarray) -> Sequential:
        scaling = layers.Normalization()
        scaling.adapt(x)
        hidden = [layers.Dense(n, activation="relu") for n in self.units]
        return Sequential([layers.Input(x.shape[1:]), scaling, *hidden, layers.Dense(1)])

    def callbacks(self) -> Sequence[Callback]:
        return [EarlyStopping(patience=self.patience)] if self.patience else []

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        x, y = data[1]
        predicted = model.predict(x, batch_size=len(x), verbose=0)
        return {
            "r2": r_squared(y, predicted),
            **super().measure(model, data),
            "least_squares_r2": r_squared(y, _least_squares(data[0], x)),
        }

    def show(self, record: Record, trained: Trained) -> None:
        x, y = trained.data[1]
        scatter = partial(figures.scatter_fit, y, trained.predict(x), name=self.quantity)
        record.figure(
            "prediction",
            scatter,
            N_("Predicted against true values"),
            N_("Test examples; on the diagonal both are equal."),
        )
        both = (trained.numbers[name] for name in ("r2", "least_squares_r2"))
        record.words("findings", [[explained(*both)], R_SQUARED])


def _least_squares(train: Arrays, x: np.ndarray) -> np.ndarray:
    """What the best linear function of the training part says of other inputs."""
    with_one = [np.c_[part, np.ones(len(part))].astype(np.float64) for part in (train[0], x)]
    return with_one[1] @ np.linalg.lstsq(with_one[0], train[1], rcond=None)[0]


@dataclass(frozen=True, kw_only=True)
class Boston(Prices):
    """One linear neuron."""

    task = BOSTON
    name = "boston"
    course = "TP4-1"
    what = N_("Prices of houses in Boston by linear regression.")
    asked = N_(
        "Fit a linear regression to three quarters of the Boston housing data, draw predicted "
        "against true prices of the rest, and give R²."
    )
    expected = "R² 0.669"
    said: ClassVar[Sayings] = {"": {"test_split": Said(0.25)}}
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {"": {"r2": 0.669}}
    data = "boston_housing"
    quantity = N_("price (1,000 dollars)")

    epochs: int = 200
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    test_split: float = 0.25

    def load(self) -> Data:
        (x, y), (x_test, y_test) = boston_housing.load_data(test_split=self.test_split)
        return (_small(x), _small(y)[:, None]), (_small(x_test), _small(y_test)[:, None])

    def show(self, record: Record, trained: Trained) -> None:
        super().show(record, trained)
        record.text(
            N_(
                "scikit-learn dropped this data set: one of its attributes is built from the share "
                "of black inhabitants, on the assumption that segregation raises prices. It is "
                "kept here because the course uses it; the experiment california asks the same "
                "question of other data."
            ),
            title=N_("A note on the data"),
        )
        r2 = trained.numbers["r2"], self.course_numbers[""]["r2"]
        record.words("answers", [[explains_as(*r2)]], N_("How good is the regression?"))


@dataclass(frozen=True, kw_only=True)
class California(Prices):
    """Three hidden layers, stopped early."""

    task = CALIFORNIA
    name = "california"
    course = "TAA"
    what = N_("Prices of houses in California by a deep network that stops early.")
    asked = N_(
        "Fit a network to the California housing data, draw its learning curves, and stop the "
        "training when validation no longer improves."
    )
    data = "california_housing"
    quantity = N_("price (100,000 dollars)")
    variants: ClassVar[Variants] = {
        "deep": {"units": (50, 50, 50)},
        "shallow": {"units": (30,)},
        "linear": {},
    }

    epochs: int = 100
    patience: int = 10

    def load(self) -> Data:
        (x, y), (x_test, y_test) = california_housing.load_data(test_split=self.test_split)
        return (x, y[:, None] / 100_000), (x_test, y_test[:, None] / 100_000)

    def show(self, record: Record, trained: Trained) -> None:
        super().show(record, trained)
        found = stopped(len(trained.history.epoch), self.epochs, self.patience)
        record.words("answers", [[found]], N_("When does the training stop?"))


def _small(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)
