"""Errors that teach: what happened, where, what came, what was expected, one edit to try.

Every exception that grafito raises on purpose is a `GrafitoError`. Each also derives from the
built-in exception a Python programmer would expect, so `except ValueError` keeps working.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any


class GrafitoError(Exception):
    """Base of all errors of grafito; its text has one form, in the language being spoken.

    Args:
        what: one sentence that says what happened.
        where: the layer, op or argument concerned.
        received: what came.
        expected: what was needed.
        path: how the value got there, for example the chain of shapes before a layer.
        fix: one edit to try.

    Example:
        >>> print(ArgumentError("Dense needs at least one unit.", received="units=0"))
        Dense needs at least one unit.
          received   units=0
    """

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        received: object = None,
        expected: object = None,
        path: object = None,
        fix: object = None,
    ):
        rows = {
            "where": where,
            "received": received,
            "expected": expected,
            "path": path,
            "try": fix,
        }
        self.what = what
        self.rows = {name: str(value) for name, value in rows.items() if value is not None}
        self.message = self.told(str)
        super().__init__(self.message)

    def __str__(self) -> str:
        from grafito import language  # which raises errors itself

        return self.message if language.current() == "en" else self.told(language.retell)

    def told(self, say: Callable[[str], str]) -> str:
        """Its text, each sentence and each name of a row passed through `say`."""
        lines = (f"  {say(name):<9}  {say(value)}" for name, value in self.rows.items())
        return "\n".join([say(self.what), *lines])


class ArgumentError(GrafitoError, ValueError):
    """An argument has a value that cannot be used."""


class UnknownNameError(ArgumentError):
    """A name (of a loss, a layer, an experiment, ...) is not known."""


class ShapeError(GrafitoError, ValueError):
    """Shapes do not fit."""


class DtypeError(GrafitoError, TypeError):
    """A value has a type that cannot be used."""


class DataError(GrafitoError, ValueError):
    """The data given to `fit`, `evaluate` or `predict`, or a data file, cannot be used."""


class FileError(GrafitoError, OSError):
    """A file is missing, cut short, damaged or of another kind."""


class GraphError(GrafitoError, RuntimeError):
    """A graph was used in a way that has no meaning."""


class NonFiniteError(GrafitoError, FloatingPointError):
    """A loss or a weight became NaN or infinite while `check_finite` watched."""


class OutOfMemoryError(GrafitoError, MemoryError):
    """The machine has too little memory; `memory` is what is needed, `available` what there is."""

    memory: Any = None
    available: int = 0


class MissingDependencyError(GrafitoError, ImportError):
    """An optional library is not installed."""


def unknown_name(kind: str, name: object, choices: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not known, with the nearest known one.

    Args:
        kind: what the name should name, for example "loss".
        name: what came.
        choices: the known names.

    Returns:
        The error, to be raised by the caller.

    Example:
        >>> print(unknown_name("loss", "mze", ["mse", "mae"]))
        Unknown loss 'mze'.
          expected   one of mae, mse
          try        'mse'
    """
    known = sorted(set(choices))
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    return UnknownNameError(
        f"Unknown {kind} {name!r}.",
        expected=f"one of {', '.join(known)}",
        fix=repr(near[0]) if near else None,
    )
