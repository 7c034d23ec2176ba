"""The experiments of the courses, one file for each family; `KINDS` lists them in their order."""

from __future__ import annotations

from grafito.lab.experiment import Experiment
from grafito.lab.experiments.ice_creams import IceCreams
from grafito.lab.experiments.images import Digits, FashionDense, MnistDense
from grafito.lab.experiments.logistic_map import LogisticMap
from grafito.lab.experiments.moons import Moons
from grafito.lab.experiments.parity import Parity, Xor
from grafito.lab.experiments.pima import Pima
from grafito.lab.experiments.regression import Boston, California
from grafito.lab.experiments.reviews import ImdbDense, ImdbEmbedding

KINDS: tuple[type[Experiment], ...] = (
    Digits,
    MnistDense,
    FashionDense,
    Xor,
    Parity,
    IceCreams,
    Moons,
    Boston,
    California,
    Pima,
    LogisticMap,
    ImdbDense,
    ImdbEmbedding,
)
