"""Convolutions with strides as convolutions without: the polyphase decomposition.

With strides s the result at i sees the pixels s i + a - p. For a = s b + r that is pixel i + b of
phase r, which has every s-th pixel from r - p on. With its phases side by side as channels an image
has a convolution without strides, whose window of ceil(k / s) places has the taps of the window of
k places and zeros behind them. Winograd's method applies to it.

Source: Vaidyanathan 1990, "Multirate digital filters, filter banks, polyphase networks, and
applications: a tutorial".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grafito.engines.llvm.ir.builders import concat, crop, pad, reshape
from grafito.engines.llvm.ir.nodes import Node, Shape
from grafito.engines.llvm.lowering import winograd

# How much longer the method takes than `winograd.choose` expects: phases are copied and have more
# channels than the images it was measured with. Of 1.0 to 2.0 the choice was best with 1.3 to 1.4.
SLOWER = 1.35


@dataclass(frozen=True)
class Axis:
    """An axis of an image: pixel i of phase r is its pixel s (i + lead) + r - p.

    Attributes:
        size: pixels of the axis.
        stride: s, the number of phases.
        zeros: p, how many come before it.
        places: results along it.
        taps: the size of the window.
    """

    size: int
    stride: int
    zeros: int
    places: int
    taps: int

    @property
    def window(self) -> int:
        """The size of the window that the phases have."""
        return -(-self.taps // self.stride)

    @property
    def lead(self) -> int:
        """Pixels of a phase that are zeros in all of them; they are left out."""
        return self.zeros // self.stride

    @property
    def count(self) -> int:
        """Pixels of a phase."""
        return max(first + count for first, _, count in map(self.overlap, range(self.stride)))

    @property
    def touched(self) -> bool:
        """Whether each window of a phase has a tap within it."""
        return self.lead < self.window - (self.taps % self.stride > 0)

    def overlap(self, r: int) -> tuple[int, int, int]:
        """The pixels of phase r that a window sees: the first, its place in the image, how many."""
        shift = r - self.zeros % self.stride
        first = int(shift < 0)
        seen = self.places - self.lead - 1 - (r - self.taps) // self.stride
        end = min(seen if r < self.taps else 0, (self.size - 1 - shift) // self.stride + 1)
        return first, self.stride * first + shift, max(0, end - first)


Axes = tuple[Axis, Axis]


def convolution(op: Any, image: Node, weights: Node, shape: Shape) -> Node | None:
    """The results, by Winograd's method; None where the plain sum takes less time."""
    axes = _axes(op, image.shape, weights, shape)
    if axes is None or (tile := _tile(axes, weights.shape[2:], shape[0])) is None:
        return None
    windows = _windows(axes, tile)
    return winograd.convolution(split(image, axes), _phases_of_taps(weights, axes), shape, windows)


def input_gradient(op: Any, y: Node, weights: Node, shape: Shape) -> Node | None:
    """The gradient of images of this shape."""
    axes = _axes(op, shape, weights, y.shape)
    if axes is None or (tile := _tile(axes, weights.shape[2:], shape[0], backward=True)) is None:
        return None
    taps = _phases_of_taps(weights, axes)
    each = shape[0], *(axis.count for axis in axes), taps.shape[2]
    return join(winograd.convolution(y, taps, each, _windows(axes, tile, True), True), axes)


def weight_gradient(op: Any, image: Node, y: Node, weights: Any) -> Node | None:
    """The gradient of weights with the shape and dtype of these."""
    axes, shape = _axes(op, image.shape, weights, y.shape), weights.shape
    if axes is None or (tile := _tile(axes, shape[2:], y.shape[0], gradient=True)) is None:
        return None
    seen = split(image, axes)
    each = axes[0].window, axes[1].window, seen.shape[3], shape[3]
    sums = winograd.weight_gradient(seen, y, each, _windows(axes, tile))
    return _taps_of_phases(sums, axes, shape)


def _axes(op: Any, image: Shape, weights: Any, y: Shape) -> Axes | None:
    """Those of an image; None where the method does not apply."""
    if op.strides == (1, 1) or op.dilation != (1, 1) or op.groups != 1:
        return None
    if weights.dtype != "float32":
        return None
    rows = zip(image[1:3], op.strides, op.padding, y[1:3], weights.shape, strict=False)
    first, second = (
        Axis(size, stride, pads[0], places, taps) for size, stride, pads, places, taps in rows
    )
    if any(max(pads) >= n for pads, n in zip(op.padding, weights.shape, strict=False)):
        return None  # windows beside the image
    return (first, second) if first.touched and second.touched else None


