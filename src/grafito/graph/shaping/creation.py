"""Tensors of known numbers, and what is chosen from matrices by its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.shaping.arrange import (
    broadcast_to,
    count,
    expand_dims,
    lengths,
    moveaxis,
    normalize_axis,
    pad,
    reshape,
)
from grafito.graph.shaping.indexing import take
from grafito.graph.tensor import Tensor, as_tensor, constant


def zeros(shape: int | Sequence[int], dtype: str | None = None) -> Tensor:
    """Zeros, float32 by default.

    Example:
        >>> zeros((2,)).numpy().tolist()
        [0.0, 0.0]
    """
    return full(shape, 0, dtype or "float32")


def ones(shape: int | Sequence[int], dtype: str | None = None) -> Tensor:
    """Ones, float32 by default.

    Example:
        >>> ones((2,), "int32").numpy().tolist()
        [1, 1]
    """
    return full(shape, 1, dtype or "float32")


def full(shape: int | Sequence[int], fill_value: Any, dtype: str | None = None) -> Tensor:
    """A tensor whose elements are all one value, or those of a tensor that is repeated.

    Example:
        >>> full((2, 2), 7.0).numpy().tolist()
        [[7.0, 7.0], [7.0, 7.0]]
    """
    value = as_tensor(fill_value)
    value = ew.cast(value, dtype) if dtype else value
    return broadcast_to(value, lengths(shape, "full", "full((2, 3), 1.0)"))


def full_like(x: Any, fill_value: Any, dtype: str | None = None) -> Tensor:
    """One value in the shape and the dtype of x.

    Example:
        >>> full_like([1.0, 2.0], 7).numpy().tolist()
        [7.0, 7.0]
    """
    x = as_tensor(x)
    return full(x.shape, fill_value, dtype or x.dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str | None = None) -> Tensor:
    """The numbers from start (0 where one bound is given) by steps, without stop itself.

    Whole bounds give int32, others float32.

    Example:
        >>> arange(3).numpy().tolist(), arange(1.0, 2.0, 0.5).numpy().tolist()
        ([0, 1, 2], [1.0, 1.5])
    """
    start, stop = (0, start) if stop is None else (start, stop)
    bounds = [_known(x, "arange") for x in (start, stop, step)]
    if not bounds[2]:
        raise ArgumentError(
            "The step of a range must not be 0.", received=f"step={step!r}", fix="arange(0, 10, 2)"
        )
    numbers = np.arange(*bounds)
    return constant(numbers, dtype or ("float32" if numbers.dtype.kind == "f" else "int32"))


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Tensor:
    """Numbers at equal distances from start to stop; the bounds may be tensors of one shape.

    Example:
        >>> linspace(0.0, 1.0, 3).numpy().tolist()
        [0.0, 0.5, 1.0]
    """
    num = count(num, "linspace", "num", 1)
    start, stop = ew.reals(start, stop)
    shape = ew.broadcast_shapes(start.shape, stop.shape, where="linspace")
    start, stop = broadcast_to(start, shape), broadcast_to(stop, shape)
    steps = max(num - 1 if endpoint else num, 1)
    shares = np.arange(num).reshape(num, *[1] * start.ndim) / steps
    places = constant(shares, start.dtype)
    return start * (1 - places) + stop * places


def eye(n: int, m: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Ones on the diagonal k of a matrix, zeros elsewhere; float32 by default.

    Example:
        >>> eye(2).numpy().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    rows = count(n, "eye", "n")
    columns = rows if m is None else count(m, "eye", "m")
    return constant(np.eye(rows, columns, _whole(k, "k")), dtype or "float32")


def tri(n: int, m: int | None = None, k: int = 0, dtype: str | None = None) -> Tensor:
    """Ones on and below the diagonal k of a matrix, zeros above; float32 by default.

    Example:
        >>> tri(2).numpy().tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    rows = count(n, "tri", "n")
    columns = rows if m is None else count(m, "tri", "m")
    return constant(np.tri(rows, columns, _whole(k, "k")), dtype or "float32")


def tril(x: Any, k: int = 0) -> Tensor:
    """The matrices in the last two axes with zeros above the diagonal k.

    Example:
        >>> tril([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist()
        [[1.0, 0.0], [3.0, 4.0]]
    """
    x = _matrices(x, "tril")
    return ew.where(constant(_below(x, _whole(k, "k"))), x, constant(0, x.dtype))


