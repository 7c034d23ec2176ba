"""Limits on gradients, so that one bad batch does not throw the weights far away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from grafito import graph
from grafito.errors import ArgumentError, one_of
from grafito.graph import Tensor


@dataclass(frozen=True)
class Clipping:
    """A function from gradients to gradients within a limit; without a limit they stay.

    Args:
        clipnorm: the largest norm of each gradient.
        clipvalue: the largest absolute value of an element.
        global_clipnorm: the largest norm of all gradients together.

    Raises:
        ArgumentError: for two limits at once, or one that is not positive.

    Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
    networks", 2013.

    Example:
        >>> [g.numpy().tolist() for g in Clipping(clipvalue=1)([graph.constant([0.5, -3.0])])]
        [[0.5, -1.0]]
    """

    clipnorm: float | None = None
    clipvalue: float | None = None
    global_clipnorm: float | None = None

    def __post_init__(self):
        limits = {name: limit for name, limit in asdict(self).items() if limit is not None}
        if len(limits) > 1 or any(not limit > 0 for limit in limits.values()):
            raise ArgumentError(
                "Gradients can be clipped in only one way, at a positive limit.",
                received=", ".join(f"{name}={limit}" for name, limit in limits.items()),
                expected=one_of(asdict(self)),
            )

    def __call__(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        if self.clipvalue is not None:
            return [graph.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        if self.clipnorm is not None:
            return [g * _scale([g], self.clipnorm) for g in gradients]
        if self.global_clipnorm is not None:
            scale = _scale(gradients, self.global_clipnorm)
            return [g * graph.cast(scale, g.dtype) for g in gradients]
        return list(gradients)


def _scale(gradients: Sequence[Tensor], limit: float) -> Tensor:
    """What brings the common norm down to the limit; NaN where the norm is not finite."""
    squares = graph.stack([graph.sum(graph.square(g)) for g in gradients])
    norm = graph.sqrt(graph.sum(squares))
    return limit / graph.maximum(norm, limit) + (norm - norm)
