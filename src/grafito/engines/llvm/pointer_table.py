"""The table of pointers that a program reads: arena, inputs, state, constants, outputs."""

from __future__ import annotations

import ctypes
import math
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.pipeline import Assembled
from grafito.graph.dtypes import numpy_dtype
from grafito.graph.program import Graph
from grafito.graph.tensor import Tensor
from grafito.graph.variable import Variable

# The array that we made for a variable, and that nobody else writes to. By identity: `==` of
# variables compares their numbers, and a WeakKeyDictionary would ask for it.
_ours: dict[int, tuple[weakref.ref[Variable], np.ndarray]] = {}


@dataclass(frozen=True)
class Entry:
    """What a pointer of the table points to.

    Attributes:
        kind: "arena", "constant", "input", "variable" or "output".
        name: of an input or an output.
        position: of a variable, among those of the graph.
        array: of a constant.
        shape: of an output.
        dtype: of an output.
    """

    kind: str
    name: str = ""
    position: int = 0
    array: Any = None
    shape: tuple[int, ...] = ()
    dtype: Any = None


def entries_of(assembled: Assembled, graph: Graph, variables: Sequence[Tensor]) -> list[Entry]:
    """The entries of a program, in which nothing is left of its graph but numbers and names."""
    names = {t: name for name, t in graph.inputs.items()}
    positions = {v: i for i, v in enumerate(variables)}

    def entry_of(number: int, x: Node | None) -> Entry:
        if number in assembled.outputs:
            name = assembled.outputs[number]
            out = graph.outputs[name]
            return Entry("output", name, shape=out.shape, dtype=numpy_dtype(out.dtype))
        if x is None:
            return Entry("arena")
        if x.kind == "constant":
            value = np.asarray(x.array).astype(numpy_dtype(x.dtype))
            return Entry("constant", array=aligned_copy(np.broadcast_to(value, x.shape)))
        if x.kind == "input":
            return Entry("input", names[x.tensor])
        return Entry("variable", position=positions[x.tensor])

    return [entry_of(number, x) for number, x in enumerate(assembled.table)]


class Table:
    """Pointers for one program, kept from run to run and changed where an array is another.

    Args:
        entries: what the pointers mean.
        variables: those of the graph, in the order that the entries mean.
        updated: those that a step changes.
        arena: bytes of the arena, with what the threads need of their own.

    Attributes:
        arrays: what the entries point to.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        variables: Sequence[Any],
        updated: Iterable[Variable],
        arena: int,
    ):
        self.arrays: list[Any] = [None] * len(entries)
        self._pointers = (ctypes.c_void_p * len(entries))()
        self.address = ctypes.addressof(self._pointers)
        self._updated = set(updated)
        self._inputs: list[tuple[int, str]] = []
        self._state: list[tuple[int, Variable]] = []
        self._outputs: list[tuple[int, str, tuple[int, ...], Any]] = []
        for number, entry in enumerate(entries):
            if entry.kind == "arena":
                self._set(number, aligned_empty((arena,), "uint8"))
            elif entry.kind == "constant":
                self._set(number, entry.array)
            elif entry.kind == "input":
                self._inputs.append((number, entry.name))
            elif entry.kind == "output":
                self._outputs.append((number, entry.name, entry.shape, entry.dtype))
            else:
                self._state.append((number, variables[entry.position]))

    def _set(self, entry: int, array: np.ndarray) -> None:
        if self.arrays[entry] is not array:
            self.arrays[entry] = array
            self._pointers[entry] = pointer_to(array)

    def fill(self, inputs: Mapping[str, np.ndarray], steps: int) -> dict[str, np.ndarray]:
        """Point to these inputs, to the state as it is now, and to new outputs, returned."""
        outputs: dict[str, np.ndarray] = {}
        for entry, name in self._inputs:
            self._set(entry, inputs[name])
        for entry, variable in self._state:
            if variable.storage is not self.arrays[entry]:  # of an updated one it is ours
                self._set(entry, self._storage(variable))
        for entry, name, shape, dtype in self._outputs:
            outputs[name] = aligned_empty((steps, *shape), dtype)
            self._set(entry, outputs[name])
        return outputs

    def written(self) -> list[np.ndarray]:
        """The arrays of the variables that a step changes."""
        return [self.arrays[entry] for entry, v in self._state if v in self._updated]

    def _storage(self, variable: Variable) -> np.ndarray:
        """The value of a variable in memory; one that will be written is ours alone."""
        array: np.ndarray = variable.storage
        _, ours = _ours.get(id(variable), (None, None))
        if ours is not None and ours is array:
            return ours
        dtype = numpy_dtype(variable.dtype)
        if variable not in self._updated:
            return np.asarray(array, dtype, order="C")
        if ours is None:
            ours = aligned_empty(variable.shape, dtype)
            _keep(variable, ours)
        ours[...] = array
        variable.storage = ours
        return ours


def _keep(variable: Variable, array: np.ndarray) -> None:
    """Remember the array for as long as the variable lives."""
    key = id(variable)
    _ours[key] = weakref.ref(variable, lambda _: _ours.pop(key, None)), array


def pointer_to(array: np.ndarray) -> int:
    """The address of the first element."""
    memory: Any = array
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(memory))
    except (TypeError, ValueError):  # it is empty, may not be written to, or is of bfloat16
        return array.__array_interface__["data"][0]


def aligned_empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array that begins at a cache line."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.empty(size + 128, "uint8")
    return np.ndarray(shape, dtype, raw, -pointer_to(raw) % 64)


def aligned_copy(array: np.ndarray) -> np.ndarray:
    """A copy that begins at a cache line."""
    copy = aligned_empty(array.shape, array.dtype)
    copy[...] = array
    return copy
