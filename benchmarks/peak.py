"""The CPU's measured peak: the best of many large float32 matrix products, in GFLOP/s.

It is what the best library here reaches, not what the data sheet says, so a share of it may pass
100 %. `python -m benchmarks.peak` prints it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

SIZE = 2048
SECONDS = 1.0  # for each library


def products() -> Iterator[Callable[[], object]]:
    """A large product with each library that is here."""
    x = np.ones((SIZE, SIZE), "float32")
    yield lambda: x @ x
    try:
        import torch
    except ImportError:
        return
    t = torch.from_numpy(x)
    yield lambda: t @ t


def measure() -> float:
    """GFLOP/s."""
    best = np.inf
    for product in products():
        product()
        end = time.perf_counter() + SECONDS
        while (began := time.perf_counter()) < end:
            product()
            best = min(best, time.perf_counter() - began)
    return 2 * SIZE**3 / best / 1e9


if __name__ == "__main__":
    print(measure())
