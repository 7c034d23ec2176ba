"""The published files themselves, where GRAFITO_DATA has them."""

import warnings

import numpy as np
import pytest

from grafito import datasets
from grafito.datasets import store


def verified(name):
    findings = store.verify(name)
    assert findings
    assert [finding.problem for finding in findings] == [None] * len(findings)
    return findings


@pytest.mark.parametrize(
    ("name", "counts", "mean"),
    [
        ("mnist", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], 0.1307),
        ("fashion_mnist", [6000] * 10, 0.2860),
    ],
)
def test_images_of_28_x_28(real_files, name, counts, mean):
    real_files(name)
    (x_train, y_train), (x_test, y_test) = getattr(datasets, name).load_data()
    assert (x_train.shape, x_train.dtype) == ((60_000, 28, 28), np.uint8)
    assert (x_test.shape, y_test.shape) == ((10_000, 28, 28), (10_000,))
    assert np.bincount(y_train).tolist() == counts
    assert x_train.mean() / 255 == pytest.approx(mean, abs=5e-5)
    assert x_train.max() == x_test.max() == 255
    verified(name)


def test_cifar10(real_files):
    real_files("cifar10")
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert (x_train.shape, x_train.dtype) == ((50_000, 32, 32, 3), np.uint8)
    assert (y_train.shape, y_train.dtype) == ((50_000, 1), np.uint8)
    assert np.bincount(y_train[:, 0]).tolist() == [5000] * 10
    assert np.bincount(y_test[:, 0]).tolist() == [1000] * 10
    means = x_train.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=1e-4)
    assert y_train[:5, 0].tolist() == [6, 9, 9, 4, 1]
    assert x_train[0, 0, 0].tolist() == [59, 62, 63]
    assert x_test.flags.c_contiguous


@pytest.mark.parametrize(("label_mode", "classes"), [("fine", 100), ("coarse", 20)])
def test_cifar100(real_files, label_mode, classes):
    real_files("cifar100")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* is a subset of CIFAR-100")
        (x_train, y_train), (x_test, y_test) = datasets.cifar100.load_data(label_mode)
    for x, y in ((x_train, y_train), (x_test, y_test)):
        assert x.shape == (len(y), 32, 32, 3)
        assert y.shape == (len(x), 1)
        assert np.bincount(y[:, 0]).tolist() == [len(x) // classes] * classes
    means = x_train.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.507, 0.487, 0.441], atol=0.01)
    verified("cifar100")


@pytest.mark.slow
def test_imdb(real_files):
    real_files("imdb")
    (x_train, y_train), (x_test, y_test) = datasets.imdb.load_data(num_words=10_000)
    assert (x_train.shape, x_test.shape) == ((25_000,), (25_000,))
    assert np.bincount(y_train).tolist() == np.bincount(y_test).tolist() == [12_500] * 2
    assert max(map(max, x_train)) == 9999
    # The figures of Keras' own copy: mean length, and words its tokeniser finds.
    assert np.mean([len(review) for review in x_train]) == pytest.approx(238.71364)
    index = datasets.imdb.get_word_index()
    assert len(index) == 88_582
    first = "the and a of to is br in it i this that was as for with movie but film"
    assert " ".join(list(index)[:19]) == first


def test_boston_housing(real_files):
    real_files("boston_housing")
    (x_train, y_train), (x_test, _) = datasets.boston_housing.load_data()
    assert (x_train.shape, x_test.shape) == ((404, 13), (102, 13))
    assert x_train[0, :3].tolist() == [1.23247, 0.0, 8.14]
    assert y_train[:3].tolist() == [15.2, 42.3, 50.0]
    verified("boston_housing")


def test_california_housing(real_files):
    real_files("california_housing")
    (x_train, y_train), (x_test, _) = datasets.california_housing.load_data()
    assert (x_train.shape, x_test.shape) == ((16_512, 8), (4_128, 8))
    assert x_train.dtype == y_train.dtype == np.float32
    assert (y_train.min(), y_train.max()) == (14_999, 500_001)
    verified("california_housing")


def test_pima(real_files):
    real_files("pima")
    (x_train, y_train), (x_test, y_test) = datasets.pima.load_data()
    x = np.concatenate([x_train, x_test])
    missing = (x == 0).sum(axis=0)
    assert missing[1:6].tolist() == [5, 35, 227, 374, 11]
    assert (len(y_train), len(y_test)) == (614, 154)
    verified("pima")
