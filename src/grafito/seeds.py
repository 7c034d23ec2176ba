"""One stream of seeds for everything random that was given no seed of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from numbers import Integral

from numpy.random import SeedSequence

from grafito.errors import ArgumentError

__all__ = ["from_here", "next_seed", "restart", "set_seed", "stream"]

_stream = SeedSequence()
_chosen = False  # whether a program said where the stream begins
_inner: ContextVar[SeedSequence | None] = ContextVar("seeds", default=None)


@contextlib.contextmanager
def from_here(seed: int) -> Iterator[None]:
    """A stream of its own inside a `with` block, in this thread; the other one stays where it is.

    Example:
        >>> def draw():
        ...     with from_here(3):
        ...         return next_seed()
        >>> draw() == draw()
        True
    """
    token = _inner.set(SeedSequence(seed))
    try:
        yield
    finally:
        _inner.reset(token)


def set_seed(seed: int | None) -> None:
    """Start the stream anew, so that a program draws the same seeds each time it runs.

    Args:
        seed: an integer that is not negative, or None for one that cannot be foreseen.

    Raises:
        ArgumentError: for anything else.

    Example:
        >>> set_seed(1)
        >>> first = next_seed()
        >>> set_seed(1)
        >>> next_seed() == first
        True
    """
    global _stream, _chosen
    if seed is not None and not (isinstance(seed, Integral) and seed >= 0):
        raise ArgumentError(
            "A seed must be a non-negative integer.", received=f"seed={seed!r}", fix="seed=0"
        )
    _stream, _chosen = SeedSequence(seed if seed is None else int(seed)), seed is not None


def restart() -> None:
    """Begin a stream again that `set_seed` chose; one that cannot be foreseen goes on.

    Example:
        >>> set_seed(1)
        >>> one = next_seed()
        >>> restart()
        >>> next_seed() == one
        True
    """
    global _stream
    if _chosen:
        _stream = SeedSequence(_stream.entropy)


def stream() -> SeedSequence:
    """The stream as it is now: another object after each beginning.

    Example:
        >>> stream() is stream()
        True
    """
    return _inner.get() or _stream


def next_seed() -> int:
    """The next seed of the stream, an integer of 64 bits.

    Example:
        >>> next_seed() == next_seed()
        False
    """
    (child,) = stream().spawn(1)
    return int(child.generate_state(1, "uint64")[0])


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
