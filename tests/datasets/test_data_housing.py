"""The tables: housing split as Keras splits it, and files that hold something else."""

import numpy as np
import pytest
from data_files import tar

from grafito.datasets import boston_housing, california_housing, pima, store
from grafito.errors import DataError, UnknownNameError

DICE = np.random.RandomState(0)
BOSTON = np.column_stack([DICE.uniform(size=(506, 13)), DICE.uniform(5, 50, 506)])
CALIFORNIA = np.column_stack([DICE.uniform(size=(20_640, 8)), DICE.uniform(2e4, 5e5, 20_640)])
PIMA = np.column_stack([DICE.randint(0, 99, (768, 8)), np.arange(768) < 268])


def text(values, delimiter=","):
    return "".join(delimiter.join(map(repr, row)) + "\n" for row in values.tolist()).encode()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path))
    return tmp_path


def keras_load(keras, monkeypatch, tmp_path, module, values, **options):
    np.savez(tmp_path / "keras.npz", x=values[:, :-1], y=values[:, -1])
    theirs = __import__(f"keras.src.datasets.{module}", fromlist=[module])
    monkeypatch.setattr(theirs, "get_file", lambda *_, **__: str(tmp_path / "keras.npz"))
    return theirs.load_data(**options)


def assert_same(ours, theirs):
    for pair, expected in zip(ours, theirs, strict=True):
        for values, wanted in zip(pair, expected, strict=True):
            assert values.dtype == wanted.dtype
            np.testing.assert_array_equal(values, wanted)


@pytest.mark.parametrize("options", [{}, {"test_split": 0.5, "seed": 1}, {"test_split": 0}])
def test_boston_is_split_as_in_keras(folder, keras, monkeypatch, options):
    (folder / "housing.data").write_bytes(text(BOSTON, "  "))
    expected = keras_load(keras, monkeypatch, folder, "boston_housing", BOSTON, **options)
    assert_same(boston_housing.load_data(**options), expected)
    assert "506 rows of 14" in str(store.verify("boston_housing")[0])


@pytest.mark.parametrize("options", [{}, {"version": "small"}, {"test_split": 0.3, "seed": 5}])
@pytest.mark.parametrize("packed", [False, True])
def test_california_is_split_as_in_keras(folder, keras, monkeypatch, options, packed):
    if packed:
        members = {"CaliforniaHousing/cal_housing.data": text(CALIFORNIA)}
        tar(folder / "cal_housing.tgz", members)
    else:
        (folder / "cal_housing.data").write_bytes(text(CALIFORNIA))
    single = CALIFORNIA.astype(np.float32)
    expected = keras_load(keras, monkeypatch, folder, "california_housing", single, **options)
    assert_same(california_housing.load_data(**options), expected)


def test_california_knows_two_versions(folder):
    with pytest.raises(UnknownNameError, match="'large'"):
        california_housing.load_data(version="larger")


def test_pima_is_split_with_both_classes_alike(folder):
    (folder / "pima-indians-diabetes.csv").write_bytes(text(PIMA.astype(int)))
    (x_train, y_train), (x_test, y_test) = pima.load_data(test_split=0.25)
    assert (x_train.shape, x_test.shape) == ((576, 8), (192, 8))
    assert (x_train.dtype, y_train.dtype) == (np.float32, np.uint8)
    assert (y_train.sum(), y_test.sum()) == (201, 67)


WRONG = {
    "boston, a row too few": ("housing.data", text(BOSTON[1:], " "), boston_housing),
    "boston, prices out of range": ("housing.data", text(BOSTON * 2, " "), boston_housing),
    "boston, a column too few": ("housing.data", text(BOSTON[:, 1:], " "), boston_housing),
    "california, a row too few": ("cal_housing.data", text(CALIFORNIA[1:]), california_housing),
    "california, other prices": ("cal_housing.data", text(CALIFORNIA / 2), california_housing),
    "pima, a label of 2": ("pima-indians-diabetes.csv", text(PIMA * 2), pima),
    "pima, a row twice": ("pima-indians-diabetes.csv", text(PIMA[[0, *range(768)]]), pima),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_hold_something_else(folder, name):
    file, data, module = WRONG[name]
    (folder / file).write_bytes(data)
    with pytest.raises(DataError, match="does not hold this data set") as caught:
        module.load_data()
    assert file in str(caught.value)


def test_an_archive_without_its_table(folder):
    tar(folder / "cal_housing.tgz", {"CaliforniaHousing/cal_housing.domain": b""})
    with pytest.raises(DataError, match="lacks its table"):
        california_housing.load_data()
