"""Adam and its relatives: moving averages of the gradient and of its size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError
from grafito.graph import Tensor
from grafito.optimizers.base import Optimizer, registry


class _Moments(Optimizer):
    """The arguments that the family shares."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon


def _average(average: Tensor, x: Tensor, beta: float) -> Tensor:
    """A moving average: beta of it stays."""
    return average + (x - average) * (1 - beta)


def _weight(beta: float, step: Tensor) -> Tensor:
    """The weight of the first `step` terms in an average that began with 0: 1 - betaᵗ.

    As -expm1(t ln beta) it keeps in float32 the digits that 1 - 0.999 loses.
    """
    return -graph.expm1(step * (math.log(beta) if beta else -math.inf))


@registry.register()
class Adam(_Moments):
    """Steps of the mean gradient over the root of its mean square, both corrected for their start.

    m ← m + (1 - beta_1) (g - m),  v ← v + (1 - beta_2) (g² - v)
    w ← w - rate √(1 - beta_2ᵗ) / (1 - beta_1ᵗ) m / (√v + epsilon)

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the mean stays.
        beta_2: how much of the mean square stays.
        epsilon: keeps the root from 0.
        amsgrad: divide by the largest v so far.
        **options: those of `Optimizer`.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015; Reddi, Kale and
    Kumar, "On the convergence of Adam and beyond", 2018.

    Example:
        >>> w = graph.Variable(1.0)
        >>> Adam(0.1).apply([5.0], [w])
        >>> round(w.numpy().item(), 5)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad = amsgrad

    def slots(self):
        largest = {"velocity_hat": 0.0} if self.amsgrad else {}
        return {"momentum": 0.0, "velocity": 0.0} | largest

    def update(self, w, g, rate, step, slots):
        m = _average(slots["momentum"], g, self.beta_1)
        v = _average(slots["velocity"], graph.square(g), self.beta_2)
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = new["velocity_hat"] = graph.maximum(slots["velocity_hat"], v)
        corrected = rate * graph.sqrt(_weight(self.beta_2, step)) / _weight(self.beta_1, step)
        return w - m * corrected / (graph.sqrt(v) + self.epsilon), new


@registry.register("adamw")
class AdamW(Adam):
    """Adam with weight decay apart from the gradient: w ← w - rate weight_decay w before the step.

    Args:
        learning_rate: a number or a schedule.
        weight_decay: the factor; `exclude_from_weight_decay` spares variables.
        beta_1: how much of the mean gradient stays.
        beta_2: how much of its mean square stays.
        epsilon: keeps the root from 0.
        amsgrad: divide by the largest mean square so far.
        **options: those of `Optimizer`.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.

    Example:
        >>> w = graph.Variable(1.0)
        >>> AdamW(0.1, weight_decay=0.5).apply([5.0], [w])
        >>> round(w.numpy().item(), 5)
        0.85
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ):
        if weight_decay is None:
            raise ArgumentError("AdamW needs a weight decay.", fix="Adam(...) for none")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options
        )


@registry.register()
class Adamax(_Moments):
    """Adam with the largest recent gradient in place of the root mean square.

    m ← m + (1 - beta_1) (g - m),  u ← max(beta_2 u, |g|)
    w ← w - rate m / ((1 - beta_1ᵗ) (u + epsilon))

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the mean stays.
        beta_2: how much of the largest gradient stays.
        epsilon: keeps the divisor from 0.
        **options: those of `Optimizer`.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", section 7.1, 2015.

    Example:
        >>> w = graph.Variable(1.0)
        >>> Adamax(0.1).apply([5.0], [w])
        >>> round(w.numpy().item(), 5)
        0.9
    """

    def slots(self):
        return {"momentum": 0.0, "norm": 0.0}

    def update(self, w, g, rate, step, slots):
        m = _average(slots["momentum"], g, self.beta_1)
        u = graph.maximum(self.beta_2 * slots["norm"], graph.abs(g))
        divisor = _weight(self.beta_1, step) * (u + self.epsilon)
        return w - rate * m / divisor, {"momentum": m, "norm": u}


@registry.register()
class Lion(Optimizer):
    """Steps of one size: the sign of a moving mean of the gradient.

    w ← w - rate sign(beta_1 m + (1 - beta_1) g),  then m ← beta_2 m + (1 - beta_2) g

    Args:
        learning_rate: a number or a schedule; a tenth of Adam's suits.
        beta_1: how much of the mean the step sees.
        beta_2: how much of the mean stays.
        **options: those of `Optimizer`.

    Source: Chen et al., "Symbolic discovery of optimization algorithms", 2023.

    Example:
        >>> w = graph.Variable(1.0)
        >>> Lion(0.1).apply([5.0], [w])
        >>> round(w.numpy().item(), 5)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **options: Any,
    ):
        super().__init__(learning_rate, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        if not 0 < beta_1 <= 1:
            raise ArgumentError(
                "Lion needs a part of the mean in each step.",
                received=f"beta_1={beta_1}",
                expected="a number above 0, 1 at most",
            )

    def slots(self):
        return {"momentum": 0.0}

    def update(self, w, g, rate, step, slots):
        m = slots["momentum"]
        seen = m * self.beta_1 + g * (1 - self.beta_1)
        return w - rate * graph.sign(seen), {"momentum": m * self.beta_2 + g * (1 - self.beta_2)}


@registry.register()
class Nadam(_Moments):
    """Adam with Nesterov's look ahead and a momentum that grows from beta_1 / 2 to beta_1.

    uₜ = beta_1 (1 - 0.96ᵗ / 2),  p = u₁ u₂ ... uₜ,  m and v as in Adam
    w ← w - rate (uₜ₊₁ m / (1 - p uₜ₊₁) + (1 - uₜ) g / (1 - p)) / (√(v / (1 - beta_2ᵗ)) + epsilon)

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the mean gradient stays.
        beta_2: how much of its mean square stays.
        epsilon: keeps the root from 0.
        **options: those of `Optimizer`.

    Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016.

    Example:
        >>> w = graph.Variable(1.0)
        >>> Nadam(0.1).apply([5.0], [w])
        >>> round(w.numpy().item(), 3)
        0.894
    """

    def slots(self):
        return {"momentum": 0.0, "velocity": 0.0, "u_product": np.ones(())}

    def update(self, w, g, rate, step, slots):
        m = _average(slots["momentum"], g, self.beta_1)
        v = _average(slots["velocity"], graph.square(g), self.beta_2)
        now, ahead = self._momentum(step), self._momentum(step + 1)
        product = slots["u_product"] * now
        look_ahead = ahead * m / (1 - product * ahead) + (1 - now) * g / (1 - product)
        root = graph.sqrt(v / _weight(self.beta_2, step))
        new = {"momentum": m, "velocity": v, "u_product": product}
        return w - look_ahead * rate / (root + self.epsilon), new

    def _momentum(self, step: Tensor) -> Tensor:
        return self.beta_1 * (1 - 0.5 * graph.power(0.96, step))
