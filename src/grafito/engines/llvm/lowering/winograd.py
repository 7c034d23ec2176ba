"""Winograd's convolutions: which tiles, with which matrices, and when they pay.

A tile of m x m results of a window of r x r takes (m + r - 1)^2 products for each pair of channels
instead of m^2 r^2: Y = A'[(G g G') * (B' d B)]A, summed over the channels between A' and A
(Lavin and Gray 2016, "Fast algorithms for convolutional neural networks"). The matrices are those
of Toom and Cook for a few points and infinity. The gradient of the kernel is the transpose:
G'[(A dY A') * (B' d B)]G, summed over tiles and images.

Sums and differences lose digits. With 4 points the results are as exact as those of the plain sum;
with 6 points that depends on which they are (Barabasz and others 2020, "Error analysis and
improving the accuracy of Winograd convolution for deep neural networks"): with 0, +-5/8, +-3/2 the
error is about twice that of the plain sum, with the usual 0, +-1, +-2 four times. To first order,
for C channels and u = 2^-24, no input makes it larger than

    (C + 6 points) u |A'|[(|G||g||G'|) * (|B'||d||B|)]|A|.

Only float32 is computed in this way; where the inputs are bfloat16 they are widened.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grafito.engines.llvm.ir.nodes import Node, Shape

POINTS = {1: (), 4: (0, 1, -1), 6: (0, 5 / 8, -5 / 8, 3 / 2, -3 / 2)}  # by their number, with ∞
PANEL = 16  # filters whose transformed weights lie next to each other

Matrix = tuple[tuple[float, ...], ...]
Pair = tuple[int, int]


@functools.cache
def matrices(tile: int, size: int) -> tuple[Matrix, Matrix, Matrix]:
    """A', G and B' for a tile of results and a window along one axis."""
    points = np.array(POINTS[tile + size - 1], float)

    def powers(count: int) -> np.ndarray:
        infinite = [0.0] * (count - 1) + [1.0]
        return np.array([*([p**j for j in range(count)] for p in points), infinite])

    rows = []
    for p in points:  # the polynomial that is 1 there and 0 at the others
        others = points[points != p]
        rows.append([*np.poly(others)[::-1] / np.prod(p - others), 0.0])
    rows.append([*np.atleast_1d(np.poly(points))[::-1]])
    data, weights = np.array(rows, float), powers(size)
    for row, weight in zip(data, weights, strict=True):  # many factors become 1
        scale = [x for x in (*row[1::2], *row[::2]) if x][-1]
        row /= scale
        weight *= scale
    return _rows(powers(tile).T), _rows(weights), _rows(data)


def _rows(matrix: np.ndarray) -> Matrix:
    return tuple(tuple(float(x) for x in row) for row in matrix)


def transposed(matrix: Matrix) -> Matrix:
    """Columns as rows."""
    return tuple(zip(*matrix, strict=True))


def points(tile: Pair, size: Pair) -> Pair:
    """How many points along both axes."""
    return tile[0] + size[0] - 1, tile[1] + size[1] - 1


def tiles(places: Sequence[int], tile: Pair, dilation: Pair) -> int:
    """How many tiles cover the results of an image: a tile has every `dilation`-th of them."""
    both = zip(places, tile, dilation, strict=True)
    return math.prod(min(n, d) * -(-n // (m * d)) for n, m, d in both)


@dataclass(frozen=True)
class Sizes:
    """Those of a convolution.

    Attributes:
        places: results along the two axes.
        window: of the sums.
        dilation: of the window.
        channels: summed for a result.
        filters: results at a place.
        images: in the batch.
    """

    places: Sequence[int]
    window: Pair
    dilation: Pair
    channels: int
    filters: int
    images: int


def choose(
    sizes: Sizes, products: float = 1, gradient: bool = False, seen: float = 1
) -> Pair | None:
    """The tile that needs the fewest cycles; None where the plain sum needs fewer.

    Args:
        sizes: of the convolution.
        products: how many the plain sum makes while float32 makes one.
        gradient: whether the kernel's gradient is asked for; its transforms are faster.
        seen: the share of the rows of all windows that are no padding: the plain sum skips others.
    """
    places, size, channels, filters = sizes.places, sizes.window, sizes.channels, sizes.filters
    blocks = -(-sizes.images // 16)
    plain = blocks * math.prod(places) * math.prod(size) * channels * filters / 2
    plain *= 1.2 * seen / products  # its loads and its ends take a sixth of the time
    of_image, of_result = (5, 2) if gradient else (10, 3)  # cycles for an element of a transform
    if gradient:
        filters = -(-filters // PANEL) * PANEL
    options: list[tuple[float, Pair]] = []
    steps = [
        [a - r + 1 for a in ((1,) if r == 1 else (4, 6)) if a - r >= 1 or r == 1] for r in size
    ]
    for m, n in itertools.product(*steps):
        count = math.prod(points((m, n), size))
        each = channels * filters / 2 + of_image * channels + of_result * filters
        weights_cost = (
            count * channels * filters * (2 if products > 1 else 1 / 8)
        )  # memory decides then
        options.append(
            (blocks * tiles(places, (m, n), sizes.dilation) * count * each + weights_cost, (m, n))
        )
    cycles, tile = min(options, default=(math.inf, (1, 1)))
    return tile if max(size) > 1 and cycles < plain else None


def transform_weights(weights: Node, tile: Pair, backward: bool) -> Node:
    """G g G' for each pair of channels, [panel][point][summed channel][PANEL]."""
    size = weights.shape[:2]
    in_channels, out_channels = weights.shape[2:] if not backward else weights.shape[:1:-1]
    shape = (-(-out_channels // PANEL), math.prod(points(tile, size)), in_channels, PANEL)  # type: ignore[arg-type]
    return Node.make(
        "winograd_weights", (weights,), shape, "float32", tile=tile, window=size, backward=backward
    )


@dataclass(frozen=True)
class Windows:
    """How the windows of a convolution lie in the images.

    Attributes:
        tile: of the results.
        before: rows and columns of zeros above and to the left, in steps of the dilation.
        dilation: of the window along both axes.
        strides: of the convolution whose phases the channels are, or on the way back the filters.
        taps: the size of its window, where that is another one.
    """

    tile: Pair
    before: Pair
    dilation: Pair = (1, 1)
    strides: Pair = (1, 1)
    taps: Pair | None = None

    def attributes(self, size: Pair) -> dict[str, Pair]:
        """Those of a node, for windows of a size."""
        return dataclasses.asdict(self) | {"window": size, "taps": self.taps or size}


def convolution(
    image: Node, weights: Node, shape: Shape, windows: Windows, backward: bool = False
) -> Node:
    """Results at i, j from the image at i + d (a - before), j + d (b - before); zeros around it.

    Args:
        image: what is seen.
        weights: the weights.
        shape: of the results.
        windows: with the dilation d.
        backward: for the input gradient; the weights are flipped and their channels swapped.
    """
    inputs = image, transform_weights(weights, windows.tile, backward)
    attributes = windows.attributes(weights.shape[:2])  # type: ignore[arg-type]
    return Node.make("winograd", inputs, shape, "float32", **attributes, of_filters=backward)


def weight_gradient(image: Node, y: Node, shape: Shape, windows: Windows) -> Node:
    """The gradient of a kernel of this shape."""
    size, tile = shape[:2], windows.tile
    count = math.prod(points(tile, size))  # type: ignore[arg-type]
    vectors = tiles(y.shape[1:3], tile, windows.dilation) * -(-y.shape[0] // 16)
    most = math.isqrt(SUMS // (4 * count)) // PANEL * PANEL
    rows, columns = (_split(n, most, step) for n, step in zip(shape[2:], (1, PANEL), strict=True))
    slices = max(1, min(PARTS // (rows[0] * columns[0]), vectors // STEP))
    all_sums = slices, rows[0], columns[0], count, rows[1], columns[1]  # a part lies together
    attributes = windows.attributes(size)  # type: ignore[arg-type]
    sums = Node.make("winograd_sums", (image, y), all_sums, image.dtype, **attributes)
    return Node.make(
        "winograd_weight_gradient", (sums,), shape, image.dtype, tile=tile, window=size
    )


def _split(size: int, most: int, step: int) -> Pair:
    """How many parts an axis of a kernel is cut into, and how long each is: multiples of `step`."""
    count = -(-size // most)
    return count, -(-size // (count * step)) * step


SUMS = 600_000  # bytes of a part of a kernel's gradient, at all points
PARTS = 16  # of the work on a kernel's gradient, at least, where there is enough of it
STEP = 4  # tiles of some images that are seen together
