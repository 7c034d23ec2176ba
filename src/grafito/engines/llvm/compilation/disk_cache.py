"""Compiled code on disk, so that a program is compiled once for a CPU.

An entry is named by a digest of all that it depends on, and begins with a digest of its own
content: what is damaged, foreign or of another version is ignored and built again. The folder
belongs to the user alone; one that others may write to is not used, because its entries are run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from grafito.engines.private_folder import private_folder, remove_oldest
from grafito.engines.private_folder import say_that_nothing_is_kept as _say_that_nothing_is_kept
from grafito.errors import FileError
from grafito.files.writing import replace_file

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
    """Where entries are; None for nowhere."""
    return private_folder("code")


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
        _say_that_nothing_is_kept(path, error.rows.get("received", error.what))


def trim() -> None:
    """Remove what was not used for longest, until the rest is within the limit."""
    path = folder()
    if path is not None:
        remove_oldest(path, LIMIT)


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + content).digest()
