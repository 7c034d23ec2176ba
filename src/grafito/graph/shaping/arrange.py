"""Ops that arrange elements: reshape, transpose, repeat, join, pad, reverse."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.dtypes import INTEGER, converted
from grafito.graph.tensor import Array, Op, Shape, Tensor, as_tensor, operands


class Reshape(Op):
    """The same elements, in row-major order, with another shape"""

    symbol = "reshape"
    shape: Shape

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return self.shape, x.dtype

    def value(self, xp: Any, x: Array) -> Array:
        return xp.reshape(x, self.shape)

    def gradient(self, g, out, x):
        return (reshape(g, x.shape),)


class Transpose(Op):
    """The axes in another order"""

    symbol = "ᵀ"
    axes: tuple[int, ...]

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return tuple(x.shape[a] for a in self.axes), x.dtype

    def value(self, xp, x):
        return xp.transpose(x, self.axes)

    def gradient(self, g, out, x):
        return (transpose(g, tuple(int(a) for a in np.argsort(self.axes))),)


class BroadcastTo(Op):
    """Repeated along axes of size 1 and along new leading axes"""

    symbol = "broadcast"
    shape: Shape

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        if ew.broadcast_shapes(x.shape, self.shape, where="broadcast_to") != self.shape:
            raise ShapeError(
                "A tensor cannot be broadcast to a smaller shape.",
                where="broadcast_to",
                received=x.shape,
                expected=self.shape,
            )
        return self.shape, x.dtype

    def value(self, xp, x):
        return xp.broadcast_to(x, self.shape)

    def gradient(self, g, out, x):
        return (g,)  # the backward driver sums it to the shape of x


class Concatenate(Op):
    """Several tensors end to end along an axis"""

    symbol = "concat"
    axis: int

    def infer(self, *inputs: Tensor) -> tuple[Shape, str]:
        first = inputs[0].shape
        rest = [x.shape[: self.axis] + x.shape[self.axis + 1 :] for x in inputs]
        if len({len(x.shape) for x in inputs}) > 1 or len(set(rest)) > 1:
            raise ShapeError(
                "Tensors to be joined must agree on all axes but one.",
                where=f"concatenate along axis {self.axis}",
                received=" and ".join(str(x.shape) for x in inputs),
            )
        length = sum(x.shape[self.axis] for x in inputs)
        return (*first[: self.axis], length, *first[self.axis + 1 :]), inputs[0].dtype

    def value(self, xp, *arrays):
        return xp.concatenate(arrays, axis=self.axis)

    def gradient(self, g, out, *inputs):
        parts, start = [], 0
        for x in inputs:
            stop = start + x.shape[self.axis]
            parts.append(g[(slice(None),) * self.axis + (slice(start, stop),)])
            start = stop
        return tuple(parts)


class Pad(Op):
    """`before` and `after` elements of a constant value added along each axis"""

    symbol = "pad"
    before: tuple[int, ...]
    after: tuple[int, ...]
    fill: float = 0.0

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        sizes = zip(self.before, x.shape, self.after, strict=True)
        return tuple(b + n + a for b, n, a in sizes), x.dtype

    def value(self, xp, x):
        widths = tuple(zip(self.before, self.after, strict=True))
        return xp.pad(x, widths, constant_values=self.fill)

    def gradient(self, g, out, x):
        inner = zip(self.before, x.shape, strict=True)
        return (g[tuple(slice(b, b + n) for b, n in inner)],)


class Flip(Op):
    """The elements in reverse order along axes"""

    symbol = "flip"
    axes: tuple[int, ...]

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return x.shape, x.dtype

    def value(self, xp, x):
        return xp.flip(x, self.axes)

    def gradient(self, g, out, x):
        return (flip(g, self.axes),)


def normalize_axis(axis: int, ndim: int) -> int:
    """The axis counted from 0; negative axes count from the last.

    Raises:
        ArgumentError: when there is no such axis.

    Example:
        >>> normalize_axis(-1, 3)
        2
    """
    try:
        number = operator.index(axis)
    except TypeError:
        number = ndim
    if not -ndim <= number < ndim:
        raise ArgumentError(
            "There is no such axis.",
            received=f"axis={axis!r}",
            expected=f"an integer from {-ndim} to {ndim - 1}" if ndim else "none: it is a scalar",
        )
    return number % ndim


def normalize_axes(axes: Any, ndim: int) -> tuple[int, ...]:
    """One axis, or several in their order, counted from 0.

    Raises:
        ArgumentError: when there is no such axis, or one comes twice.

    Example:
        >>> normalize_axes(-1, 3), normalize_axes([0, -1], 3)
        ((2,), (0, 2))
    """
    several = hasattr(axes, "__iter__") and getattr(axes, "shape", 1) != ()
    axes = tuple(axes) if several and not isinstance(axes, str) else (axes,)
    found = tuple(normalize_axis(a, ndim) for a in axes)
    if len(set(found)) < len(found):
        raise ArgumentError(
            "Each axis must be named once.",
            received=f"axes {axes}",
            expected=f"different axes from 0 to {ndim - 1}",
        )
    return found


def whole_sizes(shape: Any, where: str, example: str | None = None) -> list[int]:
    """The sizes of a shape, given as an integer or several.

    Raises:
        ArgumentError: for a size that is no integer.

    Example:
        >>> whole_sizes((2, -1), "reshape")
        [2, -1]
    """
    sizes = [shape] if not hasattr(shape, "__iter__") or getattr(shape, "shape", 1) == () else shape
    try:
        return [operator.index(n) for n in sizes]
    except TypeError:
        raise ArgumentError(
            "A shape must consist of integers.",
            where=where,
            received=shape,
            fix=(example or f"{where}(x, (2, -1))")
            if all(n is not None for n in sizes)
            else "a layers.Layer with this in its call, where the size of the batch is known",
        ) from None


def lengths(shape: Any, where: str, example: str) -> tuple[int, ...]:
    """The sizes of a new tensor, none of them negative.

    Raises:
        ArgumentError: for a size that is no integer, or negative.

    Example:
        >>> lengths(3, "uniform", "uniform((2, 3), seed=0)")
        (3,)
    """
    sizes = tuple(whole_sizes(shape, where, example))
    if any(n < 0 for n in sizes):
        raise ArgumentError(
            "A size must not be negative.", where=where, received=shape, fix=example
        )
    return sizes


def count(value: Any, where: str, name: str, least: int = 0) -> int:
    """A number of things: a whole number.

    Raises:
        ArgumentError: for anything else, or less than the least.

    Example:
        >>> count(3, "one_hot", "depth")
        3
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ArgumentError(
            "A count must be a whole number.",
            where=where,
            received=f"{name}={value!r}",
            expected=f"an integer from {least}",
        )
    return number


