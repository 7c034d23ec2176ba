"""Emitting machine code: LLVM instructions, addresses, loops, tiles of sums, functions of ops."""
