"""Convolutions that treat each channel by itself first."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.layers.arguments import integer
from grafito.layers.base import register
from grafito.layers.convolution import Sizes, _Convolution


class _ByChannel(_Convolution):
    """What both share: filters that see one channel each."""

    def filtered(self, inputs: graph.Tensor, kernel: graph.Tensor) -> graph.Tensor:
        """Each channel seen by the filters of its own."""
        how = self.strides, self.padding, self.dilation_rate
        if self.axes == 2:
            return graph.depthwise_conv2d(inputs, kernel, *how)
        steps, channels, each = kernel.shape
        flat: Any = graph.reshape(kernel, (steps, 1, channels * each))
        return graph.conv1d(inputs, flat, *how, channels)  # type: ignore[arg-type]


class _DepthwiseConv(_ByChannel):
    def __init__(
        self,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = integer(self, "depth_multiplier", depth_multiplier)
        self.keep(
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
        )

    def build_weights(self, channels: int) -> None:
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self.make("kernel", shape, "depthwise")
        self.bias = (
            self.make("bias", (channels * self.depth_multiplier,)) if self.use_bias else None
        )

    def convolve(self, inputs: graph.Tensor) -> graph.Tensor:
        return self.filtered(inputs, self.kernel)


@register("DepthwiseConvolution2D")
class DepthwiseConv2D(_DepthwiseConv):
    """A convolution of each channel by itself, with `depth_multiplier` filters each.

    Args:
        kernel_size: height and width of what a filter sees, one number for both.
        strides: distance between the places where it looks.
        padding: "valid" or "same".
        depth_multiplier: number of filters for each channel.
        data_format: "channels_last", the only order of axes.
        dilation_rate: distance between the pixels that it sees.
        activation, use_bias, depthwise_initializer, ...: as in `Dense`.

    Shapes: (batch, height, width, channels) to (batch, ..., channels * depth_multiplier).

    Raises:
        ShapeError: when the kernel is larger than the input, or an axis is missing.

    Example:
        >>> DepthwiseConv2D(3, depth_multiplier=2).compute_output_shape((None, 8, 8, 5))
        (None, 6, 6, 10)
    """

    axes = 2


@register()
class DepthwiseConv1D(_DepthwiseConv):
    """`DepthwiseConv2D` for sequences.

    Args:
        kernel_size, strides, padding, depth_multiplier, ...: as in `DepthwiseConv2D`.

    Shapes: (batch, steps, channels) to (batch, new steps, channels * depth_multiplier).

    Example:
        >>> DepthwiseConv1D(3, depth_multiplier=2).compute_output_shape((None, 8, 5))
        (None, 6, 10)
    """

    axes = 1


class _SeparableConv(_ByChannel):
    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = integer(self, "filters", filters)
        self.depth_multiplier = integer(self, "depth_multiplier", depth_multiplier)
        self.keep(
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
        )

    def build_weights(self, channels: int) -> None:
        first = (*self.kernel_size, channels, self.depth_multiplier)
        second = (*[1] * self.axes, channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = self.make("depthwise_kernel", first, "depthwise")
        self.pointwise_kernel = self.make("pointwise_kernel", second, "pointwise")
        self.bias = self.make("bias", (self.filters,)) if self.use_bias else None

    def convolve(self, inputs: graph.Tensor) -> graph.Tensor:
        mix: Any = graph.conv1d if self.axes == 1 else graph.conv2d
        return mix(self.filtered(inputs, self.depthwise_kernel), self.pointwise_kernel)


@register("SeparableConvolution2D")
class SeparableConv2D(_SeparableConv):
    """A convolution of each channel by itself, and then one of single pixels that mixes them.

    Args:
        filters: number of channels of the output.
        kernel_size: height and width of what the first filters see, one number for both.
        strides: distance between the places where they look.
        padding: "valid" or "same".
        data_format: "channels_last", the only order of axes.
        dilation_rate: distance between the pixels that they see.
        depth_multiplier: number of first filters for each channel.
        activation, use_bias, depthwise_initializer, pointwise_initializer, ...: as in `Dense`.

    Shapes: (batch, height, width, channels) to (batch, new height, new width, filters).

    Raises:
        ShapeError: when the kernel is larger than the input, or an axis is missing.

    Source: Chollet, "Xception: deep learning with depthwise separable convolutions", 2017.

    Example:
        >>> SeparableConv2D(4, 3).compute_output_shape((None, 8, 8, 5))
        (None, 6, 6, 4)
    """

    axes = 2


@register("SeparableConvolution1D")
class SeparableConv1D(_SeparableConv):
    """`SeparableConv2D` for sequences.

    Args:
        filters, kernel_size, strides, padding, ...: as in `SeparableConv2D`.

    Shapes: (batch, steps, channels) to (batch, new steps, filters).

    Example:
        >>> SeparableConv1D(4, 3).compute_output_shape((None, 8, 5))
        (None, 6, 4)
    """

    axes = 1
