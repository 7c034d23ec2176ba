"""What the layers of a network make of one image, and the kernels they do it with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.given import as_numbers, drawn, setting
from grafito.figures.images import Cell, Look, Row, as_images, brightness, draw_rows, in_rows
from grafito.figures.text import number, words
from grafito.graph.nest import flatten

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@drawn
def feature_maps(
    model: Any,
    image: Any,
    *,
    layers: Sequence[str] | None = None,
    most: int = 8,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw the channels that each layer makes of one image, from black (least) to white (most).

    Args:
        model: a model that is built; or activations by name, each (height, width, channels).
        image: as the model takes it, (height, width, channels), without the batch.
        layers: names of layers; by default all whose output is an image.
        most: channels drawn of each layer.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ArgumentError: when no layer has an image as output.

    Example:
        >>> from grafito import Sequential
        >>> from grafito.layers import Conv2D, Input
        >>> model = Sequential([Input((6, 6, 1)), Conv2D(3, 3, name="c")])
        >>> len(feature_maps(model, np.zeros((6, 6, 1))).axes)
        4
    """
    vocabulary = words(lang)
    most = int(setting("most", most, 1, 8))
    picture = as_numbers(image, "image", None)
    taken = None if isinstance(model, Mapping) else getattr(model, "input", None)
    if picture.ndim == len(getattr(taken, "shape", (None,) * 4)):
        raise ShapeError(
            "Feature maps are drawn for one image at a time.",
            where="image",
            received=f"an array of shape {picture.shape}",
            expected=picture.shape[1:],
            fix="images[0], the first one",
        )
    found = model if isinstance(model, Mapping) else _activations(model, picture, layers)
    shown = as_images(picture[None])
    rows = [Row([Cell(shown[0])], vocabulary["image"], brightness(shown))]
    for name, maps in found.items():
        maps = as_numbers(maps, str(name))
        if maps.ndim != 3:
            raise ShapeError(
                "Feature maps are images.",
                where=name,
                received=maps.shape,
                expected="(height, width, channels)",
            )
        low, high = float(maps.min()), float(maps.max())
        count = min(most, maps.shape[2])
        size = " × ".join(map(str, maps.shape))
        span = f"{_tidy(low, lang)} … {_tidy(high, lang)}"
        cells = [Cell(maps[:, :, i]) for i in range(count)]
        rows.append(Row(cells, f"{name}\n{size}\n{span}", (low, high)))
    alt = ", ".join(row.name.replace("\n", " ") for row in rows)
    return draw_rows(rows, title=title, alt=alt)


def _activations(
    model: Any, image: np.ndarray, names: Sequence[str] | None
) -> dict[str, np.ndarray]:
    """The output of layers for one image, by name."""
    from grafito.models import Functional, Model

    if not isinstance(model, Model):
        raise ArgumentError(
            "Feature maps are those of a model.", where="model", received=type(model).__name__
        )
    chosen = [model.get_layer(name) for name in names] if names else list(model.layers)
    outputs = {layer.name: layer.output for layer in chosen}
    if not names:
        outputs = {
            name: symbol
            for name, symbol in outputs.items()
            if hasattr(symbol, "shape") and len(symbol.shape) == 4
        }
    if not outputs:
        raise ArgumentError(
            "No layer of the model has an image as its output.",
            where="model",
            received=", ".join(f"{layer.name} {layer.output.shape}" for layer in chosen),
            expected="an output of shape (batch, height, width, channels)",
        )
    whole = Functional(model.input, list(outputs.values()))
    found: dict[str, np.ndarray] = {}
    before = image
    for name, array in zip(outputs, flatten(whole(image[None])), strict=True):
        maps = np.asarray(array)[0]
        if names or not np.array_equal(
            maps, before.astype(maps.dtype)
        ):  # dropout leaves an image as it is
            found[name] = before = maps
    return found


@drawn
def kernels(
    weights: Any,
    *,
    shape: tuple[int, ...] | None = None,
    most: int = 16,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw weights as images: blue is negative, white is 0, orange is positive.

    Of a convolution a column for each output and a row for each input channel; of a dense layer an
    image for each unit. The numbers that are full blue and full orange stand beside the scale.

    Args:
        weights: a layer with a kernel, or an array (height, width, inputs, outputs) or
            (inputs, units).
        shape: of the inputs of a dense layer, (height, width) or (height, width, 1); by default a
            square, where there are so many.
        most: columns drawn, and half as many rows; of a dense layer, units.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when the weights have another shape.

    Example:
        >>> len(kernels(np.zeros((3, 3, 1, 4))).axes), len(kernels(np.zeros((784, 10))).axes)
        (5, 11)
    """
    most = int(setting("most", most, 1, 16))
    vocabulary = words(lang)
    owned = weights.get_weights() if hasattr(weights, "get_weights") else [weights]
    array = as_numbers(owned[0] if owned else (), "weights")
    if array.ndim == 2 and array.size:
        stack = _units(array, shape)[:most]
        cells = [Cell(image, f"{vocabulary['unit']} {i}") for i, image in enumerate(stack)]
        rows = in_rows(cells)
    elif array.ndim == 4 and array.size:
        inputs, outputs = min(array.shape[2], max(most // 2, 1)), min(array.shape[3], most)
        rows = [
            Row([Cell(array[:, :, i, j]) for j in range(outputs)], f"{vocabulary['input']} {i}")
            for i in range(inputs)
        ]
        for column, cell in enumerate(rows[0].cells):
            cell.title = f"{vocabulary['filter']} {column}"
    else:
        raise ShapeError(
            "The kernels of a convolution must have four axes, those of a dense layer two.",
            where="weights",
            received=array.shape,
            expected="(height, width, inputs, outputs), or (inputs, units)",
        )
    drawn_numbers = [cell.image for row in rows for cell in row.cells]
    reach = float(np.nanmax(np.abs(drawn_numbers))) or 1.0
    for row in rows:
        row.limits = (-reach, reach)
    alt = f"{vocabulary['kernel']} {array.shape}: {_tidy(-reach, lang)} … {_tidy(reach, lang)}"
    return draw_rows(rows, title=title, alt=alt, look=Look(signed=True, scale=True, lang=lang))


def _units(array: np.ndarray, shape: Any) -> np.ndarray:
    """The weights of each unit of a dense layer as an image."""
    inputs = array.shape[0]
    side = math.isqrt(inputs)
    if shape is None and side * side == inputs:
        shape = (side, side)
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else ()
    whole = all(isinstance(n, (int, np.integer)) and n > 0 for n in sizes)
    if not (whole and len(sizes) in (2, 3) and math.prod(sizes) == inputs and (*sizes, 1)[2] == 1):
        raise ShapeError(
            "The inputs of a dense layer are an image of as many pixels.",
            where="shape",
            received=repr(shape),
            expected=f"(height, width) of {inputs} pixels",
            fix=f"shape=(1, {inputs})",
        )
    return array.T.reshape(-1, *sizes[:2])


def _tidy(x: float, lang: str | None) -> str:
    return number(x, 2, lang)
