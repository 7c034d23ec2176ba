"""The reference engine: NumPy, op by op. It defines what every number means."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.engines import interface
from grafito.graph import Evaluator, Tensor
from grafito.graph.program import Graph


class Program(interface.Program):
    """A graph that NumPy computes, op by op.

    Attributes:
        values: of every tensor in the last step, where `keep` was asked for.
    """

    def __init__(self, graph: Graph, dtype: str | None = None, keep: bool = False):
        super().__init__(graph)
        self.values: dict[Tensor, Any] = {}
        self._variables = graph.variables
        self._keep = keep
        self._dtype = dtype
        self._evaluator = Evaluator(graph.results, dtype, keep)

    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        self.check_bound()
        leaves = {self.graph.inputs[n]: self._load(array) for n, array in self.arrays.items()}
        outputs: dict[str, list[Any]] = {name: [] for name in self.graph.outputs}
        for _ in range(steps):
            leaves.update({v: self._load(v.storage) for v in self._variables})
            values = self._evaluator.run(leaves)
            for name, x in self.graph.outputs.items():
                outputs[name].append(values[x])
            for variable, x in self.graph.updates.items():
                variable.storage = values[x]
            if self._keep:
                self.values = values
        return {name: np.stack(steps) for name, steps in outputs.items()}

    def _load(self, storage: Any) -> np.ndarray:
        array = np.asarray(storage)
        return array.astype(self._dtype) if self._dtype and array.dtype.kind == "f" else array


class Engine(interface.Engine):
    """NumPy, op by op.

    Args:
        dtype: "float64" computes everything floating in double precision.
        keep: keep every intermediate value of the last step.
    """

    name = "reference"
    preference = 0

    def __init__(self, dtype: str | None = None, keep: bool = False):
        self.dtype = dtype
        self.keep = keep

    def compile(self, graph: Graph) -> Program:
        return Program(graph, self.dtype, self.keep)
