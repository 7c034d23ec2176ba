"""The CPU's measured peak in float32, in GFLOP/s: fused products and sums that wait for nothing.

The loop is the engine's own, in one thread for each core. A product of matrices is no measure of
it: on some CPUs the best libraries use half of the registers' width, and a share of their rate
would be told twice too high. `python -m benchmarks.peak` prints the peak.
"""

from __future__ import annotations

import os

from grafito.engines.llvm import peak
from grafito.engines.llvm.compilation.machine import Machine


def measure() -> float:
    """GFLOP/s of all cores that this process may use."""
    return peak.measure(Machine(), len(os.sched_getaffinity(0))) / 1e9


if __name__ == "__main__":
    print(measure())
