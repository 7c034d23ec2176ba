"""Whole training steps that can be taken back: kept now and then, replayed between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import unknown_name
from grafito.graph import Tensor, Variable
from grafito.insight.trial import traced
from grafito.language import translate
from grafito.models.examples import Examples

KEPT_EVERY = 10  # steps
MOST_BYTES = 200_000_000  # of the states that are kept


def _put(state: Mapping[Variable, np.ndarray]) -> None:
    for variable, array in state.items():
        variable.storage = array.copy()


class Training:
    """Steps of a model, done by the engine that trains it.

    Args:
        model: compiled, for data such as these.
        batch: from the number of a step to the examples of its batch.

    Attributes:
        step: how many were done.
        logs: loss and metrics of the last one that was done, of its batch.
    """

    def __init__(self, model: Any, batch: Callable[[int], Examples]):
        self._model, self._batch = model, batch
        self._model.prepare(batch(0))
        self._model.optimizer.build(self._model.trainable_variables)
        self.step = 0
        self.logs: dict[str, float] = {}
        self._kept: dict[int, dict[Variable, np.ndarray]] = {0: self.state()}
        self.names: dict[Tensor, str] = {}

    def _variables(self) -> list[Variable]:
        counters = self._model._executor.step_counter, self._model._executor.draw_counter
        return [*self._model.weights, *self._model.optimizer.variables, *counters]

    def state(self) -> dict[Variable, np.ndarray]:
        """All that a step begins with, copied."""
        return {v: np.array(v.storage) for v in self._variables()}

    def restore(self, step: int, arrays: Sequence[np.ndarray]) -> None:
        """Go on from the arrays of a state that was written down after so many steps."""
        _put(dict(zip(self._variables(), arrays, strict=True)))
        self.step = step
        self._kept[step] = self.state()

    def graph(self) -> tuple[Tensor, dict[Tensor, np.ndarray]]:
        """The loss of the next step and what it is fed."""
        done = int(self._model._executor.step_counter.storage)
        whole = traced(self._model, self._batch(self.step), step=done)
        self.names = {v: v.path for v in self._model.weights}
        return whole.loss, whole.feeds

    def forward(self) -> None:
        """Do a step."""
        examples = self._batch(self.step)
        self.logs = self._model.train_on_batch(
            examples.x, examples.y, examples.sample_weight, return_dict=True
        )
        self.step += 1
        if self.step % KEPT_EVERY == 0:
            self._kept[self.step] = self.state()
            self._forget()

    def _forget(self) -> None:
        """Of many states keep the first, the last ones, and fewer and fewer of those between."""
        size = sum(array.nbytes for array in self._kept[0].values())
        if len(self._kept) > max(MOST_BYTES // max(size, 1), 2):
            steps = sorted(self._kept)
            for step in steps[1 : len(steps) // 2 + 1 : 2]:
                del self._kept[step]

    def to(self, step: int) -> None:
        """Go back to an earlier step: to the state kept before it, and on from there."""
        before = max(kept for kept in self._kept if kept <= step)
        _put(self._kept[before])
        self.step = before
        while self.step < step:
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

    @property
    def step(self) -> int:
        """How many were done."""
        return len(self._past)

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
