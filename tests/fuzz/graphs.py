"""Random graphs, with their gradients, on the CPU engine and on the reference.

Rules make the graphs, from choices that a source of chance makes: a generator of NumPy here, and
Hypothesis in `engines/test_random_graphs.py`, which shortens what goes wrong.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from fuzz.both_engines import DATA, compare
from grafito import graph
from grafito.graph import Tensor

SHORT = 60  # cases of the short form

SIZES = [1, 1, 2, 3, 5, 16, 17]  # of an axis: around the lanes of a vector
LARGEST = 3000  # elements of a tensor
IMAGES = [(2, 6, 5, 3), (16, 5, 5, 2), (17, 4, 6, 1), (1, 7, 7, 4), (1, 6, 6, 3), (1, 8, 4, 1)]
DEEP = [150, 400]  # ops in a row


class Choices(Protocol):
    """A source of chance."""

    def one(self, options: Sequence[Any]) -> Any:
        """One of them."""

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""


class Random:
    """Choices of a generator of NumPy."""

    def __init__(self, rng: np.random.Generator):
        self._rng = rng

    def one(self, options: Sequence[Any]) -> Any:
        return options[self._rng.integers(len(options))]

    def whole(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high + 1))


# Each rule takes the choices, a tensor of as many axes as it needs and all tensors so far, and
# makes one more; it may be too large. Values stay of moderate size, so that no rounding is blown
# up. The ops called exact make whole numbers of small ones: they meet kinks and ties, where any
# rounding would decide.
EXACT_UNARY = {
    "relu": graph.relu,
    "abs": graph.abs,
    "negative": graph.negative,
    "sign": graph.sign,
    "stop_gradient": graph.stop_gradient,
}
UNARY = EXACT_UNARY | {
    "tanh": graph.tanh,
    "sigmoid": graph.sigmoid,
    "sin": graph.sin,
    "exp": lambda x: graph.exp(graph.tanh(x)),
    "log": lambda x: graph.log(1.5 + graph.square(graph.sin(x))),
    "softmax": lambda x: graph.softmax(x) if x.ndim else x,
    "log_softmax": lambda x: graph.log_softmax(graph.tanh(x)) if x.ndim else x,
}
EXACT_BINARY = {
    "add": lambda x, y: small(x + y),
    "subtract": lambda x, y: small(x - y),
    "product": lambda x, y: small(x * y),
    "maximum": graph.maximum,
    "minimum": graph.minimum,
    "where": lambda x, y: graph.where(graph.greater(x, 0), x, y),
}
BINARY = {
    "add": graph.add,
    "subtract": graph.subtract,
    "multiply": lambda x, y: graph.tanh(x) * y,
    "divide": lambda x, y: x / (2.0 + graph.square(y)),
    "maximum": graph.maximum,
    "where": lambda x, y: graph.where(graph.greater(x, 0.25), x, y),
}
EXACT_REDUCTIONS = [lambda x, **axes: small(graph.sum(x, **axes)), graph.max, graph.min]
REDUCTIONS = [graph.sum, graph.mean, graph.max, graph.min, graph.logsumexp, graph.variance]


def small(x: Tensor) -> Tensor:
    return graph.maximum(graph.minimum(x, 8.0), -8.0)


def one_of(functions: dict[str, Callable[..., Tensor]], operands: int) -> Any:
    """A rule: one of these ops, of tensors that broadcast."""

    def rule(choose: Choices, x: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        fitting = [y for y in tensors if broadcast(x.shape, y.shape)]
        others = [choose.one(fitting) for _ in range(operands - 1)]
        return functions[choose.one(list(functions))](x, *others)

    return rule


def broadcast(*shapes: tuple[int, ...]) -> bool:
    try:
        return math.prod(np.broadcast_shapes(*shapes)) <= LARGEST
    except ValueError:
        return False


def reduction(functions: Sequence[Callable[..., Tensor]], limit: Callable[..., Tensor]) -> Any:
    def rule(choose: Choices, x: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        axes = [axis for axis in range(x.ndim) if choose.one([False, True])]
        function = choose.one(functions)
        return function(limit(x), axis=tuple(axes) or None, keepdims=choose.one([False, True]))

    return rule


def cumulative(choose, x, tensors):
    return graph.cumsum(graph.tanh(x), axis=choose.whole(0, x.ndim - 1))


def reshape(choose, x, tensors):
    left, shape = x.size, []
    while left > 1 and len(shape) < 3:
        shape.append(choose.one([n for n in range(1, left + 1) if left % n == 0]))
        left //= shape[-1]
    return graph.reshape(x, (*shape, left))


def ones(choose, x, tensors):
    """An axis of size 1 goes, the first one often, or comes."""
    axes = [axis for axis, n in enumerate(x.shape) if n == 1]
    if axes and choose.one([True, True, False]):
        axis = choose.one([axes[0], *axes])
        if axis == 0 and choose.one([False, True]):
            return x[0]
        return graph.squeeze(x, axis)
    return graph.expand_dims(x, choose.one([0, choose.whole(0, x.ndim)])) if x.ndim < 4 else x


def transpose(choose, x, tensors):
    return graph.transpose(x, choose.one(list(itertools.permutations(range(x.ndim)))))


def slice_(choose, x, tensors):
    index = []
    for n in x.shape:
        start = choose.whole(0, n - 1)
        index.append(slice(start, choose.whole(start + 1, n), choose.whole(1, 3)))
    return x[tuple(index)]


def flip(choose, x, tensors):
    return graph.flip(x, choose.whole(0, x.ndim - 1))


def pad(choose, x, tensors):
    widths = [(choose.whole(0, 2), choose.whole(0, 2)) for _ in x.shape]
    return graph.pad(x, widths, 1.0)


def concatenate(choose, x, tensors):
    """Pieces end to end; some are empty."""
    axis = choose.whole(0, x.ndim - 1)
    none = x[(slice(None),) * axis + (slice(0, 0),)]
    pieces = [choose.one([none, none, x, graph.negative(x)]) for _ in range(choose.whole(0, 2))]
    last = choose.one([[], [none], [graph.negative(x)]])
    return graph.concatenate([*pieces, choose.one([x, graph.negative(x)]), *last], axis)


def take(choose, x, tensors):
    axis = choose.whole(0, x.ndim - 1)
    n = x.shape[axis]
    positions = [choose.whole(-n, n - 1) for _ in range(choose.whole(1, 4))]
    return graph.take(x, np.array(positions), axis)


def tile(choose, x, tensors):
    times = [choose.whole(1, 2) for _ in x.shape]
    return graph.tile(x, times) if x.size * math.prod(times) <= LARGEST else x


def repeat(choose, x, tensors):
    return graph.repeat(x, choose.whole(1, 3), choose.whole(0, x.ndim - 1))


def roll(choose, x, tensors):
    return graph.roll(x, choose.whole(-3, 3), choose.one([None, choose.whole(0, x.ndim - 1)]))


def in_order(choose, x, tensors):
    """In the order of whole numbers, among which there are ties; rounding decides none."""
    axis = choose.whole(0, x.ndim - 1)
    return graph.take_along_axis(x, graph.random.argsort(known(x.shape), axis), axis)


def triangle(choose, x, tensors):
    return choose.one([graph.tril, graph.triu])(x, choose.whole(-1, 1))


def diagonal(choose, x, tensors):
    first, second = choose.one(list(itertools.permutations(range(x.ndim), 2)))
    return graph.diagonal(x, 0, first, second)


def einsum(choose, x, tensors):
    letters = "abcde"[: x.ndim]
    shared = [c for c in letters if choose.one([True, False])]
    other = known((*(x.shape[letters.index(c)] for c in shared), 2))
    result = [c for c in letters if c not in shared or choose.one([True, False])]
    return graph.einsum(f"{letters},{''.join(shared)}z->{''.join(result)}z", x, other)


def matmul(choose, x, tensors):
    fitting = [y for y in tensors if y.ndim == 2 and y.shape[0] == x.shape[-1]]
    turned = graph.transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))
    return x @ choose.one([*fitting, known((x.shape[-1], choose.one(SIZES))), turned])


def convolution(choose, x, tensors):
    padding, strides = choose.one(["same", "valid"]), choose.whole(1, 2)
    h, w = (choose.whole(1, min(3, n)) for n in x.shape[1:3])
    channels = x.shape[3]
    groups = choose.one([g for g in (1, 2, 3, channels) if channels % g == 0])
    kernel = known((h, w, channels // groups, groups * choose.whole(1, 3)))
    return graph.conv2d(x, kernel, strides, padding, groups=groups)


def pool(functions: Sequence[Callable[..., Tensor]]) -> Any:
    def rule(choose: Choices, x: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        window = tuple(choose.whole(1, min(3, n)) for n in x.shape[1:3])
        padding = choose.one(["same", "valid"])
        return choose.one(functions)(x, window, choose.whole(1, 2), padding)

    return rule


def deep(choose, x, tensors):
    """Many ops in a row, a few of them dear."""
    y, sines = x, choose.whole(0, 9)
    for i in range(choose.one(DEEP)):
        y = graph.sin(y) + x if i < sines else y * 0.5 + 0.25
    return y


def known(shape: tuple[int, ...]) -> Tensor:
    """A constant; of whole numbers, so that it may be a part of what is exact."""
    return graph.constant(np.random.default_rng(math.prod(shape)).integers(-2, 3, shape) * 1.0)


def with_limit(rule: Any, limit: Callable[[Tensor], Tensor]) -> Any:
    return lambda choose, x, tensors: limit(rule(choose, x, tensors))


MOVES = [
    *[(reshape, 0), (transpose, 0), (ones, 0), (ones, 0)],
    *[(slice_, 1), (flip, 1), (pad, 1), (concatenate, 1), (concatenate, 1), (take, 1)],
    *[(tile, 1), (repeat, 1), (roll, 1), (in_order, 1), (triangle, 2), (diagonal, 2)],
]
RULES = [  # with the axes that they need; some more often
    *[(one_of(UNARY, 1), 0)] * 2,
    *[(one_of(BINARY, 2), 0)] * 3,
    *[(reduction(REDUCTIONS, graph.tanh), 0), *MOVES, (cumulative, 1)],
    *[(with_limit(matmul, graph.tanh), 2)] * 2,
    (with_limit(einsum, graph.tanh), 1),
    *[(with_limit(convolution, graph.tanh), 4)] * 2,
    *[(pool([graph.max_pool, graph.average_pool]), 4)] * 2,
]
EXACT = [
    *[(one_of(EXACT_UNARY, 1), 0)] * 2,
    *[(one_of(EXACT_BINARY, 2), 0)] * 3,
    *[(reduction(EXACT_REDUCTIONS, small), 0), *MOVES],
    *[(with_limit(matmul, small), 2), (with_limit(convolution, small), 4)],
    (with_limit(einsum, small), 1),
    *[(pool([graph.max_pool]), 4)] * 2,
]


# What can be made of tensors without elements.
EMPTY = {
    "relu": graph.relu,
    "abs": graph.abs,
    "transpose": graph.transpose,
    "row": lambda x: graph.expand_dims(x, 0) if x.ndim < 4 else x,
    "doubled": lambda x: x + x * 0.5,
    "sum": lambda x: graph.sum(x, axis=-1),
    "all": graph.sum,
    "product": lambda x: graph.prod(x, axis=0),
    "around": lambda x: graph.pad(x, [(1, 0)] * x.ndim, 1.0),
    "end to end": lambda x: graph.concatenate([x, x], -1),
    "table": lambda x: graph.reshape(x, (-1, 1)) @ known((1, 3)),
    "inner": lambda x: graph.transpose(graph.reshape(x, (-1, 2))) @ graph.reshape(x, (-1, 2)),
}


def make(choose: Choices, rules: Sequence[tuple[Any, int]]) -> tuple[list[Tensor], list[Tensor]]:
    """Inputs, and some of the tensors computed from them."""
    inputs = []
    for i in range(choose.whole(1, 3)):
        plain = tuple(choose.one(SIZES) for _ in range(choose.whole(0, 3)))
        shape = choose.one([plain, choose.one(IMAGES)])
        inputs.append(graph.placeholder(shape, "float64", f"x{i}"))
    first = last_batch(choose, rules, inputs) if choose.one([True, False]) else []
    tensors = grow(choose, rules, [*inputs, *first], choose.whole(1, 12))
    return inputs, [choose.one(tensors), *first[-1:], tensors[-1]]


def last_batch(
    choose: Choices, rules: Sequence[tuple[Any, int]], inputs: list[Tensor]
) -> list[Tensor]:
    """One image, as in a last batch, behind windows: it loses its first axis and goes on."""
    shape = choose.one([shape for shape in IMAGES if shape[0] == 1])
    x = graph.placeholder(shape, "float64", f"x{len(inputs)}")
    inputs.append(x)
    windows = [rule for rule, axes in rules if axes == 4]
    y = choose.one(windows)(choose, x, inputs)
    if choose.one([True, False]):
        y = rules[0][0](choose, y, [y])
    dropped = choose.one(
        [
            lambda: y[0],
            lambda: graph.squeeze(y, 0),
            lambda: graph.reshape(y, y.shape[1:]),
            lambda: graph.sum(y, axis=0),
            lambda: y - graph.max(y, axis=0),
            lambda: graph.take(y, np.array([0]), 0),
        ]
    )()
    z = rules[0][0](choose, dropped, [dropped])
    return [y, dropped, choose.one([z, z * y, y + z])]


def grow(
    choose: Choices, rules: Sequence[tuple[Any, int]], given: Sequence[Tensor], times: int
) -> list[Tensor]:
    """Those given that are not too large, and what rules make of them."""
    tensors = [x for x in given if x.size <= LARGEST]
    for _ in range(times):
        most = max(x.ndim for x in tensors)
        rule, axes = choose.one([rule for rule in rules if rule[1] <= most])
        fitting = [x for x in tensors if x.ndim >= axes and (axes < 4 or x.ndim == 4)]
        if fitting:
            new = rule(choose, choose.one(fitting), tensors)
            if 0 < new.size <= LARGEST and new.ndim <= 5:
                tensors.append(new)
    return tensors


def empty(choose: Choices, x: Tensor) -> Tensor:
    """What is made of none of the elements of x: it has no elements, or is a sum over none."""
    axis = choose.whole(0, x.ndim - 1)
    y = x[(slice(None),) * axis + (slice(0, 0),)]
    for _ in range(choose.whole(1, 3)):
        y = EMPTY[choose.one(list(EMPTY))](y) if y.ndim and not y.size else graph.sin(y)
    return y


def check(inputs: Sequence[Tensor], results: Sequence[Tensor], data: str, **options: Any) -> None:
    """The results and their gradients are those of the reference."""
    total = sum(graph.sum(graph.sin(y)) for y in results)
    outputs = [*results, *graph.gradients(total, inputs, unconnected="zero")]
    rng = np.random.default_rng(0)
    arrays = {x.name: np.asarray(DATA[data](rng, x.shape), "float64") for x in inputs}
    named = {str(i): x for i, x in enumerate(outputs)}
    compare(inputs, named, [arrays, arrays], (1e-9, 1e-10), **options)


def case(rng: np.random.Generator) -> None:
    """A random graph: some of ops on exact numbers alone, some with many ops in a row."""
    choose = Random(rng)
    kind = choose.one(["smooth"] * 3 + ["exact"] * 3 + ["deep"])
    inputs, results = make(choose, EXACT if kind == "exact" else RULES)
    if kind == "deep":
        results.append(deep(choose, results[0], inputs))
    some = [x for x in [*inputs, *results] if x.ndim]
    if some and choose.one([True, False, False]):
        results.append(empty(choose, choose.one(some)))
    data = choose.one(["sparse", "ties", "constant", "zero"]) if kind == "exact" else "normal"
    check(inputs, results, data, threads=choose.whole(1, 3))
