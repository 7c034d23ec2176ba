"""Nested lists, tuples and dictionaries, in which functions take and return several tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    """The same structure with the function applied to each leaf.

    Example:
        >>> map_structure(lambda n: n + 1, {"a": [1, 2]})
        {'a': [2, 3]}
    """
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_structure(function, part) for part in structure)
    if isinstance(structure, dict):
        return {key: map_structure(function, structure[key]) for key in sorted(structure)}
    return function(structure)
