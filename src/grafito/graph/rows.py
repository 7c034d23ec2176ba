"""Whether each row of a batch is computed by itself, so that rows may be added and left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from grafito.graph import convolution, neural, pooling, random, reductions
from grafito.graph import elementwise as ew
from grafito.graph.linear import MatMul
from grafito.graph.program import Graph
from grafito.graph.shaping import arrange, indexing
from grafito.graph.show import SHOWN
from grafito.graph.tensor import Constant, Input, Tensor
from grafito.graph.variable import State, Variable


class Table(Input):
    """An input of at most so many rows, of which only elements by position are read."""


def table(rows: int, shape: Sequence[int], dtype: str, name: str) -> Tensor:
    """An input that holds up to so many rows of this shape.

    Example:
        >>> table(8, (3,), "float32", "x").shape
        (8, 3)
    """
    return Tensor(Table(), (), (rows, *shape), dtype, name)


def rows_alone(
    one: Graph, other: Graph, sizes: tuple[int, int], apart: Collection[Variable]
) -> bool:
    """Whether no op of a step reads across the axis of its batch.

    The step is traced for batches of two sizes. Its rows are what is taken from tables, by
    position, and what is computed from them row by row, by ops that are known to do so; all else
    has to be equal in both graphs, so that nothing depends on the size.

    Args:
        one: the step for batches of the first size.
        other: the same step for batches of the second size.
        sizes: the two sizes, both at least 2.
        apart: variables whose new values do not matter.

    Example:
        >>> from grafito import graph
        >>> def step(function, n):
        ...     x = table(8, (3,), "float32", "x")
        ...     rows = graph.take(x, graph.constant(np.arange(n)))
        ...     return graph.trace_graph(lambda x: {"y": function(rows)}, {"x": x})
        >>> def alone(function):
        ...     return rows_alone(step(function, 2), step(function, 4), (2, 4), ())
        >>> alone(graph.exp), alone(lambda x: x - x[:1]), alone(lambda x: x / len(x))
        (True, False, False)
    """
    if any(name.startswith(SHOWN) for name in one.outputs):
        return False  # what is printed is the batch that was given
    kept = [v for v in one.updates if v not in apart]
    if kept != [v for v in other.updates if v not in apart]:
        return False
    walk = _Walk(sizes)
    outputs = zip(one.outputs.values(), other.outputs.values(), strict=True)
    return all(walk.is_rows(x, y) for x, y in outputs) and all(
        walk.is_rows(one.updates[v], other.updates[v]) is False for v in kept
    )


class _Walk:
    """Goes through two graphs together; of each pair it knows whether it is rows, or the same."""

    def __init__(self, sizes: tuple[int, int]):
        self._sizes = sizes
        self._found: dict[tuple[Tensor, Tensor], bool | None] = {}

    def is_rows(self, x: Tensor, y: Tensor) -> bool | None:
        """True for rows, False for what is the same in both, None for anything else."""
        stack = [(x, y)]
        while stack:
            pair = stack[-1]
            if pair in self._found:
                stack.pop()
                continue
            inputs = self._inputs(*pair)
            missing = [p for p in inputs if p not in self._found]
            if any(p in self._found and self._found[p] is None for p in inputs):
                self._found[pair] = None
                break
            if not missing:
                known = [self._found[p] for p in inputs]
                self._found[pair] = self._judge(*pair, [bool(k) for k in known])
            stack.extend(missing)
        return self._found.get((x, y))

    def _inputs(self, x: Tensor, y: Tensor) -> list[tuple[Tensor, Tensor]]:
        if type(x.op) is not type(y.op) or len(x.inputs) != len(y.inputs) or _from_table(x):
            return []
        return list(zip(x.inputs, y.inputs, strict=True))

    def _judge(self, x: Tensor, y: Tensor, rows: list[bool]) -> bool | None:
        if type(x.op) is not type(y.op) or len(x.inputs) != len(y.inputs) or x.dtype != y.dtype:
            return None
        if _from_table(x):
            return True if _from_table(y) else None
        if isinstance(x.op, (Input, State)):
            return False if x is y else None
        if isinstance(x.op, Constant) and isinstance(y.op, Constant):
            return self._judge_constant(np.asarray(x.op.array), np.asarray(y.op.array))
        if not any(rows) and x.shape == y.shape:
            return False if x.op == y.op else None
        if not self._in_proportion(x, y) or not self._same_fields(x, y):
            return None
        if not any(rows):  # it has rows, all from what is the same
            return True if isinstance(x.op, (random.RandomBits, arrange.BroadcastTo)) else None
        rule = RULES.get(type(x.op))
        if rule is None and isinstance(x.op, ew.Elementwise) and _is_ours(x):
            rule = _elementwise
        return True if rule is not None and rule(x, rows) else None

    def _judge_constant(self, a: np.ndarray, b: np.ndarray) -> bool | None:
        if a.shape == b.shape:
            return False if a.tobytes() == b.tobytes() and a.dtype == b.dtype else None
        if a.ndim != b.ndim or not a.ndim or a.shape[1:] != b.shape[1:] or a.dtype != b.dtype:
            return None
        n = min(len(a), len(b))
        in_proportion = len(a) * self._sizes[1] == len(b) * self._sizes[0]
        return True if in_proportion and a[:n].tobytes() == b[:n].tobytes() else None

    def _in_proportion(self, x: Tensor, y: Tensor) -> bool:
        """Whether the first axis has the rows of the batch, each as many times."""
        first, second = self._sizes
        return (
            len(x.shape) == len(y.shape) > 0
            and x.shape[1:] == y.shape[1:]
            and x.shape[0] * second == y.shape[0] * first
            and x.shape[0] % first == 0
        )

    def _same_fields(self, x: Tensor, y: Tensor) -> bool:
        """Whether the ops differ in nothing but the number of rows."""
        for field in dataclasses.fields(x.op):  # type: ignore[arg-type]
            a, b = getattr(x.op, field.name), getattr(y.op, field.name)
            shape = isinstance(a, tuple) and len(a) == len(b) and a[1:] == b[1:]
            if a != b and not (shape and a[0] * self._sizes[1] == b[0] * self._sizes[0]):
                return False
        return True


def _from_table(x: Tensor) -> bool:
    return isinstance(x.op, indexing.Take) and isinstance(x.inputs[0].op, Table)


def _is_ours(x: Tensor) -> bool:
    return type(x.op).__module__.startswith("grafito.")


# For ops some of whose inputs are rows, all with the rows on their first axis: whether the result
# has them there, each computed from its own.


def _elementwise(x: Tensor, rows: list[bool]) -> bool:
    for y, is_rows in zip(x.inputs, rows, strict=True):
        same = y.ndim == x.ndim and y.shape[0] == x.shape[0]
        if not (same if is_rows else y.ndim < x.ndim or y.shape[0] == 1):
            return False
    return True


def _matmul(x: Tensor, rows: list[bool]) -> bool:
    left, right = x.inputs
    if rows == [True, False]:
        return left.ndim == x.ndim and (right.ndim == 2 or (right.ndim < x.ndim and x.ndim > 2))
    return all(rows) and left.ndim == right.ndim == x.ndim > 2 and left.shape[0] == right.shape[0]


def _of_first(x: Tensor, rows: list[bool]) -> bool:
    """An op on images: rows of the first input, with weights that are the same for all."""
    return rows[0] and not any(rows[1:])


def _of_all(x: Tensor, rows: list[bool]) -> bool:
    return all(rows) and all(y.ndim > 1 for y in x.inputs)


def _whole_slice(x: Tensor, rows: list[bool]) -> bool:
    op: Any = x.op
    return op.starts[0] == 0 and op.steps[0] == 1 and op.stops[0] == x.inputs[0].shape[0]


def _take(x: Tensor, rows: list[bool]) -> bool:
    op: Any = x.op
    return (rows == [False, True] and op.axis == 0) or (rows == [True, False] and op.axis > 0)


RULES: dict[type, Callable[[Tensor, list[bool]], bool]] = {
    ew.Cast: _of_first,
    MatMul: _matmul,
    convolution.Conv2D: _of_first,
    convolution.Conv2DInputGradient: _of_first,
    pooling.MaxPool: _of_first,
    pooling.SumPool: _of_first,
    arrange.Reshape: _of_first,  # in row-major order a row stays together
    arrange.BroadcastTo: _elementwise,
    arrange.Transpose: lambda x, rows: x.op.axes[0] == 0,  # type: ignore[attr-defined]
    arrange.Concatenate: lambda x, rows: all(rows) and x.op.axis > 0,  # type: ignore[attr-defined]
    arrange.Pad: lambda x, rows: x.op.before[0] == x.op.after[0] == 0,  # type: ignore[attr-defined]
    arrange.Flip: lambda x, rows: 0 not in x.op.axes,  # type: ignore[attr-defined]
    indexing.Slice: _whole_slice,
    indexing.Take: _take,
    indexing.OneHot: _of_first,
    **dict.fromkeys(
        (reductions.Sum, reductions.Max, reductions.Min, reductions.LogSumExp),
        lambda x, rows: 0 not in np.atleast_1d(x.op.axis),  # type: ignore[attr-defined]
    ),
    **dict.fromkeys(
        (
            reductions.ArgMax,
            reductions.ArgMin,
            reductions.CumSum,
            neural.Softmax,
            neural.LogSoftmax,
        ),
        lambda x, rows: x.op.axis > 0,  # type: ignore[attr-defined]
    ),
    reductions.Prod: _of_all,
    random.ArgSort: _of_all,
    neural.SoftmaxCrossEntropy: _of_all,
    neural.CrossEntropy: _of_all,
}
