"""Values of images at other places than their own pixels, as a gather."""

from __future__ import annotations

from collections.abc import Callable

from grafito import graph

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
