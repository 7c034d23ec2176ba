"""The experiments of the courses, one file for each family; `KINDS` lists them in their order."""

from __future__ import annotations

from grafito.lab.experiment import Experiment
from grafito.lab.experiments.approximation import Approximation
from grafito.lab.experiments.by_hand import Dimensions, OneUpdate
from grafito.lab.experiments.cifar import Cifar10Dense, Cifar10Relu
from grafito.lab.experiments.convolution_steps import Convolution
from grafito.lab.experiments.deep import AlexNet, Vgg16
from grafito.lab.experiments.denoise import MnistDenoise
from grafito.lab.experiments.dense_images import Digits, FashionDense, MnistDense
from grafito.lab.experiments.descent import DescentVariants
from grafito.lab.experiments.gan import Gan
from grafito.lab.experiments.graphs import ActivationGraphs, TwoNeurons
from grafito.lab.experiments.ice_creams import IceCreams
from grafito.lab.experiments.lenet import Lenet, Wide, WideAgainstLenet
from grafito.lab.experiments.logistic_map import LogisticMap
from grafito.lab.experiments.mnist_convolutions import (
    FashionWeighted,
    MnistConv1,
    MnistDenseConv,
    MnistPermuted,
)
from grafito.lab.experiments.moons import Moons
from grafito.lab.experiments.overfitting import Overfitting
from grafito.lab.experiments.parity import Parity, Xor
from grafito.lab.experiments.perceptron import Perceptron
from grafito.lab.experiments.pima import Pima
from grafito.lab.experiments.regression import Boston, California
from grafito.lab.experiments.reviews import ImdbDense, ImdbEmbedding
from grafito.lab.experiments.steepest import SteepestDescent
from grafito.lab.experiments.vanishing import VanishingGradient

KINDS: tuple[type[Experiment], ...] = (
    Digits,
    MnistDense,
    FashionDense,
    Cifar10Dense,
    Cifar10Relu,
    MnistDenseConv,
    MnistPermuted,
    MnistDenoise,
    MnistConv1,
    FashionWeighted,
    Wide,
    Lenet,
    WideAgainstLenet,
    AlexNet,
    Vgg16,
    Gan,
    Xor,
    Parity,
    ActivationGraphs,
    TwoNeurons,
    OneUpdate,
    Dimensions,
    Perceptron,
    Convolution,
    VanishingGradient,
    DescentVariants,
    SteepestDescent,
    Overfitting,
    Approximation,
    IceCreams,
    Moons,
    Boston,
    California,
    Pima,
    LogisticMap,
    ImdbDense,
    ImdbEmbedding,
)
