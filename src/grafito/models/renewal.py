"""What a compiled step depends on: when this changes, the step is compiled again."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from grafito.registry import Configurable, constructor_arguments

_readers: weakref.WeakKeyDictionary[type, Callable[[Any], Any]] = weakref.WeakKeyDictionary()


def settings(part: Any) -> Any:
    """The current configuration of a layer or an optimizer.

    These are its constructor arguments, as far as they are plain attributes: `rate` of a dropout,
    `momentum` and `clipnorm` of an optimizer. Values that change while the model runs are excluded.
    """
    kind = type(part)
    reader = _readers.get(kind)
    if reader is None:
        names = constructor_arguments(kind)
        names = [n for n in names if n != "name" and not isinstance(getattr(kind, n, 0), property)]
        reader = _readers[kind] = attrgetter(*names) if names else _nothing
    try:
        return reader(part)
    except AttributeError:  # a user's layer need not keep its arguments
        return None


def _nothing(part: Any) -> None:
    return None


def origin(layers: Iterable[Any], optimizer: Any, measured_by: Iterable[Any] = ()) -> list[Any]:
    """Everything that a step of these layers depends on, to be compared with its earlier value.

    Args:
        layers: of the model.
        optimizer: that of `compile`, or None.
        measured_by: the losses and metrics that `compile` was given as objects.

    Layers are held by weak references, so compiled steps do not keep their model alive.
    """
    parts = [
        (weakref.ref(x), x.trainable, settings(x), [_ways(v) for v in x._weights], _inside(x))
        for x in layers
    ]
    rate = getattr(optimizer, "rate", None)  # a schedule instead of a number
    schedule = rate if isinstance(rate, Configurable) else None
    others = [settings(x) for x in (schedule, optimizer, *measured_by)]
    return [*parts, optimizer, rate, *others]


def _ways(variable: Any) -> tuple[Any, ...]:
    """What decides how a variable is trained."""
    parts = variable.regularizer, variable.constraint
    return variable.trainable, parts, [_numbers(x) for x in parts]


def _inside(layer: Any) -> Any:
    return _numbers(getattr(layer, "activity_regularizer", None))


def _numbers(part: Any) -> Any:
    """The current settings of a regularizer or a constraint, which can change in place."""
    return None if part is None else dict(getattr(part, "__dict__", {}))


def same(one: list[Any], other: list[Any]) -> bool:
    """Whether two origins are equal; False for values that cannot be compared, such as arrays."""
    try:
        return bool(one == other)
    except Exception:
        return False
