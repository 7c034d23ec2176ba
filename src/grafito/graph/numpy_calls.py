"""NumPy's functions called on tensors: those that the graph has too become its ops.

`np.exp(t)` is `graph.exp(t)`. Any other function of NumPy reads the numbers of its tensors, where
they are known.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError
from grafito.graph.nest import flatten, map_structure

if TYPE_CHECKING:
    graph: Any  # whose types mypy would seek in a circle
else:
    from grafito import graph  # complete by the time that a function runs

# Where NumPy's (or SciPy's) name of an elementwise function is another one.
UFUNCS = {
    "absolute": "abs",
    "fabs": "abs",
    "remainder": "mod",
    "rint": "round",
    "true_divide": "divide",
    "float_power": "power",
    "pow": "power",
    "expit": "sigmoid",
}
OPERATORS: dict[str, Callable[..., Any]] = {
    "positive": lambda x: +graph.as_tensor(x),
    "bitwise_and": lambda x, y: graph.as_tensor(x) & y,
    "bitwise_or": lambda x, y: graph.as_tensor(x) | y,
    "bitwise_xor": lambda x, y: graph.as_tensor(x) ^ y,
    "invert": lambda x: ~graph.as_tensor(x),
    "divmod": lambda x, y: divmod(graph.as_tensor(x), y),
    "isnan": lambda x: graph.not_equal(x, x),
    "reciprocal": lambda x: 1 / graph.as_tensor(x),
}
# Functions of arrays with the arguments that both have, in NumPy's order.
FUNCTIONS: dict[str, tuple[str, str]] = {
    "sum": ("sum", "x axis keepdims"),
    "mean": ("mean", "x axis keepdims"),
    "max": ("max", "x axis keepdims"),
    "min": ("min", "x axis keepdims"),
    "amax": ("max", "x axis keepdims"),
    "amin": ("min", "x axis keepdims"),
    "var": ("variance", "x axis keepdims"),
    "norm": ("norm", "x ord axis keepdims"),
    "prod": ("prod", "x axis"),
    "argmax": ("argmax", "x axis"),
    "argmin": ("argmin", "x axis"),
    "where": ("where", "condition x y"),
    "clip": ("clip", "x low high"),
    "concatenate": ("concatenate", "xs axis"),
    "stack": ("stack", "xs axis"),
    "reshape": ("reshape", "x shape"),
    "transpose": ("transpose", "x axes"),
    "squeeze": ("squeeze", "x axis"),
    "expand_dims": ("expand_dims", "x axis"),
    "moveaxis": ("moveaxis", "x source destination"),
    "broadcast_to": ("broadcast_to", "x shape"),
    "zeros_like": ("zeros_like", "x"),
    "ones_like": ("ones_like", "x"),
}
THIRD = {"x axis keepdims": 2}  # NumPy has others of its own after so many
POSITIONS = ("argmax", "argmin")  # of known numbers they are numbers, with which lists are indexed
SHAPES: dict[str, Callable[..., Any]] = {
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size,
}


def call_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The value of an elementwise function of NumPy, some of whose arguments are tensors.

    Raises:
        ArgumentError: where the graph has no such function and the numbers are not known.
    """
    name = ufunc.__name__
    if method == "__call__" and "out" in kwargs:
        raise ArgumentError(
            "A tensor cannot be written into an array.",
            where=f"np.{name}",
            fix="a = a + t in place of a += t",
        )
    if method == "__call__" and not kwargs:
        function = OPERATORS.get(name) or _public(UFUNCS.get(name, name))
        if function is not None:
            return function(*inputs)
    return _with_numbers(getattr(ufunc, method), f"np.{name}", inputs, kwargs)


def call_function(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The value of another function of NumPy, some of whose arguments are tensors or hold them.

    Raises:
        ArgumentError: where the graph has no such function and the numbers are not known.
    """
    name = function.__name__
    if name in SHAPES and len(args) == 1 and not kwargs:
        return SHAPES[name](*args)
    ours, parameters = FUNCTIONS.get(name, ("", ""))
    known = all(_numbers_are_known(x) for x in _tensors(args, kwargs))
    if ours and not (known and (name in POSITIONS or _constant(args, kwargs))):
        names = parameters.split()
        fitting = len(args) <= THIRD.get(parameters, len(names))
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        # NumPy calls its first argument a, or arr, or condition; by position it needs no name.
        if fitting and given.keys() <= set(names):
            return getattr(graph, ours)(**given)
    where = f"np.{name}" if ours != "norm" else "np.linalg.norm"
    return _with_numbers(function, where, args, kwargs)


def _public(name: str) -> Callable[..., Any] | None:
    function = getattr(graph, name, None) if name in graph.__all__ else None
    return function if inspect.isfunction(function) else None


def _tensors(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    return [x for x in flatten([list(args), dict(kwargs)]) if isinstance(x, graph.Tensor)]


def _numbers_are_known(x: Any) -> bool:
    return x.unfed is None


def _constant(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether nothing here can be differentiated, so that numbers do."""
    leaves = graph.topological_order(_tensors(args, kwargs))
    return not any(isinstance(x, graph.Variable) for x in leaves)


def _with_numbers(
    function: Callable[..., Any], where: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    if not all(_numbers_are_known(x) for x in _tensors(args, kwargs)):
        name = where.rpartition(".")[2]
        ours = FUNCTIONS.get(name, (UFUNCS.get(name, name), ""))[0]
        found = _public(ours)
        raise ArgumentError(
            "A function of NumPy reads numbers, and a traced tensor has none yet.",
            where=where,
            expected=found and f"graph.{ours}{inspect.signature(found)}".replace("'", ""),
            fix=f"graph.{ours}" if found else "compose it of the functions of grafito.graph",
        )
    return function(*map_structure(_number, list(args)), **map_structure(_number, dict(kwargs)))


def _number(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, graph.Tensor) else x
