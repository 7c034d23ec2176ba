"""The program of `run_eagerly`: each step calls the Python function again and computes op by op."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from grafito.engines import Program
from grafito.graph import Tensor, Variable
from grafito.graph.eager import run_step
from grafito.graph.program import Graph, trace_graph


class EagerProgram(Program):
    """A step that is traced and computed at once, each time.

    Args:
        function: the step; called with the inputs by name.
        inputs: placeholders by name.
        training: whether layers behave as in training.
        counter: keys the random numbers.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Mapping[str, Tensor],
        training: bool,
        counter: Variable,
    ):
        self.arrays: dict[str, Any] = {}
        self._function, self._inputs = function, inputs
        self._how = (training, counter)

    @cached_property
    def graph(self) -> Graph:
        """The step as a graph, for those who ask what it changes."""
        return trace_graph(self._function, self._inputs, *self._how)

    def bind(self, arrays: Mapping[str, Any]) -> None:
        self.arrays.update(arrays)

    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        done = [
            run_step(self._function, self._inputs, self.arrays, *self._how) for _ in range(steps)
        ]
        return {name: np.stack([each[name] for each in done]) for name in done[0]}
