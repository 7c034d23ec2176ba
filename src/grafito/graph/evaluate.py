"""From a graph to numbers, op by op, with NumPy: the definition of what every number means."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from grafito.errors import ArgumentError, DtypeError, GrafitoError, GraphError, ShapeError
from grafito.graph.dtypes import INTEGER, converted, dtype_name, is_floating, numpy_dtype
from grafito.graph.tensor import Constant, Input, Tensor, known_value
from grafito.graph.trace import current_trace
from grafito.graph.variable import Reading, State, Variable, moment

Feeds = Mapping[Any, Any]


class HasInputs(Protocol):
    """What stands in a graph: a tensor, or an engine's node."""

    @property
    def inputs(self) -> Sequence[Any]: ...


InGraph = TypeVar("InGraph", bound=HasInputs)


def topological_order(outputs: Iterable[InGraph], known: Container[InGraph] = ()) -> list[InGraph]:
    """All tensors or nodes that these depend on, inputs before users; iterative, so depth is free.

    Args:
        outputs: where to begin.
        known: what is taken as a leaf.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> [node.op.name for node in topological_order([graph.exp(-x)])]
        ['input', 'negative', 'exp']
    """
    order: list[InGraph] = []
    seen: set[InGraph] = set()
    stack: list[tuple[InGraph, bool]] = [(x, False) for x in reversed(list(outputs))]
    while stack:
        x, inputs_done = stack.pop()
        if inputs_done:
            order.append(x)
        elif x not in seen:
            seen.add(x)
            stack.append((x, True))
            if x not in known:
                stack.extend((y, False) for y in reversed(x.inputs) if y not in seen)
    return order


class Computed:
    """Contains the tensors whose value was computed when they were made, by a call on arrays."""

    def __contains__(self, x: object) -> bool:
        return isinstance(x, Tensor) and known_value(x) is not None


class Evaluator:
    """Computes outputs from leaves; the order and the lifetimes are found once.

    Args:
        outputs: tensors to compute.
        dtype: "float64" computes everything floating in double precision.
        keep: keep every intermediate value, not only the outputs.
        known: take the values that calls on arrays have computed.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> y = 2 * x
        >>> float(Evaluator([y]).run({x: 3.0})[y])
        6.0
    """

    def __init__(
        self,
        outputs: Sequence[Tensor],
        dtype: str | None = None,
        keep: bool = False,
        known: bool = False,
    ):
        self.outputs = list(outputs)
        self.dtype = dtype
        computed: Container[Tensor] = Computed() if known else ()
        order = topological_order(self.outputs, computed)
        self.leaves = [x for x in order if isinstance(x.op, (Input, State))]
        self.constants = {
            x: np.asarray(x.op.array, self._leaf_dtype(x))
            for x in order
            if isinstance(x.op, Constant)
        }
        if known:
            self.constants |= {x: x.computed for x in order if x in computed}
        last_use: dict[Tensor, Tensor] = {x: x for x in order}
        for x in order:
            last_use.update(dict.fromkeys(x.inputs, x))
        kept = set(order) if keep else {*self.outputs, *self.constants}
        dying: dict[Tensor, list[Tensor]] = {}
        for x, user in last_use.items():
            if x not in kept:
                dying.setdefault(user, []).append(x)
        self.steps = [
            (x, self._compute(x), x.inputs, dying.get(x, ()))
            for x in order
            if _computed(x) and x not in self.constants
        ]

    def _leaf_dtype(self, x: Tensor) -> Any:
        return numpy_dtype(self.dtype if self.dtype and is_floating(x.dtype) else x.dtype)

    def _compute(self, x: Tensor) -> Callable[..., Any]:
        """What computes x; an op that makes a floating dtype (a cast) makes the one asked for."""
        if self.dtype and is_floating(getattr(x.op, "dtype", "")):
            return dataclasses.replace(x.op, dtype=self.dtype).value  # type: ignore[type-var]
        narrow = not self.dtype and "bfloat16" in (x.dtype, *(y.dtype for y in x.inputs))
        return _rounded_once(x) if narrow else x.op.value

    def run(self, leaves: Mapping[Tensor, Any]) -> dict[Tensor, np.ndarray]:
        """Values of the outputs (and of everything, where `keep` was asked for)."""
        values: dict[Tensor, Any] = dict(self.constants)
        for x in self.leaves:
            values[x] = leaves[x]
        with np.errstate(all="ignore"):  # infinities and NaN are values; checks look for them
            for x, compute, inputs, dying in self.steps:
                values[x] = compute(np, *[values[y] for y in inputs])
                for y in dying:
                    del values[y]
        return values


