"""What one thread at a time may use, also in a process that was forked while one did."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

__all__ = ["Guarded"]

_guarded: weakref.WeakValueDictionary[int, Guarded] = weakref.WeakValueDictionary()
_held: list[Any] = []  # locks that the thread that forks has taken


class Guarded:
    """Has a lock, for `with self.lock:`; a forked child begins with a free one.

    Attributes:
        lock: it may be taken again by the thread that has it.
        settles: whether a fork waits until nobody has the lock, so that the child sees no work half
            done. Who has such a lock may wait for none but those that nothing else is waited with.

    Example:
        >>> class Counter(Guarded):
        ...     total = 0
        ...     def add(self):
        ...         with self.lock:
        ...             self.total = self.total + 1
        >>> counter = Counter()
        >>> counter.add()
        >>> counter.total
        1
    """

    settles = False

    def __init__(self) -> None:
        self.lock = threading.RLock()
        _guarded[id(self)] = self

    def forked(self) -> None:
        """In a new child, where no thread is left but the one that forked."""
        self.lock = threading.RLock()


def _alive() -> list[Guarded]:
    return [owner for ref in _guarded.valuerefs() if (owner := ref()) is not None]


def _before() -> None:
    for owner in _alive():
        if owner.settles:
            owner.lock.acquire()
            _held.append(owner.lock)


def _release() -> None:
    while _held:
        _held.pop().release()


def _in_child() -> None:
    _release()
    for owner in _alive():
        owner.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_release, after_in_child=_in_child)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
