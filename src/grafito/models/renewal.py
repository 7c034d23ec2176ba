"""What a compiled step depends on: when this changes, the step is compiled again."""

from __future__ import annotations

import contextlib
import dataclasses
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from grafito.errors import GrafitoWarning, warn
from grafito.layers.ownership import Owner
from grafito.registry import Configurable, constructor_arguments

FEW_ITEMS, FEW_NUMBERS = 64, 4096  # of a list and of an array that are compared by their contents
SILENT = 10  # so often an attribute may change before a warning names it
_ATOMS = frozenset({str, float, bool, type(None)})
_SIMPLE = _ATOMS | {int}
_CONTAINERS = (list, tuple, dict, set, frozenset)
# What grafito itself keeps in the attributes of layers, models and optimizers
_KEPT = frozenset(
    [
        "_given",
        "_made",
        "first_input_shape",
        "_weights",
        "_trainable",
        "dtype",
        "name",
        "built",
        "_building",
        "build_shape",
        "build_shapes",
        "input_axes",
        "calls",
        "last_outputs",
        "_executor",
        "_objectives",
        "_loss_tracker",
        "_findings",
        "learned_as_part",
        "_prepared",
        "_compiled",
        "_shuffle_seed",
        "_output_structure",
        "_stack",
        "_ends",
        "_functional",
        "optimizer",
        "history",
        "stop_training",
        "input",
        "output",
        "_nodes",
        "_members",
        "iterations",
        "_dtype",
        "_rate",
        "_exact_rate",
        "_slots",
        "_spared",
    ]
)
_readers: weakref.WeakKeyDictionary[type, tuple[Callable[[Any], Any], list[str], bool]]
_readers = weakref.WeakKeyDictionary()


class Same:
    """Equal to another of the same object.

    Example:
        >>> Same(print) == Same(print), Same([]) == Same([])
        (True, False)
    """

    __slots__ = ("held",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, held: Any):
        self.held = held

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Same) and self.held is other.held


def frozen(value: Any, depth: int = 0) -> Any:
    """What stays as it is when the value is changed in place, and is equal for equal values.

    Long lists, large arrays and other objects are equal where they are the same object.

    Example:
        >>> sizes = [1, 2]
        >>> before = frozen(sizes)
        >>> sizes.append(3)
        >>> before == frozen(sizes), frozen([1]) == frozen([1]), frozen(1) == frozen(1.0)
        (False, True, False)
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return kind, value
    if isinstance(value, Owner):  # compiled steps do not keep their model alive
        return weakref.ref(value)
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype != object:
        few = value.size <= FEW_NUMBERS
        return (value.shape, value.dtype.str, value.tobytes()) if few else Same(value)
    if depth > 3:
        return Same(value)
    if kind in _CONTAINERS and len(value) <= FEW_ITEMS:
        if isinstance(value, (set, frozenset)):
            return kind, frozenset(value)
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return kind, [frozen(part, depth + 1) for part in parts]
    if isinstance(value, Configurable):
        return Same(value), settings(value, depth + 1)
    if isinstance(value, types.SimpleNamespace) or dataclasses.is_dataclass(value):
        return Same(value), frozen(dict(getattr(value, "__dict__", {})), depth + 1)
    return Same(value)


def _reader(kind: type) -> tuple[Callable[[Any], Any], list[str], bool]:
    """A reader of the constructor arguments, their names, and whether a user wrote the class."""
    names = constructor_arguments(kind)
    names = [
        name  # what made the weights does not act later
        for name in names
        if name != "name" and not name.endswith("_initializer")
        if not isinstance(getattr(kind, name, 0), property)
    ]
    get = attrgetter(*names) if len(names) > 1 else lambda part: [getattr(part, n) for n in names]
    own = any(base.__module__.partition(".")[0] != "grafito" for base in kind.__mro__[:-1])
    return get, names, own


def settings(part: Any, depth: int = 0) -> Any:
    """The current configuration of a layer, a loss, a metric or an optimizer.

    These are its constructor arguments, as far as they are plain attributes: `rate` of a dropout,
    `momentum` and `clipnorm` of an optimizer. Values that change while the model runs are excluded.
    """
    kind = type(part)
    reader = _readers.get(kind)
    if reader is None:
        reader = _readers[kind] = _reader(kind)
    try:
        values = reader[0](part)
    except AttributeError:  # a user's layer need not keep its arguments
        values = [getattr(part, name, None) for name in reader[1]]
    return [v if v.__class__ in _SIMPLE else frozen(v, depth) for v in values]


def attributes(part: Any) -> dict[str, Any]:
    """What is set on an object of a user's class beside what grafito keeps there."""
    kind = type(part)
    if kind not in _readers:
        _readers[kind] = _reader(kind)
    if not _readers[kind][2]:
        return {}
    return {name: frozen(value) for name, value in vars(part).items() if name not in _KEPT}


