"""Is a gradient right? It is compared with differences of the function and the complex step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from grafito.errors import ArgumentError, GraphError
from grafito.graph.differentiate import DOUBLE_WHERE, branch_not_taken, gradients
from grafito.graph.dtypes import dtype_name, is_floating
from grafito.graph.evaluate import Evaluator, _leaf_values, topological_order
from grafito.graph.tensor import Tensor, constant, placeholder
from grafito.language import message

DIRECTIONS = 2  # random directions for each input
HALVINGS = 26  # of the step of a difference, at most
COLUMNS = 8  # of the extrapolation
TINY = 1e-5  # a slope below this part of the function's terms is measured against that part
ELEMENTS = 1000  # of an input, that are looked at one by one when a direction disagrees


class GradientError(GraphError):
    """A gradient does not agree with the function that it was derived from."""


@dataclass(frozen=True)
class GradientReport:
    """How well the gradients of a function agree with its values.

    Attributes:
        differences: largest relative error against central differences, for each order.
        complex_step: the same against the complex step; None where an op is not analytic.
        kinks: elements where the slopes on the two sides differ, so that there is no one right
            answer, each with these slopes and the gradient, which lies between them.

    Example:
        >>> from grafito import graph
        >>> check_gradients(graph.relu, [0.0], order=1).kinks
        ('x, first order: slope 0 on the left, 1 on the right; gradient 0',)
    """

    differences: tuple[float, ...]
    complex_step: tuple[float | None, ...]
    kinks: tuple[str, ...] = ()

    @property
    def worst(self) -> float:
        """The largest of all errors."""
        return max(e for e in (*self.differences, *self.complex_step) if e is not None)


def check_gradients(
    fn: Callable[..., Tensor],
    inputs: Sequence[Any],
    *,
    order: int = 2,
    tolerance: float = 1e-8,
    step: float = 0.125,
    seed: int = 0,
) -> GradientReport:
    """Compare the gradient of a function with its values, in float64.

    Along random directions v the derivative gᵀv is compared with central differences,
    extrapolated to step 0, and, where all ops are analytic, with Im f(x + ihv) / h. At second
    order the function so compared is the gradient. Several elements of a result are added up
    with random weights, which the slopes in messages contain.

    Args:
        fn: from tensors to a floating tensor.
        inputs: arrays, one for each argument; integers are passed on without a gradient.
        order: 1, or 2 for the gradient of the gradient too.
        tolerance: largest relative error.
        step: where the differences start; smaller near the end of a domain.
        seed: of the directions.

    Raises:
        GradientError: naming the worst input and element.

    Example:
        >>> from grafito import graph
        >>> check_gradients(graph.tanh, [[0.5, -2.0]]).worst < 1e-9
        True
    """
    feeds = _placeholders(fn, inputs)
    checked = [x for x in feeds if is_floating(x.dtype)]
    if not checked or order < 1:
        raise ArgumentError(
            "There is nothing to differentiate.",
            received=f"dtypes {[x.dtype for x in feeds]}, order {order}",
            expected="an array of floats among the inputs, and order 1 or 2",
        )
    chosen = (order, tolerance, step, seed)
    return check_tensors([fn(*feeds)], checked, feeds, *chosen)


def check_tensors(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    feeds: Mapping[Tensor, Any],
    order: int = 1,
    tolerance: float = 1e-8,
    step: float = 0.125,
    seed: int = 0,
) -> GradientReport:
    """The same for tensors that are there already, such as a loss and the weights it depends on.

    Args:
        outputs: floating tensors.
        inputs: by which they are differentiated: placeholders or variables.
        feeds: arrays of float64 for these inputs, and what else the outputs read.
        order: this and the next are those of `check_gradients`.
        tolerance: see there.
        step: see there.
        seed: see there.

    Example:
        >>> from grafito import graph
        >>> w = graph.Variable(2.0, name="w")
        >>> check_tensors([w**3], [w], {w: np.array(2.0)}).worst < 1e-9
        True
    """
    feeds = {x: np.asarray(values) for x, values in feeds.items()}
    rng = np.random.default_rng(seed)
    outputs, size = list(outputs), 1e-20
    differences, complex_step, kinks = [], [], []
    for n in range(1, order + 1):
        f = _Function(outputs, inputs, feeds, n, step, size, rng)
        largest = {_by_differences: 0.0, _by_complex_step: 0.0}
        for x in inputs:
            for _ in range(DIRECTIONS):
                v = rng.normal(size=x.shape) * np.maximum(1, np.abs(feeds[x]))
                for witness in largest if f.analytic else [_by_differences]:
                    error = witness(f, x, v, step).error
                    if error <= tolerance:
                        largest[witness] = max(largest[witness], error)
                    else:
                        kinks += _look_closer(f, x, v, step, tolerance, witness)
        differences.append(largest[_by_differences])
        complex_step.append(largest[_by_complex_step] if f.analytic else None)
        outputs, size = f.slopes, f.size
    return GradientReport(tuple(differences), tuple(complex_step), tuple(dict.fromkeys(kinks)))


def _placeholders(fn: Callable[..., Tensor], inputs: Sequence[Any]) -> dict[Tensor, np.ndarray]:
    """A placeholder for each array, called as the function calls its argument."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD]
    feeds = {}
    for i, values in enumerate(inputs):
        array = np.asarray(values)
        dtype = dtype_name(array.dtype)
        dtype = "float64" if is_floating(dtype) else dtype
        name = names[i] if i < len(names) else f"x{i}"
        feeds[placeholder(array.shape, dtype, name)] = array.astype(dtype)
    return feeds


