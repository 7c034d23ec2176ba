"""CIFAR-10 and CIFAR-100 archives: the version for Python (pickles) and the binary version.

Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grafito.datasets.readers.archive import read_tar
from grafito.datasets.readers.idx import check_labels
from grafito.datasets.readers.pickled import read_pickle
from grafito.errors import DataError

_PIXELS = 3 * 32 * 32
# The published archives unpack to 186 MB.
_MAX_BYTES = 256 << 20


class Batch(NamedTuple):
    """Images (n, 32, 32, 3) of uint8 and one array of n labels for each kind of label."""

    images: np.ndarray
    labels: dict[str, np.ndarray]


def read_cifar10(path: str | Path) -> tuple[Batch, Batch]:
    """Read a CIFAR-10 archive.

    Args:
        path: cifar-10-python.tar.gz or cifar-10-binary.tar.gz, the published or a re-packed one.

    Returns:
        (train, test) with 50,000 and 10,000 images, channels last, and labels named "labels".

    Raises:
        FileError: the archive is damaged.
        DataError: a batch is missing, or counts or labels are wrong.

    Source: https://www.cs.toronto.edu/~kriz/cifar.html

    Example:
        >>> train, test = read_cifar10("cifar-10-python.tar.gz")  # doctest: +SKIP
    """
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    batches = _read(path, names, {"labels": 10})
    for name, batch in batches.items():
        _check_count(batch, 10_000, f"{path}, {name}")
    train = [batches[name] for name in names[:5]]
    labels = np.concatenate([batch.labels["labels"] for batch in train])
    images = np.concatenate([batch.images for batch in train])
    return Batch(images, {"labels": labels}), batches["test_batch"]


def read_cifar100(path: str | Path) -> tuple[Batch, Batch]:
    """Read a CIFAR-100 archive, whole or a subset.

    Args:
        path: cifar-100-python.tar.gz or cifar-100-binary.tar.gz, or a subset of the same form.

    Returns:
        (train, test), channels last, with labels named "fine_labels" (0 to 99) and
        "coarse_labels" (0 to 19). The whole set has 50,000 and 10,000 images.

    Raises:
        FileError: the archive is damaged.
        DataError: a part is missing, too large, lacks a class, or its labels do not fit.

    Source: https://www.cs.toronto.edu/~kriz/cifar.html

    Example:
        >>> train, test = read_cifar100("cifar-100-python.tar.gz")  # doctest: +SKIP
    """
    batches = _read(path, ["train", "test"], {"coarse_labels": 20, "fine_labels": 100})
    for name, most in (("train", 50_000), ("test", 10_000)):
        batch, where = batches[name], f"{path}, {name}"
        if len(batch.images) > most:
            _check_count(batch, most, where)
        fine, coarse = batch.labels["fine_labels"], batch.labels["coarse_labels"]
        pairs = np.unique(np.stack([fine, coarse]), axis=1)
        if not np.array_equal(pairs[0], np.arange(100)):
            raise DataError(
                "The labels of CIFAR-100 do not fit together.",
                where=where,
                received=f"{len(np.unique(fine))} fine classes, {pairs.shape[1]} pairs",
                expected="100 fine classes, each with one coarse class",
            )
    return batches["train"], batches["test"]


def _read(path: str | Path, names: list[str], classes: dict[str, int]) -> dict[str, Batch]:
    """The batches of an archive by name; `classes` gives the kinds of labels in file order."""
    wanted = r"[\w.-]+/(" + "|".join(map(re.escape, names)) + r")(\.bin)?"
    batches: dict[str, Batch] = {}
    for member, data in read_tar(path, wanted, max_bytes=_MAX_BYTES, max_members=100):
        where = f"{path}, {member}"
        name = member.rpartition("/")[2].removesuffix(".bin")
        if name in batches:
            raise DataError(f"The archive has {name!r} twice.", where=where)
        decode = _from_binary if member.endswith(".bin") else _from_pickle
        pixels, labels = decode(data, list(classes), where)
        for kind, values in labels.items():
            check_labels(values, classes[kind], where)
        images = np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        batches[name] = Batch(images, labels)
    missing = [name for name in names if name not in batches]
    if missing:
        raise DataError(
            "The archive lacks a part of the data set.",
            where=path,
            received=", ".join(batches) or "none of its members",
            expected=", ".join(names),
            fix="fetch the archive again",
        )
    return batches


def _from_binary(data: bytes, kinds: list[str], where: str):
    width = len(kinds) + _PIXELS
    if len(data) % width:
        raise DataError(
            "The length of the batch is not a whole number of images.",
            where=where,
            received=f"{len(data)} bytes",
            expected=f"a multiple of {width}",
        )
    rows = np.frombuffer(data, np.uint8).reshape(-1, width)
    labels = {kind: rows[:, column].copy() for column, kind in enumerate(kinds)}
    return rows[:, len(kinds) :], labels


def _from_pickle(data: bytes, kinds: list[str], where: str):
    items = read_pickle(data, where)
    pixels = items.get("data")
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != _PIXELS:
        received = getattr(pixels, "shape", "no array") if "data" in items else "no entry 'data'"
        raise DataError(
            "The batch has no images of the right shape.",
            where=where,
            received=received,
            expected=f"'data' of shape (n, {_PIXELS})",
        )
    labels = {}
    for kind in kinds:
        values = items.get(kind)
        if not isinstance(values, list) or not all(type(value) is int for value in values):
            raise DataError(
                f"The batch has no list of integers {kind!r}.",
                where=where,
                received=", ".join(items)[:200],
            )
        if len(values) != len(pixels):
            raise DataError(
                "There is not one label for each image.",
                where=where,
                received=f"{len(pixels)} images, {len(values)} of {kind!r}",
            )
        # Checked as Python integers first: a label of 300 would become 44 in uint8.
        labels[kind] = np.array(values, np.int64)
    return pixels, labels


def _check_count(batch: Batch, count: int, where: str) -> None:
    if len(batch.images) != count:
        raise DataError(
            "The batch has the wrong number of images.",
            where=where,
            received=len(batch.images),
            expected=count,
        )
