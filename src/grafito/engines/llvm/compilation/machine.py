"""The CPU and LLVM: what to compile for, and from text to functions that can be called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from grafito.engines.llvm.codegen import amx
from grafito.engines.llvm.compilation import compiler, disk_cache, executable_memory
from grafito.engines.llvm.ir.target import TARGETS
from grafito.errors import GraphError
from grafito.locks import settle_last

# llvmlite's lock: one thread at a time is in LLVM. A fork takes it last: a thread that runs a
# program waits for it where a finalizer of LLVM's objects runs.
_llvm_lock: Any = getattr(llvm.ffi.lib, "_lock", None) or contextlib.nullcontext()
settle_last(_llvm_lock)

PASSES = disk_cache.digest_of([Path(compiler.__file__)])


class Machine:
    """The CPU to compile for.

    Args:
        cpu: name of a CPU, as LLVM calls it; this one by default.
        features: its features, as LLVM spells them.
        triple: the kind of machine; this one by default. What is compiled for another is not run.

    Attributes:
        kernels: what the cost models of kernels ask about it.
        width: float32 numbers in a vector register: the lanes of the layout.
        pairs: whether it has an instruction that adds up products of bfloat16 two at a time.
        bf16_dot: whether products of bfloat16 take it: where that pays, or beside tiles.
        amx: whether it multiplies tiles of them. Features that the operating system refuses are
            left out for this CPU; features that are given are not checked.
    """

    def __init__(
        self, cpu: str | None = None, features: str | None = None, triple: str | None = None
    ):
        self.cpu = cpu or llvm.get_host_cpu_name()
        self.features = features or llvm.get_host_cpu_features().flatten()
        if "+amx-" in self.features and not amx.permitted() and features is None:
            self.features = self.features.replace("+amx-", "-amx-")
        enabled = {f[1:] for f in self.features.split(",") if f.startswith("+")}
        self.triple = triple or llvm.get_process_triple()
        self.kernels = TARGETS[_instruction_set(self.triple, self.cpu, enabled)]
        self.width = self.kernels.lanes
        self.pairs = self.width == 16 and {"avx512bf16", "avx512vl"} <= enabled
        self.amx = self.pairs and enabled >= amx.FEATURES
        self.bf16_dot = self.pairs and (self.kernels.pairs or self.amx)
        if self.width == 16:
            self.features += ",-prefer-256-bit"
        self._target = self._new_target()

    def _new_target(self) -> Any:
        return compiler.target_machine(self.triple, self.cpu, self.features)

    @property
    def names(self) -> list[str]:
        """What machine code depends on beside its text."""
        versions = [llvmlite.__version__, *map(str, llvm.llvm_version_info)]
        return [self.triple, self.cpu, self.features, *versions, PASSES]

    def key(self, text: str) -> str:
        """The name of the machine code of a text in the cache."""
        return disk_cache.key([*self.names, text])

    def compile(self, text: str) -> bytes:
        """The machine code of a module, as an object file."""
        return compiler.compile_text(text, self._target)

    def optimize(self, text: str) -> Any:
        """The module of a text as it is before it becomes machine code."""
        return compiler.optimize(text, self._target)

    def link(self, objects: Iterable[bytes]) -> Any:
        """Machine code in memory; its functions are asked for by name.

        Raises:
            GraphError: when this process may not run it.
        """
        if refused := executable_memory.obstacle():
            raise GraphError(
                "What was compiled cannot be run.", received=refused, fix="engine='reference'"
            )
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._new_target())
        for code in objects:
            engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return engine

    def pause(self) -> tuple[str, str]:
        """The instruction of a waiting loop, and its declaration."""
        if self.triple.startswith(("x86_64", "i686")):
            return "call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"
        return "fence seq_cst", ""

    def yield_name(self) -> str:
        """The C function that lets other threads run."""
        return "SwitchToThread" if "windows" in self.triple else "sched_yield"


def _instruction_set(triple: str, cpu: str, enabled: Set[str]) -> str:
    """The row of `TARGETS`."""
    if triple.startswith(("aarch64", "arm64")):
        return "NEON"
    if "avx512f" in enabled:
        return "AVX-512 of AMD" if cpu.startswith("znver") else "AVX-512"
    return "AVX2" if "avx2" in enabled else "SSE2"
