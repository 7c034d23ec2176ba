"""What a page may ask for: the settings of a network and of its training, checked one by one."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grafito.errors import ArgumentError

DEEPEST, WIDEST, MOST_EXAMPLES, MOST_POINTS = 10, 1000, 10_000, 5000


class Malformed(ArgumentError):
    """A message that no page of this studio sends."""


@dataclass(frozen=True)
class DataSettings:
    """Which examples there are; `upload` is the name under which a file of one's own was kept."""

    name: str = "moons"
    noise: float = 0.2
    examples: int = 250
    validation: float = 0.2
    classes: int = 3
    points: tuple[tuple[float, ...], ...] = ()
    upload: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Hidden:
    """A hidden layer."""

    units: int = 4
    activation: str = "tanh"
    dropout: float = 0.0


@dataclass(frozen=True)
class Settings:
    """All that a page chooses; `output` and `loss` are None for what fits the data.

    A model that was opened has the weights of its file, or, when `fresh`, new ones from the seed.
    """

    data: DataSettings = field(default_factory=DataSettings)
    features: tuple[str, ...] = ("x1", "x2")
    layers: tuple[Hidden, ...] = (Hidden(4), Hidden(2))
    output: str | None = None
    loss: str | None = None
    optimizer: str = "adam"
    rate: float = 0.03
    batch: int = 32
    l1: float = 0.0
    l2: float = 0.0
    seed: int = 7
    model: str | None = None
    fresh: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return dataclasses.asdict(self)


RANGES: dict[str, tuple[float, float]] = {
    "data.noise": (0, 1),
    "data.examples": (4, MOST_EXAMPLES),
    "data.validation": (0, 0.9),
    "data.classes": (2, 10),
    "batch": (1, MOST_EXAMPLES),
    "l1": (0, 10),
    "l2": (0, 10),
    "seed": (0, 2**31 - 1),
    "units": (-math.inf, WIDEST),  # that a layer needs one is what the layer says
}


def changed(settings: Settings, changes: Any) -> Settings:
    """Settings with some of them changed; lists are replaced as a whole.

    Raises:
        Malformed: for a setting that there is not, or of another kind.
        ArgumentError: for a value outside its range.

    Example:
        >>> changed(Settings(), {"rate": 0.1, "data": {"name": "xor"}}).data.name
        'xor'
    """
    if not isinstance(changes, Mapping):
        raise Malformed(
            "Settings are a table of names and values.", received=type(changes).__name__
        )
    return _changed(settings, changes, "")


def _changed(old: Any, changes: Mapping[str, Any], path: str) -> Any:
    kinds = typing.get_type_hints(type(old))
    new = {}
    for name, value in changes.items():
        if name not in kinds:
            raise Malformed("There is no such setting.", received=f"{path}{name}"[:80])
        if dataclasses.is_dataclass(kinds[name]):
            if not isinstance(value, Mapping):
                raise _wrong(path + name, value)
            new[name] = _changed(getattr(old, name), value, f"{path}{name}.")
        else:
            new[name] = _read(value, kinds[name], path + name)
    return dataclasses.replace(old, **new)


def _read(value: Any, kind: Any, path: str) -> Any:
    """A value of a kind, as JSON may have it."""
    if isinstance(kind, types.UnionType):
        first = typing.get_args(kind)[0]
        return None if value is None else _read(value, first, path)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise _wrong(path, value)
        most = MOST_POINTS if path == "data.points" else 3 if path == "point" else DEEPEST
        if len(value) > most:
            raise _out_of_range(path, f"{len(value)}", f"{most} at most")
        item = typing.get_args(kind)[0]
        inside = "point" if path == "data.points" else path
        return tuple(_read(each, item, inside) for each in value)
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise _wrong(path, value)
        return _changed(kind(), value, "")  # type: ignore[operator]
    if kind is str:
        if not isinstance(value, str) or len(value) > 200:
            raise _wrong(path, value)
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise _wrong(path, value)
        return value
    return _number(value, kind, path)


def _number(value: Any, kind: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(path, value)
    if abs(value) > 1e300 or value != value or (kind is int and value != int(value)):
        raise _wrong(path, value)
    low, high = RANGES.get(path, (-1e6, 1e6))
    if not low <= value <= high:
        most = f"{high:g} at most" if low == -math.inf else f"{low:g} ... {high:g}"
        raise _out_of_range(path, f"{value:g}", most)
    return kind(value)


def _wrong(path: str, value: Any) -> Malformed:
    return Malformed(
        "A setting has a value of the wrong kind.", where=path, received=repr(value)[:80]
    )


def _out_of_range(path: str, received: str, expected: str) -> ArgumentError:
    return ArgumentError(
        "A setting is outside its range.", where=path, received=received, expected=expected
    )
