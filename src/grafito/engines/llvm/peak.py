"""The most operations that threads do: fused products and sums that wait for nothing.

Each loop is machine code of the engine's own. A library's product of matrices is no measure of the
peak: on some CPUs the best libraries use half of the registers' width, and a share of their rate
would be told twice too high.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen.amx import AmxTiles
from grafito.engines.llvm.codegen.builder import I64, POINTER, Builder, i64
from grafito.engines.llvm.codegen.dot_bfloat16 import dot
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.timing import fastest

CHAINS = 12  # independent sums: enough to keep every unit busy
ROUNDS = 1_000_000
AMX_TOTALS, AMX_OPERATIONS, AMX_ROUNDS = 6, 2 * 16 * 16 * 32, 100_000

Step = Callable[[Any], Any]


def kinds(machine: Machine) -> list[str]:
    """The kinds of products that a machine has an instruction for."""
    more = ["bfloat16"] * machine.pairs + ["amx"] * machine.amx
    return ["float32", *more]


def measure(
    machine: Machine, threads: int = 1, products: str = "float32", lanes: int | None = None
) -> float:
    """Operations in a second of so many threads at once, the best of a few short runs.

    Args:
        machine: the CPU.
        threads: that run the loop at once.
        products: of `kinds`: "float32", "bfloat16" (pairs, `vdpbf16ps`) or "amx" (tiles).
        lanes: numbers in a register; those of the widest by default.
    """
    return _measure(machine.cpu, machine.features, threads, products, lanes or machine.width)


@functools.cache
def _measure(cpu: str, features: str, threads: int, products: str, lanes: int) -> float:
    machine = Machine(cpu, features)
    code = machine.compile(text(products, lanes))
    results = [(ctypes.c_float * 16 * 16)() for _ in range(threads)]
    rounds = AMX_ROUNDS if products == "amx" else ROUNDS
    calls = [(ctypes.addressof(result), rounds) for result in results]
    done = {
        "float32": 2.0 * CHAINS * lanes,
        "bfloat16": 4.0 * CHAINS * lanes,
        "amx": 1.0 * AMX_TOTALS * AMX_OPERATIONS,
    }[products]
    return done * rounds * threads / fastest(machine, code, "peak", calls)


def text(products: str, lanes: int) -> str:
    """The code of `peak(result, rounds)`."""
    module = ir.Module("peak")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, I64]), "peak")
    code = Builder(function, lanes)
    if products == "amx":
        _tiles(code, function)
    else:
        _registers(code, function, products)
    code.b.ret_void()
    return str(module)


def _registers(code: Builder, function: Any, products: str) -> None:
    """Sums in registers that grow by products of two registers."""
    factor, start = code.const(0.999, "float32"), code.load(function.args[0], "float32", i64(0))
    chains = [code.b.fadd(start, code.const(float(i), "float32")) for i in range(CHAINS)]

    def round_(_: object, *sums: Any) -> Sequence[Any]:
        if products == "bfloat16":
            return [dot(code, x, start, factor) for x in sums]
        return [code.fma(x, factor, start) for x in sums]

    sums = code.loop(i64(0), function.args[1], 1, round_, chains)
    total = functools.reduce(code.b.fadd, sums)
    code.store(total, function.args[0], "float32", i64(0))


def _tiles(code: Builder, function: Any) -> None:
    """Sums in six tiles that grow by the product of two others."""
    tiles, (x, y) = AmxTiles(code), (AMX_TOTALS, AMX_TOTALS + 1)
    tiles.configure()
    for tile in range(AMX_TOTALS):
        tiles.zero(tile)
    for tile in (x, y):
        tiles.load(tile, function.args[0], 64)

    def round_(_: object) -> None:
        for tile in range(AMX_TOTALS):
            tiles.dot(tile, x, y)

    code.loop(i64(0), function.args[1], 1, round_)
    tiles.store(0, function.args[0], 64)
    tiles.release()
