"""CIFAR archives: both versions, damaged ones, and pickles that want to run code."""

import io
import pickle
import tarfile
import warnings

import numpy as np
import pytest
from data_files import array_steps, pickle2, tar

from grafito.datasets import cifar100
from grafito.datasets.readers.cifar import read_cifar10, read_cifar100
from grafito.datasets.readers.pickled import read_pickle
from grafito.errors import DataError, FileError

COUNT = 10_000
DICE = np.random.RandomState(0)
# One row of bytes for all images of a batch keeps the archives small.
PIXELS = np.tile(DICE.randint(0, 256, (1, 3072), np.uint8), (COUNT, 1))
LABELS = [number % 10 for number in range(COUNT)]
NAMES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
FINE = [number % 100 for number in range(200)]
COARSE = [number // 5 for number in FINE]


@pytest.fixture(scope="module")
def batch():
    return pickle2({"batch_label": "batch", "labels": LABELS, "data": PIXELS})


@pytest.fixture(scope="module")
def binary_batch():
    return np.column_stack([np.array(LABELS, np.uint8), PIXELS]).tobytes()


def cifar100_part(fine=FINE, coarse=COARSE):
    return pickle2(
        {
            "fine_labels": list(fine),
            "coarse_labels": list(coarse),
            "data": PIXELS[: len(fine)],
            "batch_label": "a",
        }
    )


def expected_images(count):
    image = PIXELS[0].reshape(3, 32, 32)
    return np.broadcast_to(image.transpose(1, 2, 0), (count, 32, 32, 3))


@pytest.mark.parametrize("version", ["python", "binary"])
def test_both_versions_of_cifar10(tmp_path, version, batch, binary_batch):
    data, ending = (batch, "") if version == "python" else (binary_batch, ".bin")
    members = {f"cifar-10/{name}{ending}": data for name in reversed(NAMES)}
    train, test = read_cifar10(tar(tmp_path / "cifar.tar", members))
    assert train.images.shape == (50_000, 32, 32, 3)
    assert train.images.dtype == np.uint8
    np.testing.assert_array_equal(test.images, expected_images(COUNT))
    np.testing.assert_array_equal(test.labels["labels"], LABELS)
    np.testing.assert_array_equal(train.labels["labels"], LABELS * 5)


def test_both_versions_of_cifar100(tmp_path):
    python = {f"c/{name}": cifar100_part() for name in ("train", "test")}
    rows = np.column_stack([COARSE, FINE, PIXELS[:200]]).astype(np.uint8).tobytes()
    binary = {f"c/{name}.bin": rows for name in ("train", "test")}
    for members in (python, binary):
        for part in read_cifar100(tar(tmp_path / "cifar.tar", members)):
            np.testing.assert_array_equal(part.images, expected_images(200))
            np.testing.assert_array_equal(part.labels["fine_labels"], FINE)
            np.testing.assert_array_equal(part.labels["coarse_labels"], COARSE)


def test_a_subset_of_cifar100_is_loaded_and_said(tmp_path, monkeypatch):
    members = {f"c/{name}": cifar100_part() for name in ("train", "test")}
    tar(tmp_path / "cifar-100-subset-python.tar.gz", members)
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path))
    with pytest.warns(UserWarning, match="subset of CIFAR-100: 200 of 50000"):
        (x_train, y_train), (_, y_test) = cifar100.load_data("coarse")
    assert x_train.shape == (200, 32, 32, 3)
    assert y_train.shape == (200, 1)
    assert y_train.dtype == np.int64
    assert y_test.max() == 19
    with pytest.raises(ValueError, match="'coarse'"):
        cifar100.load_data("course")


