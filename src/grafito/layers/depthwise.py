"""Convolutions that treat each channel by itself first."""

from __future__ import annotations

from typing import Any

from grafito import graph
from grafito.layers.arguments import integer
from grafito.layers.base import register
from grafito.layers.convolution import Sizes, _Convolution


@register("DepthwiseConvolution2D")
class DepthwiseConv2D(_Convolution):
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
        return graph.depthwise_conv2d(
            inputs, self.kernel, self.strides, self.padding, self.dilation_rate
        )


@register("SeparableConvolution2D")
class SeparableConv2D(_Convolution):
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
        second = (1, 1, channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = self.make("depthwise_kernel", first, "depthwise")
        self.pointwise_kernel = self.make("pointwise_kernel", second, "pointwise")
        self.bias = self.make("bias", (self.filters,)) if self.use_bias else None

    def convolve(self, inputs: graph.Tensor) -> graph.Tensor:
        each = graph.depthwise_conv2d(
            inputs, self.depthwise_kernel, self.strides, self.padding, self.dilation_rate
        )
        return graph.conv2d(each, self.pointwise_kernel)
