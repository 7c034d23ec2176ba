"""How a function of tensors becomes one of `grafito.ops`, which takes symbols of models too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from grafito.errors import ArgumentError, GrafitoError, GraphError
from grafito.graph.nest import flatten
from grafito.registry import refuse_unknown
from grafito.shown import brief

Function = TypeVar("Function", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}  # all there are, by name
CALLING: set[str] = set()  # those that call functions of the user, which no layer can keep


def op(function: Function) -> Function:
    """The function, offered under its name; called on symbols it becomes a layer of the model.

    Example:
        >>> from grafito import layers, ops
        >>> ops.square(layers.Input((3,))).shape
        (None, 3)
    """
    name = function.__name__
    names = tuple(inspect.signature(function).parameters)

    @functools.wraps(function)
    def offered(*args: Any, **kwargs: Any) -> Any:
        if not kwargs.keys() <= set(names):
            refuse_unknown(f"ops.{name}", kwargs, names)
        symbol = next((x for x in flatten((args, kwargs)) if hasattr(x, "as_operation")), None)
        if symbol is None:
            return _called(function, name, args, kwargs)
        if name in CALLING:
            raise GraphError(
                "A function of one's own cannot be a layer of a model.",
                where=f"ops.{name}",
                received=symbol,
                fix=f"layers.Lambda(lambda x: ops.{name}(...))(symbol), or a Layer with this call",
            )
        return symbol.as_operation(name, args, kwargs)

    FUNCTIONS[name] = offered
    return cast(Function, offered)


def _called(function: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Any:
    """The result; what the code within cannot go on with is an error of the arguments."""
    try:
        return function(*args, **kwargs)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, GrafitoError) or name in CALLING:
            raise
        signature = inspect.signature(function)
        signature.bind(*args, **kwargs)  # Python says which argument is missing
        raise ArgumentError(
            f"These arguments do not fit ops.{name}.",
            received=", ".join(map(brief, (*args, *kwargs.values()))),
            expected=f"{name}{signature}",
        ) from error


def calling(function: Function) -> Function:
    """The same for one that calls functions of the user: it takes tensors alone.

    Example:
        >>> from grafito import ops
        >>> ops.fori_loop(0, 3, lambda i, x: x + i, 0)
        3
    """
    CALLING.add(function.__name__)
    return op(function)


def forwarded(function: Callable[..., Any], name: str, renamed: str = "") -> Callable[..., Any]:
    """A function under Keras's name, with Keras's names for its first arguments.

    Args:
        function: one of the graph.
        name: what it is called here.
        renamed: names of its arguments in their order.

    Example:
        >>> from grafito import graph
        >>> forwarded(graph.add, "add", "x1 x2")(x1=1, x2=2).item()
        3
    """
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    ours = [p.name for p in parameters]
    theirs = renamed.split()
    names = dict(zip(theirs, ours, strict=False))
    shown = [p.replace(name=n) for p, n in zip(parameters, theirs, strict=False)]

    def forwarding(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{names.get(key, key): x for key, x in kwargs.items()})

    functools.update_wrapper(forwarding, function)
    forwarding.__name__ = forwarding.__qualname__ = name
    forwarding.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*shown, *parameters[len(shown) :]]
    )
    return op(forwarding)
