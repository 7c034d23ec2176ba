"""Functions along axes, whose arguments in Keras are not those of the graph."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.errors import ArgumentError
from grafito.graph import Tensor, as_tensor
from grafito.graph.reductions import Axis
from grafito.graph.shaping import normalize_axes, normalize_axis
from grafito.ops.dispatch import op


@op
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the largest element along an axis (of all elements by default).

    Example:
        >>> argmax([[1.0, 5.0], [3.0, 2.0]], axis=1).numpy().tolist()
        [1, 0]
    """
    return _kept(graph.argmax(x, axis), x, axis, keepdims)


@op
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the smallest element along an axis (of all elements by default).

    Example:
        >>> argmin([3.0, 1.0], keepdims=True).numpy().tolist()
        [1]
    """
    return _kept(graph.argmin(x, axis), x, axis, keepdims)


@op
def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The largest element along the axes, or `initial` where that is larger.

    Example:
        >>> max([[1.0, 5.0], [3.0, 4.0]], axis=1, initial=4.5).numpy().tolist()
        [5.0, 4.5]
    """
    found = graph.max(x, axis, keepdims)
    return found if initial is None else graph.maximum(found, initial)


@op
def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The smallest element along the axes, or `initial` where that is smaller.

    Example:
        >>> min([[1.0, 5.0], [3.0, 4.0]], axis=1).numpy().tolist()
        [1.0, 3.0]
    """
    found = graph.min(x, axis, keepdims)
    return found if initial is None else graph.minimum(found, initial)


@op
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> Tensor:
    """The product of the elements along the axes.

    Example:
        >>> prod([[2.0, 3.0], [4.0, 5.0]], axis=1).numpy().tolist()
        [6.0, 20.0]
    """
    x = as_tensor(x) if dtype is None else graph.cast(x, dtype)
    axes = range(x.ndim) if axis is None else normalize_axes(axis, x.ndim)
    out = x
    for along in sorted(axes, reverse=True):
        out = graph.prod(out, along)
    shape = [1 if i in axes else n for i, n in enumerate(x.shape)]
    out = graph.reshape(out, shape) if keepdims else out
    return out if dtype is None else graph.cast(out, dtype)


@op
def cumsum(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """The sums of the first 1, 2, ... elements along an axis, or of all in a row.

    Example:
        >>> cumsum([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist()
        [1.0, 3.0, 6.0, 10.0]
    """
    x = as_tensor(x) if dtype is None else graph.cast(x, dtype)
    x, axis = (graph.reshape(x, (-1,)), 0) if axis is None else (x, axis)
    out = graph.cumsum(x, axis)
    return out if dtype is None else graph.cast(out, dtype)


@op
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The length of vectors, or of all elements as one.

    Example:
        >>> norm([[3.0, 4.0]], axis=1).numpy().tolist()
        [5.0]
    """
    return graph.norm(x, axis, keepdims, 2 if ord in (None, "fro", "euclidean") else ord)


@op
def normalize(x: Any, axis: int = -1, order: float = 2, epsilon: float | None = None) -> Tensor:
    """Vectors divided by their length, or by `epsilon` where that is larger.

    Example:
        >>> normalize([[3.0, 4.0]]).numpy().tolist()
        [[0.6..., 0.8...]]
    """
    (x,) = graph.elementwise.reals(x)
    length = graph.norm(x, axis, keepdims=True, ord=order)
    return x / graph.maximum(length, 1e-7 if epsilon is None else epsilon)


@op
def moments(x: Any, axes: Axis, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance along axes.

    Example:
        >>> [float(t.item()) for t in moments([1.0, 3.0], axes=0)]
        [2.0, 1.0]
    """
    return graph.mean(x, axes, keepdims), graph.variance(x, axes, keepdims)


@op
def average(x: Any, axis: Axis = None, weights: Any = None) -> Tensor:
    """The mean, with weights where they are given.

    Example:
        >>> average([1.0, 3.0], weights=[3.0, 1.0]).item()
        1.5
    """
    if weights is None:
        return graph.mean(x, axis)
    x, weights = graph.elementwise.reals(x, weights)
    if weights.shape != x.shape and isinstance(axis, int):
        at = [n if i == axis % x.ndim else 1 for i, n in enumerate(x.shape)]
        weights = graph.reshape(weights, at)
    weights = graph.broadcast_to(weights, x.shape)
    return graph.sum(x * weights, axis) / graph.sum(weights, axis)


@op
def quantile(
    x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """The numbers below which a share q of the elements lies, between two of them on a line.

    Example:
        >>> quantile([1.0, 2.0, 3.0, 5.0], 0.5).item()
        2.5
    """
    if method != "linear":
        raise ArgumentError(
            "A quantile is interpolated on a line here.",
            received=f"method={method!r}",
            expected="'linear'",
        )
    return graph.quantile(x, q, axis, keepdims)


@op
def round(x: Any, decimals: int = 0) -> Tensor:
    """The nearest number with so many decimals; halves go to the even one.

    Example:
        >>> round([1.25, 2.5]).numpy().tolist()
        [1.0, 2.0]
    """
    scale = 10.0**decimals
    return graph.round(x) if decimals == 0 else graph.round(as_tensor(x) * scale) / scale


def _kept(found: Tensor, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    """A result of one axis, with that axis in place where it is kept."""
    if not keepdims:
        return found
    shape = as_tensor(x).shape
    axes = range(len(shape)) if axis is None else [normalize_axis(axis, len(shape))]
    return graph.reshape(found, [1 if i in axes else n for i, n in enumerate(shape)])
