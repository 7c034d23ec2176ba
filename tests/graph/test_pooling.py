"""Pooling against Keras on JAX, with ties and padding; second derivatives against PyTorch."""

import jax
import numpy as np
import pytest

from grafito import graph
from grafito.errors import ArgumentError, ShapeError, UnknownNameError
from grafito.graph import pooling

rng = np.random.default_rng(0)
OPTIONS = [
    {"pool_size": 2},
    {"pool_size": 2, "padding": "same"},
    {"pool_size": (3, 2), "strides": 1},
    {"pool_size": 3, "strides": 2, "padding": "same"},
    {"pool_size": (2, 3), "strides": (3, 1), "padding": "same"},
    {"pool_size": 1, "strides": 2},
]


def value_and_slope(function, x):
    placeholder = graph.placeholder(x.shape, dtype="float64", name="x")
    y = function(placeholder)
    g = graph.constant(np.random.default_rng(1).normal(size=y.shape))
    return graph.value([y, graph.gradients(y, placeholder, [g])], {"x": x})


def value_and_slope_of_jax(function, x):
    y, back = jax.vjp(function, x)
    return y, back(np.random.default_rng(1).normal(size=y.shape))[0]


def assert_all_close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, np.asarray(b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling_is_that_of_keras_where_elements_tie(keras, kind, options):
    ours, theirs = getattr(pooling, f"{kind}_pool"), getattr(keras.ops, f"{kind}_pool")
    full = {"strides": options["pool_size"], **options}  # keras.ops has a default that fails
    x = rng.integers(-3, 0, size=(2, 7, 6, 3)).astype("float64")  # many ties; all below the zeros
    assert_all_close(
        value_and_slope(lambda x: ours(x, **options), x),
        value_and_slope_of_jax(lambda x: theirs(x, **full), x),
    )


@pytest.mark.parametrize("kind", ["max", "average"])
def test_sequences_are_pooled_as_in_keras(keras, kind):
    ours, theirs = getattr(pooling, f"{kind}_pool"), getattr(keras.ops, f"{kind}_pool")
    x = rng.normal(size=(2, 8, 3))
    for arguments in ((2, 2, "valid"), (3, 2, "same"), (4, 1, "valid")):
        assert_all_close(
            value_and_slope(lambda x, a=arguments: ours(x, *a), x),
            value_and_slope_of_jax(lambda x, a=arguments: theirs(x, *a), x),
        )


def test_the_first_of_several_largest_has_the_gradient():
    x = np.zeros((1, 3, 3, 1))
    _, slope = value_and_slope(lambda x: pooling.max_pool(x, 2, 1), x)
    g = np.random.default_rng(1).normal(size=(1, 2, 2, 1))
    assert np.array_equal(slope[:, :2, :2], g)
    assert not slope[:, 2].any()
    assert not slope[:, :, 2].any()


def test_second_derivatives_are_those_of_torch(torch):
    x, u = rng.normal(size=(2, 6, 7, 3)), rng.normal(size=(2, 6, 7, 3))
    placeholder = graph.placeholder(x.shape, dtype="float64", name="x")
    leaf = torch.tensor(x, requires_grad=True)
    channels_first = leaf.permute(0, 3, 1, 2)
    functional = torch.nn.functional
    for ours, theirs in (
        (pooling.max_pool(placeholder, 3, 2), functional.max_pool2d(channels_first, 3, 2)),
        (pooling.average_pool(placeholder, 3, 2), functional.avg_pool2d(channels_first, 3, 2)),
    ):
        slope = graph.gradients(ours**3, placeholder)
        curvature = graph.gradients(slope * u, placeholder)
        (first,) = torch.autograd.grad((theirs**3).sum(), leaf, create_graph=True)
        (second,) = torch.autograd.grad((first * torch.tensor(u)).sum(), leaf)
        assert_all_close(
            graph.value([slope, curvature], {"x": x}), (first.detach().numpy(), second)
        )


def test_scatter_and_gather_are_adjoint():
    attributes = ((3, 2), (2, 1), ((1, 0), (0, 1)))
    x, h = rng.normal(size=(2, 6, 5, 3)), rng.normal(size=(2, 6, 5, 3))
    g = rng.normal(size=pooling.MaxPool(*attributes).infer_result(x.shape))
    scattered = pooling.MaxPoolScatter(*attributes).value(np, x, g)
    gathered = pooling.MaxPoolGather(*attributes).value(np, x, h)
    assert np.isclose((scattered * h).sum(), (g * gathered).sum(), rtol=1e-12)
    spread = pooling.SumPoolGradient(*attributes, x.shape).value(np, g)
    summed = pooling.SumPool(*attributes).value(np, h)
    assert np.isclose((spread * h).sum(), (g * summed).sum(), rtol=1e-12)


def test_reading_x_itself_at_its_largest_is_the_maximum():
    attributes = ((2, 2), (2, 2), ((0, 1), (0, 0)))
    x = rng.normal(size=(2, 5, 4, 3))
    gathered = pooling.MaxPoolGather(*attributes).value(np, x, x)
    assert np.array_equal(gathered, pooling.MaxPool(*attributes).value(np, x))


def test_float32_stays_and_integers_become_it():
    x = np.arange(16, dtype="uint8").reshape(1, 4, 4, 1)
    for pooled, expected in (
        (pooling.max_pool(x, 2), [5, 7, 13, 15]),
        (pooling.average_pool(x, 2), [2.5, 4.5, 10.5, 12.5]),
    ):
        assert pooled.numpy().dtype == np.float32
        assert pooled.numpy().ravel().tolist() == expected


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: pooling.max_pool(np.zeros((4, 4)), 2), ShapeError, ["max_pool", "(4, 4)"]),
        (lambda: pooling.max_pool(np.zeros((1, 4, 4, 1)), 5), ShapeError, ["(0, 0)", "same"]),
        (lambda: pooling.average_pool(np.zeros((1, 4, 1)), 0), ArgumentError, ["pool_size=0"]),
        (lambda: pooling.average_pool(np.zeros((1, 4, 1)), 2, (1, 1)), ArgumentError, ["strides"]),
        (lambda: pooling.max_pool(np.zeros((1, 4, 1)), 2, 1, "full"), UnknownNameError, ["valid"]),
    ],
)
def test_a_wrong_argument_is_named(call, kind, words):
    with pytest.raises(kind) as error:
        call()
    for word in words:
        assert word in str(error.value)
