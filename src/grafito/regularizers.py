"""Penalties on weights and activities, with Keras's names: a tensor in, a scalar out."""

from __future__ import annotations

import math
from numbers import Real

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, ShapeError, undefined
from grafito.errors import names_of as _names_of
from grafito.graph import Tensor
from grafito.registry import Configurable, Registry, deserializer, serialize

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get"]
__all__ += ["l1", "l1_l2", "l2", "orthogonal_regularizer", "registry", "serialize"]

registry = Registry("regularizer")
get = registry.get
deserialize = deserializer(get)

EPSILON = 1e-7  # the shortest row that OrthogonalRegularizer scales to length 1


class Regularizer(Configurable):
    """Base of all regularizers; a subclass defines `__call__(x)`.

    Example:
        >>> class Mean(Regularizer):
        ...     def __call__(self, x):
        ...         return graph.mean(x)
        >>> Mean()(graph.constant([1.0, 3.0])).item()
        2.0
    """

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty, a scalar of the dtype of x."""
        raise undefined(self, "__call__(self, x)")


@registry.register()
class L1(Regularizer):
    """l1 Σ|x|, which drives weights to 0; the slope at 0 is 0.

    Args:
        l1: the factor, not negative.

    Example:
        >>> L1(0.5)(graph.constant([-1.0, 3.0])).item()
        2.0
    """

    def __init__(self, l1: float = 0.01):
        self.l1 = _factor("l1", l1)

    def __call__(self, x):
        return self.l1 * graph.sum(graph.abs(x))


@registry.register()
class L2(Regularizer):
    """l2 Σx², which keeps weights small.

    Args:
        l2: the factor, not negative.

    Example:
        >>> L2(0.5)(graph.constant([-1.0, 3.0])).item()
        5.0
    """

    def __init__(self, l2: float = 0.01):
        self.l2 = _factor("l2", l2)

    def __call__(self, x):
        return self.l2 * graph.sum(graph.square(x))


@registry.register("l1_l2")
class L1L2(Regularizer):
    """l1 Σ|x| + l2 Σx².

    Args:
        l1: the factor of the absolute values, not negative.
        l2: the factor of the squares, not negative.

    Example:
        >>> L1L2(0.5, 0.25)(graph.constant([-1.0, 3.0])).item()
        4.5
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1 = _factor("l1", l1)
        self.l2 = _factor("l2", l2)

    def __call__(self, x):
        if not self.l1:
            return L2(self.l2)(x)
        return L1(self.l1)(x) + L2(self.l2)(x) if self.l2 else L1(self.l1)(x)


@registry.register()
class OrthogonalRegularizer(Regularizer):
    """The factor times the mean |cosine| of the angles between different rows, or columns.

    Args:
        factor: not negative.
        mode: "rows" or "columns".

    Raises:
        ArgumentError: for another mode.
        ShapeError: when called with a tensor that is no matrix, or has a single row.

    Example:
        >>> OrthogonalRegularizer(1.0)(graph.constant([[1.0, 0.0], [0.0, 2.0]])).item()
        0.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        self.factor = _factor("factor", factor)
        self.mode = mode
        if mode not in ("rows", "columns"):
            raise ArgumentError(
                "OrthogonalRegularizer compares rows or columns.",
                received=f"mode={mode!r}",
                expected="'rows' or 'columns'",
            )

    def __call__(self, x):
        rows = x.T if self.mode == "columns" and x.ndim == 2 else x
        if x.ndim != 2 or len(rows) < 2:
            raise ShapeError(
                f"OrthogonalRegularizer compares the {self.mode} of a matrix.",
                received=x.shape,
                expected=f"a matrix with at least two {self.mode}",
            )
        square_length = graph.sum(graph.square(rows), axis=1, keepdims=True)
        unit = rows / graph.sqrt(graph.maximum(square_length, EPSILON**2))
        cosines = unit @ unit.T
        different = graph.constant(~np.eye(len(rows), dtype=bool))
        total = graph.sum(graph.where(different, graph.abs(cosines), 0))
        return self.factor * total / (len(rows) * (len(rows) - 1.0))


def _factor(name: str, value: float) -> float:
    if not (isinstance(value, Real) and 0 <= value < math.inf):
        raise ArgumentError(
            f"The factor {name} of a regularizer must be a finite number that is not negative.",
            received=f"{name}={value!r}",
            fix=f"{name}=0.01",
        )
    return float(value)


# Keras has each class under a second name, for programs that write keras.regularizers.l2(0.01).
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
