"""The CPU engine: the graph compiled to machine code through LLVM, from Python alone."""

from __future__ import annotations

import importlib.util
import platform

from grafito.engines import interface
from grafito.graph.program import Graph


class Engine(interface.Engine):
    """Machine code for this CPU.

    Args:
        threads: how many threads run a program; by default GRAFITO_THREADS, or one for each CPU.
        cpu: compile for another CPU, by LLVM's name.
        features: its features, as LLVM spells them.
    """

    name = "llvm"
    preference = 1

    def __init__(
        self, threads: int | None = None, cpu: str | None = None, features: str | None = None
    ):
        self.threads, self.cpu, self.features = threads, cpu, features

    @classmethod
    def available(cls) -> bool:
        tried = platform.machine().lower() in ("x86_64", "amd64")  # where the tests have run
        return tried and importlib.util.find_spec("llvmlite") is not None

    def compile(self, graph: Graph) -> interface.Program:
        from grafito.engines.llvm.compilation.machine import Machine
        from grafito.engines.llvm.program import Program

        return Program(graph, Machine(self.cpu, self.features), self.threads)

    def memory(self, graph: Graph) -> interface.Memory:
        from grafito.engines.llvm.budget import memory_of
        from grafito.engines.llvm.compilation.machine import Machine
        from grafito.engines.llvm.pipeline import assemble
        from grafito.engines.llvm.program import threads_for

        assembled = assemble(graph, Machine(self.cpu, self.features))
        return memory_of(assembled, threads_for(assembled, self.threads))
