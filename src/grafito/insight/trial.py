"""What insight works on: a model and a few examples, checked, traced or copied; never changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import ArgumentError, GraphError
from grafito.graph import Tensor, Variable
from grafito.graph.dtypes import dtype_name, is_floating
from grafito.graph.nest import flatten, map_structure
from grafito.models import Model
from grafito.models.examples import Examples, make_examples


@dataclass(frozen=True)
class Traced:
    """The loss of a model for some examples, as a graph, and the arrays that it is fed."""

    loss: Tensor
    weights: list[Variable]
    feeds: dict[Tensor, np.ndarray]
    updates: dict[Variable, Tensor]


def examples_of(model: Any, x: Any, y: Any = None) -> Examples:
    """The examples, after a look at the model; it is built where it was not.

    Raises:
        ArgumentError: for anything else than a model.
        GraphError: when it is not compiled.
        DataError, ShapeError: for data that do not fit it.
    """
    if not isinstance(model, Model):
        raise ArgumentError(
            "Insight looks into a model.",
            where="model",
            received=type(model).__name__,
            expected="a Sequential, or Model(inputs, outputs)",
        )
    if not model.compiled:
        raise GraphError(
            "A model that was not compiled has no loss to look at.",
            where=f"model {model.name!r}",
            fix='model.compile("adam", loss="mse")',
        )
    examples = make_examples(x, y)
    model.prepare(examples)
    return examples


def copy_of(model: Any) -> Any:
    """A model like this one, with its weights and its optimizer; the first stays as it is."""
    twin = copy.deepcopy(model)
    twin.stop_training = False
    return twin


def first_rows(examples: Examples, count: int) -> Examples:
    """The first examples, all where there are fewer."""
    return examples.rows(slice(0, count)) if len(examples) > count else examples


def traced(model: Any, examples: Examples, training: bool = True, step: int = 0) -> Traced:
    """The loss of the examples, with layers as in training after so many steps."""
    feeds: dict[Tensor, np.ndarray] = {}

    def stand_ins(name: str, structure: Any) -> Any:
        several = len(flatten(structure)) > 1
        first = len(feeds)

        def stand_in(array: np.ndarray) -> Tensor:
            own = f"{name}{len(feeds) - first}" if several else name
            placeholder = graph.placeholder(array.shape, dtype_name(array.dtype), own)
            feeds[placeholder] = array
            return placeholder

        return map_structure(stand_in, structure)

    x = stand_ins("x", examples.x)
    y = None if examples.y is None else stand_ins("y", examples.y)
    with graph.Trace(training=training, step=graph.constant(step, "int32")) as trace:
        loss = model.compute_loss(x=x, y=y, y_pred=model(x))
    weights = [v for v in model.trainable_variables if is_floating(v.dtype)]
    return Traced(loss, weights, feeds, dict(trace.updates))


def batches(examples: Examples, size: int, seed: int = 0) -> Iterator[Examples]:
    """Batches of one size without end, in a new order in each pass."""
    rng = np.random.default_rng(seed)
    n = len(examples)
    while True:
        order = rng.permutation(n)
        for start in range(0, max(n - size, 0) + 1, size):
            yield examples.rows(order[start : start + size])
