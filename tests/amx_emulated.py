"""AMX in Python, for CPUs without it: what the tile instructions do to the state of a thread.

Follows the operations in Intel's Software Developer's Manual, volume 2, of LDTILECFG, TILELOADD,
TILEZERO, TDPBF16PS, TILESTORED and TILERELEASE: palette 1, row by row, with the rows and bytes of a
row that the configuration gives. What the CPU would answer with a fault is listed in `faults`.

A fused multiply-add is made in float64, which holds the product exactly, and rounded to float32:
where the sum has more than 53 bits, and then falls on a tie, the last bit may be another.
"""

from __future__ import annotations

import ctypes
import threading

import llvmlite.binding as llvm
import numpy as np

TILES, ROWS, BYTES = 8, 16, 64
PREFIX = "emulated.x86."  # instead of "llvm.x86."
SMALLEST = 2.0**-126

BYTE, POINTER, WORD = ctypes.c_uint8, ctypes.c_void_p, ctypes.c_int64
ARGUMENTS = {
    "ldtilecfg": [POINTER],
    "tilerelease": [],
    "tilezero": [BYTE],
    "tileloadd64": [BYTE, POINTER, WORD],
    "tilestored64": [BYTE, POINTER, WORD],
    "tdpbf16ps": [BYTE, BYTE, BYTE],
}


def flushed(x):
    """Subnormal numbers are zeros."""
    return x * (np.abs(x) >= SMALLEST)


def bytes_at(address, count):
    return np.frombuffer((BYTE * count).from_address(address), "uint8")


class State(threading.local):
    """The tiles of a thread, and their shapes while they are configured."""

    def __init__(self):
        self.shapes = None
        self.tiles = np.zeros((TILES, ROWS, BYTES), "uint8")


class Emulator:
    """The instructions as methods.

    Attributes:
        faults: what no CPU would have done.
        done: the names of instructions that ran.
    """

    def __init__(self):
        self.state, self.faults, self.done = State(), [], set()
        self._kept = []

    def install(self):
        """Make the instructions known to code that is compiled from now on."""
        for name, kinds in ARGUMENTS.items():
            function = ctypes.CFUNCTYPE(None, *kinds)(getattr(self, name))
            self._kept.append(function)
            llvm.add_symbol(PREFIX + name, ctypes.cast(function, POINTER).value)

    def _check(self, name, *conditions):
        self.done.add(name)
        if not all(conditions):
            self.faults.append(name)
        return all(conditions)

    def _shape(self, tile):
        """Rows and bytes of a row."""
        return self.state.shapes[tile] if self.state.shapes and tile < TILES else (0, 0)

    def ldtilecfg(self, address):
        raw = bytes_at(address, 64)
        breadths, heights = raw[16:48].view("uint16"), raw[48:64]
        valid = self._check(
            "ldtilecfg", raw[0] == 1, raw[1] == 0, not raw[2:16].any(),
            not breadths[TILES:].any(), not heights[TILES:].any(), (breadths <= BYTES).all(),
            (heights <= ROWS).all(), ((breadths == 0) == (heights == 0)).all(),
        )  # fmt: skip
        if valid:
            pairs = zip(heights[:TILES], breadths[:TILES], strict=True)
            self.state.shapes = [(int(rows), int(size)) for rows, size in pairs]
            self.state.tiles[:] = 0

    def tilerelease(self):
        self._check("tilerelease")
        self.state.shapes = None
        self.state.tiles[:] = 0

    def tilezero(self, tile):
        if self._check("tilezero", self._shape(tile)[0]):
            self.state.tiles[tile] = 0

    def tileloadd64(self, tile, address, stride):
        rows, size = self._shape(tile)
        if self._check("tileloadd64", rows):
            self.state.tiles[tile] = 0
            for r in range(rows):
                self.state.tiles[tile, r, :size] = bytes_at(address + r * stride, size)

    def tilestored64(self, tile, address, stride):
        rows, size = self._shape(tile)
        if self._check("tilestored64", rows):
            for r in range(rows):
                ctypes.memmove(address + r * stride, self.state.tiles[tile, r].tobytes(), size)

    def tdpbf16ps(self, total, x, y):
        (m, n), (x_rows, k), (y_rows, y_bytes) = (self._shape(t) for t in (total, x, y))
        if not self._check(
            "tdpbf16ps", m, len({total, x, y}) == 3, n % 4 == k % 4 == 0,
            y_rows == k // 4, x_rows == m, y_bytes == n,
        ):  # fmt: skip
            return
        k, n, tiles = k // 4, n // 4, self.state.tiles
        with np.errstate(all="ignore"):
            a, b = (
                flushed((tiles[t].view("uint16").astype("uint32") << 16).view("float32"))
                .astype("float64")
                .reshape(ROWS, -1, 2)
                for t in (x, y)
            )
            products = a[:m, :k, None] * b[None, :k, :n]
            sums = np.zeros((m, n, 2), "float32")
            for i in range(k):
                sums = flushed((products[:, i] + sums).astype("float32"))
            both = flushed(sums[..., 0] + sums[..., 1])
            old = flushed(tiles[total].view("float32")[:m, :n])
            new = np.zeros((ROWS, BYTES // 4), "float32")
            new[:m, :n] = flushed(old + both)
        tiles[total] = new.view("uint8")
