"""The IDX reader against good and damaged files."""

import gzip
import struct

import numpy as np
import pytest
from data_files import gz, idx

from grafito.datasets.readers.idx import read_idx, read_idx_pair
from grafito.errors import DataError, FileError

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
GOOD = idx(IMAGES)


@pytest.mark.parametrize("compressed", [False, True])
def test_reads_plain_and_gz(tmp_path, compressed):
    path = tmp_path / "any-name"
    path.write_bytes(gzip.compress(GOOD) if compressed else GOOD)
    values = read_idx(path)
    np.testing.assert_array_equal(values, IMAGES)
    assert values.dtype == np.uint8
    values[0] = 0  # the arrays are the caller's to change


@pytest.mark.parametrize(
    ("code", "dtype"),
    [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")],
)
def test_reads_every_type(tmp_path, code, dtype):
    values = np.array([1, 2, 100], ">" + dtype)
    path = tmp_path / "values"
    path.write_bytes(idx(values, code))
    read = read_idx(path)
    assert read.dtype == np.dtype(dtype)
    assert read.tolist() == [1, 2, 100]


def test_an_empty_dimension_is_read(tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(idx(np.zeros((0, 28, 28), np.uint8)))
    assert read_idx(path).shape == (0, 28, 28)


DAMAGED = {
    "empty": (b"", "not an IDX file"),
    "three bytes": (GOOD[:3], "not an IDX file"),
    "wrong magic": (b"\x89PNG" + GOOD[4:], "not an IDX file"),
    "a web page": (b"<html>please log in</html>", "not an IDX file"),
    "type code 7": (b"\0\0\x07\x03" + GOOD[4:], "type code"),
    "rank 0": (b"\0\0\x08\x00" + GOOD[4:], "rank"),
    "rank 255": (b"\0\0\x08\xff" + GOOD[4:], "rank"),
    "cut in the header": (GOOD[:9], "inside its header"),
    "cut in the values": (GOOD[:-1], "23 bytes of values"),
    "no values": (GOOD[:16], "0 bytes of values"),
    "one byte more": (GOOD + b"\0", "more than 24"),
    "twice": (GOOD + GOOD, "more than 24"),
    "dims too large": (GOOD[:4] + struct.pack(">3I", 2, 3, 5) + GOOD[16:], "24 bytes of values"),
    "dims beyond memory": (GOOD[:4] + b"\xff" * 12 + GOOD[16:], "too large"),
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named(tmp_path, name, compressed):
    data, message = DAMAGED[name]
    path = tmp_path / "damaged-idx"
    path.write_bytes(gzip.compress(data) if compressed else data)
    with pytest.raises(FileError, match=message) as caught:
        read_idx(path)
    assert "damaged-idx" in str(caught.value)


PACKED = gzip.compress(GOOD)
DAMAGED_GZ = {
    "cut short": PACKED[:-3],
    "cut in the stream": PACKED[:20],
    "cut in the header": PACKED[:5],
    "wrong checksum": PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:],
    "wrong length": PACKED[:-1] + b"\x01",
    "trailing garbage": PACKED + b"garbage",
    "a second member": PACKED + gzip.compress(b"more"),
    "flipped bit in the stream": PACKED[:18] + bytes([PACKED[18] ^ 4]) + PACKED[19:],
}


@pytest.mark.parametrize("name", DAMAGED_GZ)
def test_damaged_gz_is_named(tmp_path, name):
    path = tmp_path / "damaged.gz"
    path.write_bytes(DAMAGED_GZ[name])
    with pytest.raises(FileError, match=r"damaged\.gz"):
        read_idx(path)


def test_every_flipped_bit_of_a_gz_is_caught_or_harmless(tmp_path):
    path = tmp_path / "flipped.gz"
    for bit in range(8 * len(PACKED)):
        data = bytearray(PACKED)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            values = read_idx(path)
        except FileError:
            continue
        # The rest are bits of the gzip header that say nothing about the content.
        np.testing.assert_array_equal(values, IMAGES)


def test_a_bomb_does_not_fill_the_memory(tmp_path):
    head = b"\0\0\x08\x01" + struct.pack(">I", 10_000_000)
    path = gz(tmp_path / "bomb", head + bytes(10_000_000))
    with pytest.raises(FileError, match="too large"):
        read_idx(path, max_bytes=1_000_000)


@pytest.mark.parametrize("kind", ["missing", "a folder"])
def test_an_unreadable_path_is_named(tmp_path, kind):
    path = tmp_path if kind == "a folder" else tmp_path / "nowhere"
    with pytest.raises(FileError, match="cannot be read"):
        read_idx(path)


LABELS = np.array([0, 9], np.uint8)
PAIRS = {
    "good": (IMAGES, LABELS, None),
    "one label too few": (IMAGES, LABELS[:1], "2 images, 1 labels"),
    "a label outside": (IMAGES, np.array([0, 10], np.uint8), "example 1"),
    "exchanged": (LABELS, IMAGES, "rank 3"),
    "images of rank 2": (IMAGES[0], LABELS, "rank 3"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_images_and_labels_belong_together(tmp_path, name):
    images, labels, message = PAIRS[name]
    (tmp_path / "images").write_bytes(idx(images))
    (tmp_path / "labels").write_bytes(idx(labels))
    if message is None:
        x, y = read_idx_pair(tmp_path / "images", tmp_path / "labels", classes=10)
        assert x.shape == (2, 3, 4)
        assert y.tolist() == [0, 9]
    else:
        with pytest.raises(DataError, match=message):
            read_idx_pair(tmp_path / "images", tmp_path / "labels", classes=10)
