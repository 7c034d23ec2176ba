"""Learning rates that change with the training step, with Keras's names: a step in, a rate out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, undefined
from grafito.errors import names_of as _names_of
from grafito.graph import Tensor
from grafito.registry import Configurable, Registry, deserializer, serialize

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
]
__all__ += ["PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "get", "registry"]
__all__ += ["serialize"]

registry = Registry("learning rate schedule")
get = registry.get
deserialize = deserializer(get)


class LearningRateSchedule(Configurable):
    """Base of all schedules; a subclass defines `__call__(step)`.

    Example:
        >>> class Halving(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return graph.power(0.5, step)
        >>> Halving()(3).item()
        0.125
    """

    def __call__(self, step: Any) -> Tensor:
        """The learning rate.

        Args:
            step: how many updates were made before this one, a number or an integer tensor.

        Returns:
            A scalar tensor.
        """
        raise undefined(self, "__call__(self, step)")


class Called(LearningRateSchedule):
    """What a function without arguments gives; a step that is compiled asks it once.

    Args:
        function: gives a number, or a tensor of variables, whose present value each step reads.

    Example:
        >>> Called(lambda: 0.5)(3).item()
        0.5
    """

    def __init__(self, function: Any):
        self.function = function

    def __call__(self, step: Any) -> Tensor:
        return graph.as_tensor(self.function(), _dtype(step))


class _Decay(LearningRateSchedule):
    """A schedule that takes `decay_steps` steps from one rate to another."""

    def __init__(self, initial_learning_rate: float, decay_steps: float, name: str):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.name = name
        if not decay_steps > 0:
            raise ArgumentError(
                f"{type(self).__name__} needs a positive number of steps.",
                received=f"decay_steps={decay_steps}",
            )


class _Continued(_Decay):
    """A decay that goes on for ever, as a curve or as a staircase."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ):
        super().__init__(initial_learning_rate, decay_steps, name or type(self).__name__)
        self.decay_rate = decay_rate
        self.staircase = staircase

    def periods(self, step: Any) -> Tensor:
        """How many times `decay_steps` has passed."""
        passed = _float(step) / self.decay_steps
        return graph.floor(passed) if self.staircase else passed


@registry.register()
class ExponentialDecay(_Continued):
    """initial_learning_rate decay_rate^(step / decay_steps).

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: after how many steps the rate is multiplied by decay_rate.
        decay_rate: the factor.
        staircase: round step / decay_steps down.
        name: as in Keras.

    Example:
        >>> ExponentialDecay(1.0, 10, 0.5)(20).item()
        0.25
    """

    def __call__(self, step):
        return self.initial_learning_rate * graph.power(self.decay_rate, self.periods(step))


@registry.register()
class InverseTimeDecay(_Continued):
    """initial_learning_rate / (1 + decay_rate step / decay_steps).

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the unit of time.
        decay_rate: how fast the rate falls.
        staircase: round step / decay_steps down.
        name: as in Keras.

    Example:
        >>> InverseTimeDecay(1.0, 10, 0.5)(20).item()
        0.5
    """

    def __call__(self, step):
        return self.initial_learning_rate / (1 + self.decay_rate * self.periods(step))


@registry.register()
class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i], with i the number of boundaries that the step is beyond.

    Args:
        boundaries: steps in increasing order; at a boundary the value before it still holds.
        values: the rates, one more than boundaries.
        name: as in Keras.

    Raises:
        ArgumentError: when the numbers of boundaries and values do not fit.

    Example:
        >>> [PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])(i).item() for i in (10, 11, 99)]
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ):
        self.boundaries = boundaries
        self.values = values
        self.name = name
        if len(values) != len(boundaries) + 1:
            raise ArgumentError(
                "PiecewiseConstantDecay needs one more value than boundaries.",
                received=f"{len(boundaries)} boundaries and {len(values)} values",
            )

    def __call__(self, step):
        rate = graph.constant(float(self.values[0]), _dtype(step))
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = graph.where(graph.greater(step, boundary), value, rate)
        return rate


