"""What a network looks at and what it looks for, as figures with a sentence from their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError, ShapeError, unknown_name
from grafito.figures.given import as_numbers, setting
from grafito.figures.images import Cell, Row, as_images, brightness, draw_rows
from grafito.figures.text import number
from grafito.insight import attribution
from grafito.language import message, translate, use

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEN = message("{} of class {}: half of it lies in {} % of the pixels, around row {}, column {}.")
NOWHERE = message("{} of class {}: no pixel has a part in it.")
SOUGHT = message("Unit {} of layer {}: its activation rises from {} to {}.")
SPREAD = message("{} points of {} numbers; the two axes show {} % of their variance.")
NEIGHBOURS = message("{} points of {} numbers; near ones are neighbours, distances mean little.")
METHODS = ("pca", "tsne")


def saliency(
    model: Any,
    image: Any,
    target: int | None = None,
    *,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw which pixels the score of a class depends on: the slope of the score at each.

    Args:
        model: a model that is built, with a score for each class.
        image: one image, as the model takes it, without the batch.
        target: the class; by default the one that the model answers.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> from grafito import Sequential
        >>> from grafito.layers import Conv2D, Dense, Flatten, Input
        >>> model = Sequential([Input((6, 6, 1)), Conv2D(2, 3), Flatten(), Dense(3)])
        >>> len(saliency(model, np.ones((6, 6, 1)), target=1).axes)
        2
    """
    seen = attribution.look(model, image, target)
    return _beside(seen, attribution.saliency_of(seen), message("saliency"), title, lang)


