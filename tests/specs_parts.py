"""One row for each activation, initializer, regularizer, constraint, optimizer and schedule.

A test walks each registry and fails on a part without a row, so a new part begins here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Part:
    """A part by its name, with arguments."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        given = ",".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.name}({given})"

    def build(self, module: Any, **more: Any) -> Any:
        """The part, from grafito's module or from Keras's."""
        return getattr(module, self.name)(**self.arguments, **more)


@dataclass(frozen=True)
class Activation(Part):
    """`at` lists points with values worked out by hand; `kinks` lists points with their slopes."""

    at: dict[float, float] = field(default_factory=dict)
    kinks: dict[float, float] = field(default_factory=dict)
    differs_from_keras: frozenset[float] = frozenset()  # points where Keras has another slope


E = math.e
SELU = (1.0507009873554805, 1.6732632423543772)

ACTIVATIONS = [
    Activation("linear", {}, {-2.0: -2.0}),
    Activation("relu", {}, {-2.0: 0.0, 3.0: 3.0}, {0.0: 0.0}),
    Activation("relu", {"negative_slope": 0.1}, {-2.0: -0.2}, {0.0: 1.0}),
    Activation("relu", {"max_value": 6.0}, {2.0: 2.0, 7.0: 6.0}, {0.0: 0.0, 6.0: 0.0}),
    # Keras halves the slope at every largest value but 6.
    Activation("relu", {"max_value": 1.0}, {2.0: 1.0}, {0.0: 0.0, 1.0: 0.0}, frozenset({1.0})),
    Activation("relu", {"threshold": 1.0}, {0.5: 0.0, 1.5: 1.5}, {1.0: 0.0}),
    Activation(
        "relu",
        {"negative_slope": 0.5, "max_value": 3.0, "threshold": 1.0},
        {-1.0: -1.0, 2.0: 2.0, 5.0: 3.0},
        {1.0: 0.0, 3.0: 0.0},
        frozenset({3.0}),
    ),
    Activation("relu", {"negative_slope": 0.5, "max_value": 6.0}, {-1.0: -0.5}, {0.0: 0.0}),
    Activation("leaky_relu", {}, {-2.0: -0.4, 3.0: 3.0}, {0.0: 1.0}),
    Activation("leaky_relu", {"negative_slope": 0.3}, {-2.0: -0.6}, {0.0: 1.0}),
    Activation("elu", {}, {-1.0: 1 / E - 1, 2.0: 2.0}, {0.0: 1.0}),
    Activation("elu", {"alpha": 0.5}, {-1.0: (1 / E - 1) / 2}, {0.0: 0.5}),
    Activation("selu", {}, {2.0: 2 * SELU[0]}, {0.0: SELU[0] * SELU[1]}),
    Activation("celu", {}, {-1.0: 1 / E - 1}, {0.0: 1.0}),
    Activation("celu", {"alpha": 0.5}, {-0.5: (1 / E - 1) / 2}, {0.0: 1.0}),
    Activation("gelu", {}, {0.0: 0.0}, {0.0: 0.5}),
    Activation("gelu", {"approximate": True}, {0.0: 0.0}, {0.0: 0.5}),
    Activation("silu", {}, {0.0: 0.0}, {0.0: 0.5}),
    Activation("softplus", {}, {0.0: math.log(2)}),
    Activation("softsign", {}, {-1.0: -0.5, 3.0: 0.75}, {0.0: 1.0}),
    Activation("sigmoid", {}, {0.0: 0.5, math.log(3): 0.75}),
    Activation("hard_sigmoid", {}, {-4.0: 0.0, 1.5: 0.75, 4.0: 1.0}, {-3.0: 0.0, 3.0: 0.0}),
    Activation("hard_silu", {}, {-4.0: 0.0, 1.5: 1.125, 4.0: 4.0}, {-3.0: 0.0, 3.0: 1.0}),
    Activation("log_sigmoid", {}, {0.0: -math.log(2)}, {0.0: 0.5}),
    Activation("relu6", {}, {-1.0: 0.0, 2.0: 2.0, 7.0: 6.0}, {0.0: 0.0, 6.0: 0.0}),
    Activation("tanh", {}, {0.0: 0.0, math.log(3) / 2: 0.5}),
    Activation("exponential", {}, {0.0: 1.0, 1.0: E}),
    Activation("softmax"),
    Activation("log_softmax"),
    Activation("mish", {}, {0.0: 0.0}, {0.0: 0.6}),
]


