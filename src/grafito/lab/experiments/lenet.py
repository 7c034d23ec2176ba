"""A wide network against LeNet-5 on CIFAR-10: time, size, errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.datasets import cifar10
from grafito.errors import unknown_name
from grafito.lab.classifier import Classifier, accuracies, show_confusions
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Experiment, course_numbers
from grafito.lab.experiments.cifar import OBJECTS
from grafito.lab.experiments.mnist_convolutions import BRIGHTEST, show_maps
from grafito.lab.prose.answers import at_what_price
from grafito.lab.prose.answers_of_others import cost_of_training
from grafito.lab.prose.tasks_of_images import ON_PHOTOGRAPHS
from grafito.lab.prose.telling import tell_findings, tell_theory
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training, train_together
from grafito.language import message as N_
from grafito.models import Model, Sequential


@dataclass(frozen=True, kw_only=True)
class OnPhotographs(Classifier):
    """Photographs of 32 x 32, scaled to 0 to 1, and what the layers make of one of them."""

    task = ON_PHOTOGRAPHS
    course = "T11-3"
    data = "cifar10"
    class_names = OBJECTS

    batch_size: int = 40
    validation_split: float = 0.1

    def load(self) -> Data:
        return cifar10.load_data()

    def hidden(self) -> list[Any]:
        """The layers between the scaled image and the output."""
        raise NotImplementedError

    def network(self, x: np.ndarray) -> Sequential:
        scaled = [layers.Input(x.shape[1:]), layers.Rescaling(1 / BRIGHTEST)]
        output = layers.Dense(len(self.names()), activation="softmax")
        return Sequential([*scaled, *self.hidden(), output])

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        return {**super().measure(model, data), "kilobytes": weight_bytes(model) / 1000}

    def show(self, record: Record, trained: Trained) -> None:
        super().show(record, trained)
        show_maps(record, trained)
        tell_cost(record, trained, N_("What does it cost, and what does it give?"))


def tell_cost(record: Record, trained: Trained, question: str) -> None:
    """Hand over what a training took and what came of it."""
    epochs, share = len(trained.history.epoch), trained.numbers["accuracy"]
    cost = cost_of_training(share, epochs, trained.seconds, weight_bytes(trained.model))
    record.words("answers", [[cost]], question)


@dataclass(frozen=True, kw_only=True)
class Wide(OnPhotographs):
    """Three kernels and 10,000 hidden units: 23.6 million parameters."""

    name = "wide"
    what = N_("Photographs by a convolution and 10,000 dense units.")
    asked = N_(
        "Train a convolution of 3 kernels of 5 x 5 and 10,000 dense units with Adagrad for two "
        "epochs, in batches of 40; give time, file size, error curves and the confusion matrix."
    )
    expected = N_("3,254 s, 90 MB")
    said: ClassVar[Sayings] = {
        "": {
            "epochs": Said(2),
            "batch_size": Said(40),
            "optimizer": Said("adagrad"),
            "units": Said(10_000),
        }
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "": {"kilobytes": 90_000, "seconds": 3254}
    }

    epochs: int = 2
    optimizer: str = "adagrad"
    learning_rate: float = 0.01
    units: int = 10_000

    def hidden(self) -> list[Any]:
        convolution = layers.Conv2D(3, 5, activation="relu")
        return [convolution, layers.Flatten(), layers.Dense(self.units, activation="relu")]


@dataclass(frozen=True, kw_only=True)
class Lenet(OnPhotographs):
    """LeNet-5 with 62,006 parameters, in the form that is usual today.

    Attributes:
        pooling: "average" or "max".
    """

    name = "lenet"
    what = N_("Photographs by LeNet-5.")
    asked = N_(
        "Train LeNet-5 by gradient descent for ten epochs, in batches of 40; give time, file "
        "size, error curves and the confusion matrix."
    )
    expected = N_("5,853 s, 245 kB")
    said: ClassVar[Sayings] = {
        "": {
            "epochs": Said(10),
            "batch_size": Said(40),
            "optimizer": Said("sgd"),
            "pooling": Said("max", N_("LeNet-5 was published with averages.")),
        }
    }
    course_numbers: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "": {"kilobytes": 245, "seconds": 5853}
    }

    optimizer: str = "sgd"
    learning_rate: float = 0.05
    pooling: str = "average"

    def hidden(self) -> list[Any]:
        kinds = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
        if self.pooling not in kinds:
            raise unknown_name("pooling", self.pooling, kinds)
        pooling = kinds[self.pooling]
        return [
            layers.Conv2D(6, 5, activation="tanh"),
            pooling(),
            layers.Conv2D(16, 5, activation="tanh"),
            pooling(),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(84, activation="tanh"),
        ]


@dataclass(frozen=True, kw_only=True)
class WideAgainstLenet(Experiment):
    """Both, each with its own settings.

    Attributes:
        wide_epochs, lenet_epochs: of each training.
        units: dense units of the wide network.
        examples, test_examples: as in every training.
    """

    task = ON_PHOTOGRAPHS
    name = "wide-against-lenet"
    course = "T11-3"
    what = N_("A wide network against LeNet-5: time, file size, errors.")
    asked = N_(
        "Compare both networks: time, file size, error curves, and confusion matrices side by side."
    )
    expected = N_("3,254 s and 5,853 s; 90 MB and 245 kB")
    data = "cifar10"
    shortened: ClassVar[Mapping[str, Any]] = {
        "wide_epochs": 1,
        "lenet_epochs": 2,
        "examples": 2000,
        "test_examples": 1000,
    }

    wide_epochs: int = 2
    lenet_epochs: int = 10
    units: int = 10_000
    examples: int = 0
    test_examples: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(wide_epochs=1, lenet_epochs=1, units=1, examples=0, test_examples=0)

    def forms(self) -> dict[str, Training]:
        part: dict[str, Any] = {
            "seed": self.seed,
            "examples": self.examples,
            "test_examples": self.test_examples,
        }
        usual = Wide.usual(course=self.as_course), Lenet.usual(course=self.as_course)
        wide = dataclasses.replace(usual[0], epochs=self.wide_epochs, units=self.units, **part)
        lenet = dataclasses.replace(usual[1], epochs=self.lenet_epochs, **part)
        return {N_("wide"): wide, "LeNet-5": lenet}

    def conduct(self, record: Record) -> None:
        forms = self.forms()
        trained = train_together(record, forms)
        record.text(
            N_(
                "The files hold what a training needs to go on. The weights alone take, in MB: "
                "{sizes}."
            ),
            sizes={name: round(weight_bytes(one.model) / 1e6, 3) for name, one in trained.items()},
        )
        errors = {
            name: {
                part + "error": [1 - share for share in one.history.history[part + "accuracy"]]
                for part in ("", "val_")
            }
            for name, one in trained.items()
            if one.history.epoch
        }
        if errors:
            sheet = partial(figures.curves, errors)
            caption = N_("The share of images that were taken for another class.")
            record.figure("errors", sheet, N_("Error, epoch by epoch"), caption)
        show_confusions(record, trained, Wide.class_names)
        if len(trained) == len(forms):
            seconds = {name: one.seconds for name, one in trained.items()}
            sizes = {name: float(weight_bytes(one.model)) for name, one in trained.items()}
            costs = {N_("training time"): seconds, N_("memory for weights"): sizes}
            record.words(
                "answers",
                [at_what_price(accuracies(trained), costs)],
                N_("Which network is better, and what does it take?"),
            )
        task = self.task.of(self.variant)
        tell_theory(record, task, forms, trained)
        tell_findings(record, task, forms, trained, course_numbers(forms))


def weight_bytes(model: Model) -> int:
    """The bytes of the weights, without the state of an optimizer.

    Example:
        >>> weight_bytes(Lenet().network(np.zeros((1, 32, 32, 3), "uint8")))
        248024
    """
    return sum(array.nbytes for array in model.get_weights())
