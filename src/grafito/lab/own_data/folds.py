"""What a fold of the data gave, and several networks as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from grafito import layers
from grafito.callbacks import History
from grafito.models import Model

STEPS = 40  # in an epoch, about
SMALLEST, LARGEST = 16, 256  # examples in a batch


@dataclass
class Fold:
    """What a fold gave.

    Attributes:
        train, held_out: its rows.
        answers: of the network, for those held out.
        outputs: the same as they came.
        model: the network.
        scale: mean and deviation of the target in its training part.
        rivals: what the other models say, by name.
    """

    train: np.ndarray
    held_out: np.ndarray
    answers: np.ndarray
    outputs: np.ndarray
    model: Model
    scale: tuple[float, float]
    rivals: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Team:
    """Networks trained on the same rows, and the one that says their mean.

    Attributes:
        model: that one; the network itself where it is alone.
        members: each network.
        histories: of their trainings.
        scale: mean and deviation of the target in these rows.
    """

    model: Model
    members: Sequence[Model]
    histories: Sequence[History]
    scale: tuple[float, float]

    @property
    def epochs(self) -> list[int]:
        """How many epochs each was trained."""
        return [len(history.epoch) for history in self.histories]


def averaged(members: Sequence[Model]) -> Model:
    """One network that says the mean of what several say.

    Source: Lakshminarayanan, Pritzel, Blundell (2017): Simple and Scalable Predictive Uncertainty
    Estimation using Deep Ensembles, https://arxiv.org/abs/1612.01474

    Example:
        >>> from grafito import Sequential
        >>> two = [Sequential([layers.Input((3,)), layers.Dense(2)]) for _ in range(2)]
        >>> x = np.ones((1, 3))
        >>> mean = sum(model.predict(x, verbose=0) for model in two) / 2
        >>> bool(np.allclose(averaged(two).predict(x, verbose=0), mean))
        True
    """
    x = layers.Input(members[0].input_shape[1:])
    return Model(x, layers.Average()([member(x) for member in members]))


def error_of(values: Sequence[float]) -> float:
    """The standard error of a mean: s / sqrt(n).

    Example:
        >>> round(error_of([0.8, 0.9, 1.0]), 4)
        0.0577
    """
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def batch_size_for(count: int) -> int:
    """A power of two that makes about 40 steps of an epoch.

    Example:
        >>> batch_size_for(100), batch_size_for(1000), batch_size_for(10**6)
        (16, 32, 256)
    """
    return int(np.clip(2 ** round(np.log2(max(count, 1) / STEPS)), SMALLEST, LARGEST))
