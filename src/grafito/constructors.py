"""Constructors that say in words which value they cannot use."""

from __future__ import annotations

import functools
import inspect
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from grafito.errors import ArgumentError, GrafitoError

__all__ = ["shown_in_full", "told_in_words"]

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


def shown_in_full(cls: type) -> None:
    """Let the signature of a constructor name the arguments that its base classes take.

    Example:
        >>> from grafito import layers
        >>> list(inspect.signature(layers.MaxPooling2D).parameters)[-4:]
        ['trainable', 'dtype', 'name', 'kwargs']
    """
    init = vars(cls).get("__init__")
    parameters = list(inspect.signature(init).parameters.values()) if init else []
    if not parameters or parameters[-1].kind is not inspect.Parameter.VAR_KEYWORD:
        return
    own = parameters[:-1]
    base = inspect.signature(super(cls, cls).__init__).parameters  # type: ignore[arg-type]
    names = {p.name for p in own}
    more = [
        p if p.kind is p.VAR_KEYWORD else p.replace(kind=p.KEYWORD_ONLY)
        for p in list(base.values())[1:]
        if p.name not in names and p.kind is not p.VAR_POSITIONAL
    ]
    init.__signature__ = inspect.Signature([*own, *more])  # type: ignore[union-attr]


def checked_flag(owner: object, name: str, value: Any) -> bool:
    """The value as True or False.

    Raises:
        ArgumentError: for what is neither, such as the text "no".
    """
    if not isinstance(value, (bool, int)) and type(value).__name__ not in ("bool", "bool_"):
        raise ArgumentError(
            f"{name!r} of {type(owner).__name__} must be True or False.",
            received=f"{name}={value!r}",
            fix=f"{name}={str(value).lower() not in ('no', 'false', 'none', '')}",
        )
    return bool(value)


def _in_words(init: Callable[..., None]) -> Callable[..., None]:
    _, *parameters = inspect.signature(init).parameters.items()
    flags = {name: at for at, (name, p) in enumerate(parameters) if isinstance(p.default, bool)}

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        for name, at in flags.items():
            if name in kwargs or at < len(args):
                checked_flag(self, name, kwargs[name] if name in kwargs else args[at])
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
