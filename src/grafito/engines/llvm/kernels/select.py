"""Which family of kernels computes a kernel: chosen by its primary."""

from __future__ import annotations

from grafito.engines.llvm.codegen.frame import Compiled
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import (
    REDUCTIONS,
    Node,
)
from grafito.engines.llvm.kernels import axis as whole_arrays
from grafito.engines.llvm.kernels import elementwise as elementwise_kernels
from grafito.engines.llvm.kernels import lane_conversion as turning
from grafito.engines.llvm.kernels import pooling, reductions
from grafito.engines.llvm.kernels.convolution import amx as amx_convolution
from grafito.engines.llvm.kernels.convolution import direct as convolution
from grafito.engines.llvm.kernels.convolution import weight_gradient
from grafito.engines.llvm.kernels.convolution import weight_gradient_bfloat16 as bfloat_weights
from grafito.engines.llvm.kernels.convolution import winograd as winograd_kernels
from grafito.engines.llvm.kernels.convolution import winograd_weight_gradient as winograd_gradient
from grafito.engines.llvm.kernels.matmul import bfloat16 as bfloat_matmul
from grafito.engines.llvm.kernels.matmul import lanes
from grafito.engines.llvm.kernels.matmul import rows as matmul
from grafito.engines.llvm.lowering import bfloat16 as bfloat_layout

BY_KIND = (
    convolution.EMIT
    | weight_gradient.EMIT
    | pooling.EMIT
    | amx_convolution.OF_WEIGHTS
    | winograd_kernels.EMIT
    | winograd_gradient.EMIT
    | whole_arrays.EMIT
)


def emit_kernel(kernel: Kernel, stored: set[Node], width: int, shared: bool) -> Compiled:
    """The code of a kernel, by its primary."""
    primary = kernel.primary
    kind = primary.kind if primary is not None else None
    if primary is None or kind is None:
        turned = turning.through_registers(kernel, stored, width, shared)
        if turned is not None:
            return turned
        emit = elementwise_kernels.elementwise
    elif kind in REDUCTIONS:
        emit = reductions.reduction
    elif kind == "matmul" and bfloat_layout.packed(primary):
        emit = bfloat_matmul.matmul
    elif kind == "matmul":
        emit = lanes.matmul_lanes if kernel.lanes else matmul.matmul
    elif kind in amx_convolution.EMIT and primary.attributes.get("tiles"):
        emit = amx_convolution.EMIT[kind]
    elif kind == "imagepairs" or (kind == "convkernel" and primary.inputs[1].kind == "imagepairs"):
        emit = bfloat_weights.EMIT[kind]
    else:
        emit = BY_KIND[kind]
    return emit(kernel, stored, width, shared)
