"""A compiled program: it binds arrays and state by pointer, and its threads enter the driver."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from grafito.engines import interface
from grafito.engines.llvm import budget, pipeline, report
from grafito.engines.llvm.code import code_of
from grafito.engines.llvm.compilation.driver import Call
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.pipeline import Assembled, assemble
from grafito.engines.llvm.pointer_table import Table, pointer_to
from grafito.engines.llvm.roofline import Roofline, working_set
from grafito.engines.resources import thread_count
from grafito.errors import OutOfMemoryError, unknown_name
from grafito.graph.program import Graph
from grafito.graph.shaping.indexing import outside_table
from grafito.locks import Guarded

CONTROL = 32  # words: error flag, wrong index, size of the axis; barrier at 8 and 16

_pools: dict[int, ThreadPoolExecutor] = {}
# Held while a program is submitted to its threads: two programs must not wait for each other's.
_entry_lock = threading.Lock()


def _forked() -> None:
    """In a child no thread of the pools is left. Nobody has the lock: every program has settled."""
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def threads_for(parallel: bool, threads: int | None) -> int:
    """How many threads run a program: one alone where no kernel is large."""
    return (threads or thread_count()) if parallel else 1


def _median(call: Callable[[], None], repeats: int) -> float:
    """Seconds that a call takes."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[repeats // 2]


class Program(interface.Program, Guarded):
    """A graph as machine code; one thread at a time runs it, and others wait.

    Args:
        graph: what to compute.
        machine: what to compile for.
        threads: how many run it; None for as many as there are CPUs.
    """

    settles = True

    def __init__(self, graph: Graph, machine: Machine, threads: int | None = None):
        interface.Program.__init__(self, graph)
        Guarded.__init__(self)
        code, variables = code_of(graph, machine, (threads or thread_count()) - 1)
        self._code, self._machine = code, machine
        self._threads = threads_for(code.parallel, threads)
        self.memory = code.memory_with(self._threads)
        try:
            budget.check(self.memory)
        except OutOfMemoryError:  # said again with the names of the layers of this graph
            budget.check(budget.memory_of(self._assembled, self._threads))
            raise
        arena = code.arena + self._threads * code.scratch
        self._table = Table(code.entries, variables, graph.updates, arena)

    @functools.cached_property
    def _assembled(self) -> Assembled:
        """The program as it was compiled, in words."""
        return assemble(self.graph, self._machine)

    def hold(self, array: Any) -> Any:
        return np.ascontiguousarray(array).reshape(np.shape(array))

    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        control = (ctypes.c_int64 * CONTROL)()
        with self.lock:
            outputs = self._fill(steps)
            self._enter(self._table.address, ctypes.addressof(control), steps)
        if control[0]:
            index = control[1] % 2**64 if control[0] == 2 else control[1]
            raise outside_table(index, control[2])
        return outputs

    def _fill(self, steps: int) -> dict[str, np.ndarray]:
        self.check_bound()
        return self._table.fill(self.arrays, steps)

    def explain(self, passes: bool = False) -> str:
        if passes:
            return pipeline.listing(self.graph, self._machine)
        return report.schedule(self._assembled)

    def source(self, kernel: str) -> str:
        """The code of one kernel, as LLVM was given it; names are those of `explain`.

        Raises:
            UnknownNameError: when there is no kernel of that name.
        """
        sources = self._assembled.sources
        if kernel not in sources:
            raise unknown_name("kernel", kernel, list(sources))
        return sources[kernel].text

    def profile(self, repeats: int = 20) -> str:
        with self.lock:
            return self._profile(repeats)

    def _profile(self, repeats: int) -> str:
        self._fill(1)
        state = [(array, array.copy()) for array in self._table.written()]
        control = (ctypes.c_int64 * CONTROL)()
        self._enter(
            self._table.address, ctypes.addressof(control), 1
        )  # so that the timed kernels see realistic values
        medians = []
        for call in self._assembled.calls:
            run_units = self._kernel(call, control)
            # A call for no unit of work costs what Python and the call itself take.
            took, idle = (
                _median(functools.partial(run_units, 0, units), repeats)
                for units in (call.routine.units, 0)
            )
            medians.append(max(took - idle, 0.0))
        for array, before in state:
            array[...] = before
        roofline = Roofline.measure(self._machine, working_set(self._assembled))
        return report.measured(self._assembled, medians, roofline)

    def _kernel(self, call: Call, control: ctypes.Array[Any]) -> Callable[[int, int], None]:
        """Runs the units of a kernel from one to another, by the arrays of the last step."""
        kept = self._table.arrays
        pointers = [pointer_to(kept[p.entry]) + p.offset for p in call.places]
        kinds = [ctypes.c_void_p] * (len(pointers) + 2) + [ctypes.c_int64] * 2
        address = self._code.linked.get_function_address(call.name)
        function = ctypes.CFUNCTYPE(None, *kinds)(address)
        scratch = pointer_to(kept[0]) + self._code.arena
        return functools.partial(function, *pointers, ctypes.byref(control), scratch)

    def _enter(self, table: int, control: int, steps: int) -> None:
        """All threads into the function; this one is the first."""
        n, enter = self._threads, self._code.enter
        others = []
        if n > 1:
            with _entry_lock:
                if n not in _pools:
                    _pools[n] = ThreadPoolExecutor(n - 1, "grafito")
                try:
                    others = [
                        _pools[n].submit(enter, table, control, i, n, steps) for i in range(1, n)
                    ]
                except RuntimeError as error:
                    if "shutdown" not in str(error):
                        raise
                    n = 1  # the main thread has ended, and no other begins any more
        enter(table, control, 0, n, steps)
        for other in others:
            other.result()
