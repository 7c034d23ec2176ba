"""The most bytes that threads move between registers and memory, or the caches."""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.ir as ir
import numpy as np

from grafito.engines.llvm.codegen.builder import I64, POINTER, Builder, i64
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.timing import fastest

UNROLLED = 8  # vectors of a round
BEYOND_CACHES = 256 << 20  # bytes
MOVED = 64 << 20  # bytes of a run, in as many passes over the memory as that takes


def measure(
    machine: Machine, size: int = BEYOND_CACHES, threads: int = 1, update: bool = False
) -> float:
    """Bytes in a second of so many threads at once, the best of a few short runs.

    Args:
        machine: the CPU.
        size: bytes that a thread goes through, rounded up to a power of two: a size that a cache
            holds gives the bandwidth of that cache.
        threads: that do so at once, each in memory of its own.
        update: whether each number is multiplied and written back, which counts twice; else they
            are added up.
    """
    size = max(1 << 12, 1 << (min(size, BEYOND_CACHES) - 1).bit_length())
    return _measure(machine.cpu, machine.features, size, threads, update)


@functools.cache
def _measure(cpu: str, features: str, size: int, threads: int, update: bool) -> float:
    machine = Machine(cpu, features)
    count, passes = size // 4, max(1, MOVED // size)
    buffers = [np.ones(count, "float32") for _ in range(threads)]
    calls = [(buffer.ctypes.data, passes) for buffer in buffers]
    code = machine.compile(text(machine.width, count, update))
    moved = (1 + update) * size * passes * threads
    return moved / fastest(machine, code, "stream", calls)


def text(lanes: int, count: int, update: bool) -> str:
    """The code of `stream(memory, passes)`."""
    module = ir.Module("stream")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, I64]), "stream")
    code = Builder(function, lanes)
    memory, passes = function.args
    factor = code.const(0.9999999, "float32")  # so that no pass can be left out

    def once(_: object, *totals: Any) -> list[Any]:
        return code.loop(i64(0), i64(count), UNROLLED * lanes, move, totals)

    def move(i: Any, *totals: Any) -> list[Any]:
        places = [code.b.add(i, i64(lanes * n)) for n in range(UNROLLED)]
        numbers = [code.load(memory, "float32", place) for place in places]
        if not update:
            return [code.b.fadd(total, x) for total, x in zip(totals, numbers, strict=True)]
        for place, x in zip(places, numbers, strict=True):
            code.store(code.b.fmul(x, factor), memory, "float32", place)
        return []

    zeros = [] if update else [code.const(0.0, "float32")] * UNROLLED
    totals = code.loop(i64(0), passes, 1, once, zeros)
    if totals:
        total = functools.reduce(code.b.fadd, totals)
        code.store(total, memory, "float32", i64(0))
    code.b.ret_void()
    return str(module)
