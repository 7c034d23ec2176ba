"""From the ops of the graph to the few kinds of nodes that have machine code."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from grafito.engines.llvm.ir.builders import (
    cast,
    concat,
    constant,
    crop,
    ew,
    filled,
    pad,
    plain_steps,
    reduce,
    reshape,
)
from grafito.engines.llvm.ir.kinds import KINDS, Family
from grafito.engines.llvm.ir.nodes import Node, inside
from grafito.engines.llvm.lowering import bfloat16, convolution
from grafito.errors import GraphError
from grafito.graph.convolution import Convolution
from grafito.graph.evaluate import topological_order
from grafito.graph.linear import MatMul
from grafito.graph.neural import EPSILON
from grafito.graph.random import MASK
from grafito.graph.rewrite import SMALL
from grafito.graph.tensor import Constant, Input, Tensor
from grafito.graph.variable import Variable

# What several nodes compute, or one that rounds every sum on its way.
COMPOSED = {
    "cumsum", "logsumexp", "softmax", "logsoftmax", "softmaxcrossentropy", "sigmoidcrossentropy",
    "crossentropy", "binarycrossentropy",
}  # fmt: skip
RULES: dict[str, Callable[..., Node]] = dict(convolution.RULES)
SUMS = {  # whose elements are sums over an axis of their inputs, which may have no element
    "matmul",
    "conv2d",
    "conv2dinputgradient",
    "conv2dkernelgradient",
    "scatteradd",
}


def lower(results: Sequence[Tensor], bf16_dot: bool, amx: bool = False) -> dict[Tensor, Node]:
    """A node for each tensor that the results need.

    Args:
        results: what is computed.
        bf16_dot: whether products read bfloat16 as it is; else they read it widened.
        amx: whether they may be computed in AMX tiles.

    Raises:
        GraphError: for an op or a dtype without machine code; the message names it.
    """
    became: dict[Tensor, Node] = {}
    widened = False
    rules = RULES | convolution.rules(amx)
    for x in topological_order(results):
        inputs = [became[y] for y in x.inputs]
        with inside(x.scope):
            narrow = None
            if isinstance(x.op, (MatMul, Convolution)):
                narrow = bfloat16.narrowed(inputs)
            if narrow is None:
                became[x] = _lower(x, inputs, rules)
            else:
                widened = widened or not bf16_dot
                became[x] = _lower(x, narrow, rules) if bf16_dot else _lower_wide(x, inputs, rules)
        _check(x, became[x])
    if widened:
        bfloat16.warn_that_it_is_slow()
    same = share(became.values())
    return {x: same[node] for x, node in became.items()}


def _check(x: Tensor, node: Node) -> None:
    """A node of another size than its tensor would write beyond the result's memory."""
    if (node.shape, node.dtype) != (x.shape, x.dtype):
        raise GraphError(
            f"The CPU engine made a node of another shape or dtype for the op {x.op.name!r}.",
            where=x,
            received=repr(node),
        )


def share(nodes: Iterable[Node]) -> dict[Node, Node]:
    """For each node the first that computes the same."""
    same: dict[Node, Node] = {}
    known: dict[Any, Node] = {}
    for x in topological_order(nodes):
        inputs = tuple(same[y] for y in x.inputs)
        if any(y is not z for y, z in zip(inputs, x.inputs, strict=True)):
            shared = dataclasses.replace(x, inputs=inputs)
        else:
            shared = x
        key: Any = (x.kind, inputs, x.shape, x.dtype, repr(x.attributes))
        if x.kind in ("input", "variable"):
            key = x.tensor
        elif x.kind == "constant":
            small = x.array.size <= SMALL
            key = (x.dtype, x.shape, x.array.dtype.str, x.array.tobytes() if small else id(x.array))
        same[x] = known.setdefault(key, shared)
    return same


def _lower(x: Tensor, inputs: list[Node], rules: dict[str, Callable[..., Node]]) -> Node:
    if isinstance(x.op, Constant):
        return constant(x.op.array, x.dtype, x.shape)
    if isinstance(x.op, Input):
        return Node.make("input", (), x.shape, x.dtype, tensor=x)
    if isinstance(x, Variable):
        return Node.make("variable", (), x.shape, x.dtype, tensor=x)
    kind = x.op.name
    if not x.size or (kind in SUMS and not all(y.size for y in inputs)):
        return filled(x.shape, x.dtype, 0)
    if kind in rules:
        if x.dtype == "bfloat16" and kind in COMPOSED:  # in float32, to be rounded once
            wide = [cast(y, "float32") if y.dtype == "bfloat16" else y for y in inputs]
            return cast(rules[kind](x, *wide), "bfloat16")
        return rules[kind](x, *inputs)
    if kind == "cast":
        return inputs[0] if inputs[0].dtype == x.dtype else cast(inputs[0], x.dtype)
    if kind in KINDS and KINDS[kind].family is Family.ELEMENTWISE:
        return Node.make(kind, inputs, x.shape, x.dtype)
    raise GraphError(
        f"The CPU engine has no machine code for the op {kind!r}.",
        where=x,
        fix='engine="reference"',
    )


