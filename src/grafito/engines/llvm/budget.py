"""How much memory a program takes, and how much the machine has left."""

from __future__ import annotations

from collections import defaultdict

from grafito.engines.interface import Memory, format_bytes
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.pipeline import Assembled
from grafito.engines.resources import available_memory
from grafito.errors import OutOfMemoryError
from grafito.graph.dtypes import item_size


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
    return x.size * item_size(x.dtype)


def _by_layer(assembled: Assembled, sizes: dict[int, int]) -> dict[str, int]:
    """The bytes of all buffers of a layer: each belongs to the kernel that first touches it.

    Buffers of the arena share its bytes with those that live at other times, so that the sum over
    all layers is more than the program takes.
    """
    layers: dict[str, int] = defaultdict(int)
    seen: set[tuple[int, int]] = set()
    for kernel, call in zip(assembled.kernels, assembled.calls, strict=True):
        x = kernel.anchor if kernel.anchor is not None else kernel.results[0]
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
