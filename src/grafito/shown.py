"""What an object shows of itself: its arguments in a terminal, a small page in a notebook."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

__all__ = ["Shown", "ShownByArguments", "brief", "defaults", "same"]

MISSING = object()
PLAIN = (str, int, float, list, tuple, dict)


class Shown:
    """Something that a notebook shows as a small page, whose writer is loaded when it is asked.

    Example:
        >>> from grafito import optimizers
        >>> "learning_rate" in optimizers.SGD(0.1)._repr_html_()
        True
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(importlib.import_module("grafito.notebooks").html(self))


class ShownByArguments(Shown):
    """Something that is told by the arguments that it was made with."""

    __slots__ = ()

    def own_arguments(self) -> dict[str, Any]:
        """The constructor arguments that are not what they are by default.

        Example:
            >>> from grafito import optimizers
            >>> optimizers.SGD(0.1, momentum=0.9).own_arguments()
            {'learning_rate': 0.1, 'momentum': 0.9}
        """
        from grafito.registry import constructor_arguments, snake_case

        def named(value: Any) -> Any:
            part = isinstance(value, ShownByArguments)
            return snake_case(type(value).__name__) if part else value

        cls = type(self)
        default = {**defaults(cls), "name": snake_case(cls.__name__)}
        found = {name: getattr(self, name, MISSING) for name in constructor_arguments(cls)}
        return {
            name: value
            for name, value in found.items()
            if value is not MISSING and not same(named(value), default.get(name, MISSING))
        }

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={brief(value)}" for name, value in self.own_arguments().items())
        return f"{type(self).__name__}({given})"


def defaults(cls: type) -> dict[str, Any]:
    """The arguments of a constructor that have a default.

    Example:
        >>> from grafito import optimizers
        >>> defaults(optimizers.SGD)["momentum"]
        0.0
    """
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if "__init__" in vars(base) and base is not object:
            parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
            found |= {p.name: p.default for p in parameters if p.default is not p.empty}
    return found


def same(value: Any, default: Any) -> bool:
    """Whether a value is that of the default: a function for its name, a pair for its number.

    Example:
        >>> same((2, 2), 2), same(max, "max"), same(0.1, 0.2)
        (True, True, False)
    """
    if value is default:
        return True
    if callable(value) and hasattr(value, "__name__"):
        value = value.__name__
    if default is None and isinstance(value, str):
        return value in ("linear", "channels_last")
    if isinstance(value, (list, tuple)) and not isinstance(default, (list, tuple)):
        return len(value) > 0 and all(isinstance(x, PLAIN) and x == default for x in value)
    return isinstance(value, PLAIN) and isinstance(default, PLAIN) and value == default


def brief(value: Any) -> str:
    """A value in the text of an object.

    Example:
        >>> brief("relu"), brief(max)
        ("'relu'", "'max'")
    """
    if callable(value) and hasattr(value, "__name__"):
        value = value.__name__
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
