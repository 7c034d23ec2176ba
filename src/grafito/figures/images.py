"""Grids of images: examples with classes and predictions, feature maps, kernels."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.figures.classes import number_classes
from grafito.figures.given import as_numbers, drawn, setting
from grafito.figures.text import number, words
from grafito.language import own_namer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE = 0.155  # inches from one line of a title to the next
WIDEST = 9.0  # inches
DIM = 64  # of 255
SCALE = 0.75  # inches beside the images
LARGEST, SMALLEST = 1.05, 0.55  # inches of one image


@dataclasses.dataclass
class Cell:
    """An image with the text above it; a wrong one has a frame and a cross."""

    image: np.ndarray
    title: str = ""
    wrong: bool = False


@dataclasses.dataclass
class Row:
    """Images side by side, a name to their left, and the numbers that are black and white."""

    cells: list[Cell]
    name: str = ""
    limits: tuple[float, float] = (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Look:
    """How images are coloured: grey, or blue and orange around 0; and whether a scale stands by."""

    signed: bool = False
    scale: bool = False
    lang: str | None = None


def in_rows(cells: list[Cell], most: int = 8) -> list[Row]:
    """Images in rows as equal as can be: ten are five and five.

    Example:
        >>> [len(row.cells) for row in in_rows([Cell(np.zeros((2, 2)))] * 10)]
        [5, 5]
    """
    width = math.ceil(len(cells) / math.ceil(len(cells) / most))
    return [Row(cells[i : i + width]) for i in range(0, len(cells), width)]


@drawn
def images_grid(
    images: Any,
    labels: Any = None,
    predictions: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    columns: int | None = None,
    signed: bool = False,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw images with their class or their prediction; wrong ones have a cross and a frame.

    Args:
        images: array (n, height, width), with 1 or 3 channels or without, uint8 or float; or
            square ones flattened, (n, 784). Or such arrays by name: a row for each, its name left.
        labels: the true classes, numbers or texts, shape (n,), or one-hot.
        predictions: classes likewise, probabilities (n, classes), or of class 1 (n, 1).
        class_names: one for each class; by default their numbers.
        columns: images in a row; by default 8 at most, in rows of equal length.
        signed: whether blue is negative, white 0 and orange positive, as for weights.
        title: text above the grid.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when the images are none, or labels do not fit them.

    Example:
        >>> figure = images_grid(np.zeros((2, 8, 8)), [0, 1], [0, 0], class_names=["cat", "dog"])
        >>> [axes.get_title().splitlines() for axes in figure.axes]
        [['cat'], ['✗ cat', 'true: dog']]
    """
    if isinstance(images, Mapping):
        if not images:
            raise ArgumentError("There are no images to draw.", where="images")
        stacks = {own_namer(lang)(name): as_images(each) for name, each in images.items()}
        rows = [
            Row([Cell(image) for image in each], name, brightness(each))
            for name, each in stacks.items()
        ]
        return draw_rows(rows, title=title, alt=", ".join(stacks), look=_look(rows, signed, lang))
    stack = as_images(images)
    texts = _titles(len(stack), labels, predictions, class_names, lang)
    cells = [Cell(image, *text) for image, text in zip(stack, texts, strict=True)]
    rows = in_rows(cells)
    if columns is not None:
        width = int(setting("columns", columns, 1, 8))
        rows = [Row(cells[i : i + width]) for i in range(0, len(cells), width)]
    for row in rows:
        row.limits = brightness(stack)
    alt = "; ".join(cell.title.replace("\n", ", ") for cell in cells if cell.title)
    look = _look(rows, signed, lang)
    return draw_rows(rows, title=title, alt=alt or words(lang)["images"], look=look)


def _look(rows: Sequence[Row], signed: bool, lang: str | None) -> Look:
    """Signed images have one reach on both sides of 0."""
    if not signed:
        return Look()
    if any(cell.image.ndim != 2 for row in rows for cell in row.cells):
        raise ShapeError("Signed images have one channel.", where="signed")
    reach = max(float(np.nanmax(np.abs(cell.image))) for row in rows for cell in row.cells) or 1.0
    for row in rows:
        row.limits = (-reach, reach)
    return Look(signed=True, scale=True, lang=lang)


def as_images(images: Any) -> np.ndarray:
    """The images as (n, height, width) or (n, height, width, 3)."""
    array = as_numbers(images, "images", None)
    if array.ndim == 2:  # flattened ones
        for channels in (1, 3):
            side = math.isqrt(array.shape[1] // channels)
            if side and side * side * channels == array.shape[1]:
                array = array.reshape(len(array), side, side, channels)
                break
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 3) or not array.size:
        raise ShapeError(
            "These are not images.",
            where="images",
            received=array.shape,
            expected="(n, height, width), with 1 or 3 channels or without",
            fix=_edit(array),
        )
    return array


def _edit(array: np.ndarray) -> str | None:
    """How an array that holds no images can be made some, where its shape says so."""
    side = math.isqrt(array.size)
    if array.ndim == 1 and side and side * side == array.size:
        return f"images.reshape(1, {side}, {side})"
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return "numpy.moveaxis(images, 1, -1)"
    return "images[None]" if array.ndim == 2 else None