def triu(x: Any, k: int = 0) -> Tensor:
    """The matrices in the last two axes with zeros below the diagonal k.

    Example:
        >>> triu([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist()
        [[1.0, 2.0], [0.0, 4.0]]
    """
    x = _matrices(x, "triu")
    return ew.where(constant(~_below(x, _whole(k, "k") - 1)), x, constant(0, x.dtype))


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonal of the matrices in two axes, as a new last axis.

    Example:
        >>> diagonal([[1.0, 2.0], [3.0, 4.0]]).numpy().tolist()
        [1.0, 4.0]
    """
    x = _matrices(x, "diagonal")
    first, second = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    if first == second:
        raise ArgumentError(
            "A diagonal needs two different axes.", received=f"axis1={axis1}, axis2={axis2}"
        )
    x = moveaxis(moveaxis(x, first, -1), second - (second > first), -1)
    rows, columns = x.shape[-2:]
    places = np.arange(rows * columns).reshape(rows, columns).diagonal(_whole(offset, "offset"))
    return take(reshape(x, (*x.shape[:-2], rows * columns)), constant(places, "int32"), -1)


def diag(x: Any, k: int = 0) -> Tensor:
    """The diagonal k of a matrix, or a matrix with this diagonal and zeros elsewhere.

    Example:
        >>> diag([1.0, 2.0]).numpy().tolist()
        [[1.0, 0.0], [0.0, 2.0]]
    """
    x, k = as_tensor(x), _whole(k, "k")
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(
            "A diagonal is that of a matrix, or is made of a vector.",
            where="diag",
            received=x.shape,
            fix="diagonal(x, axis1=-2, axis2=-1) for matrices in a batch",
        )
    own = constant(np.eye(x.shape[0], dtype=bool))
    square = ew.where(own, expand_dims(x, 0), ew.cast(0, x.dtype))
    widths = [(max(-k, 0), max(k, 0)), (max(k, 0), max(-k, 0))]
    return pad(square, widths)


def meshgrid(*xs: Any, indexing: str = "xy") -> list[Tensor]:
    """Each vector repeated along the axes of the others: the coordinates of a grid.

    Example:
        >>> [x.numpy().tolist() for x in meshgrid([1, 2], [3, 4])]
        [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(
            "The axes of a grid are counted in one of two orders.",
            received=f"indexing={indexing!r}",
            expected="'xy' or 'ij'",
        )
    vectors = [reshape(x, (-1,)) for x in xs]
    order = list(range(len(vectors)))
    if indexing == "xy":
        order[:2] = order[:2][::-1]
    shape = tuple(vectors[i].shape[0] for i in order)
    places = [[-1 if place == i else 1 for place in order] for i in range(len(vectors))]
    return [broadcast_to(reshape(x, at), shape) for x, at in zip(vectors, places, strict=True)]


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The parts of x along an axis, which they lose: the way back of `stack`.

    Example:
        >>> [part.numpy().tolist() for part in unstack([[1.0, 2.0], [3.0, 4.0]])]
        [[1.0, 2.0], [3.0, 4.0]]
    """
    x = as_tensor(x)
    first = moveaxis(x, axis, 0)
    if num not in (None, first.shape[0]):
        raise ShapeError(
            "The axis has another number of parts.",
            where="unstack",
            received=f"num={num!r} for {first.shape[0]} parts",
        )
    return [first[i] for i in range(first.shape[0])]


def _below(x: Tensor, k: int) -> np.ndarray:
    """Where the elements of a matrix are on or below the diagonal k."""
    rows, columns = x.shape[-2:]
    return np.tri(rows, columns, k) > 0


def _matrices(x: Any, where: str) -> Tensor:
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(
            "This is computed of matrices.",
            where=where,
            received=x.shape,
            expected="2 axes or more",
        )
    return x


def _whole(value: Any, name: str) -> int:
    """A whole number, of either sign."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    raise ArgumentError("A place must be a whole number.", received=f"{name}={value!r}")


def _known(x: Any, where: str) -> Any:
    """A number that is known now, not only when the graph runs."""
    if isinstance(x, (int, float, np.number)):
        return x
    try:
        return np.asarray(x.numpy() if isinstance(x, Tensor) else x).item()
    except (TypeError, ValueError):
        raise ArgumentError(
            "A bound must be a number.", where=where, received=repr(x), fix="arange(0, 10, 2)"
        ) from None
