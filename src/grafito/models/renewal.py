"""What a compiled step was made from: when it is no longer the same, the step is compiled anew."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from grafito.registry import Configurable, constructor_arguments

_readers: weakref.WeakKeyDictionary[type, Callable[[Any], Any]] = weakref.WeakKeyDictionary()


def settings(part: Any) -> Any:
    """What the configuration of a layer or an optimizer says at present.

    These are its constructor arguments, as far as they are plain attributes: `rate` of a dropout,
    `momentum` and `clipnorm` of an optimizer. What changes while the model runs is none of them.
    """
    kind = type(part)
    reader = _readers.get(kind)
    if reader is None:
        names = constructor_arguments(kind)
        names = [n for n in names if n != "name" and not isinstance(getattr(kind, n, 0), property)]
        reader = _readers[kind] = attrgetter(*names) if names else _nothing
    try:
        return reader(part)
    except AttributeError:  # a layer of a user need not keep its arguments
        return None


def _nothing(part: Any) -> None:
    return None


def origin(layers: Iterable[Any], optimizer: Any, measured_by: Iterable[Any] = ()) -> list[Any]:
    """All that a step of these layers depends on, to be compared with what it was before.

    Args:
        layers: of the model.
        optimizer: that of `compile`, or None.
        measured_by: the losses and metrics that `compile` was given as objects.

    The layers are named by weak references, so that what is compiled does not keep its model alive.
    """
    parts = [
        (weakref.ref(x), x.trainable, settings(x), [_ways(v) for v in x._weights], _inside(x))
        for x in layers
    ]
    rate = getattr(optimizer, "rate", None)  # a schedule in place of a number
    schedule = rate if isinstance(rate, Configurable) else None
    others = [settings(x) for x in (schedule, optimizer, *measured_by)]
    return [*parts, optimizer, rate, *others]


def _ways(variable: Any) -> tuple[Any, ...]:
    """How a variable is trained."""
    parts = variable.regularizer, variable.constraint
    return variable.trainable, parts, [_numbers(x) for x in parts]


def _inside(layer: Any) -> Any:
    return _numbers(getattr(layer, "activity_regularizer", None))


def _numbers(part: Any) -> Any:
    """What a regularizer or a constraint holds now; the object alone stays the same."""
    return None if part is None else dict(getattr(part, "__dict__", {}))


def same(one: list[Any], other: list[Any]) -> bool:
    """Whether two origins are equal; what cannot be compared, as two arrays, is not."""
    try:
        return bool(one == other)
    except Exception:
        return False
