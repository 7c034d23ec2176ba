"""The experiments of the courses, one file for each family; `KINDS` lists them in their order."""

from __future__ import annotations

from grafito.lab.experiment import Experiment
from grafito.lab.experiments.ice_creams import IceCreams
from grafito.lab.experiments.images import Digits, FashionDense, MnistDense
from grafito.lab.experiments.moons import Moons
from grafito.lab.experiments.parity import Parity, Xor

KINDS: tuple[type[Experiment], ...] = (
    Digits,
    MnistDense,
    FashionDense,
    Xor,
    Parity,
    IceCreams,
    Moons,
)
