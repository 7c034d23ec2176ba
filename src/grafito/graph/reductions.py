"""Ops that combine elements along axes: sums, extremes, products, cumulative sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.dtypes import accumulator
from grafito.graph.shaping import (
    broadcast_to,
    expand_dims,
    flip,
    moveaxis,
    normalize_axes,
    normalize_axis,
    reshape,
)
from grafito.graph.tensor import Array, Op, Shape, Tensor, as_tensor, constant

Axis = int | tuple[int, ...] | None


class Reduction(Op):
    """Combines the elements along `axis`, a sorted tuple of axes counted from 0."""

    axis: tuple[int, ...]
    keepdims: bool = False

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        kept = [1 if i in self.axis else n for i, n in enumerate(x.shape)]
        if not self.keepdims:
            kept = [n for i, n in enumerate(x.shape) if i not in self.axis]
        return tuple(kept), x.dtype

    def spread(self, reduced: Tensor, x: Tensor) -> Tensor:
        """A reduced tensor with its axes back in place, ready to broadcast against x."""
        return reshape(reduced, [1 if i in self.axis else n for i, n in enumerate(x.shape)])


class Sum(Reduction):
    """Σ x"""

    symbol = "Σ"

    def value(self, xp: Any, x: Array) -> Array:
        return xp.sum(x, axis=self.axis, keepdims=self.keepdims, dtype=x.dtype)

    def gradient(self, g, out, x):
        return (broadcast_to(self.spread(g, x), x.shape),)


class Max(Reduction):
    """The largest element; elements that tie share the gradient equally"""

    symbol = "max"
    analytic = False

    def value(self, xp, x):
        return xp.max(x, axis=self.axis, keepdims=self.keepdims)

    def gradient(self, g, out, x):
        return (_share_among_ties(self, g, out, x),)


class Min(Reduction):
    """The smallest element; elements that tie share the gradient equally"""

    symbol = "min"
    analytic = False

    def value(self, xp, x):
        return xp.min(x, axis=self.axis, keepdims=self.keepdims)

    def gradient(self, g, out, x):
        return (_share_among_ties(self, g, out, x),)


def _share_among_ties(op: Reduction, g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    """g among the elements that are as large as the result; not a product: g may be infinite."""
    wins = ew.equal(x, op.spread(out, x))
    return ew.where(wins, op.spread(g, x) / Sum(op.axis, True)(ew.cast(wins, x.dtype)), 0)


class Prod(Op):
    """Π x over the last axis.

    The slope in one factor is the product of the others, built without division, so that factors
    that are 0 are right to every order; its cost is the square of the number of factors.
    """

    symbol = "Π"

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape[:-1], x.dtype

    def value(self, xp, x):
        return xp.prod(x, axis=-1, dtype=x.dtype)

    def gradient(self, g, out, x):
        own = constant(np.eye(x.shape[-1], dtype=bool))
        others = ew.where(own, 1, expand_dims(x, -2))
        return (expand_dims(g, -1) * Prod()(others),)


class LogSumExp(Reduction):
    """ln Σ exp(x), without overflow; -inf when every element is"""

    symbol = "lse"

    def value(self, xp, x):
        largest = xp.max(xp.real(x), axis=self.axis, keepdims=True)
        largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))
        total = xp.sum(xp.exp(x - largest), axis=self.axis, keepdims=True)
        out = xp.log(total) + largest
        return out if self.keepdims else xp.squeeze(out, axis=self.axis)

    def gradient(self, g, out, x):
        return (self.spread(g, x) * ew.exp(x - self.spread(out, x)),)


class ArgMax(Op):
    """The position of the largest element, the first where several tie; no gradient passes"""

    symbol = "argmax"
    analytic = False
    axis: int

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape[: self.axis] + x.shape[self.axis + 1 :], "int32"

    def value(self, xp, x):
        return xp.argmax(x, axis=self.axis).astype("int32")

    def gradient(self, g, out, x):
        return (None,)


class ArgMin(ArgMax):
    """The position of the smallest element, the first where several tie; no gradient passes"""

    symbol = "argmin"

    def value(self, xp, x):
        return xp.argmin(x, axis=self.axis).astype("int32")


class CumSum(Op):
    """The sums of the first 1, 2, ... elements along an axis"""

    symbol = "cumsum"
    axis: int

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape, x.dtype

    def value(self, xp, x):
        return xp.cumsum(x, axis=self.axis, dtype=x.dtype)

    def gradient(self, g, out, x):
        return (flip(CumSum(self.axis)(flip(g, self.axis)), self.axis),)


def axes_of(x: Tensor, axis: Axis) -> tuple[int, ...]:
    """The axes counted from 0, sorted; all of them for None."""
    if axis is None:
        return tuple(range(x.ndim))
    return tuple(sorted(normalize_axes(axis, x.ndim)))


def _reduce(op: type[Reduction], x: Any, axis: Axis, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    axes = axes_of(x, axis)
    if op is not Sum and 0 in [x.shape[a] for a in axes]:
        raise ShapeError(
            "An empty axis has no largest or smallest element.", where=op.__name__, received=x.shape
        )
    return op(axes, keepdims)(x)


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Σ x over the axes (all by default); integers and booleans are added up as int64.

    Args:
        x: a tensor of any shape.
        axis: one axis or several, or None for all.
        keepdims: keep the summed axes with size 1.

    Example:
        >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0).numpy().tolist()
        [4.0, 6.0]
    """
    return _reduce(Sum, _with_room(x), axis, keepdims)


