"""Whole training steps that can be taken back: kept now and then, replayed between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import unknown_name
from grafito.graph import Tensor, Variable
from grafito.insight.trial import copy_of, traced
from grafito.language import translate

KEPT_EVERY = 10  # steps


class Training:
    """Steps of a copy of a model, done by the engine that trains it.

    Args:
        model: a compiled model.
        examples: the batch of each step.
    """

    def __init__(self, model: Any, examples: Any):
        self._model, self._examples = copy_of(model), examples
        self._model.prepare(examples)
        self._model.optimizer.build(self._model.trainable_variables)
        self._step = 0
        self._kept: dict[int, dict[Variable, np.ndarray]] = {0: self._state()}
        self.names: dict[Tensor, str] = {}

    def _variables(self) -> list[Variable]:
        counters = self._model._executor.step_counter, self._model._executor.draw_counter
        return [*self._model.weights, *self._model.optimizer.variables, *counters]

    def _state(self) -> dict[Variable, np.ndarray]:
        return {v: np.array(v.storage) for v in self._variables()}

    def graph(self) -> tuple[Tensor, dict[Tensor, np.ndarray]]:
        """The loss of the next step and what it is fed."""
        whole = traced(self._model, self._examples)
        self.names = {v: v.path for v in self._model.weights}
        return whole.loss, whole.feeds

    def forward(self) -> None:
        """Do a step."""
        examples = self._examples
        self._model.train_on_batch(examples.x, examples.y, examples.sample_weight)
        self._step += 1
        if self._step % KEPT_EVERY == 0:
            self._kept[self._step] = self._state()

    def to(self, step: int) -> None:
        """Go back to an earlier step: to the state kept before it, and on from there."""
        before = max(kept for kept in self._kept if kept <= step)
        for variable, array in self._kept[before].items():
            variable.storage = array.copy()
        self._step = before
        while self._step < step:
            self.forward()

    @property
    def says(self) -> str:
        return translate(
            "Numbers inside the step: the reference engine, float64. Whole steps: the engine {}."
        ).format(self._model._executor.engine.name)


class Descent:
    """Steps of gradient descent on the inputs of a graph that are named, in float64.

    Args:
        output: a scalar.
        feeds: values of its inputs, by name or tensor.
        parameters: names of those that a step changes.
        rate: the learning rate.
    """

    def __init__(
        self, output: Tensor, feeds: Any, parameters: Sequence[str] = (), rate: float = 0.1
    ):
        known = graph.inputs([output])
        given = dict(feeds or {}) if isinstance(feeds, Mapping) else {}
        by_name = {x: name for name, x in known.items()}
        self._values = {
            by_name.get(key, key): np.asarray(value, "float64") for key, value in given.items()
        }
        parameters = [parameters] if isinstance(parameters, str) else list(parameters)
        for name in parameters:
            if name not in known:
                raise unknown_name("input", name, known)
        self._output, self._parameters, self._rate = output, parameters, float(rate)
        self._past: list[dict[Any, np.ndarray]] = []
        self.names: dict[Tensor, str] = {}

    def graph(self) -> tuple[Tensor, dict[Any, np.ndarray]]:
        """The output and the values of its inputs now."""
        return self._output, dict(self._values)

    def forward(self) -> None:
        """P ← p − rate · gradient, for each parameter."""
        self._past.append(dict(self._values))
        if self._parameters:
            slopes = graph.gradients(self._output, self._parameters)
            found = graph.value(slopes, self._values, dtype="float64")
            for name, slope in zip(self._parameters, found, strict=True):
                self._values[name] = self._values[name] - self._rate * slope

    def to(self, step: int) -> None:
        """Go back to an earlier step."""
        self._values = dict(self._past[step])
        del self._past[step:]

    @property
    def says(self) -> str:
        if not self._parameters:
            return translate("All numbers: the reference engine, float64.")
        return translate(
            "All numbers: the reference engine, float64. A step of gradient descent at a rate of "
            "{}."
        ).format(f"{self._rate:g}")