def grad_cam(
    model: Any,
    image: Any,
    target: int | None = None,
    *,
    layer: str | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw where the channels of a convolution speak for a class (Grad-CAM), at the image's size.

    Args:
        model: a model that is built, with a score for each class.
        image: one image, as the model takes it, without the batch.
        target: the class; by default the one that the model answers.
        layer: name of a layer with feature maps; by default the last one.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> from grafito import Sequential
        >>> from grafito.layers import Conv2D, Dense, Flatten, Input
        >>> model = Sequential([Input((6, 6, 1)), Conv2D(2, 3), Flatten(), Dense(3)])
        >>> len(grad_cam(model, np.ones((6, 6, 1)), target=1).axes)
        2
    """
    seen = attribution.look(model, image, target)
    found, _ = attribution.grad_cam_of(seen, layer)
    shape = seen.image.shape[1], seen.image.shape[2]
    return _beside(seen, attribution.enlarged(found, shape), message("Grad-CAM"), title, lang)


def occlusion(
    model: Any,
    image: Any,
    target: int | None = None,
    *,
    size: int = 4,
    stride: int = 2,
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw by how much the score of a class falls where a grey square hides the image.

    Args:
        model: a model that is built, with a score for each class.
        image: one image, as the model takes it, without the batch.
        target: the class; by default the one that the model answers.
        size: side of the square in pixels.
        stride: pixels from one place of the square to the next.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> from grafito import Sequential
        >>> from grafito.layers import Conv2D, Dense, Flatten, Input
        >>> model = Sequential([Input((6, 6, 1)), Conv2D(2, 3), Flatten(), Dense(3)])
        >>> len(occlusion(model, np.ones((6, 6, 1)), target=1, size=2).axes)
        2
    """
    seen = attribution.look(model, image, target)
    size, stride = (int(setting(n, v, 1, 4)) for n, v in (("size", size), ("stride", stride)))
    grey = float(seen.image.mean())
    fall = attribution.occlusion_of(model, seen, size, stride, grey)
    return _beside(seen, np.maximum(fall, 0.0), message("occlusion"), title, lang)


def maximise_unit(
    model: Any,
    layer: str,
    units: int | Sequence[int],
    *,
    steps: int = 60,
    limits: tuple[float, float] = (0.0, 1.0),
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw the image that a unit answers to most, found by gradient ascent from noise.

    Args:
        model: a model that is built, whose input is an image.
        layer: name of the layer.
        units: number of a unit, or of a channel of a convolution; or several.
        steps: of the ascent.
        limits: the least and the greatest number of a pixel.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> from grafito import Sequential
        >>> from grafito.layers import Conv2D, Input
        >>> model = Sequential([Input((8, 8, 1)), Conv2D(4, 3, activation="relu", name="c")])
        >>> len(maximise_unit(model, "c", [0, 1, 2], steps=3).axes)
        3
    """
    chosen = [units] if isinstance(units, (int, np.integer)) else list(units)
    if not chosen or any(not isinstance(u, (int, np.integer)) for u in chosen):
        raise ArgumentError(
            "Units are numbered.", where="units", received=units, fix="units=[0, 1]"
        )
    steps = int(setting("steps", steps, 1, 60))
    cells, told = [], []
    with use(lang):
        for unit in chosen:
            image, reached = attribution.maximal_input(
                model, layer, int(unit), steps, limits, seed=0
            )
            cells.append(Cell(as_images(image[None])[0], str(unit)))
            told.append(
                translate(SOUGHT).format(
                    unit, repr(layer), number(reached[0], 3), number(reached[-1], 3)
                )
            )
    rows = [Row(cells[i : i + 8], limits=limits) for i in range(0, len(cells), 8)]
    return draw_rows(rows, title=title, alt=" ".join(told))


def embedding_map(
    source: Any,
    x: Any = None,
    labels: Any = None,
    *,
    layer: str | None = None,
    names: Sequence[str] | None = None,
    method: str = "pca",
    title: str | None = None,
    lang: str | None = None,
) -> Figure:
    """Draw vectors as points of a plane: those that a layer gives for examples, or a table of them.

    Args:
        source: a model, whose layer gives a vector for each example; or an Embedding layer, or an
            array with a vector in each row.
        x: the examples, for a model.
        labels: a class for each point, which gives it its colour.
        layer: of the model; by default the last but one.
        names: a word for each point, written beside it.
        method: "pca" for the plane of largest variance, or "tsne" to keep neighbours together.
        title: text above.
        lang: "en" or "es"; by default the one being spoken.

    Example:
        >>> vectors = np.random.default_rng(0).normal(size=(30, 5))
        >>> figure = embedding_map(vectors, labels=np.arange(30) % 3)
        >>> figure.alt.partition(";")[0]
        '30 points of 5 numbers'
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    vectors = _vectors(source, x, layer)
    for where, given in (("labels", labels), ("names", names)):
        if given is not None and len(given) != len(vectors):
            raise ShapeError(
                "Each point has one.", where=where, received=len(given), expected=len(vectors)
            )
    points, share = _plane(vectors, method)
    with use(lang):
        told = SPREAD if method == "pca" else NEIGHBOURS
        alt = translate(told).format(*vectors.shape, number(100 * share, 0))
    return _scatter(points, labels, names, title, alt)


def _vectors(source: Any, x: Any, layer: str | None) -> np.ndarray:
    from grafito.models import Functional, Model

    if isinstance(source, Model):
        if x is None:
            raise ArgumentError(
                "A model gives vectors for examples.", where="x", fix="embedding_map(model, x)"
            )
        inner = source.get_layer(layer) if layer else source.layers[max(len(source.layers) - 2, 0)]
        given = Functional(source.input, inner.output).predict(x, verbose=0)
        vectors = as_numbers(given, "layer").reshape(len(given), -1)
    elif hasattr(source, "get_weights"):
        owned = source.get_weights()
        vectors = as_numbers(owned[0] if owned else (), "source")
    else:
        vectors = as_numbers(source, "source")
    if vectors.ndim != 2 or len(vectors) < 3 or vectors.shape[1] < 2:
        raise ShapeError(
            "A map is drawn of three vectors or more, of two numbers or more.",
            where="source",
            received=vectors.shape,
            expected="(points, numbers)",
        )
    return vectors


def _plane(vectors: np.ndarray, method: str) -> tuple[np.ndarray, float]:
    """Points of a plane, and the share of the variance that they show."""
    centred = vectors - vectors.mean(axis=0)
    if method == "tsne":
        from sklearn.manifold import TSNE

        near = min(30.0, (len(vectors) - 1) / 3)
        return TSNE(perplexity=near, init="pca", random_state=0).fit_transform(centred), 0.0
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    total = float((sizes**2).sum()) or 1.0
    return centred @ axes.T, float((sizes[:2] ** 2).sum()) / total


def _scatter(
    points: np.ndarray, labels: Any, names: Sequence[str] | None, title: str | None, alt: str
) -> Figure:
    from grafito.figures import canvas
    from grafito.figures.classes import number_classes

    sheet = canvas.new_sheet(5.2, 4.4, alt=alt, layout="constrained")
    with canvas.style():
        axes = sheet.add_subplot()
        if labels is None:
            classes, words = np.zeros(len(points), int), [""]
        else:
            (classes,), given = number_classes(labels)
            words = [str(given[c]) if given else str(c) for c in range(int(classes.max()) + 1)]
        for c in np.unique(classes):
            look = canvas.look(int(c))
            style = {"color": look["color"], "marker": look["marker"], "markersize": 4}
            part = points[classes == c]
            axes.plot(part[:, 0], part[:, 1], linestyle="", alpha=0.8, label=words[c], **style)
        for name, point in zip(names or (), points, strict=False):
            pad: dict[str, Any] = {"xytext": (3, 2), "textcoords": "offset points"}
            axes.annotate(str(name), point, **pad, fontsize=7.5)
        axes.set(xticks=[], yticks=[], title=title)
        axes.margins(0.08)
        if labels is not None:
            sheet.legend(loc="outside right upper")
    return sheet


def _beside(
    seen: attribution.Looked, found: np.ndarray, what: str, title: str | None, lang: str | None
) -> Figure:
    """The image, and beside it the map: the darker, the more."""
    from grafito.figures import canvas

    image = as_images(seen.image)[0]
    if found.ndim != 2:
        side = int(np.sqrt(found.size))
        if side * side != found.size:
            raise ShapeError("These are no images.", where="image", received=seen.image.shape[1:])
        found = found.reshape(side, side)
    low, high = brightness(image[None])
    width, tall = 2.6, 2.6 * image.shape[0] / image.shape[1]
    top = 0.55 if title else 0.3
    sheet = canvas.new_sheet(2 * width + 0.3, tall + top + 0.1)
    with use(lang):
        name = translate(what)
        sheet.alt = _sentence(name, seen.target, found)
        heads = (translate("image"), name)
    with canvas.style():
        for i, head in enumerate(heads):
            place = (0.1 + i * (width + 0.1), 0.1, width, tall)
            scale = (*(2 * width + 0.3, tall + top + 0.1),) * 2
            axes = sheet.add_axes(tuple(p / s for p, s in zip(place, scale, strict=True)))
            if i == 0:
                shown = np.clip((image - low) / ((high - low) or 1.0), 0, 1)
                axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            else:
                most = float(found.max()) or 1.0
                colours = canvas.shades_of(canvas.BLUE)
                axes.imshow(found, cmap=colours, vmin=0, vmax=most, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.set_title(head, fontsize=9)
        if title:
            sheet.suptitle(title, fontsize=10.5)
    return sheet


def _sentence(name: str, target: int, found: np.ndarray) -> str:
    """Where a map has its half, in words."""
    total = float(found.sum())
    if not total > 0:
        return translate(NOWHERE).format(name, target)
    order = np.sort(found.ravel())[::-1].cumsum()
    share = (int(np.searchsorted(order, total / 2)) + 1) / found.size
    row, column = (
        round(float((found.sum(axis=1 - axis) * np.arange(n)).sum()) / total)
        for axis, n in enumerate(found.shape)
    )
    return translate(SEEN).format(name, target, number(100 * share, 0), row, column)
