"""Layers that move elements: Flatten, Reshape, Permute, padding, cropping, repeating."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.graph.dtypes import is_floating
from grafito.layers.arguments import channels_last, integer
from grafito.layers.base import Layer, check_rank, register
from grafito.layers.symbolic import Symbol


@register()
class Flatten(Layer):
    """All axes of an example in one, in row-major order.

    Args:
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, ...) to (batch, product of the sizes).

    Example:
        >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]]).numpy().tolist()
        [[1.0, 2.0, 3.0, 4.0]]
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = channels_last(self, data_format)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return graph.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


@register()
class Reshape(Layer):
    """The elements of each example with another shape, in row-major order.

    Args:
        target_shape: the shape, without the batch; one size may be -1 and is computed.
        kwargs: those of `Layer`.

    Shapes: (batch, ...) to (batch, *target_shape).

    Raises:
        ShapeError: when the number of elements differs.

    Example:
        >>> Reshape((2, -1))([[1.0, 2.0, 3.0, 4.0]]).numpy().tolist()
        [[[1.0, 2.0], [3.0, 4.0]]]
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        sizes = target_shape if isinstance(target_shape, (list, tuple)) else (target_shape,)
        self.target_shape = tuple(integer(self, "target_shape", n, -1) for n in sizes)
        if self.target_shape.count(-1) > 1:
            raise ArgumentError(
                "Reshape can compute one size.",
                received=f"target_shape={self.target_shape}",
                expected="-1 once at most",
            )

    def infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The shape is known even where sizes of the input are free."""
        x = args[0] if args else kwargs["inputs"]
        if None not in x.shape[1:]:
            return super().infer(args, kwargs)
        dtype: str = (self.input_dtype or x.dtype) if is_floating(x.dtype) else x.dtype
        shape = x.shape[0], *(None if n == -1 else n for n in self.target_shape)
        self.last_outputs = [(tuple(n or 1 for n in shape), dtype)]
        return Symbol(shape, dtype)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        count = math.prod(inputs.shape[1:])
        known = math.prod(n for n in self.target_shape if n != -1)
        if count != known and (-1 not in self.target_shape or not known or count % known):
            raise ShapeError(
                f"Layer {self.name!r} (Reshape) must keep the number of elements of an example.",
                received=f"{inputs.shape[1:]}, {count} elements",
                expected=f"target_shape={self.target_shape}, {known} elements"
                + (" or a multiple" if -1 in self.target_shape else ""),
                fix="Reshape((-1,)), or other sizes whose product is " + str(count),
            )
        target = [count // max(known, 1) if n == -1 else n for n in self.target_shape]
        return graph.reshape(inputs, (inputs.shape[0], *target))


@register()
class Permute(Layer):
    """The axes of each example in another order.

    Args:
        dims: the axes of the input in the order of the output, counted from 1.
        kwargs: those of `Layer`.

    Shapes: for dims (2, 1), (batch, a, b) to (batch, b, a).

    Raises:
        ArgumentError: when an axis is missing or named twice.

    Example:
        >>> Permute((2, 1))([[[1.0, 2.0, 3.0]]]).shape
        (1, 3, 1)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                "Permute must name every axis of an example once, counted from 1.",
                received=f"dims={self.dims}",
                expected=f"an order of 1 to {len(self.dims)}",
                fix=f"dims={tuple(range(len(self.dims), 0, -1))}",
            )

    def build(self, input_shape: Any) -> None:
        axes = "(batch, ...), one more than dims has numbers"
        check_rank(self, input_shape, len(self.dims) + 1, axes)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return graph.transpose(inputs, (0, *self.dims))


@register()
class RepeatVector(Layer):
    """Each example n times, as the steps of a sequence.

    Args:
        n: how many times.
        kwargs: those of `Layer`.

    Shapes: (batch, features) to (batch, n, features).

    Example:
        >>> RepeatVector(2)([[1.0, 3.0]]).numpy().tolist()
        [[[1.0, 3.0], [1.0, 3.0]]]
    """

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.n = integer(self, "n", n)

    def build(self, input_shape: Any) -> None:
        check_rank(self, input_shape, 2, "(batch, features)", "Flatten() before it")

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        batch, features = inputs.shape
        return graph.broadcast_to(graph.expand_dims(inputs, 1), (batch, self.n, features))
