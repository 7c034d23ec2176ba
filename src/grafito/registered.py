"""Classes and functions that a program made known, so that files find them by their name."""

from __future__ import annotations

from typing import Any

__all__ = ["name_of", "register_name", "registered"]

registered: dict[str, Any] = {}
_names: dict[Any, str] = {}


def register_name(thing: Any, name: str) -> None:
    """Make a class or a function known: files have it under this name.

    Example:
        >>> def nothing():
        ...     pass
        >>> register_name(nothing, "mine>nothing")
        >>> name_of(nothing)
        'mine>nothing'
    """
    registered[name] = thing
    _names[thing] = name


def name_of(thing: Any) -> str:
    """The name of a class or a function in files: the registered one, else its own.

    Example:
        >>> name_of(int)
        'int'
    """
    try:
        return _names.get(thing, thing.__name__)
    except TypeError:  # it has no hash
        return str(thing.__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
