"""Folders for compiled code, which belong to the user alone, because what is in them is run."""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import sys
from pathlib import Path

from grafito.errors import GrafitoWarning, warn
from grafito.language import message


def private_folder(name: str) -> Path | None:
    """A folder in GRAFITO_CACHE, or among the user's caches; None where nothing is kept.

    An empty GRAFITO_CACHE turns the cache off.
    """
    given = os.environ.get("GRAFITO_CACHE")
    if given == "":
        return None
    if given is not None:
        root = Path(given).expanduser()
    elif sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "grafito"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches" / "grafito"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grafito"
    path = root / name
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _private(path):
            return path
        say_that_nothing_is_kept(path, message("It is another user's, or others may write to it."))
    except OSError as error:
        say_that_nothing_is_kept(path, error.strerror)
    return None


@functools.cache
def say_that_nothing_is_kept(path: Path, reason: str | None) -> None:
    """Say once a folder why each process compiles anew."""
    warn(
        GrafitoWarning(
            "Compiled code is not kept: each process compiles it again.",
            where=path,
            received=reason,
            fix="GRAFITO_CACHE=folder with a folder of your own, or empty for no cache and no "
            "warning",
        )
    )


def _private(path: Path) -> bool:
    """Whether nobody else can write there."""
    if sys.platform == "win32":
        return True
    found = path.lstat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def remove_oldest(path: Path, limit: int) -> None:
    """Remove the files that were not used for longest, until the rest has so many bytes."""
    entries = []
    for file in path.iterdir():
        with contextlib.suppress(OSError):  # another process removed it
            found = file.stat()
            entries.append((found.st_mtime_ns, found.st_size, file))
    total = sum(size for _, size, _ in entries)
    for _, size, file in sorted(entries):
        if total <= limit:
            break
        with contextlib.suppress(OSError):
            file.unlink()
        total -= size