class _Function:
    """A randomly weighted sum of outputs as a function of one input at a time, and its gradient."""

    def __init__(
        self,
        outputs: Sequence[Tensor],
        inputs: Sequence[Tensor],
        feeds: dict[Tensor, np.ndarray],
        order: int,
        step: float,
        size: float,
        rng: np.random.Generator,
    ):
        self.outputs, self.feeds, self.order = outputs, feeds, order
        self.weights = [rng.normal(size=y.shape) if y.shape else np.ones(()) for y in outputs]
        self.slopes = gradients(
            outputs, inputs, [constant(w) for w in self.weights], unconnected="zero"
        )
        both = Evaluator([*outputs, *self.slopes], "float64")
        values = both.run(_leaf_values(both, feeds))
        _demand_finite([values[y] for y in outputs], outputs, order - 1)
        masked = branch_not_taken([*outputs, *self.slopes])
        fix = DOUBLE_WHERE if masked is not None else "choose a point inside the domain"
        _demand_finite([values[g] for g in self.slopes], inputs, order, fix)
        self.slope_values = {x: values[g] for x, g in zip(inputs, self.slopes, strict=True)}
        self.evaluator = Evaluator(outputs, "float64")
        self.leaves = _leaf_values(self.evaluator, feeds)
        self.start = self(inputs[0], 0.0).real
        nearby = [self.terms(x, h) for x in inputs for h in (0.0, step)]
        sizes = [sum(float(np.abs(t).sum()) for t in terms) for terms in nearby]
        self.size = max(size, *(n for n in sizes if np.isfinite(n)))
        self.path = _path(outputs, inputs)
        self.analytic = all(y.op.analytic for y in self.path)

    def terms(self, x: Tensor, move: Any) -> list[np.ndarray]:
        """The weighted outputs with one input moved."""
        values = self.evaluator.run({**self.leaves, x: self.feeds[x] + move})
        return [w * values[y] for y, w in zip(self.outputs, self.weights, strict=True)]

    def __call__(self, x: Tensor, move: Any) -> complex:
        return complex(sum(t.sum() for t in self.terms(x, move)))


class _Comparison(NamedTuple):
    gradient: float  # along a direction
    found: float  # by the witness
    error: float  # relative


def _compare(f: _Function, x: Tensor, v: np.ndarray, found: float) -> _Comparison:
    terms = f.slope_values[x] * v
    gradient = float(terms.sum())
    scale = max(abs(found), float(np.linalg.norm(terms)), TINY * f.size)
    return _Comparison(gradient, found, abs(gradient - found) / scale)


def _by_differences(f: _Function, x: Tensor, v: np.ndarray, step: float) -> _Comparison:
    def quotient(h: float) -> float:
        return (f(x, h * v) - f(x, -h * v)).real / (2 * h)

    return _compare(f, x, v, _extrapolate(quotient, step, 2, f.size)[0])


def _by_complex_step(f: _Function, x: Tensor, v: np.ndarray, step: float) -> _Comparison:
    h = 1e-30
    return _compare(f, x, v, f(x, 1j * h * v).imag / h)


