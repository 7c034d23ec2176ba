"""Older names: what they mean, with a warning that says what to write."""

from __future__ import annotations

from typing import Any

from grafito.errors import GrafitoWarning, warn
from grafito.foreign.older import older


def of_older_programs(module: str, name: str) -> Any:
    """What an older name of a module means, with a warning; None where it has no such name.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(action="ignore"):
        ...     of_older_programs("grafito.utils", "np_utils").to_categorical([1]).tolist()
        [[0.0, 1.0]]
    """
    known = older(module, name)
    if known is None:
        return None
    tell_older(f"{module}.{name}", known[0])
    return known[1]


def tell_older(name: str, present: str) -> None:
    """Say what an older name is called now.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     tell_older("val_acc", "'val_accuracy'")
        >>> print(caught[0].message)
        'val_acc' is a name of older programs.
          try        'val_accuracy'
    """
    warn(GrafitoWarning(f"{name!r} is a name of older programs.", fix=present))
