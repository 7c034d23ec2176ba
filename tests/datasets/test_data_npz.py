"""The npz reader: no Python objects, and no array larger than the bytes that hold it."""

import io
import zipfile

import numpy as np
import pytest

from grafito.datasets.readers.npz import read_npz
from grafito.errors import DataError, FileError

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "empty": np.zeros((0, 3)),
    "number": np.array(7),
    "text": np.array(["one", "three"]),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_numpy_writes(tmp_path, save):
    save(tmp_path / "good.npz", **ARRAYS)
    read = read_npz(tmp_path / "good.npz")
    assert read.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype


def write(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def header(shape, descr="'<f4'"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


DAMAGED = {
    "too few bytes": npy(header("(2, 3)"), bytes(20)),
    "too many bytes": npy(header("(2, 3)"), bytes(28)),
    "a shape beyond memory": npy(header("(99999999999, 99999999999)"), bytes(4)),
    "a negative shape": npy(header("(-1,)"), bytes(4)),
    "no shape": npy("{'descr': '<f4'}", bytes(4)),
    "code in the header": npy("__import__('os').getpid()", bytes(4)),
    "an unknown type": npy(header("(1,)", "'<q9'"), bytes(4)),
    "no array": b"text",
    "an empty member": b"",
    "an unknown version": b"\x93NUMPY\x09\x00" + bytes(100),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named(tmp_path, name):
    path = write(tmp_path / "damaged.npz", ("x.npy", DAMAGED[name]))
    with pytest.raises(FileError, match=r"damaged\.npz"):
        read_npz(path)


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"<html></html>"])
def test_what_is_no_archive_is_named(tmp_path, data):
    (tmp_path / "no.npz").write_bytes(data)
    with pytest.raises(FileError, match="not an npz"):
        read_npz(tmp_path / "no.npz")


def test_python_objects_are_refused(tmp_path):
    np.savez(tmp_path / "objects.npz", x=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="Python objects"):
        read_npz(tmp_path / "objects.npz")


def test_a_bomb_is_stopped(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(1_000_000, np.uint8))
    with pytest.raises(DataError, match="too much"):
        read_npz(tmp_path / "bomb.npz", max_bytes=100_000)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(1))
    path = write(tmp_path / "twice.npz", ("x.npy", buffer.getvalue()), ("x.npy", b""))
    with pytest.raises(FileError, match="twice"):
        read_npz(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_npz(tmp_path / "nowhere.npz")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_truncation_and_random_damage_give_our_error_or_the_data(tmp_path):
    path = tmp_path / "noise.npz"
    np.savez_compressed(path, x=np.arange(50.0))
    good = path.read_bytes()
    dice = np.random.RandomState(0)
    for round_number in range(1500):
        data = bytearray(good)
        if round_number % 3 == 0:
            del data[dice.randint(len(data)) :]
        else:
            for place in dice.randint(0, len(data), dice.randint(1, 4)):
                data[place] = dice.randint(256)
        path.write_bytes(data)
        try:
            read_npz(path)
        except (FileError, DataError):
            continue
