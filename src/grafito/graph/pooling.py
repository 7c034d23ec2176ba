"""Pooling over one or two axes, channels last: the largest or the mean element of each window.

Both kinds are families closed under differentiation. Where the maximum of a window lies does not
change under small steps, so reading at that place and putting there are each other's gradients.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from grafito.errors import ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.shaping import expand_dims, squeeze
from grafito.graph.tensor import Array, Op, Shape, Tensor, constant
from grafito.graph.windows import Pair, per_axis, window_padding


class Pool(Op):
    """The attributes of both families, and the places that their windows see."""

    size: Pair
    strides: Pair
    padding: tuple[Pair, Pair]

    def infer_result(self, x: Shape) -> Shape:
        """The shape of the pooled x."""
        rows = zip(x[1:3], self.size, self.strides, self.padding, strict=True)
        sizes = ((n + sum(pads) - size) // stride + 1 for n, size, stride, pads in rows)
        return (x[0], *sizes, x[3])

    def pad(self, xp: Any, x: Array, fill: float) -> Array:
        """x with its padding around it."""
        if not np.any(self.padding):
            return x
        return xp.pad(x, ((0, 0), *self.padding, (0, 0)), constant_values=fill)

    def crop(self, padded: Array) -> Array:
        """The inverse of `pad`."""
        (top, bottom), (left, right) = self.padding
        return padded[:, top : padded.shape[1] - bottom, left : padded.shape[2] - right]

    def views(self, padded: Array, shape: Shape) -> Iterator[Array]:
        """For each element of a window, row by row, where the windows see it; `shape` pooled."""
        (s0, s1), (h, w) = self.strides, shape[1:3]
        for a, b in np.ndindex(self.size):
            yield padded[:, a : a + s0 * (h - 1) + 1 : s0, b : b + s1 * (w - 1) + 1 : s1]

    def winners(self, xp: Any, x: Array) -> Array:
        """Which element of each window is the largest, the first where several tie; NaN wins."""
        views = self.views(self.pad(xp, x, -np.inf), self.infer_result(x.shape))
        best = next(views)
        winners = xp.zeros(best.shape, np.int32)
        for i, view in enumerate(views, 1):
            larger = ~(view <= best) & (best == best)
            winners = xp.where(larger, i, winners)
            best = xp.maximum(best, view)
        return winners


class MaxPool(Pool):
    """The largest element of each window; elements outside of x are -∞

    Where several tie the gradient goes to the first, row by row; all of it, where `max` shares it.
    """

    symbol = "max"
    analytic = False

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return self.infer_result(x.shape), x.dtype

    def value(self, xp: Any, x: Array) -> Array:
        views = self.views(self.pad(xp, x, -np.inf), self.infer_result(x.shape))
        return functools.reduce(xp.maximum, views)

    def gradient(self, g, out, x):
        return (MaxPoolScatter(self.size, self.strides, self.padding)(x, g),)


class MaxPoolScatter(Pool):
    """Zeros of the shape of x, with g of each window added where x is largest in it

    The gradient of MaxPool. No gradient passes to x, which only says where.
    """

    symbol = "maxᵀ"
    analytic = False

    def infer(self, x, g):
        return x.shape, g.dtype

    def value(self, xp, x, g):
        winners = self.winners(xp, x)
        padded = self.pad(np, np.zeros(x.shape, g.dtype), 0)
        for i, view in enumerate(self.views(padded, g.shape)):
            view += np.where(winners == i, g, 0)
        return self.crop(padded)

    def gradient(self, g, out, x, y):
        return None, MaxPoolGather(self.size, self.strides, self.padding)(x, g)


class MaxPoolGather(Pool):
    """The element of h where x is largest, for each window

    The gradient of MaxPoolScatter. No gradient passes to x, which only says where.
    """

    symbol = "max"
    analytic = False

    def infer(self, x, h):
        return self.infer_result(x.shape), h.dtype

    def value(self, xp, x, h):
        winners = self.winners(xp, x)
        out = xp.zeros(winners.shape, h.dtype)
        for i, view in enumerate(self.views(self.pad(xp, h, 0), winners.shape)):
            out = xp.where(winners == i, view, out)
        return out

    def gradient(self, g, out, x, h):
        return None, MaxPoolScatter(self.size, self.strides, self.padding)(x, g)


class SumPool(Pool):
    """The sum of the elements of each window; elements outside of x are 0"""

    symbol = "Σ"

    def infer(self, x):
        return self.infer_result(x.shape), x.dtype

    def value(self, xp, x):
        return sum(self.views(self.pad(xp, x, 0), self.infer_result(x.shape)))

    def gradient(self, g, out, x):
        return (SumPoolGradient(self.size, self.strides, self.padding, x.shape)(g),)


class SumPoolGradient(Pool):
    """Zeros of shape `shape`, with g of each window added to all elements that it sees

    The gradient of SumPool.
    """

    symbol = "Σᵀ"
    shape: Shape

    def infer(self, g):
        return self.shape, g.dtype

    def value(self, xp, g):
        padded = self.pad(np, np.zeros(self.shape, g.dtype), 0)
        for view in self.views(padded, g.shape):
            view += g
        return self.crop(padded)

    def gradient(self, g, out, y):
        return (SumPool(self.size, self.strides, self.padding)(g),)


# The public functions


def max_pool(x: Any, pool_size: Any, strides: Any = None, padding: str = "valid") -> Tensor:
    """The largest element of each window; of several that tie the first has the gradient.

    Args:
        x: shape (n, height, width, channels) or (n, length, channels).
        pool_size: size of the windows, an integer or one for each axis.
        strides: distance between windows; `pool_size` by default, so that they do not overlap.
        padding: "valid" for windows inside of x only; "same" for ceil(size / stride) of them.

    Returns:
        As many axes as x, with the number of windows in the middle.

    Raises:
        ShapeError: when x has another number of axes, or no window fits.

    Example:
        >>> x = [[[1.0], [4.0], [2.0], [3.0]]]
        >>> max_pool(x, 2).numpy().ravel().tolist()
        [4.0, 3.0]
    """
    return _pool(MaxPool, "max_pool", x, pool_size, strides, padding)


def average_pool(x: Any, pool_size: Any, strides: Any = None, padding: str = "valid") -> Tensor:
    """The mean of the elements of each window; padding does not count as an element.

    Args:
        x: shape (n, height, width, channels) or (n, length, channels).
        pool_size: size of the windows, an integer or one for each axis.
        strides: distance between windows; `pool_size` by default, so that they do not overlap.
        padding: "valid" for windows inside of x only; "same" for ceil(size / stride) of them.

    Returns:
        As many axes as x, with the number of windows in the middle.

    Raises:
        ShapeError: when x has another number of axes, or no window fits.

    Example:
        >>> x = [[[1.0], [4.0], [2.0]]]
        >>> average_pool(x, 2, padding="same").numpy().ravel().tolist()
        [2.5, 2.0]
    """
    return _pool(SumPool, "average_pool", x, pool_size, strides, padding)


def _pool(
    kind: type[Pool], where: str, x: Any, pool_size: Any, strides: Any, padding: str
) -> Tensor:
    (x,) = ew.reals(x)
    if x.ndim not in (3, 4):
        raise ShapeError(
            f"{where} takes sequences or images.",
            where=where,
            received=x.shape,
            expected="(n, length, channels) or (n, height, width, channels)",
            fix="graph.expand_dims for a single example or a single channel",
        )
    axes = x.ndim - 2
    size: Any = per_axis("pool_size", pool_size, axes)
    steps: Any = size if strides is None else per_axis("strides", strides, axes)
    pads: Any = window_padding(where, padding, x.shape[1:-1], size, steps)
    if axes == 1:  # a sequence is an image of one row
        x, size, steps, pads = expand_dims(x, 1), (1, *size), (1, *steps), ((0, 0), *pads)
    op = kind(size, steps, pads)
    out = op(x)
    if kind is SumPool:
        out = out / constant(_elements(op, x.shape), x.dtype)
    return squeeze(out, 1) if axes == 1 else out


def _elements(op: Pool, x: Shape) -> Array:
    """How many elements of x, not of its padding, each window has."""
    counts = op.value(np, np.ones((1, *x[1:3], 1)))
    return counts if np.ptp(counts) else counts.max()
