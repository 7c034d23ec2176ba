"""What this machine lets the process use: memory and processors, also in a container."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from grafito.errors import ArgumentError


def thread_count(root: Path = Path("/")) -> int:
    """How many threads compute: GRAFITO_THREADS, or the processors that this process may use.

    Those are limited by its affinity, and by the share of time that a container has. Work is dealt
    to threads in equal parts, so Apple's efficient cores would keep the fast ones waiting: they are
    left out.

    Args:
        root: where the files of Linux are.

    Raises:
        ArgumentError: GRAFITO_THREADS is no positive integer.
    """
    given = os.environ.get("GRAFITO_THREADS")
    if given:
        try:
            count = int(given)
        except ValueError:
            count = 0
        if count < 1:
            raise ArgumentError(
                "GRAFITO_THREADS is a positive integer.", received=given, fix="GRAFITO_THREADS=1"
            )
        return count
    usable = [len(os.sched_getaffinity(0))] if hasattr(os, "sched_getaffinity") else []
    usable = usable or [_fast_cores() or os.cpu_count() or 1]
    return max(1, min([*usable, *_shares(root)]))


def _shares(root: Path) -> list[int]:
    """Processors that the control groups give the time of, begun ones whole."""
    shares = []
    for folder in _control_groups(root, "cpu"):
        quota, _, period = " ".join(_lines(folder / "cpu.max")).partition(" ")
        quota = quota or "".join(_lines(folder / "cpu.cfs_quota_us"))
        period = period or "".join(_lines(folder / "cpu.cfs_period_us"))
        if quota.isdigit() and period.isdigit() and int(period):
            shares.append(-(-int(quota) // int(period)))
    return shares


def _fast_cores() -> int | None:
    """Apple's performance cores; None elsewhere."""
    if (sys.platform, platform.machine()) != ("darwin", "arm64"):
        return None
    count, size = ctypes.c_int(), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
    name = b"hw.perflevel0.logicalcpu"
    failed = ctypes.CDLL(None).sysctlbyname(name, ctypes.byref(count), ctypes.byref(size), None, 0)
    return None if failed else count.value


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that may still be allocated: the system's, or fewer where a control group limits them.

    Args:
        root: where the files of Linux are.

    Returns:
        None where the system does not say.
    """
    found = [*_of_system(root), *_of_groups(root)]
    return max(0, min(found)) if found else None


def _of_system(root: Path) -> list[int]:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return [int(line.split()[1]) * 1024]
    if root == Path("/") and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    return []


def _of_groups(root: Path) -> list[int]:
    """What each control group above this process leaves; what it keeps of files can be given up."""
    left = []
    for folder in _control_groups(root, "memory"):
        most = _number(folder / "memory.max", folder / "memory.limit_in_bytes")
        used = _number(folder / "memory.current", folder / "memory.usage_in_bytes")
        if most is not None and used is not None:
            files = [s for s in _lines(folder / "memory.stat") if s.startswith("inactive_file ")]
            left.append(most - used + sum(int(s.split()[1]) for s in files))
    return left


def _control_groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the groups that limit this process, its own first; of both versions."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / controllers
        group = base / path.strip("/")
        yield group
        yield from (folder for folder in group.parents if folder.is_relative_to(base))


def _number(*paths: Path) -> int | None:
    """The number in the first of the files that there is; None for no limit."""
    text = next(filter(None, map("".join, map(_lines, paths))), "")
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
