"""Layers that change the size of sequences and images: padding, cropping, up-sampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito import graph
from grafito.errors import ArgumentError, ShapeError
from grafito.layers.arguments import (
    channels_last,
    check_places,
    choice,
    integer,
    integers,
    pairs,
)
from grafito.layers.base import Layer, register
from grafito.layers.sampling import KERNELS, resample

Sides = int | Sequence[int] | Sequence[Sequence[int]]


@register()
class ZeroPadding1D(Layer):
    """Zeros before and after a sequence.

    Args:
        padding: how many at each end, or (before, after).
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, before + steps + after, channels).

    Example:
        >>> ZeroPadding1D((1, 0))([[[1.0], [2.0]]]).numpy().tolist()
        [[[0.0], [1.0], [2.0]]]
    """

    def __init__(
        self, padding: int | Sequence[int] = 1, data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.padding = integers(self, "padding", padding, 2, 0)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 1)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        before, after = self.padding
        return graph.pad(inputs, ((0, 0), (before, after), (0, 0)))


@register()
class ZeroPadding2D(Layer):
    """Zeros around an image.

    Args:
        padding: how many at each side, (vertical, horizontal), or ((top, bottom), (left, right)).
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), with larger height and width for the output.

    Example:
        >>> ZeroPadding2D((0, 1))([[[[5.0]]]]).numpy().tolist()
        [[[[0.0], [5.0], [0.0]]]]
    """

    def __init__(self, padding: Sides = (1, 1), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.padding = pairs(self, "padding", padding)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 2)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return graph.pad(inputs, ((0, 0), *self.padding, (0, 0)))


@register()
class Cropping1D(Layer):
    """A sequence without its ends.

    Args:
        cropping: how many steps to take off at each end, or (before, after).
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, steps - before - after, channels).

    Raises:
        ShapeError: when nothing would be left.

    Example:
        >>> Cropping1D((1, 0))([[[1.0], [2.0]]]).numpy().tolist()
        [[[2.0]]]
    """

    def __init__(self, cropping: int | Sequence[int] = (1, 1), **kwargs: Any):
        super().__init__(**kwargs)
        self.cropping = integers(self, "cropping", cropping, 2, 0)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 1)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return _crop(self, inputs, [self.cropping])


@register()
class Cropping2D(Layer):
    """An image without its margins.

    Args:
        cropping: how much to take off at each side, (vertical, horizontal), or
            ((top, bottom), (left, right)).
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels), with smaller height and width for the output.

    Raises:
        ShapeError: when nothing would be left.

    Example:
        >>> Cropping2D(((0, 0), (1, 0)))([[[[1.0], [2.0]]]]).numpy().tolist()
        [[[[2.0]]]]
    """

    def __init__(
        self, cropping: Sides = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.cropping = pairs(self, "cropping", cropping)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 2)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return _crop(self, inputs, self.cropping)


def _crop(layer: Layer, x: graph.Tensor, sides: Sequence[Sequence[int]]) -> graph.Tensor:
    sizes = x.shape[1:-1]
    if any(sum(side) >= n for side, n in zip(sides, sizes, strict=True)):
        raise ShapeError(
            f"Layer {layer.name!r} ({type(layer).__name__}) would leave nothing of its input.",
            received=f"{sizes} to crop by {tuple(map(tuple, sides))}",
            expected="less than the size along each axis",
        )
    inner = [slice(side[0], n - side[1]) for side, n in zip(sides, sizes, strict=True)]
    return x[slice(None), *inner]


@register()
class UpSampling1D(Layer):
    """Each step several times in a row.

    Args:
        size: how many times.
        kwargs: those of `Layer`.

    Shapes: (batch, steps, channels) to (batch, size * steps, channels).

    Example:
        >>> UpSampling1D(2)([[[1.0], [5.0]]]).numpy().tolist()
        [[[1.0], [1.0], [5.0], [5.0]]]
    """

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = integer(self, "size", size)

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 1)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        return _repeat(inputs, 1, self.size)


@register()
class UpSampling2D(Layer):
    """A larger image: each pixel repeated, or values in between by straight lines.

    With "bilinear", pixel centres are at (i + 1/2) / size, and beyond the outermost the image is
    constant.

    Args:
        size: factor for both axes, or (rows, columns).
        data_format: "channels_last", the only order of axes.
        interpolation: "nearest" or "bilinear".
        kwargs: those of `Layer`.

    Shapes: (batch, height, width, channels) to (batch, rows * height, columns * width, channels).

    Example:
        >>> UpSampling2D((1, 2), interpolation="bilinear")([[[[0.0], [4.0]]]]).numpy().ravel()
        array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.size = integers(self, "size", size, 2)
        self.data_format = channels_last(self, data_format)
        self.interpolation = choice(self, "interpolation", interpolation, list(KERNELS))

    def build(self, input_shape: Any) -> None:
        check_places(self, input_shape, 2)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        for axis, times in zip((1, 2), self.size, strict=True):
            if self.interpolation == "nearest":
                inputs = _repeat(inputs, axis, times)
            else:
                inputs = resample(inputs, axis, times * inputs.shape[axis], self.interpolation)
        return inputs


