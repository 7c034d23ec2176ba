"""Convolutions over one or two axes, channels last, and their gradients as ops of the same kind.

A convolution is linear in the image and in the kernel. Its two gradients are linear too, and each
of the three is a gradient of the others, so the family is closed and every order follows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grafito.errors import ShapeError
from grafito.graph import elementwise as ew
from grafito.graph.shaping import expand_dims, pad, reshape, squeeze
from grafito.graph.tensor import Array, Op, Shape, Tensor
from grafito.graph.windows import Pair, per_axis, transposed_padding, window_padding


class Convolution(Op):
    """The attributes of the family, and the matrices that its members multiply.

    An image x has shape (n, height, width, channels), a kernel k (height, width, channels /
    groups, filters), the result y (n, height, width, filters). Each group of filters sees its own
    group of channels; the groups are the leading axis of all matrices.
    """

    strides: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    groups: int

    def infer_result(self, x: Shape, k: Shape) -> Shape:
        """The shape of y."""
        rows = zip(x[1:3], k, self.strides, self.padding, self.dilation, strict=False)
        sizes = (
            (size + sum(pads) - (length - 1) * dilation - 1) // stride + 1
            for size, length, stride, pads, dilation in rows
        )
        return (x[0], *sizes, k[3])

    def windows(self, x: Array, k: Shape) -> Array:
        """What the kernel sees at each place: (groups, places, height width channels)."""
        x = np.pad(x, ((0, 0), *self.padding, (0, 0))) if np.any(self.padding) else x
        (s0, s1), (d0, d1) = self.strides, self.dilation
        extent = ((k[0] - 1) * d0 + 1, (k[1] - 1) * d1 + 1)
        seen = np.lib.stride_tricks.sliding_window_view(x, extent, axis=(1, 2))
        seen = seen[:, ::s0, ::s1, :, ::d0, ::d1]
        n, h, w = seen.shape[:3]
        seen = seen.reshape(n, h, w, self.groups, k[2], k[0], k[1]).transpose(3, 0, 1, 2, 5, 6, 4)
        return seen.reshape(self.groups, n * h * w, math.prod(k[:3]))

    def split(self, x: Array) -> Array:
        """The last axis by groups: (groups, rows, columns)."""
        columns = x.shape[-1] // self.groups
        return x.reshape(math.prod(x.shape[:-1]), self.groups, columns).transpose(1, 0, 2)

    def join(self, x: Array, shape: Shape) -> Array:
        """The inverse of `split`."""
        return x.transpose(1, 0, 2).reshape(shape)

    def convolve(self, x: Tensor, k: Tensor) -> Tensor:
        """y."""
        return Conv2D(self.strides, self.padding, self.dilation, self.groups)(x, k)

    def input_gradient(self, y: Tensor, k: Tensor, x: Shape) -> Tensor:
        """What becomes of y on its way back through the kernel to an image of shape x."""
        return Conv2DInputGradient(self.strides, self.padding, self.dilation, self.groups, x)(y, k)

    def kernel_gradient(self, x: Tensor, y: Tensor, k: Shape) -> Tensor:
        """How x and y go together, for each element of a kernel of shape k."""
        return Conv2DKernelGradient(self.strides, self.padding, self.dilation, self.groups, k)(x, y)


class Conv2D(Convolution):
    """y[n, i, j, f] = Σ x[n, s i + d a - p, s j + d b - p, c] k[a, b, c, f]

    s is the stride, d the dilation and p the padding before, each with its own value for the two
    axes. Elements outside of x are 0. As in all of deep learning the kernel is not mirrored.
    """

    symbol = "∗"

    def infer(self, x: Tensor, k: Tensor) -> tuple[Shape, str]:
        return self.infer_result(x.shape, k.shape), x.dtype

    def value(self, xp: Any, x: Array, k: Array) -> Array:
        y = self.windows(x, k.shape) @ self.split(k)
        return self.join(y, self.infer_result(x.shape, k.shape))

    def gradient(self, g, out, x, k):
        return self.input_gradient(g, k, x.shape), self.kernel_gradient(x, g, k.shape)


class Conv2DInputGradient(Convolution):
    """Σ y[n, i, j, f] k[a, b, c, f], added up at [n, s i + d a - p, s j + d b - p, c]

    The gradient of Conv2D in x, of shape `shape`; also the transposed convolution.
    """

    symbol = "∗ᵀ"
    shape: Shape

    def infer(self, y, k):
        return self.shape, y.dtype

    def value(self, xp, y, k):
        (top, bottom), (left, right) = self.padding
        (s0, s1), (d0, d1) = self.strides, self.dilation
        n, height, width, channels = self.shape
        padded = (n, top + height + bottom, left + width + right, channels)
        x = np.zeros(padded, np.result_type(y, k))
        h, w = y.shape[1:3]
        rows = self.split(y)
        for a, b in np.ndindex(k.shape[:2]):
            part = self.join(rows @ self.split(k[a, b]).swapaxes(1, 2), (n, h, w, channels))
            i, j = d0 * a, d1 * b
            x[:, i : i + s0 * (h - 1) + 1 : s0, j : j + s1 * (w - 1) + 1 : s1] += part
        return x[:, top : top + height, left : left + width]

    def gradient(self, g, out, y, k):
        return self.convolve(g, k), self.kernel_gradient(g, y, k.shape)


class Conv2DKernelGradient(Convolution):
    """Σ x[n, s i + d a - p, s j + d b - p, c] y[n, i, j, f] over n, i and j

    The gradient of Conv2D in k, of shape `shape`.
    """

    symbol = "∗ₖ"
    shape: Shape

    def infer(self, x, y):
        return self.shape, x.dtype

    def value(self, xp, x, y):
        k = self.windows(x, self.shape).swapaxes(1, 2) @ self.split(y)
        return self.join(k, self.shape)

    def gradient(self, g, out, x, y):
        return self.input_gradient(y, g, x.shape), self.convolve(x, g)


# The public functions


def conv2d(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution y[n, i, j, f] = Σ x[n, s i + d a - p, s j + d b - p, c] k[a, b, c, f].

    Args:
        x: images, shape (n, height, width, channels).
        kernel: shape (height, width, channels / groups, filters).
        strides: distance s between windows, an integer or one for each axis.
        padding: "valid" for windows inside of the image only; "same" for zeros around it, so that
            the result has ceil(size / stride) places, the odd zero coming last.
        dilation: distance d between the elements of a window.
        groups: how many groups of filters see a group of channels each.

    Returns:
        Shape (n, height, width, filters).

    Raises:
        ShapeError: when the shapes do not fit, or no window fits.

    Example:
        >>> conv2d(np.ones((1, 5, 5, 1)), np.ones((3, 3, 1, 2)), padding="same").shape
        (1, 5, 5, 2)
    """
    return _convolution("conv2d", x, kernel, strides, padding, dilation, groups)