def _extrapolate(
    quotient: Callable[[float], float], step: float, order: int, size: float
) -> tuple[float, float]:
    """The limit of a difference quotient as its step goes to 0, and how far off that may be.

    The quotient's error is a series in the powers h^order, h^2order, ... which are removed one
    by one (Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", 1982), until halving the
    step would add more rounding error than it takes away.
    """
    best, error = np.nan, np.inf
    row: list[float] = []
    for k in range(HALVINGS):
        h = step / 2**k
        noise = np.finfo(float).eps * size / h
        above, row = row, [quotient(h)]
        for j, coarser in enumerate(above[:COLUMNS]):
            factor = 2.0 ** (order * (j + 1))
            row.append((factor * row[j] - coarser) / (factor - 1))
            guess = max(abs(row[-1] - row[j]), abs(row[-1] - coarser)) + noise
            if guess < error:
                best, error = row[-1], guess
        if error < 4 * noise:
            break
    return best, error


def _look_closer(
    f: _Function, x: Tensor, v: np.ndarray, step: float, tolerance: float, witness: Callable
) -> list[str]:
    """The kinks that explain why a direction disagrees; if none does, the gradient is wrong."""
    kinks: list[str] = []
    wrong: list[tuple[str, _Comparison]] = []
    units = ((i, _unit(x, i)) for i in islice(np.ndindex(*x.shape), ELEMENTS))
    for place, direction in chain(units, [((), v)]):
        if direction is v and (kinks or wrong):
            break
        found = witness(f, x, direction, step)
        if not found.error <= tolerance:
            label = f"{getattr(x, 'path', None) or x.name}{list(place) if place else ''}"
            kink = _kink(f, x, direction, step, found) if witness is _by_differences else None
            if kink is None:
                wrong.append((label, found))
            else:
                kinks.append(f"{label}, {_ordinal(f.order)}: {kink}; gradient {found.gradient:.6g}")
    if wrong:
        label, found = max(wrong, key=lambda pair: np.nan_to_num(pair[1].error, nan=np.inf))
        raise GradientError(
            f"The {_ordinal(f.order)} gradient does not agree with {WITNESSES[witness]}.",
            where=label,
            received=f"{found.gradient:.12g}",
            expected=f"{found.found:.12g}",
            fix=f"look at `gradient` of {', '.join(sorted({y.op.name for y in f.path})[:12])}",
        )
    return kinks


def _unit(x: Tensor, place: tuple[int, ...]) -> np.ndarray:
    unit = np.zeros(x.shape)
    unit[place] = 1.0
    return unit


def _kink(f: _Function, x: Tensor, v: np.ndarray, step: float, at: _Comparison) -> str | None:
    """What is special here, if the slopes on the two sides differ with the gradient in between."""
    h = step / 2**HALVINGS
    jump = (f(x, h * v) - f(x, -h * v)).real
    if abs(jump) > 1e-4 * f.size:
        return f"jump of {jump:.6g}"
    right, e = _extrapolate(lambda h: (f(x, h * v).real - f.start) / h, step, 1, f.size)
    left, d = _extrapolate(lambda h: (f.start - f(x, -h * v).real) / h, step, 1, f.size)
    slopes = [slope for slope in (left, right) if np.isfinite(slope)]
    slack = 10 * max(error for error in (d, e, 0.0) if np.isfinite(error))
    if not slopes or abs(right - left) <= slack:
        return None
    if not min(slopes) - slack <= at.gradient <= max(slopes) + slack:
        return None
    return f"slope {left:.6g} on the left, {right:.6g} on the right"


def _path(outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> list[Tensor]:
    """The tensors through which the outputs depend on the inputs."""
    path, leads_from_input = [], set(inputs)
    for y in topological_order(outputs):
        if not leads_from_input.isdisjoint(y.inputs):
            leads_from_input.add(y)
            path.append(y)
    return path


def _demand_finite(
    arrays: Sequence[np.ndarray],
    names: Sequence[Tensor],
    order: int,
    fix: str = "choose a point inside the domain",
) -> None:
    for array, x in zip(arrays, names, strict=True):
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            place = tuple(int(i) for i in wrong[0])
            what = message(f"{_ordinal(order)} gradient") if order else "function"
            raise GradientError(
                f"The {what} is not finite at these inputs.",
                where=f"{x.name or 'output'}{list(place) if place else ''}",
                received=array[place],
                fix=fix,
            )


def _ordinal(order: int) -> str:
    return ORDINALS.get(order) or message(f"{order} order")


ORDINALS = {1: message("first order"), 2: message("second order"), 3: message("third order")}
WITNESSES = {_by_differences: message("central differences"), _by_complex_step: "the complex step"}
