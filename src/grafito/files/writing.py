"""The one writer of files: at every instant, the old file or the new one is whole on the disk.

New content goes to a sibling file of a name that nobody else has. Only when it is complete and on
the disk does the sibling take the name of the file, and then the folder is brought to the disk too.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import math
import os
import re
import secrets
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grafito.errors import FileError

_SIBLING = re.compile(r"\.grafito-(?P<place>[0-9a-f]{12})-(?P<process>\d+)-[0-9a-f]{12}\.tmp")
PATIENCE = 1.0  # seconds for a scanner of viruses or an index to close a file
_MINUTE, _DAY = 60, 24 * 60 * 60
_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
# Folders that cannot be synced: some file systems, and those that may be written but not read.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM}

_only_below: Path | None = None  # what lies elsewhere is written by another process
_swept: dict[Path, float] = {}  # when a folder was last looked through for leftovers


def file_path(filepath: Any) -> Path:
    """Where a file really lies; a link to it stays a link.

    Raises:
        FileError: for what is no path.

    Example:
        >>> file_path("weights.safetensors").name
        'weights.safetensors'
    """
    try:
        path = Path(os.path.realpath(os.fsdecode(filepath)))
        path.exists()  # asks the system whether such a name can be
    except (TypeError, ValueError, OSError) as error:
        raise FileError(
            "This is not a file path.", received=f"{str(filepath)[:60]!r}: {error}"[:160]
        ) from None
    return path


def only_below(folder: Path | None) -> None:
    """Write from now on only what lies below a folder; another process writes the rest."""
    global _only_below
    _only_below = folder and file_path(folder)


def _is_of_another(path: Path) -> bool:
    return _only_below is not None and not path.is_relative_to(_only_below)


def replace_file(
    filepath: Any, content: bytes | str | Sequence[Any], *, durable: bool = True
) -> Path:
    """Replace a file by new content, whole or not at all.

    The old file's mode is kept, a link to it is followed, and what is no regular file is refused.

    Args:
        filepath: the file, in a folder that exists.
        content: bytes, text (as UTF-8), or a sequence of buffers.
        durable: False for what may be lost with the power, such as a cache; it is whole even so.

    Returns:
        Where the file really lies.

    Raises:
        FileError: when it cannot be written; the old file stays as it was.

    Example:
        >>> replace_file("note.txt", "x² = 4").read_text(encoding="utf-8")
        'x² = 4'
    """
    if isinstance(content, str):
        content = content.encode()
    buffers = [content] if isinstance(content, bytes) else content
    with replacing(filepath, sum(map(len, map(_octets, buffers))), durable=durable) as sibling:
        for buffer in buffers:
            sibling.write(buffer)
    return sibling.path


@contextlib.contextmanager
def replacing(filepath: Any, size: int = 0, *, durable: bool = True) -> Iterator[Sibling]:
    """A block that writes the new content of a file piece by piece, as `replace_file` does at once.

    Args:
        filepath: the file, in a folder that exists.
        size: bytes that will be written, where known; less free space than that is an error.
        durable: False for what may be lost with the power.

    Raises:
        FileError: when it cannot be written. After any error the old file stays as it was.

    Example:
        >>> with replacing("note.txt") as file:
        ...     _ = file.write(b"one, "), file.write(b"two")
        >>> Path("note.txt").read_text()
        'one, two'
    """
    path = file_path(filepath)
    sibling = Nowhere(path) if _is_of_another(path) else Sibling(path, size, durable)
    try:
        yield sibling
        sibling.commit()
    finally:
        sibling.close()


def append_to_file(filepath: Any, text: str, *, durable: bool = True) -> None:
    r"""Add lines to the end of a file that exists; all of them, or none where that fails.

    Args:
        filepath: the file.
        text: whole lines.
        durable: False for what may be lost with the power.

    Raises:
        FileError: when they cannot be written; what was in the file stays.

    Example:
        >>> path = replace_file("log.csv", "epoch,loss\n")
        >>> append_to_file(path, "0,0.5\n")
        >>> path.read_text()
        'epoch,loss\n0,0.5\n'
    """
    path, data = file_path(filepath), memoryview(text.encode())
    if _is_of_another(path):
        return
    with _told(path):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            size = os.fstat(handle).st_size
            try:
                _write_all(handle, data)
                if durable:
                    _sync(handle)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)


class Sibling:
    """The file beside another that takes its place when it is complete.

    Args:
        path: the file to be replaced.
        size: bytes that will be written, where known.
        durable: whether the new file must be on the disk in the end.
    """

    def __init__(self, path: Path, size: int, durable: bool):
        self.path, self.durable = path, durable
        self.temporary = path.with_name(
            f".grafito-{_place()}-{os.getpid()}-{secrets.token_hex(6)}.tmp"
        )
        self.handle = -1
        with _told(path):
            old = _old(path)
            disk = shutil.disk_usage(path.parent)
            if disk.total and disk.free < size:  # /proc and its like have no blocks at all
                raise FileError(
                    "There is not enough space on the disk.",
                    where=path,
                    received=f"{disk.free:,} bytes free",
                    expected=f"{size:,} bytes",
                )
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
            mode = 0o666 if old is None else stat.S_IMODE(old.st_mode) & 0o777
            self.handle = os.open(self.temporary, flags, mode)
            try:
                if old is not None:
                    self._take_over(old, mode)
                _sweep(path.parent, os.fstat(self.handle).st_mtime)
            except BaseException:
                self.close()
                raise

    def _take_over(self, old: os.stat_result, mode: int) -> None:
        """Owner and mode of the old file."""
        if not hasattr(os, "fchmod"):  # Windows has none of this
            return
        mine = os.fstat(self.handle)
        if (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
            with contextlib.suppress(OSError):  # only root may give files away
                os.fchown(self.handle, old.st_uid, old.st_gid)
        os.fchmod(self.handle, mode)

    def write(self, data: Any) -> int:
        """Write all of a buffer; its length."""
        octets = _octets(data)
        with _told(self.path):
            _write_all(self.handle, octets)
        return len(octets)

    def commit(self) -> None:
        """Take the place of the file."""
        with _told(self.path):
            if self.durable:
                _sync(self.handle)
            handle, self.handle = self.handle, -1
            os.close(handle)
            _rename(self.temporary, self.path)
        if self.durable:
            _sync_folder(self.path)

    def close(self) -> None:
        """Leave nothing behind, complete or not."""
        with contextlib.suppress(OSError):
            if self.handle >= 0:
                handle, self.handle = self.handle, -1
                os.close(handle)
        with contextlib.suppress(OSError):
            os.unlink(self.temporary)


class Nowhere(Sibling):
    """What takes the place of a sibling where another process writes the file."""

    def __init__(self, path: Path):
        self.path = path

    def write(self, data: Any) -> int:
        return len(_octets(data))

    def commit(self) -> None:
        pass

    def close(self) -> None:
        pass


def _write_all(handle: int, rest: memoryview) -> None:
    while rest:
        written = os.write(handle, rest)  # may be a part of it
        if not written:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]


def _octets(buffer: Any) -> memoryview:
    view = memoryview(buffer)
    return view.cast("B") if view.nbytes else memoryview(b"")


def _old(path: Path) -> os.stat_result | None:
    """What lies at the path, if that may be replaced.

    Raises:
        FileError: for a folder, a device or a pipe, and for a file that may not be written to.
    """
    try:
        old = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(old.st_mode):
        raise FileError("This is a folder.", where=path, fix="name a file in it")
    if not stat.S_ISREG(old.st_mode):
        raise FileError(
            "This is no regular file.",
            where=path,
            received="a device, a pipe or a socket",
            fix="name a file that may be replaced",
        )
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return old


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the system in words."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise FileError(
                "There is not enough space on the disk.",
                where=path,
                received=error.strerror,
                fix="free some space, or choose a folder on another disk",
            ) from error
        raise FileError(
            "The file cannot be written; an older one is as it was.",
            where=path,
            received=error.strerror or str(error),
            fix="choose a folder that exists and that you may write to",
        ) from error


def _rename(temporary: Path, path: Path) -> None:
    """Give a file the name of another; on Windows that waits for programs that read the other."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return os.replace(temporary, path)
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _sync(handle: int) -> None:
    """Bring a file to the disk."""
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):  # some disks do not know it
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)


