"""Activations, convolutions, pooling, normalization and losses with the arguments of Keras."""

from __future__ import annotations

import math
from typing import Any

from grafito import activations, graph, losses
from grafito.errors import ArgumentError
from grafito.graph import Tensor, as_tensor
from grafito.graph.shaping import normalize_axis
from grafito.ops.dispatch import op


@op
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """X times the share of a normal distribution below x.

    Example:
        >>> gelu([0.0, 1.0]).numpy().round(3).tolist()
        [0.0, 0.84...]
    """
    return activations.gelu(x, approximate)


@op
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: str | None = None) -> Tensor:
    """1 at the position that each integer names and 0 elsewhere, along a new axis.

    Example:
        >>> one_hot([2, 0], 3).numpy().tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return graph.moveaxis(graph.one_hot(x, num_classes, dtype or "float32"), -1, axis)


@op
def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: str | None = None
) -> Tensor:
    """1 at each position that one of the integers along an axis names, 0 elsewhere.

    Example:
        >>> multi_hot([0, 2], 3).numpy().tolist()
        [1.0, 0.0, 1.0]
    """
    if num_classes is None:
        raise ArgumentError(
            "The number of classes has to be given.", where="ops.multi_hot", fix="num_classes=10"
        )
    inputs = as_tensor(inputs)
    along = normalize_axis(axis, inputs.ndim) if inputs.ndim else 0
    rows = graph.one_hot(inputs, num_classes, dtype or "float32")
    return graph.max(rows, max(0, min(along, inputs.ndim - 1)))


@op
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """The convolution of images or of sequences, channels last.

    Example:
        >>> conv([[[1.0], [2.0], [3.0]]], [[[1.0]], [[1.0]]]).numpy().ravel().tolist()
        [3.0, 5.0]
    """
    inputs, kernel = as_tensor(inputs), as_tensor(kernel)
    _channels_last(data_format)
    groups = inputs.shape[-1] // (kernel.shape[-2] or 1)
    function = graph.conv1d if inputs.ndim == 3 else graph.conv2d
    return function(inputs, kernel, strides, padding, dilation_rate, groups)


@op
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """The transposed convolution of images or of sequences, channels last.

    Example:
        >>> conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[1.0]]]).numpy().ravel().tolist()
        [1.0, 3.0, 2.0]
    """
    inputs = as_tensor(inputs)
    _channels_last(data_format)
    function = graph.conv1d_transpose if inputs.ndim == 3 else graph.conv2d_transpose
    return function(inputs, kernel, strides, padding, output_padding, dilation_rate)


@op
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """A convolution of each channel with filters of its own, channels last.

    Example:
        >>> depthwise_conv([[[1.0], [2.0], [3.0]]], [[[1.0]], [[1.0]]]).numpy().ravel().tolist()
        [3.0, 5.0]
    """
    inputs, kernel = as_tensor(inputs), as_tensor(kernel)
    _channels_last(data_format)
    if inputs.ndim != 3:
        return graph.depthwise_conv2d(inputs, kernel, strides, padding, dilation_rate)
    length, channels, multiplier = kernel.shape
    grouped = graph.reshape(kernel, (length, 1, channels * multiplier))
    return graph.conv1d(inputs, grouped, strides, padding, dilation_rate, channels)


@op
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """A convolution of each channel, then one of all channels with a window of one element.

    Example:
        >>> separable_conv([[[1.0], [2.0]]], [[[1.0]]], [[[3.0]]]).numpy().ravel().tolist()
        [3.0, 6.0]
    """
    each = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(each, pointwise_kernel)


@op
def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest element of each window, channels last.

    Example:
        >>> max_pool([[[1.0], [4.0], [2.0], [3.0]]], 2).numpy().ravel().tolist()
        [4.0, 3.0]
    """
    _channels_last(data_format)
    return graph.max_pool(inputs, pool_size, strides, padding)


@op
def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of the elements of each window, channels last.

    Example:
        >>> average_pool([[[1.0], [4.0], [2.0], [3.0]]], 2).numpy().ravel().tolist()
        [2.5, 2.5]
    """
    _channels_last(data_format)
    return graph.average_pool(inputs, pool_size, strides, padding)


@op
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """(x - mean) / √(variance + epsilon), scaled and shifted, along an axis of channels.

    Example:
        >>> batch_normalization([[3.0]], [1.0], [4.0], -1, epsilon=0.0).item()
        1.0
    """
    (x,) = graph.elementwise.reals(x)
    shape = [n if i == axis % x.ndim else 1 for i, n in enumerate(x.shape)]
    mean, variance = graph.reshape(mean, shape), graph.reshape(variance, shape)
    y = (x - mean) / graph.sqrt(variance + epsilon)
    y = y if scale is None else y * graph.reshape(scale, shape)
    return y if offset is None else y + graph.reshape(offset, shape)


@op
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Tensor:
    """Each example with mean 0 and variance 1 along axes, scaled and shifted.

    Example:
        >>> layer_normalization([[1.0, 3.0]], epsilon=0.0).numpy().tolist()
        [[-1.0, 1.0]]
    """
    (x,) = graph.elementwise.reals(x)
    mean, variance = graph.mean(x, axis, True), graph.variance(x, axis, True)
    y = (x - mean) / graph.sqrt(variance + (1e-7 if epsilon is None else epsilon))
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


@op
def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Tensor:
    """X divided by the root of its mean square along axes, and scaled.

    Example:
        >>> rms_normalization([[2.0, 2.0]], epsilon=0.0).numpy().tolist()
        [[1.0, 1.0]]
    """
    (x,) = graph.elementwise.reals(x)
    mean = graph.mean(graph.square(x), axis, keepdims=True)
    y = x / graph.sqrt(mean + (1e-7 if epsilon is None else epsilon))
    return y if scale is None else y * scale


@op
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """-t ln(p) - (1 - t) ln(1 - p), element by element.

    Example:
        >>> round(binary_crossentropy([1.0], [0.5]).numpy()[0].item(), 4)
        0.6931
    """
    target, output = graph.elementwise.reals(target, output)
    function = graph.sigmoid_cross_entropy if from_logits else graph.binary_cross_entropy
    return function(output, target)


@op
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-Σ t ln(p) along an axis of classes.

    Example:
        >>> round(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy()[0].item(), 4)
        0.6931
    """
    return losses.categorical_crossentropy(target, output, from_logits, axis=axis)


@op
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-ln(p) of the class that each integer names.

    Example:
        >>> round(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy()[0].item(), 4)
        0.6931
    """
    return losses.sparse_categorical_crossentropy(target, output, from_logits, axis=axis)


@op
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
) -> Tensor:
    """softmax(q k / √d) v for each head, of shapes (batch, length, heads, size).

    Example:
        >>> one = [[[[1.0]]]]
        >>> dot_product_attention(one, one, one).numpy().tolist()
        [[[[1.0]]]]
    """
    query, key, value = (as_tensor(x) for x in (query, key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = graph.einsum("btnh,bsnh->bnts", query, key) * scale
    scores = scores if bias is None else scores + bias
    if is_causal:
        causal = graph.cast(graph.tri(query.shape[1], key.shape[1]), "bool")
        mask = causal if mask is None else graph.logical_and(mask, causal)
    if mask is not None:
        scores = graph.where(mask, scores, -1e30)
    return graph.einsum("bnts,bsnh->btnh", graph.softmax(scores), value)


def _channels_last(data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ArgumentError(
            "Images have their channels last here.",
            received=f"data_format={data_format!r}",
            fix="ops.transpose(x, (0, 2, 3, 1))",
        )
