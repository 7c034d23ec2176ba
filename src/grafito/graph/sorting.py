"""Elements in order, those at given places of each row, and what is found in an order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.dtypes import is_floating
from grafito.graph.random import argsort
from grafito.graph.reductions import axes_of, sum
from grafito.graph.shaping import (
    broadcast_to,
    count,
    expand_dims,
    flip,
    lengths,
    moveaxis,
    normalize_axis,
    reshape,
    scatter_add,
    take,
)
from grafito.graph.shaping.indexing import slice_type
from grafito.graph.tensor import Tensor, as_tensor, constant

WIDEST = 2**31  # positions beyond it need int64


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Tensor:
    """From each row along an axis the elements at positions of its own.

    Args:
        x: a tensor.
        indices: integers of as many axes; along the others their sizes are those of x, or 1.
        axis: the axis; negative positions count from its end.

    Raises:
        DataError: when the graph runs with an index outside the axis.

    Example:
        >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]]).numpy().tolist()
        [[2.0], [3.0]]
    """
    x, indices = as_tensor(x), as_tensor(indices)
    axis = normalize_axis(axis, x.ndim)
    if indices.ndim != x.ndim:
        raise ShapeError(
            "Positions along an axis need as many axes as the tensor.",
            where="take_along_axis",
            received=f"indices {indices.shape}, x {x.shape}",
        )
    x, indices = moveaxis(x, axis, -1), moveaxis(indices, axis, -1)
    rows = ew.broadcast_shapes(x.shape[:-1], indices.shape[:-1], where="take_along_axis")
    length, picked = x.shape[-1], indices.shape[-1]
    x = broadcast_to(x, (*rows, length))
    number = math.prod(rows)
    dtype = "int32" if number * length < WIDEST else "int64"
    # A table of the positions refuses those outside, which would be elements of another row.
    inside = take(constant(np.arange(length), dtype), broadcast_to(indices, (*rows, picked)))
    starts = constant((np.arange(number) * length).reshape(*rows, 1), dtype)
    return moveaxis(take(reshape(x, (number * length,)), inside + starts), -1, axis)


def sort(x: Any, axis: int | None = -1) -> Tensor:
    """The elements along an axis, or of all in a row, from the smallest to the largest.

    Example:
        >>> sort([3.0, 1.0, 2.0]).numpy().tolist()
        [1.0, 2.0, 3.0]
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    return take_along_axis(x, argsort(x, axis), axis)


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest elements of each row, from the largest on, and their positions.

    Of elements that tie the first comes first.

    Args:
        x: a tensor; rows are its last axis.
        k: how many.
        sorted: accepted as in Keras; they are always in order.

    Example:
        >>> values, places = top_k([1.0, 5.0, 3.0], 2)
        >>> values.numpy().tolist(), places.numpy().tolist()
        ([5.0, 3.0], [1, 2])
    """
    x = as_tensor(x)
    k = count(k, "top_k", "k")
    if not x.ndim or k > x.shape[-1]:
        raise ShapeError(
            "There are fewer elements than are asked for.",
            where="top_k",
            received=f"k={k} for shape {x.shape}",
        )
    size = x.shape[-1]
    backwards = argsort(flip(x, -1))  # so that the first of equal elements is the last
    places = (size - 1 - flip(backwards, -1))[..., :k]
    return take_along_axis(x, places, -1), places


def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Whether the score of each target is among the k largest of its row.

    Example:
        >>> in_top_k([1, 0], [[0.1, 0.9], [0.2, 0.8]], 1).numpy().tolist()
        [True, False]
    """
    scores = as_tensor(predictions)
    k = count(k, "in_top_k", "k")
    own = take_along_axis(scores, expand_dims(as_tensor(targets), -1), -1)
    above = sum(ew.cast(scores > own, "int32"), -1)
    return ew.logical_and(above < k, ew.isfinite(reshape(own, above.shape)))