@dataclass(frozen=True)
class Initializer(Part):
    """What the numbers of a weight of this shape must be."""

    shape: tuple[int, ...] = (60, 50)
    mean: float = 0.0
    variance: float = 0.0
    bound: float = math.inf  # the largest distance from the mean


TRUNCATED = 0.87962566103423978  # deviation of a standard normal cut off at 2
WINDOW = (3, 3, 16, 32)  # a kernel of Conv2D: fans 144 and 288

INITIALIZERS = [
    Initializer("Zeros", bound=0.0),
    Initializer("Ones", mean=1.0, bound=0.0),
    Initializer("Constant", {"value": 0.25}, mean=0.25, bound=0.0),
    Initializer("Identity", {"gain": 2.0}, (50, 50), 2 / 50, 4 / 50 - (2 / 50) ** 2),
    Initializer("RandomNormal", variance=0.05**2),
    Initializer("RandomNormal", {"mean": 1.0, "stddev": 2.0}, mean=1.0, variance=4.0),
    Initializer("TruncatedNormal", variance=(0.05 * TRUNCATED) ** 2, bound=0.1),
    Initializer("RandomUniform", variance=0.05**2 / 3, bound=0.05),
    Initializer("RandomUniform", {"minval": 1.0, "maxval": 3.0}, (60, 50), 2.0, 1 / 3, 1.0),
    Initializer("VarianceScaling", variance=1 / 60, bound=2 / TRUNCATED / 60**0.5),
    Initializer(
        "VarianceScaling",
        {"scale": 0.5, "mode": "fan_out", "distribution": "untruncated_normal"},
        variance=0.5 / 50,
    ),
    Initializer(
        "VarianceScaling",
        {"mode": "fan_avg", "distribution": "uniform", "input_axes": [0], "output_axes": [2]},
        (20, 5, 40),
        variance=1 / 30,
        bound=(3 / 30) ** 0.5,
    ),
    Initializer("GlorotUniform", variance=2 / 110, bound=(6 / 110) ** 0.5),
    Initializer("GlorotNormal", variance=2 / 110, bound=2 / TRUNCATED * (2 / 110) ** 0.5),
    Initializer("GlorotUniform", {}, WINDOW, 0.0, 2 / 432, (6 / 432) ** 0.5),
    Initializer("HeUniform", {}, WINDOW, 0.0, 2 / 144, (6 / 144) ** 0.5),
    Initializer("HeNormal", variance=2 / 60, bound=2 / TRUNCATED * (2 / 60) ** 0.5),
    Initializer("LecunUniform", variance=1 / 60, bound=(3 / 60) ** 0.5),
    Initializer("LecunNormal", {}, (400,), 0.0, 1 / 400, 2 / TRUNCATED * (1 / 400) ** 0.5),
    Initializer("Orthogonal", variance=1 / 60, bound=1.0),
    Initializer("Orthogonal", {"gain": 2.0}, (3, 4, 100), 0.0, 4 / 100, 2.0),
]


@dataclass(frozen=True)
class Valued(Part):
    """What comes out for `MATRIX`, worked out by hand."""

    value: Any = None


MATRIX = [[3.0, -4.0], [0.0, 0.5]]

