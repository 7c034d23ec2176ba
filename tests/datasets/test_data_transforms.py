"""Splits and scaling."""

import subprocess
import sys

import numpy as np
import pytest

from grafito.datasets.transforms import (
    class_labels,
    shuffled_split,
    standardise,
    stratified_split,
)
from grafito.errors import ArgumentError, DataError

CLASSES = np.repeat([0, 1, 2], [60, 30, 10])
ONE_HOT = np.eye(3)[CLASSES]
FORMS = {
    "integers": CLASSES,
    "a column": CLASSES[:, None],
    "whole floats": CLASSES.astype(np.float32),
    "one-hot": ONE_HOT,
    "one-hot of float32": ONE_HOT.astype(np.float32),
    "text": np.array(["red", "green", "blue"])[CLASSES],
    "a list": CLASSES.tolist(),
    "truth values": CLASSES > 0,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_class_has_its_share(name):
    train, held = stratified_split(FORMS[name], 0.2, seed=5)
    assert sorted([*train, *held]) == list(range(100))
    assert (np.diff(train) > 0).all()
    assert (np.diff(held) > 0).all()
    assert np.bincount(CLASSES[held]).tolist() == [12, 6, 2] or name == "truth values"
    again = stratified_split(FORMS[name], 0.2, seed=5)
    np.testing.assert_array_equal(held, again[1])
    assert not np.array_equal(held, stratified_split(FORMS[name], 0.2, seed=6)[1])


PLAIN = {
    "continuous": np.linspace(0, 1, 50),
    "several targets": np.random.RandomState(0).uniform(size=(50, 3)),
    "images": np.zeros((50, 4, 4)),
    "a class with one member": np.r_[np.zeros(49), 1],
    "each its own class": np.arange(50),
    "more classes than held out": np.repeat(np.arange(25), 2),
    "nan": np.full(50, np.nan),
    "two hot": np.ones((50, 3)),
    "objects": np.array([[]] * 50 + [None], dtype=object)[:50],
}


@pytest.mark.parametrize("name", PLAIN)
def test_else_it_is_a_plain_sample(name):
    train, held = stratified_split(PLAIN[name], 0.1, seed=0)
    assert (len(train), len(held)) == (45, 5)
    assert sorted([*train, *held]) == list(range(50))
    np.testing.assert_array_equal(held, stratified_split(PLAIN[name], 0.1, seed=0)[1])


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_an_impossible_fraction_is_refused(fraction):
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        stratified_split(CLASSES, fraction)


@pytest.mark.parametrize("labels", [[], [1], [1, 2, 3], 5])
def test_too_few_examples_are_refused(labels):
    with pytest.raises(DataError, match="too few"):
        stratified_split(labels, 0.1)


def test_class_labels_tell_classes_from_quantities():
    np.testing.assert_array_equal(class_labels(ONE_HOT), CLASSES)
    np.testing.assert_array_equal(class_labels(CLASSES[:, None]), CLASSES)
    for name in ("continuous", "several targets", "images", "a class with one member", "nan"):
        assert class_labels(PLAIN[name]) is None


@pytest.mark.parametrize("test_split", [0, 0.2, 0.5, 0.99])
def test_shuffled_split_keeps_pairs(test_split):
    x = np.arange(200).reshape(100, 2)
    train, test = shuffled_split(x, x[:, 0] * 10, test_split, seed=113)
    assert len(train[0]) == int(100 * (1 - test_split))
    for inputs, targets in (train, test):
        np.testing.assert_array_equal(inputs[:, 0] * 10, targets)
    assert sorted([*train[1], *test[1]]) == list(range(0, 2000, 20))


@pytest.mark.parametrize("test_split", [-0.1, 1, 2])
def test_shuffled_split_refuses(test_split):
    with pytest.raises(ArgumentError, match="test_split"):
        shuffled_split(CLASSES, CLASSES, test_split, 0)


def test_standardise_measures_the_training_part_alone():
    dice = np.random.RandomState(0)
    train = dice.normal(5, 3, (500, 4))
    train[:, 2] = 7
    test = dice.normal(5, 3, (50, 4)).astype(np.float32)
    scaled, other = standardise(train, test)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 1, 0, 1])
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[2] = 1
    np.testing.assert_allclose(other, (test - mean) / deviation, rtol=1e-6, atol=1e-6)
    assert (scaled.dtype, other.dtype) == (np.float64, np.float32)
    (bytes_scaled,) = standardise(np.array([[0], [255]], np.uint8))
    assert bytes_scaled.tolist() == [[-1], [1]]
    with pytest.raises(DataError, match="empty"):
        standardise(np.zeros((0, 3)))


def test_the_choice_is_that_of_scikit_learn():
    from sklearn.model_selection import StratifiedShuffleSplit

    for seed in range(200):
        random = np.random.RandomState(seed)
        n, k = random.randint(10, 200), random.randint(1, 9)
        labels = np.r_[np.arange(k), np.arange(k), random.randint(0, k, n) ** 2 // k]
        labels = [labels, labels / 1, labels.astype(str)][seed % 3]
        fraction = random.uniform(0.1, 0.6)
        train, held = stratified_split(labels, fraction, seed)
        splitter = StratifiedShuffleSplit(1, test_size=len(held), random_state=seed)
        if min(len(held), len(train)) >= len(np.unique(labels)):
            theirs = next(splitter.split(labels, labels))
            np.testing.assert_array_equal(train, np.sort(theirs[0]))
            np.testing.assert_array_equal(held, np.sort(theirs[1]))


def test_a_split_loads_no_library():
    program = (
        "import sys, numpy as np\n"
        "from grafito import Sequential, layers\n"
        "model = Sequential([layers.Input((1,)), layers.Dense(1, 'sigmoid')])\n"
        "model.compile('sgd', 'binary_crossentropy')\n"
        "x = np.arange(20.0)[:, None] / 20\n"
        "model.fit(x, x > 0.5, validation_split=0.25, verbose=0)\n"
        "assert 'sklearn' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=100)
