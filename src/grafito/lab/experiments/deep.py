"""AlexNet and VGG16, fitted to photographs of 32 x 32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from grafito import layers
from grafito.datasets import cifar10, cifar100
from grafito.errors import ArgumentError
from grafito.lab.classifier import Classifier
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.experiments.cifar import OBJECTS
from grafito.lab.experiments.cifar100_names import CIFAR100_NAMES
from grafito.lab.experiments.lenet import tell_cost
from grafito.lab.experiments.mnist_convolutions import show_maps
from grafito.lab.prose.conclusions_of_exercises import costs
from grafito.lab.prose.sentence import said
from grafito.lab.prose.tasks_of_images import DEEP
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Model, Sequential, load_model
from grafito.models.summary import layer_costs

AS_IN_THE_COURSE = {
    "epochs": Said(20),
    "batch_size": Said(128),
    "optimizer": Said("adagrad"),
    "learning_rate": Said(0.01),
    "augmented": Said(True),
}
WHOLE = 50_000  # training images of either data set
# Both networks side by side, and the data set that they see.
AGAINST = {"against-vgg16": "cifar10", "against-vgg16-cifar100": "cifar100"}
LAST = 2  # weights of the last layer: its kernel and its bias


@dataclass(frozen=True, kw_only=True)
class Deep(Classifier):
    """Photographs, mirrored and shifted at random in training, through a deep network.

    Attributes:
        classes: 10 for CIFAR-10, 100 for CIFAR-100.
        augmented: whether images are varied in training.
        units: sizes of the dense hidden layers.
        dropout: share of their units left out in training.
        start: folder of a run of the same network, on either data set; all that it learned but
            the last layer is where training begins.
    """

    task = DEEP
    course = "TP4-10"
    asked = N_(
        "Fit AlexNet and VGG16 to images of 32 x 32 and train them on CIFAR-10 and CIFAR-100, with "
        "augmentation, Adagrad with rate 0.01 and batches of 128."
    )
    data = "cifar10"
    said: ClassVar[Sayings] = {"": AS_IN_THE_COURSE}
    variants: ClassVar[Variants] = {"cifar10": {}, "cifar100": {"classes": 100}}
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 1, "examples": 128, "test_examples": 128}

    epochs: int = 20
    batch_size: int = 128
    optimizer: str = "adagrad"
    learning_rate: float = 0.01
    follow_test: bool = True
    classes: int = 10
    augmented: bool = True
    units: tuple[int, ...]
    dropout: float = 0.5
    start: str = ""

    def sources(self) -> tuple[str, ...]:
        return ("cifar10",) if self.classes == 10 else ("cifar100",)

    def names(self) -> tuple[str, ...]:
        return OBJECTS if self.classes == 10 else CIFAR100_NAMES

    def load(self) -> Data:
        return cifar10.load_data() if self.classes == 10 else cifar100.load_data()

    def convolutions(self) -> list[Any]:
        """The layers from the scaled image to the last pooling."""
        raise NotImplementedError

    def network(self, x: np.ndarray) -> Sequential:
        scaling = layers.Normalization()
        scaling.adapt(x)
        varied = [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1)]
        dense: list[Any] = []
        for n in self.units:
            dense += [layers.Dense(n, activation="relu"), layers.Dropout(self.dropout)]
        return Sequential(
            [
                layers.Input(x.shape[1:]),
                scaling,
                *(varied if self.augmented else ()),
                *self.convolutions(),
                layers.Flatten(),
                *dense,
                layers.Dense(len(self.names()), activation="softmax"),
            ]
        )

    def compiled(self, x: np.ndarray, engine: Any) -> Model:
        model = super().compiled(x, engine)
        if self.start:
            learned = load_model(Path(self.start) / "model.safetensors")
            begun, last = learned.get_weights()[:-LAST], model.get_weights()[-LAST:]
            if [w.shape for w in begun] != [w.shape for w in model.get_weights()[:-LAST]]:
                raise ArgumentError(
                    "The run to start from trained another network.",
                    where="start=",
                    received=self.start,
                    expected=f"a run of {self.name!r} with the same layers",
                )
            model.set_weights([*begun, *last])
        return model

    def tell_part(self, record: Record, trained: Trained) -> None:
        """Say so where the file holds a part of the data set."""
        train, test = (len(x) for x, _ in trained.data)
        if train < WHOLE and not self.examples:
            record.text(
                N_(
                    "The file holds a part of the data set: {train} training and {test} test "
                    "images. With so few, less is learned in as many epochs than the course "
                    "reports: more epochs help (--epochs), and so does what a run on CIFAR-10 "
                    "learned (--set start=FOLDER)."
                ),
                title=N_("A note on the data"),
                train=train,
                test=test,
            )

    def show(self, record: Record, trained: Trained) -> None:
        self.tell_part(record, trained)
        super().show(record, trained)
        show_maps(record, trained)
        tell_cost(record, trained, N_("How far does it come, and at what cost?"))


@dataclass(frozen=True, kw_only=True)
class AlexNet(Deep):
    """Five convolutions with AlexNet's numbers of kernels, and smaller dense layers."""

    name = "alexnet"
    what = N_("Photographs by AlexNet, fitted to 32 x 32.")
    expected = N_("CIFAR-10 40 %, CIFAR-100 25 %, after 20 epochs")
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "cifar10": {"accuracy": 0.40},
        "cifar100": {"accuracy": 0.25},
    }
    departures = (N_("The dense layers have 1,024 units, for the images are small."),)
    variants: ClassVar[Variants] = {
        **Deep.variants,
        "against-vgg16": {},
        "against-vgg16-cifar100": {"classes": 100},
    }

    units: tuple[int, ...] = (1024, 1024)

    def convolutions(self) -> list[Any]:
        def convolution(filters: int, size: int, strides: int = 1) -> Any:
            return layers.Conv2D(filters, size, strides, "same", activation="relu")

        return [
            convolution(96, 5, strides=2),
            layers.MaxPooling2D(),
            convolution(256, 5),
            layers.MaxPooling2D(),
            convolution(384, 3),
            convolution(384, 3),
            convolution(256, 3),
            layers.MaxPooling2D(),
        ]

    def forms(self) -> Mapping[str, Training]:
        if self.variant not in AGAINST:
            return {}
        kinds: dict[str, type[Deep]] = {"AlexNet": AlexNet, "VGG16": Vgg16}
        data = AGAINST[self.variant]
        usual = {n: kind.usual(data, self.quick, self.as_course) for n, kind in kinds.items()}
        return {name: form.with_settings(**self.changes()) for name, form in usual.items()}

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        self.tell_part(record, next(iter(trained.values())))
        effort = {name: float(multiply_adds(one.model)) for name, one in trained.items()}
        record.table(
            "cost",
            ["network", "accuracy", "seconds", "parameters", "multiply-adds"],
            [
                [
                    name,
                    one.numbers["accuracy"],
                    round(one.seconds, 1),
                    one.model.count_params(),
                    int(effort[name]),
                ]
                for name, one in trained.items()
            ],
            N_("What each network costs"),
            N_("Multiply-adds are those of one image; the seconds are those of the training."),
        )
        right = {name: one.numbers["accuracy"] for name, one in trained.items()}
        record.words("findings", [said(costs(right, effort))])
        super().show_together(record, trained)


