"""How much memory a program takes, and how much the machine has left."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import numpy as np

from grafito.engines.interface import Memory, format_bytes
from grafito.engines.llvm.nodes import Node
from grafito.engines.llvm.program import Assembled
from grafito.errors import OutOfMemoryError
from grafito.graph.dtypes import numpy_dtype


def memory_of(assembled: Assembled, threads: int) -> Memory:
    """What the table of pointers of a program allocates or keeps, apart from its outputs."""
    kept = {"constant": 0, "variable": 0}
    sizes: dict[int, int] = {}
    for entry, x in enumerate(assembled.table):
        if x is not None and x.kind in kept:
            sizes[entry] = _bytes(x)
            kept[x.kind] += sizes[entry]
    working = assembled.arena + threads * assembled.scratch
    return Memory(working, kept["variable"], kept["constant"], _by_layer(assembled, sizes))


def _bytes(x: Node) -> int:
    return x.size * np.dtype(numpy_dtype(x.dtype)).itemsize


def _by_layer(assembled: Assembled, sizes: dict[int, int]) -> dict[str, int]:
    """The bytes of all buffers of a layer: each belongs to the kernel that first touches it.

    Buffers of the arena share its bytes with those that live at other times, so that the sum over
    all layers is more than the program takes.
    """
    layers: dict[str, int] = defaultdict(int)
    seen: set[tuple[int, int]] = set()
    for kernel, call in zip(assembled.kernels, assembled.calls, strict=True):
        x = kernel.primary if kernel.primary is not None else kernel.results[0]
        for place in [*call.writes, *call.reads]:
            if (place.entry, place.offset) not in seen:
                seen.add((place.entry, place.offset))
                size = place.size if place.entry == 0 else sizes.get(place.entry, 0)
                layers[layer_of(x)] += size
    return dict(layers)


def layer_of(x: Node) -> str:
    """The layer that a node was built in, on the way forward or back."""
    return "/".join(name for name in x.scope if name != "gradient")


def check(memory: Memory) -> None:
    """Refuse a program that the machine has no memory for.

    Raises:
        OutOfMemoryError: says how much is needed, by which layer most, and how much there is.
    """
    available = available_memory()
    if available is None or memory.total <= available:
        return
    layer = max(memory.layers, key=lambda name: memory.layers[name], default="")
    error = OutOfMemoryError(
        "A step needs more memory than is available.",
        where=f"most of it in {layer}: {format_bytes(memory.layers[layer])}" if layer else None,
        received=memory,
        expected=f"at most {format_bytes(available)}",
        fix="a smaller batch, or fewer units",
    )
    error.memory, error.available = memory, available
    raise error


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
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        base = root / "sys/fs/cgroup" / controllers
        limit, usage = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes")
            if controllers
            else ("memory.max", "memory.current")
        )
        group = base / path.strip("/")
        for folder in [group, *group.parents]:
            most, used = _number(folder / limit), _number(folder / usage)
            if most is not None and used is not None:
                files = [
                    s for s in _lines(folder / "memory.stat") if s.startswith("inactive_file ")
                ]
                left.append(most - used + sum(int(s.split()[1]) for s in files))
            if folder == base:
                break
    return left


def _number(path: Path) -> int | None:
    text = "".join(_lines(path))
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