def _with_room(x: Any) -> Tensor:
    """Elements to be added or multiplied, in a dtype that has room for the result."""
    x = as_tensor(x)
    return ew.cast(x, accumulator(x.dtype))


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Σ x / n over the axes (all by default); that of integers is float32, of their exact sum.

    A mean of bfloat16 is computed in float32 and rounded once.

    Example:
        >>> mean([[1.0, 2.0], [3.0, 4.0]]).item()
        2.5
    """
    x = as_tensor(x)
    if x.dtype == "bfloat16":
        return ew.cast(mean(ew.cast(x, "float32"), axis, keepdims), "bfloat16")
    if x.dtype in ("int64", "uint64"):  # whose sum may exceed 64 bits
        (x,) = ew.reals(x)
    total = sum(x, axis, keepdims)
    return total / float(x.size // total.size if total.size else 1)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element along the axes; elements that tie share the gradient equally.

    Example:
        >>> max([[1.0, 5.0], [3.0, 4.0]], axis=1).numpy().tolist()
        [5.0, 4.0]
    """
    return _reduce(Max, x, axis, keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element along the axes; elements that tie share the gradient equally.

    Example:
        >>> min([[1.0, 5.0], [3.0, 4.0]], axis=1).numpy().tolist()
        [1.0, 3.0]
    """
    return _reduce(Min, x, axis, keepdims)


def prod(x: Any, axis: int | None = None) -> Tensor:
    """Π x over one axis, or over all elements; integers and booleans are multiplied as int64.

    Example:
        >>> prod([2.0, 3.0, 4.0]).item()
        24.0
    """
    x = _with_room(x)
    return Prod()(reshape(x, (-1,)) if axis is None else moveaxis(x, axis, -1))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """ln Σ exp(x) along the axes, without overflow.

    Example:
        >>> round(logsumexp([1000.0, 1000.0]).item(), 3)
        1000.693
    """
    (x,) = ew.reals(x)
    return _reduce(LogSumExp, x, axis, keepdims)


def variance(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Σ (x - mean)² / n along the axes, in two passes, so that a large mean costs no digits.

    That of bfloat16 is computed in float32 and rounded once.

    Example:
        >>> variance([1.0, 2.0, 3.0, 4.0]).item()
        1.25
    """
    (x,) = ew.reals(x)
    if x.dtype == "bfloat16":
        return ew.cast(variance(ew.cast(x, "float32"), axis, keepdims), "bfloat16")
    return mean(ew.square(x - mean(x, axis, keepdims=True)), axis, keepdims)


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The root of the variance along the axes. Its slope is 0 where all elements are equal.

    Example:
        >>> std([1.0, 3.0]).item()
        1.0
    """
    return ew.safe_sqrt(variance(x, axis, keepdims))


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether each element along the axes is true (not zero).

    Example:
        >>> all([[True, False], [True, True]], axis=1).numpy().tolist()
        [False, True]
    """
    return ew.logical_not(any(ew.logical_not(x), axis, keepdims))


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether at least one element along the axes is true (not zero).

    Example:
        >>> any([[True, False], [False, False]], axis=1).numpy().tolist()
        [True, False]
    """
    return ew.greater(count_nonzero(x, axis, keepdims), 0)


def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """How many elements along the axes are not zero.

    Example:
        >>> count_nonzero([1.0, 0.0, 2.0]).item()
        2
    """
    return sum(ew.cast(ew.not_equal(x, 0), "int32"), axis, keepdims)


def norm(x: Any, axis: Axis = None, keepdims: bool = False, ord: float | None = 2) -> Tensor:
    """(Σ |x|ᵖ)^(1/p) along the axes: the length of a vector. The slope at 0 is 0, as in PyTorch.

    Args:
        x: a tensor of any shape; without axes all its elements are one vector.
        axis: one axis or several, or None for all.
        keepdims: keep the axes with size 1.
        ord: p: 2 (or None), 1, or infinity for the largest |x|.

    Raises:
        ArgumentError: for another order.

    Example:
        >>> norm([[3.0, 4.0], [0.0, 0.0]], axis=1).numpy().tolist()
        [5.0, 0.0]
    """
    (x,) = ew.reals(x)
    if ord == 1 or not x.size:
        return sum(ew.abs(x), axis, keepdims)
    if ord == float("inf"):
        return max(ew.abs(x), axis, keepdims)
    if ord not in (2, None):
        raise ArgumentError(
            "There is no norm of this order here.", received=f"ord={ord!r}", expected="1, 2 or inf"
        )
    # Squares of large and of small numbers leave the range of floats, those of ratios do not.
    largest = ew.stop_gradient(max(ew.abs(x), axis, keepdims=True))
    largest = ew.where(ew.logical_and(largest > 0, ew.isfinite(largest)), largest, 1)
    squares = sum(ew.square(x / largest), axis, keepdims=True)
    zero = ew.equal(squares, 0)
    root = ew.where(zero, 0, ew.sqrt(ew.where(zero, 1, squares))) * largest
    return root if keepdims else reshape(root, sum(x, axis).shape)


def argmax(x: Any, axis: int | None = None) -> Tensor:
    """The position of the largest element along an axis (of all elements by default).

    Example:
        >>> argmax([[1.0, 5.0], [3.0, 2.0]], axis=1).numpy().tolist()
        [1, 0]
    """
    return _position(ArgMax, x, axis)


def argmin(x: Any, axis: int | None = None) -> Tensor:
    """The position of the smallest element along an axis (of all elements by default).

    Example:
        >>> argmin([3.0, 1.0, 2.0]).item()
        1
    """
    return _position(ArgMin, x, axis)


def _position(op: type[ArgMax], x: Any, axis: int | None) -> Tensor:
    x = as_tensor(x)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    return op(normalize_axis(axis, x.ndim))(x)


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """The sums of the first 1, 2, ... elements along an axis; integers are added up as int64.

    Example:
        >>> cumsum([1.0, 2.0, 3.0]).numpy().tolist()
        [1.0, 3.0, 6.0]
    """
    x = _with_room(x)
    return CumSum(normalize_axis(axis, x.ndim))(x)
