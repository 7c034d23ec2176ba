"""Ops that take elements by position: slices, gathers, scatters, one-hot rows."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, DataError, DtypeError, PositionError, ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.dtypes import INTEGER, accumulator
from grafito.graph.shaping.arrange import count, flip, normalize_axis, reshape
from grafito.graph.tensor import Array, Op, Shape, Tensor, as_tensor

slice_type = slice  # `slice` below is the op


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


class Take(Op):
    """The elements at given positions along an axis; positions that repeat add their gradients"""

    symbol = "take"
    axis: int
    from_end: bool  # whether negative positions count from the end

    def infer(self, x: Tensor, indices: Tensor) -> tuple[Shape, str]:
        return x.shape[: self.axis] + indices.shape + x.shape[self.axis + 1 :], x.dtype

    def value(self, xp, x, indices):
        size = x.shape[self.axis]
        indices = _inside(indices, -size if self.from_end else 0, size)
        return xp.take(x, indices, axis=self.axis)

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
        indices = _inside(indices, -self.size, self.size)
        xp.add.at(out, (slice_type(None),) * self.axis + (indices,), x)
        return out

    def gradient(self, g, out, x, indices):
        return Take(self.axis, True)(g, indices), None


def _inside(indices: Array, lowest: int, size: int) -> Array:
    """The indices as NumPy takes them, int64; those outside the axis are refused."""
    wrong = indices[(indices < lowest) | (indices >= size)]
    if wrong.size:
        raise outside_table(int(wrong.flat[0]), size)
    return indices.astype("int64", copy=False)


def outside_table(index: int, size: int) -> DataError:
    """The error of every engine for an index that is none of an axis.

    Example:
        >>> print(outside_table(9, 3).rows["expected"])
        0 to 2
    """
    return DataError(
        "An index is outside the table.",
        received=index,
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


def slice(x: Any, index: Any) -> Tensor:
    """x[index] for integers, slices, None and `...`, as in NumPy; what `tensor[...]` calls.

    For an integer array or tensor as index use `take`.

    Raises:
        ArgumentError: for another kind of index.
        PositionError: for an integer outside its axis, or too many indices.

    Example:
        >>> slice([[1.0, 2.0], [3.0, 4.0]], (1, slice_type(None, None, -1))).numpy().tolist()
        [4.0, 3.0]
    """
    x = as_tensor(x)
    parts = list(index) if isinstance(index, tuple) else [index]
    if (dots := sum(part is Ellipsis for part in parts)) > 1:
        raise PositionError(
            "An index can have only one `...`.", received=f"{dots} of them", fix="x[..., 0]"
        )
    if dots:
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        missing = x.ndim - sum(part is not None for part in parts) + 1
        parts[at : at + 1] = [slice_type(None)] * missing
    axes_used = sum(part is not None for part in parts)
    parts += [slice_type(None)] * (x.ndim - axes_used)
    if axes_used > x.ndim:
        raise PositionError("More indices than axes.", received=index, expected=f"{x.ndim} axes")

    starts, stops, steps, flips, shape = [], [], [], [], []
    axis = 0
    for part in parts:
        if part is None:
            shape.append(1)
            continue
        size = x.shape[axis]
        if (place := _integer(part)) is not None:
            start = normalize_index(place, size)
            bounds = range(start, start + 1)
        elif isinstance(part, slice_type):
            bounds = range(*_bounds(part, size))
            shape.append(len(bounds))
        else:
            raise ArgumentError(
                "A tensor can be indexed only by integers, slices, None and `...`.",
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


def _integer(part: Any) -> int | None:
    """The index as an integer; arrays of one integer without axes are integers too."""
    if isinstance(part, (bool, np.bool_, Tensor)) or getattr(part, "shape", ()) != ():
        return None
    try:
        return operator.index(part)
    except TypeError:
        return None


def _bounds(part: Any, size: int) -> tuple[int, int, int]:
    try:
        return part.indices(size)
    except (TypeError, ValueError):
        raise ArgumentError(
            "A slice needs whole numbers as bounds and a step other than 0.",
            received=part,
            fix="x[::1]",
        ) from None


def normalize_index(index: int, size: int) -> int:
    """A position counted from 0; negative ones count from the end.

    Raises:
        PositionError: when it is outside.

    Example:
        >>> normalize_index(-1, 5)
        4
    """
    if not -size <= index < size:
        raise PositionError(
            "An index is outside its axis.", received=index, expected=f"{-size} to {size - 1}"
        )
    return index % size


def split(x: Any, sections: int, axis: int = 0) -> list[Tensor]:
    """x cut into equal parts along an axis.

    Example:
        >>> [part.numpy().tolist() for part in split([1.0, 2.0, 3.0, 4.0], 2)]
        [[1.0, 2.0], [3.0, 4.0]]
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim)
    sections = count(sections, "split", "sections")
    if sections < 1 or x.shape[axis] % sections:
        raise ShapeError(
            "The axis cannot be cut into equal parts.",
            received=f"{x.shape[axis]} elements, {sections} parts",
        )
    n = x.shape[axis] // sections
    return [
        x[(slice_type(None),) * axis + (slice_type(i * n, (i + 1) * n),)] for i in range(sections)
    ]


def take(x: Any, indices: Any, axis: int = 0, from_end: bool = True) -> Tensor:
    """The elements at given positions along an axis.

    Args:
        x: a tensor.
        indices: integers of any shape; their shape replaces the axis.
        axis: the axis.
        from_end: whether negative positions count from the end, as in NumPy; else they are outside.

    Raises:
        DataError: when the graph runs with an index outside the axis.

    Example:
        >>> take([[1.0, 2.0], [3.0, 4.0]], [1, 1, 0]).shape
        (3, 2)
    """
    x, indices = as_tensor(x), _integers(indices)
    return Take(normalize_axis(axis, x.ndim), from_end)(x, indices)


def scatter_add(x: Any, indices: Any, size: int, axis: int = 0) -> Tensor:
    """Zeros, with the elements of x added at given positions: the gradient of `take`.

    Args:
        x: what is added; its axes from `axis` on begin with the shape of the indices.
        indices: integers; those that repeat add up (integers of x as int64).
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
    size = count(size, "scatter_add", "size")
    return ScatterAdd(axis, size)(ew.cast(x, accumulator(x.dtype)), indices)


def _integers(indices: Any) -> Tensor:
    indices = as_tensor(indices)
    if indices.dtype not in INTEGER:
        raise DtypeError(
            "Positions must be integers.",
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
    return OneHot(count(depth, "one_hot", "depth"), dtype)(as_tensor(indices))
