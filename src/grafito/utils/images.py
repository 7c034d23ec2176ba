"""Pictures in files as arrays, and back. They are read and written by Pillow."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, DataError, FileError, ShapeError, unknown_name

MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A picture from a file, as an image of Pillow.

    Args:
        path: of the file.
        color_mode: "rgb", "rgba" or "grayscale".
        target_size: (height, width), or None for that of the picture.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: cut the middle out where the ratio of the sides is another.

    Raises:
        FileError: where there is no such file.
        DataError: for a file that is no picture, or a broken one; it is named.

    Example:
        >>> save_img("point.png", np.zeros((2, 3, 1)), scale=False)
        >>> img_to_array(load_img("point.png")).shape
        (2, 3, 3)
    """
    from PIL import Image

    if color_mode not in MODES:
        raise unknown_name("color_mode", color_mode, MODES)
    ways = {way.name.lower(): way for way in Image.Resampling}
    if interpolation not in ways:
        raise unknown_name("interpolation", interpolation, ways)
    try:
        with Image.open(path) as file:
            image = file.convert(MODES[color_mode])
    except FileNotFoundError:
        raise FileError("There is no such file.", where=path) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(
            "A picture cannot be read.",
            where=path,
            received=str(error)[:200],
            expected="a whole picture: .png, .jpg, .bmp or .gif",
            fix="another copy of the file, or leave it out",
        ) from error
    if target_size is None or image.size == tuple(target_size)[::-1]:
        return image
    height, width = target_size
    box = None
    if keep_aspect_ratio:
        wide = max(min(image.width, image.height * width // height), 1)
        high = max(min(image.height, image.width * height // width), 1)
        left, top = (image.width - wide) // 2, (image.height - high) // 2
        box = (left, top, left + wide, top + high)
    return image.resize((width, height), ways[interpolation], box)


def img_to_array(img: Any, data_format: str | None = None, dtype: str | None = None) -> np.ndarray:
    """An image of Pillow as an array of shape (height, width, channels), float32.

    Args:
        img: the image.
        data_format: "channels_last", the only order of axes.
        dtype: element type.

    Example:
        >>> from PIL import Image
        >>> img_to_array(Image.new("L", (3, 2))).shape
        (2, 3, 1)
    """
    _channels_last(data_format)
    array = np.asarray(img, dtype or "float32")
    return array[..., None] if array.ndim == 2 else array


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: str | None = None
) -> Any:
    """An array of shape (height, width, channels) as an image of Pillow.

    Args:
        x: the array, of 1, 3 or 4 channels.
        data_format: "channels_last", the only order of axes.
        scale: spread the numbers over 0 to 255; otherwise they are taken as they are.
        dtype: of the numbers while they are spread.

    Raises:
        ShapeError: for another number of axes or channels.

    Example:
        >>> array_to_img(np.zeros((2, 3, 1))).size
        (3, 2)
    """
    from PIL import Image

    _channels_last(data_format)
    array = np.array(x, dtype or "float32")
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise ShapeError(
            "A picture is an array of height, width and 1, 3 or 4 channels.",
            where="array_to_img",
            received=array.shape,
            fix="x[0] for the first of a batch, x[..., None] for one channel",
        )
    if scale:
        array = array - array.min()
        array = array / (array.max() or 1) * 255
    array = np.clip(array, 0, 255).astype("uint8")
    return Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as a picture.

    Args:
        path: of the file; its ending says the format.
        x: the array, shape (height, width, channels).
        data_format: "channels_last", the only order of axes.
        file_format: in place of the ending.
        scale: spread the numbers over 0 to 255.
        kwargs: for Pillow's `save`.

    Example:
        >>> save_img("noise.png", np.random.default_rng(0).random((8, 8, 3)))
    """
    image = array_to_img(x, data_format, scale)
    jpeg = str(file_format or os.fspath(path)).lower().endswith(("jpg", "jpeg"))
    if jpeg and image.mode == "RGBA":
        image = image.convert("RGB")
    file_format = "jpeg" if file_format == "jpg" else file_format
    image.save(path, file_format, **kwargs)


def _channels_last(data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ArgumentError(
            "Images have their channels last.",
            received=f"data_format={data_format!r}",
            fix="data_format='channels_last'",
        )
