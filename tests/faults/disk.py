"""A disk between the writer and the real one: it fails where it is told to, or remembers all.

`Disk` takes the place of `os` in `grafito.files.writing`, the one module that writes.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CALLS = ("open", "write", "fchmod", "fsync", "close", "replace", "ftruncate")
FAULTS = {"full": errno.ENOSPC, "broken": errno.EIO, "killed": None, "short": None}


class Killed(BaseException):
    """The process is gone; nothing that it does afterwards has an effect."""


class Disk:
    """The functions of `os`, which fail once.

    Args:
        at: the number of the call that fails; none by default.
        fault: one of FAULTS. A short write is no error: the system wrote a part.

    Attributes:
        calls: the names of the calls so far.
    """

    def __init__(self, at: int = -1, fault: str = "full"):
        self.at, self.fault = at, fault
        self.calls: list[str] = []
        self.dead = False

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in (*CALLS, "unlink"):
            return real

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.dead:
                raise Killed
            if name == "unlink":  # tidying: its faults are nobody's business
                return real(*args, **kwargs)
            self.calls.append(name)
            if len(self.calls) - 1 == self.at:
                return self._fail(name, real, args)
            return real(*args, **kwargs)

        return call

    def _fail(self, name: str, real: Any, args: tuple[Any, ...]) -> Any:
        half = name == "write" and len(args[1]) > 1
        if half and self.fault != "broken":  # a part of it arrives
            written = real(args[0], args[1][: len(args[1]) // 2])
            if self.fault == "short":
                return written
        if self.fault == "short":
            return real(*args)
        if self.fault == "killed":
            self.dead = True
            raise Killed
        if name == "close":
            real(*args)
        raise OSError(FAULTS[self.fault], os.strerror(FAULTS[self.fault] or 0))


class Inode:
    """A file as the disk has it, and what was written since it was last brought there."""

    def __init__(self, content: bytes = b""):
        self.synced, self.pending = content, [content]  # contents, one after each write

    def contents(self) -> list[bytes]:
        """What may be there after a power failure: any of them, the last but one torn."""
        torn = [b[: (len(a) + len(b)) // 2] for a, b in itertools.pairwise(self.pending)]
        return list(dict.fromkeys([*self.pending, *torn]))


class Recorder(Disk):
    """Remembers writes and syncs, and says what the power may leave of a folder.

    A folder's changes come to the disk in their order; that they are there is certain once it is
    synced. What is written to a file may come before or after them, and in parts.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder
        self.inodes = {path.name: Inode(path.read_bytes()) for path in folder.iterdir()}
        self.names: list[dict[str, Inode]] = [dict(self.inodes)]  # after each change, synced first
        self.handles: dict[int, Inode | None] = {}
        self.images: list[dict[str, bytes]] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        note = getattr(type(self), f"_{name}", None)
        if note is None:
            return real

        def call(*args: Any) -> Any:
            result = real(*args)
            note(self, result, *args)
            self.images += self._possible()
            return result

        return call

    def _changed(self) -> dict[str, Inode]:
        self.names.append(dict(self.names[-1]))
        return self.names[-1]

    def _open(self, handle: int, path: Any, flags: int, mode: int = 0) -> None:
        name = Path(path).name
        if flags & os.O_CREAT:
            self._changed()[name] = Inode()
        self.handles[handle] = self.names[-1].get(name)  # none for the folder

    def _write(self, written: int, handle: int, data: Any) -> None:
        inode = self.handles[handle]
        inode.pending.append(inode.pending[-1] + bytes(data[:written]))

    def _ftruncate(self, _: None, handle: int, size: int) -> None:
        inode = self.handles[handle]
        inode.pending.append(inode.pending[-1][:size])

    def _fsync(self, _: None, handle: int) -> None:
        inode = self.handles[handle]
        if inode is None:
            del self.names[:-1]
        else:
            del inode.pending[:-1]

    def _replace(self, _: None, old: Any, new: Any) -> None:
        names = self._changed()
        names[Path(new).name] = names.pop(Path(old).name)

    def _unlink(self, _: None, path: Any) -> None:
        self._changed().pop(Path(path).name)

    def _possible(self) -> Iterator[dict[str, bytes]]:
        for names in self.names:
            held = [inode.contents() for inode in names.values()]
            for contents in itertools.product(*held):
                yield dict(zip(names, contents, strict=True))

    def distinct(self) -> list[dict[str, bytes]]:
        """All images that differ in what is not a sibling of the writer's."""
        found = {}
        for image in self.images:
            kept = {name: data for name, data in image.items() if not name.startswith(".grafito-")}
            found[tuple(sorted(kept.items()))] = kept
        return list(found.values())


def lay(image: dict[str, bytes], folder: Path) -> None:
    """Make a folder hold an image."""
    for path in folder.iterdir():
        path.unlink()
    for name, data in image.items():
        (folder / name).write_bytes(data)
