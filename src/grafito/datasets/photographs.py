"""A photograph of a digit as MNIST would hold it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from grafito.errors import DataError, FileError
from grafito.language import message

__all__ = ["digits_like"]

SIDE, BOX = 28, 20  # of the image, and of the square that the digit fills
STROKE = 2.3  # pixels, the width of a line in MNIST
SPECK = 0.08  # share of the largest piece, below which a piece is dirt
CONTRAST = 0.06  # of the whole scale, below which nothing is to be seen
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def digits_like(image: Any) -> np.ndarray:
    """Turn a photograph or a scan of one digit into what `mnist.load_data` gives.

    The light is evened out, dark ink on light paper is inverted, dirt is left out, and the digit is
    cut out, scaled to 20 x 20 and placed by its centre of mass, as MNIST was made.

    Args:
        image: a file, or an array (height, width) or (height, width, 1, 3 or 4), of integers
            from 0 to 255 or of floats from 0 to 1.

    Returns:
        The image (28, 28) of uint8: background 0, ink up to 255. A model that was trained on
        `x_train / 255` takes `digits_like(image)[None] / 255`.

    Raises:
        DataError: for what is no image, or shows nothing.
        FileError: for a file that cannot be read.

    Source: LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/

    Example:
        >>> photo = np.full((200, 160), 0.9)
        >>> photo[40:160, 70:80] = 0.2  # a one
        >>> digit = digits_like(photo)
        >>> digit.shape, bool(digit[14, 14] > 200), int(digit[0, 0])
        ((28, 28), True, 0)
    """
    ink = _ink(_grey(image))
    mask = _without_specks(ink > 0.5 * np.percentile(ink[ink > _threshold(ink)], 90))
    ink = np.where(_near(mask), ink, 0.0)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ink = _as_thick(ink / ink.max(), BOX / max(ink.shape))
    scale = BOX / max(ink.shape)
    sizes = [max(1, round(scale * size)) for size in ink.shape]
    small = _averages(ink.shape[0], sizes[0]) @ ink @ _averages(ink.shape[1], sizes[1]).T
    return np.round(255 * _centred(np.clip(small / np.percentile(small, 97), 0, 1))).astype("uint8")


def _grey(image: Any) -> np.ndarray:
    """The image as one channel of floats from 0 to 1."""
    if isinstance(image, (str, os.PathLike)):
        from matplotlib.image import imread

        try:
            image = imread(os.fspath(image))
        except (OSError, ValueError, SyntaxError) as error:
            raise FileError(
                "The file cannot be read as an image.", where=image, received=str(error)
            ) from error
    array = np.asarray(image)
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4) or array.dtype.kind not in "buif":
        raise DataError(
            "An image has rows, columns and 1, 3 or 4 channels.",
            where="image",
            received=f"shape {array.shape}, dtype {array.dtype}",
            expected=message("one image, not several"),
        )
    scale = 255.0 if array.dtype.kind in "ui" or array.max(initial=0) > 1 else 1.0
    array = array.astype(np.float64).reshape(*array.shape[:2], channels) / scale
    if not np.isfinite(array).all():
        raise DataError("The image contains non-finite values.", where="image")
    if channels == 4:  # what is transparent is paper
        opaque = array[..., 3:]
        array = array[..., :3] * opaque + 1 - opaque
    return array @ GREY if array.shape[2] == 3 else array[..., 0]


def _ink(grey: np.ndarray) -> np.ndarray:
    """How far each pixel differs from the paper, where the light may fall from one side."""
    from scipy.ndimage import uniform_filter

    height, width = grey.shape
    if min(height, width) < 4:
        raise DataError("The image is too small.", where="image", received=f"shape {grey.shape}")
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    near = max(1, min(height, width) // 12)
    edge = np.ones(grey.shape, bool)
    edge[near:-near, near:-near] = False
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    kept = edge & (np.abs(grey - np.median(grey[edge])) <= 0.25)  # a digit may reach the edge
    paper = terms @ np.linalg.lstsq(terms[kept], grey[kept], rcond=None)[0]
    ink = paper - grey
    calm = uniform_filter(ink, max(3, min(height, width) // 60))  # without single pixels of noise
    dark, light = calm.max(), -calm.min()
    ink = np.maximum(ink if dark >= light else -ink, 0)
    if max(dark, light) < max(CONTRAST, 5 * np.abs(ink[kept]).mean()):
        raise DataError(
            "There is no digit to be seen in the image.",
            where="image",
            received=f"a contrast of {100 * max(dark, light):.1f} %",
            fix="more light, a thicker pen, nothing else in the picture",
        )
    return ink


def _threshold(values: np.ndarray) -> float:
    """The threshold between two kinds of pixels that tells them apart best (Otsu 1979)."""
    counts, edges = np.histogram(values, 128)
    middles = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above = np.maximum(below[-1] - below, 1)
    between = below * above * (sums / np.maximum(below, 1) - (sums[-1] - sums) / above) ** 2
    return float(middles[between.argmax()])


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """The pieces that are large enough to be of the digit."""
    from scipy.ndimage import label

    pieces, count = label(mask, np.ones((3, 3)))
    sizes = np.bincount(pieces.reshape(-1), minlength=count + 1)
    sizes[0] = 0
    return sizes[pieces] > SPECK * sizes.max()


def _near(mask: np.ndarray) -> np.ndarray:
    """The mask with a margin, in which lines fade out."""
    from scipy.ndimage import binary_dilation

    return binary_dilation(mask, iterations=max(1, max(mask.shape) // 100))


def _as_thick(ink: np.ndarray, scale: float) -> np.ndarray:
    """The digit with lines as thick as those of MNIST, where they are thinner once it is small."""
    from scipy.ndimage import binary_erosion, grey_dilation

    solid = ink > 0.5
    edge = max(1, int((solid & ~binary_erosion(solid)).sum()))
    lacking = round(STROKE / scale - 2 * solid.sum() / edge)
    if lacking < 2:
        return ink
    return grey_dilation(np.pad(ink, lacking // 2), size=(lacking, lacking))


def _averages(n: int, m: int) -> np.ndarray:
    """The matrix (m, n) that averages n pixels over m equal parts, or stretches them."""
    ends = np.arange(m + 1) * n / m
    pixels = np.arange(n)
    overlap = np.minimum(ends[1:, None], pixels + 1) - np.maximum(ends[:-1, None], pixels)
    weights = np.maximum(overlap, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def _centred(small: np.ndarray) -> np.ndarray:
    """The digit on the empty image, its centre of mass in the middle as far as there is room."""
    whole = np.zeros((SIDE, SIDE))
    place = []
    for axis, size in enumerate(small.shape):
        mass = small.sum(axis=1 - axis)
        centre = float(mass @ np.arange(size) / mass.sum())
        place.append(min(max(0, round((SIDE - 1) / 2 - centre)), SIDE - size))
    whole[place[0] : place[0] + small.shape[0], place[1] : place[1] + small.shape[1]] = small
    return whole


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
