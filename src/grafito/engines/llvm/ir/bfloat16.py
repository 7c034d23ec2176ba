"""The forms in which products of bfloat16 read their operands: in pairs, as words of 32 bits."""

from __future__ import annotations

from grafito.engines.llvm.ir.nodes import Node, Shape

LANES = 16  # images in a block, and filters in a vector: the width of AVX-512
PAIRS = LANES // 2
BROADCAST = 8  # weights that are stored next to each other


def kernel_shape(k: Node) -> Shape:
    """The shape of the weights of a convolution, also of those that are stored in another form."""
    return k.attributes.get("kernel", k.shape)
