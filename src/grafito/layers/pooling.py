"""Pooling of sequences and images: the largest or the mean value of each window, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import names_of as _names_of
from grafito.layers.arguments import channels_last, check_places, choice, integers
from grafito.layers.base import Layer, register

Sizes = int | Sequence[int]


class _Pooling(Layer):
    """What windows over one or two axes share; `pool` says what becomes of each."""

    axes: int
    pool: Any

    def __init__(
        self,
        pool_size: Sizes = 2,
        strides: Sizes | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.pool_size = integers(self, "pool_size", pool_size, self.axes)
        steps = self.pool_size if strides is None else strides
        self.strides = integers(self, "strides", steps, self.axes)
        self.padding = choice(self, "padding", padding, ("valid", "same"))
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, self.axes)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return type(self).pool(inputs, self.pool_size, self.strides, self.padding)


@register("MaxPool1D")
class MaxPooling1D(_Pooling):
    """The largest value of each window of a sequence, channel by channel.

    Args:
        pool_size: number of steps of a window.
        strides: distance between windows; pool_size by default.
        padding: "valid" for whole windows only, floor((steps - pool_size) / strides) + 1; or
            "same" for ceil(steps / strides) windows.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, new steps, channels).

    Raises:
        ShapeError: when a window is larger than the input, or an axis is missing.

    Example:
        >>> MaxPooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]]).numpy().ravel().tolist()
        [3.0, 2.0]
    """

    axes = 1
    pool = graph.max_pool


@register("MaxPool2D")
class MaxPooling2D(_Pooling):
    """The largest value of each window of an image, channel by channel.

    Args:
        pool_size: height and width of a window, one number for both.
        strides: distance between windows; pool_size by default.
        padding: "valid" for whole windows only, floor((size - pool_size) / strides) + 1 along
            each axis; or "same" for ceil(size / strides) windows.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels) to (batch, new height, new width, channels).

    Raises:
        ShapeError: when a window is larger than the input, or an axis is missing.

    Example:
        >>> MaxPooling2D(2)([[[[1.0], [3.0]], [[2.0], [0.0]]]]).numpy().ravel().tolist()
        [3.0]
    """

    axes = 2
    pool = graph.max_pool


@register("AvgPool1D")
class AveragePooling1D(_Pooling):
    """The mean of each window of a sequence, channel by channel.

    Args:
        pool_size: number of steps of a window.
        strides: distance between windows; pool_size by default.
        padding: "valid" for whole windows only, or "same" for ceil(steps / strides) windows, whose
            mean is that of the steps inside.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, new steps, channels).

    Raises:
        ShapeError: when a window is larger than the input, or an axis is missing.

    Example:
        >>> AveragePooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]]).numpy().ravel().tolist()
        [2.0, 1.0]
    """

    axes = 1
    pool = graph.average_pool


@register("AvgPool2D")
class AveragePooling2D(_Pooling):
    """The mean of each window of an image, channel by channel.

    Args:
        pool_size: height and width of a window, one number for both.
        strides: distance between windows; pool_size by default.
        padding: "valid" for whole windows only, or "same" for ceil(size / strides) windows, whose
            mean is that of the pixels inside.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels) to (batch, new height, new width, channels).

    Raises:
        ShapeError: when a window is larger than the input, or an axis is missing.

    Example:
        >>> AveragePooling2D(2)([[[[1.0], [3.0]], [[2.0], [0.0]]]]).numpy().ravel().tolist()
        [1.5]
    """

    axes = 2
    pool = graph.average_pool


class _GlobalPooling(Layer):
    """What reductions over all steps or pixels share; `pool` says which reduction."""

    axes: int
    pool: Any

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = channels_last(self, data_format)
        self.keepdims = keepdims

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, self.axes)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return type(self).pool(inputs, tuple(range(1, self.axes + 1)), self.keepdims)


@register("GlobalMaxPool1D")
class GlobalMaxPooling1D(_GlobalPooling):
    """The largest value of each channel over all steps.

    Args:
        data_format: "channels_last", the only order of axes.
        keepdims: keep the axis of the steps, with size 1.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, channels).

    Example:
        >>> GlobalMaxPooling1D()([[[1.0], [3.0], [2.0]]]).numpy().tolist()
        [[3.0]]
    """

    axes = 1
    pool = graph.max


@register("GlobalMaxPool2D")
class GlobalMaxPooling2D(_GlobalPooling):
    """The largest value of each channel over all pixels.

    Args:
        data_format: "channels_last", the only order of axes.
        keepdims: keep the axes of the pixels, with size 1.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels) to (batch, channels).

    Example:
        >>> GlobalMaxPooling2D()([[[[1.0], [3.0]], [[2.0], [0.0]]]]).numpy().tolist()
        [[3.0]]
    """

    axes = 2
    pool = graph.max


@register("GlobalAvgPool1D")
class GlobalAveragePooling1D(_GlobalPooling):
    """The mean of each channel over all steps.

    Args:
        data_format: "channels_last", the only order of axes.
        keepdims: keep the axis of the steps, with size 1.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, channels).

    Source: Lin, Chen and Yan, "Network in network", 2014.

    Example:
        >>> GlobalAveragePooling1D()([[[1.0], [3.0], [2.0]]]).numpy().tolist()
        [[2.0]]
    """

    axes = 1
    pool = graph.mean


@register("GlobalAvgPool2D")
class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each channel over all pixels.

    Args:
        data_format: "channels_last", the only order of axes.
        keepdims: keep the axes of the pixels, with size 1.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels) to (batch, channels).

    Source: Lin, Chen and Yan, "Network in network", 2014.

    Example:
        >>> GlobalAveragePooling2D()([[[[1.0], [3.0]], [[2.0], [0.0]]]]).numpy().tolist()
        [[1.5]]
    """

    axes = 2
    pool = graph.mean


__getattr__ = _names_of(__name__)  # older programs import all layers from here