REGULARIZERS = [
    Valued("L1", {}, 0.075),
    Valued("L1", {"l1": 2.0}, 15.0),
    Valued("L2", {}, 0.2525),
    Valued("L2", {"l2": 2.0}, 50.5),
    Valued("L1L2", {}, 0.0),
    Valued("L1L2", {"l1": 2.0}, 15.0),
    Valued("L1L2", {"l2": 2.0}, 50.5),
    Valued("L1L2", {"l1": 1.0, "l2": 2.0}, 58.0),
    Valued("OrthogonalRegularizer", {}, 0.008),  # cosine of the rows: -4/5
    Valued("OrthogonalRegularizer", {"factor": 1.0, "mode": "columns"}, 4 / 16.25**0.5),
]

CONSTRAINTS = [
    Valued("NonNeg", {}, [[3.0, 0.0], [0.0, 0.5]]),
    Valued("MaxNorm", {}, [[2.0, -8 / 16.25**0.5], [0.0, 1 / 16.25**0.5]]),
    Valued("MaxNorm", {"max_value": 2.5, "axis": 1}, [[1.5, -2.0], [0.0, 0.5]]),
    Valued("UnitNorm", {"axis": 1}, [[0.6, -0.8], [0.0, 1.0]]),
    Valued("UnitNorm", {"axis": [0, 1]}, np.divide(MATRIX, 25.25**0.5).tolist()),
    Valued("UnitNorm", {"axis": None}, np.divide(MATRIX, 25.25**0.5).tolist()),
    Valued("MinMaxNorm", {"axis": 1}, [[0.6, -0.8], [0.0, 0.5]]),
    Valued(
        "MinMaxNorm",
        {"min_value": 1.0, "max_value": 2.5, "rate": 0.5, "axis": 1},
        [[2.25, -3.0], [0.0, 0.75]],
    ),
]


@dataclass(frozen=True)
class Optimizer(Part):
    """A rule with its first step by hand, its equal in PyTorch, and a way to known minima."""

    step: float = 0.0  # what is taken from 1 when the gradient is 2 and the rate 1/8
    torch: tuple[str, dict[str, Any]] = ("", {})
    rate: float = 0.02  # with it these steps reach a parabola's minimum and Rosenbrock's
    steps: int = 4000
    valley: bool = True  # whether it can come to rest in Rosenbrock's narrow valley
    shared: dict[str, Any] = field(default_factory=lambda: {"clipnorm": 3.0})  # it takes this too
    keras: bool = True  # whether Keras has it


TINY = {"eps": 1e-30}  # PyTorch adds epsilon elsewhere: both take one that does not matter
NONE = {"epsilon": 1e-30}

OPTIMIZERS = [
    Optimizer("SGD", {}, 0.25, ("SGD", {}), 0.001, 20_000),
    Optimizer("SGD", {"momentum": 0.9}, 0.25, ("SGD", {"momentum": 0.9}), 0.0005),
    Optimizer(
        "SGD",
        {"momentum": 0.9, "nesterov": True},
        0.475,
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        0.0005,
    ),
    Optimizer("RMSprop", NONE, 0.25 / 0.4**0.5, ("RMSprop", {"alpha": 0.9} | TINY), 0.002, 6000),
    Optimizer(
        "RMSprop",
        {"rho": 0.5, "momentum": 0.5, "centered": True} | NONE,
        0.25,
        ("RMSprop", {"alpha": 0.5, "momentum": 0.5, "centered": True} | TINY),
        0.002,
        6000,
    ),
    Optimizer(
        "Adagrad",
        NONE,
        0.25 / 4.1**0.5,
        ("Adagrad", {"initial_accumulator_value": 0.1} | TINY),
        0.5,
        6000,
    ),
    Optimizer(
        "Adadelta",
        {"epsilon": 1e-6},
        0.25 * (1e-6 / 0.200001) ** 0.5,
        ("Adadelta", {"rho": 0.95, "eps": 1e-6}),
        1.0,
        valley=False,  # its steps keep their size
    ),
    Optimizer("Adam", NONE, 0.125, ("Adam", TINY)),
    Optimizer(
        "Adam",
        {"beta_1": 0.0, "beta_2": 0.5} | NONE,
        0.125,
        ("Adam", {"betas": (0.0, 0.5)} | TINY),
        0.002,
        6000,
    ),
    Optimizer("Adam", {"amsgrad": True} | NONE, 0.125, ("Adam", {"amsgrad": True} | TINY), 0.05),
    Optimizer(
        "AdamW",
        {"weight_decay": 0.01} | NONE,
        0.12625,
        ("AdamW", {"weight_decay": 0.01} | TINY),
    ),
    Optimizer("Adamax", NONE, 0.125, ("Adamax", TINY), 0.05),
    Optimizer("Lion", {}, 0.125, rate=0.002, valley=False),  # its steps keep their size
    Optimizer("Lion", {"beta_1": 0.5, "beta_2": 0.8}, 0.125, rate=0.002, valley=False),
    Optimizer("LBFGS", {}, 0.125, rate=1.0, steps=100, shared={}, keras=False),
    Optimizer("LBFGS", {"history_size": 2}, 0.125, rate=0.5, steps=200, shared={}, keras=False),
    Optimizer(
        "Nadam",
        NONE,
        0.125 * (0.1 * 0.9 * 0.5392 / (1 - 0.9**2 * 0.52 * 0.5392) + 1),
        ("NAdam", {"momentum_decay": 1.0} | TINY),
    ),
]


