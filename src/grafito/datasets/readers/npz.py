"""NumPy's npz archives, without pickles and without taking a header's word for a size."""

from __future__ import annotations

import math
import os
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from grafito.datasets.readers.archive import check_regular, most_unpacked, too_much
from grafito.errors import DataError, FileError

# What zipfile and numpy.lib.format let out on damaged files.
_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def read_npz(path: str | Path, *, max_bytes: int = 4 << 30) -> dict[str, np.ndarray]:
    """Read all arrays of an npz file.

    Args:
        path: the file.
        max_bytes: the most that all arrays together may take in memory.

    Returns:
        The arrays by name.

    Raises:
        FileError: the file is missing, damaged or no npz file.
        DataError: it holds Python objects, or more than `max_bytes`.

    Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(Path(folder, "two.npz"), x=[1, 2])
        ...     read_npz(Path(folder, "two.npz"))["x"].tolist()
        [1, 2]
    """
    check_regular(path)
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len({member.filename for member in members}) < len(members):
                raise FileError("The npz file has the same name twice.", where=path)
            total = sum(member.file_size for member in members)
            if total > max_bytes:
                raise DataError(
                    "The npz file unpacks to too much.",
                    where=path,
                    received=f"{total} bytes",
                    expected=f"at most {max_bytes} bytes",
                )
            most = most_unpacked(os.fstat(file.fileno()).st_size)
            if total > most:
                raise too_much(path, most)
            return {
                member.filename.removesuffix(".npy"): _read_member(archive, member, path)
                for member in members
            }
    except (DataError, FileError):
        raise
    except OSError as error:
        raise FileError(
            "The file cannot be read.", where=path, received=error.strerror or error
        ) from None
    except _ERRORS as error:
        raise FileError(
            "The file is damaged or is not an npz file.",
            where=path,
            received=str(error)[:200],
            fix="fetch or copy the file again",
        ) from None


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str | Path) -> np.ndarray:
    where = f"{path}, {member.filename}"
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
        if dtype.hasobject:
            raise DataError(
                "The npz file holds Python objects, which are not read: they could run code.",
                where=where,
                received=dtype,
                expected="numbers or text",
            )
        stated = math.prod(shape) * dtype.itemsize
        held = member.file_size - stream.tell()
        if stated != held:
            raise FileError(
                "The shape in the npz file does not fit its length.",
                where=where,
                received=f"{shape} of {dtype}: {stated} bytes",
                expected=f"{held} bytes",
            )
        data = bytearray(stated)
        rest = memoryview(data)
        while rest:
            count = stream.readinto(rest)  # type: ignore[attr-defined]
            if not count:
                raise EOFError(f"{member.filename} is cut short")
            rest = rest[count:]
        if stream.read(1):
            raise ValueError(f"{member.filename} is longer than it says")
    return np.ndarray(shape, dtype, buffer=data, order="F" if fortran else "C")
