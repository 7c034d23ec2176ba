"""What cost models ask about a CPU; another instruction set is a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Sizes and rates of a CPU.

    Attributes:
        lanes: float32 numbers in a vector register.
        accumulators: vector registers for the sums of a tile; the others hold operands.
        product_accumulators: those for a matrix product by rows, whose epilogue is in its loops.
        l1: bytes of the first-level cache.
        l2: bytes of the second-level cache.
        l2_rate: bytes a cycle that come from the second-level cache.
        alias: bytes after which addresses meet in one set of the first-level cache.
    """

    lanes: int
    accumulators: int = 28
    product_accumulators: int = 24
    l1: int = 32 << 10
    l2: int = 1 << 20
    l2_rate: int = 24
    alias: int = 4096

    @property
    def l1_panel(self) -> int:
        """Bytes of a panel that stay in the first-level cache while other operands pass."""
        return self.l1 * 3 // 4

    @property
    def l2_block(self) -> int:
        """Bytes of a block of panels that stay in the second-level cache."""
        return self.l2 * 3 // 8


TARGETS = {
    16: Target(16),  # AVX-512
    # Tiles of convolutions have 28 sums here too: a third of them is spilled. To be measured.
    8: Target(8, product_accumulators=12),  # AVX2
    4: Target(4, product_accumulators=12),  # SSE2, NEON
}
