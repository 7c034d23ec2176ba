"""The same in AMX tiles, where the CPU has them."""
