"""Elements repeated, turned around an axis, or put side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.graph.shaping.arrange import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    normalize_axes,
    normalize_axis,
    reshape,
    transpose,
    whole_sizes,
)
from grafito.graph.shaping.indexing import slice_type, take
from grafito.graph.tensor import Tensor, as_tensor, constant


def tile(x: Any, repeats: int | Sequence[int]) -> Tensor:
    """x repeated as a whole, so many times along each axis.

    Example:
        >>> tile([1.0, 2.0], 2).numpy().tolist()
        [1.0, 2.0, 1.0, 2.0]
    """
    x = as_tensor(x)
    times = _times(repeats, "tile")
    rank = max(x.ndim, len(times))
    times = [1] * (rank - len(times)) + times
    shape = [1] * (rank - x.ndim) + list(x.shape)
    pairs = [size for n in shape for size in (1, n)]
    spread = [size for t, n in zip(times, shape, strict=True) for size in (t, n)]
    whole = [t * n for t, n in zip(times, shape, strict=True)]
    return reshape(broadcast_to(reshape(x, pairs), spread), whole)


def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Each element repeated where it stands; without an axis all elements in a row.

    Args:
        x: a tensor.
        repeats: how many times, for all or for each element of the axis.
        axis: the axis.

    Example:
        >>> repeat([1.0, 2.0], [1, 2]).numpy().tolist()
        [1.0, 2.0, 2.0]
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    axis = normalize_axis(axis, x.ndim)
    times = _times(repeats, "repeat")
    if len(times) == 1:
        spread = expand_dims(x, axis + 1)
        before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
        wide = broadcast_to(spread, (*before, times[0], *after))
        return reshape(wide, (*before[:-1], before[-1] * times[0], *after))
    if len(times) != x.shape[axis]:
        raise ShapeError(
            "The elements of an axis need one number of repeats each.",
            where="repeat",
            received=f"{len(times)} numbers for {x.shape[axis]} elements",
        )
    return take(x, constant(np.repeat(np.arange(len(times)), times), "int32"), axis)


def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """The elements moved along axes; those that leave at the end come back at the start.

    Example:
        >>> roll([1.0, 2.0, 3.0], 1).numpy().tolist()
        [3.0, 1.0, 2.0]
    """
    x = as_tensor(x)
    if axis is None:
        return reshape(roll(reshape(x, (-1,)), shift, 0), x.shape)
    axes = normalize_axes(axis, x.ndim)
    shifts = whole_sizes(shift, "roll", "roll(x, 1, axis=0)")
    if len(shifts) == 1:
        shifts *= len(axes)
    if len(shifts) != len(axes):
        raise ArgumentError(
            "Each axis needs one number of places.",
            where="roll",
            received=f"shift={shift}, axis={axis}",
        )
    for places, along in zip(shifts, axes, strict=True):
        size = x.shape[along]
        cut = size - places % size if size else 0
        if cut not in (0, size):
            lead = (slice_type(None),) * along
            parts = x[(*lead, slice_type(cut, None))], x[(*lead, slice_type(None, cut))]
            x = concatenate(parts, along)
    return x


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged.

    Example:
        >>> swapaxes([[1.0, 2.0, 3.0]], 0, 1).shape
        (3, 1)
    """
    x = as_tensor(x)
    order = list(range(x.ndim))
    first, second = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    order[first], order[second] = second, first
    return transpose(x, order)


def rot90(x: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by k right angles in the plane of two axes, from the first towards the second.

    Example:
        >>> rot90([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist()
        [[2.0, 4.0], [1.0, 3.0]]
    """
    x = as_tensor(x)
    plane = normalize_axes(axes, x.ndim)
    if len(plane) != 2:
        raise ArgumentError(
            "A plane has two axes.", where="rot90", received=f"axes={axes}", expected="two axes"
        )
    first, second = plane
    turns = whole_sizes(k, "rot90", "rot90(x, 1)")[0] % 4
    if turns == 2:
        return flip(x, plane)
    if turns == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second) if turns else x


def hstack(xs: Sequence[Any]) -> Tensor:
    """Vectors end to end, others side by side along the second axis.

    Example:
        >>> hstack([[[1.0], [2.0]], [[3.0], [4.0]]]).numpy().tolist()
        [[1.0, 3.0], [2.0, 4.0]]
    """
    parts = [_at_least(x, 1) for x in xs]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


def vstack(xs: Sequence[Any]) -> Tensor:
    """On top of each other along the first axis; vectors are rows.

    Example:
        >>> vstack([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    return concatenate([_at_least(x, 2) for x in xs], 0)


def _at_least(x: Any, rank: int) -> Tensor:
    """x with leading axes of size 1 up to a rank."""
    x = as_tensor(x)
    return reshape(x, (*[1] * (rank - x.ndim), *x.shape))


def _times(repeats: Any, where: str) -> list[int]:
    times = whole_sizes(repeats, where, f"{where}(x, 2)")
    if any(n < 0 for n in times):
        raise ArgumentError(
            "A number of repeats must not be negative.", where=where, received=repeats
        )
    return times
