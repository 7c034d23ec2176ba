"""The lowering of convolutions and pooling: padding becomes a node, or is read as zeros."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from grafito.engines.llvm.ir.builders import cast, crop, pad
from grafito.engines.llvm.ir.nodes import Node, Shape
from grafito.engines.llvm.lowering import costs, polyphase, winograd


def _borders(pads: Any) -> tuple[Shape, Shape]:
    (top, bottom), (left, right) = pads
    return (0, top, left, 0), (0, bottom, right, 0)


def _tile(
    op: Any, image: Shape, y: Shape, weights: Shape, dtype: str, amx: bool, gradient: bool = False
) -> tuple[int, int] | None:
    """The tile of Winograd's convolution; None where the plain sum is better.

    Args:
        op: with strides, padding, dilation and groups.
        image: the shape of what windows see.
        y: the shape of the results.
        weights: sizes of the window, in_channels and out_channels.
        dtype: of the products.
        amx: whether those of bfloat16 may be computed in AMX tiles.
        gradient: whether the result is the kernel's gradient.
    """
    if (op.strides, op.groups) != ((1, 1), 1) or dtype == "float64":
        return None
    height, width, channels, filters = weights
    for size, places, n, d, pads in zip(
        image[1:3], y[1:3], weights, op.dilation, op.padding, strict=False
    ):
        if max(pads) > (n - 1) * d:
            return None  # windows beside the image
        if pads[0] % d or min(size, places) < d:
            return None  # tiles whose pixels begin elsewhere than they, and tiles without any
    products = 2.0 if dtype == "bfloat16" else 1.0
    if (
        products > 1
        and amx
        and costs.pays(filters, y[0], channels, math.prod((*y[1:3], *weights[:2])))
    ):
        products *= costs.AMX_RATE / costs.DOT_RATE
    seen = 1.0 if gradient else _seen(image[1], y[1], height, op.dilation[0])
    sizes = winograd.Sizes(y[1:3], (height, width), op.dilation, channels, filters, y[0])
    return winograd.choose(sizes, products, gradient, seen)


def _winograd(
    x: Any, image: Node, weights: Node, windows: winograd.Windows, backward: bool = False
) -> Node:
    """By Winograd's method, whose sums are float32 and are rounded to the dtype of the result."""
    sums = winograd.convolution(image, weights, x.shape, windows, backward)
    return sums if sums.dtype == x.dtype else cast(sums, x.dtype)


