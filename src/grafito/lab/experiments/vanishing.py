"""The vanishing gradient: what is left of it at the first layer, and units that have died."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, graph, initializers, layers, losses, optimizers
from grafito.callbacks import History
from grafito.datasets import digits, mnist
from grafito.figures.text import function_name
from grafito.lab.experiment import Experiment, Variants
from grafito.lab.prose.conclusions_by_hand import learned, vanished
from grafito.lab.prose.conclusions_of_exercises import dead, saturating
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_by_hand import VANISHING_GRADIENT
from grafito.lab.record import Record
from grafito.lab.training import Arrays
from grafito.language import message as N_
from grafito.models import Model, Sequential
from grafito.utils import set_random_seed

ACTIVATIONS = ("sigmoid", "tanh", "relu")
SPREADS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # of the weights, from tame to saturating
INITIALISERS = ("glorot_uniform", "he_normal")
CLIP = 1.0
CLIPPED = (N_("ReLU, clipped"), N_("Leaky ReLU, clipped"))
SATURATED = 0.01  # a sigmoid unit is so near to 0 or 1 that its derivative is below this
CRITERION = losses.SparseCategoricalCrossentropy(from_logits=True)


def norms_of_gradients(model: Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """‖∂L/∂W‖ of the kernel of each layer, that beside the input first.

    Args:
        model: a network whose outputs are scores (logits).
        x: a batch of inputs.
        y: their labels [N].

    Example:
        >>> model = Sequential([layers.Input((2,)), layers.Dense(3), layers.Dense(2)])
        >>> norms_of_gradients(model, np.zeros((4, 2)), np.zeros(4)).tolist()[0]
        0.0
    """
    inputs = graph.placeholder(x.shape, name="x")
    labels = graph.placeholder(y.shape, "int32", name="y")
    kernels = [layer.kernel for layer in model.layers if isinstance(layer, layers.Dense)]
    slopes = graph.gradients(CRITERION(labels, model(inputs)), kernels)
    found = graph.value(slopes, {"x": x, "y": y}, dtype="float64")
    return np.array([np.linalg.norm(slope) for slope in found])


def dead_units(model: Model, x: np.ndarray) -> float:
    """The share of hidden units that give 0 for every input, so that no gradient passes them.

    Example:
        >>> model = Sequential([layers.Input((2,)), layers.Dense(4, "relu"), layers.Dense(2)])
        >>> model.layers[0].bias.assign(np.full(4, -100.0))
        >>> dead_units(model, np.ones((3, 2)))
        1.0
    """
    inputs = graph.placeholder(x.shape, name="x")
    outputs, passed = [], inputs
    for layer in model.layers:
        passed = layer(passed)
        outputs.append(passed)
    hidden = graph.value(outputs[:-1], {"x": x})
    alive = np.concatenate([(np.asarray(values) != 0).any(axis=0) for values in hidden])
    return float(1 - alive.mean())


def saturated(model: Model, x: np.ndarray) -> float:
    """The share of outputs of the first hidden layer, a sigmoid, whose derivative is nearly 0.

    Example:
        >>> model = Sequential([layers.Input((2,)), layers.Dense(4, "sigmoid"), layers.Dense(2)])
        >>> model.layers[0].bias.assign(np.full(4, 100.0))
        >>> saturated(model, np.ones((3, 2)))
        1.0
    """
    inputs = graph.placeholder(x.shape, name="x")
    a = np.asarray(graph.value(model.layers[0](inputs), {"x": x}))
    return float((a * (1 - a) < SATURATED).mean())


@dataclass(frozen=True, kw_only=True)
class VanishingGradient(Experiment):
    """Deep dense networks on images, at their start and after a short training.

    Attributes:
        source: "mnist", or "digits", which needs no download.
        depth: hidden layers.
        units: in each of them.
        depths: of the networks whose first layer is looked at.
        rates: learning rates after which dead units are counted.
        bias: where the biases begin that kill units.
        examples: on which gradients are computed, units counted, and networks trained.
        epochs, batch_size, learning_rate: of the trainings, by gradient descent.
    """

    task = VANISHING_GRADIENT
    name = "vanishing-gradient"
    course = "TFG 3.6"
    what = N_("Gradients that vanish in deep networks, and units that die.")
    asked = N_(
        "Show why deep networks of sigmoids hardly learn: the norm of the gradient in each layer "
        "for sigmoid, tanh and ReLU; and count the units of ReLU that are dead."
    )
    expected = N_("the derivative of the sigmoid is at most 0.25; the gradient vanishes")
    variants: ClassVar[Variants] = {"mnist": {}, "digits": {"source": "digits"}}
    shortened: ClassVar[Mapping[str, Any]] = {
        "depth": 6, "depths": (1, 3, 6), "rates": (0.1, 1.0), "examples": 1000, "epochs": 2,
    }  # fmt: skip

    source: str = "mnist"
    depth: int = 10
    units: int = 32
    depths: tuple[int, ...] = (1, 2, 4, 6, 8, 10, 15, 20)
    rates: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)
    bias: float = -3.0
    examples: int = 5000
    epochs: int = 20
    batch_size: int = 50
    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(depth=1, units=1, examples=1, epochs=1, batch_size=1)

    def sources(self) -> tuple[str, ...]:
        return (self.source,)

    def load(self) -> Arrays:
        """Images as rows with mean 0 and deviation 1, and their labels."""
        x, y = {"mnist": mnist, "digits": digits}[self.source].load_data()[0]
        chosen = np.random.default_rng(self.seed).permutation(len(x))[: self.examples]
        rows = x[chosen].reshape(len(chosen), -1).astype(np.float32)
        return (rows - rows.mean()) / rows.std(), y[chosen]

    def network(
        self,
        x: np.ndarray,
        activation: str,
        initialiser: str = INITIALISERS[0],
        depth: int = 0,
        bias: float = 0.0,
    ) -> Sequential:
        """A network of equal hidden layers, the same for the same seed."""
        set_random_seed(self.seed)
        settings: dict[str, Any] = {
            "activation": activation,
            "kernel_initializer": initialiser,
            "bias_initializer": initializers.Constant(bias),
        }
        hidden = [layers.Dense(self.units, **settings) for _ in range(depth or self.depth)]
        return Sequential([layers.Input(x.shape[1:]), *hidden, layers.Dense(10)])

    def conduct(self, record: Record) -> None:
        x, y = self.load()
        record.section(N_("The derivative"))
        record.figure(
            "derivatives",
            partial(figures.activation_gallery, ACTIVATIONS),
            N_("Each function and its derivative"),
            N_(
                "Going back through a layer multiplies the gradient by the derivative, for the "
                "sigmoid by at most 0.25: ten layers leave a millionth, unless weights are large."
            ),
        )
        ratios = self._show_layers(record, x, y)
        accuracies = self._show_training(record, x, y)
        shares, before = self._show_dead(record, x, y)
        told = {name: each for name, each in shares.items() if name not in CLIPPED}
        saturated_at = self._show_saturated(record, x, y)
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words(
            "answers",
            [
                vanished(_written(ratios), self.depth + 1),
                said(learned(_written(accuracies), 0.1)),
            ],
            N_("Why do deep networks of sigmoids hardly learn?"),
        )
        dying = [*dead(told, before), *said(saturating(saturated_at))]
        record.words("answers", [dying], N_("How many units are dead?"))
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def _show_layers(self, record: Record, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """The norms at the start, over the layers of a network and over its depth."""
        record.section(N_("The gradient at the start"))
        norms = {
            f"{activation}, {initialiser}": norms_of_gradients(
                self.network(x, activation, initialiser), x, y
            )
            for activation in ACTIVATIONS
            for initialiser in INITIALISERS
        }
        record.figure(
            "norms",
            partial(
                figures.gradient_norms,
                {name: norms[f"{name}, {INITIALISERS[0]}"].tolist() for name in ACTIVATIONS},
            ),
            N_("Norm of the gradient in each layer"),
            N_(
                "{depth} hidden layers of {units} units with Glorot's initialiser; before training."
            ),
            depth=self.depth,
            units=self.units,
        )
        record.figure(
            "initialisers",
            partial(
                figures.gradient_norms,
                {name: each.tolist() for name, each in norms.items() if "sigmoid" not in name},
            ),
            N_("Two initialisers"),
            N_(
                "He's variance is twice Glorot's in layers of equal size, which makes up for the "
                "half of its inputs that ReLU sets to 0."
            ),
        )
        record.table(
            "norms",
            ["network", *(str(n) for n in range(1, self.depth + 2)), "first / last"],
            [
                [name, *(float(f"{n:.3g}") for n in each), float(f"{each[0] / each[-1]:.3g}")]
                for name, each in norms.items()
            ],
            N_("Norm of the gradient in each layer"),
        )
        ratios = {
            name: float(norms[_usual(name)][0] / norms[_usual(name)][-1]) for name in ACTIVATIONS
        }
        record.metrics({f"{name} first / last": ratio for name, ratio in ratios.items()})
        by_depth = {
            activation: {
                depth: norms_of_gradients(self.network(x, activation, depth=depth), x, y)[0]
                for depth in self.depths
            }
            for activation in ACTIVATIONS
        }
        record.figure(
            "depths",
            partial(
                figures.sweep,
                by_depth,
                names=(N_("hidden layers"), N_("gradient norm")),
                log="y",
            ),
            N_("The first layer of ever deeper networks"),
            N_("The norm of its gradient, before training."),
        )
        return ratios

    def _show_training(self, record: Record, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """What the gradients mean for learning."""
        record.section(N_("What it means for learning"))
        histories: dict[str, History] = {}
        for activation in ACTIVATIONS:
            if record.interrupted:
                return {}
            model = self._compiled(record, self.network(x, activation), self.learning_rate)
            settings = {"batch_size": self.batch_size, "epochs": self.epochs}
            histories[activation] = record.fit(model, x, y, activation, **settings)
            record.metrics(
                {f"{activation} accuracy": histories[activation].history["accuracy"][-1]}
            )
        record.figure(
            "curves",
            partial(figures.curves, histories),
            N_("Training, side by side"),
            N_("Gradient descent with rate {rate}; the networks differ in their activation alone."),
            rate=self.learning_rate,
        )
        return {name: one.history["accuracy"][-1] for name, one in histories.items()}

    def _show_dead(
        self, record: Record, x: np.ndarray, y: np.ndarray
    ) -> tuple[dict[str, dict[float, float]], dict[str, float]]:
        """Dead units after one epoch at several rates, and before it; two kinds of biases."""
        record.section(N_("Dead units"))
        shares: dict[str, dict[float, float]] = {}
        dead_before: dict[str, float] = {}
        rows: list[list[Any]] = []
        low = f", b = {self.bias:g}".replace("-", "−")
        forms: Sequence[tuple[str, str, float, bool]] = (
            ("ReLU", "relu", 0.0, False),
            (f"ReLU{low}", "relu", self.bias, False),
            ("Leaky ReLU", "leaky_relu", 0.0, False),
            (f"Leaky ReLU{low}", "leaky_relu", self.bias, False),
            (CLIPPED[0], "relu", 0.0, True),
            (CLIPPED[1], "leaky_relu", 0.0, True),
        )
        for name, activation, bias, clipped in forms:
            for rate in self.rates:
                if record.interrupted:
                    return shares, dead_before
                model = self.network(x, activation, "he_normal", depth=3, bias=bias)
                before = dead_before[name] = dead_units(model, x)
                self._compiled(record, model, rate, CLIP if clipped else None)
                history = record.trial(model, x, y, batch_size=self.batch_size)
                row = [name, rate, before, "", history.history["accuracy"][-1]]
                if np.isfinite(history.history["loss"][-1]):
                    row[3] = shares.setdefault(name, {})[rate] = dead_units(model, x)
                rows.append(row)
        record.figure(
            "dead",
            partial(
                figures.sweep,
                shares,
                names=(N_("learning rate"), N_("share of dead units")),
                log="x",
            ),
            N_("Share of dead units after one epoch"),
            N_(
                "Three hidden layers of {units} units. A unit is dead if it gives 0 for all "
                "{examples} images: nothing moves its weights any more."
            ),
            units=self.units,
            examples=len(x),
        )
        record.table(
            "dead",
            ["network", "learning rate", "dead at the start", "dead after training", "accuracy"],
            rows,
            N_("Dead units"),
            N_(
                "An empty cell: the training diverged. Clipped: no gradient is longer than 1, so "
                "that leaky ReLU learns at the rates where ReLU dies."
            ),
        )
        record.metrics({"dead_units": shares["ReLU"][max(self.rates)]})
        return shares, dead_before

    def _show_saturated(
        self, record: Record, x: np.ndarray, y: np.ndarray
    ) -> dict[float, tuple[float, float]]:
        """Hand over which sigmoid units are saturated, by the spread of the weights."""
        record.section(N_("Saturated units"))
        found: dict[float, tuple[float, float]] = {}
        rows = []
        for spread in SPREADS:
            if record.interrupted:
                return found
            set_random_seed(self.seed)
            kernel = initializers.RandomNormal(stddev=spread)
            hidden = layers.Dense(self.units, "sigmoid", kernel_initializer=kernel)
            model = Sequential([layers.Input(x.shape[1:]), hidden, layers.Dense(10)])
            share = saturated(model, x)
            norm = float(norms_of_gradients(model, x, y)[0])
            self._compiled(record, model, self.learning_rate)
            history = record.trial(model, x, y, batch_size=self.batch_size)
            found[spread] = share, history.history["accuracy"][-1]
            rows.append([spread, share, norm, found[spread][1]])
        lines = {
            N_("saturated"): {spread: each[0] for spread, each in found.items()},
            N_("accuracy"): {spread: each[1] for spread, each in found.items()},
        }
        record.figure(
            "saturated",
            partial(
                figures.sweep, lines, names=(N_("spread of the weights"), N_("share")), log="x"
            ),
            N_("Saturated sigmoid units"),
            N_(
                "A unit is saturated on an image where its derivative, at most 0.25, is below "
                "{least}: it learns hardly more than a dead one."
            ),
            least=SATURATED,
        )
        record.table(
            "saturated",
            ["spread of the weights", "saturated", "gradient norm", "accuracy"],
            rows,
            N_("Saturated sigmoid units"),
        )
        return found

    def _compiled(
        self, record: Record, model: Sequential, rate: float, clip: float | None = None
    ) -> Sequential:
        model.compile(
            optimizers.SGD(rate, clipnorm=clip),
            loss=CRITERION,
            metrics=["accuracy"],
            engine=record.engine,
        )
        return model


def _usual(activation: str) -> str:
    """What the norms of a network with Glorot's initialiser are listed as."""
    return f"{activation}, {INITIALISERS[0]}"


def _written(numbers: Mapping[str, float]) -> dict[str, float]:
    """Numbers by the name of an activation as sentences have it."""
    return {function_name(name, "en"): number for name, number in numbers.items()}
