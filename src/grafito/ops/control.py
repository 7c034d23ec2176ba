"""Choices and loops over tensors: loops have a length that is known, and are written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafito import graph
from grafito.errors import ShapeError
from grafito.graph import Tensor, as_tensor
from grafito.graph.nest import flatten, map_structure
from grafito.graph.tensor import known_value
from grafito.ops.dispatch import calling, op

Body = Callable[..., Any]


@calling
def cond(pred: Any, true_fn: Body, false_fn: Body) -> Any:
    """What the first function gives where the condition holds, else what the second gives.

    Where the condition is known only when the graph runs, both are computed and one is chosen.

    Example:
        >>> cond(True, lambda: 1.0, lambda: 2.0)
        1.0
    """
    if not isinstance(pred, Tensor) or known_value(pred) is not None:
        return (true_fn if bool(pred) else false_fn)()
    yes, no = true_fn(), false_fn()
    others = iter(flatten(no))
    return map_structure(lambda x: graph.where(pred, x, next(others)), yes)


@calling
def fori_loop(lower: int, upper: int, body_fun: Body, init_val: Any) -> Any:
    """What remains of a value after `value = body_fun(i, value)` for each i of a range.

    Example:
        >>> fori_loop(0, 4, lambda i, total: total + i, 0)
        6
    """
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


@calling
def while_loop(
    cond: Body, body: Body, loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """The variables after the body was run as long as a condition holds; its number is known now.

    Example:
        >>> while_loop(lambda i: i < 3, lambda i: (i + 1,), (0,))
        (3,)
    """
    single = not isinstance(loop_vars, (list, tuple))
    values = (loop_vars,) if single else tuple(loop_vars)
    count = 0
    while (maximum_iterations is None or count < maximum_iterations) and bool(cond(*values)):
        new = body(*values)
        values = tuple(new) if isinstance(new, (list, tuple)) else (new,)
        count += 1
    return values[0] if single else values


@calling
def scan(
    f: Body, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]:
    """The last state and the stacked outputs of `state, output = f(state, x)` along the first axis.

    Example:
        >>> last, seen = scan(lambda s, x: (s + x, s + x), 0.0, as_tensor([1.0, 2.0]))
        >>> last.item(), seen.numpy().tolist()
        (3.0, [1.0, 3.0])
    """
    steps = length if xs is None else _steps(xs)
    if steps is None:
        raise ShapeError("A loop needs a length.", where="ops.scan", fix="length=10")
    order = range(steps - 1, -1, -1) if reverse else range(steps)
    state, outputs = init, []
    for i in order:
        state, out = f(state, None if xs is None else _part(xs, i))
        outputs.append(out)
    return state, _stacked(outputs[::-1] if reverse else outputs)


@calling
def map(f: Body, xs: Any) -> Any:
    """What a function gives for each part along the first axis, stacked.

    Example:
        >>> map(lambda x: x * x, as_tensor([1.0, 2.0])).numpy().tolist()
        [1.0, 4.0]
    """
    return _stacked([f(_part(xs, i)) for i in range(_steps(xs))])


@calling
def vectorized_map(function: Body, elements: Any) -> Any:
    """The same as `map`.

    Example:
        >>> vectorized_map(lambda x: x * x, as_tensor([1.0, 2.0])).numpy().tolist()
        [1.0, 4.0]
    """
    return map(function, elements)


def _part(xs: Any, i: int) -> Any:
    """Part i along the first axis of each tensor."""
    return map_structure(lambda x: as_tensor(x)[i], xs)


def _steps(xs: Any) -> int:
    return int(as_tensor(flatten(xs)[0]).shape[0])


def _stacked(outputs: list[Any]) -> Any:
    """Tensors of equal structures as one structure of stacked tensors."""
    leaves = zip(*(flatten(out) for out in outputs), strict=True)
    stacked = iter([None if parts[0] is None else graph.stack(parts) for parts in leaves])
    return map_structure(lambda _: next(stacked), outputs[0])


@op
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """For each element the choice of the first condition that holds.

    Example:
        >>> select([[True, False], [True, True]], [1.0, 2.0]).numpy().tolist()
        [1.0, 2.0]
    """
    out = as_tensor(default)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        out = graph.where(condition, choice, out)
    return out
