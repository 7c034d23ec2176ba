"""Values of images at other places than their own pixels, as a gather."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from grafito import graph
from grafito.errors import ShapeError

INTERPOLATIONS = ("bilinear", "nearest")


def _clamp(index: graph.Tensor, size: int) -> graph.Tensor:
    return graph.clip(index, 0, size - 1)


def _wrap(index: graph.Tensor, size: int) -> graph.Tensor:
    return graph.mod(index, size)


def _reflect(index: graph.Tensor, size: int) -> graph.Tensor:
    place = graph.mod(index, 2 * size)  # there and back again: d c b a | a b c d | d c b a
    return graph.minimum(place, 2 * size - 1 - place)


# What an index outside of 0 to size - 1 stands for.
FILL_MODES: dict[str, Callable[[graph.Tensor, int], graph.Tensor]] = {
    "constant": _clamp,
    "nearest": _clamp,
    "reflect": _reflect,
    "wrap": _wrap,
}


def pixels(images: graph.Tensor, rows: graph.Tensor, columns: graph.Tensor) -> graph.Tensor:
    """The pixels of each image at whole rows and columns.

    Args:
        images: shape (batch, height, width, channels).
        rows: integers inside of the image; with the columns they broadcast to (batch, new height,
            new width).
        columns: likewise.

    Returns:
        Shape (batch, new height, new width, channels).
    """
    batch, height, width, channels = images.shape
    first = graph.constant([[[n * height * width]] for n in range(batch)])
    flat = graph.reshape(images, (batch * height * width, channels))
    return graph.take(flat, first + rows * width + columns)


def sample(
    images: graph.Tensor,
    rows: graph.Tensor,
    columns: graph.Tensor,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
) -> graph.Tensor:
    """The images at fractional rows and columns.

    Args:
        images: shape (batch, height, width, channels), floating.
        rows: places along the height, shape (batch, new height, new width).
        columns: places along the width, likewise.
        interpolation: "nearest" (a half goes away from 0), or "bilinear".
        fill_mode: one of FILL_MODES, for what lies outside.
        fill_value: the value outside for "constant".

    Returns:
        Shape (batch, new height, new width, channels).
    """

    def at(i: graph.Tensor, j: graph.Tensor) -> graph.Tensor:
        return _at(images, i, j, fill_mode, fill_value)

    if interpolation == "nearest":
        return at(_nearest(rows), _nearest(columns))
    i, j = graph.floor(rows), graph.floor(columns)
    down, right = graph.expand_dims(rows - i, -1), graph.expand_dims(columns - j, -1)
    upper = at(i, j) * (1 - right) + at(i, j + 1) * right
    lower = at(i + 1, j) * (1 - right) + at(i + 1, j + 1) * right
    return upper * (1 - down) + lower * down


def _nearest(places: graph.Tensor) -> graph.Tensor:
    return graph.sign(places) * graph.floor(graph.abs(places) + 0.5)


def _at(
    images: graph.Tensor,
    rows: graph.Tensor,
    columns: graph.Tensor,
    fill_mode: str,
    fill_value: float,
) -> graph.Tensor:
    height, width = images.shape[1:3]
    fix = FILL_MODES[fill_mode]
    found = pixels(
        images,
        graph.cast(fix(rows, height), "int32"),
        graph.cast(fix(columns, width), "int32"),
    )
    if fill_mode != "constant":
        return found
    inside = graph.logical_and(
        graph.logical_and(rows >= 0, rows <= height - 1),
        graph.logical_and(columns >= 0, columns <= width - 1),
    )
    return graph.where(graph.expand_dims(inside, -1), found, fill_value)


def _lanczos(radius: int, x: float) -> float:
    turn = math.pi * x
    return radius * math.sin(turn) * math.sin(turn / radius) / turn**2 if x > 1e-3 else 1.0


def _cubic(x: float) -> float:
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return ((-0.5 * x + 2.5) * x - 4) * x + 2


# How far a kernel reaches, and what a pixel at this distance counts.
KERNELS: dict[str, tuple[int, Callable[[float], float]]] = {
    "nearest": (0, lambda x: 1.0),
    "bilinear": (1, lambda x: 1 - x),
    "bicubic": (2, _cubic),
    "lanczos3": (3, lambda x: _lanczos(3, x)),
    "lanczos5": (5, lambda x: _lanczos(5, x)),
}


def resample(
    x: graph.Tensor, axis: int, size: int, interpolation: str, antialias: bool = False
) -> graph.Tensor:
    """A tensor with another number of elements along an axis, those of evenly spread places.

    The centre of element i lies at (i + 1/2) / size; the shares of those near it sum to 1.

    Args:
        x: a floating tensor.
        axis: which is to change.
        size: the new number.
        interpolation: one of KERNELS.
        antialias: make the kernel wider where the size becomes smaller.

    Source: Keys, "Cubic convolution interpolation for digital image processing", 1981.
    """
    old, (radius, kernel) = x.shape[axis], KERNELS[interpolation]
    if not old:
        raise ShapeError("An image without pixels has no other size.", received=x.shape)
    wide = max(old / size, 1.0) if antialias else 1.0
    places: list[list[tuple[int, float]]] = []
    for i in range(size):
        centre = (i + 0.5) * old / size - 0.5
        if not radius:
            places.append([(min(math.floor(centre + 0.5), old - 1), 1.0)])
            continue
        first, last = math.ceil(centre - radius * wide), math.floor(centre + radius * wide)
        near = [
            (j, kernel(abs(centre - j) / wide))
            for j in range(max(first, 0), min(last, old - 1) + 1)
        ]
        total = sum(share for _, share in near)
        places.append([(j, share / total) for j, share in near if share])
    parts = []
    for k in range(max(map(len, places))):
        taps = [row[k] if k < len(row) else (row[0][0], 0.0) for row in places]
        part = graph.take(x, [j for j, _ in taps], axis)
        if radius:
            share = graph.constant([s for _, s in taps], x.dtype)
            part = part * graph.reshape(share, (-1, *[1] * (x.ndim - axis - 1)))
        parts.append(part)
    return functools.reduce(graph.add, parts)
