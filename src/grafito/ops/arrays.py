"""Functions of arrays whose arguments in Keras are not those of the graph."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, ShapeError, one_of
from grafito.graph import Tensor, as_tensor
from grafito.graph.shaping import normalize_axes, normalize_axis
from grafito.ops.dispatch import op

Axis = int | Sequence[int] | None


@op
def squeeze(x: Any, axis: Axis = None) -> Tensor:
    """X without axes of size 1: those named, or all of them.

    Example:
        >>> squeeze([[[1.0, 2.0]]], axis=(0, 1)).shape
        (2,)
    """
    if axis is None or isinstance(axis, int):
        return graph.squeeze(x, axis)
    x = as_tensor(x)
    for along in sorted(normalize_axes(axis, x.ndim), reverse=True):
        x = graph.squeeze(x, along)
    return x


@op
def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """X with new axes of size 1 at places of the result.

    Example:
        >>> expand_dims([1.0, 2.0], (0, -1)).shape
        (1, 2, 1)
    """
    x = as_tensor(x)
    places = [axis] if isinstance(axis, int) else list(axis)
    for along in sorted(normalize_axes(places, x.ndim + len(places))):
        x = graph.expand_dims(x, along)
    return x


@op
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Axes at other places, the others in their order.

    Example:
        >>> moveaxis([[[1.0, 2.0]]], (0, 1), (-1, -2)).shape
        (2, 1, 1)
    """
    x = as_tensor(x)
    origin, goal = (list(normalize_axes(a, x.ndim)) for a in (source, destination))
    order = [a for a in range(x.ndim) if a not in origin]
    for place, axis in sorted(zip(goal, origin, strict=True)):
        order.insert(place, axis)
    return graph.transpose(x, order)


@op
def flip(x: Any, axis: Axis = None) -> Tensor:
    """The elements in reverse order along axes, all of them by default.

    Example:
        >>> flip([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist()
        [[4.0, 3.0], [2.0, 1.0]]
    """
    x = as_tensor(x)
    return graph.flip(x, tuple(range(x.ndim)) if axis is None else axis)


@op
def ravel(x: Any) -> Tensor:
    """All elements in a row.

    Example:
        >>> ravel([[1.0], [2.0]]).numpy().tolist()
        [1.0, 2.0]
    """
    return graph.reshape(x, (-1,))


@op
def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """X cut along an axis: into equal parts, or before given positions.

    Example:
        >>> [part.numpy().tolist() for part in split([1.0, 2.0, 3.0], [1])]
        [[1.0], [2.0, 3.0]]
    """
    if isinstance(indices_or_sections, int):
        return graph.split(x, indices_or_sections, axis)
    x = as_tensor(x)
    lead = (slice_of(None),) * normalize_axis(axis, x.ndim)
    bounds = [0, *(int(n) for n in indices_or_sections), None]
    return [x[(*lead, slice_of(a, b))] for a, b in itertools.pairwise(bounds)]


slice_of = slice  # `slice` below is the op


@op
def slice(inputs: Any, start_indices: Sequence[int], shape: Sequence[int]) -> Tensor:
    """The block of a shape that begins at a place.

    Example:
        >>> slice([1.0, 2.0, 3.0], [1], [2]).numpy().tolist()
        [2.0, 3.0]
    """
    x = as_tensor(inputs)
    block = list(zip(start_indices, shape, x.shape, strict=False))
    if len(block) != x.ndim or any(s < 0 or s + n > most for s, n, most in block):
        raise ShapeError(
            "The block must lie inside of the tensor.",
            where="ops.slice",
            received=f"a block {tuple(shape)} at {tuple(start_indices)} of {x.shape}",
        )
    return x[tuple(slice_of(int(s), int(s + n)) for s, n, _ in block)]


@op
def get_item(x: Any, key: Any) -> Tensor:
    """x[key], for integers, slices, None and `...`.

    Example:
        >>> get_item([1.0, 2.0], 1).item()
        2.0
    """
    return as_tensor(x)[key]


@op
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """The elements at given positions along an axis, or among all in a row.

    Example:
        >>> take([[1.0, 2.0], [3.0, 4.0]], [0, 3]).numpy().tolist()
        [1.0, 4.0]
    """
    return (
        graph.take(graph.reshape(x, (-1,)), indices)
        if axis is None
        else graph.take(x, indices, axis)
    )


@op
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """From each row along an axis the elements at positions of its own.

    Example:
        >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], 1).numpy().tolist()
        [[2.0], [3.0]]
    """
    if axis is None:
        return graph.take_along_axis(graph.reshape(x, (-1,)), graph.reshape(indices, (-1,)))
    return graph.take_along_axis(x, indices, axis)


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Tensor:
    """x1 where the condition holds, x2 elsewhere.

    Example:
        >>> where([True, False], 1.0, 2.0).numpy().tolist()
        [1.0, 2.0]
    """
    if x1 is None or x2 is None:
        raise ArgumentError(
            "How many places fulfil a condition is known only when the graph runs.",
            where="ops.where",
            fix="ops.where(condition, x1, x2), or numpy.where of an array",
        )
    return graph.where(condition, x1, x2)


