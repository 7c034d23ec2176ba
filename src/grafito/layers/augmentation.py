"""Layers that vary images while a model is trained: each example by its own random numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.layers.arguments import channels_last, choice, integer
from grafito.layers.base import check_rank, register
from grafito.layers.regularization import RandomLayer
from grafito.layers.sampling import FILL_MODES, INTERPOLATIONS, pixels, sample

Factor = float | Sequence[float]


class _Augmentation(RandomLayer):
    """What all share: images or one image, changed in training only."""

    def __init__(self, *, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 3:  # one image, or a batch that lacks its channels
            check_rank(self, input_shape, 4, "(batch, height, width, channels)")

    def call(self, inputs: graph.Tensor, training: bool = True) -> graph.Tensor:
        images = graph.cast(inputs, self.dtype)
        if images.ndim == 3:
            return graph.squeeze(self.change(graph.expand_dims(images, 0), training), 0)
        return self.change(images, training)

    def change(self, images: graph.Tensor, training: bool) -> graph.Tensor:
        """The images as they are to be used in training, or otherwise."""
        return self.vary(images) if training else images

    def vary(self, images: graph.Tensor) -> graph.Tensor:
        """The images, each changed at random."""
        raise NotImplementedError

    def between(self, low: float, high: float, images: graph.Tensor) -> graph.Tensor:
        """A random number for each image, shaped to broadcast over rows and columns."""
        shape = (images.shape[0], 1, 1)
        return graph.random.uniform(shape, low, high, dtype=images.dtype, **self.draw())

    def interval(self, name: str, factor: Factor, low: float = -1.0) -> tuple[float, float]:
        """The two ends of a factor: (-f, f) for a number f; from `low` to 1."""
        ends = [-factor, factor] if isinstance(factor, (int, float)) else list(factor)
        if len(ends) != 2 or not all(low <= end <= 1 for end in ends):
            raise ArgumentError(
                f"{type(self).__name__} cannot use this {name!r}.",
                received=f"{name}={factor}",
                expected=f"a number from 0 to {abs(low):g}, or two from {low:g} to 1",
                fix=f"{name}=0.1",
            )
        return min(ends), max(ends)


@register()
class RandomFlip(_Augmentation):
    """In training, each image is mirrored with probability 1/2.

    Args:
        mode: "horizontal", "vertical", or "horizontal_and_vertical": both ways or not at all.
        seed: an integer; by default the next one of the program's stream.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), and the same for the output.

    Example:
        >>> image = [[[[1.0], [2.0]]]]
        >>> RandomFlip("horizontal", seed=1)(image, training=False).numpy().ravel().tolist()
        [1.0, 2.0]
    """

    axes: ClassVar = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (1, 2)}

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.mode = choice(self, "mode", mode, list(self.axes))

    def vary(self, images: graph.Tensor) -> graph.Tensor:
        mirrored = graph.random.bernoulli((images.shape[0], 1, 1, 1), 0.5, **self.draw())
        return graph.where(mirrored, graph.flip(images, self.axes[self.mode]), images)


@register()
class RandomCrop(_Augmentation):
    """In training, a part of each image at a random place; otherwise the part in the middle.

    Args:
        height, width: size of the part.
        seed: an integer; by default the next one of the program's stream.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, rows, columns, channels) to (batch, height, width, channels).

    Raises:
        ShapeError: when an image is smaller than the part.

    Example:
        >>> RandomCrop(1, 2)([[[[1.0], [2.0], [3.0], [4.0]]]], training=False).numpy().ravel()
        array([2., 3.], dtype=float32)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.height = integer(self, "height", height)
        self.width = integer(self, "width", width)

    def change(self, images: graph.Tensor, training: bool) -> graph.Tensor:
        spare = images.shape[1] - self.height, images.shape[2] - self.width
        if min(spare) < 0:
            raise ShapeError(
                f"Layer {self.name!r} (RandomCrop) cannot crop an image that is smaller.",
                received=f"{images.shape[1]} by {images.shape[2]} pixels",
                expected=f"{self.height} by {self.width} or more",
                fix="ZeroPadding2D or UpSampling2D before it",
            )
        if not training:
            top, left = spare[0] // 2, spare[1] // 2
            return images[:, top : top + self.height, left : left + self.width]
        rows = graph.constant([[[i] for i in range(self.height)]])
        columns = graph.constant([[list(range(self.width))]])
        down, right = (self._place(n, images) for n in spare)
        return pixels(images, down + rows, right + columns)

    def _place(self, spare: int, images: graph.Tensor) -> graph.Tensor:
        """A whole number from 0 to `spare` for each image."""
        drawn = graph.cast(graph.floor(self.between(0, spare + 1, images)), "int32")
        return graph.minimum(drawn, spare)  # rounding may reach the upper end


class _Geometric(_Augmentation):
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
