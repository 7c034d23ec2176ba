"""Nested lists, tuples and dictionaries, in which functions take and return several tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; dictionaries in the order of their sorted keys.

    Example:
        >>> flatten([1, (2, 3), {"b": 5, "a": 4}])
        [1, 2, 3, 4, 5]
    """
    return list(_leaves(structure))


def _leaves(structure: Any) -> Iterator[Any]:
    if isinstance(structure, (list, tuple)):
        for part in structure:
            yield from _leaves(part)
    elif isinstance(structure, dict):
        for key in sorted(structure):
            yield from _leaves(structure[key])
    else:
        yield structure


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with the function applied to each leaf, in the order of `flatten`.

    Example:
        >>> map_structure(lambda n: n + 1, {"a": [1, 2]})
        {'a': [2, 3]}
    """
    if isinstance(structure, (list, tuple)):
        return sequence_like(structure, [map_structure(function, part) for part in structure])
    if isinstance(structure, dict):
        by_key = {key: map_structure(function, structure[key]) for key in sorted(structure)}
        return {key: by_key[key] for key in structure}
    return function(structure)


def sequence_like(structure: Any, parts: list[Any]) -> Any:
    """The parts as a list, a tuple or a named tuple, as the structure is one."""
    return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)


def parts(owner: object, kinds: tuple[type, ...], skip: Container[str] = ()) -> Iterator[Any]:
    """What an object is made of: its attributes of these kinds, and those in lists and the like.

    Args:
        owner: the object; its attributes are looked at, also inside lists, tuples and
            dictionaries, in the order in which they were set.
        kinds: the classes of the parts; the walk does not go into a part.
        skip: names of attributes that are no parts.

    Example:
        >>> class Box:
        ...     pass
        >>> box = Box()
        >>> box.sizes, box.name = [1, {"a": (2, 3)}], "box"
        >>> list(parts(box, (int,)))
        [1, 2, 3]
    """
    seen: set[int] = set()
    plain = _plain_beside(kinds)
    stack = [
        value
        for name, value in reversed(vars(owner).items())
        if type(value) not in plain and name not in skip
    ]
    while stack:
        value = stack.pop()
        inner: Any = ()
        if type(value) in plain:
            continue
        if isinstance(value, (list, tuple)):
            inner = value
        elif isinstance(value, (dict, Mapping)):
            inner = list(value.values())
        elif not isinstance(value, kinds):
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, kinds):
            yield value
        else:
            stack.extend(reversed(inner))


@functools.cache
def _plain_beside(kinds: tuple[type, ...]) -> frozenset[type]:
    """Types of values that are no parts and have none: most attributes are of these."""
    plain = (type(None), bool, int, float, complex, str, bytes)
    return frozenset(kind for kind in plain if not issubclass(kind, kinds))
