"""Layers that change the size of sequences and images: padding, cropping, up-sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import ShapeError
from grafito.layers.arguments import (
    channels_last,
    check_places,
    choice,
    integer,
    integers,
    pairs,
)
from grafito.layers.base import Layer, register

Sides = int | Sequence[int] | Sequence[Sequence[int]]


@register()
class ZeroPadding1D(Layer):
    """Zeros before and after a sequence.

    Args:
        padding: how many at each end, or (before, after).
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, before + steps + after, channels).

    Example:
        >>> ZeroPadding1D((1, 0))([[[1.0], [2.0]]]).numpy().tolist()
        [[[0.0], [1.0], [2.0]]]
    """

    def __init__(
        self, padding: int | Sequence[int] = 1, data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.padding = integers(self, "padding", padding, 2, 0)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 1)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        before, after = self.padding
        return graph.pad(inputs, ((0, 0), (before, after), (0, 0)))


@register()
class ZeroPadding2D(Layer):
    """Zeros around an image.

    Args:
        padding: how many at each side, (vertical, horizontal), or ((top, bottom), (left, right)).
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), with larger height and width for the output.

    Example:
        >>> ZeroPadding2D((0, 1))([[[[5.0]]]]).numpy().tolist()
        [[[[0.0], [5.0], [0.0]]]]
    """

    def __init__(self, padding: Sides = (1, 1), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.padding = pairs(self, "padding", padding)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 2)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return graph.pad(inputs, ((0, 0), *self.padding, (0, 0)))


@register()
class Cropping1D(Layer):
    """A sequence without its ends.

    Args:
        cropping: how many steps to take off at each end, or (before, after).
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, steps - before - after, channels).

    Raises:
        ShapeError: when nothing would be left.

    Example:
        >>> Cropping1D((1, 0))([[[1.0], [2.0]]]).numpy().tolist()
        [[[2.0]]]
    """

    def __init__(self, cropping: int | Sequence[int] = (1, 1), **kwargs: Any):
        super().__init__(**kwargs)
        self.cropping = integers(self, "cropping", cropping, 2, 0)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 1)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return _crop(self, inputs, [self.cropping])


@register()
class Cropping2D(Layer):
    """An image without its margins.

    Args:
        cropping: how much to take off at each side, (vertical, horizontal), or
            ((top, bottom), (left, right)).
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), with smaller height and width for the output.

    Raises:
        ShapeError: when nothing would be left.

    Example:
        >>> Cropping2D(((0, 0), (1, 0)))([[[[1.0], [2.0]]]]).numpy().tolist()
        [[[[2.0]]]]
    """

    def __init__(
        self, cropping: Sides = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.cropping = pairs(self, "cropping", cropping)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 2)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return _crop(self, inputs, self.cropping)


def _crop(layer: Layer, x: graph.Tensor, sides: Sequence[Sequence[int]]) -> graph.Tensor:
    sizes = x.shape[1:-1]
    if any(sum(side) >= n for side, n in zip(sides, sizes, strict=True)):
        raise ShapeError(
            f"Layer {layer.name!r} ({type(layer).__name__}) would leave nothing of its input.",
            received=f"{sizes} to crop by {tuple(map(tuple, sides))}",
            expected="less than the size along each axis",
        )
    inner = [slice(side[0], n - side[1]) for side, n in zip(sides, sizes, strict=True)]
    return x[slice(None), *inner]


@register()
class UpSampling1D(Layer):
    """Each step several times in a row.

    Args:
        size: how many times.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, size * steps, channels).

    Example:
        >>> UpSampling1D(2)([[[1.0], [5.0]]]).numpy().tolist()
        [[[1.0], [1.0], [5.0], [5.0]]]
    """

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = integer(self, "size", size)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 1)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return _repeat(inputs, 1, self.size)


@register()
class UpSampling2D(Layer):
    """A larger image: each pixel repeated, or values in between by straight lines.

    With "bilinear", pixel centres are at (i + 1/2) / size, and beyond the outermost the image is
    constant.

    Args:
        size: factor for both axes, or (rows, columns).
        data_format: "channels_last", the only order of axes.
        interpolation: "nearest" or "bilinear".
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels) to (batch, rows * height, columns * width, channels).

    Example:
        >>> UpSampling2D((1, 2), interpolation="bilinear")([[[[0.0], [4.0]]]]).numpy().ravel()
        array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.size = integers(self, "size", size, 2)
        self.data_format = channels_last(self, data_format)
        self.interpolation = choice(self, "interpolation", interpolation, ("nearest", "bilinear"))

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 2)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        enlarge = _repeat if self.interpolation == "nearest" else _interpolate
        return enlarge(enlarge(inputs, 1, self.size[0]), 2, self.size[1])


def _repeat(x: graph.Tensor, axis: int, times: int) -> graph.Tensor:
    """Each element along an axis several times."""
    before, n, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    repeated = graph.broadcast_to(graph.expand_dims(x, axis + 1), (*before, n, times, *after))
    return graph.reshape(repeated, (*before, n * times, *after))


def _interpolate(x: graph.Tensor, axis: int, times: int) -> graph.Tensor:
    """An axis enlarged by straight lines between the centres of its elements."""
    last = x.shape[axis] - 1
    places = [min(max((i + 0.5) / times - 0.5, 0), last) for i in range(times * (last + 1))]
    lower = graph.take(x, [math.floor(p) for p in places], axis)
    upper = graph.take(x, [math.ceil(p) for p in places], axis)
    share = graph.constant([p % 1 for p in places], x.dtype)
    share = graph.reshape(share, (-1, *[1] * (x.ndim - axis - 1)))
    return lower + (upper - lower) * share
