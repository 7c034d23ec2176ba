"""What optimizers do over several steps: gather gradients, average weights, and remember."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError
from grafito.graph import Tensor, Variable

# Below it numbers are denormal, by dtype.
LEAST_NORMAL = {"float32": 2.0**-126, "bfloat16": 2.0**-126, "float64": 2.0**-1022}


@dataclass(frozen=True)
class Several:
    """Gradients of k steps for one update, and a moving average of the weights, as in Keras.

    With k = `gradient_accumulation_steps` the variables change in each k-th step only, by the mean
    of the last k gradients. With `use_ema` each step moves average ← m average + (1 - m) w, with m
    = `ema_momentum`; w is the average itself after each `ema_overwrite_frequency` updates, and
    after `fit`.

    Args:
        use_ema: keep the average.
        ema_momentum: m.
        ema_overwrite_frequency: None for the end of `fit` alone.
        gradient_accumulation_steps: k; None for 1.

    Raises:
        ArgumentError: for numbers outside of their range.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Example:
        >>> list(Several(use_ema=True).slots(Variable(1.0)))
        ['average']
    """

    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None
    gradient_accumulation_steps: int | None = None

    def __post_init__(self):
        _whole("gradient_accumulation_steps", self.gradient_accumulation_steps, 2)
        _whole("ema_overwrite_frequency", self.ema_overwrite_frequency, 1)
        if not 0 <= self.ema_momentum <= 1:
            raise ArgumentError(
                "The momentum of an average of weights must lie between 0 and 1.",
                received=f"ema_momentum={self.ema_momentum}",
                fix="ema_momentum=0.99",
            )

    def slots(self, variable: Variable) -> dict[str, Any]:
        """What is kept of a variable beside the slots of the rule."""
        gathered = {"gathered": 0.0} if self.gradient_accumulation_steps else {}
        return gathered | ({"average": variable.numpy()} if self.use_ema else {})

    def due(self, count: Tensor) -> Tensor | None:
        """Whether this step updates; None where each one does."""
        every = self.gradient_accumulation_steps
        return graph.equal(count % every, 0) if every else None

    def updates(self, count: Tensor) -> Tensor:
        """The number of this update, counted from 1."""
        every = self.gradient_accumulation_steps
        return (count - 1) // every + 1 if every else count

    def gather(self, g: Tensor, slots: Mapping[str, Variable], due: Tensor | None) -> Tensor:
        """The mean of this gradient and those that wait; their sum waits where no update is due."""
        if due is None:
            return g
        total = g + slots["gathered"]
        slots["gathered"].assign(graph.where(due, 0, total))
        return total / self.gradient_accumulation_steps

    def settle(
        self,
        variable: Variable,
        w: Tensor,
        new: dict[str, Tensor],
        old: Mapping[str, Tensor],
        updates: Tensor,
        due: Tensor | None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The variable and its slots after this step, given those after an update.

        Args:
            variable: before the step.
            w: what an update makes of it.
            new: what it makes of the slots.
            old: the slots before.
            updates: the number of this update.
            due: see `due`.
        """
        if due is not None:
            new = {name: graph.where(due, x, old[name]) for name, x in new.items()}
            w = graph.where(due, w, variable)
        if self.use_ema:
            momentum = graph.cast(updates > 1, w.dtype) * self.ema_momentum
            new["average"] = momentum * old["average"] + (1 - momentum) * w
            if self.ema_overwrite_frequency:
                whole = graph.equal(updates % self.ema_overwrite_frequency, 0)
                w = graph.where(whole, new["average"], w)
        return w, {name: _normal(x) for name, x in new.items()}


def _normal(x: Any) -> Tensor:
    """x, with 0 for denormal numbers.

    An average of gradients that have become 0 shrinks until it is denormal, and stays so: CPUs are
    slow with such numbers.
    """
    x = graph.as_tensor(x)
    if x.dtype not in LEAST_NORMAL:
        return x
    return graph.where(graph.abs(x) < LEAST_NORMAL[x.dtype], 0.0, x)


def _whole(name: str, value: Any, least: int) -> None:
    if value is not None and (isinstance(value, bool) or value != int(value) or value < least):
        raise ArgumentError(
            "An optimizer counts whole steps.",
            received=f"{name}={value!r}",
            expected=f"a whole number from {least} on, or None",
        )
