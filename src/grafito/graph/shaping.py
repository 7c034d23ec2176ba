"""Ops that move elements without computing: reshape, transpose, slices, joins, gathers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, DataError, DtypeError, ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.dtypes import INTEGER
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
            parts.append(_slice_axis(g, self.axis, start, stop))
            start = stop
        return tuple(parts)


class Slice(Op):
    """Elements start, start + step, ... before stop, along every axis"""

    symbol = "[ ]"
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    steps: tuple[int, ...]

    def _slices(self) -> tuple[Any, ...]:
        return tuple(map(slice_type, self.starts, self.stops, self.steps))

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        bounds = zip(self.starts, self.stops, self.steps, strict=True)
        return tuple(len(range(*b)) for b in bounds), x.dtype

    def value(self, xp, x):
        return x[self._slices()]

    def gradient(self, g, out, x):
        return (Unslice(x.shape, self.starts, self.stops, self.steps)(g),)


class Unslice(Op):
    """Zeros of a shape, with x at the elements that Slice would take: its gradient"""

    symbol = "[ ]⁻¹"
    shape: Shape
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    steps: tuple[int, ...]

    def infer(self, x: Tensor) -> tuple[Shape, str]:
        return self.shape, x.dtype

    def value(self, xp, x):
        out = xp.zeros(self.shape, x.dtype)
        out[tuple(map(slice_type, self.starts, self.stops, self.steps))] = x
        return out

    def gradient(self, g, out, x):
        return (Slice(self.starts, self.stops, self.steps)(g),)


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
        stops = tuple(b + n for b, n in zip(self.before, x.shape, strict=True))
        return (Slice(self.before, stops, (1,) * x.ndim)(g),)


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


class Take(Op):
    """The elements at given positions along an axis; positions that repeat add their gradients"""

    symbol = "take"
    axis: int

    def infer(self, x: Tensor, indices: Tensor) -> tuple[Shape, str]:
        return x.shape[: self.axis] + indices.shape + x.shape[self.axis + 1 :], x.dtype

    def value(self, xp, x, indices):
        try:
            return xp.take(x, indices, axis=self.axis)
        except IndexError:
            raise _outside(indices, x.shape[self.axis]) from None

    def gradient(self, g, out, x, indices):
        return ScatterAdd(self.axis, x.shape[self.axis])(g, indices), None


class ScatterAdd(Op):
    """Zeros with x added at given positions along an axis: the gradient of Take"""

    symbol = "scatter"
    axis: int
    size: int

    def infer(self, x: Tensor, indices: Tensor) -> tuple[Shape, str]:
        after = x.shape[self.axis + indices.ndim :]
        return (*x.shape[: self.axis], self.size, *after), x.dtype

    def value(self, xp, x, indices):
        before, after = x.shape[: self.axis], x.shape[self.axis + indices.ndim :]
        out = xp.zeros((*before, self.size, *after), x.dtype)
        try:
            xp.add.at(out, (slice_type(None),) * self.axis + (indices,), x)
        except IndexError:
            raise _outside(indices, self.size) from None
        return out

    def gradient(self, g, out, x, indices):
        return Take(self.axis)(g, indices), None


def _outside(indices: Array, size: int) -> DataError:
    wrong = indices[(indices < -size) | (indices >= size)]
    return DataError(
        "An index is outside the table.",
        received=int(wrong.flat[0]),
        expected=f"0 to {size - 1}",
        fix="enlarge the table (input_dim of an Embedding), or map larger indices to one of it",
    )


class OneHot(Op):
    """1 at the position that each integer names and 0 elsewhere, along a new last axis"""

    symbol = "one-hot"
    depth: int
    dtype: str

    def infer(self, indices: Tensor) -> tuple[Shape, str]:
        return (*indices.shape, self.depth), self.dtype

    def value(self, xp, indices):
        return (indices[..., None] == xp.arange(self.depth)).astype(self.dtype)

    def gradient(self, g, out, indices):
        return (None,)


# The public functions

slice_type = slice  # `slice` below is the op


def normalize_axis(axis: int, ndim: int) -> int:
    """The axis counted from 0; negative axes count from the last.

    Raises:
        ArgumentError: when there is no such axis.
    """
    if not isinstance(axis, Integral) or not -ndim <= axis < ndim:
        raise ArgumentError(
            "There is no such axis.",
            received=f"axis={axis!r}",
            expected=f"an integer from {-ndim} to {ndim - 1}" if ndim else "none: it is a scalar",
        )
    return int(axis) % ndim


def reshape(x: Any, shape: int | Sequence[int]) -> Tensor:
    """The same elements with another shape; one size may be -1 and is computed.

    Raises:
        ShapeError: when the number of elements differs.

    Example:
        >>> reshape([[1.0, 2.0], [3.0, 4.0]], (-1,)).numpy().tolist()
        [1.0, 2.0, 3.0, 4.0]
    """
    x = as_tensor(x)
    sizes = [int(n) for n in ([shape] if isinstance(shape, int) else shape)]
    if sizes.count(-1) == 1:
        known = math.prod(n for n in sizes if n != -1)
        sizes[sizes.index(-1)] = x.size // known if known else 0
    if math.prod(sizes) != x.size or any(n < 0 for n in sizes):
        raise ShapeError(
            "A reshape keeps the number of elements.",
            where="reshape",
            received=f"{x.shape}, {x.size} elements",
            expected=f"{tuple(shape) if not isinstance(shape, int) else shape}",
        )
    return x if tuple(sizes) == x.shape else Reshape(tuple(sizes))(x)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order; reversed by default.

    Example:
        >>> transpose([[1.0, 2.0, 3.0]]).shape
        (3, 1)
    """
    x = as_tensor(x)
    order = tuple(reversed(range(x.ndim))) if axes is None else axes
    order = tuple(normalize_axis(a, x.ndim) for a in order)
    if sorted(order) != list(range(x.ndim)):
        raise ArgumentError(
            "A transpose names every axis once.",
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
    return x if x.shape == tuple(shape) else BroadcastTo(tuple(shape))(x)


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


def slice(x: Any, index: Any) -> Tensor:
    """x[index] for integers, slices, None and `...`, as in NumPy; what `tensor[...]` calls.

    For an integer array or tensor as index use `take`.

    Raises:
        ArgumentError: for another kind of index, or an integer outside its axis.

    Example:
        >>> slice([[1.0, 2.0], [3.0, 4.0]], (1, slice_type(None, None, -1))).numpy().tolist()
        [4.0, 3.0]
    """
    x = as_tensor(x)
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(part is Ellipsis for part in parts):
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        missing = x.ndim - sum(part is not None for part in parts) + 1
        parts[at : at + 1] = [slice_type(None)] * missing
    axes_used = sum(part is not None for part in parts)
    parts += [slice_type(None)] * (x.ndim - axes_used)
    if axes_used > x.ndim:
        raise ArgumentError("More indices than axes.", received=index, expected=f"{x.ndim} axes")

    starts, stops, steps, flips, shape = [], [], [], [], []
    axis = 0
    for part in parts:
        if part is None:
            shape.append(1)
            continue
        size = x.shape[axis]
        if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
            start = normalize_index(int(part), size)
            bounds = range(start, start + 1)
        elif isinstance(part, slice_type):
            bounds = range(*part.indices(size))
            shape.append(len(bounds))
        else:
            raise ArgumentError(
                "A tensor is indexed by integers, slices, None and `...`.",
                received=repr(part),
                fix="graph.take(x, indices, axis) for an array of indices",
            )
        if bounds.step < 0:
            flips.append(axis)
            bounds = bounds[::-1]
        starts.append(bounds.start)
        stops.append(max(bounds.start, bounds.stop))
        steps.append(bounds.step)
        axis += 1
    whole = (starts, stops, steps) == ([0] * x.ndim, list(x.shape), [1] * x.ndim)
    y = x if whole else Slice(tuple(starts), tuple(stops), tuple(steps))(x)
    return reshape(flip(y, tuple(flips)) if flips else y, shape)


def normalize_index(index: int, size: int) -> int:
    """A position counted from 0; negative ones count from the end.

    Raises:
        ArgumentError: when it is outside.
    """
    if not -size <= index < size:
        raise ArgumentError(
            "An index is outside its axis.", received=index, expected=f"{-size} to {size - 1}"
        )
    return index % size


def _slice_axis(x: Tensor, axis: int, start: int, stop: int) -> Tensor:
    return slice(x, (slice_type(None),) * axis + (slice_type(start, stop),))


def split(x: Any, sections: int, axis: int = 0) -> list[Tensor]:
    """x cut into equal parts along an axis.

    Example:
        >>> [part.numpy().tolist() for part in split([1.0, 2.0, 3.0, 4.0], 2)]
        [[1.0, 2.0], [3.0, 4.0]]
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim)
    if sections < 1 or x.shape[axis] % sections:
        raise ShapeError(
            "The axis cannot be cut into equal parts.",
            received=f"{x.shape[axis]} elements, {sections} parts",
        )
    n = x.shape[axis] // sections
    return [_slice_axis(x, axis, i * n, (i + 1) * n) for i in range(sections)]


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
    if len(widths) != x.ndim or any(w < 0 for pair in widths for w in pair):
        raise ArgumentError(
            "Padding needs a pair of sizes that are not negative for each axis.",
            received=widths,
            expected=f"{x.ndim} pairs",
        )
    if not any(w for pair in widths for w in pair):
        return x
    return Pad(tuple(b for b, _ in widths), tuple(a for _, a in widths), fill)(x)


def flip(x: Any, axis: int | Sequence[int]) -> Tensor:
    """The elements in reverse order along one axis or several.

    Example:
        >>> flip([1.0, 2.0, 3.0], 0).numpy().tolist()
        [3.0, 2.0, 1.0]
    """
    x = as_tensor(x)
    axes = [axis] if isinstance(axis, int) else axis
    return Flip(tuple(sorted(normalize_axis(a, x.ndim) for a in axes)))(x)


def take(x: Any, indices: Any, axis: int = 0) -> Tensor:
    """The elements at given positions along an axis.

    Args:
        x: a tensor.
        indices: integers of any shape; their shape replaces the axis.
        axis: the axis.

    Raises:
        DataError: when the graph runs with an index outside the axis.

    Example:
        >>> take([[1.0, 2.0], [3.0, 4.0]], [1, 1, 0]).shape
        (3, 2)
    """
    x, indices = as_tensor(x), _integers(indices)
    return Take(normalize_axis(axis, x.ndim))(x, indices)


def scatter_add(x: Any, indices: Any, size: int, axis: int = 0) -> Tensor:
    """Zeros, with the elements of x added at given positions: the gradient of `take`.

    Args:
        x: what is added; its axes from `axis` on begin with the shape of the indices.
        indices: integers; those that repeat add up.
        size: length of the axis in the result.
        axis: the axis.

    Example:
        >>> scatter_add([1.0, 2.0, 3.0], [0, 2, 2], 4).numpy().tolist()
        [1.0, 0.0, 5.0, 0.0]
    """
    x, indices = as_tensor(x), _integers(indices)
    axis = normalize_axis(axis, x.ndim)
    if x.shape[axis : axis + indices.ndim] != indices.shape:
        raise ShapeError(
            "What is added must have the shape of the indices, from the axis on.",
            where="scatter_add",
            received=f"x {x.shape}, indices {indices.shape}, axis {axis}",
        )
    return ScatterAdd(axis, size)(x, indices)


def _integers(indices: Any) -> Tensor:
    indices = as_tensor(indices)
    if indices.dtype not in INTEGER:
        raise DtypeError(
            "Positions are integers.",
            received=indices.dtype,
            fix="graph.cast(indices, 'int32')",
        )
    return indices


def one_hot(indices: Any, depth: int, dtype: str = "float32") -> Tensor:
    """1 at the position that each integer names and 0 elsewhere, along a new last axis.

    An integer outside 0 to depth - 1 gives zeros only.

    Example:
        >>> one_hot([2, 0], 3).numpy().tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return OneHot(depth, dtype)(as_tensor(indices))


def zeros_like(x: Tensor) -> Tensor:
    """Zeros of the shape and dtype of x.

    Example:
        >>> zeros_like(one_hot([1], 2)).numpy().tolist()
        [[0.0, 0.0]]
    """
    return broadcast_to(as_tensor(0, x.dtype), x.shape)


def ones_like(x: Tensor) -> Tensor:
    """Ones of the shape and dtype of x.

    Example:
        >>> ones_like(one_hot([1], 2)).numpy().tolist()
        [[1.0, 1.0]]
    """
    return broadcast_to(as_tensor(1, x.dtype), x.shape)