@dataclasses.dataclass
class Origin:
    """Everything that a step depends on.

    Args:
        rest: layers, weights, settings.
        own: by object and name, what is set on objects of a user's classes.
    """

    rest: list[Any]
    own: dict[tuple[str, int, str], Any]

    def changed(self, other: Origin) -> list[tuple[str, str]]:
        """Owners and names of the attributes that are not the same in both."""
        return [
            (owner, name)
            for key in {**self.own, **other.own}
            for owner, _, name in [key]
            if not same([self.own.get(key, Same)], [other.own.get(key, Same)])
        ]


def origin(layers: Iterable[Any], optimizer: Any, measured_by: Iterable[Any] = ()) -> Origin:
    """Everything that a step of these layers depends on, to be compared with its earlier value.

    Args:
        layers: of the model.
        optimizer: that of `compile`, or None.
        measured_by: the losses and metrics that `compile` was given as objects.

    Layers are held by weak references, so compiled steps do not keep their model alive.
    """
    layers = list(layers)
    parts = [
        (weakref.ref(x), x.trainable, settings(x), [_ways(v) for v in x._weights], _inside(x))
        for x in layers
    ]
    rate = getattr(optimizer, "rate", None)  # a schedule instead of a number
    schedule = rate if isinstance(rate, Configurable) else None
    others = [x for x in (schedule, optimizer, *measured_by) if x is not None]
    own = {
        (getattr(part, "name", None) or type(part).__name__, number, name): value
        for number, part in enumerate([*layers, *others])
        if hasattr(part, "__dict__")
        for name, value in attributes(part).items()
    }
    return Origin([*parts, optimizer, rate, *map(settings, others)], own)


def _ways(variable: Any) -> tuple[Any, ...]:
    """What decides how a variable is trained."""
    parts = variable.regularizer, variable.constraint
    return variable.trainable, parts, [_numbers(x) for x in parts]


def _inside(layer: Any) -> Any:
    return _numbers(getattr(layer, "activity_regularizer", None))


def _numbers(part: Any) -> Any:
    """The current settings of a regularizer or a constraint, which can change in place."""
    return None if part is None else dict(getattr(part, "__dict__", {}))


def same(one: Any, other: Any) -> bool:
    """Whether two origins are equal; False for values that cannot be compared, such as arrays."""
    try:
        return bool(one == other)
    except Exception:
        return False


def tell_changes(counts: dict[tuple[str, str], int], changed: Iterable[tuple[str, str]]) -> None:
    """Count changes of attributes, and warn of one that makes the model compile again and again."""
    for owner, name in changed:
        counts[owner, name] = count = counts.get((owner, name), 0) + 1
        if count == SILENT + 1:
            warn(
                GrafitoWarning(
                    "An attribute changes often, and the model is compiled again each time.",
                    where=f"attribute {name!r} of {owner!r}",
                    received=f"{count} changes",
                    fix=f"self.{name} = graph.Variable(1.0, trainable=False) in __init__ "
                    f"and self.{name}.assign(value) for a change: it acts without compiling",
                )
            )


class Renewals:
    """What the programs of a model were made from, and how often which attribute changed."""

    def __init__(self) -> None:
        self._origin: Origin | None = None
        self._look: Callable[[], Callable[[], Origin] | None] = lambda: None
        self._changes: dict[tuple[str, str], int] = {}

    def due(self, look: Callable[[], Origin], tells: bool) -> bool:
        """Whether what a method of the model gives is not what it was; from now on it is."""
        origin, before = look(), self._origin
        if same(origin, before):
            return False
        self._origin, self._look = origin, weakref.WeakMethod(look)
        if before is not None and tells:
            tell_changes(self._changes, origin.changed(before))
        return True

    @contextlib.contextmanager
    def tracing(self) -> Iterator[None]:
        """A context in which what is traced may set attributes: this is no change to act on."""
        look = self._look()
        current = look is not None and same(look(), self._origin)
        yield
        if current and look is not None and self._origin is not None:
            self._origin.own = look().own
