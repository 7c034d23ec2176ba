"""Which function emits a kernel: the one in the row of its anchor, in the variant that fits."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Set

from grafito.engines.llvm.codegen.frame import Compiled, Frame
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.ir.target import Target
from grafito.engines.llvm.lowering import bfloat16

Emit = Callable[[Frame], Compiled]


def emit_kernel(kernel: Kernel, materialized: Set[Node], target: Target, shared: bool) -> Compiled:
    """The code of a kernel; see `Frame` for the arguments."""
    anchor = kernel.anchor
    path = "elementwise:elementwise" if anchor is None else anchor.row.kernel[variant(anchor)]
    return function(path)(Frame(kernel, materialized, target, shared))


def variant(anchor: Node) -> str:
    """Which of the kernels of its kind."""
    if anchor.kind == "matmul":
        if bfloat16.packed(anchor):
            return "bfloat16"
        return "lanes" if anchor.lanes else "rows"
    if anchor.attributes.get("amx"):
        return "amx"
    if anchor.kind == "conv_weight_gradient" and anchor.inputs[1].kind == "image_pairs":
        return "bfloat16"
    return ""


def function(path: str) -> Emit:
    """A function "file:name" in this folder; its family is imported when it is first needed."""
    file, name = path.split(":")
    emit: Emit = getattr(importlib.import_module(f"{__package__}.{file}"), name)
    return emit
