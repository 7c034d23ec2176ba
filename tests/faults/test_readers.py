"""Data files that claim, or unpack to, more than they hold; and what is no file at all."""

from __future__ import annotations

import builtins
import errno
import gzip
import io
import lzma
import os
import resource
import struct
import time
import zipfile

import numpy as np
import pytest

from grafito.datasets.readers import archive, read_csv, read_idx
from grafito.datasets.readers.npz import read_npz
from grafito.errors import DataError, FileError
from grafito.models import load_model

READERS = {"idx": read_idx, "csv": read_csv, "npz": read_npz}


def rows(opened):
    for _ in range(80):
        opened.write(b"0,0\n" * (1 << 18))


def members(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (104857600,), }".ljust(117)
        with packed.open("x.npy", "w") as opened:
            opened.write(b"\x93NUMPY\1\0" + struct.pack("<H", 118) + header + b"\n")
            for _ in range(100):
                opened.write(bytes(1 << 20))
    return path


@pytest.mark.parametrize("kind", ["csv.gz", "csv.xz", "npz"])
def test_bombs(kind, tmp_path):
    path = tmp_path / kind
    if kind == "npz":
        members(path)
    else:
        with gzip.open(path, "wb", 9) if kind.endswith("gz") else lzma.open(path, "wb") as opened:
            rows(opened)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(FileError, match="unpacks to far more"):
        READERS[kind[:3]](path)
    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_what_unpacks_to_a_hundred_times_its_size_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "_ROOM", 0)
    text = b"".join(f"{i}.{i},0.0000000000000000000\n".encode() for i in range(5000))
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(text))
    assert read_csv(path).values.shape == (5000, 2)


@pytest.mark.parametrize("shape", [(0, 2**32 - 1, 2**32 - 1), (2**32 - 1,) * 8, (2**31 + 1,)])
def test_dimensions_that_no_array_has(shape, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape))
    with pytest.raises(FileError, match="too large"):
        read_idx(path)


def test_an_empty_array_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes([0, 0, 8, 2]) + struct.pack(">2I", 0, 28))
    assert read_idx(path).shape == (0, 28)


@pytest.mark.parametrize("kind", READERS)
def test_pipes_are_not_waited_for(kind, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="no regular file"):
        READERS[kind](tmp_path / "pipe")


@pytest.mark.parametrize("kind", READERS)
def test_folders_and_absent_files(kind, tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises((FileError, DataError)):
            READERS[kind](path)


def test_arrays_are_read_into_their_own_memory(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    found = read_npz(tmp_path / "a.npz")["x"]
    found[0] = 7
    assert found.tolist() == [7, 1, 2]


def denied(path):
    """`open` for a user who may not read the file; root may read all."""
    plain = open

    def opened(file, *args, **kwargs):
        if os.fspath(file) == os.fspath(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return plain(file, *args, **kwargs)

    return opened


@pytest.mark.parametrize("read", [load_model, read_npz, read_csv, read_idx])
def test_a_file_that_the_user_may_not_read(read, tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.touch(mode=0)
    for module in (io, builtins):
        monkeypatch.setattr(module, "open", denied(path))
    with pytest.raises(FileError, match="cannot be read") as told:
        read(path)
    assert os.strerror(errno.EACCES) in str(told.value)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="only Linux has it")
@pytest.mark.parametrize("read", [load_model, read_npz, read_csv, read_idx])
def test_a_file_whose_beginning_cannot_be_read(read):
    with pytest.raises(FileError, match=r"cannot be read|is not an npz file"):
        read("/proc/self/mem")
