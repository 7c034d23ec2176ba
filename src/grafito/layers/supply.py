"""Weights that a model has in a file: while it is made, none is drawn or given memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from grafito.errors import FileError

_supply: ContextVar[frozenset[tuple[int, ...]] | None] = ContextVar("supply", default=None)


@contextlib.contextmanager
def supplied(shapes: Iterable[tuple[int, ...]]) -> Iterator[None]:
    """A block in which layers get weights without values, which are assigned afterwards.

    Args:
        shapes: of the arrays that there are.

    Example:
        >>> from grafito import layers
        >>> dense = layers.Dense(3)
        >>> with supplied([(2, 3), (3,)]):
        ...     dense.build((None, 2))
        >>> dense.kernel.shape, bool(dense.kernel.numpy().any())
        ((2, 3), False)
    """
    token = _supply.set(frozenset(shapes))
    try:
        yield
    finally:
        _supply.reset(token)


def is_supplied(shape: tuple[int, ...], where: str) -> bool:
    """Whether the value of a weight is not to be made now.

    Raises:
        FileError: when no array has its shape.
    """
    shapes = _supply.get()
    if shapes is not None and shape not in shapes:
        raise FileError(
            "The file has no array for a weight of its model.",
            where=where,
            received=f"shape {shape}",
        )
    return shapes is not None
