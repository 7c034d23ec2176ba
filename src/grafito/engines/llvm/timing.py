"""How long a function of machine code takes, in several threads at once."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from grafito.engines.llvm.compilation.machine import Machine

REPEATS = 10


def fastest(machine: Machine, code: bytes, name: str, calls: Sequence[tuple[int, int]]) -> float:
    """Seconds of the fastest of a few runs.

    Args:
        machine: the CPU.
        code: an object file.
        name: of a function in it that takes a pointer and a count.
        calls: its two arguments for each thread.
    """
    engine = machine.link([code])
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(
        engine.get_function_address(name)
    )
    best = float("inf")
    with ThreadPoolExecutor(len(calls)) as pool:
        for _ in range(REPEATS):
            began = time.perf_counter()
            list(pool.map(lambda call: function(*call), calls))  # without Python's lock
            best = min(best, time.perf_counter() - began)
    return best
