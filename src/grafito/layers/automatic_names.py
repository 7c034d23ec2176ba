"""Names of layers that have none of their own."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar

from grafito.errors import ArgumentError

_everywhere: Counter[str] = Counter()  # but where names are kept apart
_names: ContextVar[Counter[str]] = ContextVar("names", default=_everywhere)


def unique_name(prefix: str) -> str:
    """'dense', then 'dense_1', 'dense_2', ..."""
    names = _names.get()
    count = names[prefix]
    names[prefix] += 1
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
        names = _names.get()
        names[prefix] = max(names[prefix], int(number[1:] or 0) + 1)
    return name


def reset_names() -> None:
    """Start the automatic names again."""
    _names.get().clear()


@contextlib.contextmanager
def names_apart() -> Iterator[None]:
    """Automatic names begin anew inside; outside and in other threads they go on as before."""
    token = _names.set(Counter())
    try:
        yield
    finally:
        _names.reset(token)
