"""Compressed files and tar archives, read as a stream into memory.

Nothing is ever written to disk, so a hostile member name has nowhere to go; limits on bytes and
members keep a small file that unpacks to a huge one from filling the memory.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from grafito.errors import FileError, GrafitoError

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_CHUNK = 1 << 20
_FACTOR, _ROOM = 100, 64 << 20  # data unpack to so many times their size, and small files to more
_AGAIN = "fetch or copy the file again"
# What the standard library lets out on damaged headers, besides its own error class.
_TAR_ERRORS = (tarfile.TarError, ValueError, OverflowError, LookupError, RecursionError)


@contextmanager
def open_stream(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacking gzip and xz by their first bytes, not by the name.

    Args:
        path: the file.

    Yields:
        A stream of bytes.

    Raises:
        FileError: the file is missing or, while it is read, cut short or damaged.
    """
    where = str(path)
    check_regular(path)
    try:
        with open(path, "rb") as raw:
            magic = raw.read(len(_XZ))
            raw.seek(0)
            most = most_unpacked(os.fstat(raw.fileno()).st_size)
            if magic.startswith(_GZIP):
                with gzip.GzipFile(fileobj=raw) as gz, _bounded(gz, most, path) as bounded:
                    yield bounded
            elif magic == _XZ:
                with lzma.LZMAFile(raw) as xz, _bounded(xz, most, path) as bounded:
                    yield bounded
            else:
                yield raw
    except GrafitoError:
        raise
    except EOFError as error:
        raise FileError(
            "The compressed file ends too early.", where=where, received=error, fix=_AGAIN
        ) from None
    except (gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise FileError(
            "The compressed file is damaged or has data after its end.",
            where=where,
            received=error,
            fix=_AGAIN,
        ) from None
    except OSError as error:
        raise FileError(
            "The file cannot be read.", where=where, received=error.strerror or error
        ) from None


def check_regular(path: str | Path) -> None:
    """Raise a FileError for a pipe or a device, which would be waited for."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise FileError("This is no regular file.", where=path)


def most_unpacked(size: int) -> int:
    """To how many bytes a compressed file of this size may unpack.

    Example:
        >>> most_unpacked(10_000_000)
        1067108864
    """
    return _ROOM + _FACTOR * size


def check_unpacked(path: str | Path) -> None:
    """Raise a FileError for a compressed file that is damaged, or unpacks to more than data do."""
    with open_stream(path) as stream:
        if type(stream) is _Reader:
            while stream.read(_CHUNK):
                pass


def too_much(path: str | Path, most: int) -> FileError:
    """The error for a file that unpacks to more than data do."""
    return FileError(
        "The file unpacks to far more than data do.",
        where=path,
        expected=f"at most {most} bytes",
        fix="unpack it yourself, and read what comes out",
    )


@contextmanager
def _bounded(stream: Any, most: int, path: str | Path) -> Iterator[BinaryIO]:
    """The unpacked stream, which ends with an error where it goes on for too long."""
    with _Reader(_Bounded(stream, most, path), _CHUNK) as reader:
        yield cast(BinaryIO, reader)


class _Reader(io.BufferedReader):
    """Of a compressed file."""


class _Bounded(io.RawIOBase):
    def __init__(self, stream: Any, most: int, path: str | Path):
        super().__init__()
        self.stream, self.left, self.most, self.path = stream, most, most, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.stream.readinto(buffer)
        self.left -= count
        if self.left < 0:
            raise too_much(self.path, self.most)
        return count


def read_up_to(stream: BinaryIO, count: int) -> bytearray:
    """Read `count` bytes, or fewer where the stream ends, and never hold more than arrived.

    Args:
        stream: the source.
        count: how many bytes are wanted.

    Returns:
        The bytes.

    Example:
        >>> import io
        >>> read_up_to(io.BytesIO(b"abc"), 2)
        bytearray(b'ab')
    """
    data = bytearray()
    while len(data) < count:
        chunk = stream.read(min(_CHUNK, count - len(data)))
        if not chunk:
            break
        data += chunk
    return data


def read_tar(
    path: str | Path, wanted: str, *, max_bytes: int, max_members: int = 250_000
) -> Iterator[tuple[str, bytes]]:
    """Read the expected regular members of a tar archive, one after the other.

    Args:
        path: the archive; plain, gz or xz.
        wanted: a regular expression for the full names of the expected members; all others are
            passed over.
        max_bytes: the most that the whole archive may unpack to.
        max_members: the most members that it may have.

    Yields:
        (name, bytes) in the order of the archive.

    Raises:
        FileError: the archive is damaged, too large, or has an expected member twice or as
            something else than a regular file.
    """
    pattern = re.compile(wanted)
    seen: set[str] = set()
    where = str(path)
    with open_stream(path) as stream:
        limited = _Limited(stream, max_bytes, where)
        try:
            with tarfile.open(fileobj=cast(BinaryIO, limited), mode="r|") as archive:
                for count, member in enumerate(_members(archive), start=1):
                    if count > max_members:
                        raise FileError(
                            "The archive has too many members.",
                            where=where,
                            expected=f"at most {max_members}",
                        )
                    if not pattern.fullmatch(member.name):
                        continue
                    _check_member(member, seen, where)
                    seen.add(member.name)
                    yield member.name, _content(archive, member)
        except _TAR_ERRORS as error:
            raise FileError(
                "The archive is damaged or is not a tar archive.",
                where=where,
                received=error,
                fix=_AGAIN,
            ) from None
        # The checksum of a compressed stream stands at its end, which tarfile does not read.
        while limited.read(_CHUNK):
            pass


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # else 100,000 records pile up
        yield member


def _check_member(member: tarfile.TarInfo, seen: set[str], where: str) -> None:
    # A sparse member states any length without holding it.
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        raise FileError(
            f"The archive member {member.name!r} is not a regular file.",
            where=where,
            received="a link, folder, device or sparse file",
            expected="a regular file",
        )
    if member.name in seen:
        raise FileError(f"The archive has the member {member.name!r} twice.", where=where)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    source = archive.extractfile(member)  # reading raises where the archive is cut short
    return b"" if source is None else source.read()


class _Limited:
    """A stream that refuses to give more than `limit` bytes."""

    def __init__(self, stream: BinaryIO, limit: int, where: str):
        self.stream, self.left, self.limit, self.where = stream, limit, limit, where

    def read(self, count: int) -> bytes:
        data = self.stream.read(count)
        self.left -= len(data)
        if self.left < 0:
            raise FileError(
                "The archive unpacks to more than the data set can hold.",
                where=self.where,
                expected=f"at most {self.limit} bytes",
            )
        return data
