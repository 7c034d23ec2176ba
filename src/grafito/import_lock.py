"""A fork waits until no other thread imports a part of grafito.

Python has a lock for each module that is being imported. A forked child has it too, but not the
thread that would release it, so it would wait for ever when it needs that module.
"""

from __future__ import annotations

import _imp
import importlib
import os
import threading
import time
from typing import Any

__all__ = ["release", "take"]

LONGEST = 10.0  # seconds that a fork waits; then it goes on, since a child may not need the module
PAUSE = 0.001


def take() -> None:
    """Wait for the imports of other threads; until `release` they begin no other.

    A thread may take the lock again, and releases it as often.

    Example:
        >>> take()
        >>> release()
    """
    end = time.monotonic() + LONGEST
    while True:
        _imp.acquire_lock()
        if time.monotonic() > end or not _elsewhere():
            return
        _imp.release_lock()
        time.sleep(PAUSE)


def release() -> None:
    """Let other threads import again.

    Example:
        >>> take()
        >>> release()
    """
    _imp.release_lock()


def _elsewhere() -> bool:
    """Whether another thread imports a part of grafito."""
    kept: dict[str, Any] = getattr(importlib._bootstrap, "_module_locks", {})
    ours = [ref() for name, ref in kept.items() if name.partition(".")[0] == "grafito"]
    mine = None, threading.get_ident()
    return any(getattr(lock, "owner", None) not in mine for lock in ours)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=take, after_in_parent=release, after_in_child=release)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
