"""A pytest plugin: every buffer of the CPU engine lies against pages that nobody may touch.

    GUARD=end PYTHONPATH=tests/engines python -m pytest -p guard tests/engines/test_llvm.py

With GUARD=end the last byte of a buffer is the last one before such a page, with GUARD=start its
first byte the first one behind such a page; a kernel that reads or writes beyond crashes. Buffers
of the arena get pages of their own, so none shares memory with another. An access that jumps over
the page, further than a buffer is long, stays unseen.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os

import numpy as np

from grafito.engines.llvm import pipeline, pointer_table
from grafito.engines.llvm.planning import memory
from grafito.engines.llvm.program import Program

PAGE = mmap.PAGESIZE
AT_END = os.environ["GUARD"] == "end"
_libc = ctypes.CDLL(None, use_errno=True)


def pages(size):
    """Bytes of whole pages that hold so many bytes; one page at least."""
    return max(1, math.ceil(size / PAGE)) * PAGE


def protect(address, size):
    """From now on a touch of these pages ends the process."""
    if size and _libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), 0):
        raise OSError(ctypes.get_errno(), "mprotect")


def guarded_empty(shape, dtype):
    """An array between two pages that nobody may touch."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = pages(size)
    raw = np.frombuffer(mmap.mmap(-1, room + 2 * PAGE), "uint8")
    address = pointer_table.pointer_to(raw)
    protect(address, PAGE)
    protect(address + PAGE + room, PAGE)
    start = PAGE + (room - size if AT_END else 0)
    return raw[start : start + size].view(dtype).reshape(shape)


def is_guarded(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, (mmap.mmap, memoryview))


def place(kernels, elsewhere, width):
    """The arena with a place of its own for each buffer, and a page before and behind it."""
    at, offsets = PAGE, {}
    for x in plain_place(kernels, elsewhere, width)[0]:
        size = memory.bytes_of(x, width)
        offsets[x] = at + (pages(size) - size if AT_END else 0)
        at += pages(size) + PAGE
    return offsets, at


def init_program(program, *args, **kwargs):
    """A program; then all of its arena but the buffers is closed."""
    plain_init(program, *args, **kwargs)
    assembled, table = program._assembled, program._table
    used = {
        (p.offset // PAGE * PAGE, p.offset + p.size)
        for call in assembled.calls
        for p in call.places
        if p.entry == 0
    }
    arena, at = pointer_table.pointer_to(table.arrays[0]), 0
    assert arena % PAGE == 0
    for start, end in sorted(used):
        protect(arena + at, start - at)
        at = start + pages(end - start)
    protect(arena + at, assembled.arena - at)


def set_entry(table, entry, array):
    """Arrays that the caller made are copied; those that kernels write are guarded already."""
    if not is_guarded(array):
        copy = guarded_empty(array.shape, array.dtype)
        copy[...] = array
        array = copy
    plain_set(table, entry, array)


plain_place = memory.place
plain_init, plain_set = Program.__init__, pointer_table.Table._set
assert pipeline.memory is memory
memory.place = place
pointer_table.aligned_empty = guarded_empty
Program.__init__ = init_program
pointer_table.Table._set = set_entry
