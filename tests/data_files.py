"""Builds the files that the tests of the readers read, good ones and damaged ones."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np


def idx(values: np.ndarray, code: int = 8) -> bytes:
    """The bytes of an IDX file of uint8."""
    header = bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.tobytes()


def pickle2(items: dict[str, object]) -> bytes:
    """A pickle as Python 2 wrote it: byte strings, and arrays through numpy's old names."""
    body = b"".join(_pickled(key) + _pickled(value) for key, value in items.items())
    return b"\x80\x02}(" + body + b"u."


def _pickled(value: object) -> bytes:
    if isinstance(value, str):
        return b"U" + bytes([len(value)]) + value.encode("latin-1")
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, list):
        return b"](" + b"".join(map(_pickled, value)) + b"e"
    if isinstance(value, np.ndarray):
        return array_steps(value.shape, value.tobytes())
    raise TypeError(type(value))


def array_steps(shape: tuple[int, ...], data: bytes, dtype: str = "u1") -> bytes:
    """The steps that build an array in a CIFAR pickle; shape and data need not fit."""
    steps = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01("
    steps += b"".join(b"J" + struct.pack("<i", n) for n in shape)
    steps += b"tcnumpy\ndtype\n" + _pickled(dtype) + b"K\x00K\x01\x87R(K\x03U\x01|NNN"
    steps += b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
    return steps + b"T" + struct.pack("<i", len(data)) + data + b"tb"


def tar(path: Path, members: dict[str, bytes] | list[tuple[str, bytes]]) -> Path:
    """A tar archive of regular files, compressed with gzip if its name says so."""
    compressed = path.suffix in (".gz", ".tgz")
    with tarfile.open(path, "w:gz" if compressed else "w") as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def packed(data: bytes) -> bytes:
    """The bytes of a gzip file, the same at any time."""
    return gzip.compress(data, 1, mtime=0)


def gz(path: Path, data: bytes) -> Path:
    """A gzip file."""
    path.write_bytes(packed(data))
    return path


def mnist_files(folder: Path, train: int, test: int) -> Path:
    """Four small files with the names of MNIST; all images and labels are zero."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", train), ("t10k", test)):
        images = idx(np.zeros((count, 28, 28), np.uint8))
        gz(folder / f"{part}-images-idx3-ubyte.gz", images)
        gz(folder / f"{part}-labels-idx1-ubyte.gz", idx(np.zeros(count, np.uint8)))
    return folder
