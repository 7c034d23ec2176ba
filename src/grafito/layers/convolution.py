"""Convolutions of sequences and images, channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.layers.arguments import channels_last, check_places, choice, integer, integers
from grafito.layers.base import register
from grafito.layers.weighted import ActivatedLayer

Sizes = int | Sequence[int]


class _Convolution(ActivatedLayer):
    """What all convolutions share: the window, its steps, a bias and an activation."""

    axes: int  # 1 for sequences, 2 for images
    paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        *,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.kernel_size = integers(self, "kernel_size", kernel_size, self.axes)
        self.strides = integers(self, "strides", strides, self.axes)
        self.padding = choice(self, "padding", padding, self.paddings)
        self.data_format = channels_last(self, data_format)
        self.dilation_rate = integers(self, "dilation_rate", dilation_rate, self.axes)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, self.axes)
        if input_shape[-1] is None:
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) must know the number of channels.",
                received=input_shape,
                fix="a number as the last size of Input",
            )
        self.build_weights(input_shape[-1])
        self.input_axes = {-1: input_shape[-1]}

    def build_weights(self, channels: int) -> None:
        """Create the weights for inputs with this number of channels."""
        raise NotImplementedError

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        maps = self.convolve(inputs)
        return self.activation(maps if self.bias is None else maps + self.bias)

    def convolve(self, inputs: graph.Tensor) -> graph.Tensor:
        """The output without bias and activation."""
        raise NotImplementedError

    def one_of_strides_and_dilation(self) -> None:
        """Refuse both, as Keras does."""
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                f"{type(self).__name__} takes either strides or dilation, not both.",
                received=f"strides={self.strides}, dilation_rate={self.dilation_rate}",
                fix="strides=1",
            )


class _Conv(_Convolution):
    """A convolution whose filters see all channels, or all those of their group."""

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
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
        self.groups = integer(self, "groups", groups)
        self.one_of_strides_and_dilation()
        if self.filters % self.groups:
            raise ArgumentError(
                f"{type(self).__name__} needs the same number of filters in each group.",
                received=f"filters={filters}, groups={groups}",
                expected="filters that the groups divide",
                fix=f"filters={self.groups * max(1, round(self.filters / self.groups))}",
            )
        self.keep(
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def build_weights(self, channels: int) -> None:
        if channels % self.groups:
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}) cannot share out its input.",
                received=f"{channels} channels, groups={self.groups}",
                expected="channels that the groups divide",
            )
        self.kernel = self.make(
            "kernel", (*self.kernel_size, channels // self.groups, self.filters)
        )
        self.bias = self.make("bias", (self.filters,)) if self.use_bias else None

    def convolve(self, inputs: graph.Tensor) -> graph.Tensor:
        function: Any = graph.conv1d if self.axes == 1 else graph.conv2d
        return function(
            inputs,
            self.kernel,
            self.strides,
            self.padding,
            self.dilation_rate,
            self.groups,
        )


@register("Convolution1D")
class Conv1D(_Conv):
    """A convolution of sequences: activation(Σ x[s i + d a, c] k[a, c, f] + b[f]).

    Args:
        filters: number of channels of the output.
        kernel_size: number of steps that a filter sees.
        strides: distance s between the places where it looks.
        padding: "valid" for floor((steps - kernel_size) / strides) + 1 places; "same" for
            ceil(steps / strides); "causal" for as many, which see no later step.
        data_format: "channels_last", the only order of axes.
        dilation_rate: distance d between the steps that it sees.
        groups: how many groups of filters see a group of channels each.
        activation, use_bias, kernel_initializer, ...: as in `Dense`.

    Shapes: (batch, steps, channels) to (batch, new steps, filters).

    Raises:
        ShapeError: when the kernel is larger than the input, or an axis is missing.

    Example:
        >>> Conv1D(4, 3, padding="causal").compute_output_shape((None, 10, 2))
        (None, 10, 4)
    """

    axes = 1
    paddings = ("valid", "same", "causal")


@register("Convolution2D")
class Conv2D(_Conv):
    """A convolution of images: activation(Σ x[s i + d a, s j + d b, c] k[a, b, c, f] + b[f]).

    Args:
        filters: number of channels of the output.
        kernel_size: height and width of what a filter sees, one number for both.
        strides: distance s between the places where it looks.
        padding: "valid" for windows inside of the image, floor((size - kernel_size) / strides) + 1
            along each axis; "same" for ceil(size / strides), with zeros around the image.
        data_format: "channels_last", the only order of axes.
        dilation_rate: distance d between the pixels that it sees.
        groups: how many groups of filters see a group of channels each.
        activation, use_bias, kernel_initializer, ...: as in `Dense`.

    Shapes: (batch, height, width, channels) to (batch, new height, new width, filters).

    Raises:
        ShapeError: when the kernel is larger than the input, or an axis is missing.

    Example:
        >>> Conv2D(32, 3, activation="relu").compute_output_shape((None, 28, 28, 1))
        (None, 26, 26, 32)
    """

    axes = 2


class _ConvTranspose(_Convolution):
    """The way back of a convolution, from its output's shape to its input's."""

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        output_padding: Sizes | None = None,
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
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
        self.output_padding = output_padding
        self.one_of_strides_and_dilation()
        if output_padding is not None:
            self.output_padding = integers(self, "output_padding", output_padding, self.axes, 0)
            if any(o >= s for o, s in zip(self.output_padding, self.strides, strict=True)):
                raise ArgumentError(
                    f"{type(self).__name__} needs an output_padding below its strides.",
                    received=f"output_padding={output_padding}, strides={self.strides}",
                    fix="output_padding=None",
                )
        self.keep(
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def build_weights(self, channels: int) -> None:
        self.kernel = self.make("kernel", (*self.kernel_size, self.filters, channels))
        self.bias = self.make("bias", (self.filters,)) if self.use_bias else None

    def convolve(self, inputs: graph.Tensor) -> graph.Tensor:
        function: Any = graph.conv1d_transpose if self.axes == 1 else graph.conv2d_transpose
        return function(
            inputs,
            self.kernel,
            self.strides,
            self.padding,
            self.output_padding,
            self.dilation_rate,
        )


@register("Convolution1DTranspose")
class Conv1DTranspose(_ConvTranspose):
    """A transposed convolution of sequences, which enlarges what Conv1D would shrink.

    Args:
        filters: number of channels of the output.
        kernel_size: number of steps that each step of the input reaches.
        strides: distance between what neighbours reach.
        padding: "valid", or "same" for steps * strides.
        output_padding: steps added at the end, or None for Keras's usual sizes.
        data_format: "channels_last", the only order of axes.
        dilation_rate: distance between the steps that are reached.
        activation, use_bias, kernel_initializer, ...: as in `Dense`.

    Shapes: (batch, steps, channels) to (batch, new steps, filters).

    Example:
        >>> Conv1DTranspose(8, 3, strides=2, padding="same").compute_output_shape((None, 7, 2))
        (None, 14, 8)
    """

    axes = 1


@register("Convolution2DTranspose")
class Conv2DTranspose(_ConvTranspose):
    """A transposed convolution of images, which enlarges what Conv2D would shrink.

    Args:
        filters: number of channels of the output.
        kernel_size: height and width of what each pixel of the input reaches.
        strides: distance between what neighbours reach.
        padding: "valid", or "same" for size * strides.
        output_padding: rows and columns added at the end, or None for Keras's usual sizes.
        data_format: "channels_last", the only order of axes.
        dilation_rate: distance between the pixels that are reached.
        activation, use_bias, kernel_initializer, ...: as in `Dense`.

    Shapes: (batch, height, width, channels) to (batch, new height, new width, filters).

    Source: Zeiler and others, "Deconvolutional networks", 2010.

    Example:
        >>> Conv2DTranspose(8, 3, strides=2, padding="same").compute_output_shape((None, 7, 7, 2))
        (None, 14, 14, 8)
    """

    axes = 2
