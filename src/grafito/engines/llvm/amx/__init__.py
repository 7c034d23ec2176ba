"""Products and convolutions of bfloat16 in AMX tiles, where the CPU has them."""
