"""Layers that vary images while a model is trained: each example by its own random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.layers.arguments import channels_last, choice, integer
from grafito.layers.base import check_rank, register
from grafito.layers.regularization import RandomLayer
from grafito.layers.sampling import pixels

Factor = float | Sequence[float]


class Augmentation(RandomLayer):
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
                expected=f"a number from 0 to {abs(low) or 1:g}, or two from {low:g} to 1",
                fix=f"{name}=0.1",
            )
        return min(ends), max(ends)


@register()
class RandomFlip(Augmentation):
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
class RandomCrop(Augmentation):
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


class _Recoloring(Augmentation):
    """What both share: a factor, and the range in which numbers stay."""

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, **kwargs)
        self.factor = factor
        self.ends = self.interval("factor", factor, self.lowest)
        good = isinstance(value_range, (list, tuple)) and len(value_range) == 2
        if not good or not all(isinstance(v, (int, float)) for v in value_range):
            raise ArgumentError(
                f"{type(self).__name__} cannot use this 'value_range'.",
                received=f"value_range={value_range!r}",
                expected="the lowest and the highest number of a pixel",
                fix="value_range=(0, 255)",
            )
        self.value_range = sorted(value_range)

    lowest: ClassVar = -1.0

    def vary(self, images: graph.Tensor) -> graph.Tensor:
        drawn = graph.expand_dims(self.between(*self.ends, images), -1)
        return graph.clip(self.recolor(images, drawn), *self.value_range)

    def recolor(self, images: graph.Tensor, drawn: graph.Tensor) -> graph.Tensor:
        """The images changed by the number that was drawn for each."""
        raise NotImplementedError


@register()
class RandomContrast(_Recoloring):
    """In training, pixels move away from the mean of their channel, or towards it.

    A pixel x becomes (x - mean) c + mean, with c from 1 - f to 1 + f drawn for each image.

    Args:
        factor: f, from 0 to 1, or (below, above) for c from 1 - below to 1 + above.
        value_range: the lowest and the highest number of a pixel; what leaves it is cut.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), and the same for the output.

    Example:
        >>> image = [[[[10.0], [20.0]]]]
        >>> RandomContrast(0.5)(image, training=False).numpy().ravel().tolist()
        [10.0, 20.0]
    """

    lowest = 0.0

    def interval(self, name: str, factor: Factor, low: float = -1.0) -> tuple[float, float]:
        pair = factor if isinstance(factor, (list, tuple)) else (factor, factor)
        below, above = super().interval(name, pair, low)
        return 1 - below, 1 + above

    def recolor(self, images: graph.Tensor, drawn: graph.Tensor) -> graph.Tensor:
        mean = graph.mean(images, (1, 2), keepdims=True)
        return (images - mean) * drawn + mean


@register()
class RandomBrightness(_Recoloring):
    """In training, a number drawn for each image is added to all its pixels.

    Args:
        factor: f, from 0 to 1, for a number from -f to f times the width of `value_range`; or its
            two ends, from -1 to 1.
        value_range: the lowest and the highest number of a pixel; what leaves it is cut.
        seed: an integer; by default the next one of the program's stream.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), and the same for the output.

    Example:
        >>> RandomBrightness((0.1, 0.1), (0, 1))([[[[0.5], [1.0]]]], training=True).numpy().ravel()
        array([0.6, 1. ], dtype=float32)
    """

    def recolor(self, images: graph.Tensor, drawn: graph.Tensor) -> graph.Tensor:
        return images + drawn * float(self.value_range[1] - self.value_range[0])
