"""What the steps of a program read of its tables, found out before they run.

A batch is what a step takes from tables by position, and the positions follow from an order and a
counter alone. So they can be computed beforehand, op by op: of data that are too large for the
device, or that other processes have a part in, only the rows that come next are sent there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.engines import reference
from grafito.graph.evaluate import topological_order
from grafito.graph.program import Graph
from grafito.graph.rows import Table
from grafito.graph.shaping import Take
from grafito.graph.tensor import Tensor
from grafito.graph.variable import Variable


class TableReads:
    """The rows of tables that a step takes, and the program of their positions.

    Args:
        graph: the step.

    Attributes:
        tables: the names of the inputs of which rows are taken.
        taken: the tensors that are such rows, each with the name of its table.
        size: how many rows a step takes; 0 where it takes none, or not all in the same way.
    """

    def __init__(self, graph: Graph):
        names = {x: name for name, x in graph.inputs.items()}
        rows = [x for x in graph.nodes if _takes(x) and any(map(_takes, _above(x.inputs[1])))]
        self.taken = {x: names[x.inputs[0]] for x in rows}
        self.tables = set(self.taken.values())
        self._positions = {x: str(i) for i, x in enumerate({x.inputs[1]: None for x in rows})}
        sizes = {x.shape for x in self._positions}
        (shape,) = sizes if len(sizes) == 1 else ((),)
        self.size = shape[0] if len(shape) == 1 else 0
        self._program = self._control(graph) if self.size else None
        if self._program is None:
            self.size = 0

    def _control(self, graph: Graph) -> reference.Program | None:
        """The part of the graph that the positions follow from, if that is no part of the batch."""
        updates: dict[Variable, Tensor] = {}
        while True:
            nodes = topological_order([*self._positions, *updates.values()])
            above = set(nodes)
            new = {v: x for v, x in graph.updates.items() if v in above and v not in updates}
            if any(x in self.taken for x in nodes):
                return None
            if not new:
                break
            updates |= new
        inputs = {name: x for name, x in graph.inputs.items() if x in set(nodes)}
        positions = {name: x for x, name in self._positions.items()}
        return reference.Program(Graph(inputs, positions, updates))

    @property
    def inputs(self) -> set[str]:
        """The names of the inputs that the positions follow from."""
        return set(self._program.graph.inputs) if self._program else set()

    def bind(self, arrays: dict[str, Any]) -> None:
        """Take the arrays that the positions follow from."""
        assert self._program is not None
        self._program.bind({name: arrays[name] for name in self._program.graph.inputs})

    def positions(self, steps: int) -> dict[Tensor, np.ndarray]:
        """For each tensor of rows the positions that the next steps take, [steps, size].

        It changes the variables that these follow from, as the steps will.
        """
        assert self._program is not None
        found = self._program.run(steps)
        return {x: found[self._positions[x.inputs[1]]] for x in self.taken}


def _takes(x: Tensor) -> bool:
    """Whether a tensor is rows of a table."""
    return isinstance(x.op, Take) and x.op.axis == 0 and isinstance(x.inputs[0].op, Table)


def _above(x: Tensor) -> list[Tensor]:
    return topological_order([x])