def _repeat(x: graph.Tensor, axis: int, times: int) -> graph.Tensor:
    """Each element along an axis several times."""
    before, n, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    repeated = graph.broadcast_to(graph.expand_dims(x, axis + 1), (*before, n, times, *after))
    return graph.reshape(repeated, (*before, n * times, *after))


class _Sized(Layer):
    """What both share: a size for images, or for one image alone."""

    def __init__(self, *, height: int, width: int, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.height = integer(self, "height", height)
        self.width = integer(self, "width", width)
        self.data_format = channels_last(self, data_format)

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 3:  # one image, or a batch that lacks its channels
            check_places(self, input_shape, 2)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        images = graph.cast(inputs, self.dtype)
        if images.ndim == 3:
            return graph.squeeze(self.fit(graph.expand_dims(images, 0)), 0)
        return self.fit(images)

    def fit(self, images: graph.Tensor) -> graph.Tensor:
        """The images with this size."""
        raise NotImplementedError

    def share(self, images: graph.Tensor, larger: bool) -> list[int]:
        """Height and width of the asked ratio: the largest inside of the images, or around them."""
        height, width = images.shape[1:3]
        rows, columns = width * self.height // self.width, height * self.width // self.height
        if larger:
            return [max(height, rows), max(width, columns)]
        return [max(min(height, rows), 1), max(min(width, columns), 1)]

    def middle(self, images: graph.Tensor, rows: int, columns: int) -> graph.Tensor:
        """The part of this size in the middle."""
        top, left = (images.shape[1] - rows) // 2, (images.shape[2] - columns) // 2
        return images[:, top : top + rows, left : left + columns]

    def resized(
        self, images: graph.Tensor, interpolation: str, antialias: bool = False
    ) -> graph.Tensor:
        """The images with height and width of the layer."""
        for axis, size in ((1, self.height), (2, self.width)):
            if images.shape[axis] != size:
                images = resample(images, axis, size, interpolation, antialias)
        return images


@register()
class Resizing(_Sized):
    """Images with another height and width.

    Pixel centres are at (i + 1/2) / size; at the borders the pixels that there are count more.

    Args:
        height, width: the size of the output.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: cut what would have to be squeezed.
        pad_to_aspect_ratio: fill up what would have to be stretched.
        fill_mode: "constant", the only way to fill up.
        fill_value: what it is filled with.
        antialias: let each pixel count where the size becomes smaller.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, rows, columns, channels) to (batch, height, width, channels), floating.

    Example:
        >>> Resizing(1, 4)([[[[0.0], [4.0]]]]).numpy().ravel()
        array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(height=height, width=width, data_format=data_format, **kwargs)
        self.interpolation = choice(self, "interpolation", interpolation, list(KERNELS))
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ArgumentError(
                "Resizing keeps the ratio of the sides by cutting or by filling up, not by both.",
                received="crop_to_aspect_ratio=True, pad_to_aspect_ratio=True",
                fix="pad_to_aspect_ratio=False",
            )
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = (
            crop_to_aspect_ratio,
            pad_to_aspect_ratio,
        )
        self.fill_mode = choice(self, "fill_mode", fill_mode, ["constant"])
        self.fill_value, self.antialias = fill_value, antialias

    def fit(self, images: graph.Tensor) -> graph.Tensor:
        if self.crop_to_aspect_ratio:
            images = self.middle(images, *self.share(images, larger=False))
        elif self.pad_to_aspect_ratio:
            spare = [
                b - a for a, b in zip(images.shape[1:3], self.share(images, True), strict=True)
            ]
            sides = [(n // 2, n // 2) for n in spare]
            # Around zeros, so that what is filled up has its own value.
            images = graph.pad(images - self.fill_value, ((0, 0), *sides, (0, 0))) + self.fill_value
        return self.resized(images, self.interpolation, self.antialias)


@register()
class CenterCrop(_Sized):
    """The middle of images; smaller images are enlarged first, with their ratio of the sides.

    Args:
        height, width: the size of the output.
        data_format: "channels_last", the only order of axes.
        kwargs: those of `Layer`.

    Shapes: (batch, rows, columns, channels) to (batch, height, width, channels), floating.

    Example:
        >>> CenterCrop(1, 2)([[[[1.0], [2.0], [3.0], [4.0]]]]).numpy().ravel()
        array([2., 3.], dtype=float32)
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any):
        super().__init__(height=height, width=width, data_format=data_format, **kwargs)

    def fit(self, images: graph.Tensor) -> graph.Tensor:
        if images.shape[1] >= self.height and images.shape[2] >= self.width:
            return self.middle(images, self.height, self.width)
        return self.resized(self.middle(images, *self.share(images, larger=False)), "bilinear")