def quantile(x: Any, q: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The numbers below which a share q of the elements lies, between two of them on a line.

    NaN among the elements gives NaN, as with NumPy.

    Args:
        x: a tensor.
        q: one share from 0 to 1, or several, which become a new first axis.
        axis: one axis or several, or None for all.
        keepdims: keep the axes with size 1.

    Example:
        >>> quantile([1.0, 2.0, 3.0, 5.0], 0.5).item()
        2.5
    """
    (x,) = ew.reals(x)
    shares = np.asarray(q, "float64")
    if shares.ndim > 1 or np.any(~((shares >= 0) & (shares <= 1))):
        raise ArgumentError(
            "A share of the elements lies between 0 and 1.", received=f"q={q!r}", fix="q=0.5"
        )
    axes = axes_of(x, axis)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    for place, along in enumerate(axes):
        x = moveaxis(x, along - place, -1)
    rest = x.shape[: x.ndim - len(axes)]
    x = sort(reshape(x, (*rest, -1)))
    if not x.shape[-1]:
        raise ShapeError("There are no elements to be put in order.", where="quantile")
    places = shares * (x.shape[-1] - 1)
    low = np.floor(places).astype("int32")
    high = np.ceil(places).astype("int32")
    upper = constant(places - low, x.dtype)
    lower = take(x, low, -1)
    between = lower * (1 - upper) + take(x, high, -1) * upper
    found = ew.where(constant(high > low), between, lower)  # an infinite one is no 0 · ∞
    last = reshape(x[..., -1:], (*rest, *[1] * shares.ndim))  # NaN comes last
    found = ew.where(ew.equal(last, last), found, constant(np.nan, x.dtype))
    found = moveaxis(found, -1, 0) if shares.ndim else found
    return reshape(found, (*shares.shape, *(kept if keepdims else rest)))


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The element in the middle of the order, or the mean of the two in the middle.

    Example:
        >>> median([3.0, 1.0, 2.0]).item()
        2.0
    """
    return quantile(x, 0.5, axis, keepdims)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Where values would be put into a sorted vector, before ("left") or after what is equal.

    NaN is put at the end.

    Example:
        >>> searchsorted([1.0, 3.0], [0.0, 3.0, 4.0]).numpy().tolist()
        [0, 1, 2]
    """
    if side not in ("left", "right"):
        raise ArgumentError(
            "Values go before or after what is equal.",
            received=f"side={side!r}",
            expected="'left' or 'right'",
        )
    order, values = as_tensor(sorted_sequence), as_tensor(values)
    if order.ndim != 1:
        raise ShapeError("The order must be a vector.", where="searchsorted", received=order.shape)
    compared = ew.less if side == "left" else ew.less_equal
    values = expand_dims(values, -1)
    before = compared(order, values)
    if is_floating(values.dtype):
        nan = ew.not_equal(values, values)
        before = ew.logical_or(
            before, nan if side == "right" else ew.logical_and(nan, ew.equal(order, order))
        )
    return ew.cast(sum(ew.cast(before, "int32"), -1), "int32")


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each of the integers 0 to minlength - 1 occurs, or the sum of its weights.

    The shape must be known before the numbers are, so that `minlength` has to be given.

    Example:
        >>> bincount([0, 2, 2], minlength=3).numpy().tolist()
        [1, 0, 2]
    """
    if not isinstance(x, Tensor):
        _check_counted(np.asarray(x))
    x = as_tensor(x)
    length = count(minlength, "bincount", "minlength", 1)
    if weights is not None:
        return scatter_add(reshape(weights, (-1,)), reshape(x, (-1,)), length)
    ones = constant(np.ones(x.size, "int32"))
    return ew.cast(scatter_add(ones, reshape(x, (-1,)), length), "int32")


def _check_counted(x: np.ndarray) -> None:
    if x.size and (x.dtype.kind not in "biu" or x.min() < 0):
        raise ArgumentError(
            "Only whole numbers from 0 on are counted.",
            where="bincount",
            received=f"{x.min()}, {x.dtype}",
        )


def segment_sum(data: Any, segment_ids: Any, num_segments: int) -> Tensor:
    """The sums of the rows that belong to each segment.

    Example:
        >>> segment_sum([1.0, 2.0, 3.0], [0, 0, 1], 2).numpy().tolist()
        [3.0, 3.0]
    """
    data = as_tensor(data)
    return ew.cast(scatter_add(data, segment_ids, num_segments), data.dtype)


def scatter(indices: Any, values: Any, shape: Any) -> Tensor:
    """Zeros of a shape, with values added at places: row i of the indices is where value i goes.

    Example:
        >>> scatter([[0], [2]], [1.0, 5.0], (3,)).numpy().tolist()
        [1.0, 0.0, 5.0]
    """
    indices, values = as_tensor(indices), as_tensor(values)
    sizes = lengths(shape, "scatter", "scatter([[0]], [1.0], (3,))")
    depth = indices.shape[-1] if indices.ndim else 0
    if not 0 < depth <= len(sizes) or values.shape != (*indices.shape[:-1], *sizes[depth:]):
        raise ShapeError(
            "What is put into places must have a value for each of them.",
            where="scatter",
            received=f"indices {indices.shape}, values {values.shape}, shape {sizes}",
            expected=f"values {(*indices.shape[:-1], *sizes[depth:])}",
        )
    flat: Any = 0
    for axis in range(depth):
        own = take(constant(np.arange(sizes[axis]), "int64"), indices[..., axis])
        flat = flat * sizes[axis] + own
    places = reshape(flat, (-1,))
    rows = reshape(values, (places.shape[0], *sizes[depth:]))
    out = scatter_add(rows, places, math.prod(sizes[:depth]))
    return ew.cast(reshape(out, sizes), values.dtype)


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """A tensor with a block of other values from a place on.

    Example:
        >>> slice_update([1.0, 2.0, 3.0], [1], [7.0]).numpy().tolist()
        [1.0, 7.0, 3.0]
    """
    x, block = as_tensor(inputs), as_tensor(updates)
    starts = [int(n) for n in np.asarray(start_indices).reshape(-1)]
    ends = [s + n for s, n in zip(starts, block.shape, strict=False)]
    sizes = zip(starts, ends, x.shape, strict=False)
    if not len(starts) == block.ndim == x.ndim or any(s < 0 or e > n for s, e, n in sizes):
        raise ShapeError(
            "The block must lie inside of the tensor.",
            where="slice_update",
            received=f"a block {block.shape} at {tuple(starts)} of {x.shape}",
        )
    places = [
        np.clip(np.arange(n) - s, 0, b - 1)
        for n, s, b in zip(x.shape, starts, block.shape, strict=True)
    ]
    inside = np.zeros(x.shape, bool)
    inside[tuple(map(slice_type, starts, ends))] = True
    for axis, place in enumerate(places):
        block = take(block, constant(place, "int32"), axis)
    return ew.where(constant(inside), ew.cast(block, x.dtype), x) if inside.any() else x