def multiply_adds(model: Model) -> int:
    """Of matrix products and convolutions, for one example.

    Example:
        >>> multiply_adds(Sequential([layers.Input((4,)), layers.Dense(3)]))
        12
    """
    costs_of = layer_costs(model)
    return sum(cost["macs"] for path, cost in costs_of.items() if len(path) == 1)


@dataclass(frozen=True, kw_only=True)
class Vgg16(Deep):
    """Thirteen convolutions of 3 x 3 in five blocks; one dense layer of 512 in place of two.

    Attributes:
        normalised: whether each convolution is followed by batch normalisation.
    """

    name = "vgg16"
    what = N_("Photographs by VGG16, fitted to 32 x 32.")
    expected = N_("CIFAR-10 75 %, CIFAR-100 40 %, after 20 epochs")
    said: ClassVar[Sayings] = {
        "": {
            **AS_IN_THE_COURSE,
            "normalised": Said(False, N_("Without it, so deep a network hardly begins to learn.")),
        }
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "cifar10": {"accuracy": 0.75},
        "cifar100": {"accuracy": 0.40},
    }
    departures = (
        N_("One dense layer of 512 units takes the place of two, for the images are small."),
    )

    units: tuple[int, ...] = (512,)
    normalised: bool = True

    def convolutions(self) -> list[Any]:
        found: list[Any] = []
        for count, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
            for _ in range(count):
                found.append(layers.Conv2D(filters, 3, padding="same"))
                if self.normalised:
                    found.append(layers.BatchNormalization())
                found.append(layers.Activation("relu"))
            found.append(layers.MaxPooling2D())
        return found
