"""Room for a weight: one that the memory cannot hold is refused before its numbers are drawn."""

from __future__ import annotations

import math

from grafito.engines.interface import Memory, format_bytes
from grafito.engines.resources import available_memory
from grafito.errors import OutOfMemoryError
from grafito.graph.dtypes import item_size

SMALL = 1 << 26  # bytes that need no look at the system


def check_room(shape: tuple[int, ...], dtype: str, where: str) -> None:
    """Refuse a weight that, with the copy it is made from, needs more memory than is available.

    Args:
        shape: of the weight.
        dtype: its element type.
        where: its name, for the message.

    Raises:
        OutOfMemoryError: says how large it is and how much memory there is.

    Example:
        >>> check_room((10, 10), "float32", "weight 'kernel'")
    """
    size = 2 * math.prod(shape) * item_size(dtype)
    available = available_memory() if size > SMALL else None
    if available is not None and size > available:
        raise too_large(shape, dtype, where, available)


def too_large(
    shape: tuple[int, ...], dtype: str, where: str, available: int | None = None
) -> OutOfMemoryError:
    """The error for a weight that does not fit into the memory."""
    size = math.prod(shape) * item_size(dtype)
    error = OutOfMemoryError(
        "A weight does not fit into the memory.",
        where=where,
        received=f"shape {shape} of {dtype}: {math.prod(shape):,} numbers, {format_bytes(size)}",
        expected=None
        if available is None
        else f"at most {format_bytes(available // 2)}, to be made from as many numbers",
        fix="fewer units, filters or words",
    )
    error.memory, error.available = Memory(size, size), available or 0
    return error
