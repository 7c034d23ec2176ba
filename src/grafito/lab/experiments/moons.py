"""Two half moons: the boundary that a smooth, an angular and a too large network draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grafito import language, layers
from grafito.datasets import generators
from grafito.figures import decision_regions
from grafito.lab.experiment import Variants
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Sequential


@dataclass(frozen=True, kw_only=True)
class Moons(Training):
    """Points on two half moons with noise; tested on points of another seed.

    Attributes:
        samples: points for training.
        noise: standard deviation of the noise.
        units: sizes of the hidden layers.
        activation: of the hidden layers.
    """

    name = "moons"
    what = N_("Two half moons, three networks: what each takes for the boundary.")
    variants: ClassVar[Variants] = {
        "sigmoid": {"units": (10,), "activation": "sigmoid", "learning_rate": 0.03},
        "relu": {"units": (8,), "activation": "relu"},
        "overfitting": {"units": (100, 70, 50), "activation": "relu"},
    }

    epochs: int = 300
    learning_rate: float = 0.01
    loss: str = "binary_crossentropy"
    validation_split: float = 0.2
    samples: int = 200
    noise: float = 0.25
    units: tuple[int, ...] = (10,)
    activation: str = "sigmoid"

    def load(self) -> Data:
        train = generators.moons(self.samples, self.noise, seed=self.seed)
        return train, generators.moons(1000, self.noise, seed=self.seed + 1)

    def network(self, x: np.ndarray) -> Sequential:
        return Sequential(
            [
                layers.Input((2,)),
                *(layers.Dense(n, activation=self.activation) for n in self.units),
                layers.Dense(1, activation="sigmoid"),
            ]
        )

    def show(self, record: Record, trained: Trained) -> None:
        x, y = trained.data[0]
        regions = decision_regions(trained.predict, x, y, lang=language.current())
        record.figure("regions", regions, N_("Decision regions"))