def _lower_wide(x: Tensor, inputs: list[Node], rules: dict[str, Callable[..., Node]]) -> Node:
    """A product of bfloat16 as one of float32."""
    wide: Any = SimpleNamespace(op=x.op, shape=x.shape, ndim=x.ndim, size=x.size, dtype="float32")
    node = _lower(wide, [y if y.dtype == "float32" else cast(y, "float32") for y in inputs], rules)
    return node if x.dtype == "float32" else cast(node, x.dtype)


def rule(function: Callable[..., Node]) -> Callable[..., Node]:
    """The lowering of the op that the function is named after."""
    RULES[function.__name__.strip("_")] = function
    return function


# Moves


@rule
def _reshape(x: Tensor, y: Node) -> Node:
    return reshape(y, x.shape)


@rule
def _transpose(x: Tensor, y: Node) -> Node:
    return Node.make("transpose", (y,), x.shape, x.dtype, axes=x.op.axes)  # type: ignore[attr-defined]


@rule
def _broadcastto(x: Tensor, y: Node) -> Node:
    return Node.make("broadcast", (y,), x.shape, x.dtype)


@rule
def _slice(x: Any, y: Node) -> Node:
    steps = plain_steps(x.shape, x.op.steps)
    return Node.make("slice", (y,), x.shape, x.dtype, starts=x.op.starts, steps=steps)


@rule
def _flip(x: Any, y: Node) -> Node:
    return Node.make("flip", (y,), x.shape, x.dtype, axes=x.op.axes)


@rule
def _take(x: Any, y: Node, indices: Node) -> Node:
    checked = bounds_check(indices, y.shape[x.op.axis], x.op.from_end)
    return Node.make("take", (y, checked), x.shape, x.dtype, axis=x.op.axis)


def bounds_check(indices: Node, size: int, from_end: bool = True) -> Node:
    """Indices counted from 0, some perhaps given from the end; one outside stops the program.

    Unsigned ones from 2⁶³ on are negative as int64, and never given from the end.
    """
    wide, unsigned = cast(indices, "int64"), indices.dtype.startswith("uint")
    told = {"length": size, "from_end": from_end and not unsigned, "unsigned": unsigned}
    return Node.make("bounds_check", (wide,), indices.shape, "int64", **told)


@rule
def _scatteradd(x: Any, y: Node, indices: Node) -> Node:
    checked = bounds_check(indices, x.op.size)
    return Node.make("scatter", (y, checked), x.shape, x.dtype, axis=x.op.axis)


@rule
def _onehot(x: Any, indices: Node) -> Node:
    return Node.make("onehot", (indices,), x.shape, x.dtype)


@rule
def _pad(x: Any, y: Node) -> Node:
    return pad(y, x.op.before, x.op.after, x.op.fill)


@rule
def _unslice(x: Any, y: Node) -> Node:
    return concat(x.shape, [y], [x.op.starts], [x.op.steps], 0)


@rule
def _concatenate(x: Any, *pieces: Node) -> Node:
    starts, at = [], 0
    for piece in pieces:
        starts.append(tuple(at if a == x.op.axis else 0 for a in range(x.ndim)))
        at += piece.shape[x.op.axis]
    return concat(x.shape, pieces, starts, [(1,) * x.ndim] * len(pieces), None)


# Reductions


@rule
def _sum(x: Any, y: Node) -> Node:
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
    return Node.make("argmax", (y,), x.shape, x.dtype, axis=x.op.axis)


@rule
def _argmin(x: Any, y: Node) -> Node:
    return Node.make("argmin", (y,), x.shape, x.dtype, axis=x.op.axis)


@rule
def _cumsum(x: Any, y: Node) -> Node:
    return Node.make("cumsum", (y,), x.shape, y.dtype, axis=x.op.axis)


@rule
def _argsort(x: Any, y: Node) -> Node:
    layers = Node.make("argsort", (y,), (2, *x.shape), x.dtype)  # the second one is for merging
    return reshape(crop(layers, (0,) * (x.ndim + 1), (1, *x.shape)), x.shape)


@rule
def _randombits(x: Any, step: Node) -> Node:
    seed, use = x.op.seed, x.op.use  # data, so that code compiled for one seed serves all
    words = np.array([seed & MASK, seed >> 32, use & MASK], "uint32")
    return Node.make(
        "random_bits", (cast(step, "uint32"), constant(words, "uint32")), x.shape, x.dtype
    )


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


@rule
def _matmul(x: Tensor, y: Node, z: Node) -> Node:
    return Node.make("matmul", (y, z), x.shape, x.dtype)
