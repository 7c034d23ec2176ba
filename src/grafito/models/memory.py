"""The memory of a training step, before or after its first run."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

import numpy as np

from grafito.engines import Memory
from grafito.errors import GrafitoError
from grafito.graph import Tensor, Trace, placeholder
from grafito.graph.nest import map_structure
from grafito.models.batches import Batches
from grafito.models.examples import Examples
from grafito.models.executor import TracedStep
from grafito.models.functional import Functional
from grafito.models.sequential import Sequential


def training_memory(model: Any, batch_size: int | None = None) -> tuple[int, Memory] | None:
    """The memory of a training step, with its batch size; None if it is not known.

    A compiled step knows its memory. Before the first one, targets are assumed to have the shape of
    the outputs, or to be labels if the loss needs labels.

    Args:
        model: a model that is built and compiled.
        batch_size: examples in a step; by default those of the last training, or 32.
    """
    compiled = model._executor.training_programs()
    size = batch_size or max(compiled, default=32)
    memory = compiled[size].memory if size in compiled else _planned(model, size)
    return None if memory is None else (size, memory)


def _planned(model: Any, size: int) -> Memory | None:
    """The memory of a step before any data were given."""
    x = map_structure(lambda t: _zeros((size, *t.shape[1:]), t.dtype), placeholders(model))
    with Trace(training=False):
        outputs = model(placeholders(model))
    for labels in (False, True):
        y = map_structure(functools.partial(_targets, size=size, labels=labels), outputs)
        examples = Examples(x, y)
        with contextlib.suppress(GrafitoError):
            twin = model._apart()
            twin.prepare(examples)
            step = TracedStep("train", twin.train_step, twin.reset_metrics)
            return twin._executor.memory(step, Batches.one(examples), size)
    return None


def _targets(output: Any, size: int, labels: bool) -> np.ndarray:
    if labels:
        return _zeros((size, *output.shape[1:-1]), "int64")
    return _zeros((size, *output.shape[1:]), output.dtype)


def _zeros(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Zeros that take no memory."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def placeholders(model: Any) -> Any:
    """The inputs of a built model for one example."""
    shapes = getattr(model, "input_shape", None) or model.build_shape
    symbols = model.input if isinstance(model, (Functional, Sequential)) else None

    def make(shape: Any, dtype: str = "float32") -> Tensor:
        return placeholder(tuple(n or 1 for n in shape), dtype)

    if symbols is not None:
        return map_structure(lambda s: make(s.shape, s.dtype), symbols)
    nested = isinstance(shapes, dict) or (shapes and isinstance(shapes[0], (list, tuple)))
    if not nested:
        return make(shapes)
    if isinstance(shapes, dict):
        return {name: make(s) for name, s in shapes.items()}
    return [make(s) for s in shapes]