def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution y[n, i, f] = Σ x[n, s i + d a - p, c] k[a, c, f].

    Args:
        x: sequences, shape (n, length, channels).
        kernel: shape (length, channels / groups, filters).
        strides: distance s between windows.
        padding: "valid", "same" as in `conv2d`, or "causal": zeros before, so that a place sees
            no later one.
        dilation: distance d between the elements of a window.
        groups: how many groups of filters see a group of channels each.

    Returns:
        Shape (n, length, filters).

    Raises:
        ShapeError: when the shapes do not fit, or no window fits.

    Example:
        >>> conv1d([[[1.0], [2.0], [4.0]]], [[[-1.0]], [[1.0]]]).numpy().ravel().tolist()
        [1.0, 2.0]
    """
    return _convolution("conv1d", x, kernel, strides, padding, dilation, groups)


def depthwise_conv2d(
    x: Any, kernel: Any, strides: Any = 1, padding: str = "valid", dilation: Any = 1
) -> Tensor:
    """A convolution of each channel with filters of its own: filter m of channel c is c M + m.

    Args:
        x: images, shape (n, height, width, channels).
        kernel: shape (height, width, channels, M).
        strides: distance between windows, an integer or one for each axis.
        padding: "valid" or "same", as in `conv2d`.
        dilation: distance between the elements of a window.

    Returns:
        Shape (n, height, width, channels M).

    Raises:
        ShapeError: when the shapes do not fit, or no window fits.

    Example:
        >>> depthwise_conv2d(np.ones((1, 4, 4, 3)), np.ones((2, 2, 3, 2))).shape
        (1, 3, 3, 6)
    """
    x, kernel = ew.reals(x, kernel)
    _check("depthwise_conv2d", x, kernel, "height, width, channels, M", -2)
    height, width, channels, each = kernel.shape
    kernel = reshape(kernel, (height, width, 1, channels * each))
    return _convolution("depthwise_conv2d", x, kernel, strides, padding, dilation, channels)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    dilation: Any = 1,
) -> Tensor:
    """The transposed convolution: the way back of `conv2d`, from its result's shape to x's.

    With e = (k - 1) d + 1 for a kernel of size k, an axis of size n becomes

    - "valid": (n - 1) s + max(e, s), or (n - 1) s + e + output_padding;
    - "same": n s, or (n - 1) s + e % 2 + output_padding.

    Args:
        x: shape (n, height, width, channels).
        kernel: shape (height, width, filters, channels).
        strides: distance s between the windows, an integer or one for each axis.
        padding: "valid" or "same".
        output_padding: an integer, one for each axis, or None for the sizes above.
        dilation: distance d between the elements of a window.

    Raises:
        ShapeError: when the shapes do not fit, or the result would be empty.

    Example:
        >>> conv2d_transpose(np.ones((1, 4, 4, 3)), np.ones((3, 3, 8, 3)), 2, "same").shape
        (1, 8, 8, 8)
    """
    return _transposed("conv2d_transpose", x, kernel, strides, padding, output_padding, dilation)


def conv1d_transpose(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    output_padding: int | None = None,
    dilation: int = 1,
) -> Tensor:
    """The transposed convolution of sequences; sizes as for `conv2d_transpose`.

    Args:
        x: shape (n, length, channels).
        kernel: shape (length, filters, channels).
        strides: distance between the windows.
        padding: "valid" or "same".
        output_padding: an integer, or None.
        dilation: distance between the elements of a window.

    Returns:
        Shape (n, length, filters).

    Raises:
        ShapeError: when the shapes do not fit, or the result would be empty.

    Example:
        >>> conv1d_transpose(np.ones((1, 4, 3)), np.ones((5, 8, 3)), 2).shape
        (1, 11, 8)
    """
    return _transposed("conv1d_transpose", x, kernel, strides, padding, output_padding, dilation)


def _convolution(where, x, kernel, strides, padding, dilation, groups) -> Tensor:
    """A convolution over one or two axes, as `where` says."""
    axes = 1 if where == "conv1d" else 2
    x, kernel = ew.reals(x, kernel)
    (groups,) = per_axis("groups", groups, 1)
    layout = ("length", "height, width")[axes - 1] + ", channels / groups, filters"
    _check(where, x, kernel, layout, -2, groups)
    strides = per_axis("strides", strides, axes)
    dilation = per_axis("dilation", dilation, axes)
    extents = _extents(kernel.shape[:axes], dilation)
    kinds = ("valid", "same", "causal") if axes == 1 else ("valid", "same")
    pads: Any = window_padding(where, padding, x.shape[1:-1], extents, strides, kinds)
    if axes == 2:
        return Conv2D(strides, pads, dilation, groups)(x, kernel)
    op = Conv2D((1, *strides), ((0, 0), *pads), (1, *dilation), groups)
    return squeeze(op(expand_dims(x, 1), expand_dims(kernel, 0)), 1)


def _transposed(where, x, kernel, strides, padding, output_padding, dilation) -> Tensor:
    """A transposed convolution over one or two axes, as `where` says."""
    axes = 1 if where == "conv1d_transpose" else 2
    x, kernel = ew.reals(x, kernel)
    layout = ("length", "height, width")[axes - 1] + ", filters, channels"
    _check(where, x, kernel, layout, -1)
    strides = per_axis("strides", strides, axes)
    dilation = per_axis("dilation", dilation, axes)
    extents = _extents(kernel.shape[:axes], dilation)
    added: Any = (None,) * axes
    if output_padding is not None:
        added = per_axis("output_padding", output_padding, axes, least=0)
    rows = [
        transposed_padding(padding, *row)
        for row in zip(x.shape[1:-1], extents, strides, added, strict=True)
    ]
    sizes, pads, zeros = zip(*rows, strict=True)
    if any(size < 1 for size in sizes):
        raise ShapeError(
            "The result of the transposed convolution would be empty.",
            where=where,
            received=f"input {x.shape}, kernel {kernel.shape}, output_padding={output_padding}",
            expected=f"a result of at least 1 along each axis; it would be {sizes}",
            fix="a larger output_padding, or None",
        )
    shape = (x.shape[0], *sizes, kernel.shape[-2])
    if axes == 2:
        y = Conv2DInputGradient(strides, pads, dilation, 1, shape)(x, kernel)
    else:
        shape = (shape[0], 1, *shape[1:])
        op = Conv2DInputGradient((1, *strides), ((0, 0), *pads), (1, *dilation), 1, shape)
        y = squeeze(op(expand_dims(x, 1), expand_dims(kernel, 0)), 1)
    return pad(y, [(0, 0), *((0, n) for n in zeros), (0, 0)])


def _extents(lengths, dilation):
    return tuple((n - 1) * d + 1 for n, d in zip(lengths, dilation, strict=True))


def _check(where, x, kernel, layout, channels_axis, groups=1) -> None:
    """Ranks and channels of an image and a kernel."""
    rank = layout.count(",") + 1
    images = "(n, length, channels)" if rank == 3 else "(n, height, width, channels)"
    if x.ndim != rank or kernel.ndim != rank:
        raise ShapeError(
            f"{where} takes an input and a kernel of {rank} axes each.",
            where=where,
            received=f"input {x.shape}, kernel {kernel.shape}",
            expected=f"input {images}, kernel ({layout})",
            fix="graph.expand_dims for a single example or a single channel",
        )
    wanted = kernel.shape[channels_axis] * groups
    if x.shape[-1] != wanted or kernel.shape[-1] % groups or 0 in kernel.shape:
        raise ShapeError(
            "The channels of the input do not fit the kernel.",
            where=where,
            received=f"input {x.shape}, kernel {kernel.shape}"
            + (f", groups={groups}" if groups > 1 else ""),
            expected=f"input {images} with {wanted} channels, kernel ({layout})"
            + (f" with a number of filters that {groups} divides" if groups > 1 else ""),
            fix="graph.moveaxis(x, 1, -1) where the channels come first"
            if wanted == x.shape[1]
            else "check the channels of the layer before",
        )
