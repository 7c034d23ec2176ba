"""Names of layers that have none of their own."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator

from grafito.errors import ArgumentError

_names: Counter[str] = Counter()


def unique_name(prefix: str) -> str:
    """'dense', then 'dense_1', 'dense_2', ..."""
    count = _names[prefix]
    _names[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def note_name(name: str, prefix: str) -> str:
    """A name that was given, perhaps by a file; the automatic ones go on behind it.

    Raises:
        ArgumentError: for what is no text.
    """
    if not isinstance(name, str):
        raise ArgumentError(
            "A name must be a text.", received=f"name={name!r}", fix=f'name="{name}"'
        )
    number = name.removeprefix(prefix)
    if number == "" or re.fullmatch(r"_[1-9]\d{0,8}", number):
        _names[prefix] = max(_names[prefix], int(number[1:] or 0) + 1)
    return name


def reset_names() -> None:
    """Start the automatic names again."""
    _names.clear()


@contextlib.contextmanager
def names_apart() -> Iterator[None]:
    """Automatic names begin anew inside, and go on afterwards where they were."""
    before = dict(_names)
    _names.clear()
    try:
        yield
    finally:
        _names.clear()
        _names.update(before)
