"""CIFAR-10 by dense networks: three losses, few and all images, linear classifiers."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import activations, figures, graph, layers, losses, regularizers
from grafito.datasets import cifar10
from grafito.lab.classifier import Classifier, accuracies
from grafito.lab.course import Said, Sayings
from grafito.lab.experiment import Variants
from grafito.lab.experiments.graphs import UPRIGHT
from grafito.lab.prose.answers import same_winner, second_helps, with_more
from grafito.lab.prose.conclusions import plateau
from grafito.lab.prose.conclusions_of_exercises import slowest
from grafito.lab.prose.sentence import said
from grafito.lab.prose.tasks_of_images import CIFAR_DENSE, CIFAR_RELU
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
TUNED = N_("Rate and L2 factor were chosen for each loss on its own.")
PIXELS = 32 * 32 * 3
MOST_LAYERS = 9
MSE, SVM, CCE = "mse", "multiclass_hinge", "categorical_crossentropy"
TWO_MSE: dict[str, Any] = {"units": (100, 100), "learning_rate": 0.1, "l2": 0.0001}
TWO_SVM: dict[str, Any] = {"units": (100, 100), "loss": SVM}
TWO_CCE: dict[str, Any] = {
    "units": (100, 100),
    "loss": CCE,
    "output": "softmax",
    "learning_rate": 0.1,
}


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

    def numbers_of_the_course(self) -> dict[str, float]:
        """The accuracies that the course gives, by variant."""
        return {form: each["accuracy"] for form, each in self.course_numbers.items()}

    def network(self, x: np.ndarray) -> Sequential:
        penalty = regularizers.L2(self.l2) if self.l2 else None
        scaling = layers.Normalization()
        scaling.adapt(x.reshape(len(x), -1))
        hidden = [layers.Dense(n, self.activation, kernel_regularizer=penalty) for n in self.units]
        output = layers.Dense(len(self.class_names), self.output, kernel_regularizer=penalty)
        return Sequential([layers.Input(x.shape[1:]), layers.Flatten(), scaling, *hidden, output])

    def objective(self) -> graph.Tensor:
        """What is minimised for one batch, loss and penalty, as a graph of named inputs."""
        x, penalty = graph.placeholder((self.batch_size, PIXELS), name="x"), None
        targets = graph.placeholder((self.batch_size, len(self.class_names)), name="t")
        sizes = (PIXELS, *self.units, len(self.class_names))
        functions = [*(self.activation for _ in self.units), self.output]
        passed: graph.Tensor = x
        for number, (shape, function) in enumerate(
            zip(itertools.pairwise(sizes), functions, strict=True), start=1
        ):
            W = graph.placeholder(shape, name=f"W{number}")
            b = graph.placeholder(shape[1:], name=f"b{number}")
            passed = activations.get(function)(graph.matmul(passed, W) + b)
            squares = graph.sum(graph.square(W))
            penalty = squares if penalty is None else penalty + squares
        loss: graph.Tensor = losses.get(self.loss)(targets, passed)
        return loss + graph.placeholder((), name="λ") * penalty if self.l2 else loss

    def show(self, record: Record, trained: Trained) -> None:
        show_objectives(record, {"": self})
        super().show(record, trained)

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        show_objectives(record, {name: self.another(name) for name in trained})
        if len({self.another(name).units for name in trained}) > 1:
            self._show_plateaus(record, trained)
        super().show_together(record, trained)

    def _show_plateaus(self, record: Record, trained: Mapping[str, Trained]) -> None:
        """Hand over how soon the loss of each stands still."""
        falls = {name: one.history.history["loss"] for name, one in trained.items()}
        ends = {name: plateau(each) for name, each in falls.items()}
        record.table(
            "plateau",
            ["form", "epochs until the plateau", "epochs"],
            [[name, end or "", len(falls[name])] for name, end in ends.items()],
            N_("When the loss has done 98 % of its fall"),
        )
        record.words("findings", [said(slowest({n: e for n, e in ends.items() if e}))])


def show_objectives(record: Record, forms: Mapping[str, CifarDense]) -> None:
    """Hand over the graph of what each minimises, of those that are alike one."""
    alike: dict[str, list[str]] = {}
    for name, form in forms.items():
        kind = repr((form.units, form.activation, form.output, form.loss, bool(form.l2)))
        alike.setdefault(kind, []).append(name)
    for number, names in enumerate(alike.values()):
        output = forms[names[0]].objective()
        weights = [f"{letter}{n}" for letter in "Wb" for n in range(1, MOST_LAYERS)]
        drawing = partial(
            figures.draw_graph,
            output,
            level="functions",
            gradients=False,
            width=UPRIGHT,
            parameters=[name for name in weights if name in graph_inputs(output)],
        )
        values: dict[str, Any] = {"names": names} if forms.keys() != {""} else {}
        record.figure(
            f"objective-{names[0]}".removesuffix("-"),
            drawing,
            N_("Objective: {names}") if forms.keys() != {""} else N_("Objective"),
            ""
            if number  # said once
            else N_("The loss of a batch and the penalty, whose sum is minimised."),
            **values,
        )


def graph_inputs(output: graph.Tensor) -> set[str]:
    """The names of what a graph begins with.

    Example:
        >>> graph_inputs(2 * graph.placeholder((), name="x"))
        {'x'}
    """
    return {t.name for t in graph.topological_order([output]) if t.name}


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
        **{form: {"examples": Said(0)} for form in ("mse-all", "svm-all", "cce-all")},
        "linear-svm": {"units": Said(())},
        "linear-softmax": {"units": Said(())},
        **{f"two-hidden{loss}": {"units": Said((100, 100))} for loss in ("", "-mse", "-svm")},
        **{
            f"two-hidden{loss}-tanh": {"units": Said((100, 100)), "activation": Said("tanh")}
            for loss in ("", "-mse", "-svm")
        },
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
        "all-images": {},
        "svm-all": {"loss": SVM, "examples": 0},
        "cce-all": {"loss": CCE, "output": "softmax", "learning_rate": 0.1, "examples": 0},
        "linear": {},
        "linear-svm": {"units": (), "loss": SVM},
        "linear-softmax": {"units": (), "loss": CCE, "output": "softmax"},
        "depths": {},
        "two-hidden": TWO_CCE,
        "two-hidden-tanh": {**TWO_CCE, "activation": "tanh"},
        "depths-mse": {},
        "two-hidden-mse": TWO_MSE,
        "two-hidden-mse-tanh": {**TWO_MSE, "activation": "tanh"},
        "depths-svm": {},
        "two-hidden-svm": TWO_SVM,
        "two-hidden-svm-tanh": {**TWO_SVM, "activation": "tanh"},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "losses": ("mse", "svm", "cce"),
        "sizes": ("mse", "mse-10000", "mse-all"),
        "linear": ("linear-svm", "linear-softmax"),
        "all-images": ("mse-all", "svm-all", "cce-all"),
        "depths": ("linear-softmax", "cce", "two-hidden", "two-hidden-tanh"),
        "depths-mse": ("mse", "two-hidden-mse", "two-hidden-mse-tanh"),
        "depths-svm": ("linear-svm", "svm", "two-hidden-svm", "two-hidden-svm-tanh"),
    }

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        here = accuracies(trained)
        count = len(next(iter(trained.values())).data[1][0])
        if self.variant in ("losses", "linear"):
            found = same_winner(here, self.numbers_of_the_course(), count)
            record.words("answers", [said(found)], N_("Which loss is the best?"))
        elif self.variant == "sizes":
            sizes = {len(one.data[0][0]): here[name] for name, one in trained.items()}
            record.words("answers", [said(with_more(sizes))], N_("What do more images bring?"))
        elif self.variant == "depths" and len(here) > 1:
            record.words(
                "answers",
                [said(second_helps(here["cce"], here["two-hidden"], count))],
                N_("Does a second hidden layer help?"),
            )


@dataclass(frozen=True, kw_only=True)
class Cifar10Relu(CifarDense):
    """3072-100-10 with ReLU in the hidden layer."""

    task = CIFAR_RELU
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
            "examples": Said(10_000),
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

    examples: int = 10_000
    activation: str = "relu"

    def train(self, record: Record, name: str = "") -> Trained:
        with warnings.catch_warnings():  # said in the report
            warnings.simplefilter("ignore", LossWarning)
            return super().train(record, name)

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        count = len(next(iter(trained.values())).data[1][0])
        found = same_winner(accuracies(trained), self.numbers_of_the_course(), count)
        record.words("answers", [said(found)], N_("Which output and which loss are the best?"))
