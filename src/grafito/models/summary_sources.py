"""Where the numbers of a summary come from: parameters, sizes of outputs, multiply-adds."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from grafito.errors import GrafitoError
from grafito.graph.nest import flatten
from grafito.language import localised, message, translate

TITLE = message("Where the numbers come from")
PARAMETERS = message("parameters")
MULTIPLY_ADDS = message("multiply-adds")

DOT = "·"


def how_text(model: Any) -> str:
    """For each layer of a model the arithmetic of its numbers, one line each.

    Example:
        >>> from grafito import Sequential, layers
        >>> print(how_text(Sequential([layers.Input((32, 32, 3)), layers.Conv2D(6, 5, name="c")])))
        Where the numbers come from
         c: 456 = (5·5·3 + 1)·6 parameters
            28 = floor((32 - 5)/1) + 1
            352,800 = 28·28·(5·5·3)·6 multiply-adds
    """
    lines = [translate(TITLE)]
    for layer in model.layers:
        told = list(_of_layer(layer))
        for i, line in enumerate(told):
            head = f" {layer.name}:"
            lines.append(f"{head if not i else ' ' * len(head)} {localised(line)}")
    return "\n".join(lines)


def _of_layer(layer: Any) -> Iterator[str]:
    if layer.weights:
        yield f"{parameters(layer)} {translate(PARAMETERS)}"
    before, after = _shapes(layer)
    if before is None or after is None:
        return
    yield from sizes(layer, before, after)
    macs = multiply_adds(layer, after)
    if macs:
        yield f"{macs} {translate(MULTIPLY_ADDS)}"


def _shapes(layer: Any) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]:
    """The shapes of its one input and its one output, without the batch."""
    with contextlib.suppress(GrafitoError, AttributeError):
        ends = flatten(layer.input), flatten(layer.output)
        if len(ends[0]) == len(ends[1]) == 1:
            return tuple(ends[0][0].shape[1:]), tuple(ends[1][0].shape[1:])
    return None, None


def parameters(layer: Any) -> str:
    """The number of a layer's parameters as a product, by the shapes of its weights.

    Example:
        >>> from grafito import layers
        >>> dense = layers.Dense(10)
        >>> dense.build((None, 784))
        >>> parameters(dense)
        '7,850 = (784 + 1)·10'
    """
    shapes = [v.shape for v in layer.weights]
    total = f"{sum(math.prod(shape) for shape in shapes):,}"
    kernel, rest = shapes[0], shapes[1:]
    if len(kernel) > 1 and rest == [kernel[-1:]]:
        inputs = _times(kernel[:-1])
        return f"{total} = ({inputs} + 1){DOT}{kernel[-1]}"
    if len(set(shapes)) == 1 and len(shapes) > 1:
        return f"{total} = {len(shapes)}{DOT}{_times(kernel)}"
    parts = [_times(shape) or "1" for shape in shapes]
    return total if parts == [total] else f"{total} = {' + '.join(parts)}"


def sizes(layer: Any, before: tuple[Any, ...], after: tuple[Any, ...]) -> Iterator[str]:
    """How the sizes of an output follow from those of the input, each kind once.

    Example:
        >>> from grafito import layers
        >>> pool = layers.MaxPooling2D(3, strides=2)
        >>> list(sizes(pool, (16, 16, 8), (7, 7, 8)))
        ['7 = floor((16 - 3)/2) + 1']
    """
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    kind = type(layer).__name__
    if kind == "Flatten" and all(before) and len(before) > 1:
        yield f"{math.prod(before):,} = {_times(before)}"
    if window is None or "Transpose" in kind or len(before) != len(window) + 1:
        return
    steps = getattr(layer, "strides", (1,) * len(window))
    spread = getattr(layer, "dilation_rate", (1,) * len(window))
    told = []
    for n, size, k, s, d in zip(before, after, window, steps, spread, strict=False):
        if n is None or size is None:
            continue
        whole = f"({k} - 1){DOT}{d} - 1" if d > 1 else f"{k}"
        if layer.padding == "valid":
            told.append(f"{size} = floor(({n} - {whole})/{s}) + 1")
        elif layer.padding == "same":
            told.append(f"{size} = ceil({n}/{s})")
    yield from dict.fromkeys(told)


def multiply_adds(layer: Any, after: tuple[Any, ...]) -> str:
    """The multiply-adds of a dense layer or a convolution for one example; "" for others.

    Example:
        >>> from grafito import layers
        >>> dense = layers.Dense(10)
        >>> dense.build((None, 784))
        >>> multiply_adds(dense, (10,))
        '7,840 = 784·10'
    """
    kind = type(layer).__name__
    if kind not in ("Dense", "Conv1D", "Conv2D") or not all(after) or not layer.weights:
        return ""
    kernel = layer.weights[0].shape
    total = math.prod(after) * math.prod(kernel[:-1])
    places, inputs = after[:-1], _times(kernel[:-1])
    if len(kernel) > 2:
        inputs = f"({inputs})"
    return f"{total:,} = {_times((*places, inputs, kernel[-1]))}"


def _times(sizes: Any) -> str:
    return DOT.join(map(str, sizes))
