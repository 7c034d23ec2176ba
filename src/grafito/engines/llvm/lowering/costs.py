"""What kernels are expected to take, so that one can be chosen before there is code."""

from __future__ import annotations

from grafito.engines.llvm.codegen.amx import ROWS

# What a product is expected to take. On one core of a Sapphire Rapids Xeon tiles reached 620 to
# 1,015 GFLOP/s and pairs of bfloat16 at most 89, half of what products of float32 do.
CONFIGURE = 1e-6  # seconds, at most, to configure tiles and to release them
AMX_RATE, DOT_RATE = 620e9, 89e9


def pays(rows: int, columns: int, depth: int, times: int = 1) -> bool:
    """Whether a product takes less time in AMX tiles, padded to full ones, than by vdpbf16ps."""
    pairs = ROWS * 2
    padded = -(-rows // ROWS) * ROWS * -(-columns // ROWS) * ROWS * -(-depth // pairs) * pairs
    return CONFIGURE + 2 * times * padded / AMX_RATE < 2 * times * rows * columns * depth / DOT_RATE
