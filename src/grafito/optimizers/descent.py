"""Gradient descent, with momentum or with a step size for each weight."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.errors import ArgumentError
from grafito.optimizers.base import Optimizer, registry


@registry.register("sgd")
class SGD(Optimizer):
    """Stochastic gradient descent: v ← momentum v - rate g, w ← w + v.

    With `nesterov` the step looks ahead: w ← w + momentum v - rate g.

    Args:
        learning_rate: a number or a schedule.
        momentum: from 0 to 1; 0 is plain descent, w ← w - rate g, without slots.
        nesterov: take Nesterov's step.
        **options: those of `Optimizer`.

    Source: Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum
    in deep learning", 2013.

    Example:
        >>> w = graph.Variable(1.0)
        >>> SGD(0.1).apply([2.0], [w])
        >>> round(w.numpy().item(), 6)
        0.8
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Any,
    ):
        super().__init__(learning_rate, **options)
        self.momentum = momentum
        self.nesterov = nesterov
        if not 0 <= momentum <= 1:
            raise ArgumentError(
                "The momentum of SGD must lie between 0 and 1.",
                received=f"momentum={momentum}",
                fix="momentum=0.9",
            )

    def slots(self):
        return {"momentum": 0.0} if self.momentum else {}

    def update(self, w, g, rate, step, slots):
        if not self.momentum:
            return w - g * rate, {}
        v = slots["momentum"] * self.momentum - g * rate
        move = v * self.momentum - g * rate if self.nesterov else v
        return w + move, {"momentum": v}


@registry.register("rmsprop")
class RMSprop(Optimizer):
    """Descent divided by a moving root mean square of the gradient.

    v ← rho v + (1 - rho) g²,  w ← w - rate g / √(v + epsilon)

    With `momentum`, m ← momentum m + that step and w ← w - m. With `centered` the square of the
    moving mean of g is taken from v under the root.

    Args:
        learning_rate: a number or a schedule.
        rho: how much of the moving averages stays.
        momentum: 0 for none.
        epsilon: keeps the root from 0.
        centered: divide by the deviation instead of the root mean square.
        **options: those of `Optimizer`.

    Source: Hinton, "Neural networks for machine learning", lecture 6e, 2012.

    Example:
        >>> w = graph.Variable(10.0)
        >>> RMSprop(0.1).apply([10.0], [w])
        >>> round(w.numpy().item(), 6)
        9.683772
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ):
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def slots(self):
        momentum = {"momentum": 0.0} if self.momentum > 0 else {}
        mean = {"average_gradient": 0.0} if self.centered else {}
        return {"velocity": 0.0} | momentum | mean

    def update(self, w, g, rate, step, slots):
        v = self.rho * slots["velocity"] + (1 - self.rho) * graph.square(g)
        new, spread = {"velocity": v}, v
        if self.centered:
            mean = self.rho * slots["average_gradient"] + (1 - self.rho) * g
            new["average_gradient"], spread = mean, v - graph.square(mean)
        move = rate * g / graph.sqrt(spread + self.epsilon)
        if self.momentum > 0:
            move = new["momentum"] = self.momentum * slots["momentum"] + move
        return w - move, new


@registry.register()
class Adagrad(Optimizer):
    """Descent divided by the root of all squared gradients so far.

    a ← a + g²,  w ← w - rate g / √(a + epsilon)

    Args:
        learning_rate: a number or a schedule; the paper's form has 1.
        initial_accumulator_value: a before the first update.
        epsilon: keeps the root from 0.
        **options: those of `Optimizer`.

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", 2011.

    Example:
        >>> w = graph.Variable(1.0)
        >>> Adagrad(1.0, initial_accumulator_value=0.0).apply([2.0], [w])
        >>> round(w.numpy().item(), 6)
        0.0
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slots(self):
        return {"accumulator": self.initial_accumulator_value}

    def update(self, w, g, rate, step, slots):
        a = slots["accumulator"] + graph.square(g)
        return w - rate * g / graph.sqrt(a + self.epsilon), {"accumulator": a}


@registry.register()
class Adadelta(Optimizer):
    """Steps in the units of the weights: the ratio of two moving root mean squares, times g.

    a ← rho a + (1 - rho) g²,  d = g √(b + epsilon) / √(a + epsilon)
    b ← rho b + (1 - rho) d²,  w ← w - rate d

    Args:
        learning_rate: a number or a schedule; the paper's form has 1.
        rho: how much of the moving averages stays.
        epsilon: keeps the roots from 0 and starts the movement.
        **options: those of `Optimizer`.

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.

    Example:
        >>> w = graph.Variable(1.0)
        >>> Adadelta(1.0).apply([2.0], [w])
        >>> round(1 - w.numpy().item(), 5)
        0.00141
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options: Any,
    ):
        super().__init__(learning_rate, **options)
        self.rho = rho
        self.epsilon = epsilon

    def slots(self):
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def update(self, w, g, rate, step, slots):
        a = self._average(slots["accumulated_grad"], g)
        moved = slots["accumulated_delta_var"]
        d = g * graph.sqrt(moved + self.epsilon) / graph.sqrt(a + self.epsilon)
        new = {"accumulated_grad": a, "accumulated_delta_var": self._average(moved, d)}
        return w - rate * d, new

    def _average(self, average, x):
        return self.rho * average + (1 - self.rho) * graph.square(x)