def _before(op: Any) -> tuple[int, int]:
    """Zeros above and to the left, in steps of the dilation."""
    top, left = (p[0] // d for p, d in zip(op.padding, op.dilation, strict=True))
    return top, left


def _seen(size: int, places: int, length: int, dilation: int) -> float:
    """The share of the rows of all windows that are no padding, which is the same on both sides."""
    before = (places + (length - 1) * dilation - size) // 2
    rows = (i + a * dilation - before for i in range(places) for a in range(length))
    return sum(0 <= row < size for row in rows) / max(places * length, 1)


def _conv2d(x: Any, image: Node, weights: Node, amx: bool = False) -> Node:
    op = x.op
    tile = _tile(op, image.shape, x.shape, weights.shape, weights.dtype, amx)
    if tile is not None:
        return _winograd(x, image, weights, winograd.Windows(tile, _before(op), op.dilation))
    if (found := polyphase.convolution(op, image, weights, x.shape)) is not None:
        return found
    padded = pad(image, *_borders(op.padding))
    return Node.make(
        "conv", (padded, weights), x.shape, x.dtype,
        strides=op.strides, dilation=op.dilation, groups=op.groups,
    )  # fmt: skip


def _conv2dinputgradient(x: Any, y: Node, weights: Node, amx: bool = False) -> Node:
    op = x.op
    *window, out_channels, in_channels = weights.shape
    shape = *window, in_channels, out_channels
    tile = _tile(op, y.shape, x.shape, shape, weights.dtype, amx)
    if tile is not None:
        top, left = (n - 1 - z for n, z in zip(window, _before(op), strict=True))
        windows = winograd.Windows(tile, (top, left), op.dilation)
        return _winograd(x, y, weights, windows, backward=True)
    if (found := polyphase.input_gradient(op, y, weights, x.shape)) is not None:
        return found
    before, after = [], []
    rows = zip(
        x.shape[1:3], y.shape[1:3], weights.shape, op.strides, op.padding, op.dilation, strict=False
    )
    for size, places, length, stride, pads, dilation in rows:
        reach = (length - 1) * dilation
        before.append(max(0, -((pads[0] - reach) // stride)))
        after.append(max(0, (size - 1 + pads[0]) // stride - (places - 1)))
    padded = pad(y, (0, *before, 0), (0, *after, 0))
    return Node.make(
        "conv_input_gradient", (padded, weights), x.shape, x.dtype,
        strides=op.strides, dilation=op.dilation, groups=op.groups,
        origin=tuple(p[0] for p in op.padding), before=tuple(before),
    )  # fmt: skip


def _conv2dkernelgradient(x: Any, image: Node, y: Node) -> Node:
    op = x.op
    if y.dtype == "float32":
        tile = _tile(op, image.shape, y.shape, x.shape, y.dtype, False, True)
        if tile is not None:
            windows = winograd.Windows(tile, _before(op), op.dilation)
            return winograd.weight_gradient(image, y, x.shape, windows)
        if (found := polyphase.weight_gradient(op, image, y, x)) is not None:
            return found
    padded = pad(image, *_borders(op.padding))
    return Node.make(
        "conv_weight_gradient", (padded, y), x.shape, x.dtype,
        strides=op.strides, dilation=op.dilation, groups=op.groups,
    )  # fmt: skip


def _window(kind: str, op: Any, shape: Shape, dtype: str, *inputs: Node) -> Node:
    return Node.make(kind, inputs, shape, dtype, window=op.size, strides=op.strides)


def _maxpool(x: Any, y: Node) -> Node:
    return _window("maxpool", x.op, x.shape, x.dtype, pad(y, *_borders(x.op.padding), -np.inf))


def _sumpool(x: Any, y: Node) -> Node:
    return _window("sumpool", x.op, x.shape, x.dtype, pad(y, *_borders(x.op.padding)))


def _maxpoolscatter(x: Any, y: Node, g: Node) -> Node:
    before, after = _borders(x.op.padding)
    padded = pad(y, before, after, -np.inf)
    return crop(
        _window("maxpool_gradient", x.op, padded.shape, x.dtype, padded, g), before, x.shape
    )


def _maxpoolgather(x: Any, y: Node, h: Node) -> Node:
    borders = _borders(x.op.padding)
    inputs = pad(y, *borders, -np.inf), pad(h, *borders)
    return _window("maxpool_gather", x.op, x.shape, x.dtype, *inputs)


def _sumpoolgradient(x: Any, g: Node) -> Node:
    before, after = _borders(x.op.padding)
    sizes = zip(before, x.shape, after, strict=True)
    padded = tuple(b + n + a for b, n, a in sizes)
    return crop(_window("sumpool_gradient", x.op, padded, x.dtype, g), before, x.shape)


RULES: dict[str, Callable[..., Node]] = {
    "conv2d": _conv2d,
    "conv2dinputgradient": _conv2dinputgradient,
    "conv2dkernelgradient": _conv2dkernelgradient,
    "maxpool": _maxpool,
    "sumpool": _sumpool,
    "maxpoolscatter": _maxpoolscatter,
    "maxpoolgather": _maxpoolgather,
    "sumpoolgradient": _sumpoolgradient,
}


def rules(amx: bool) -> dict[str, Callable[..., Node]]:
    """The rules for a CPU that multiplies tiles of bfloat16, or does not."""
    chosen = {kind: RULES[kind] for kind in ("conv2d", "conv2dinputgradient")}
    return RULES | {kind: functools.partial(rule, amx=amx) for kind, rule in chosen.items()}
