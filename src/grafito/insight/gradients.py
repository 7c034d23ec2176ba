"""Is this gradient right? Of a function, a formula, a model, or one that was worked out by hand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, DtypeError, ShapeError, one_of
from grafito.graph import Tensor
from grafito.graph.check import check_tensors
from grafito.graph.dtypes import is_floating
from grafito.insight.trial import examples_of, first_rows, traced
from grafito.language import localised, message, translate
from grafito.layers import Layer

FEW = 8  # examples that the gradient of a model is checked with
CLOSE = 1e-4  # relative: numbers worked out by hand are rounded, or computed in float32

SAME = message("they agree")
FACTOR = message("yours is {} times it, everywhere")
EXAMPLES = message("yours is {} times it, the number of examples: a sum, where a mean is meant")
SHARE = message("yours is 1/{} of it, by the number of examples: a mean, where a sum is meant")
OPPOSITE = message("yours has the opposite sign, everywhere")
TRANSPOSED = message("yours is its transpose")
ELEMENT = message("at {} it is {} and yours {}; {} of {} elements differ")


@dataclass(frozen=True)
class Compared:
    """What was found about the gradient with respect to one array.

    Attributes:
        name: of the input or weight.
        error: relative, against differences of the function; against yours where it was given.
        words: how yours differs, in the language being spoken.
        right: whether there is no more between them than rounding.
    """

    name: str
    error: float
    words: str
    right: bool


@dataclass(frozen=True)
class GradientCheck:
    """What `gradient_check` found; printed, it says so in words.

    Attributes:
        right: whether all gradients are.
        parts: one for each input or weight.
        kinks: points without one right answer, as where a ReLU is fed 0.
    """

    parts: tuple[Compared, ...]
    kinks: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return all(part.right for part in self.parts)

    def __str__(self) -> str:
        head = "The gradient is right." if self.right else "The gradient is wrong."
        lines = [translate(head)]
        for part in self.parts:
            word = part.words or translate("largest relative error {}").format(f"{part.error:.1e}")
            lines.append(f"  {part.name}: {word}")
        lines += [f"  {translate('kink')}: {kink}" for kink in self.kinks]
        return "\n".join(lines)


HEADS = (message("The gradient is right."), message("The gradient is wrong."))


def gradient_check(
    source: Any, x: Any, y: Any = None, *, gradient: Any = None, tolerance: float = 1e-6
) -> GradientCheck:
    """Compare a gradient with what the function does when its inputs move a little, in float64.

    Args:
        source: a compiled model, whose loss is differentiated by its weights; or the text of a
            formula, or a function of tensors.
        x: examples for a model (the first 8 are taken); for a formula or function its inputs: an
            array, a list of them, or a dictionary by name.
        y: the targets of a model.
        gradient: numbers that somebody worked out, to be compared with the right ones: an array,
            or one for each input or weight, as a list or by name.
        tolerance: largest relative error of grafito's own gradient.

    Raises:
        GradientError: when grafito's gradient disagrees with the function, as that of a wrong op.

    Example:
        >>> print(gradient_check("sum((w*x - t)^2)", {"w": 2.0, "x": [1.0, 3.0], "t": [0.0, 5.0]},
        ...     gradient={"w": 5.0}))
        The gradient is wrong.
          w: yours is 0.5 times it, everywhere
    """
    if isinstance(source, Layer):
        examples = first_rows(examples_of(source, x, y), FEW)
        whole = traced(source, examples)
        inputs: list[Any] = list(whole.weights)
        feeds: dict[Tensor, Any] = {**whole.feeds, **{v: v.numpy() for v in whole.weights}}
        names, output, count = [v.path for v in inputs], whole.loss, len(examples)
    else:
        output, inputs, feeds = _function(source, x)
        names = [str(x.name) for x in inputs]
        count = max((np.shape(feeds[x])[0] for x in inputs if np.ndim(feeds[x])), default=1)
    if not inputs:
        raise ArgumentError(
            "There is nothing to differentiate.",
            where="gradient_check",
            received="no weight that is trained" if isinstance(source, Layer) else "no input",
        )
    feeds = {x: _wide(values) for x, values in feeds.items()}
    report = check_tensors([output], inputs, feeds, tolerance=tolerance)
    mine = _given(gradient, names)
    slopes = graph.value(
        graph.gradients(output, inputs, unconnected="zero"), feeds, dtype="float64"
    )
    parts = []
    for name, slope in zip(names, slopes, strict=True):
        if gradient is None:
            parts.append(Compared(name, report.worst, "", right=True))
        elif name in mine:
            parts.append(compare(name, np.asarray(slope), mine[name], count))
    return GradientCheck(tuple(parts), report.kinks)


def compare(name: str, right: np.ndarray, mine: Any, examples: int = 1) -> Compared:
    """How a gradient differs from the right one, in words.

    Example:
        >>> compare("w", np.array([1.0, -2.0]), [-1.0, 2.0]).words
        'yours has the opposite sign, everywhere'
    """
    try:
        yours = np.asarray(mine, "float64")
    except (TypeError, ValueError):
        raise DtypeError(
            "A gradient consists of numbers.", where=name, received=repr(mine)[:80]
        ) from None
    size = max(float(np.abs(right).max(initial=0.0)), 1e-300)
    turned = right.T if right.ndim == 2 and right.shape[0] != right.shape[1] else None
    if yours.shape != right.shape:
        if turned is not None and yours.shape == turned.shape and _near(yours, turned):
            return Compared(name, np.inf, translate(TRANSPOSED), right=False)
        raise ShapeError(
            "A gradient has the shape of what it is the gradient of.",
            where=name,
            received=yours.shape,
            expected=right.shape,
        )
    error = float(np.abs(yours - right).max(initial=0.0)) / size
    if error <= CLOSE:
        return Compared(name, error, translate(SAME), right=True)
    return Compared(name, error, _difference(right, yours, examples), right=False)


def _difference(right: np.ndarray, yours: np.ndarray, examples: int) -> str:
    """The one reason that explains all elements; else the worst element."""
    known = np.abs(right) > 1e-12 * np.abs(right).max(initial=0.0)
    factor = float(np.median(yours[known] / right[known])) if known.any() else 0.0
    if factor and _near(yours, factor * right):
        if abs(factor + 1) < CLOSE:
            return translate(OPPOSITE)
        if examples > 2 and abs(factor / examples - 1) < CLOSE:
            return translate(EXAMPLES).format(examples)
        if examples > 2 and abs(factor * examples - 1) < CLOSE:
            return translate(SHARE).format(examples)
        return translate(FACTOR).format(localised(f"{factor:.4g}"))
    if right.ndim == 2 and right.shape[0] == right.shape[1] and _near(yours, right.T):
        return translate(TRANSPOSED)
    apart = np.abs(yours - right)
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))
    wrong = int((~(apart <= CLOSE * np.abs(right).max(initial=0.0))).sum())  # NaN is wrong, too
    where = f"[{', '.join(map(str, place))}]" if place else "[]"
    numbers = localised(f"{right[place]:.6g}"), localised(f"{yours[place]:.6g}")
    return translate(ELEMENT).format(where, *numbers, wrong, right.size)


def _near(a: np.ndarray, b: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):  # inf - inf
        return bool(np.abs(a - b).max(initial=0.0) <= CLOSE * np.abs(b).max(initial=1e-300))


def _wide(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array.astype("float64") if array.dtype.kind == "f" else array


def _function(source: Any, x: Any) -> tuple[Tensor, list[Tensor], dict[Tensor, Any]]:
    """The sum of what a formula or a function gives, its floating inputs, and their numbers."""
    if isinstance(source, str):
        if not isinstance(x, Mapping):
            raise ArgumentError(
                "The inputs of a formula are given by name.",
                where="x",
                received=repr(x)[:80],
                fix='{"w": 2.0, "x": 1.0}',
            )
        arrays = {str(name): _wide(np.asarray(v, "float64")) for name, v in x.items()}
        output = graph.parse(source, {name: a.shape for name, a in arrays.items()})
        found = graph.inputs([output])
        feeds = {tensor: arrays[name] for name, tensor in found.items() if name in arrays}
        missing = [name for name in found if name not in arrays]
        if missing:
            raise ArgumentError(f"The input {missing[0]!r} was given no value.")
    elif callable(source):
        given = list(x.values()) if isinstance(x, Mapping) else x
        given = given if isinstance(given, (list, tuple)) and not _is_array(given) else [given]
        names = list(x) if isinstance(x, Mapping) else _names(source, len(given))
        feeds = {}
        for name, values in zip(names, given, strict=True):
            array = np.asarray(values)
            array = array.astype("float64") if array.dtype.kind in "fiub" else array
            feeds[graph.placeholder(array.shape, "float64", name)] = array
        named = dict(zip(names, feeds, strict=True))
        output = source(**named) if isinstance(x, Mapping) else source(*feeds)
    else:
        raise ArgumentError(
            "Gradients are those of a model, a formula or a function of tensors.",
            where="source",
            received=type(source).__name__,
            fix='gradient_check("sum(w*x)", {"w": 2.0, "x": [1.0, 3.0]})',
        )
    total = output if output.shape == () else graph.sum(output)
    return total, [x for x in feeds if is_floating(x.dtype)], feeds


def _is_array(values: Sequence[Any]) -> bool:
    """Whether a list holds the numbers of one array, and not several arrays."""
    return all(np.isscalar(v) or (isinstance(v, list) and _is_array(v)) for v in values)


def _names(function: Callable[..., Any], count: int) -> list[str]:
    try:
        known = [p.name for p in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        known = []
    return [known[i] if i < len(known) else f"x{i}" for i in range(count)]


def _given(gradient: Any, names: list[str]) -> dict[str, Any]:
    """The numbers to compare with, by name."""
    if gradient is None:
        return {}
    if isinstance(gradient, Mapping):
        if not gradient:
            raise ArgumentError(
                "There is no gradient to compare with.",
                where="gradient",
                expected=f"one for some of {', '.join(names)}, by name",
            )
        unknown = [name for name in gradient if name not in names]
        if unknown:
            raise ArgumentError(f"There is no input {unknown[0]!r}.", expected=one_of(names))
        return dict(gradient)
    given = list(gradient) if len(names) > 1 else [gradient]
    if len(given) != len(names):
        raise ArgumentError(
            "Each input has one gradient.",
            received=f"{len(given)} gradients",
            expected=f"{len(names)}, for {', '.join(names)}",
        )
    return dict(zip(names, given, strict=True))
