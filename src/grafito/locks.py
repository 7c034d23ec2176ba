"""What one thread at a time may use, also in a process that was forked while one did."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401, for the order of forks: see below
import contextlib
import logging  # noqa: F401, likewise
import os
import threading
import weakref
from typing import Any

from grafito import import_lock

__all__ = ["Guarded", "settle_last"]

_guarded: weakref.WeakValueDictionary[int, Guarded] = weakref.WeakValueDictionary()
_last: list[contextlib.AbstractContextManager[Any]] = []
_forking = threading.RLock()  # one thread at a time forks
_held = contextlib.ExitStack()  # locks that it has taken


class Guarded:
    """Has a lock, for `with self.lock:`; a forked child begins with a free one.

    Attributes:
        lock: it may be taken again by the thread that has it.
        settles: whether a fork waits until nobody has the lock, so that the child sees no work half
            done. Who has such a lock may wait only for those that a fork takes later.

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


def settle_last(lock: contextlib.AbstractContextManager[Any]) -> None:
    """Have a fork take this lock too, when it has all those of `Guarded` that settle.

    Args:
        lock: one that a thread may wait for while it has a settling one, as finalizers do that run
            in the midst of other work.

    Example:
        >>> settle_last(threading.RLock())
    """
    _last.append(lock)


def _alive() -> list[Guarded]:
    return [owner for ref in _guarded.valuerefs() if (owner := ref()) is not None]


def _before() -> None:
    for lock in [_forking, *(owner.lock for owner in _alive() if owner.settles)]:
        _held.enter_context(lock)
    import_lock.take()  # a thread that has one of those may import, and one that imports enter LLVM
    _held.callback(import_lock.release)
    for last in _last:
        _held.enter_context(last)


def _in_child() -> None:
    _held.close()
    for owner in _alive():
        owner.forked()


# A fork calls first what was registered last. Thread pools and logging registered their locks when
# they were imported above; a thread waits for those while it runs a program, so they come later.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_held.close, after_in_child=_in_child)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
