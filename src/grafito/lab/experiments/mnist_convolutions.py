"""Small convolutional networks on MNIST and Fashion-MNIST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.datasets import fashion_mnist, mnist
from grafito.lab.classifier import Classifier, accuracies, count_classes, labels_of
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.experiments.dense_images import CLOTHES
from grafito.lab.prose.answers import at_what_price, changed_errors, lost, weakest_class
from grafito.lab.prose.sentence import said
from grafito.lab.prose.tasks_of_images import (
    FASHION_WEIGHTED,
    MNIST_CONV1,
    MNIST_DENSE_CONV,
    MNIST_PERMUTED,
)
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained
from grafito.language import message as N_
from grafito.models import Sequential

BRIGHTEST = 255
WINDOWS = (layers.Conv2D, layers.MaxPooling2D, layers.AveragePooling2D)
MOST_MAPS = 10  # layers; of more, only what follows each pooling is drawn


@dataclass(frozen=True, kw_only=True)
class OnMnist(Classifier):
    """Grey images of 28 x 28, scaled to 0 to 1, and what the layers make of one of them."""

    data = "mnist"

    def load(self) -> Data:
        return mnist.load_data()

    def hidden(self) -> list[Any]:
        """The layers between the scaled image and the output; the last one is flat."""
        raise NotImplementedError

    def network(self, x: np.ndarray) -> Sequential:
        scaled = [
            layers.Input(x.shape[1:]),
            layers.Rescaling(1 / BRIGHTEST),
            layers.Reshape((*x.shape[1:], 1)),
        ]
        output = layers.Dense(len(self.names()), activation="softmax")
        return Sequential([*scaled, *self.hidden(), output])

    def show(self, record: Record, trained: Trained) -> None:
        super().show(record, trained)
        show_maps(record, trained)


def show_maps(record: Record, trained: Trained) -> None:
    """Hand over what the convolutions make of the first test image, where there are any."""
    shown = [layer for layer in trained.model.layers if isinstance(layer, WINDOWS)]
    if len(shown) > MOST_MAPS:
        shown = [layer for layer in shown if not isinstance(layer, layers.Conv2D)]
    if shown:
        names = [layer.name for layer in shown]
        image = trained.data[1][0][0]
        maps = partial(figures.feature_maps, trained.model, image, layers=names)
        record.figure(
            "maps",
            maps,
            N_("What the layers make of an image"),
            N_("The first test image, and for each layer its first channels: black is the least."),
        )


@dataclass(frozen=True, kw_only=True)
class MnistDenseConv(OnMnist):
    """100 dense units, or two convolutions without pooling.

    Attributes:
        convolutions: whether the network has convolutions, or a dense hidden layer.
    """

    task = MNIST_DENSE_CONV
    name = "mnist-dense-conv"
    course = "TP4-8"
    what = N_("Handwritten digits by a dense layer, and by two convolutions.")
    asked = N_(
        "Compare 100 dense units with dropout 0.15 and two convolutions of 16 kernels of 3 x 3 "
        "with dropout 0.5: parameters and accuracy."
    )
    expected = N_("90 % with 79,510 parameters (dense), 93 % with 94,650 (convolutions)")
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "dense": {"accuracy": 0.90, "parameters": 79_510},
        "convolutions": {"accuracy": 0.93, "parameters": 94_650},
    }
    variants: ClassVar[Variants] = {
        "both": {},
        "dense": {"epochs": 30},
        "convolutions": {"convolutions": True, "epochs": 5},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {"both": ("dense", "convolutions")}

    batch_size: int = 128
    follow_test: bool = True
    convolutions: bool = False

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        if len(trained) == len(self.together["both"]):
            parameters = {name: one.model.count_params() for name, one in trained.items()}
            record.words(
                "answers",
                [at_what_price(accuracies(trained), {N_("parameters"): parameters})],
                N_("Which network is better, and with how many parameters?"),
            )

    def hidden(self) -> list[Any]:
        if self.convolutions:
            convolutions = [layers.Conv2D(16, 3, activation="relu") for _ in range(2)]
            return [*convolutions, layers.Flatten(), layers.Dropout(0.5)]
        return [layers.Flatten(), layers.Dense(100, activation="relu"), layers.Dropout(0.15)]


@dataclass(frozen=True, kw_only=True)
class MnistPermuted(MnistDenseConv):
    """All images with their pixels in another order, the same for all.

    Attributes:
        permute: whether the pixels change their places.
    """

    task = MNIST_PERMUTED
    name = "mnist-permuted"
    course = "TP4-9"
    what = N_("Handwritten digits with permuted pixels, by a dense layer and by convolutions.")
    asked = N_(
        "Permute the pixels of all images in the same way and train both networks again: what "
        "does each lose?"
    )
    expected = N_("98 % (dense), 92 % (convolutions)")
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "dense": {"accuracy": 0.98},
        "convolutions": {"accuracy": 0.92},
        "dense-original": {"accuracy": 0.90},
        "convolutions-original": {"accuracy": 0.93},
    }
    variants: ClassVar[Variants] = {
        "beside": {},
        **MnistDenseConv.variants,
        "dense-original": {**MnistDenseConv.variants["dense"], "permute": False},
        "convolutions-original": {**MnistDenseConv.variants["convolutions"], "permute": False},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **MnistDenseConv.together,
        "beside": ("dense-original", "dense", "convolutions-original", "convolutions"),
    }
    permute: bool = True

    def load(self) -> Data:
        if not self.permute:
            return super().load()
        (x, y), (x_test, y_test) = super().load()
        return (self.permuted(x), y), (self.permuted(x_test), y_test)

    def permuted(self, x: np.ndarray) -> np.ndarray:
        """The images with their pixels in the order that the seed gives."""
        order = np.random.RandomState(self.seed).permutation(x[0].size)
        return x.reshape(len(x), -1)[:, order].reshape(x.shape)

    def show(self, record: Record, trained: Trained) -> None:
        if self.permute:
            self.show_permutation(record)
        super().show(record, trained)

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        self.show_permutation(record)
        super().show_together(record, trained)

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        shares = accuracies(trained)
        before = {name: shares.get(f"{name}-original") for name in shares}
        known = {name: share for name, share in before.items() if share is not None}
        if known:
            count = len(next(iter(trained.values())).data[1][0])
            found = lost(known, shares, count)
            record.words("answers", [found], N_("What does each network lose?"))

    def show_permutation(self, record: Record) -> None:
        """Hand over some images as they were and as the networks see them."""
        before = MnistDenseConv.load(self)[1][0][:8]
        rows = {N_("original"): before, N_("permuted"): self.permuted(before)}
        record.figure(
            "permuted",
            partial(figures.images_grid, rows),
            N_("The first test images, permuted"),
            N_(
                "A dense layer does not know which pixels are neighbours; a convolution looks at "
                "neighbours, which have nothing to do with each other any more."
            ),
        )


@dataclass(frozen=True, kw_only=True)
class MnistConv1(OnMnist):
    """One convolution with one kernel."""

    task = MNIST_CONV1
    name = "mnist-conv1"
    course = "T11-1"
    what = N_("Handwritten digits by a single convolution with a single kernel.")
    asked = N_(
        "Train one convolution of one 4 x 4 kernel and ten outputs by gradient descent; give the "
        "confusion matrix, and precision and recall of each class."
    )
    expected = N_("about 88 %")
    said: ClassVar[Sayings] = {
        "": {
            "epochs": Said(10),
            "batch_size": Said(40),
            "optimizer": Said("sgd"),
            "learning_rate": Said(0.01),
        }
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {"": {"accuracy": 0.88}}

    batch_size: int = 40
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    validation_split: float = 0.1

    def hidden(self) -> list[Any]:
        return [layers.Conv2D(1, 4, activation="relu"), layers.Flatten()]

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        one = trained[self.variant]
        truth, names = one.data[1][1], self.names()
        counts = count_classes(truth, labels_of(one.test_outputs), len(names))
        rows = figures.classification_table(counts, names)[: len(names)]
        scores = {row["class"]: (row["precision"], row["recall"]) for row in rows}
        record.words(
            "answers",
            [said(weakest_class(scores))],
            N_("Which digits are weakest in precision and recall?"),
        )


@dataclass(frozen=True, kw_only=True)
class FashionWeighted(OnMnist):
    """Two convolutions; errors on some classes cost more than others.

    Attributes:
        costly_classes: those whose errors cost more.
        weight: how much more.
    """

    task = FASHION_WEIGHTED
    name = "fashion-weighted"
    course = "T11-2"
    what = N_("Pieces of clothing, where errors on shoes count twice.")
    asked = N_(
        "Train convolutions of 20 kernels of 4 x 4 (ReLU) and one of 3 x 3 (ELU) with ten outputs; "
        "errors on sandals, sneakers and boots count twice. Give the confusion matrix."
    )
    said: ClassVar[Sayings] = {
        "": {"costly_classes": Said((5, 7, 9)), "optimizer": Said("adam")},
        "weighted": {"weight": Said(2.0)},
    }
    data = "fashion_mnist"
    class_names = CLOTHES
    variants: ClassVar[Variants] = {"both": {}, "weighted": {}, "unweighted": {"weight": 1.0}}
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {"both": ("weighted", "unweighted")}

    batch_size: int = 40
    validation_split: float = 0.1
    costly_classes: tuple[int, ...] = (5, 7, 9)
    weight: float = 2.0

    def load(self) -> Data:
        return fashion_mnist.load_data()

    def hidden(self) -> list[Any]:
        first = layers.Conv2D(20, 4, activation="relu")
        return [first, layers.Conv2D(1, 3, activation="elu"), layers.Flatten()]

    def fitting(self) -> dict[str, Any]:
        return {"class_weight": dict.fromkeys(self.costly_classes, self.weight)}

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        rows: list[list[Any]] = []
        for name, one in trained.items():
            y, predicted = one.data[1][1], labels_of(one.test_outputs)
            wrong = [
                int(np.sum((y == label) & (predicted != label))) for label in self.costly_classes
            ]
            others = int(np.sum((y != predicted) & ~np.isin(y, self.costly_classes)))
            rows.append([name, *wrong, others])
        record.table(
            "errors",
            ["form", *(self.class_names[label] for label in self.costly_classes), "others"],
            rows,
            N_("Test images that were taken for another class"),
        )
        if len(trained) == len(self.together["both"]):
            costly = {row[0]: sum(row[1:-1]) for row in rows}
            rest = {row[0]: row[-1] for row in rows}
            record.words(
                "answers",
                [[changed_errors(costly, rest, "weighted", "unweighted")]],
                N_("What do the weights change?"),
            )
        super().show_together(record, trained)
