"""The CPU engine: the graph compiled to machine code through LLVM, from Python alone."""

from __future__ import annotations

import importlib.util
import platform
import sys

from grafito.engines import interface
from grafito.graph.program import Graph
from grafito.language import message

# Processors where its tests have run, as systems name them.
TRIED = {"x86_64", "amd64", "aarch64", "arm64"}


class Engine(interface.Engine):
    """Machine code for this CPU.

    Args:
        threads: how many threads run a program; by default GRAFITO_THREADS, or one for each CPU.
        cpu: compile for another CPU, by LLVM's name.
        features: its features, as LLVM spells them.
    """

    name = "llvm"
    preference = 1
    pads_batches = True

    def __init__(
        self, threads: int | None = None, cpu: str | None = None, features: str | None = None
    ):
        self.threads, self.cpu, self.features = threads, cpu, features

    @classmethod
    def obstacle(cls) -> str:
        if platform.machine().lower() not in TRIED:
            return message("The engine was not tried on this kind of processor.")
        if sys.maxsize < 2**32:
            return message("This Python has 32 bits, and the engine's addresses have 64.")
        if importlib.util.find_spec("llvmlite") is None:
            return message("The package llvmlite is absent.")
        from grafito.engines.llvm.compilation import executable_memory

        return executable_memory.obstacle()

    @classmethod
    def findings(cls) -> dict[str, str]:
        from grafito.engines.llvm.compilation.disk_cache import folder
        from grafito.engines.llvm.compilation.machine import Machine

        machine = Machine()
        wide = [f"{machine.width} × float32"]
        wide += ["bfloat16"] * machine.bf16_dot + ["AMX"] * machine.amx
        return {
            message("processor"): machine.cpu,
            message("vector registers"): ", ".join(wide),
            message("compiled code"): str(folder() or message("not kept")),
        }

    def compile(self, graph: Graph) -> interface.Program:
        from grafito.engines.llvm.compilation.machine import Machine
        from grafito.engines.llvm.program import Program

        return Program(graph, Machine(self.cpu, self.features), self.threads)

    def memory(self, graph: Graph) -> interface.Memory:
        from grafito.engines.llvm.budget import memory_of
        from grafito.engines.llvm.code import is_parallel
        from grafito.engines.llvm.compilation.machine import Machine
        from grafito.engines.llvm.pipeline import assemble
        from grafito.engines.llvm.program import threads_for

        assembled = assemble(graph, Machine(self.cpu, self.features))
        return memory_of(assembled, threads_for(is_parallel(assembled), self.threads))