def reshape(x: Any, shape: int | Sequence[int]) -> Tensor:
    """The same elements with another shape; one size may be -1 and is computed.

    Raises:
        ShapeError: when the number of elements differs.

    Example:
        >>> reshape([[1.0, 2.0], [3.0, 4.0]], (-1,)).numpy().tolist()
        [1.0, 2.0, 3.0, 4.0]
    """
    x = as_tensor(x)
    sizes = whole_sizes(shape, "reshape")
    if sizes.count(-1) == 1:
        known = math.prod(n for n in sizes if n != -1)
        sizes[sizes.index(-1)] = x.size // known if known else 0
    if math.prod(sizes) != x.size or any(n < 0 for n in sizes):
        raise ShapeError(
            "A reshape must keep the number of elements.",
            where="reshape",
            received=f"{x.shape}, {x.size} elements",
            expected=str(tuple(shape) if isinstance(shape, Sequence) else shape),
        )
    return x if tuple(sizes) == x.shape else Reshape(tuple(sizes))(x)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order; reversed by default.

    Example:
        >>> transpose([[1.0, 2.0, 3.0]]).shape
        (3, 1)
    """
    x = as_tensor(x)
    order = tuple(reversed(range(x.ndim))) if axes is None else normalize_axes(axes, x.ndim)
    if len(order) != x.ndim:
        raise ArgumentError(
            "A transpose must name every axis once.",
            received=f"axes={axes}",
            expected=f"an order of 0 to {x.ndim - 1}",
        )
    return x if order == tuple(range(x.ndim)) else Transpose(order)(x)


def moveaxis(x: Any, source: int, destination: int) -> Tensor:
    """One axis at another place, the others in their order.

    Example:
        >>> moveaxis([[1.0, 2.0, 3.0]], 0, -1).shape
        (3, 1)
    """
    x = as_tensor(x)
    source, destination = normalize_axis(source, x.ndim), normalize_axis(destination, x.ndim)
    order = [a for a in range(x.ndim) if a != source]
    order.insert(destination, source)
    return transpose(x, order)


def broadcast_to(x: Any, shape: Sequence[int]) -> Tensor:
    """x repeated to a shape, by NumPy's rule.

    Example:
        >>> broadcast_to(1.0, (2, 2)).numpy().tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    x = as_tensor(x)
    sizes = tuple(whole_sizes(shape, "broadcast_to", "broadcast_to(x, (2, 3))"))
    return x if x.shape == sizes else BroadcastTo(sizes)(x)