@op
def zeros_like(x: Any, dtype: str | None = None) -> Tensor:
    """Zeros of the shape of x.

    Example:
        >>> zeros_like([1.0, 2.0]).numpy().tolist()
        [0.0, 0.0]
    """
    return graph.full_like(x, 0, dtype)


@op
def ones_like(x: Any, dtype: str | None = None) -> Tensor:
    """Ones of the shape of x.

    Example:
        >>> ones_like([1.0, 2.0], "int32").numpy().tolist()
        [1, 1]
    """
    return graph.full_like(x, 1, dtype)


@op
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    *,
    dtype: str | None = None,
    axis: int = 0,
) -> Tensor:
    """Numbers at equal distances from start to stop, along a new axis.

    Example:
        >>> linspace(0.0, 1.0, 3).numpy().tolist()
        [0.0, 0.5, 1.0]
    """
    out = graph.moveaxis(graph.linspace(start, stop, num, endpoint), 0, axis)
    return out if dtype is None else graph.cast(out, dtype)


@op
def identity(n: int, dtype: str | None = None) -> Tensor:
    """Ones on the diagonal of a square matrix.

    Example:
        >>> identity(2).numpy().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return graph.eye(n, dtype=dtype)


@op
def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """Two tensors end to end, along an axis or in a row.

    Example:
        >>> append([1.0], [[2.0]]).numpy().tolist()
        [1.0, 2.0]
    """
    if axis is None:
        x1, x2, axis = graph.reshape(x1, (-1,)), graph.reshape(x2, (-1,)), 0
    return graph.concatenate([x1, x2], axis)


@op
def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """The differences between neighbours along an axis, n times.

    Example:
        >>> diff([1.0, 4.0, 9.0]).numpy().tolist()
        [3.0, 5.0]
    """
    x = as_tensor(a)
    lead = (slice_of(None),) * normalize_axis(axis, x.ndim)
    for _ in range(n):
        x = x[(*lead, slice_of(1, None))] - x[(*lead, slice_of(None, -1))]
    return x


@op
def digitize(x: Any, bins: Any) -> Tensor:
    """The number of the interval between borders, which rise or fall, in which each value lies.

    Example:
        >>> digitize([0.5, 1.0, 7.0], [1.0, 2.0]).numpy().tolist()
        [0, 1, 2]
    """
    if not isinstance(bins, Tensor) and np.any(np.diff(np.asarray(bins)) < 0):
        return len(bins) - graph.searchsorted(np.asarray(bins)[::-1], x, "right")
    return graph.searchsorted(bins, x, "right")


@op
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each of the integers occurs, or the sum of its weights; rows one by one.

    There are `minlength` integers, or as many as an array holds; those of a tensor are not known.

    Example:
        >>> bincount([0, 2, 2], minlength=3).numpy().tolist()
        [1, 0, 2]
    """
    given = x if isinstance(x, Tensor) else np.asarray(x)
    if isinstance(given, np.ndarray) and given.size:
        minlength = np.maximum(minlength, np.max(given) + 1)
    if given.ndim < 2:
        return graph.bincount(given, weights, minlength)
    several = [None] * given.shape[0] if weights is None else graph.unstack(weights)
    rows = zip(graph.unstack(x) if given is x else given, several, strict=True)
    return graph.stack([graph.bincount(row, w, minlength) for row, w in rows])


@op
def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The sums of the rows that belong to each segment.

    Example:
        >>> segment_sum([1.0, 2.0, 3.0], [0, 0, 1], 2).numpy().tolist()
        [3.0, 3.0]
    """
    if num_segments is None:
        raise ArgumentError(
            "The number of segments is known only when the graph runs.",
            where="ops.segment_sum",
            fix="num_segments=3",
        )
    return graph.segment_sum(data, segment_ids, num_segments)


@op
def pad(
    x: Any, pad_width: Any, mode: str = "constant", constant_values: float | None = None
) -> Tensor:
    """X with elements added before and after, along each axis.

    Args:
        x: a tensor.
        pad_width: a number, a pair (before, after), or a pair for each axis.
        mode: "constant", "reflect", "symmetric", "edge" or "wrap", as in NumPy.
        constant_values: what is added in the first mode; 0 by default.

    Example:
        >>> pad([1.0, 2.0, 3.0], 1, "reflect").numpy().tolist()
        [2.0, 1.0, 2.0, 3.0, 2.0]
    """
    x = as_tensor(x)
    widths = [(int(a), int(b)) for a, b in np.broadcast_to(pad_width, (x.ndim, 2))]
    if mode == "constant":
        return graph.pad(x, widths, constant_values or 0.0)
    modes = ("reflect", "symmetric", "edge", "wrap")
    if mode not in modes:
        raise ArgumentError(
            "There is no such way to pad.",
            received=f"mode={mode!r}",
            expected=one_of(("constant", *modes)),
        )
    for axis, pair in enumerate(widths):
        if any(pair):
            places = np.pad(np.arange(x.shape[axis]), pair, mode=mode)  # type: ignore[call-overload]
            x = graph.take(x, places.astype("int32"), axis)
    return x
