"""Machine code and what its pointers mean: what programs of equal graphs share."""

from __future__ import annotations

import ctypes
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from grafito.engines.interface import Memory
from grafito.engines.llvm import budget
from grafito.engines.llvm.compilation import disk_cache, kernel_cache
from grafito.engines.llvm.compilation.kernel_cache import Source
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.compilation.process_pool import ProcessPool
from grafito.engines.llvm.pipeline import Assembled, assemble
from grafito.engines.llvm.pointer_table import Entry, entries_of
from grafito.graph.program import Graph
from grafito.graph.structure import structure
from grafito.graph.tensor import Tensor

KEPT = 32  # programs whose code is kept for the next graph of the same structure

_known: OrderedDict[Hashable, Code] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Code:
    """A compiled graph without its data and its state.

    Attributes:
        linked: the machine code; functions are asked for by name.
        enter: the function that each thread calls.
        entries: what the pointers of the table mean.
        arena: bytes that the threads share.
        scratch: bytes behind it for each thread.
        parallel: whether more than one thread can do something.
        memory: what one thread takes.
    """

    linked: Any
    enter: Any
    entries: list[Entry]
    arena: int
    scratch: int
    parallel: bool
    memory: Memory

    def memory_with(self, threads: int) -> Memory:
        """What so many threads take."""
        return replace(self.memory, working=self.arena + threads * self.scratch)


def code_of(graph: Graph, machine: Machine, workers: int) -> tuple[Code, list[Tensor]]:
    """The code for a graph, compiled unless a graph of the same structure was; its variables.

    Args:
        graph: what to compute.
        machine: what to compile for.
        workers: how many other processes may help.
    """
    found = structure(graph)
    if found is None:
        variables: list[Tensor] = list(graph.variables)
        return _compiled(graph, machine, workers, variables), variables
    key = (*machine.names, kernel_cache.SOURCES, str(disk_cache.folder()), found[0])
    with _lock:
        code = _known.get(key)
        if code is not None:
            _known.move_to_end(key)
    if code is None:
        code = _compiled(graph, machine, workers, found[1])
        with _lock:
            _known[key] = code
            while len(_known) > KEPT:
                _known.popitem(last=False)
    return code, found[1]


def forget() -> None:
    """Compile every graph anew from now on."""
    with _lock:
        _known.clear()


def _compiled(graph: Graph, machine: Machine, workers: int, variables: list[Tensor]) -> Code:
    with ProcessPool(machine, workers) as pool:
        assembled = assemble(graph, machine, pool.begin)
        memory = budget.memory_of(assembled, 1)
        budget.check(memory)
        pool.begin(Source(machine.key(assembled.driver), lambda: assembled.driver))
        linked = machine.link(pool.finish())
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 3)
    return Code(
        linked,
        kind(linked.get_function_address("program")),
        entries_of(assembled, graph, variables),
        assembled.arena,
        assembled.scratch,
        is_parallel(assembled),
        memory,
    )


def is_parallel(assembled: Assembled) -> bool:
    """Whether some kernel is large enough for several threads."""
    return any(c.parallel for c in assembled.calls)
