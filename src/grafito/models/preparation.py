"""Before a step: a trace on the new data, which builds the model and finds what does not fit."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import GrafitoError, ShapeError
from grafito.graph.dtypes import dtype_name
from grafito.graph.nest import flatten, map_structure
from grafito.models.examples import Examples
from grafito.models.objectives import in_output_order
from grafito.models.ranges import check_range


def prepare(model: Any, examples: Examples) -> None:
    """Build the model, create its losses and metrics, and check the labels of the data."""
    if examples.form not in model._prepared:
        try:
            model._prepared[examples.form] = _look_at(model, examples, _one_example)
        except ShapeError:
            _check_order(model, examples)
            _look_at(model, examples, as_placeholder)  # the error with the user's shapes
            raise
    names, outputs = model._prepared[examples.form]
    objectives = model._objectives
    targets = objectives.targets(examples.y, names, f"{examples.role}y")
    weights = objectives.targets(examples.sample_weight, names, "sample_weight")
    found = objectives.check_labels(names, targets, outputs, weights, examples.role)
    model._findings.add(*found)


def _look_at(
    model: Any, examples: Examples, stand_in: Callable[[np.ndarray], graph.Tensor]
) -> tuple[list[str], list[Any]]:
    """Trace the model, losses and metrics on placeholders for the arrays; names and outputs."""
    with model._executor.renewals.tracing(), graph.Trace(training=False):
        y_pred = model(map_structure(stand_in, examples.x))
        names = model.output_names_for(y_pred)
        outputs = in_output_order(y_pred, names)
        targets = model._objectives.targets(examples.y, names, f"{examples.role}y")
        placeholders = [None if y is None else stand_in(y) for y in targets]
        model._objectives.resolve(names, placeholders, outputs)
        model._findings.add(*model._objectives.check_fit(names, targets, outputs, examples.role))
        model._objectives.loss(placeholders, outputs, [None] * len(names))  # the shapes
        model._objectives.update(placeholders, outputs, [None] * len(names))
    return names, outputs


def _check_order(model: Any, examples: Examples) -> None:
    """Raise a ShapeError if inputs and targets were exchanged."""
    if examples.y is not None and not model.takes(examples.x) and model.takes(examples.y):
        raise ShapeError(
            "The inputs and the targets are exchanged.",
            where=f"model {model.name!r}",
            received=f"x of shapes {_shapes(examples.x)}, y of shapes {_shapes(examples.y)}",
            fix="fit(x, y): the inputs come first",
        )


def check_inputs(model: Any, x: Any) -> None:
    """Raise a DataError where an input cannot hold a number of the data."""
    symbols = None
    with contextlib.suppress(GrafitoError):  # what was not made from symbols has none
        symbols = model.input
    if isinstance(x, Mapping) and symbols is not None and not isinstance(symbols, Mapping):
        named = {symbol.name: symbol for symbol in flatten(symbols)}
        x = {name: x[name] for name in named if name in x}
        symbols = {name: named[name] for name in x}
    if symbols is not None:
        check_range(x, [symbol.dtype for symbol in flatten(symbols)])
    elif model.input_dtype is not None:  # which floats are converted to
        floats = map_structure(lambda a: a if a.dtype.kind == "f" else a[:0], x)
        check_range(floats, itertools.repeat(model.input_dtype))


def as_placeholder(array: np.ndarray) -> graph.Tensor:
    """A placeholder for an array while a step is traced.

    Example:
        >>> as_placeholder(np.zeros((3, 2))).shape
        (3, 2)
    """
    return graph.placeholder(array.shape, dtype_name(array.dtype))


def _shapes(structure: Any) -> str:
    return ", ".join(str(array.shape) for array in flatten(structure))


def _one_example(array: np.ndarray) -> graph.Tensor:
    return graph.placeholder((1, *array.shape[1:]), dtype_name(array.dtype))