def _rounded_once(x: Tensor) -> Callable[..., Any]:
    """bfloat16 is computed in float32, sums too, and the result is rounded."""
    narrow, to = numpy_dtype("bfloat16"), numpy_dtype(x.dtype)

    def compute(xp: Any, *arrays: Any) -> Any:
        wide = [a.astype("float32") if a.dtype == narrow else a for a in arrays]
        return np.asarray(x.op.value(xp, *wide)).astype(to, copy=False)

    return compute


def _computed(x: Tensor) -> bool:
    return not isinstance(x.op, (Input, State, Constant))


def value(outputs: Any, feeds: Feeds | None = None, dtype: str | None = None) -> Any:
    """The value of one tensor, or of each tensor in a list.

    Args:
        outputs: a tensor or a list of tensors.
        feeds: values of the inputs, by tensor or by name; variables and constants may be
            replaced too.
        dtype: "float64" computes everything floating in double precision.

    Returns:
        An array, or a list of arrays.

    Raises:
        ArgumentError: when an input was given no value.
        ShapeError: when a value has not the shape of its input.

    Example:
        >>> from grafito import graph
        >>> x = graph.placeholder((), name="x")
        >>> float(graph.value(x * x, {"x": 3}))
        9.0
    """
    single = isinstance(outputs, Tensor)
    wanted = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    wrong = [x for x in wanted if not isinstance(x, Tensor)]
    if wrong or not isinstance(feeds or {}, Mapping):
        raise ArgumentError(
            "The value of tensors is computed from values of inputs.",
            received=repr(wrong[0]) if wrong else f"feeds={feeds!r}",
            expected="a tensor, or a list of them, and a dictionary from input to value",
            fix="graph.value(y, {x: 3.0})",
        )
    dtype = dtype and dtype_name(dtype)
    replaced = {x for x in feeds or {} if isinstance(x, Tensor) and _computed(x)}
    if replaced:
        raise GraphError(
            "Only inputs, variables and constants can be fed.", received=sorted(map(repr, replaced))
        )
    trace = current_trace()
    if trace is not None and trace.numbers is not None and not feeds and dtype is None:
        results = trace.numbers.of([trace.updates.get(x, x) for x in wanted])
        return results[0] if single else results
    evaluator = Evaluator(wanted, dtype, known=not (feeds or dtype))
    leaves = _leaf_values(evaluator, feeds or {})
    evaluator.constants.update({x: leaves[x] for x in evaluator.constants if x in leaves})
    values = evaluator.run(leaves)
    results = [np.asarray(values[x]) for x in wanted]
    return results[0] if single else results


def _leaf_values(evaluator: Evaluator, feeds: Feeds) -> dict[Tensor, np.ndarray]:
    leaves = {*evaluator.leaves, *evaluator.constants}
    names = {x.name: x for x in leaves if x.name}
    found: dict[Tensor, Any] = {}
    for key, fed in feeds.items():
        x = names.get(key) if isinstance(key, str) else key
        if x in leaves:  # others have no influence, like x on the slope of 2 x
            found[x] = fed
        found |= {r: fed for r in leaves if isinstance(r.op, Reading) and r.op.variable is x}
    with moment.lock:
        variables = [x for x in evaluator.leaves if isinstance(x, Variable) and x not in found]
        found |= {x: x.storage for x in variables}
    for x in evaluator.leaves:
        if x not in found and x.name is None:
            raise ArgumentError(
                "A placeholder has no number while the graph is being built.",
                received=repr(x),
                fix="compute with functions of grafito.graph, or feed it: graph.value(..., {x: 1})",
            )
        elif x not in found:
            raise ArgumentError(
                f"The input {x.name!r} was given no value.",
                expected=f"{x.dtype}{list(x.shape)}",
                fix=f"graph.value(..., {{{x.name!r}: values}})",
            )
    for x, fed in found.items():
        try:
            array = np.asarray(fed)
            if x.dtype in INTEGER:
                array = converted(array, x.dtype, x.name)
            elif array.dtype.kind != "c":  # complex values come from the complex step
                array = array.astype(evaluator._leaf_dtype(x))
        except GrafitoError:
            raise
        except (TypeError, ValueError) as error:
            raise DtypeError(
                "The value of an input must be an array of numbers.",
                where=x.name,
                received=repr(fed)[:60],
            ) from error
        if array.shape != x.shape:
            raise ShapeError(
                "A value does not have the shape of its input.",
                where=x.name,
                received=array.shape,
                expected=x.shape,
                fix=f"graph.parse(formula, shapes={{{x.name!r}: {array.shape}}}), "
                f"or graph.placeholder({array.shape}, name={x.name!r})",
            )
        found[x] = array
    return found
