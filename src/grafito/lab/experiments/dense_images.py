"""Small images by dense networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from grafito import figures, layers, models
from grafito.datasets import digits, fashion_mnist, mnist
from grafito.lab.classifier import Classifier, labels_of
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.prose.answers import first_ones, kept, three_parts
from grafito.lab.prose.sentence import said
from grafito.lab.prose.tasks_of_images import DIGITS, FASHION_DENSE, MNIST_DENSE
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained
from grafito.language import message as N_
from grafito.models import Sequential

CLOTHES = (
    N_("T-shirt"),
    N_("trousers"),
    N_("pullover"),
    N_("dress"),
    N_("coat"),
    N_("sandal"),
    N_("shirt"),
    N_("sneaker"),
    N_("bag"),
    N_("boot"),
)


@dataclass(frozen=True, kw_only=True)
class DenseOnImages(Classifier):
    """Images as rows of pixels, hidden layers with ReLU, ten classes with softmax.

    Attributes:
        brightest: the largest value of a pixel; a layer scales by it, the data stay small.
        units: sizes of the hidden layers.
        activity_l2: factor of the squares of what the hidden units give, in the loss.
        penalised_layers: hidden layers whose activities count, from the first on; 0 stands for all.
    """

    brightest: ClassVar[int] = 255

    units: tuple[int, ...]
    activity_l2: float = 0.0
    penalised_layers: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(activity_l2=0, penalised_layers=0)

    def network(self, x: np.ndarray) -> Sequential:
        penalty = {"class_name": "L2", "config": {"l2": self.activity_l2}}
        penalties = [penalty if self.activity_l2 else None] * len(self.units)
        if self.penalised_layers:
            penalties[self.penalised_layers :] = [None] * len(self.units[self.penalised_layers :])
        hidden = [
            layers.Dense(n, activation="relu", activity_regularizer=each)
            for n, each in zip(self.units, penalties, strict=True)
        ]
        return Sequential(
            [
                layers.Input(x.shape[1:]),
                layers.Rescaling(1 / self.brightest),
                layers.Flatten(),
                *hidden,
                layers.Dense(len(self.names()), activation="softmax"),
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Digits(DenseOnImages):
    """scikit-learn's digits, done in seconds."""

    task = DIGITS
    name = "digits"
    what = N_("Handwritten digits of 8 x 8 by a small dense network.")
    data = "digits"
    brightest = 16

    epochs: int = 30
    learning_rate: float = 0.003
    validation_split: float = 0.1
    units: tuple[int, ...] = (64,)

    def load(self) -> Data:
        return digits.load_data()


@dataclass(frozen=True, kw_only=True)
class MnistDense(DenseOnImages):
    """MNIST by 784-64-32-10."""

    task = MNIST_DENSE
    name = "mnist-dense"
    course = "TFG 4.4"
    what = N_("Handwritten digits by a dense network 784-64-32-10.")
    asked = N_(
        "Train 784-64-32-10 on MNIST with Adam for 50 epochs, with L2 on the activities of the "
        "hidden layers; compare accuracy in training, validation and test."
    )
    expected = N_("98 % in training, 96 % in validation, 95 % in test")
    said: ClassVar[Sayings] = {
        "": {"epochs": Said(50), "optimizer": Said("adam"), "units": Said((64, 32))},
        "L2": {
            "activity_l2": Said(0.001, N_("A factor as large holds back training itself.")),
            "penalised_layers": Said(1, N_("Both hidden layers overfit, so both are penalised.")),
        },
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "L2": {"accuracy": 0.95, "training_accuracy": 0.98, "validation_accuracy": 0.96}
    }
    data = "mnist"
    variants: ClassVar[Variants] = {"L2": {"activity_l2": 0.00001}, "unpenalised": {}}

    epochs: int = 50
    batch_size: int = 128
    validation_split: float = 0.1
    units: tuple[int, ...] = (64, 32)

    def load(self) -> Data:
        return mnist.load_data()

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        one = trained[self.variant]
        names = ("training_accuracy", "validation_accuracy", "accuracy")
        if all(name in one.numbers for name in names):
            training, validation, test = (one.numbers[name] for name in names)
            record.words(
                "answers",
                [[three_parts(training, validation, test, len(one.data[1][0]))]],
                N_("How do accuracy in training, validation and test differ?"),
            )


@dataclass(frozen=True, kw_only=True)
class FashionDense(DenseOnImages):
    """Fashion-MNIST by 784-300-100-10, by plain gradient descent."""

    task = FASHION_DENSE
    name = "fashion-dense"
    course = "TAA"
    what = N_("Pieces of clothing by a dense network 784-300-100-10.")
    asked = N_(
        "Train 784-300-100-10 with plain gradient descent for 30 epochs. Draw the first three "
        "test images with their predictions; save the network, load it, and predict again."
    )
    expected = N_("loss 0.338, accuracy 88.2 %, with 266,610 parameters")
    said: ClassVar[Sayings] = {
        "": {"epochs": Said(30), "optimizer": Said("sgd"), "units": Said((300, 100))}
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "": {"accuracy": 0.882, "loss": 0.338, "parameters": 266_610}
    }
    data = "fashion_mnist"
    class_names = CLOTHES

    epochs: int = 30
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    validation_split: float = 1 / 12  # 5,000 of the 60,000 images
    units: tuple[int, ...] = (300, 100)

    def load(self) -> Data:
        return fashion_mnist.load_data()

    def show(self, record: Record, trained: Trained) -> None:
        x, y = (part[:3] for part in trained.data[1])
        before = trained.predict(x)
        loaded = models.load_model(record.folder.path / "model.safetensors")
        after = loaded.predict(x, verbose=0)
        record.figure(
            "three",
            partial(figures.images_grid, x, y, after, class_names=self.names()),
            N_("The first three test images"),
            N_("Predicted by the network after it was saved and loaded again."),
        )
        record.table(
            "three",
            ["class", "predicted class", "probability before saving", "after loading"],
            _probabilities(self.names(), y, before, after),
            N_("Saved, loaded, asked again"),
        )
        right = int(np.sum(labels_of(before) == y))
        record.words(
            "answers",
            [said(first_ones(right, len(y)))],
            N_("Are the first three test images recognised?"),
        )
        record.words(
            "answers",
            [said(kept(float(np.abs(before - after).max())))],
            N_("Does the network predict the same after it was saved and loaded?"),
        )
        super().show(record, trained)


def _probabilities(
    names: Sequence[str], y: np.ndarray, before: np.ndarray, after: np.ndarray
) -> list[list[object]]:
    """For each image its class, the predicted one, and its probability from two networks."""
    return [
        [names[label], names[given], float(first[given]), float(again[given])]
        for label, given, first, again in zip(y, labels_of(before), before, after, strict=True)
    ]
