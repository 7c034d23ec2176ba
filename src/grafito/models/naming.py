"""Names of layers, inputs and outputs must be texts and unique."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafito.errors import ArgumentError


def same_name(name: str, names: list[str]) -> ArgumentError:
    """The error for two layers of one name, with one that none of these layers has."""
    free = next(f"{name}_{i}" for i in range(2, len(names) + 3) if f"{name}_{i}" not in names)
    return ArgumentError(
        f"Two layers have the name {name!r}.", fix=f'name="{free}" for one of them'
    )


def check_names(argument: str, given: Any) -> None:
    """Raise if names of inputs or outputs are not texts: a file would change them."""
    if isinstance(given, Mapping) and not all(isinstance(name, str) for name in given):
        raise ArgumentError(
            "The names of inputs and outputs must be texts.",
            where=argument,
            received=f"the names {[*given]}",
            fix=f"{argument}={{{', '.join(f'{str(name)!r}: ...' for name in given)}}}",
        )
