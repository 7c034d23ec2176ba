"""Small images by dense networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grafito import layers
from grafito.datasets import digits, fashion_mnist, mnist
from grafito.lab.classes import show_classes
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Sequential

CLASSES = 10


@dataclass(frozen=True, kw_only=True)
class DenseOnImages(Training):
    """Images as rows of pixels, hidden layers with ReLU, ten classes with softmax.

    Attributes:
        brightest: the largest value of a pixel; a layer scales by it, the data stay small.
        class_names: where the classes are no digits.
        units: sizes of the hidden layers.
    """

    brightest: ClassVar[int] = 255
    class_names: ClassVar[tuple[str, ...] | None] = None

    units: tuple[int, ...]

    def network(self, x: np.ndarray) -> Sequential:
        return Sequential(
            [
                layers.Input(x.shape[1:]),
                layers.Rescaling(1 / self.brightest),
                layers.Flatten(),
                *(layers.Dense(n, activation="relu") for n in self.units),
                layers.Dense(CLASSES, activation="softmax"),
            ]
        )

    def show(self, record: Record, trained: Trained) -> None:
        show_classes(record, trained, self.class_names, CLASSES)


@dataclass(frozen=True, kw_only=True)
class Digits(DenseOnImages):
    """scikit-learn's digits, done in seconds."""

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

    name = "mnist-dense"
    what = N_("Handwritten digits by a dense network 784-64-32-10.")
    data = "mnist"

    epochs: int = 50
    batch_size: int = 128
    validation_split: float = 0.1
    units: tuple[int, ...] = (64, 32)

    def load(self) -> Data:
        return mnist.load_data()


@dataclass(frozen=True, kw_only=True)
class FashionDense(DenseOnImages):
    """Fashion-MNIST by 784-300-100-10, by plain gradient descent."""

    name = "fashion-dense"
    what = N_("Pieces of clothing by a dense network 784-300-100-10.")
    data = "fashion_mnist"
    class_names = (
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

    epochs: int = 30
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    validation_split: float = 1 / 12  # 5,000 of the 60,000 images
    units: tuple[int, ...] = (300, 100)

    def load(self) -> Data:
        return fashion_mnist.load_data()