def test_the_whole_of_cifar100_is_loaded_in_silence(tmp_path, monkeypatch):
    """A made archive with as many images as the published one, and the same form."""
    parts = {"train": 50_000, "test": 10_000}
    members = {}
    for name, count in parts.items():
        fine = [number % 100 for number in range(count)]
        pixels = np.repeat(PIXELS, count // COUNT, axis=0)
        kinds = {"fine_labels": fine, "coarse_labels": [label // 5 for label in fine]}
        members[f"cifar-100-python/{name}"] = pickle2({**kinds, "data": pixels})
    path = tmp_path / "cifar-100-python.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=0) as archive:  # blank images shrink too far
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (x_train, y_train), (x_test, y_test) = cifar100.load_data()
    assert x_train.shape == (50_000, 32, 32, 3)
    assert x_test.shape == (10_000, 32, 32, 3)
    assert np.unique(y_train).size == np.unique(y_test).size == 100
    np.testing.assert_array_equal(x_train[-1], expected_images(1)[0])
    assert cifar100.check(path) == "50,000 training and 10,000 test images of 32 x 32 x 3"


SHORT = {"labels": [1, 2], "data": PIXELS[:2]}
BAD_BATCHES = {
    "a missing label": {"labels": [1], "data": PIXELS[:2]},
    "a label outside": {"labels": [1, 10], "data": PIXELS[:2]},
    "a negative label": {"labels": [-1, 1], "data": PIXELS[:2]},
    "a label that wraps round in uint8": {"labels": [256, 1], "data": PIXELS[:2]},
    "labels of text": {"labels": ["a", "b"], "data": PIXELS[:2]},
    "no labels": {"data": PIXELS[:2]},
    "no data": {"labels": [1, 2]},
    "data of another width": {"labels": [1, 2], "data": PIXELS[:2, :100]},
    "data of text": {"labels": [1, 2], "data": "pixels"},
    "too few images": SHORT,
}


@pytest.mark.parametrize("name", BAD_BATCHES)
def test_a_bad_batch_of_cifar10_is_named(tmp_path, name):
    members = {f"c/{batch}": pickle2(BAD_BATCHES[name]) for batch in NAMES}
    with pytest.raises(DataError, match="data_batch_1"):
        read_cifar10(tar(tmp_path / "cifar.tar", members))


def test_missing_and_doubled_batches_are_named(tmp_path, binary_batch):
    members = {f"c/{name}.bin": binary_batch for name in NAMES[:5]}
    with pytest.raises(DataError, match="lacks a part"):
        read_cifar10(tar(tmp_path / "cifar.tar", members))
    members["other/data_batch_1.bin"] = binary_batch
    with pytest.raises(DataError, match="twice"):
        read_cifar10(tar(tmp_path / "cifar.tar", members))
    with pytest.raises(DataError, match="multiple of 3073"):
        read_cifar10(tar(tmp_path / "cifar.tar", {"c/test_batch.bin": binary_batch[:-1]}))


@pytest.mark.parametrize(
    ("fine", "coarse"),
    [
        (FINE, COARSE[:100] + COARSE[5:100] + COARSE[:5]),
        ([0] * 200, COARSE),
        ([label % 99 for label in FINE], COARSE),
    ],
)
def test_labels_of_cifar100_that_do_not_fit(tmp_path, fine, coarse):
    members = {f"c/{name}": cifar100_part(fine, coarse) for name in ("train", "test")}
    with pytest.raises(DataError, match="do not fit together"):
        read_cifar100(tar(tmp_path / "cifar.tar", members))


class Hostile:
    """What a pickle can do to `pickle.load`: call anything while it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_runs_nothing(tmp_path, protocol):
    target = tmp_path / "written-by-the-pickle"
    data = pickle.dumps({"data": Hostile(target)}, protocol)
    with pytest.raises(FileError, match="nothing in it was run"):
        read_pickle(data, "hostile")
    assert not target.exists()
    members = {f"c/{name}": data for name in NAMES}
    with pytest.raises(FileError, match="nothing in it was run"):
        read_cifar10(tar(tmp_path / "cifar.tar", members))
    assert not target.exists()
    pickle.loads(data)["data"].close()
    assert target.exists(), "the pickle of this test does no harm, so the test shows nothing"


def entry(steps):
    return b"\x80\x02}U\x04data" + steps + b"s."


HOSTILE = {
    "os.system": entry(b"cos\nsystem\nU\x04true\x85R"),
    "posix.system, by stack": entry(b"\x8c\x05posix\x8c\x06system\x93U\x04true\x85R"),
    "an instance": entry(b"(ios\nsystem\nU\x04truet"),
    "an object": entry(b"(cos\nsystem\nU\x04trueo"),
    "builtins.eval": entry(b"cbuiltins\neval\nU\x041+11\x85R"),
    "numpy.load": entry(b"cnumpy\nload\nU\x01x\x85R"),
    "ndarray called": entry(b"cnumpy\nndarray\nK\x09\x85\x85R"),
    "NEWOBJ": entry(b"cnumpy\nndarray\nK\x09\x85\x85\x81"),
    "an extension": entry(b"\x82\x01"),
    "a persistent id": entry(b"Pid\n"),
    "a string called": entry(b"U\x03abcK\x01\x85R"),
    "build on a string": entry(b"U\x03abcK\x01\x85b"),
    "build on a list": entry(b"]K\x01\x85b"),
    "an array of objects": entry(array_steps((1,), b"x", dtype="O8")),
    "an array of text": entry(array_steps((1,), b"x", dtype="S1")),
    "an array larger than its bytes": entry(array_steps((2**30, 2**10), b"xx")),
    "an array smaller than its bytes": entry(array_steps((1,), b"xx")),
    "a negative shape": entry(array_steps((-1, -2), b"xx")),
    "a shape without end": entry(array_steps((0, 2**31 - 1, 2**31 - 1, 2**31 - 1), b"")),
    "a string beyond the end": entry(b"T\xff\xff\xff\x7fabc"),
    "a string of negative length": entry(b"T\xff\xff\xff\xffabc"),
    "a number of many digits": entry(b"I" + b"9" * 5000 + b"\n"),
    "a memo that is not there": entry(b"h\x07"),
    "nothing on the stack": b"\x80\x02s.",
    "a mark that is not there": b"\x80\x02e.",
    "too few for a tuple": b"\x80\x02\x87.",
    "an odd dictionary": b"\x80\x02}(U\x01au.",
    "a list as key": b"\x80\x02}]K\x01s.",
    "not a dictionary": b"\x80\x02].",
    "two values": b"\x80\x02}}.",
    "no end": b"\x80\x02}",
    "bytes after the end": b"\x80\x02}.more",
    "an unknown step": b"\x80\x02\xff.",
    "empty": b"",
    "a web page": b"<html></html>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_pickle_with_anything_else_is_refused(name):
    with pytest.raises(FileError, match="the file"):
        read_pickle(HOSTILE[name], "the file")


def test_too_many_steps_are_refused(monkeypatch):
    monkeypatch.setattr("grafito.datasets.readers.pickled._MAX_STEPS", 100)
    with pytest.raises(FileError, match="more steps"):
        read_pickle(b"\x80\x02" + b"}" * 200 + b".", "many")


def test_every_truncation_and_random_damage_gives_our_error():
    good = pickle2({"labels": [1, 2], "data": np.arange(6, dtype=np.uint8).reshape(2, 3)})
    for length in range(len(good)):
        with pytest.raises(FileError):
            read_pickle(good[:length], "cut")
    dice = np.random.RandomState(1)
    for _ in range(3000):
        data = bytearray(good)
        for place in dice.randint(0, len(data), 3):
            data[place] = dice.randint(256)
        try:
            items = read_pickle(bytes(data), "noise")
        except FileError:
            continue
        assert isinstance(items, dict)


def test_fortran_order_is_kept():
    values = np.arange(6, dtype=np.uint8).reshape(2, 3)
    steps = array_steps((2, 3), values.tobytes("F")).replace(b"\x89T", b"\x88T")
    np.testing.assert_array_equal(read_pickle(entry(steps), "F")["data"], values)


def test_repeated_strings_come_from_the_memo():
    steps = b"](U\x01ar\x00\x01\x00\x00j\x00\x01\x00\x00U\x01bq\xffh\xffe"
    data = b"\x80\x02}q\x01(U\x09filenamesq\x02" + steps + b"u."
    assert read_pickle(data, "memo") == {"filenames": ["a", "a", "b", "b"]}
