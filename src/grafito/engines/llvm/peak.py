"""The most that threads do: fused products and sums of float32 that wait for nothing."""

from __future__ import annotations

import ctypes
import functools
import time
from concurrent.futures import ThreadPoolExecutor

import llvmlite.ir as ir

from grafito.engines.llvm.codegen.builder import (
    I64,
    POINTER,
    Builder,
    i64,
)
from grafito.engines.llvm.compilation.machine import Machine

CHAINS = 12  # independent sums: enough to keep every unit busy
ROUNDS = 1_000_000
REPEATS = 10


def measure(machine: Machine, threads: int = 1) -> float:
    """Operations in a second of so many threads at once, the best of a few short runs."""
    return _measure(machine.cpu, machine.features, threads)


@functools.cache
def _measure(cpu: str, features: str, threads: int) -> float:
    machine = Machine(cpu, features)
    engine = machine.link([machine.compile(_text(machine.width))])
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(
        engine.get_function_address("peak")
    )
    results = [(ctypes.c_float * machine.width)() for _ in range(threads)]

    def run(result: ctypes.Array) -> None:
        function(ctypes.addressof(result), ROUNDS)  # without Python's lock

    best = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(REPEATS):
            began = time.perf_counter()
            list(pool.map(run, results))
            best = min(best, time.perf_counter() - began)
    return 2.0 * CHAINS * machine.width * ROUNDS * threads / best


def _text(width: int) -> str:
    """The code of `peak(result, rounds)`."""
    module = ir.Module("peak")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, I64]), "peak")
    code = Builder(function, width)
    factor, start = code.const(0.999, "float32"), code.load(function.args[0], "float32", i64(0))
    chains = [code.b.fadd(start, code.const(float(i), "float32")) for i in range(CHAINS)]

    def round_(_: object, *sums: object) -> list[object]:
        return [code.fma(x, factor, start) for x in sums]

    sums = code.loop(i64(0), function.args[1], 1, round_, chains)
    total = functools.reduce(code.b.fadd, sums)
    code.store(total, function.args[0], "float32", i64(0))
    code.b.ret_void()
    return str(module)