@dataclass(frozen=True)
class Schedule(Part):
    """Rates by step, worked out by hand."""

    rates: dict[int, float] = field(default_factory=dict)


FALL = {"initial_learning_rate": 0.8, "decay_steps": 10}

SCHEDULES = [
    Schedule("ExponentialDecay", FALL | {"decay_rate": 0.25}, {0: 0.8, 5: 0.4, 10: 0.2}),
    Schedule(
        "ExponentialDecay",
        FALL | {"decay_rate": 0.25, "staircase": True},
        {9: 0.8, 10: 0.2, 19: 0.2, 20: 0.05},
    ),
    Schedule("InverseTimeDecay", FALL | {"decay_rate": 1.0}, {0: 0.8, 10: 0.4, 30: 0.2}),
    Schedule(
        "InverseTimeDecay",
        FALL | {"decay_rate": 1.0, "staircase": True},
        {9: 0.8, 10: 0.4, 19: 0.4},
    ),
    Schedule(
        "PiecewiseConstantDecay",
        {"boundaries": [5, 10], "values": [0.4, 0.2, 0.1]},
        {0: 0.4, 5: 0.4, 6: 0.2, 10: 0.2, 11: 0.1, 99: 0.1},
    ),
    Schedule("PiecewiseConstantDecay", {"boundaries": [2.5], "values": [1, 2]}, {2: 1.0, 3: 2.0}),
    Schedule("PolynomialDecay", FALL, {0: 0.8, 5: 0.40005, 10: 0.0001, 99: 0.0001}),
    Schedule(
        "PolynomialDecay",
        FALL | {"end_learning_rate": 0.4, "power": 2.0, "cycle": True},
        {0: 0.8, 5: 0.5, 10: 0.4, 15: 0.425},
    ),
    Schedule("CosineDecay", FALL, {0: 0.8, 5: 0.4, 10: 0.0, 99: 0.0}),
    Schedule(
        "CosineDecay",
        FALL | {"alpha": 0.5, "warmup_target": 1.6, "warmup_steps": 4},
        {0: 0.8, 2: 1.2, 4: 1.6, 9: 1.2, 14: 0.8, 99: 0.8},
    ),
    Schedule(
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.8, "first_decay_steps": 5, "m_mul": 0.5, "alpha": 0.25},
        {0: 0.8, 5: 0.5, 10: 0.35, 15: 0.35, 35: 0.275},
    ),
    Schedule(
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.8, "first_decay_steps": 4, "t_mul": 1.0},
        {0: 0.8, 2: 0.4, 4: 0.8, 6: 0.4},
    ),
    Schedule(
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.8, "first_decay_steps": 4, "t_mul": 1.5},
        {0: 0.8, 4: 0.8, 7: 0.4, 10: 0.8},
    ),
]
