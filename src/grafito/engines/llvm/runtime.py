"""Running a compiled program: arrays and state by pointer, threads that enter one function."""

from __future__ import annotations

import ctypes
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from grafito.engines import interface
from grafito.engines.llvm import budget, report
from grafito.engines.llvm.bindings import Table, pointer_to
from grafito.engines.llvm.machine import Machine
from grafito.engines.llvm.program import Assembled, assemble
from grafito.errors import ArgumentError, DataError, unknown_name
from grafito.graph.program import Graph

CONTROL = 32  # words: error flag, wrong index, size of the axis; barrier at 8 and 16

_pools: dict[int, ThreadPoolExecutor] = {}


def thread_count() -> int:
    """How many threads: GRAFITO_THREADS, or the CPUs that this process may use."""
    given = os.environ.get("GRAFITO_THREADS")
    if given:
        try:
            count = int(given)
        except ValueError:
            count = 0
        if count < 1:
            raise ArgumentError("GRAFITO_THREADS is a positive integer.", received=given)
        return count
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_for(assembled: Assembled, threads: int | None) -> int:
    """How many threads run a program: one alone where no kernel is large."""
    return (threads or thread_count()) if any(c.parallel for c in assembled.calls) else 1


class Program(interface.Program):
    """A graph as machine code.

    Args:
        graph: what to compute.
        machine: what to compile for.
        threads: how many run it; None for as many as there are CPUs.
    """

    def __init__(self, graph: Graph, machine: Machine, threads: int | None = None):
        super().__init__(graph)
        assembled = assemble(graph, machine)
        self._threads = threads_for(assembled, threads)
        self.memory = budget.memory_of(assembled, self._threads)
        budget.check(self.memory)
        self._engine = machine.load([assembled.driver, *assembled.texts.values()])
        self._assembled = assembled
        self._machine = machine
        address = self._engine.get_function_address("program")
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 3)
        self._function = kind(address)
        self._table = Table(assembled, graph, self._threads)

    def hold(self, array: Any) -> Any:
        return np.ascontiguousarray(array).reshape(np.shape(array))

    def run(self, steps: int = 1) -> dict[str, np.ndarray]:
        missing = [name for name in self.graph.inputs if name not in self.arrays]
        if missing:
            raise ArgumentError(f"No array is bound to the input {missing[0]!r}.")
        outputs = self._table.fill(self.arrays, steps)
        control = (ctypes.c_int64 * CONTROL)()
        self._enter(self._table.address, ctypes.addressof(control), steps)
        if control[0]:
            raise DataError(
                "An index is outside the table.",
                received=int(control[1]),
                expected=f"0 to {control[2] - 1}",
                fix="enlarge the table (input_dim of an Embedding), or map larger indices to one "
                "of it",
            )
        return outputs

    def explain(self) -> str:
        """The kernels of a step in order: what each computes, in which layout, where it writes."""
        return report.table(report.schedule_rows(self._assembled.kernels, self._assembled.calls))

    def source(self, kernel: str) -> str:
        """The code of one kernel, as LLVM was given it; names are those of `explain`.

        Raises:
            UnknownNameError: when there is no kernel of that name.
        """
        texts = self._assembled.texts
        if kernel not in texts:
            raise unknown_name("kernel", kernel, list(texts))
        return texts[kernel]

    def profile(self, repeats: int = 20) -> str:
        """The time of each kernel on one thread, with operations per second; state stays.

        Run the program once before, so that the kernels see real numbers.
        """
        self._table.fill(self.arrays, 1)
        kept = self._table.arrays
        before = [a.copy() for a in kept]
        control = (ctypes.c_int64 * CONTROL)()
        rows: list[report.Row] = [("kernel", "computes", "microseconds", "share", "GFLOP/s")]
        timed = []
        for call in self._assembled.calls:
            pointers = [pointer_to(kept[p.entry]) + p.offset for p in call.places]
            kinds = [ctypes.c_void_p] * (len(pointers) + 2) + [ctypes.c_int64] * 2
            address = self._engine.get_function_address(call.name)
            function = ctypes.CFUNCTYPE(None, *kinds)(address)
            scratch = pointer_to(kept[0]) + self._assembled.arena
            arguments = (*pointers, ctypes.addressof(control), scratch, 0, call.compiled.units)
            seconds = []
            for _ in range(repeats):
                began = time.perf_counter()
                function(*arguments)
                seconds.append(time.perf_counter() - began)
            timed.append(sorted(seconds)[repeats // 2])
        for array, old in zip(kept, before, strict=True):
            array[...] = old
        for kernel, call, time_ in zip(
            self._assembled.kernels, self._assembled.calls, timed, strict=True
        ):
            flops = report.operations(kernel, call) / time_ / 1e9
            share = f"{time_ / sum(timed):.1%}"
            rows.append(
                (call.name, report.title(kernel), f"{time_ * 1e6:.1f}", share, f"{flops:.1f}")
            )
        return report.table(rows)

    def _enter(self, table: int, control: int, steps: int) -> None:
        """All threads into the function; this one is the first."""
        n = self._threads
        others = []
        if n > 1:
            if n not in _pools:
                _pools[n] = ThreadPoolExecutor(n - 1, "grafito")
            others = [
                _pools[n].submit(self._function, table, control, i, n, steps) for i in range(1, n)
            ]
        self._function(table, control, 0, n, steps)
        for other in others:
            other.result()
