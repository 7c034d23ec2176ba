"""Which pixels an answer depends on, and what a unit looks for, as arrays, from the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, ShapeError, unknown_name
from grafito.graph import Evaluator, Tensor
from grafito.graph.dtypes import dtype_name
from grafito.graph.evaluate import _leaf_values
from grafito.models import Model

SQUASHED = ("softmax", "sigmoid")  # the scores before them tell more: they do not saturate
SHARPEST = 0.02  # of the range: how far a step of the ascent moves a pixel at most
DECAY = 0.01  # of a pixel's distance to grey at each step, so that only what is asked for stays


@dataclass(frozen=True)
class Looked:
    """A model on one image, as a graph.

    Attributes:
        x: the placeholder of the image, with a batch of one.
        image: its numbers.
        score: of the class that is asked about, before softmax or sigmoid.
        target: that class.
        outputs: of the layers by name, each the last one that the layer gave.
    """

    x: Tensor
    image: np.ndarray
    score: Tensor
    target: int
    outputs: dict[str, Tensor]

    def values(self, *tensors: Tensor) -> list[np.ndarray]:
        """The numbers of tensors for this image."""
        return list(graph.value(list(tensors), {self.x: self.image}))


def look(model: Any, image: Any, target: int | None = None) -> Looked:
    """Call a model on one image and pick a class: that asked for, else the one it answers.

    Raises:
        ArgumentError: for what is no model, or has no such class.
        ShapeError: for another shape than that of the model's input.
    """
    if not isinstance(model, Model):
        raise ArgumentError("A model is looked into.", where="model", received=type(model).__name__)
    array = np.asarray(image)
    if array.dtype.kind not in "biuf":
        raise ArgumentError(
            "An image is an array of numbers.", where="image", received=repr(image)[:60]
        )
    array = array.astype("float32")[None]
    wanted = getattr(getattr(model, "input", None), "shape", None)
    if wanted is not None and (
        len(wanted) != array.ndim
        or any(n not in (None, m) for n, m in zip(wanted[1:], array.shape[1:], strict=True))
    ):
        raise ShapeError(
            "The model is looked into with one image.",
            where="image",
            received=array.shape[1:],
            expected=wanted[1:],
            fix="x[0], the first one",
        )
    x = graph.placeholder(array.shape, dtype_name(array.dtype), "image")
    with graph.Trace(training=False) as trace:
        y = model(x)
    if not isinstance(y, Tensor) or y.ndim != 2:
        raise ArgumentError(
            "The model must give a score for each class.",
            where=f"model {model.name!r}",
            received="several outputs" if not isinstance(y, Tensor) else y.shape,
            expected="an output of shape (batch, classes)",
        )
    scores = y.inputs[0] if y.op.name in SQUASHED and y.inputs[0].shape == y.shape else y
    outputs = {o.name: t for kind, o, t in trace.seen if kind == "output" and o is not model}
    answer = int(np.argmax(graph.value(scores, {x: array}))) if target is None else target
    count = y.shape[1]
    if (
        isinstance(answer, bool)
        or not isinstance(answer, (int, np.integer))
        or not 0 <= answer < count
    ):
        raise ArgumentError(
            "The model has no such class.",
            where="target",
            received=target,
            expected=f"an integer from 0 to {count - 1}",
        )
    return Looked(x, array, scores[0, int(answer)], int(answer), outputs)


def saliency_of(seen: Looked) -> np.ndarray:
    """The largest slope of the score along the channels of each pixel, without sign.

    Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2014.
    """
    (slopes,) = seen.values(graph.gradients(seen.score, seen.x))
    size = np.abs(slopes[0])
    return size.max(axis=-1) if size.ndim == 3 else size


def grad_cam_of(seen: Looked, layer: str | None = None) -> tuple[np.ndarray, str]:
    """Where the channels of a layer speak for the class; and the layer, the last with maps.

    Selvaraju et al., "Grad-CAM", 2017: channels weighed by their mean gradient, what is positive.
    """
    maps = {name: t for name, t in seen.outputs.items() if t.ndim == 4}
    if not maps or (layer is not None and layer not in maps):
        if layer is not None and maps:
            raise unknown_name("layer", layer, maps)
        raise ArgumentError(
            "No layer of the model has feature maps.",
            where="model",
            received=", ".join(f"{n} {t.shape}" for n, t in seen.outputs.items()),
            expected="an output of shape (batch, height, width, channels)",
        )
    name = layer or list(maps)[-1]
    slopes, values = seen.values(
        graph.gradients(seen.score, maps[name], unconnected="zero"), maps[name]
    )
    weights = slopes[0].mean(axis=(0, 1))
    return np.maximum((values[0] * weights).sum(axis=-1), 0.0), name


def occlusion_of(model: Any, seen: Looked, size: int, stride: int, grey: float) -> np.ndarray:
    """By how much the score falls where a grey square hides the image, for each place of it.

    Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014.
    """
    image = seen.image[0]
    if image.ndim != 3 or not 0 < size <= min(image.shape[:2]) or stride < 1:
        raise ArgumentError(
            "The square lies within the image.",
            where="size",
            received=f"size={size}, stride={stride}, an image of shape {image.shape}",
        )
    rows, columns = ([*range(0, n - size, stride), n - size] for n in image.shape[:2])
    places = [(i, j) for i in dict.fromkeys(rows) for j in dict.fromkeys(columns)]
    evaluator = Evaluator([seen.score])
    before = float(seen.values(seen.score)[0])
    fall, count = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    for i, j in places:
        hidden = seen.image.copy()
        hidden[0, i : i + size, j : j + size] = grey
        after = float(evaluator.run(_leaf_values(evaluator, {seen.x: hidden}))[seen.score])
        fall[i : i + size, j : j + size] += before - after
        count[i : i + size, j : j + size] += 1
    return fall / np.maximum(count, 1)


def maximal_input(
    model: Any, layer: str, unit: int, steps: int, limits: tuple[float, float], seed: int
) -> tuple[np.ndarray, list[float]]:
    """An input that a unit answers to most, by gradient ascent from noise; and its activations.

    Erhan et al., "Visualizing higher-layer features of a deep network", 2009.
    """
    shape = getattr(getattr(model, "input", None), "shape", None)
    if shape is None or any(n is None for n in shape[1:]):
        raise ArgumentError(
            "The model needs inputs of a known shape.",
            where="model",
            received=shape,
            fix="layers.Input((28, 28, 1)) with all sizes",
        )
    low, high = limits
    x = graph.placeholder((1, *shape[1:]), "float32", "image")
    with graph.Trace(training=False) as trace:
        model(x)
    outputs = {o.name: t for kind, o, t in trace.seen if kind == "output" and o is not model}
    if layer not in outputs:
        raise unknown_name("layer", layer, outputs)
    y = outputs[layer]
    y = y.inputs[0] if y.op.name in SQUASHED and y.inputs[0].shape == y.shape else y
    if not 0 <= unit < y.shape[-1]:
        raise ArgumentError(
            f"Layer {layer!r} has no such unit.",
            where="unit",
            received=unit,
            expected=f"an integer from 0 to {y.shape[-1] - 1}",
        )
    goal = graph.mean(y[..., int(unit)])
    slope = graph.gradients(goal, x)
    evaluator = Evaluator([goal, slope])
    middle, reach = (low + high) / 2, high - low
    rng = np.random.default_rng(seed)
    image = middle + 0.1 * reach * rng.normal(size=x.shape).astype("float32")
    reached: list[float] = []
    for _ in range(steps):
        found = evaluator.run(_leaf_values(evaluator, {x: image}))
        reached.append(float(found[goal]))
        way = np.asarray(found[slope])
        largest = float(np.abs(way).max())
        if not largest > 0:
            break
        image = image + SHARPEST * reach * way / largest
        image = np.clip(image - DECAY * (image - middle), low, high).astype("float32")
    reached.append(float(evaluator.run(_leaf_values(evaluator, {x: image}))[goal]))
    return image[0], reached


def enlarged(small: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A map at the size of an image, linear between the middles of its pixels.

    Example:
        >>> enlarged(np.array([[0.0, 1.0]]), (1, 4)).tolist()
        [[0.0, 0.25, 0.75, 1.0]]
    """
    for axis, n in enumerate(shape):
        m = small.shape[axis]
        at = np.clip((np.arange(n) + 0.5) * m / n - 0.5, 0, m - 1)
        below = np.floor(at).astype(int)
        above = np.minimum(below + 1, m - 1)
        share = (at - below).reshape((-1, 1) if axis == 0 else (1, -1))
        small = np.take(small, below, axis) * (1 - share) + np.take(small, above, axis) * share
    return small