@registry.register()
class PolynomialDecay(_Decay):
    """end + (initial - end) (1 - step / decay_steps)^power, and end after decay_steps.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how many steps it takes.
        end_learning_rate: the rate at last.
        power: 1 goes down a straight line.
        cycle: do not stop, but continue with the next multiple of decay_steps as the goal.
        name: as in Keras.

    Example:
        >>> PolynomialDecay(1.0, 10, end_learning_rate=0.5)(5).item()
        0.75
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ):
        super().__init__(initial_learning_rate, decay_steps, name)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle

    def __call__(self, step):
        passed = _float(step) / self.decay_steps
        if self.cycle:
            cycles = -graph.floor(-passed)
            done = passed / graph.maximum(cycles, 1)
        else:
            done = graph.minimum(passed, 1)
        height = self.initial_learning_rate - self.end_learning_rate
        return height * graph.power(1 - done, self.power) + self.end_learning_rate


@registry.register()
class CosineDecay(_Decay):
    """A straight way up, then half a cosine down.

    With a warmup_target the rate goes from initial_learning_rate to the target in warmup_steps.
    Then, from there: top ((1 - alpha) (1 + cos(π t / decay_steps)) / 2 + alpha), with t ≤
    decay_steps the steps since the warm-up.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how many steps the way down takes.
        alpha: the rate at last, as a part of the highest one.
        name: as in Keras.
        warmup_target: the highest rate; None for no warm-up.
        warmup_steps: how many steps the way up takes.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.

    Example:
        >>> rate = CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=2)
        >>> [round(rate(step).item(), 3) for step in (1, 2, 7, 12)]
        [0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ):
        super().__init__(initial_learning_rate, decay_steps, name)
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step = _float(step)
        if self.warmup_target is None:
            return self._down(self.initial_learning_rate, step)
        down = self._down(self.warmup_target, step - self.warmup_steps)
        if not self.warmup_steps:
            return down
        up = (self.warmup_target - self.initial_learning_rate) * (step / self.warmup_steps)
        return graph.where(step < self.warmup_steps, up + self.initial_learning_rate, down)

    def _down(self, top: float, step: Tensor) -> Tensor:
        done = graph.minimum(step / self.decay_steps, 1)
        cosine = 0.5 * (1 + graph.cos(math.pi * done))
        return top * ((1 - self.alpha) * cosine + self.alpha)


@registry.register()
class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine down, again and again: run i takes first_decay_steps t_mulⁱ steps.

    It begins at initial_learning_rate m_mulⁱ and ends at initial_learning_rate alpha.

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: how many steps the first way down takes.
        t_mul: how many times longer each way is than the one before.
        m_mul: how many times higher each start is.
        alpha: the lowest rate, as a part of the first one.
        name: as in Keras.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.

    Example:
        >>> rate = CosineDecayRestarts(1.0, 10, m_mul=0.5)
        >>> [round(rate(step).item(), 3) for step in (0, 5, 10, 20, 30)]
        [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ):
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        if not first_decay_steps > 0 or not t_mul >= 1:
            raise ArgumentError(
                "Each way down needs steps, and as many as the one before.",
                where=type(self).__name__,
                received=f"first_decay_steps={first_decay_steps}, t_mul={t_mul}",
                expected="first_decay_steps above 0, t_mul of 1 or more",
            )

    def __call__(self, step):
        passed = _float(step) / self.first_decay_steps
        if self.t_mul == 1:
            run = start = graph.floor(passed)
            length = graph.constant(1.0, run.dtype)
        else:  # the sum of the first i lengths is (t_mulⁱ - 1) / (t_mul - 1)
            exact = graph.log1p(passed * (self.t_mul - 1)) / math.log(self.t_mul)
            run = graph.floor(exact + 1e-6)  # which rounding may leave below a whole number
            length = graph.power(self.t_mul, run)
            start = (length - 1) / (self.t_mul - 1)
        cosine = 0.5 * (1 + graph.cos(math.pi * ((passed - start) / length)))
        decayed = (1 - self.alpha) * cosine * graph.power(self.m_mul, run) + self.alpha
        return self.initial_learning_rate * decayed


def _dtype(step: Any) -> str:
    """The dtype of the rate: float64 for a step of float64, as models of float64 have it."""
    return "float64" if getattr(step, "dtype", None) == "float64" else "float32"


def _float(step: Any) -> Tensor:
    return graph.cast(step, _dtype(step))


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
