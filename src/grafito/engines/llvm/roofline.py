"""The least time that a kernel can take: the roofline model.

    seconds = max(operations / peak, bytes / bandwidth)

Source: Williams, Waterman and Patterson 2009, "Roofline: an insightful visual performance model for
multicore architectures". The bandwidth is that of the cache, or of the memory, that holds all that
a step touches. A kernel whose operands are still in a nearer cache may pass it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from grafito.engines.llvm import bandwidth, peak
from grafito.engines.llvm.codegen.builder import SIZES
from grafito.engines.llvm.compilation.driver import Call
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.ir.kernel import Kernel
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.lowering import winograd
from grafito.engines.llvm.pipeline import Assembled

SELECTING = ("take", "slice")  # moves that read a part of a buffer


@dataclass(frozen=True)
class Cost:
    """What a kernel does.

    Attributes:
        operations: additions and multiplications of its definition, functions counted as one.
        saved: how many of them its method does without.
        bytes: that it reads and writes.
        products: the kind of its products, of `peak.kinds`.
        wide: whether its numbers have 64 bits.
    """

    operations: int
    saved: int
    bytes: int
    products: str = "float32"
    wide: bool = False

    @classmethod
    def of(cls, kernel: Kernel, call: Call) -> Cost:
        """The cost of a kernel and the places of its buffers."""
        x = kernel.anchor
        products = "float32"
        if x is not None and x.attributes.get("amx"):
            products = "amx"
        elif x is not None and x.attributes.get("bf16_dot"):
            products = "bfloat16"
        wide = kernel.results[0].dtype == "float64"
        return cls(operations(kernel), _saved(kernel), _bytes(kernel, call), products, wide)


@dataclass(frozen=True)
class Roofline:
    """What one thread of a machine does at most.

    Attributes:
        peaks: operations in a second, by the kind of products.
        bandwidth: bytes in a second.
    """

    peaks: dict[str, float]
    bandwidth: float

    @classmethod
    def measure(cls, machine: Machine, size: int) -> Roofline:
        """As measured now, for steps that touch so many bytes."""
        peaks = {kind: peak.measure(machine, products=kind) for kind in peak.kinds(machine)}
        speeds = (bandwidth.measure(machine, size, update=update) for update in (False, True))
        return cls(peaks, max(speeds))

    def limits(self, cost: Cost) -> tuple[float, float]:
        """Seconds for its operations, and seconds for its bytes."""
        rate = self.peaks[cost.products] / (2 if cost.wide else 1)
        return (cost.operations - cost.saved) / rate, cost.bytes / self.bandwidth


def working_set(assembled: Assembled) -> int:
    """Bytes that every step touches: the arena and the variables; of inputs it sees a batch."""
    variables = (x for x in assembled.table if x is not None and x.kind == "variable")
    return assembled.arena + sum(x.size * SIZES[x.dtype] for x in variables)


def operations(kernel: Kernel) -> int:
    """Additions and multiplications of one run, functions counted as one."""
    x = kernel.anchor
    following = sum(r.size for r in kernel.results if r is not x and r.elementwise)
    return following + (0 if x is None else x.row.flops(x))


def _saved(kernel: Kernel) -> int:
    """Operations that the method of a convolution does without."""
    x = kernel.anchor
    # Of the families of kernels only those of the program are imported.
    if x is not None and x.kind in ("conv", "conv_input_gradient"):
        from grafito.engines.llvm.kernels.convolution import direct

        return max(0, x.row.flops(x) - direct.operations(x))
    if x is not None and x.kind in ("winograd", "winograd_sums"):
        return _saved_by_winograd(x)
    return 0


def _saved_by_winograd(x: Node) -> int:
    """Its transforms are paid for."""
    from grafito.engines.llvm.kernels.convolution import winograd_tiles

    image = x.inputs[0]
    y = x if x.kind == "winograd" else x.inputs[1]
    tiles = y.shape[0] * winograd.tiles(y.shape[1:3], x.tile, x.dilation)
    channels, filters = image.shape[3], y.shape[3]
    products = 2 * math.prod(winograd.points(x.tile, x.window)) * channels * filters
    of_image, of_results = winograd_tiles.operations(x)
    each = products + channels * of_image + filters * of_results
    return max(0, x.row.flops(x) - tiles * each)


def _bytes(kernel: Kernel, call: Call) -> int:
    """Bytes of what it reads and writes; of a buffer that it reads in part, that part."""
    parts: dict[Node, int] = {}
    for x, y in _edges(kernel):
        if y in kernel.reads:
            size = (x.size if x.kind in SELECTING else y.size) * SIZES[y.dtype]
            parts[y] = max(parts.get(y, 0), size)
    read = (x for x in call.routine.buffers if x in kernel.reads)
    sizes = [min(p.size, parts.get(x, p.size)) for p, x in zip(call.reads, read, strict=True)]
    return sum(sizes) + sum(place.size for place in call.writes)


def _edges(kernel: Kernel) -> Iterator[tuple[Node, Node]]:
    """Each node that is computed in the kernel, with each of its inputs."""
    pending, seen = list(kernel.results), set(kernel.results)
    while pending:
        x = pending.pop()
        for y in x.inputs:
            yield x, y
            if y not in seen and y not in kernel.reads and not y.leaf:
                seen.add(y)
                pending.append(y)
