"""Initializers: the moments and bounds of their numbers, orthogonality, seeds, configurations."""

import math

import numpy as np
import pytest
from specs_parts import INITIALIZERS

from grafito import initializers, seeds
from grafito.errors import ArgumentError, ShapeError, UnknownNameError

rows = pytest.mark.parametrize("row", INITIALIZERS, ids=str)
RANDOM = [row for row in INITIALIZERS if row.name not in ("Zeros", "Ones", "Constant", "Identity")]
random_rows = pytest.mark.parametrize("row", RANDOM, ids=str)


def test_every_initializer_has_a_row():
    registered = {cls.__name__ for cls in initializers.registry.entries.values()}
    assert registered == {row.name for row in INITIALIZERS}


@rows
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_dtype(row, dtype):
    weight = row.build(initializers)(row.shape, dtype)
    assert (weight.shape, weight.dtype) == (row.shape, dtype)
    assert weight.numpy().shape == row.shape


@rows
def test_moments_and_bounds(row):
    seed = {} if row not in RANDOM else {"seed": 1}
    numbers = row.build(initializers, **seed)(row.shape, "float64").numpy()
    # Five deviations of the mean and of the variance of n independent numbers. The kurtosis of
    # these distributions is at most 3, so the variance has a deviation of at most √(2/n) of it.
    n = numbers.size
    assert abs(numbers.mean() - row.mean) <= 5 * math.sqrt(row.variance / n) + 1e-12
    assert abs(numbers.var() - row.variance) <= 5 * math.sqrt(2 / n) * row.variance + 1e-12
    if row.bound < math.inf:
        distances = abs(numbers - row.mean)
        assert distances.max() <= row.bound * (1 + 1e-6)
        assert not row.bound or "Normal" not in row.name or distances.max() > row.bound * 0.9


@rows
def test_configuration_round_trip(row):
    seed = {} if row not in RANDOM else {"seed": 3}
    part = row.build(initializers, **seed)
    again = initializers.deserialize(initializers.serialize(part))
    assert type(again) is type(part)
    assert again.get_config() == part.get_config()
    assert np.array_equal(again(row.shape).numpy(), part(row.shape).numpy())


@rows
def test_keras_has_the_same_arguments(keras, row):
    theirs = row.build(keras.initializers).get_config()
    expected = theirs or row.arguments  # its Identity tells nothing
    assert row.build(initializers).get_config() == expected


@random_rows
def test_a_seed_gives_the_same_numbers(row):
    first, second = (row.build(initializers, seed=s)(row.shape).numpy() for s in (5, 6))
    seeded = row.build(initializers, seed=5)
    assert np.array_equal(seeded(row.shape).numpy(), first)
    assert np.array_equal(seeded(row.shape).numpy(), first)
    assert not np.array_equal(first, second)


@random_rows
def test_without_a_seed_numbers_follow_the_stream(row):
    part = row.build(initializers)
    seeds.set_seed(11)
    first, second = part(row.shape).numpy(), part(row.shape).numpy()
    seeds.set_seed(11)
    assert np.array_equal(part(row.shape).numpy(), first)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (2, 3, 4), (2, 2, 9)])
def test_orthogonal(shape):
    q = initializers.Orthogonal(gain=2.0, seed=1)(shape, "float64").numpy().reshape(-1, shape[-1])
    gram = q.T @ q if len(q) >= shape[-1] else q @ q.T
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-13)


def test_orthogonal_matrices_are_spread_evenly():
    # The diagonal of a rotation drawn evenly has mean 0; raw QR gives negative ones.
    corners = [initializers.Orthogonal(seed=s)((2, 2)).numpy()[0, 0] for s in range(300)]
    assert abs(np.mean(corners)) < 5 * math.sqrt(0.5 / 300)


@pytest.mark.parametrize(
    "shape", [(), (7,), (3, 5), (4, 3, 5), (2, 3, 4, 5), (2, 2, 3, 4, 5)], ids=str
)
def test_fans_are_those_of_keras(keras, shape):
    from keras.src.initializers.random_initializers import compute_fans

    assert initializers.compute_fans(shape) == compute_fans(shape)


def test_constant_takes_arrays():
    values = np.arange(6.0).reshape(2, 3)
    part = initializers.Constant(values)
    assert np.array_equal(part((2, 3)).numpy(), values)
    assert initializers.Constant(part.get_config()["value"])((2, 3)).numpy()[1, 2] == 5
    with pytest.raises(ShapeError, match=r"\(4, 3\)"):
        part((4, 3))


def test_names():
    assert type(initializers.get("glorot_uniform")) is initializers.GlorotUniform
    assert initializers.zeros is initializers.Zeros
    assert initializers.get(None) is None
    assert initializers.VarianceScaling(distribution="normal").distribution == "truncated_normal"
    with pytest.raises(UnknownNameError, match="'glorot_uniform'"):
        initializers.get("glorot_unifrm")


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: initializers.VarianceScaling(scale=0), "scale"),
        (lambda: initializers.VarianceScaling(mode="fan"), "fan_in or fan_out or fan_avg"),
        (lambda: initializers.VarianceScaling(distribution="cauchy"), "untruncated_normal"),
        (lambda: initializers.Identity()((2, 2, 2)), "two sizes"),
        (lambda: initializers.Orthogonal()((3,)), "two sizes"),
        (lambda: initializers.RandomNormal(seed=-1)((3,)), "seed"),
        (lambda: seeds.set_seed(-1), "non-negative"),
        (lambda: seeds.set_seed("x"), "non-negative"),
    ],
)
def test_errors(build, error):
    with pytest.raises((ArgumentError, ShapeError), match=error):
        build()


def test_a_stream_without_seed_differs_from_the_last():
    seeds.set_seed(None)
    first = seeds.next_seed()
    seeds.set_seed(None)
    assert seeds.next_seed() != first