def _sync_folder(path: Path) -> None:
    """Bring the new name of a file to the disk."""
    if os.name != "posix":
        return
    try:
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise FileError(
                "The file is written, but it may not outlive a power failure.",
                where=path,
                received=error.strerror or str(error),
                fix="write it to another disk as well",
            ) from error


@functools.cache
def _place() -> str:
    """The machine since it started, and the space in which its processes have their numbers."""
    known = [socket.gethostname()]
    with contextlib.suppress(OSError):
        known.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        known.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:12]


def _sweep(folder: Path, now: float) -> None:
    """Remove what dead processes left in a folder, at most once a minute.

    Args:
        folder: only siblings of this module are looked at.
        now: by the clock of that file system.
    """
    if time.monotonic() - _swept.get(folder, -_MINUTE) < _MINUTE:
        return
    _swept[folder] = time.monotonic()
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if (match := _SIBLING.fullmatch(entry.name)) is None:
                continue
            with contextlib.suppress(OSError):
                age = now - entry.stat(follow_symlinks=False).st_mtime
                if age > _patience(match):
                    os.unlink(entry.path)


def _patience(sibling: re.Match[str]) -> float:
    """Seconds after which a sibling is nobody's: no process has been able to complete it."""
    if sibling["place"] != _place() or os.name != "posix":
        return _DAY  # of another machine, or from before it was started again
    try:
        os.kill(int(sibling["process"]), 0)
    except ProcessLookupError:
        return _MINUTE
    except (OSError, OverflowError):  # it lives, and belongs to another user
        pass
    return math.inf
