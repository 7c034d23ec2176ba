"""What a figure is given, as it needs it, or an error that says what was expected."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, TypeVar, cast

import numpy as np

from grafito.errors import ArgumentError, DtypeError, ShapeError
from grafito.registry import known_arguments

Function = TypeVar("Function", bound=Callable[..., Any])


def drawn(function: Function) -> Function:
    """A function of figures, which says what is wrong with its plain options.

    A title is a text, names are a list of them, and what is turned on or off is True or False.

    Example:
        >>> @drawn
        ... def line(x, *, title=None):
        ...     return x
        >>> line([1], title=[2])
        Traceback (most recent call last):
        ...
        grafito.errors.ArgumentError: A title must be a text.
          received   title=[2]
          try        title="..."
    """
    parameters = inspect.signature(function).parameters
    switches = [name for name, one in parameters.items() if str(one.annotation) == "bool"]

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        title = kwargs.get("title")
        if not isinstance(title, (str, type(None))):
            raise ArgumentError(
                "A title must be a text.", received=f"title={title!r}"[:80], fix='title="..."'
            )
        for name in switches:
            value = kwargs.get(name, False)
            if not isinstance(value, (bool, np.bool_)):
                raise ArgumentError(
                    "This setting of a figure is True or False.",
                    received=f"{name}={value!r}"[:80],
                    fix=f"{name}=True",
                )
        for name in ("names", "class_names"):
            names = kwargs.get(name)
            listed = isinstance(names, (str, list, tuple)) or np.ndim(cast(Any, names)) == 1
            if name in kwargs and names is not None and not listed:
                raise ArgumentError(
                    "Names must be given as a list.",
                    received=f"{name}={names!r}"[:80],
                    fix=f'{name}=["a", "b"]',
                )
        return function(*args, **kwargs)

    return cast(Function, known_arguments(checked))


def as_numbers(values: Any, where: str, dtype: str | None = "float64") -> np.ndarray:
    """An array of numbers.

    Raises:
        ShapeError: for rows of several lengths.
        DtypeError: for anything that is no number.

    Example:
        >>> as_numbers([[1, 2], [3, 4]], "x").shape
        (2, 2)
    """
    try:
        array = np.asarray(values)
    except ValueError:
        sizes = list(dict.fromkeys(str(np.shape(row)) for row in values if _is_regular(row)))
        raise ShapeError(
            "The rows of an array must have the same length.",
            where=where,
            received=f"parts of shapes {', '.join(sizes)}" if sizes else None,
        ) from None
    try:
        if array.dtype.kind == "O":
            array = array.astype("float64")
        if array.dtype.kind not in "biuf":
            raise TypeError(array.dtype)
        return array if dtype is None else array.astype(dtype)
    except (TypeError, ValueError):
        raise DtypeError(
            "Only numbers can be drawn.",
            where=where,
            received=repr(values)[:80],
            expected="an array of numbers",
        ) from None


def as_mapping(values: Any, where: str, example: str) -> Mapping[Any, Any]:
    """A dictionary.

    Raises:
        ArgumentError: for anything else.

    Example:
        >>> as_mapping({"sgd": [0.5]}, "results", "")
        {'sgd': [0.5]}
    """
    if not isinstance(values, Mapping):
        raise ArgumentError(
            "A dictionary is needed here, with what is drawn by name.",
            where=where,
            received=repr(values)[:80],
            expected=example,
        )
    return values


def setting(name: str, value: Any, least: float, usual: float) -> Any:
    """A number that a figure is drawn with, such as its decimals.

    Raises:
        ArgumentError: for anything else; it proposes the usual number.

    Example:
        >>> setting("digits", 2, 0, 3)
        2
    """
    if isinstance(value, Real) and math.isfinite(value) and float(value) >= least:
        return value
    raise ArgumentError(
        "This setting of a figure must be a number.",
        received=f"{name}={value!r}",
        expected=f"at least {least}",
        fix=f"{name}={usual}",
    )


def as_names(name: str, value: Any, example: str) -> Sequence[str]:
    """Several names.

    Raises:
        ArgumentError: for anything else.

    Example:
        >>> as_names("parameters", ("w", "b"), "")
        ('w', 'b')
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple, set)):
        return value  # type: ignore[return-value]  # a set is only read
    raise ArgumentError(
        "Names must be given as a list.", received=f"{name}={value!r}", fix=f"{name}={example}"
    )


def _is_regular(row: Any) -> bool:
    try:
        return bool(np.shape(row)) or np.isscalar(row)
    except ValueError:
        return False
