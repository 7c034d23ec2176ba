"""What cost models ask about a CPU; another instruction set is a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Sizes and rates of a CPU.

    Attributes:
        lanes: float32 numbers in a vector register.
        registers: vector registers.
        accumulators: most sums of a tile; its operands take registers too.
        product_accumulators: those for a matrix product by rows, whose epilogue is in its loops.
        l1: bytes of the first-level cache.
        l2: bytes of the second-level cache.
        l2_rate: bytes a cycle that come from the second-level cache.
        pairs: whether the instruction for pairs of bfloat16 does more than the one for float32.
        alias: bytes after which addresses meet in one set of the first-level cache.
    """

    lanes: int
    registers: int = 32
    accumulators: int = 28
    product_accumulators: int = 24
    l1: int = 32 << 10
    l2: int = 1 << 20
    l2_rate: int = 24
    alias: int = 4096
    pairs: bool = False

    @property
    def l1_panel(self) -> int:
        """Bytes of a panel that stay in the first-level cache while other operands pass."""
        return self.l1 * 3 // 4

    @property
    def l2_block(self) -> int:
        """Bytes of a block of panels that stay in the second-level cache."""
        return self.l2 * 3 // 8


TARGETS = {  # by instruction set
    "AVX-512": Target(16),  # on a Sapphire Rapids Xeon 176 GFLOP/s, by pairs of bfloat16 88
    "AVX-512 of AMD": Target(16, pairs=True),
    "AVX2": Target(8, 16, accumulators=12, product_accumulators=12),
    # Thirty-two registers; each number that all lanes read takes one of them. With more than
    # sixteen sums a convolution spills half as often as it multiplies.
    "NEON": Target(4, accumulators=16, product_accumulators=24),
    "SSE2": Target(4, 16, accumulators=10, product_accumulators=10),
}
