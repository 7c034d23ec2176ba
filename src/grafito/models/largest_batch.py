"""The largest batch that fits, for the error of one that does not."""

from __future__ import annotations

from collections.abc import Callable

from grafito.engines import Memory
from grafito.errors import OutOfMemoryError


def shortage(
    error: OutOfMemoryError, size: int, needed: Callable[[int], Memory | None]
) -> OutOfMemoryError:
    """The error of an engine, with the largest batch size found that would fit.

    Memory grows almost linearly with the batch, so a straight line gives a good estimate; each
    candidate is then checked for what it really needs.

    Args:
        error: that of the engine for this batch size.
        size: examples in a step.
        needed: the memory of a step of another size.
    """
    candidate, low = 0, needed(1) if size > 1 else None
    if low is not None and low.total <= error.available:
        slope = (error.memory.total - low.total) / (size - 1)
        candidate = min(size - 1, 1 + int((error.available - low.total) / max(slope, 1.0)))
        while candidate > 1:
            memory = needed(candidate)
            if memory is not None and memory.total <= error.available:
                break
            candidate = candidate * 15 // 16
    fix = f"batch_size={candidate}" if candidate else "fewer units: not even one example fits"
    told = {name: text for name, text in error.rows.items() if name in ("where", "expected")}
    received = f"batch_size={size}: {error.memory}"
    new = OutOfMemoryError(error.what, received=received, fix=fix, **told)
    new.memory, new.available = error.memory, error.available
    return new
