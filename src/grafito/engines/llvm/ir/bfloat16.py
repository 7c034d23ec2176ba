"""The forms in which products of bfloat16 read their operands: in pairs, as words of 32 bits."""

from __future__ import annotations

LANES = 16  # images in a block, and filters in a vector: the width of AVX-512
PAIRS = LANES // 2
BROADCAST = 8  # weights that are stored next to each other
