"""What every engine offers: compile a graph into a program; bind arrays; run steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from grafito.errors import ArgumentError, ShapeError
from grafito.graph.program import Graph


class Program(ABC):
    """A compiled graph: it holds arrays, runs many steps over them and changes variables.

    The value of a variable is in `Variable.storage` before and after each run, as an array of the
    engine that ran last; anything that `numpy.asarray` can read will do.

    Example:
        >>> from grafito import engines, graph
        >>> total = graph.Variable(0.0)
        >>> def count(x):
        ...     total.assign(total + x)
        ...     return {"total": total}
        >>> x = graph.placeholder((), name="x")
        >>> program = engines.get("reference").compile(graph.trace_graph(count, {"x": x}))
        >>> program.bind({"x": np.float32(2)})
        >>> program.run(steps=3)["total"].tolist()
        [2.0, 4.0, 6.0]
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self.arrays: dict[str, Any] = {}

    def bind(self, arrays: Mapping[str, Any]) -> None:
        """Hold these arrays as inputs, until others are bound.

        Raises:
            ArgumentError: for a name that is not an input.
            ShapeError: for a shape or dtype other than the input's.
        """
        for name, array in arrays.items():
            if name not in self.graph.inputs:
                known = ", ".join(self.graph.inputs)
                raise ArgumentError(f"There is no input {name!r}.", expected=f"one of {known}")
            expected = self.graph.inputs[name]
            if array.shape != expected.shape or array.dtype != expected.dtype:
                raise ShapeError(
                    f"The array does not fit the input {name!r}.",
                    received=f"{array.dtype}{list(array.shape)}",
                    expected=f"{expected.dtype}{list(expected.shape)}",
                )
            self.arrays[name] = self.hold(array)

    def hold(self, array: Any) -> Any:
        """The array in the form that the engine reads."""
        return array

    @abstractmethod
    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        """Run the graph this many times, state passing from each step to the next.

        Returns:
            Each output with the values of all steps along a new first axis.
        """


class Engine(ABC):
    """A way to run graphs.

    Attributes:
        name: what the user calls it.
        preference: "auto" takes the available engine with the highest.

    Example:
        >>> from grafito import engines
        >>> engines.get("reference").available()
        True
    """

    name: ClassVar[str]
    preference: ClassVar[int]

    @classmethod
    def available(cls) -> bool:
        """Whether this machine has what the engine needs."""
        return True

    @abstractmethod
    def compile(self, graph: Graph) -> Program:
        """A program for the graph."""
