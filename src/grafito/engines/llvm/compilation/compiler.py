"""From LLVM's text to the machine code of an object file, without the rest of grafito."""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.binding as llvm


@functools.cache
def _initialize() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def target_machine(triple: str, cpu: str, features: str) -> Any:
    """LLVM's description of what to compile for."""
    _initialize()
    target = llvm.Target.from_triple(triple)
    return target.create_target_machine(cpu=cpu, features=features, opt=2, jit=True)


def compile_text(text: str, target: Any) -> bytes:
    """The machine code of a module, as an object file."""
    return target.emit_object(optimize(text, target))


def optimize(text: str, target: Any) -> Any:
    """The module of a text, verified and optimized.

    Kernels come with their loops blocked and in vectors. What they need is that equal addresses
    are computed once. LLVM's own series of passes takes twice as long, and moves so much out of
    loops that registers run short.
    """
    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    passes.run(module, llvm.create_pass_builder(target, tuning))
    return module
