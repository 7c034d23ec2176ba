"""CIFAR-10 by dense networks: three losses, few and all images, linear classifiers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grafito import layers, regularizers
from grafito.datasets import cifar10
from grafito.lab.classifier import Classifier
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.prose.tasks_of_images import CIFAR_DENSE
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained
from grafito.language import message as N_
from grafito.losses import LossWarning
from grafito.models import Sequential
from grafito.utils import to_categorical

OBJECTS = (
    N_("airplane"),
    N_("automobile"),
    N_("bird"),
    N_("cat"),
    N_("deer"),
    N_("dog"),
    N_("frog"),
    N_("horse"),
    N_("ship"),
    N_("truck"),
)
TUNED = N_(
    "Rate and L2 factor were chosen for each loss on its own, because a rate that suits one loss "
    "is far too small for another."
)
MSE, SVM, CCE = "mse", "multiclass_hinge", "categorical_crossentropy"


@dataclass(frozen=True, kw_only=True)
class CifarDense(Classifier):
    """Pixels brought to mean 0 and deviation 1, hidden layers, one output per class.

    Attributes:
        units: sizes of the hidden layers; none makes a linear classifier.
        activation: of the hidden layers.
        output: activation of the output; softmax inside the loss counts as softmax here.
        l2: factor of the squares of all kernels in the loss.
    """

    task = CIFAR_DENSE
    data = "cifar10"
    class_names = OBJECTS

    examples: int = 5000
    epochs: int = 100
    batch_size: int = 256
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    loss: str = MSE
    follow_test: bool = True
    units: tuple[int, ...] = (100,)
    activation: str = "sigmoid"
    output: str = "linear"
    l2: float = 0.003

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(l2=0)

    def load(self) -> Data:
        (x, y), (x_test, y_test) = cifar10.load_data()
        classes = len(self.class_names)
        return (x, to_categorical(y, classes)), (x_test, to_categorical(y_test, classes))

    def network(self, x: np.ndarray) -> Sequential:
        penalty = regularizers.L2(self.l2) if self.l2 else None
        scaling = layers.Normalization()
        scaling.adapt(x.reshape(len(x), -1))
        hidden = [layers.Dense(n, self.activation, kernel_regularizer=penalty) for n in self.units]
        output = layers.Dense(len(self.class_names), self.output, kernel_regularizer=penalty)
        return Sequential([layers.Input(x.shape[1:]), layers.Flatten(), scaling, *hidden, output])


@dataclass(frozen=True, kw_only=True)
class Cifar10Dense(CifarDense):
    """3072-100-10 with sigmoid and linear outputs, and what becomes better with more."""

    name = "cifar10-dense"
    course = "TP2-3, TP2-4, TP2-8, TP4-2"
    what = N_("Photographs by dense networks, with three losses, few and all images.")
    asked = N_(
        "Train 3072-100-10, sigmoid and linear, with L2 and batches of 256 on standardised images; "
        "compare squared error, the multiclass hinge (SVM) and categorical cross-entropy. Compare "
        "with linear classifiers, with more images, and with two hidden layers."
    )
    expected = N_(
        "5,000 images: 30 % with MSE and SVM, 38 % with cross-entropy; all images: 45 % with MSE; "
        "linear: 25 % with SVM, 23 % with softmax"
    )
    said: ClassVar[Sayings] = {
        "": {"batch_size": Said(256), "activation": Said("sigmoid")},
        **{form: {"examples": Said(5000)} for form in ("mse", "svm", "cce")},
        "mse-all": {"examples": Said(0)},
        "linear-svm": {"units": Said(())},
        "linear-softmax": {"units": Said(())},
        "two-hidden": {"units": Said((100, 100))},
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "mse": {"accuracy": 0.30},
        "svm": {"accuracy": 0.30},
        "cce": {"accuracy": 0.38},
        "mse-all": {"accuracy": 0.45},
        "linear-svm": {"accuracy": 0.25},
        "linear-softmax": {"accuracy": 0.23},
    }
    departures = (TUNED,)
    variants: ClassVar[Variants] = {
        "losses": {},
        "mse": {"learning_rate": 0.1, "l2": 0.0001},
        "svm": {"loss": SVM},
        "cce": {"loss": CCE, "output": "softmax", "learning_rate": 0.1},
        "sizes": {},
        "mse-10000": {"learning_rate": 0.1, "l2": 0.0001, "examples": 10_000},
        "mse-all": {"learning_rate": 0.1, "examples": 0, "l2": 0.0001},
        "linear": {},
        "linear-svm": {"units": (), "loss": SVM},
        "linear-softmax": {"units": (), "loss": CCE, "output": "softmax"},
        "depths": {},
        "two-hidden": {
            "units": (100, 100),
            "loss": CCE,
            "output": "softmax",
            "learning_rate": 0.1,
        },
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "losses": ("mse", "svm", "cce"),
        "sizes": ("mse", "mse-10000", "mse-all"),
        "linear": ("linear-svm", "linear-softmax"),
        "depths": ("cce", "two-hidden"),
    }


@dataclass(frozen=True, kw_only=True)
class Cifar10Relu(CifarDense):
    """3072-100-10 with ReLU in the hidden layer."""

    name = "cifar10-relu"
    course = "TP2-5"
    what = N_("Photographs by a dense network with ReLU, two outputs and two losses.")
    asked = N_(
        "Replace the sigmoid of the hidden layer by ReLU; compare sigmoid and linear outputs, "
        "with squared error and with categorical cross-entropy."
    )
    expected = N_("sigmoid: 32 % with MSE, 27 % with cross-entropy; linear: 35 % and 25 %")
    said: ClassVar[Sayings] = {
        "": {
            "batch_size": Said(256),
            "examples": Said(10_000, N_("As many images as in the exercises beside it.")),
        }
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "sigmoid-mse": {"accuracy": 0.32},
        "linear-mse": {"accuracy": 0.35},
        "sigmoid-cce": {"accuracy": 0.27},
        "linear-cce": {"accuracy": 0.25},
    }
    departures = (TUNED,)
    variants: ClassVar[Variants] = {
        "all": {},
        "sigmoid-mse": {"output": "sigmoid", "learning_rate": 0.1},
        "linear-mse": {"l2": 0.01},
        "sigmoid-cce": {"output": "sigmoid", "loss": CCE},
        "linear-cce": {"output": "softmax", "loss": CCE},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "all": ("sigmoid-mse", "linear-mse", "sigmoid-cce", "linear-cce")
    }

    activation: str = "relu"

    def train(self, record: Record, name: str = "") -> Trained:
        with warnings.catch_warnings():  # said in the report
            warnings.simplefilter("ignore", LossWarning)
            return super().train(record, name)

    def show(self, record: Record, trained: Trained) -> None:
        _explain(record)
        super().show(record, trained)

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        _explain(record)
        super().show_together(record, trained)


def _explain(record: Record) -> None:
    record.text(
        N_(
            "Cross-entropy needs probabilities with sum 1. Sigmoid outputs are divided by their "
            "sum inside the loss. Linear outputs may be negative, so they are put through softmax."
        ),
        title=N_("A note on the settings"),
    )
