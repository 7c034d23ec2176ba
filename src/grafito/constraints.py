"""Projections applied to weights after each update, with Keras's names: a tensor in, one out."""

from __future__ import annotations

from collections.abc import Sequence

from grafito import graph
from grafito.errors import names_of as _names_of
from grafito.graph import Tensor
from grafito.registry import Configurable, Registry, deserializer, serialize

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get"]
__all__ += ["max_norm", "min_max_norm", "non_neg", "registry", "serialize", "unit_norm"]

registry = Registry("constraint")
get = registry.get
deserialize = deserializer(get)

EPSILON = 1e-7  # added to a norm before dividing by it, as in Keras

Axis = int | Sequence[int] | None


class Constraint(Configurable):
    """Base of all constraints, itself the identity; a subclass defines `__call__(w)`.

    Example:
        >>> class Halved(Constraint):
        ...     def __call__(self, w):
        ...         return w / 2
        >>> Halved()(graph.constant([1.0, 3.0])).numpy().tolist()
        [0.5, 1.5]
    """

    def __call__(self, w: Tensor) -> Tensor:
        """The weight after the projection, of the same shape."""
        return w


@registry.register()
class NonNeg(Constraint):
    """max(w, 0).

    Example:
        >>> NonNeg()(graph.constant([-1.0, 3.0])).numpy().tolist()
        [0.0, 3.0]
    """

    def __call__(self, w):
        return graph.maximum(w, 0)


@registry.register()
class MinMaxNorm(Constraint):
    """Vectors rescaled towards norms between two bounds.

    w ((1 - rate) |w| + rate min(max(|w|, min_value), max_value)) / |w|, with |w| along the axis.

    Args:
        min_value: the smallest norm.
        max_value: the largest norm.
        rate: 1 reaches the bounds at once; less goes a part of the way at each update.
        axis: along which the norm is taken: 0 for a Dense kernel, (0, 1, 2) for a Conv2D kernel.

    Example:
        >>> MinMaxNorm(0, 2.5)(graph.constant([3.0, 4.0])).numpy().round(3).tolist()
        [1.5, 2.0]
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w):
        norm = _norm(w, self.axis)
        desired = self.rate * graph.clip(norm, self.min_value, self.max_value)
        return w * ((desired + (1 - self.rate) * norm) / (norm + EPSILON))


@registry.register()
class MaxNorm(Constraint):
    """Vectors rescaled to a norm of at most max_value: w min(|w|, max_value) / |w|.

    Args:
        max_value: the largest norm.
        axis: along which the norm is taken: 0 for a Dense kernel, (0, 1, 2) for a Conv2D kernel.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout", 2014.

    Example:
        >>> MaxNorm(2.5)(graph.constant([3.0, 4.0])).numpy().round(3).tolist()
        [1.5, 2.0]
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w):
        norm = _norm(w, self.axis)
        return w * (graph.minimum(norm, self.max_value) / (norm + EPSILON))


@registry.register()
class UnitNorm(Constraint):
    """Vectors rescaled to norm 1: w / |w|; a vector of zeros stays.

    Args:
        axis: along which the norm is taken: 0 for a Dense kernel, (0, 1, 2) for a Conv2D kernel.

    Example:
        >>> print(UnitNorm()(graph.constant([3.0, 4.0])).numpy().round(3))
        [0.6 0.8]
    """

    def __init__(self, axis: Axis = 0):
        self.axis = axis

    def __call__(self, w):
        return w / (_norm(w, self.axis) + EPSILON)


def _norm(w: Tensor, axis: Axis) -> Tensor:
    axes = axis if axis is None or isinstance(axis, int) else tuple(axis)
    return graph.sqrt(graph.sum(graph.square(w), axes, keepdims=True))


# Keras has each class under a second name, for programs that write keras.constraints.max_norm(3).
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
