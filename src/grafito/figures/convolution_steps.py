"""A convolution step by step: every number of image, kernel, feature map and pooled map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from grafito import graph
from grafito.errors import ShapeError
from grafito.figures.given import as_numbers, drawn, setting
from grafito.figures.text import number, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL = 0.30  # inches
GAP = 2.6  # cells between two matrices
HEAD = 1.5  # cells above the highest matrix, for the titles
LARGEST = 16  # rows and columns; beyond, numbers would be too small to read


@drawn
def convolution_steps(
    image: Any,
    kernel: Any,
    *,
    pool: int = 2,
    at: tuple[int, int] = (0, 0),
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw an image under a kernel, the feature map, its maxima, and those as a vector.

    map[i, j] = Σ image[i + a, j + b] kernel[a, b]; no borders are added. A frame shows the window
    that makes one number of the map, and dashed ones what makes the first number of the pooled map.

    Args:
        image: shape (height, width).
        kernel: a smaller matrix.
        pool: side of the squares of which the greatest number is kept.
        at: row and column of the number of the map whose window is framed.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        ShapeError: when something is no matrix, too large to read, or does not fit.

    Example:
        >>> zero = [[0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]]
        >>> figure = convolution_steps(zero, [[1, 1], [0, 0]])
        >>> figure.alt
        'image 4 × 4, kernel 2 × 2, feature map 3 × 3, after pooling 1 × 1, flattened 1'
    """
    from grafito.figures import canvas

    vocabulary = words(lang)
    picture, weights = _matrix(image, "image"), _matrix(kernel, "kernel")
    pool = int(setting("pool", pool, 1, 2))
    found = _maps(picture, weights, pool)
    row, column = at if np.shape(at) == (2,) else (-1, -1)
    size = weights.shape
    if not (0 <= row < len(found[0]) and 0 <= column < found[0].shape[1]):
        raise ShapeError(
            "The feature map has no such place.", where="at", received=at, expected=found[0].shape
        )
    matrices = {"image": picture, "kernel": weights, "feature map": found[0]}
    matrices |= {"after pooling": found[1], "flattened": found[1].reshape(-1, 1)}
    reach = max(float(np.abs(m).max()) for m in matrices.values()) or 1.0
    signs = ("∗", "=", "→", "→")
    tallest = max(map(len, matrices.values()))
    spans = [max(m.shape[1], 3) for m in matrices.values()]
    width, height = sum(spans) + GAP * len(signs) + 1.0, tallest + HEAD + 1.0
    top = 0.35 if title else 0.0
    sheet = canvas.new_sheet(CELL * width, CELL * height + top)
    sheet.alt = ", ".join(f"{vocabulary[k]} {_size(m, k)}" for k, m in matrices.items())
    with canvas.style():
        axes = sheet.add_axes((0, 0, 1, CELL * height / (CELL * height + top)))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        x = 0.5
        corners = {}
        for index, (word, matrix) in enumerate(matrices.items()):
            left = x + (spans[index] - matrix.shape[1]) / 2
            corner = (left, HEAD + (tallest - len(matrix)) / 2)
            corners[word] = corner
            _draw_matrix(axes, matrix, corner, reach, lang)
            text = f"{vocabulary[word]}\n{_size(matrix, word)}"
            middle = x + spans[index] / 2
            axes.text(middle, corner[1] - 0.2, text, ha="center", va="bottom", fontsize=8)
            x += spans[index] + GAP
            if index < len(signs):
                centre = HEAD + tallest / 2
                axes.text(x - GAP / 2, centre, signs[index], ha="center", va="center", fontsize=15)
        _frame(axes, corners["image"], at, size, "solid")
        _frame(axes, corners["feature map"], at, (1, 1), "solid")
        _frame(axes, corners["feature map"], (0, 0), (pool, pool), "dashed")
        _frame(axes, corners["after pooling"], (0, 0), (1, 1), "dashed")
        _frame(axes, corners["flattened"], (0, 0), (1, 1), "dashed")
        if title:
            sheet.text(0.5, 1 - 0.08 / (CELL * height + top), title, ha="center", va="top")
    return sheet


def _matrix(values: Any, name: str) -> np.ndarray:
    matrix = as_numbers(values, name, None)
    if matrix.ndim != 2 or not matrix.size or max(matrix.shape) > LARGEST:
        raise ShapeError(
            "Only a small matrix can be drawn with all its numbers.",
            where=name,
            received=matrix.shape,
            expected=f"(height, width), at most {LARGEST} each",
        )
    return matrix


def _maps(image: np.ndarray, kernel: np.ndarray, pool: int) -> tuple[np.ndarray, np.ndarray]:
    """Feature map and pooled map, computed by the graph's own ops; whole numbers stay whole."""
    sides = [n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True)]
    if min(sides) < pool or pool < 1:
        raise ShapeError(
            "Kernel and pooling do not fit into the image.",
            where="kernel, pool",
            received=f"kernel {kernel.shape}, pool {pool}",
            expected=f"a feature map of at least pool x pool in an image {image.shape}",
        )
    x = graph.constant(image[None, :, :, None].astype("float64"), dtype="float64")
    maps = graph.conv2d(x, graph.constant(kernel[:, :, None, None].astype("float64"), "float64"))
    numbers = graph.value([maps, graph.max_pool(maps, pool)], dtype="float64")
    whole = image.dtype.kind in "biu" and kernel.dtype.kind in "biu"
    kind = "int64" if whole else "float64"
    first, second = (np.asarray(each)[0, :, :, 0].astype(kind) for each in numbers)
    return first, second


def _size(matrix: np.ndarray, word: str) -> str:
    return str(len(matrix)) if word == "flattened" else " × ".join(map(str, matrix.shape))


def _draw_matrix(
    axes: Any, matrix: np.ndarray, corner: tuple[float, float], reach: float, lang: str | None
) -> None:
    """Cells: white at 0, bluer below, more orange above; the same in all matrices."""
    from matplotlib.patches import Rectangle

    from grafito.figures import canvas

    shades = canvas.signed_shades()
    for i, j in np.ndindex(*matrix.shape):
        ground = shades(0.5 + 0.4 * float(matrix[i, j]) / reach)
        x, y = corner[0] + j, corner[1] + i
        cell: dict[str, Any] = {
            "facecolor": ground,
            "edgecolor": canvas.FAINT,
            "linewidth": 0.5,
        }
        axes.add_patch(Rectangle((x, y), 1, 1, **cell))
        text = number(matrix[i, j], 2, lang)
        if matrix.dtype.kind == "f":
            text = text.rstrip("0").rstrip(".,")
        ink = canvas.ink_on(ground)
        size = 8 if len(text) < 4 else 6 if len(text) < 6 else 5
        middle: dict[str, Any] = {"ha": "center", "va": "center", "gid": "number"}
        axes.text(x + 0.5, y + 0.5, text, color=ink, fontsize=size, **middle)


def _frame(
    axes: Any, corner: tuple[float, float], at: tuple[int, int], size: Any, line: str
) -> None:
    from matplotlib.patches import Rectangle

    from grafito.figures import canvas

    colour = canvas.RED if line == "solid" else canvas.INK
    place = (corner[0] + at[1], corner[1] + at[0])
    look: dict[str, Any] = {
        "fill": False,
        "edgecolor": colour,
        "linewidth": 2.0,
        "linestyle": line,
        "zorder": 3,
    }
    axes.add_patch(Rectangle(place, size[1], size[0], **look))
