"""IDX files, the format of MNIST: a magic number, the dimensions, then the values.

Source: https://yann.lecun.com/exdb/mnist/ ("The IDX file format").
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from grafito.datasets.readers.archive import open_stream, read_up_to
from grafito.errors import DataError, FileError, one_of

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_RANK = 8


def read_idx(path: str | Path, *, max_bytes: int = 2 << 30) -> np.ndarray:
    """Read an IDX file, plain or compressed with gzip.

    Args:
        path: the file.
        max_bytes: the most that its values may take in memory.

    Returns:
        An array with the shape and type that the file states, in native byte order.

    Raises:
        FileError: the magic number, type or rank is wrong, or the length does not fit the
            dimensions.

    Source: https://yann.lecun.com/exdb/mnist/

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "labels-idx1-ubyte")
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]))
        ...     read_idx(path).tolist()
        [7, 3]
    """
    where = str(path)
    with open_stream(path) as stream:
        dtype, shape = _read_header(read_up_to(stream, 4), stream, where)
        expected = math.prod(shape) * dtype.itemsize
        # NumPy counts the other dimensions where one is 0.
        if math.prod(filter(None, shape)) * dtype.itemsize > max_bytes:
            raise FileError(
                "The IDX file states dimensions that are too large.",
                where=where,
                received=f"{shape} of {dtype.name}, {expected} bytes",
                expected=f"at most {max_bytes} bytes",
            )
        # One byte more than needed shows trailing data.
        data = read_up_to(stream, expected + 1)
    if len(data) != expected:
        much = f"more than {expected}" if len(data) > expected else str(len(data))
        raise FileError(
            "The length of the IDX file does not fit its dimensions.",
            where=where,
            received=f"{much} bytes of values",
            expected=f"{expected} bytes for {shape} of {dtype.name}",
            fix="fetch or copy the file again",
        )
    values = np.frombuffer(data, dtype).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _read_header(magic: bytearray, stream, where: str) -> tuple[np.dtype, tuple[int, ...]]:
    if len(magic) < 4 or magic[0] or magic[1]:
        raise FileError(
            "The file is not an IDX file.",
            where=where,
            received=f"first bytes {magic.hex(' ') or 'none'}",
            expected="00 00, a type code, the rank",
        )
    code, rank = magic[2], magic[3]
    if code not in _TYPES:
        raise FileError(
            "The IDX file has an unknown type code.",
            where=where,
            received=f"0x{code:02x}",
            expected=one_of(f"0x{known:02x}" for known in _TYPES),
        )
    if not 1 <= rank <= _MAX_RANK:
        raise FileError(
            "The IDX file has an impossible rank.",
            where=where,
            received=rank,
            expected=f"1 to {_MAX_RANK} dimensions",
        )
    dimensions = read_up_to(stream, 4 * rank)
    if len(dimensions) < 4 * rank:
        raise FileError(
            "The IDX file ends inside its header.",
            where=where,
            received=f"{4 + len(dimensions)} bytes",
            expected=f"{4 + 4 * rank} bytes for {rank} dimensions",
        )
    return np.dtype(_TYPES[code]), struct.unpack(f">{rank}I", dimensions)


def read_idx_pair(
    images: str | Path, labels: str | Path, *, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Read IDX images with their labels and check that they belong together.

    Args:
        images: the file of images, uint8 of rank 3.
        labels: the file of labels, uint8 of rank 1.
        classes: how many classes there are; labels go from 0 to classes - 1.

    Returns:
        (images of shape (n, height, width), labels of shape (n,)).

    Raises:
        FileError: one of the files is damaged.
        DataError: rank, type, counts or labels are not as expected.

    Source: https://yann.lecun.com/exdb/mnist/

    Example:
        >>> x, y = read_idx_pair("images.gz", "labels.gz", classes=10)  # doctest: +SKIP
    """
    pictures = read_idx(images)
    targets = read_idx(labels)
    for array, rank, path in ((pictures, 3, images), (targets, 1, labels)):
        if array.ndim != rank or array.dtype != np.uint8:
            raise DataError(
                "The IDX file holds something other than expected.",
                where=path,
                received=f"shape {array.shape} of {array.dtype}",
                expected=f"rank {rank} of uint8",
            )
    if len(pictures) != len(targets):
        raise DataError(
            "There is not one label for each image.",
            where=f"{images} and {labels}",
            received=f"{len(pictures)} images, {len(targets)} labels",
            expected="equal counts",
        )
    check_labels(targets, classes, labels)
    return pictures, targets


def check_labels(labels: np.ndarray, classes: int, where: object) -> None:
    """Refuse labels outside 0 to classes - 1.

    Args:
        labels: integers of any shape.
        classes: how many classes there are.
        where: the file, for the error.

    Raises:
        DataError: a label is outside, with the place of the first one.

    Example:
        >>> check_labels(np.array([0, 3, 9]), 10, "labels.gz")
    """
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if outside.size:
        raise DataError(
            "A label lies outside the classes.",
            where=f"{where}, example {outside[0]}",
            received=f"{labels.flat[outside[0]]} ({outside.size} such labels)",
            expected=f"0 to {classes - 1}",
        )
