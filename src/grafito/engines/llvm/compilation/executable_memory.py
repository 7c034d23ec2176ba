"""Whether this process may run code that it has compiled."""

from __future__ import annotations

import ctypes
import functools
import mmap
import sys
from typing import Any

from grafito.language import message


def obstacle() -> str:
    """Why this process cannot run compiled code; nothing where it can."""
    return "" if permitted() else message("This process may not make memory executable.")


@functools.cache
def permitted() -> bool:
    """Whether memory that was written can be made executable, tried with one page.

    Hardened systems refuse it: SELinux without `execmem`, `MemoryDenyWriteExecute` of systemd,
    macOS for a signed application without the entitlement `allow-jit`. LLVM would end the process.
    """
    return _windows() if sys.platform == "win32" else _posix()


def _posix() -> bool:
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    except OSError:
        return False
    first = ctypes.c_char.from_buffer(page)
    try:
        mprotect = ctypes.CDLL(None).mprotect
        mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        executable = mmap.PROT_READ | mmap.PROT_EXEC
        return bool(mprotect(ctypes.addressof(first), mmap.PAGESIZE, executable) == 0)
    finally:
        del first  # a page that is pointed to cannot be closed
        page.close()


def _windows() -> bool:
    reserve_and_commit, read_write, execute_read, release = 0x3000, 0x04, 0x20, 0x8000
    kernel32: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - only there on Windows
    kernel32.VirtualAlloc.restype = ctypes.c_void_p
    page = kernel32.VirtualAlloc(None, mmap.PAGESIZE, reserve_and_commit, read_write)
    if not page:
        return False
    address, before = ctypes.c_void_p(page), ctypes.c_ulong()
    size = ctypes.c_size_t(mmap.PAGESIZE)
    done = kernel32.VirtualProtect(address, size, execute_read, ctypes.byref(before))
    kernel32.VirtualFree(address, ctypes.c_size_t(0), release)
    return bool(done)
