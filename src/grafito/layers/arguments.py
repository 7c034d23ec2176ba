"""Checks of arguments and input shapes that several layers share; messages propose an edit."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

from grafito.errors import ArgumentError, unknown_name
from grafito.language import message
from grafito.layers.base import Layer, check_rank

PLACES = {1: ("steps",), 2: ("height", "width")}


def integer(layer: object, name: str, value: Any, minimum: int = 1) -> int:
    """The value as an int that is not below the minimum; 64.0 is 64.

    Raises:
        ArgumentError: for anything else.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, Integral) or isinstance(value, bool) or value < minimum:
        raise ArgumentError(
            f"{type(layer).__name__} needs a whole number as {name!r}.",
            received=f"{name}={shown(value)}",
            expected=f"an integer, {minimum} or more",
            fix=f"{name}={max(minimum, _whole_meant(value, max(minimum, 2)))}",
        )
    return int(value)


def integers(layer: Layer, name: str, value: Any, count: int, minimum: int = 1) -> tuple[int, ...]:
    """The value, one integer for all or one for each of `count`, as a tuple of that length.

    Raises:
        ArgumentError: for another number of them, or one below the minimum.
    """
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * count
    good = all(isinstance(v, Integral) and not isinstance(v, bool) for v in values)
    if len(values) != count or not good or any(v < minimum for v in values):
        one = "an integer" if count == 1 else f"an integer or {count} of them"
        raise ArgumentError(
            f"{type(layer).__name__} cannot use this {name!r}.",
            received=f"{name}={value!r}",
            expected=f"{one}, {minimum} or more",
            fix=f"{name}={max(minimum, 2)}",
        )
    return tuple(int(v) for v in values)


def pairs(layer: Layer, name: str, value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) from that, from (vertical, horizontal), or from one number."""
    rows, columns = value if isinstance(value, (list, tuple)) and len(value) == 2 else (value,) * 2
    vertical = integers(layer, name, rows, 2, 0)
    horizontal = integers(layer, name, columns, 2, 0)
    return (vertical[0], vertical[1]), (horizontal[0], horizontal[1])


def number(layer: object, name: str, value: Any, low: float, high: float | None = None) -> float:
    """The value as a number from `low` to `high` (no upper limit where None).

    Raises:
        ArgumentError: for anything else.
    """
    if not _is_number(value) or not low <= value <= (float("inf") if high is None else high):
        raise ArgumentError(
            f"{type(layer).__name__} cannot use this {name!r}.",
            received=f"{name}={value!r}",
            expected=f"a number, {low} or more" if high is None else f"a number, {low} to {high}",
        )
    return value


def choice(layer: object, name: str, value: Any, choices: Sequence[str]) -> str:
    """The value in lower case, when it is one of the choices.

    Raises:
        UnknownNameError: otherwise; it proposes the nearest.
    """
    text = value.lower() if isinstance(value, str) else value
    if text not in choices:
        raise unknown_name(f"{name!r} of {type(layer).__name__}", value, choices)
    return text


def channels_last(layer: Layer, data_format: str | None) -> str:
    """The one order of axes there is: (batch, height, width, channels).

    Raises:
        ArgumentError: for "channels_first".
    """
    if data_format not in (None, "channels_last"):
        raise ArgumentError(
            f"{type(layer).__name__} takes images with the channels as the last axis.",
            received=f"data_format={data_format!r}",
            expected="data_format='channels_last'",
            fix="Permute((2, 3, 1)) before it, from (channels, height, width)",
        )
    return "channels_last"


def check_places(layer: Layer, shape: Any, axes: int) -> None:
    """Raise a ShapeError unless the input is a batch of sequences (1 axis) or images (2 axes)."""
    names = ("batch", *PLACES[axes], "channels")
    fix = None
    if len(shape) == axes + 1:  # the usual slip: no axis for the one channel
        sizes = (*shape[1:], 1)
        free = tuple(-1 if n is None else n for n in sizes)
        fix = f"Reshape({free}) before it, or Input({sizes}) for data with an axis of one channel"
    elif len(shape) == 2:
        fix = message(f"Reshape(({', '.join(names[1:])})) before it")
    check_rank(layer, shape, axes + 2, f"({', '.join(names)})", fix)


def shown(value: Any) -> str:
    """An argument as a message shows it: an array by its shape.

    Example:
        >>> shown("4"), shown([0] * 100)
        ("'4'", 'a list of 100')
    """
    if hasattr(value, "shape"):
        return f"an array of shape {tuple(value.shape)}"
    if isinstance(value, (list, tuple)) and len(value) > 8:
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)


def _whole_meant(value: Any, otherwise: int) -> int:
    """The whole number that a number, or a text, comes nearest to."""
    try:
        return round(float(value)) if isinstance(value, (str, Real)) else otherwise
    except (ValueError, OverflowError):
        return otherwise


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