def _windows(axes: Axes, tile: winograd.Pair, backward: bool = False) -> winograd.Windows:
    before = tuple(a.window - 1 - a.lead if backward else a.lead for a in axes)
    strides, taps = tuple(a.stride for a in axes), tuple(a.taps for a in axes)
    return winograd.Windows(tile, before, strides=strides, taps=taps)  # type: ignore[arg-type]


def _tile(
    axes: Axes, sizes: Shape, images: int, backward: bool = False, gradient: bool = False
) -> winograd.Pair | None:
    """The tile of Winograd's method; None where the plain sum takes less time."""
    channels, filters = sizes
    count = math.prod(axis.stride for axis in axes)
    places, window = (axes[0].places, axes[1].places), (axes[0].window, axes[1].window)
    plain = math.prod(axis.places * axis.taps for axis in axes)
    if backward:
        places, channels, filters = (axes[0].count, axes[1].count), filters, channels
    products = math.prod(places) * math.prod(window) * count
    channels, filters = (channels, filters * count) if backward else (channels * count, filters)
    return winograd.choose(
        winograd.Sizes(places, window, (1, 1), channels, filters, images),
        gradient=gradient, seen=plain / products / SLOWER,
    )  # fmt: skip


# Phases


def split(image: Node, axes: Axes) -> Node:
    """The phases of images, side by side as channels; 0 where they have no pixel."""
    boxes = list(_boxes(axes, image.shape))
    pieces = [
        Node.make("slice", (image,), shape, image.dtype, starts=place, steps=steps)
        for shape, place, steps, _ in boxes
    ]
    n, *_, channels = image.shape
    shape = n, axes[0].count, axes[1].count, channels * math.prod(axis.stride for axis in axes)
    return _assembled(shape, pieces, [at for *_, at in boxes], [(1, 1, 1, 1)] * len(boxes))


def join(x: Node, axes: Axes) -> Node:
    """The images that have these phases; 0 where no window sees them."""
    channels = x.shape[3] // math.prod(axis.stride for axis in axes)
    shape = x.shape[0], axes[0].size, axes[1].size, channels
    boxes = list(_boxes(axes, shape))
    pieces = [crop(x, at, box) for box, _, _, at in boxes]
    starts, steps = [place for _, place, _, _ in boxes], [steps for _, _, steps, _ in boxes]
    return _assembled(shape, pieces, starts, steps)


def _boxes(axes: Axes, images: Shape) -> Iterator[tuple[Shape, Shape, Shape, Shape]]:
    """Of each phase: its shape; its place in images, with which steps; its place among phases."""
    n, _, _, channels = images
    rows, columns = axes
    phases = itertools.product(range(rows.stride), range(columns.stride))
    for number, (r, q) in enumerate(phases):
        (i, top, height), (j, left, width) = rows.overlap(r), columns.overlap(q)
        if height and width:
            place, steps = (0, top, left, 0), (1, rows.stride, columns.stride, 1)
            yield (n, height, width, channels), place, steps, (0, i, j, number * channels)


def _assembled(shape: Shape, pieces: list[Node], starts: list[Shape], steps: list[Shape]) -> Node:
    covered = sum(piece.size for piece in pieces) == math.prod(shape)
    return concat(shape, pieces, starts, steps, None if covered else 0)


def _phases_of_taps(weights: Node, axes: Axes) -> Node:
    """[a s + r, b t + q, c, f] as [a, b, (r, q, c), f]."""
    *taps, channels, filters = weights.shape
    (rows, s), (columns, t) = ((axis.window, axis.stride) for axis in axes)
    padded = pad(weights, (0, 0, 0, 0), (rows * s - taps[0], columns * t - taps[1], 0, 0))
    apart = reshape(padded, (rows, s, columns, t, channels, filters))
    return reshape(_turned(apart), (rows, columns, s * t * channels, filters))


def _taps_of_phases(x: Node, axes: Axes, shape: Shape) -> Node:
    """The inverse, for weights of this shape."""
    rows, columns, _, filters = x.shape
    s, t = (axis.stride for axis in axes)
    apart = _turned(reshape(x, (rows, columns, s, t, shape[2], filters)))
    return crop(reshape(apart, (rows * s, columns * t, *shape[2:])), (0, 0, 0, 0), shape)


def _turned(x: Node) -> Node:
    """The second and the third axis swapped."""
    first, second, third, *others = x.shape
    axes = 0, 2, 1, *range(3, len(x.shape))
    return Node.make("transpose", (x,), (first, third, second, *others), x.dtype, axes=axes)
