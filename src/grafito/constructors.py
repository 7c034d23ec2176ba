"""Constructors that say in words which value they cannot use."""

from __future__ import annotations

import functools
import inspect
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from grafito.errors import ArgumentError, GrafitoError

__all__ = ["told_in_words"]

RAW = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def told_in_words(cls: type) -> type:
    """The class, whose constructor says in words which value it cannot use.

    What a constructor raises as an error of grafito stays as it is.

    Example:
        >>> from grafito import initializers
        >>> initializers.VarianceScaling(scale="x")
        Traceback (most recent call last):
        ...
        grafito.errors.ArgumentError: VarianceScaling cannot use an argument.
          received   scale='x'
          expected   values of other kinds, such as scale=1.0
    """
    if "__init__" in vars(cls):
        cls.__init__ = _in_words(vars(cls)["__init__"])  # type: ignore[misc]
    return cls


def _in_words(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            init(self, *args, **kwargs)
        except RAW as error:
            if isinstance(error, GrafitoError):
                raise
            signature = inspect.signature(init)
            try:
                given = signature.bind(self, *args, **kwargs).arguments
            except TypeError:  # another number of arguments, which Python tells
                raise error from None
            raise _unusable(type(self).__name__, signature, given) from error

    return __init__


def _unusable(owner: str, signature: inspect.Signature, given: Mapping[str, Any]) -> ArgumentError:
    """The error for arguments that a constructor cannot use: what came, and what there is else."""
    names = [n for n in list(given)[1:] if signature.parameters[n].kind in _NAMED]
    others = [n for n in names if signature.parameters[n].default is not inspect.Parameter.empty]
    told = ", ".join(f"{n}={signature.parameters[n].default!r}" for n in others)
    return ArgumentError(
        f"{owner} cannot use an argument.",
        received=", ".join(f"{n}={reprlib.repr(given[n])}" for n in names),
        expected=f"values of other kinds, such as {told}" if told else "values of other kinds",
    )


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
