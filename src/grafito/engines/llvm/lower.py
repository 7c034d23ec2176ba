"""From the ops of the graph to the few kinds of nodes that have machine code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from grafito.engines.llvm.elementwise import OPS
from grafito.engines.llvm.nodes import Node, Shape, order_of
from grafito.errors import GraphError
from grafito.graph.evaluate import topological_order
from grafito.graph.neural import EPSILON
from grafito.graph.random import MASK
from grafito.graph.tensor import Constant, Input, Tensor, Variable

RULES: dict[str, Callable[..., Node]] = {}
SMALL = 1024  # elements: constants up to this size are compared by their bytes


def lower(results: Sequence[Tensor]) -> dict[Tensor, Node]:
    """A node for each tensor that the results need.

    Raises:
        GraphError: for an op or a dtype without machine code; the message names it.
    """
    became: dict[Tensor, Node] = {}
    for x in topological_order(results):
        node = _lower(x, [became[y] for y in x.inputs])
        for inner in order_of([node]):
            inner.scope = inner.scope or x.scope
        became[x] = node
    same = share(became.values())
    return {x: same[node] for x, node in became.items()}


def share(nodes: Iterable[Node]) -> dict[Node, Node]:
    """For each node the first that computes the same."""
    same: dict[Node, Node] = {}
    known: dict[Any, Node] = {}
    for x in order_of(nodes):
        x.inputs = tuple(same[y] for y in x.inputs)
        key: Any = (x.kind, x.inputs, x.shape, x.dtype, repr(x.attributes))
        if x.kind in ("input", "variable"):
            key = x.tensor
        elif x.kind == "constant":
            small = x.array.size <= SMALL
            key = (x.dtype, x.shape, x.array.dtype.str, x.array.tobytes() if small else id(x.array))
        same[x] = known.setdefault(key, x)
    return same


def _lower(x: Tensor, inputs: list[Node]) -> Node:
    if isinstance(x.op, Constant):
        return constant(x.op.array, x.dtype, x.shape)
    if isinstance(x.op, Input):
        return Node("input", (), x.shape, x.dtype, tensor=x)
    if isinstance(x, Variable):
        return Node("variable", (), x.shape, x.dtype, tensor=x)
    kind = x.op.name
    if kind in RULES:
        return RULES[kind](x, *inputs)
    if kind == "cast":
        return inputs[0] if inputs[0].dtype == x.dtype else cast(inputs[0], x.dtype)
    if kind in OPS:
        return Node(kind, inputs, x.shape, x.dtype)
    raise GraphError(
        f"The CPU engine has no machine code for the op {kind!r}.",
        where=x,
        fix='engine="reference"',
    )


def rule(function: Callable[..., Node]) -> Callable[..., Node]:
    """The lowering of the op that the function is named after."""
    RULES[function.__name__.strip("_")] = function
    return function


# Building nodes


def constant(value: Any, dtype: str, shape: Shape | None = None) -> Node:
    """A node for a known array."""
    array = np.asarray(value)
    return Node("constant", (), array.shape if shape is None else shape, dtype, array=array)


def ew(kind: str, *inputs: Node | float) -> Node:
    """An elementwise node; numbers take the dtype of the nodes."""
    dtype = next(x.dtype for x in reversed(inputs) if isinstance(x, Node))
    nodes = [x if isinstance(x, Node) else constant(x, dtype) for x in inputs]
    shape = np.broadcast_shapes(*(x.shape for x in nodes))
    comparing = kind in ("equal", "less", "greater", "isfinite")
    return Node(kind, nodes, shape, "bool" if comparing else dtype)


def cast(x: Node, dtype: str) -> Node:
    """The same values with another dtype."""
    return Node("cast", (x,), x.shape, dtype)


def reduce(kind: str, x: Node, axis: Sequence[int], keepdims: bool = False) -> Node:
    """A reduction; those over no axis, or axes of size 1, are reshapes."""
    axes = tuple(a % len(x.shape) for a in axis)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    y = x
    if any(x.shape[a] != 1 for a in axes):
        y = Node(kind, (x,), kept, x.dtype, axis=axes)
    return y if keepdims else reshape(y, tuple(n for i, n in enumerate(kept) if i not in axes))


def reshape(x: Node, shape: Shape) -> Node:
    """The same elements with another shape."""
    return x if tuple(shape) == x.shape else Node("reshape", (x,), shape, x.dtype)


# Moves


@rule
def _reshape(x: Tensor, y: Node) -> Node:
    return reshape(y, x.shape)


@rule
def _transpose(x: Tensor, y: Node) -> Node:
    return Node("transpose", (y,), x.shape, x.dtype, axes=x.op.axes)  # type: ignore[attr-defined]


@rule
def _broadcastto(x: Tensor, y: Node) -> Node:
    return Node("broadcast", (y,), x.shape, x.dtype)


@rule
def _slice(x: Any, y: Node) -> Node:
    return Node("slice", (y,), x.shape, x.dtype, starts=x.op.starts, steps=x.op.steps)


@rule
def _flip(x: Any, y: Node) -> Node:
    return Node("flip", (y,), x.shape, x.dtype, axes=x.op.axes)


@rule
def _take(x: Any, y: Node, indices: Node) -> Node:
    return Node("take", (y, check(indices, y.shape[x.op.axis])), x.shape, x.dtype, axis=x.op.axis)


def check(indices: Node, size: int) -> Node:
    """Indices counted from 0; one outside stops the program."""
    return Node("check", (cast(indices, "int64"),), indices.shape, "int64", length=size)


@rule
def _scatteradd(x: Any, y: Node, indices: Node) -> Node:
    checked = check(indices, x.op.size)
    return Node("scatter", (y, checked), x.shape, x.dtype, axis=x.op.axis)


@rule
def _onehot(x: Any, indices: Node) -> Node:
    return Node("onehot", (indices,), x.shape, x.dtype)


def parts(
    shape: Shape, pieces: Sequence[Node], starts: Sequence[Shape], steps: Sequence[Shape], fill: Any
) -> Node:
    """A tensor put together: each piece at its place, `fill` elsewhere (None: there is none)."""
    node = Node("parts", pieces, shape, pieces[0].dtype, starts=starts, steps=steps, fill=fill)
    return node


def pad(x: Node, before: Shape, after: Shape, fill: float = 0.0) -> Node:
    """The node with elements added around it."""
    if not any(before) and not any(after):
        return x
    shape = tuple(b + n + a for b, n, a in zip(before, x.shape, after, strict=True))
    return parts(shape, [x], [before], [(1,) * len(shape)], fill)


def crop(x: Node, starts: Shape, shape: Shape) -> Node:
    """A block of the node."""
    if shape == x.shape:
        return x
    return Node("slice", (x,), shape, x.dtype, starts=starts, steps=(1,) * len(shape))


@rule
def _pad(x: Any, y: Node) -> Node:
    return pad(y, x.op.before, x.op.after, x.op.fill)


@rule
def _unslice(x: Any, y: Node) -> Node:
    return parts(x.shape, [y], [x.op.starts], [x.op.steps], 0)


@rule
def _concatenate(x: Any, *pieces: Node) -> Node:
    starts, at = [], 0
    for piece in pieces:
        starts.append(tuple(at if a == x.op.axis else 0 for a in range(x.ndim)))
        at += piece.shape[x.op.axis]
    return parts(x.shape, pieces, starts, [(1,) * x.ndim] * len(pieces), None)


# Reductions


@rule
def _sum(x: Any, y: Node) -> Node:
    if y.dtype == "bool":
        y = cast(y, "int32")
    return reduce("sum", y, x.op.axis, x.op.keepdims)


@rule
def _max(x: Any, y: Node) -> Node:
    return reduce("max", y, x.op.axis, x.op.keepdims)


@rule
def _min(x: Any, y: Node) -> Node:
    return reduce("min", y, x.op.axis, x.op.keepdims)


@rule
def _prod(x: Any, y: Node) -> Node:
    return reduce("prod", y, (-1,))


@rule
def _logsumexp(x: Any, y: Node) -> Node:
    largest = reduce("max", y, x.op.axis, True)
    largest = ew("where", ew("isfinite", largest), largest, 0.0)
    total = reduce("sum", ew("exp", ew("subtract", y, largest)), x.op.axis, True)
    return reshape(ew("add", ew("log", total), largest), x.shape)


@rule
def _argmax(x: Any, y: Node) -> Node:
    return Node("argmax", (y,), x.shape, x.dtype, axis=x.op.axis)


@rule
def _argmin(x: Any, y: Node) -> Node:
    return Node("argmin", (y,), x.shape, x.dtype, axis=x.op.axis)


@rule
def _cumsum(x: Any, y: Node) -> Node:
    return Node("cumsum", (y,), x.shape, x.dtype, axis=x.op.axis)


@rule
def _argsort(x: Any, y: Node) -> Node:
    layers = Node("argsort", (y,), (2, *x.shape), x.dtype)  # the second one is for merging
    return reshape(crop(layers, (0,) * (x.ndim + 1), (1, *x.shape)), x.shape)


@rule
def _randombits(x: Any, step: Node) -> Node:
    seed, use = x.op.seed, x.op.use  # data, so that code compiled for one seed serves all
    words = np.array([seed & MASK, seed >> 32, use & MASK], "uint32")
    return Node("bits", (cast(step, "uint32"), constant(words, "uint32")), x.shape, x.dtype)


# Softmax and its losses


def _shifted(x: Node, axis: int) -> Node:
    return ew("subtract", x, reduce("max", x, (axis,), True))


@rule
def _softmax(x: Any, y: Node) -> Node:
    e = ew("exp", _shifted(y, x.op.axis))
    return ew("divide", e, reduce("sum", e, (x.op.axis,), True))


def _log_softmax(y: Node, axis: int) -> Node:
    shifted = _shifted(y, axis)
    return ew("subtract", shifted, ew("log", reduce("sum", ew("exp", shifted), (axis,), True)))


@rule
def _logsoftmax(x: Any, y: Node) -> Node:
    return _log_softmax(y, x.op.axis)


@rule
def _softmaxcrossentropy(x: Any, z: Node, t: Node) -> Node:
    terms = ew("multiply", ew("where", ew("equal", t, 0), 0.0, _log_softmax(z, -1)), t)
    return ew("negative", reduce("sum", terms, (-1,)))


@rule
def _sigmoidcrossentropy(x: Any, z: Node, t: Node) -> Node:
    positive = ew("greater", z, 0.0)
    linear = ew(
        "where",
        positive,
        ew("multiply", z, ew("subtract", 1.0, t)),
        ew("negative", ew("multiply", z, t)),
    )
    decay = ew("exp", ew("negative", ew("abs", z)))
    return ew("add", linear, ew("log1p", decay))


def _clip(p: Node) -> Node:
    low = ew("where", ew("less", p, EPSILON), EPSILON, p)
    return ew("where", ew("greater", low, 1 - EPSILON), 1 - EPSILON, low)


@rule
def _crossentropy(x: Any, p: Node, t: Node) -> Node:
    q = ew("divide", p, reduce("sum", p, (-1,), True))
    return ew("negative", reduce("sum", ew("multiply", t, ew("log", _clip(q))), (-1,)))


@rule
def _binarycrossentropy(x: Any, p: Node, t: Node) -> Node:
    c = _clip(p)
    yes = ew("negative", ew("multiply", t, ew("log", c)))
    no = ew("multiply", ew("subtract", 1.0, t), ew("log", ew("subtract", 1.0, c)))
    return ew("subtract", yes, no)


# Products


def _operands(*inputs: Node) -> tuple[Node, ...]:
    """The bfloat16 numbers themselves where all were widened to float32, which products add in."""
    narrow = [_before_widening(x) for x in inputs]
    return inputs if None in narrow else tuple(x for x in narrow if x is not None)


def _before_widening(x: Node) -> Node | None:
    if x.kind == "cast" and (x.inputs[0].dtype, x.dtype) == ("bfloat16", "float32"):
        return x.inputs[0]
    if x.kind in ("reshape", "transpose"):
        narrow = _before_widening(x.inputs[0])
        return narrow and Node(x.kind, (narrow,), x.shape, narrow.dtype, **x.attributes)
    return None


@rule
def _matmul(x: Tensor, y: Node, z: Node) -> Node:
    y, z = _operands(y, z)
    return Node("matmul", (y, z), x.shape, x.dtype)


def _borders(pads: Any) -> tuple[Shape, Shape]:
    (top, bottom), (left, right) = pads
    return (0, top, left, 0), (0, bottom, right, 0)


@rule
def _conv2d(x: Any, image: Node, kernel: Node) -> Node:
    op = x.op
    image, kernel = _operands(image, kernel)
    padded = pad(image, *_borders(op.padding))
    return Node(
        "conv", (padded, kernel), x.shape, x.dtype,
        strides=op.strides, dilation=op.dilation, groups=op.groups,
    )  # fmt: skip


@rule
def _conv2dinputgradient(x: Any, y: Node, kernel: Node) -> Node:
    op = x.op
    y, kernel = _operands(y, kernel)
    before, after = [], []
    rows = zip(
        x.shape[1:3], y.shape[1:3], kernel.shape, op.strides, op.padding, op.dilation, strict=False
    )
    for size, places, length, stride, pads, dilation in rows:
        reach = (length - 1) * dilation
        before.append(max(0, -((pads[0] - reach) // stride)))
        after.append(max(0, (size - 1 + pads[0]) // stride - (places - 1)))
    padded = pad(y, (0, *before, 0), (0, *after, 0))
    return Node(
        "convback", (padded, kernel), x.shape, x.dtype,
        strides=op.strides, dilation=op.dilation, groups=op.groups,
        origin=tuple(p[0] for p in op.padding), before=tuple(before),
    )  # fmt: skip


@rule
def _conv2dkernelgradient(x: Any, image: Node, y: Node) -> Node:
    op = x.op
    image, y = _operands(image, y)
    padded = pad(image, *_borders(op.padding))
    return Node(
        "convkernel", (padded, y), x.shape, x.dtype,
        strides=op.strides, dilation=op.dilation, groups=op.groups,
    )  # fmt: skip


def _window(kind: str, op: Any, shape: Shape, dtype: str, *inputs: Node) -> Node:
    return Node(kind, inputs, shape, dtype, window=op.size, strides=op.strides)


@rule
def _maxpool(x: Any, y: Node) -> Node:
    return _window("maxpool", x.op, x.shape, x.dtype, pad(y, *_borders(x.op.padding), -np.inf))


@rule
def _sumpool(x: Any, y: Node) -> Node:
    return _window("sumpool", x.op, x.shape, x.dtype, pad(y, *_borders(x.op.padding)))


@rule
def _maxpoolscatter(x: Any, y: Node, g: Node) -> Node:
    before, after = _borders(x.op.padding)
    padded = pad(y, before, after, -np.inf)
    return crop(_window("maxscatter", x.op, padded.shape, x.dtype, padded, g), before, x.shape)


@rule
def _maxpoolgather(x: Any, y: Node, h: Node) -> Node:
    borders = _borders(x.op.padding)
    inputs = pad(y, *borders, -np.inf), pad(h, *borders)
    return _window("maxgather", x.op, x.shape, x.dtype, *inputs)


@rule
def _sumpoolgradient(x: Any, g: Node) -> Node:
    before, after = _borders(x.op.padding)
    sizes = zip(before, x.shape, after, strict=True)
    padded = tuple(b + n + a for b, n, a in sizes)
    return crop(_window("sumscatter", x.op, padded, x.dtype, g), before, x.shape)