def brightness(images: np.ndarray) -> tuple[float, float]:
    """What is black and what is white: 0 and 255, 0 and 1, or the least and the greatest number.

    Of images that use a small part of 0 to 255, such as those with 16 shades, the brightest number
    is white.
    """
    low, high = float(np.nanmin(images)), float(np.nanmax(images))
    if images.dtype == np.uint8 or (low >= 0 and 1 < high <= 255):
        return 0.0, 255.0 if high > DIM else max(high, 1.0)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _titles(
    count: int,
    labels: Any,
    predictions: Any,
    class_names: Sequence[str] | None,
    lang: str | None,
) -> list[tuple[str, bool]]:
    given = {"labels": labels, "predictions": predictions}
    given = {where: values for where, values in given.items() if values is not None}
    if not given:
        return [("", False)] * count
    numbers, names = number_classes(*given.values(), class_names=class_names)
    for (where, values), classes in zip(given.items(), numbers, strict=True):
        if len(classes) != count:
            raise ShapeError(
                "Each image needs one class.",
                where=where,
                received=np.shape(values),
                expected=count,
            )

    def name(label: int) -> str:
        if names is None:
            return str(label)
        if not 0 <= label < len(names):
            raise ArgumentError(
                "A class has no name.", where="class_names", received=f"class {label}"
            )
        return own_namer(lang)(names[label])

    if predictions is None:
        return [(name(label), False) for label in numbers[0]]
    true, predicted = (numbers[0] if labels is not None else None), numbers[-1]
    chances = _chances(predictions, predicted)
    word = words(lang)["true"]
    titles = []
    for i, label in enumerate(predicted):
        text = name(label)
        if chances is not None:
            text += f" ({number(100 * chances[i], 0, lang)} %)"
        wrong = true is not None and bool(true[i] != label)
        titles.append((f"✗ {text}\n{word}: {name(true[i])}" if wrong else text, wrong))  # type: ignore[index]
    return titles


def _chances(predictions: Any, predicted: np.ndarray) -> np.ndarray | None:
    """The probability of each predicted class, where there are any."""
    array = np.asarray(predictions)
    if array.dtype.kind != "f":
        return None
    if array.ndim == 2 and array.shape[1] > 1:
        return array.max(axis=1)
    array = array.reshape(-1)
    return np.where(predicted == 1, array, 1 - array)


def draw_rows(
    rows: Sequence[Row], *, title: str | None = None, alt: str = "", look: Look = Look()
) -> Figure:
    """A sheet with rows of images of equal width."""
    from grafito.figures import canvas

    columns = max(len(row.cells) for row in rows)
    left = 0.12 + 0.075 * max(max(map(len, row.name.split("\n"))) for row in rows)
    size = min(LARGEST, max(SMALLEST, (WIDEST - left) / columns))
    longest = max((len(t) for r in rows for c in r.cells for t in c.title.split("\n")), default=0)
    size = max(size, 0.068 * longest)  # titles side by side must not touch
    shape = rows[0].cells[0].image.shape
    tall = size * shape[0] / shape[1]
    heads = [LINE * max((c.title.count("\n") + 1 if c.title else 0) for c in r.cells) for r in rows]
    top = 0.32 if title else 0.06
    gap = 0.07
    width = left + columns * (size + gap) + 0.06 + (SCALE if look.scale else 0.0)
    height = top + sum(heads) + len(rows) * (tall + gap) + 0.06
    sheet = canvas.new_sheet(width, height, alt=alt)
    y = top
    with canvas.style():
        for row, head in zip(rows, heads, strict=True):
            y += head
            for i, cell in enumerate(row.cells):
                x = left + i * (size + gap)
                place = (x / width, 1 - (y + tall) / height, size / width, tall / height)
                _draw_cell(sheet.add_axes(place), cell, row.limits, look)
            if row.name:
                at = ((left - 0.08) / width, 1 - (y + tall / 2) / height)
                sheet.text(*at, row.name, ha="right", va="center", fontsize=8.5)
            y += tall + gap
        if look.scale:
            part = min(height - top - 0.3, 2.4)
            box = ((width - SCALE + 0.1) / width, 1 - (top + 0.15 + part) / height)
            _draw_scale(sheet.add_axes((*box, 0.13 / width, part / height)), rows[0].limits, look)
        if title:
            sheet.text(0.5, 1 - 0.08 / height, title, ha="center", va="top", fontsize=10.5)
    return sheet


def _draw_cell(axes: Any, cell: Cell, limits: tuple[float, float], look: Look) -> None:
    from grafito.figures import canvas

    low, high = limits
    image = np.clip((cell.image - low) / ((high - low) or 1.0), 0, 1)
    colours = canvas.signed_shades() if look.signed else "gray"
    axes.imshow(image, cmap=colours, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color="#c8c8c8", linewidth=0.5)
    colour = canvas.INK
    if cell.wrong:
        colour = canvas.RED
        axes.spines[:].set(color=canvas.RED, linewidth=2.6)
    axes.set_title(cell.title, fontsize=8, pad=2.5, color=colour, linespacing=1.15)


def _draw_scale(axes: Any, limits: tuple[float, float], look: Look) -> None:
    """What the colours mean, with both limits and 0."""
    from grafito.figures import canvas

    steps = np.linspace(0, 1, 256)[:, None]
    colours = canvas.signed_shades() if look.signed else "gray"
    axes.imshow(steps, cmap=colours, aspect="auto", origin="lower", extent=(0, 1, *limits))
    axes.set(xticks=[])
    axes.yaxis.tick_right()
    axes.set_yticks(
        [limits[0], 0.0, limits[1]],
        [number(x, 2, look.lang) if x else "0" for x in (limits[0], 0.0, limits[1])],
    )
    axes.tick_params(length=2, labelsize=8)
    axes.spines[:].set_visible(False)
