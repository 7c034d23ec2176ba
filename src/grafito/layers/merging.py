"""Layers that make one tensor of several, and the same as functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.graph.dtypes import is_floating
from grafito.layers.base import Layer, register


class _Merge(Layer):
    """A layer that is called on a list of inputs with equal batches."""

    count: int | None = None  # how many inputs it needs, where it matters

    def build(self, input_shape: Any) -> None:
        many = isinstance(input_shape, (list, tuple))
        if not many or not all(isinstance(shape, (list, tuple)) for shape in input_shape):
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}) needs a list of inputs.",
                received=f"one input of shape {input_shape}",
                fix=f"{type(self).__name__}()([a, b])",
            )
        if len(input_shape) != (self.count or len(input_shape)) or not input_shape:
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}) got a different number of inputs.",
                received=f"{len(input_shape)} inputs",
                expected=str(self.count or "at least 1"),
            )

    def call(self, inputs: Any) -> graph.Tensor:
        batches = [x.shape[0] for x in inputs]
        if len(set(batches)) > 1:
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) combines example with example.",
                received=" and ".join(f"{n} examples" for n in batches),
                expected="inputs with the same number of examples",
            )
        return self.merge(list(inputs))

    def merge(self, inputs: list[graph.Tensor]) -> graph.Tensor:
        """The output for inputs whose batches agree."""
        raise NotImplementedError

    def floats(self, inputs: list[graph.Tensor]) -> list[graph.Tensor]:
        """The inputs to compute with: integers and booleans, which would wrap, as floats."""
        return [x if is_floating(x.dtype) else graph.cast(x, self.dtype) for x in inputs]

    def misfit(self, inputs: Sequence[graph.Tensor], expected: str) -> ShapeError:
        """The error for shapes that do not go together."""
        return ShapeError(
            f"Layer {self.name!r} ({type(self).__name__}) cannot combine its inputs.",
            received=" and ".join(str((None, *x.shape[1:])) for x in inputs),
            expected=expected,
        )


class _Elementwise(_Merge):
    """One that combines element by element; sizes of 1 are repeated, as in NumPy."""

    combine: ClassVar[Callable[[Any, Any], graph.Tensor]]

    def merge(self, inputs: list[graph.Tensor]) -> graph.Tensor:
        rank = max(x.ndim for x in inputs)
        same = [
            graph.reshape(x, (*x.shape[:1], *[1] * (rank - x.ndim), *x.shape[1:]))
            for x in self.floats(inputs)
        ]
        if any(len({x.shape[a] for x in same} - {1}) > 1 for a in range(rank)):
            raise self.misfit(inputs, "sizes that are equal, or 1, along each axis")
        return functools.reduce(type(self).combine, same)


@register()
class Add(_Elementwise):
    """The sum of several inputs, element by element.

    Shapes: a list of (batch, ...), equal or 1 along each axis, to the common shape.

    Raises:
        ShapeError: when the shapes do not go together.

    Example:
        >>> from grafito import graph
        >>> Add()([graph.constant([[1.0]]), graph.constant([[2.0]])]).numpy().tolist()
        [[3.0]]
    """

    combine = graph.add


@register()
class Subtract(_Elementwise):
    """The first input minus the second, element by element.

    Shapes: two of (batch, ...), equal or 1 along each axis, to the common shape.

    Raises:
        ShapeError: when the shapes do not go together.

    Example:
        >>> from grafito import graph
        >>> Subtract()([graph.constant([[1.0]]), graph.constant([[3.0]])]).numpy().tolist()
        [[-2.0]]
    """

    count = 2
    combine = graph.subtract


@register()
class Multiply(_Elementwise):
    """The product of several inputs, element by element.

    Shapes: a list of (batch, ...), equal or 1 along each axis, to the common shape.

    Raises:
        ShapeError: when the shapes do not go together.

    Example:
        >>> from grafito import graph
        >>> Multiply()([graph.constant([[2.0]]), graph.constant([[3.0]])]).numpy().tolist()
        [[6.0]]
    """

    combine = graph.multiply


@register()
class Average(_Elementwise):
    """The mean of several inputs, element by element.

    Shapes: a list of (batch, ...), equal or 1 along each axis, to the common shape.

    Raises:
        ShapeError: when the shapes do not go together.

    Example:
        >>> from grafito import graph
        >>> Average()([graph.constant([[2.0]]), graph.constant([[3.0]])]).numpy().tolist()
        [[2.5]]
    """

    combine = graph.add

    def merge(self, inputs: list[graph.Tensor]) -> graph.Tensor:
        return super().merge(inputs) / float(len(inputs))


@register()
class Maximum(_Elementwise):
    """The largest of several inputs, element by element; two that tie share the gradient.

    Shapes: a list of (batch, ...), equal or 1 along each axis, to the common shape.

    Raises:
        ShapeError: when the shapes do not go together.

    Example:
        >>> from grafito import graph
        >>> Maximum()([graph.constant([[2.0]]), graph.constant([[3.0]])]).numpy().tolist()
        [[3.0]]
    """

    combine = graph.maximum


@register()
class Minimum(_Elementwise):
    """The smallest of several inputs, element by element; two that tie share the gradient.

    Shapes: a list of (batch, ...), equal or 1 along each axis, to the common shape.

    Raises:
        ShapeError: when the shapes do not go together.

    Example:
        >>> from grafito import graph
        >>> Minimum()([graph.constant([[2.0]]), graph.constant([[3.0]])]).numpy().tolist()
        [[2.0]]
    """

    combine = graph.minimum


@register()
class Concatenate(_Merge):
    """Several inputs end to end along an axis.

    Args:
        axis: the axis, the last by default.
        kwargs: those of `Layer`.

    Shapes: a list of (batch, ...), equal along all axes but one.

    Raises:
        ShapeError: when another axis differs.

    Example:
        >>> from grafito import graph
        >>> Concatenate()([graph.constant([[1.0]]), graph.constant([[2.0, 3.0]])]).numpy().tolist()
        [[1.0, 2.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def merge(self, inputs: list[graph.Tensor]) -> graph.Tensor:
        rank = inputs[0].ndim
        others = [a for a in range(rank) if a != self.axis % rank]
        ranks = {x.ndim for x in inputs}
        if len(ranks) > 1 or any(len({x.shape[a] for x in inputs}) > 1 for a in others):
            raise self.misfit(inputs, f"equal sizes along all axes but axis {self.axis}")
        return graph.concatenate(inputs, self.axis)


@register()
class Dot(_Merge):
    """The product of two inputs summed along one axis of each, example by example.

    Args:
        axes: the axis, counted with the batch as 0, or one for each input.
        normalize: divide by the lengths of the vectors first: the cosine of their angle.
        kwargs: those of `Layer`.

    Shapes: (batch, ..., n) and (batch, ..., n) to (batch, other axes of both), or (batch, 1).

    Raises:
        ShapeError: when the two axes have different sizes.

    Example:
        >>> from grafito import graph
        >>> Dot(1)([graph.constant([[1.0, 2.0]]), graph.constant([[3.0, 4.0]])]).numpy().tolist()
        [[11.0]]
    """

    count = 2

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        both = [axes, axes] if isinstance(axes, int) else list(axes)
        if len(both) != 2 or not all(isinstance(a, int) and a != 0 for a in both):
            raise ArgumentError(
                "Dot sums along one axis of each input, which is not that of the batch.",
                received=f"axes={axes}",
                expected="an integer that is not 0, or two",
                fix="axes=-1",
            )
        self.axes, self.normalize = axes, normalize

    def merge(self, inputs: list[graph.Tensor]) -> graph.Tensor:
        x, y = self.floats(inputs)
        first, second = [self.axes] * 2 if isinstance(self.axes, int) else self.axes
        outside = not (abs(first) < x.ndim and abs(second) < y.ndim)
        if outside or x.shape[first] != y.shape[second]:
            raise self.misfit(inputs, f"the same size along axis {first} and axis {second}")
        if self.normalize:
            x, y = _unit(x, first), _unit(y, second)
        x, y = graph.moveaxis(x, first, -1), graph.moveaxis(y, second, 1)
        batch, size, rest_x, rest_y = x.shape[0], x.shape[-1], x.shape[1:-1], y.shape[2:]
        product = graph.matmul(
            graph.reshape(x, (batch, -1, size)), graph.reshape(y, (batch, size, -1))
        )
        return graph.reshape(product, (batch, *rest_x, *rest_y) if rest_x or rest_y else (batch, 1))


def _unit(x: graph.Tensor, axis: int) -> graph.Tensor:
    """Vectors scaled to length 1; those shorter than 1e-7 less."""
    return x / graph.maximum(graph.norm(x, axis, keepdims=True), 1e-7)


def _as_function(layer: type[Layer]) -> Callable[..., Any]:
    """The layer as a function of its inputs, with Keras's name."""

    def merge(inputs: Sequence[Any], **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    merge.__name__ = merge.__qualname__ = layer.__name__.lower()
    merge.__doc__ = layer.__doc__
    return merge


add = _as_function(Add)
subtract = _as_function(Subtract)
multiply = _as_function(Multiply)
average = _as_function(Average)
maximum = _as_function(Maximum)
minimum = _as_function(Minimum)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Several inputs end to end along an axis; see `Concatenate`.

    Example:
        >>> from grafito import layers
        >>> layers.concatenate([layers.Input((2,)), layers.Input((3,))]).shape
        (None, 5)
    """
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """The product of two inputs summed along one axis of each; see `Dot`.

    Example:
        >>> from grafito import layers
        >>> layers.dot([layers.Input((3,)), layers.Input((3,))]).shape
        (None, 1)
    """
    return Dot(axes, **kwargs)(inputs)
