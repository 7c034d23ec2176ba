"""What products of bfloat16 read: the numbers before they were widened, stored in pairs.

A pair is two numbers that follow each other along the inner axis of a product, or the same place of
two images that do.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable, Sequence

from grafito.engines.llvm.ir.bfloat16 import BROADCAST, LANES, PAIRS
from grafito.engines.llvm.ir.builders import cast
from grafito.engines.llvm.ir.nodes import Node, Shape, inside
from grafito.engines.llvm.lowering import costs
from grafito.errors import GrafitoWarning, warn


def narrowed(inputs: Sequence[Node]) -> list[Node] | None:
    """The bfloat16 numbers that the inputs of a product are or were widened from, if all were."""
    narrow = [_before_widening(x) for x in inputs]
    return None if None in narrow else [x for x in narrow if x is not None]


def _before_widening(x: Node) -> Node | None:
    moves: list[Node] = []
    while x.dtype != "bfloat16":
        if x.kind in ("reshape", "transpose"):
            moves.append(x)
        elif (x.kind, x.inputs[0].dtype if x.inputs else "") != ("cast", "bfloat16"):
            return None
        x = x.inputs[0]
    for move in reversed(moves):
        x = Node.make(move.kind, (x,), move.shape, "bfloat16", **move.attributes)
    return x


@functools.cache  # once a process
def warn_that_it_is_slow() -> None:
    """Say that products of bfloat16 are made as float32, at its speed."""
    warn(
        GrafitoWarning(
            "This CPU multiplies bfloat16 no faster than float32 (that takes AMX, or AVX512-BF16 "
            "on an AMD CPU): mixed precision gives the same numbers as elsewhere, but takes a "
            "little longer than float32.",
            fix="precision='float32'",
        )
    )


def arrange(order: Iterable[Node], amx: bool) -> dict[Node, Node]:
    """The nodes, where products of bfloat16 are marked and read their operands in pairs.

    Args:
        order: all nodes, inputs before users.
        amx: whether the CPU multiplies tiles.
    """
    became: dict[Node, Node] = {}
    for x in order:
        inputs = tuple(became[y] for y in x.inputs)
        changed = any(y is not z for y, z in zip(inputs, x.inputs, strict=True))
        y = dataclasses.replace(x, inputs=inputs) if changed else x
        if x.row.of_bfloat16 and all(z.dtype == "bfloat16" for z in inputs):
            y = _product(y, amx)
            if y.kind == "conv_weight_gradient" and y.dtype == "bfloat16":
                y = _rounded_at_the_end(y)
        became[x] = y
    return became


def _rounded_at_the_end(x: Node) -> Node:
    """A product whose sums are in memory between chunks of images, where they are float32."""
    sums = dataclasses.replace(x, dtype="float32")
    with inside(x.scope):
        return cast(sums, x.dtype)


def _product(x: Node, amx: bool) -> Node:
    """A product of bfloat16, with its operands in the form that it reads."""
    y, z = map(_in_memory, x.inputs)
    marks = {"bf16_dot": True}
    marked = dataclasses.replace(x, attributes={**x.attributes, **marks})
    if x.kind == "conv_weight_gradient":
        if x.groups == 1:
            marks["amx"] = amx and _weight_gradient_pays(x)
            z = image_pairs(z)
    elif x.kind != "matmul" and amx and _pays(x):
        marks["amx"] = True
        z = _weight_tiles(z, x.kind == "conv_input_gradient")
    elif x.kind == "conv":  # the weights of channels that follow each other
        channels, filters = z.shape[2:]
        whole = channels % 2 == 0 and filters % BROADCAST == 0 and x.groups == 1
        z = _weight_pairs(z) if whole else _stored_as(z, (0, 1, 3, 2))
    elif x.kind == "matmul" and not packed(marked) and _by_columns(y):
        y = _stored(y)
    elif x.kind == "matmul" and amx and packed(marked):
        marks["amx"] = costs.pays(x.shape[0], x.shape[1], y.shape[1])
    return dataclasses.replace(x, inputs=(y, z), attributes={**x.attributes, **marks})


def _in_memory(x: Node) -> Node:
    """The node, stored where it repeats a number that has no place in memory."""
    source = x
    while source.moves:
        source = source.inputs[0]
    return _stored(x) if source.kind == "constant" else x


def packed(x: Node) -> bool:
    """Whether a product packs its operands: one of matrices that fill the registers."""
    return "bf16_dot" in x.attributes and len(x.shape) == 2 and min(x.shape) >= LANES


def _by_columns(x: Node) -> bool:
    """Whether neighbours along the last axis are apart in memory; a batch in lanes has them."""
    return x.kind == "transpose" and x.axes[-1] != len(x.shape) - 1 and not x.inputs[0].lanes


def _stored(x: Node) -> Node:
    """The node, stored as it is."""
    return _stored_as(x, tuple(range(len(x.shape))))


def _stored_as(x: Node, axes: tuple[int, ...]) -> Node:
    """The node, stored with its axes in this order (which is its own inverse)."""

    def moved(y: Node) -> Node:
        if axes == tuple(range(len(axes))):
            return y
        shape = tuple(y.shape[a] for a in axes)
        return Node.make("transpose", (y,), shape, y.dtype, axes=axes)

    with inside(x.scope):
        if x.kind == "cast" and x.inputs[0].leaf:  # rounded on the way
            source = moved(x.inputs[0])
            return moved(Node.make("cast", (source,), source.shape, x.dtype))
        source = moved(x)
        return moved(Node.make("copy", (source,), source.shape, x.dtype))


def _weight_pairs(k: Node) -> Node:
    """The weights of pairs of channels as words: [a][b][f / BROADCAST][c / 2][BROADCAST]."""
    height, width, channels, filters = k.shape
    panels: Shape = (height, width, channels, filters // BROADCAST, BROADCAST)
    split = Node.make("reshape", (k,), panels, k.dtype)
    halves = []
    for odd in (0, 1):
        shape: Shape = (height, width, channels // 2, *panels[3:])
        own = Node.make(
            "slice", (split,), shape, k.dtype, starts=(0, 0, odd, 0, 0), steps=(1, 1, 2, 1, 1)
        )
        shape = tuple(shape[axis] for axis in (0, 1, 3, 2, 4))
        halves.append(Node.make("transpose", (own,), shape, k.dtype, axes=(0, 1, 3, 2, 4)))
    with inside(k.scope):
        return Node.make("word_pairs", halves, shape, "uint32", weight_shape=k.shape)


def _weight_tiles(k: Node, backward: bool) -> Node:
    """The weights in tiles: [a][b][out / 16][in / 32][16 out][16 pairs of in] channels."""
    if k.moves:
        k = _stored(k)
    axes = (3, 2) if backward else (2, 3)
    in_channels, out_channels = (k.shape[axis] for axis in axes)
    shape = (*k.shape[:2], -(-out_channels // LANES), -(-in_channels // (2 * LANES)), LANES, LANES)
    with inside(k.scope):
        return Node.make("weight_tiles", (k,), shape, "uint32", weight_shape=k.shape, axes=axes)


def _pays(x: Node) -> bool:
    """Whether tiles pay for a convolution: a product for each place and step of the window."""
    y, k = x.inputs
    times = math.prod(x.shape[1:3]) * math.prod(k.shape[:2])
    in_channels, out_channels = k.shape[2:]
    if x.kind == "conv_input_gradient":
        times //= math.prod(x.strides)
        in_channels, out_channels = out_channels, in_channels
    return x.groups == 1 and y.lanes and costs.pays(out_channels, x.shape[0], in_channels, times)


def _weight_gradient_pays(x: Node) -> bool:
    """Whether tiles, which see two places of a row at once, pay for a weight gradient."""
    height, width, channels, filters = x.shape
    image, y = x.inputs
    seen = math.prod(y.shape[:3])
    fits = image.lanes and y.shape[2] > 1
    return fits and costs.pays(channels, filters, seen, height * width)


def image_pairs(y: Node) -> Node:
    """The gradient y of images in lanes as pairs of images: [block][i][j][pair][filter]."""
    n, height, width, filters = y.shape
    shape = (-(-n // LANES), height, width, PAIRS, -(-filters // LANES) * LANES)
    with inside(y.scope):
        return Node.make("image_pairs", (y,), shape, "uint32")
