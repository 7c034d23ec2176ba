"""Made data by their properties: shapes, types, geometry, and one seed, one result."""

import numpy as np
import pytest

from grafito.datasets import digits, generators
from grafito.errors import ArgumentError

RANDOM = {
    "moons": generators.moons,
    "circles": generators.circles,
    "spirals": generators.spirals,
}


@pytest.mark.parametrize("name", RANDOM)
def test_random_generators(name):
    make = RANDOM[name]
    x, y = make(200, seed=3)
    assert (x.shape, x.dtype) == ((200, 2), np.float32)
    assert (y.shape, y.dtype) == ((200,), np.uint8)
    assert np.bincount(y).tolist() == [100, 100]
    again, labels = make(200, seed=3)
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(y, labels)
    assert not np.array_equal(x, make(200, seed=4)[0])
    assert len(set(y[:100].tolist())) == 2, "the classes come mixed"


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("wrong", [{"samples": 1}, {"noise": -0.1}])
def test_random_generators_refuse(name, wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        RANDOM[name](**wrong)


def test_moons_without_noise_are_half_circles():
    x, y = generators.moons(300, noise=0)
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.linalg.norm(upper, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(lower - [1, 0.5], axis=1), 1, atol=1e-6)
    assert (upper[:, 1] > -1e-6).all()
    assert (lower[:, 1] < 0.5 + 1e-6).all()


def test_circles_have_their_radii():
    x, y = generators.circles(300, noise=0, factor=0.3)
    np.testing.assert_allclose(np.linalg.norm(x[y == 0], axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(x[y == 1], axis=1), 0.3, atol=1e-6)
    with pytest.raises(ArgumentError, match="factor"):
        generators.circles(factor=1.5)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_spirals_lie_on_their_arms(classes):
    x, y = generators.spirals(500, classes=classes, turns=2, noise=0)
    radius = np.linalg.norm(x, axis=1)
    assert radius.max() <= 1 + 1e-6
    turn = np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi)
    off = turn - 2 * radius - y / classes
    np.testing.assert_allclose(off, np.round(off), atol=1e-3)
    assert np.ptp(np.bincount(y)) <= 1


@pytest.mark.parametrize("wrong", [{"classes": 1}, {"turns": 0}, {"samples": 2, "classes": 3}])
def test_spirals_refuse(wrong):
    with pytest.raises(ArgumentError):
        generators.spirals(**wrong)


def test_xor_is_the_parity_of_two():
    x, y = generators.xor()
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.tolist() == [[0], [1], [1], [0]]
    assert x.dtype == y.dtype == np.float32


@pytest.mark.parametrize("bits", [1, 2, 5, 10])
def test_parity(bits):
    x, y = generators.parity(bits)
    assert x.shape == (2**bits, bits)
    assert y.shape == (2**bits, 1)
    assert len(np.unique(x, axis=0)) == 2**bits
    np.testing.assert_array_equal(x.sum(axis=1) % 2, y[:, 0])


@pytest.mark.parametrize("bits", [0, -1, 21])
def test_parity_refuses(bits):
    with pytest.raises(ArgumentError, match="bits"):
        generators.parity(bits)


def test_logistic_map():
    series = generators.logistic_map(2000, x0=0.2)
    assert series[0] == 0.2
    np.testing.assert_array_equal(series[1:], 4 * series[:-1] * (1 - series[:-1]))
    # x = sin(t)**2 turns the map for r = 4 into the doubling of t.
    t = np.arcsin(np.sqrt(0.2))
    np.testing.assert_allclose(series[:20], np.sin(2.0 ** np.arange(20) * t) ** 2, atol=1e-9)
    assert 0 <= series.min() < 0.01
    assert 0.99 < series.max() <= 1
    assert generators.logistic_map(500, 0.3, r=2)[-1] == pytest.approx(0.5)
    assert generators.logistic_map(1).tolist() == [0.1]


@pytest.mark.parametrize("wrong", [(0,), (5, -0.1), (5, 1.1), (5, 0.5, 4.1), (5, 0.5, -1)])
def test_logistic_map_refuses(wrong):
    with pytest.raises(ArgumentError, match="length"):
        generators.logistic_map(*wrong)


def test_ice_creams_lie_near_a_line():
    x, y = generators.ice_creams()
    assert x.shape == y.shape == (16, 1)
    assert x.dtype == y.dtype == np.float32
    assert (x.sum(), y.sum()) == (515.5, 439)
    slope, shift = np.polyfit(x[:, 0], y[:, 0], 1)
    assert slope == pytest.approx(2.0, abs=0.1)
    assert shift == pytest.approx(-36, abs=3)


def test_digits():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, x_train.dtype) == ((1438, 8, 8), np.uint8)
    assert (x_test.shape, y_test.dtype) == ((359, 8, 8), np.uint8)
    assert (x_train.min(), x_train.max()) == (0, 16)
    shares = np.bincount(y_test) / np.bincount(y_train)
    np.testing.assert_allclose(shares, 0.25, atol=0.02)
    together = np.concatenate([x_train, x_test]).astype(np.int64).sum()
    (a, _), (b, _) = digits.load_data(test_split=0.5, seed=1)
    assert (len(a), len(b)) == (899, 898)
    assert together == a.astype(np.int64).sum() + b.astype(np.int64).sum()
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        digits.load_data(test_split=0)
