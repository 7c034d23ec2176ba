"""Small images by dense networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from grafito import language, layers
from grafito.datasets import digits, fashion_mnist, mnist
from grafito.figures import confusion_matrix
from grafito.lab.experiment import Data, Experiment
from grafito.models import Model, Sequential

CLASSES = 10


@dataclass(frozen=True, kw_only=True)
class DenseOnImages(Experiment):
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

    def figures(self, model: Model, data: Data) -> Iterator[tuple[str, Any]]:
        x, y = data[1]
        counts = np.zeros((CLASSES, CLASSES), int)
        np.add.at(counts, (y, model.predict(x, batch_size=1000, verbose=0).argmax(axis=1)), 1)
        names = self.class_names and [language.translate(name) for name in self.class_names]
        yield "confusion", confusion_matrix(counts, names, lang=language.current())


@dataclass(frozen=True, kw_only=True)
class Digits(DenseOnImages):
    """scikit-learn's digits, done in seconds."""

    name = "digits"
    what = "Handwritten digits of 8 x 8 by a small dense network."
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
    what = "Handwritten digits by a dense network 784-64-32-10."
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
    what = "Pieces of clothing by a dense network 784-300-100-10."
    data = "fashion_mnist"
    class_names = (
        "T-shirt",
        "trousers",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "boot",
    )

    epochs: int = 30
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    validation_split: float = 1 / 12  # 5,000 of the 60,000 images
    units: tuple[int, ...] = (300, 100)

    def load(self) -> Data:
        return fashion_mnist.load_data()
