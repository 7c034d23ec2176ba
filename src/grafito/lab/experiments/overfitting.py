"""Overfitting: functions that follow every point, and what keeps networks from doing so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, initializers, layers, optimizers, regularizers
from grafito.callbacks import Callback, EarlyStopping
from grafito.datasets import mnist
from grafito.lab.classifier import Classifier, accuracies
from grafito.lab.experiment import Variants
from grafito.lab.prose.answers import remedies
from grafito.lab.prose.conclusions_by_hand import learned, quickest
from grafito.lab.prose.conclusions_of_exercises import sparse
from grafito.lab.prose.of_fits import below_the_noise, too_simple_or_flexible
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.prose.tasks_of_networks import OVERFITTING
from grafito.lab.prose.theory import ACTIVATIONS, LOSSES, OPTIMIZERS
from grafito.lab.record import Record
from grafito.lab.training import SMOOTHED, Data, Trained
from grafito.language import message as N_
from grafito.models import Model, Sequential
from grafito.utils import set_random_seed

Points = tuple[np.ndarray, np.ndarray]

TRAINING, TEST = N_("training"), N_("test")
DEGREE, HIDDEN = N_("degree"), N_("hidden units")
DEGREES = (1, 3, 15)  # too few, enough, too many
FITS = (N_("underfitted"), N_("well fitted"), N_("overfitted"))
UNITS = (1, 5, 200)
FREQUENCIES = 10.0  # of the first weights; a network with small ones begins, and stays, smooth
INITIALISERS: dict[str, initializers.Initializer] = {
    N_("zeros"): initializers.Zeros(),
    N_("small"): initializers.RandomNormal(stddev=0.001),
    N_("large"): initializers.RandomNormal(stddev=1.0),
    N_("glorot"): initializers.GlorotUniform(),
    N_("he"): initializers.HeNormal(),
}


PENALTIES = ("none", "L1", "L2")
NEARLY_ZERO = 0.001  # a weight that could as well be 0


def show_weights(record: Record, models: Mapping[str, Model]) -> None:
    """Hand over how large the weights of the first layers are, and which pixels they see."""
    kernels = {
        name: next(
            layer.kernel.numpy() for layer in model.layers if isinstance(layer, layers.Dense)
        )
        for name, model in models.items()
    }
    if not kernels:
        return
    edges = np.linspace(-0.1, 0.1, 22)  # with 0 in the middle of one
    shares = {}
    for name, kernel in kernels.items():
        counts = np.histogram(np.clip(kernel, -0.0999, 0.0999), edges)[0] / kernel.size
        middles = (edges[:-1] + edges[1:]) / 2
        shares[name] = {
            round(float(m), 4): float(c) for m, c in zip(middles, counts, strict=True) if c
        }
    record.figure(
        "weights",
        partial(figures.sweep, shares, names=(N_("weight"), N_("share of the weights")), log="y"),
        N_("Weights of the first layer"),
    )
    side = math.isqrt(next(iter(kernels.values())).shape[0])
    pixels = {
        name: (255 * each / (each.max() or 1.0)).astype(np.uint8).reshape(1, side, side)
        for name, kernel in kernels.items()
        for each in [abs(kernel).sum(axis=1)]
    }
    record.figure(
        "pixels",
        partial(figures.images_grid, pixels),
        N_("Which pixels the first layer sees"),
        N_("White: the sum of the absolute weights of a pixel is the largest of its network."),
    )
    zeros = {name: float((abs(kernel) < NEARLY_ZERO).mean()) for name, kernel in kernels.items()}
    record.words("findings", [said(sparse(zeros))])


def noisy_sine(count: int, noise: float, seed: int) -> Points:
    """Points (count,) in [0, 1], and sin 2πx with normal noise.

    Example:
        >>> x, y = noisy_sine(5, noise=0.0, seed=1)
        >>> bool(np.allclose(y, np.sin(2 * np.pi * x)))
        True
    """
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(size=count))
    return x, np.sin(2 * np.pi * x) + noise * rng.normal(size=count)


def fitted_polynomial(x: np.ndarray, y: np.ndarray, degree: int) -> Callable[[Any], np.ndarray]:
    """The polynomial of a degree with the least squares, for points in [0, 1].

    Example:
        >>> square = fitted_polynomial(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.25, 1.0]), 2)
        >>> round(float(square(0.3)), 6)
        0.09
    """
    found = np.polynomial.Legendre.fit(x, y, degree, domain=[0, 1])
    return lambda points: found(np.asarray(points, np.float64))


@dataclass(frozen=True, kw_only=True)
class Overfitting(Classifier):
    """Functions through few points; then a large network on few images, and remedies.

    Attributes:
        points: of the noisy sine.
        noise: standard deviation of theirs.
        degrees: the largest degree in the curve of errors.
        function_epochs: of the networks that fit the sine.
        units: sizes of the hidden layers of the network for images.
        initialiser: of its kernels, one of `INITIALISERS`.
        patience: epochs without improvement in validation before training stops; 0 never stops.
        l1, l2: factors of absolute values and squares of the kernels in the loss.
        dropout: share of hidden units left out in training.
        augmented: whether images are turned and moved a little in training.
    """

    task = OVERFITTING
    name = "overfitting"
    course = "TFG 3.8"
    what = N_("Under- and overfitting, and what helps: penalties, dropout, more images, stopping.")
    asked = N_(
        "Fit functions that are too simple, right and too flexible; then compare early stopping, "
        "L1, L2, dropout and augmentation, and the initialisers."
    )
    data = "mnist"
    variants: ClassVar[Variants] = {
        "remedies": {},
        "function": {},
        "initialisers": {},
        "none": {},
        "early-stopping": {"patience": 5},
        "L1": {"l1": 0.0002},
        "L2": {"l2": 0.002},
        "dropout": {"dropout": 0.5},
        "augmentation": {"augmented": True},
        "smaller": {"units": (20,)},
        **{name: {"initialiser": name, "units": (100,) * 4} for name in INITIALISERS},
    }
    together: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "remedies": ("none", "early-stopping", "L1", "L2", "dropout", "augmentation", "smaller"),
        "initialisers": tuple(INITIALISERS),
    }
    shortened: ClassVar[Mapping[str, Any]] = {
        "epochs": 5, "examples": 400, "test_examples": 500, "function_epochs": 200,
    }  # fmt: skip

    epochs: int = 60
    validation_split: float = 0.2
    examples: int = 1000
    points: int = 20
    noise: float = 0.25
    degrees: int = 16
    function_epochs: int = 3000
    units: tuple[int, ...] = (300, 100)
    initialiser: str = "glorot"
    patience: int = 0
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    augmented: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(points=2, noise=0, degrees=1, patience=0, l1=0, l2=0, dropout=0)

    def sources(self) -> tuple[str, ...]:
        return () if self.variant == "function" else super().sources()

    def load(self) -> Data:
        return mnist.load_data()

    def network(self, x: np.ndarray) -> Sequential:
        parts: list[Any] = [layers.Input(x.shape[1:]), layers.Rescaling(1 / 255)]
        if self.augmented:
            parts += [
                layers.Reshape((*x.shape[1:], 1)),
                layers.RandomRotation(0.04, fill_mode="constant"),
                layers.RandomTranslation(0.08, 0.08, fill_mode="constant"),
            ]
        parts.append(layers.Flatten())
        settings: dict[str, Any] = {"kernel_initializer": INITIALISERS[self.initialiser]}
        if self.l1 or self.l2:
            settings["kernel_regularizer"] = regularizers.L1L2(self.l1, self.l2)
        for n in self.units:
            parts.append(layers.Dense(n, activation="relu", **settings))
            if self.dropout:
                parts.append(layers.Dropout(self.dropout))
        return Sequential([*parts, layers.Dense(10, activation="softmax", **settings)])

    def callbacks(self) -> Sequence[Callback]:
        return [EarlyStopping(patience=self.patience)] if self.patience else []

    @cached_property
    def _fitted(self) -> dict[str, float]:
        """Test errors of the polynomials."""
        return {}

    def conduct(self, record: Record) -> None:
        if self.variant in ("function", "remedies"):
            self._show_functions(record)
        if self.variant == "function":
            parts = LOSSES["mse"], ACTIVATIONS["tanh"], OPTIMIZERS["adam"]
            record.words("theory", parts)
            record.words("limits", [paragraph(self.task.of(self.variant).limits)])
        if self.variant != "function" and not record.interrupted:
            record.section(N_("Few images, a large network"))
            super().conduct(record)
        record.metrics(self._fitted)  # behind what the networks gave

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        if self.variant == "remedies":
            record.text(
                N_(
                    "The losses of L1 and L2 contain their penalties. Early stopping gives back "
                    "the weights of its best epoch."
                )
            )
            epochs = {name: len(one.history.epoch) for name, one in trained.items()}
            record.words("findings", [said(quickest(epochs))])
            show_weights(record, {n: trained[n].model for n in PENALTIES if n in trained})
        alone = {name: one.history.history["val_loss"] for name, one in trained.items()}
        record.figure(
            "validation",
            partial(
                figures.curves,
                {name: {"loss": values} for name, values in alone.items()},
                smooth=SMOOTHED,
                log=True,
            ),
            N_("The loss of validation alone"),
        )
        super().show_together(record, trained)

    def answer(self, record: Record, trained: Mapping[str, Trained]) -> None:
        shares = accuracies(trained)
        count = len(next(iter(trained.values())).data[1][0])
        if self.variant == "remedies":
            found = remedies(shares, "none", count)
            record.words("answers", [said(found)], N_("What helps against overfitting?"))
        elif self.variant == "initialisers":
            question = N_("With which initialisers does the network learn?")
            known = {n: one.numbers.get("training_accuracy", 0.0) for n, one in trained.items()}
            record.words("answers", [said(learned(known, 0.1))], question)

    def _show_functions(self, record: Record) -> None:
        """Polynomials and networks of growing size through the same points."""
        record.section(N_("Too simple, right, too flexible"))
        points = noisy_sine(self.points, self.noise, self.seed)
        others = noisy_sine(10 * self.points, self.noise, self.seed + 1)
        polynomials = {
            f"{DEGREE}: {degree}": fitted_polynomial(*points, degree) for degree in DEGREES
        }
        self._show_fits(record, "polynomials", polynomials, points, others)
        parts = {TRAINING: points, TEST: others}
        errors = {
            part: {
                degree: _mean_square(fitted_polynomial(*points, degree), *given)
                for degree in range(self.degrees)
            }
            for part, given in parts.items()
        }
        record.figure(
            "degrees",
            partial(
                figures.sweep,
                errors,
                names=(DEGREE, N_("mean squared error")),
                log="y",
                reference={N_("noise"): self.noise**2},
            ),
            N_("The errors of polynomials of growing degree"),
        )
        found = below_the_noise(errors[TRAINING], errors[TEST], self.noise**2)
        record.words("answers", [found], N_("Which degree is too simple, right, too flexible?"))
        fits = zip(FITS, polynomials.values(), strict=True)
        self._fitted.update(
            {f"{name} test error": _mean_square(function, *others) for name, function in fits}
        )
        networks = {count: self._fitted_network(record, count, points) for count in UNITS}
        titled = {f"{HIDDEN}: {count}": function for count, function in networks.items()}
        self._show_fits(record, "networks", titled, points, others)
        learned_by, on_others = (
            {count: _mean_square(function, *given) for count, function in networks.items()}
            for given in (points, others)
        )
        found = too_simple_or_flexible(learned_by, on_others, self.noise**2)
        record.words("answers", [found], N_("Which network is too simple, right, too flexible?"))

    def _fitted_network(
        self, record: Record, units: int, points: Points
    ) -> Callable[[Any], np.ndarray]:
        set_random_seed(self.seed)
        spread = initializers.RandomNormal(stddev=FREQUENCIES)
        hidden = [layers.Dense(units, "tanh", kernel_initializer=spread, bias_initializer=spread)]
        model = Sequential([layers.Input((1,)), *hidden, layers.Dense(1)])
        model.compile(optimizers.Adam(0.01), loss="mse", engine=record.engine)
        x, y = (part[:, None].astype(np.float32) for part in points)
        record.trial(model, x, y, batch_size=len(x), epochs=self.function_epochs)
        return lambda p: model.predict(np.reshape(p, (-1, 1)), batch_size=1000, verbose=0)[:, 0]

    def _show_fits(
        self,
        record: Record,
        name: str,
        functions: Mapping[str, Callable[[Any], np.ndarray]],
        points: Points,
        others: Points,
    ) -> None:
        title = {"polynomials": N_("Polynomials"), "networks": N_("Networks with a hidden layer")}
        drawing = partial(figures.function_fit, *points, functions, apart=True, span=(0, 1))
        record.figure(name, drawing, title[name])
        record.table(
            name,
            ["function", "training error", "test error"],
            [
                [title, _mean_square(f, *points), _mean_square(f, *others)]
                for title, f in functions.items()
            ],
            N_("Mean squared errors: {of}"),
            of=title[name],
        )


def _mean_square(function: Callable[[Any], np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
    error = np.asarray(function(x), np.float64).reshape(-1) - y
    return float(np.mean(error**2))
