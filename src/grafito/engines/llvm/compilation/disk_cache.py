"""Compiled code on disk, so that a program is compiled once for a CPU.

An entry is named by a digest of all that it depends on, and begins with a digest of its own
content: what is damaged, foreign or of another version is ignored and built again. The folder
belongs to the user alone; one that others may write to is not used, because its entries are run.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from grafito.errors import FileError, GrafitoWarning, warn
from grafito.files.writing import replace_file
from grafito.language import message

LIMIT = 256 * 2**20  # bytes of all entries; those not used for longest go first
MAGIC = b"grafito object 1\n"
DIGEST = hashlib.sha256().digest_size


def key(parts: Iterable[str]) -> str:
    """The name of the entry for code that depends on these texts."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


def digest_of(files: Iterable[Path]) -> str:
    """A digest of what the files hold; where there is none to read, one that nobody else has."""
    digest = hashlib.sha256()
    found = False
    for file in sorted(files):
        with contextlib.suppress(OSError):
            content = file.read_bytes()
            digest.update(f"{file.name} {len(content)}\n".encode() + content)
            found = True
    return digest.hexdigest() if found else os.urandom(DIGEST).hex()


def folder() -> Path | None:
    """Where entries are: GRAFITO_CACHE, or a folder among the user's caches; None for nowhere.

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
    path = root / "code"
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _private(path):
            return path
        _say_that_nothing_is_kept(path, message("It is another user's, or others may write to it."))
    except OSError as error:
        _say_that_nothing_is_kept(path, error.strerror)
    return None


@functools.cache
def _say_that_nothing_is_kept(path: Path, reason: str | None) -> None:
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


def read(name: str) -> bytes | None:
    """The content of an entry, or None where there is none that is whole."""
    path = folder()
    if path is None:
        return None
    try:
        raw = (path / name).read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + DIGEST
    content = raw[start:]
    if raw[: len(MAGIC)] != MAGIC or raw[len(MAGIC) : start] != _digest(name, content):
        return None
    with contextlib.suppress(OSError):
        os.utime(path / name)  # the last use
    return content


def write(name: str, content: bytes) -> None:
    """Keep an entry; a disk that is full or read-only is no error, but is said once."""
    path = folder()
    if path is None:
        return
    try:
        replace_file(path / name, [MAGIC, _digest(name, content), content], durable=False)
    except FileError as error:
        _say_that_nothing_is_kept(path, error.rows.get("received"))


def trim() -> None:
    """Remove what was not used for longest, until the rest is within the limit."""
    path = folder()
    if path is None:
        return
    entries = []
    for file in path.iterdir():
        with contextlib.suppress(OSError):  # another process removed it
            found = file.stat()
            entries.append((found.st_mtime_ns, found.st_size, file))
    total = sum(size for _, size, _ in entries)
    for _, size, file in sorted(entries):
        if total <= LIMIT:
            break
        with contextlib.suppress(OSError):
            file.unlink()
        total -= size


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + content).digest()
