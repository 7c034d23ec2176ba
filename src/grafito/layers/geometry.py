"""Augmentation that moves, turns and scales images."""

from __future__ import annotations

import math
from typing import Any

from grafito import graph
from grafito.layers.arguments import choice
from grafito.layers.augmentation import Augmentation, Factor
from grafito.layers.base import register
from grafito.layers.sampling import FILL_MODES, INTERPOLATIONS, sample


class _Geometric(Augmentation):
    """What layers share that take each pixel from another place of the image."""

    def __init__(
        self,
        *,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.fill_mode = choice(self, "fill_mode", fill_mode, list(FILL_MODES))
        self.interpolation = choice(self, "interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value

    def sample(self, images: graph.Tensor, rows: Any, columns: Any) -> graph.Tensor:
        """The images at fractional places, one for each pixel of the result."""
        shape = images.shape[:3]
        rows, columns = graph.broadcast_to(rows, shape), graph.broadcast_to(columns, shape)
        return sample(images, rows, columns, self.interpolation, self.fill_mode, self.fill_value)


def _grid(images: graph.Tensor) -> tuple[graph.Tensor, graph.Tensor]:
    """The row and the column of each pixel, shaped to broadcast over a batch."""
    rows = graph.constant([[[float(i)] for i in range(images.shape[1])]], images.dtype)
    return rows, graph.constant([[[float(j) for j in range(images.shape[2])]]], images.dtype)


@register()
class RandomTranslation(_Geometric):
    """In training, each image is moved by a random part of its height and width.

    Args:
        height_factor: part of the height, downwards: f for -f to f, or (lowest, highest).
        width_factor: part of the width, to the right, likewise.
        fill_mode: what lies outside: "reflect", "wrap", "nearest", or "constant".
        interpolation: "bilinear" or "nearest".
        seed: an integer; by default the next one of the program's stream.
        fill_value: the value outside for "constant".
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), and the same for the output.

    Example:
        >>> move = RandomTranslation(0, (0.5, 0.5), fill_mode="constant")
        >>> move([[[[1.0], [2.0]]]], training=True).numpy().ravel().tolist()
        [0.0, 1.0]
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            fill_mode=fill_mode,
            interpolation=interpolation,
            seed=seed,
            fill_value=fill_value,
            data_format=data_format,
            **kwargs,
        )
        self.height_factor, self.width_factor = height_factor, width_factor
        self.heights = self.interval("height_factor", height_factor)
        self.widths = self.interval("width_factor", width_factor)

    def vary(self, images: graph.Tensor) -> graph.Tensor:
        rows, columns = _grid(images)
        down = self.between(*self.heights, images) * float(images.shape[1])
        right = self.between(*self.widths, images) * float(images.shape[2])
        return self.sample(images, rows - down, columns - right)


@register()
class RandomRotation(_Geometric):
    """In training, each image is turned about its centre by a random angle.

    Args:
        factor: part of a full turn: f for -f to f, or (lowest, highest); 0.1 is 36 degrees.
        fill_mode: what lies outside: "reflect", "wrap", "nearest", or "constant".
        interpolation: "bilinear" or "nearest".
        seed: an integer; by default the next one of the program's stream.
        fill_value: the value outside for "constant".
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), and the same for the output.

    Example:
        >>> turn = RandomRotation((0.25, 0.25))
        >>> image = [[[[1.0], [2.0]], [[3.0], [4.0]]]]
        >>> print(turn(image, training=True).numpy()[0, :, :, 0].round(3))
        [[2. 4.]
         [1. 3.]]
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            fill_mode=fill_mode,
            interpolation=interpolation,
            seed=seed,
            fill_value=fill_value,
            data_format=data_format,
            **kwargs,
        )
        self.factor = factor
        self.turns = self.interval("factor", factor)

    def vary(self, images: graph.Tensor) -> graph.Tensor:
        rows, columns = _grid(images)
        middle_row, middle_column = (images.shape[1] - 1) / 2, (images.shape[2] - 1) / 2
        angle = self.between(*self.turns, images) * (2 * math.pi)
        cos, sin = graph.cos(angle), graph.sin(angle)
        y, x = rows - middle_row, columns - middle_column
        return self.sample(
            images, cos * y + sin * x + middle_row, cos * x - sin * y + middle_column
        )


@register()
class RandomZoom(_Geometric):
    """In training, each image is enlarged or reduced about its centre.

    Args:
        height_factor: f for -f to f, or (lowest, highest); -0.1 shows 90 % of the height, larger,
            and 0.1 shows 110 %, smaller.
        width_factor: likewise; by default the same number as for the height.
        fill_mode: what lies outside: "reflect", "wrap", "nearest", or "constant".
        interpolation: "bilinear" or "nearest".
        seed: an integer; by default the next one of the program's stream.
        fill_value: the value outside for "constant".
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), and the same for the output.

    Example:
        >>> zoom = RandomZoom((-0.5, -0.5))
        >>> zoom([[[[0.0], [2.0]], [[0.0], [2.0]]]], training=True).numpy()[0, 0].ravel().tolist()
        [0.5, 1.5]
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            fill_mode=fill_mode,
            interpolation=interpolation,
            seed=seed,
            fill_value=fill_value,
            data_format=data_format,
            **kwargs,
        )
        self.height_factor, self.width_factor = height_factor, width_factor
        self.heights = self.interval("height_factor", height_factor)
        both = height_factor if width_factor is None else width_factor
        self.widths = self.interval("width_factor", both)

    def vary(self, images: graph.Tensor) -> graph.Tensor:
        rows, columns = _grid(images)
        middle_row, middle_column = (images.shape[1] - 1) / 2, (images.shape[2] - 1) / 2
        height = width = 1 + self.between(*self.heights, images)
        if self.width_factor is not None:
            width = 1 + self.between(*self.widths, images)
        return self.sample(
            images,
            height * (rows - middle_row) + middle_row,
            width * (columns - middle_column) + middle_column,
        )