def expand_dims(x: Any, axis: int) -> Tensor:
    """x with a new axis of size 1 at a place of the result.

    Example:
        >>> expand_dims([1.0, 2.0], -1).shape
        (2, 1)
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim + 1)
    return reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))


def squeeze(x: Any, axis: int | None = None) -> Tensor:
    """x without one axis of size 1, or without all of them.

    Example:
        >>> squeeze([[1.0, 2.0]]).shape
        (2,)
    """
    x = as_tensor(x)
    gone = range(x.ndim) if axis is None else [normalize_axis(axis, x.ndim)]
    if axis is not None and x.shape[gone[0]] != 1:
        raise ShapeError("Only an axis of size 1 can be squeezed.", received=x.shape, where=axis)
    return reshape(x, [n for i, n in enumerate(x.shape) if i not in gone or n != 1])


def concatenate(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Several tensors end to end along an axis.

    Example:
        >>> concatenate([[1.0], [2.0, 3.0]]).numpy().tolist()
        [1.0, 2.0, 3.0]
    """
    tensors = operands(*xs)
    if not tensors:
        raise ArgumentError("There is nothing to join.", received="no tensors")
    return Concatenate(normalize_axis(axis, tensors[0].ndim))(*tensors)


def stack(xs: Sequence[Any], axis: int = 0) -> Tensor:
    """Several tensors of one shape side by side along a new axis.

    Example:
        >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1).numpy().tolist()
        [[1.0, 3.0], [2.0, 4.0]]
    """
    return concatenate([expand_dims(x, axis) for x in operands(*xs)], axis)


def pad(x: Any, widths: Sequence[tuple[int, int]], fill: float = 0.0) -> Tensor:
    """x with elements of a constant value added before and after, along each axis.

    Args:
        x: a tensor.
        widths: (before, after) for each axis.
        fill: the value added.

    Example:
        >>> pad([1.0, 2.0], [(1, 0)]).numpy().tolist()
        [0.0, 1.0, 2.0]
    """
    x = as_tensor(x)
    try:
        pairs = [(operator.index(before), operator.index(after)) for before, after in widths]
    except (TypeError, ValueError):
        pairs = []
    if len(pairs) != x.ndim or any(w < 0 for pair in pairs for w in pair):
        raise ArgumentError(
            "Padding needs a pair of sizes that are not negative for each axis.",
            received=repr(widths),
            expected=f"{x.ndim} pairs",
        )
    if not any(w for pair in pairs for w in pair):
        return x
    if x.dtype in INTEGER:
        fill = converted(fill, x.dtype, "pad").item()
    return Pad(tuple(b for b, _ in pairs), tuple(a for _, a in pairs), fill)(x)


def flip(x: Any, axis: int | Sequence[int]) -> Tensor:
    """The elements in reverse order along one axis or several.

    Example:
        >>> flip([1.0, 2.0, 3.0], 0).numpy().tolist()
        [3.0, 2.0, 1.0]
    """
    x = as_tensor(x)
    return Flip(tuple(sorted(normalize_axes(axis, x.ndim))))(x)


def zeros_like(x: Tensor) -> Tensor:
    """Zeros of the shape and dtype of x.

    Example:
        >>> zeros_like(as_tensor([[1.0, 2.0]])).numpy().tolist()
        [[0.0, 0.0]]
    """
    return broadcast_to(as_tensor(0, x.dtype), x.shape)


def ones_like(x: Tensor) -> Tensor:
    """Ones of the shape and dtype of x.

    Example:
        >>> ones_like(as_tensor([[1.0, 2.0]])).numpy().tolist()
        [[1.0, 1.0]]
    """
    return broadcast_to(as_tensor(1, x.dtype), x.shape)
