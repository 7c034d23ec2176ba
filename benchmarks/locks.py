"""What the locks cost that let threads share a model: `python -m benchmarks.locks`.

A model of one layer predicts one example: the shortest call there is. Rounds with the locks and
with none in their place alternate.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import Any

import numpy as np

from grafito import Sequential, layers

ROUNDS = 41
CALLS = 200  # in a round


def measure(model: Any, x: np.ndarray) -> float:
    """Microseconds of a call, in the time of this process."""
    began = time.process_time()
    for _ in range(CALLS):
        model.predict(x, verbose=0)
    return (time.process_time() - began) / CALLS * 1e6


def main() -> None:
    """Print the medians."""
    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    x = np.ones((1, 4), "float32")
    model.predict(x, verbose=0)
    executor = model._executor
    owners = [executor, *(compiled.program for compiled in executor._programs.values())]
    locks = [owner.lock for owner in owners]
    differences, plain = [], []
    for _ in range(ROUNDS):
        with_locks = measure(model, x)
        for owner in owners:
            owner.lock = contextlib.nullcontext()
        plain.append(measure(model, x))
        for owner, lock in zip(owners, locks, strict=True):
            owner.lock = lock
        differences.append(with_locks - plain[-1])
    began, turns = time.process_time(), 100_000
    for _ in range(turns):
        with locks[0]:
            pass
    once = (time.process_time() - began) / turns * 1e6
    print(f"predict of one example:  {statistics.median(plain):8.2f} us without locks")
    print(f"with locks:              {statistics.median(differences):+8.2f} us")
    print(f"{len(locks)} locks by themselves:   {len(locks) * once:8.2f} us")


if __name__ == "__main__":
    main()
