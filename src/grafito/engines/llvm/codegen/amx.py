"""AMX: tiles of 16 rows of 64 bytes that one instruction multiplies (Intel, from Sapphire Rapids).

`tdpbf16ps` adds x y to a tile of 16 x 16 float32: x has 16 rows of 16 pairs of bfloat16, y 16 rows
of pairs with 16 columns. The instructions are those of Intel's Software Developer's Manual, volume
2; a thread gives its tiles a shape before it uses them, and releases them so that the system need
not keep them.
"""

from __future__ import annotations

import ctypes
import functools
import platform
import sys
from typing import Any

import llvmlite.ir as ir

from grafito.engines.llvm.codegen.builder import (
    I8,
    Builder,
    i64,
)

FEATURES = {"amx-tile", "amx-bf16"}
TILES, ROWS, BYTES = 8, 16, 64
PREFIX = "llvm.x86."  # of the instructions' names

ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA = 158, 0x1023, 18


@functools.cache
def permitted() -> bool:
    """Whether the system lets this process use tiles.

    On Linux a process has to ask first. Other systems are not known to allow it.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    return _syscall(ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0


def _syscall(*words: int) -> int:
    """A call of the Linux kernel: -1 where it refuses."""
    call = ctypes.CDLL(None).syscall
    call.restype = ctypes.c_long
    return call(*map(ctypes.c_long, words))


class AmxTiles:
    """Emits the instructions; tiles have numbers from 0 to 7.

    Args:
        code: where to emit.
    """

    def __init__(self, code: Builder):
        self.code = code

    def configure(self) -> None:
        """Give all tiles 16 rows of 64 bytes."""
        # Palette 1; bytes of a row from byte 16 on, as half words; rows from byte 48 on.
        shape = bytearray(64)
        shape[0] = 1
        for tile in range(TILES):
            shape[16 + 2 * tile], shape[48 + tile] = BYTES, ROWS
        module, kind = self.code.function.module, ir.ArrayType(I8, len(shape))
        constant = ir.GlobalVariable(module, kind, "tiles")
        constant.linkage, constant.global_constant, constant.align = "internal", True, 64
        constant.initializer = ir.Constant(kind, shape)
        self._emit("ldtilecfg", self.code.b.gep(constant, [i64(0)], source_etype=I8))

    def release(self) -> None:
        """No tile is used any more."""
        self._emit("tilerelease")

    def zero(self, tile: int) -> None:
        """All of a tile is 0."""
        self._emit("tilezero", tile)

    def load(self, tile: int, pointer: Any, stride: int) -> None:
        """Rows of 64 bytes that are `stride` bytes apart in memory."""
        self._emit("tileloadd64", tile, pointer, i64(stride))

    def store(self, tile: int, pointer: Any, stride: int) -> None:
        """The inverse."""
        self._emit("tilestored64", tile, pointer, i64(stride))

    def dot(self, total: int, x: int, y: int) -> None:
        """The sums of tile `total` and the products of x and y."""
        self._emit("tdpbf16ps", total, x, y)

    def _emit(self, name: str, *args: Any) -> None:
        values = [ir.Constant(I8, x) if isinstance(x, int) else x for x in args]
        self.code.intrinsic(PREFIX + name, ir.VoidType(), *values)
