"""The CPU and LLVM: what to compile for, and from text to functions that can be called."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from grafito.engines.llvm import amx, cache


@functools.cache
def _initialize() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


class Machine:
    """The CPU to compile for.

    Args:
        cpu: name of a CPU, as LLVM calls it; this one by default.
        features: its features, as LLVM spells them.
        triple: the kind of machine; this one by default. What is compiled for another is not run.

    Attributes:
        width: float32 numbers in a vector register: the lanes of the layout.
        pairs: whether it adds up products of bfloat16 two at a time.
        tiles: whether it multiplies tiles of them (AMX). Of this CPU's features those that the
            system refuses are struck out; features that are given are believed.
    """

    def __init__(
        self, cpu: str | None = None, features: str | None = None, triple: str | None = None
    ):
        _initialize()
        self.cpu = cpu or llvm.get_host_cpu_name()
        self.features = features or llvm.get_host_cpu_features().flatten()
        if "+amx-" in self.features and not amx.permitted() and features is None:
            self.features = self.features.replace("+amx-", "-amx-")
        enabled = {f[1:] for f in self.features.split(",") if f.startswith("+")}
        self.width = 16 if "avx512f" in enabled else 8 if "avx2" in enabled else 4
        self.pairs = self.width == 16 and {"avx512bf16", "avx512vl"} <= enabled
        self.tiles = self.pairs and enabled >= amx.FEATURES
        if self.width == 16:
            self.features += ",-prefer-256-bit"
        self.triple = triple or llvm.get_process_triple()
        self._target = llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.cpu, features=self.features, opt=2, jit=True
        )

    def compile(self, text: str) -> bytes:
        """The machine code of a module, as an object file."""
        return self._target.emit_object(self.optimize(text))

    def optimize(self, text: str) -> Any:
        """The module of a text, verified and optimized.

        Kernels come with their loops blocked and in vectors. What they need is that equal
        addresses are computed once. LLVM's own series of passes takes twice as long, and moves so
        much out of loops that registers run short.
        """
        module = llvm.parse_assembly(text)
        module.verify()
        passes = llvm.create_new_module_pass_manager()
        passes.add_always_inliner_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        passes.add_new_gvn_pass()
        tuning = llvm.create_pipeline_tuning_options(speed_level=2)
        passes.run(module, llvm.create_pass_builder(self._target, tuning))
        return module

    def load(self, texts: Iterable[str]) -> Any:
        """The machine code of modules in memory; its functions are asked for by name.

        Each comes from the cache, or is compiled and kept there.
        """
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._target)
        versions = [llvmlite.__version__, *map(str, llvm.llvm_version_info)]
        new = False
        for text in texts:
            key = cache.key([self.triple, self.cpu, self.features, *versions, text])
            code = cache.read(key)
            if code is None:
                code, new = self.compile(text), True
                cache.write(key, code)
            engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        if new:
            cache.trim()
        return engine

    def pause(self) -> tuple[str, str]:
        """The instruction of a waiting loop, and its declaration."""
        if self.triple.startswith(("x86_64", "i686")):
            return "call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"
        return "fence seq_cst", ""

    def yield_name(self) -> str:
        """The C function that lets other threads run."""
        return "SwitchToThread" if "windows" in self.triple else "sched_yield"
