"""What the CPU does at most: `python -m benchmarks.peak` prints its peaks and its bandwidths.

The loops are the engine's own. Peaks are of fused products and sums that wait for nothing;
bandwidths of memory that a thread goes through in each of the caches and beyond them.
"""

from __future__ import annotations

import os

from grafito.engines.llvm import bandwidth, peak
from grafito.engines.llvm.compilation.machine import Machine

NARROW = 8  # numbers of float32 in a register of AVX2


def measure(lanes: int | None = None) -> float:
    """GFLOP/s of all cores that this process may use, in registers of so many numbers."""
    return peak.measure(Machine(), len(os.sched_getaffinity(0)), lanes=lanes) / 1e9


def main() -> None:
    """Print the peaks and bandwidths, of one thread and of all."""
    machine, every = Machine(), len(os.sched_getaffinity(0))
    rows = [(kind, kind, machine.width) for kind in peak.kinds(machine)]
    if machine.width > NARROW:
        rows.insert(1, ("float32, 8 lanes", "float32", NARROW))
    print(f"{'GFLOP/s':24}{'one thread':>12}{f'{every} threads':>12}")
    for title, products, lanes in rows:
        rates = (peak.measure(machine, n, products, lanes) / 1e9 for n in (1, every))
        print(f"{title:24}" + "".join(f"{rate:12.1f}" for rate in rates))
    print(f"{'GB/s':24}{'one thread':>12}{f'{every} threads':>12}")
    for title, update in (("read", False), ("read, multiply, write", True)):
        for size in (1 << 14, 1 << 18, 1 << 22, bandwidth.BEYOND_CACHES):
            rates = (bandwidth.measure(machine, size, n, update) / 1e9 for n in (1, every))
            print(f"{f'{title}, {size >> 10:,} KiB':24}" + "".join(f"{r:12.1f}" for r in rates))


if __name__ == "__main__":
    main()
