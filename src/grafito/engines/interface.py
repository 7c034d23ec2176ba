"""What every engine offers: compile a graph into a program; bind arrays; run steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from grafito.errors import ArgumentError, GraphError, ShapeError, one_of
from grafito.graph.program import Graph
from grafito.graph.rows import Table


@dataclass(frozen=True)
class Memory:
    """Bytes that a program takes, beside the arrays that are bound to it and its outputs.

    Attributes:
        working: for what lives within a step: values, gradients, and what kernels need.
        state: variables: weights, what the optimizer remembers, metrics, counters.
        constants: known arrays.
        layers: bytes of all buffers of each layer.

    Example:
        >>> Memory(working=4096, state=1024).total
        5120
    """

    working: int
    state: int
    constants: int = 0
    layers: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of it."""
        return self.working + self.state + self.constants

    def __str__(self) -> str:
        parts = [(self.working, "for values and gradients"), (self.state, "for weights and state")]
        told = ", ".join(f"{format_bytes(size)} {what}" for size, what in parts)
        return f"{format_bytes(self.total)} ({told})"


def format_bytes(n: int) -> str:
    """A size in memory.

    Example:
        >>> format_bytes(215040)
        '210.0 KiB'
    """
    size = float(n)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


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

    memory: Memory | None = None  # what it takes, where the engine knows that

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
                known = one_of(self.graph.inputs)
                raise ArgumentError(f"There is no input {name!r}.", expected=known)
            expected = self.graph.inputs[name]
            if array.dtype != expected.dtype and not getattr(array.dtype, "isnative", True):
                array = array.astype(array.dtype.newbyteorder("="))
            fits = array.shape == expected.shape
            if isinstance(expected.op, Table) and array.shape[1:] == expected.shape[1:]:
                fits = len(array) <= len(expected)
            if not fits or array.dtype != expected.dtype:
                raise ShapeError(
                    f"The array does not fit the input {name!r}.",
                    received=f"{array.dtype}{list(array.shape)}",
                    expected=f"{expected.dtype}{list(expected.shape)}",
                )
            self.arrays[name] = self.hold(array)

    def check_bound(self) -> None:
        """Refuse to run while an input has no array.

        Raises:
            ArgumentError: which names the input.
        """
        missing = [name for name in self.graph.inputs if name not in self.arrays]
        if missing:
            raise ArgumentError(f"No array is bound to the input {missing[0]!r}.")

    def hold(self, array: Any) -> Any:
        """The array in the form that the engine reads."""
        return array

    @abstractmethod
    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        """Run the graph this many times, state passing from each step to the next.

        Returns:
            Each output with the values of all steps along a new first axis.
        """

    def run_rounds(self, rounds: int, steps: int, last: Program) -> dict[str, np.ndarray]:
        """Run rounds: in each so many steps of this program, and then one of another program.

        Returns:
            Each output of the other program with the values of all rounds along a new first axis.
        """
        ends = []
        for _ in range(rounds):
            self.run(steps)
            ends.append(last.run())
        return {name: np.concatenate([end[name] for end in ends]) for name in ends[0]}

    def explain(self, passes: bool = False) -> str:
        """What a step consists of, in order, as a table.

        Args:
            passes: the program after each pass of the compiler instead.

        Raises:
            GraphError: where the engine has no schedule of its own.
        """
        raise _without_schedule(self)

    def profile(self, repeats: int = 20) -> str:
        """How long each part of a step takes, as a table; the state stays as it was.

        Raises:
            GraphError: where the engine has no schedule of its own.
        """
        raise _without_schedule(self)


def _without_schedule(program: Program) -> GraphError:
    return GraphError(
        "This engine computes op by op, without a schedule.",
        where=type(program).__module__,
        fix="engine='llvm'",
    )


class Engine(ABC):
    """A way to run graphs.

    Attributes:
        name: what the user calls it.
        preference: "auto" takes the available engine with the highest.
        pads_batches: whether a program is dear, and what it computes of a row has the same bits
            in a batch of any size.

    Example:
        >>> from grafito import engines
        >>> engines.get("reference").available()
        True
    """

    name: ClassVar[str]
    preference: ClassVar[int]
    pads_batches: ClassVar[bool] = False

    @classmethod
    def available(cls) -> bool:
        """Whether this machine has what the engine needs."""
        return not cls.obstacle()

    @classmethod
    def obstacle(cls) -> str:
        """What keeps this machine from running it, as a sentence; nothing where it can."""
        return ""

    @classmethod
    def worthwhile(cls) -> bool:
        """Whether "auto" may take it on this machine."""
        return True

    @abstractmethod
    def compile(self, graph: Graph) -> Program:
        """A program for the graph.

        Raises:
            OutOfMemoryError: when the machine has too little memory for it.
        """

    @classmethod
    def findings(cls) -> dict[str, str]:
        """What the engine found on this machine, by what it is; it may load what it needs."""
        return {}

    def memory(self, graph: Graph) -> Memory | None:
        """What a program for the graph would take; None where that is not known beforehand."""
        return None
