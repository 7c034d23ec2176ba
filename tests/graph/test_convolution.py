"""Convolutions against Keras on JAX and PyTorch, over their options."""

import itertools

import jax
import numpy as np
import pytest

from grafito import graph
from grafito.errors import ArgumentError, ShapeError, UnknownNameError
from grafito.graph import convolution as conv

rng = np.random.default_rng(0)


def value_and_slopes(function, *arrays):
    """The value, and the gradients of its sum with random weights."""
    inputs = [
        graph.placeholder(a.shape, dtype="float64", name=f"x{i}") for i, a in enumerate(arrays)
    ]
    y = function(*inputs)
    g = np.random.default_rng(1).normal(size=y.shape)
    feeds = dict(zip(inputs, arrays, strict=True))
    return graph.value([y, *graph.gradients(y, inputs, [graph.constant(g)])], feeds)


def value_and_slopes_of_jax(function, *arrays):
    y, back = jax.vjp(function, *arrays)
    g = np.random.default_rng(1).normal(size=y.shape)
    return [np.asarray(a) for a in (y, *back(g))]


def value_and_slopes_of_torch(torch, function, *arrays):
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = function(*leaves)
    g = torch.tensor(np.random.default_rng(1).normal(size=y.shape))
    return [a.detach().numpy() for a in (y, *torch.autograd.grad(y, leaves, g))]


def assert_all_close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


OPTIONS = [
    {},
    {"strides": 2},
    {"strides": (1, 3), "padding": "same"},
    {"strides": 2, "padding": "same"},
    {"dilation": (1, 2), "padding": "same"},
    {"dilation": 2},
    {"groups": 2, "padding": "same"},
    {"groups": 4, "strides": (2, 1)},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("size", [(7, 8), (6, 5)], ids=str)
def test_conv2d_is_that_of_keras(keras, options, size):
    x = rng.normal(size=(2, *size, 4))
    kernel = rng.normal(size=(3, 2, 4 // options.get("groups", 1), 8))
    theirs = {"dilation_rate" if k == "dilation" else k: v for k, v in options.items()}
    theirs.pop("groups", None)  # Keras reads the groups off the shapes
    assert_all_close(
        value_and_slopes(lambda x, k: conv.conv2d(x, k, **options), x, kernel),
        value_and_slopes_of_jax(lambda x, k: keras.ops.conv(x, k, **theirs), x, kernel),
    )


@pytest.mark.parametrize(
    "options",
    [{}, {"strides": 2, "padding": "same"}, {"dilation": 2, "padding": "same"}, {"groups": 2}],
    ids=str,
)
def test_conv1d_is_that_of_keras(keras, options):
    x = rng.normal(size=(2, 9, 4))
    kernel = rng.normal(size=(3, 4 // options.get("groups", 1), 6))
    theirs = {"dilation_rate" if k == "dilation" else k: v for k, v in options.items()}
    theirs.pop("groups", None)
    assert_all_close(
        value_and_slopes(lambda x, k: conv.conv1d(x, k, **options), x, kernel),
        value_and_slopes_of_jax(lambda x, k: keras.ops.conv(x, k, **theirs), x, kernel),
    )


@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (1, 2), (2, 1)])
def test_causal_padding_is_that_of_keras(keras, strides, dilation):
    x, kernel = rng.normal(size=(2, 9, 3)), rng.normal(size=(3, 3, 4))
    layer = keras.layers.Conv1D(
        4, 3, strides, "causal", dilation_rate=dilation, use_bias=False, dtype="float64"
    )
    layer.build(x.shape)
    layer.set_weights([kernel])
    ours = conv.conv1d(x, kernel, strides, "causal", dilation).numpy()
    np.testing.assert_allclose(ours, np.asarray(layer(x)), rtol=1e-12)


@pytest.mark.parametrize(
    "options", [{}, {"strides": 2, "padding": "same"}, {"dilation": 2}], ids=str
)
def test_depthwise_conv2d_is_that_of_keras(keras, options):
    x, kernel = rng.normal(size=(2, 7, 6, 3)), rng.normal(size=(3, 2, 3, 2))
    theirs = {"dilation_rate" if k == "dilation" else k: v for k, v in options.items()}
    assert_all_close(
        value_and_slopes(lambda x, k: conv.depthwise_conv2d(x, k, **options), x, kernel),
        value_and_slopes_of_jax(lambda x, k: keras.ops.depthwise_conv(x, k, **theirs), x, kernel),
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strides": 2},
        {"strides": (3, 2), "padding": "same"},
        {"strides": 4, "padding": "valid"},
        {"strides": 3, "padding": "same", "output_padding": 1},
        {"strides": 2, "padding": "same", "output_padding": (3, 0)},
        {"strides": 2, "padding": "valid", "output_padding": (0, 3)},
        {"dilation": (2, 3), "padding": "same"},
    ],
    ids=str,
)
def test_conv2d_transpose_is_that_of_keras(keras, options):
    theirs = {"dilation_rate" if k == "dilation" else k: v for k, v in options.items()}
    for sizes in ((3, 2), (1, 5)):
        x, kernel = rng.normal(size=(2, 4, 3, 3)), rng.normal(size=(*sizes, 5, 3))
        assert_all_close(
            value_and_slopes(lambda x, k: conv.conv2d_transpose(x, k, **options), x, kernel),
            value_and_slopes_of_jax(
                lambda x, k: keras.ops.conv_transpose(x, k, **theirs), x, kernel
            ),
        )


def test_conv1d_transpose_is_that_of_keras(keras):
    x, kernel = rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 5, 3))
    for strides, padding, added in ((1, "valid", None), (2, "same", None), (3, "valid", 2)):
        ours = conv.conv1d_transpose(x, kernel, strides, padding, added).numpy()
        theirs = keras.ops.conv_transpose(x, kernel, strides, padding, added)
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-11, atol=1e-12)


GRID = list(itertools.product((1, 2, 3), (0, 1, 2), (1, 2), (1, 3)))


@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), GRID)
def test_the_family_is_that_of_torch(torch, stride, padding, dilation, groups):
    """The three ops, with uneven strides and paddings, and second derivatives."""
    attributes = ((stride, 1), ((padding, padding), (1, 1)), (dilation, 1), groups)
    x, kernel = rng.normal(size=(2, 8, 7, 3)), rng.normal(size=(3, 2, 3 // groups, 6))

    def theirs(x, k):
        y = torch.nn.functional.conv2d(
            x.permute(0, 3, 1, 2), k.permute(3, 2, 0, 1), None, *torch_attributes
        )
        return y.permute(0, 2, 3, 1)

    torch_attributes = ((stride, 1), (padding, 1), (dilation, 1), groups)
    op = conv.Conv2D(*attributes)
    assert_all_close(
        value_and_slopes(op, x, kernel), value_and_slopes_of_torch(torch, theirs, x, kernel)
    )

    def squared(x, k):
        slopes = graph.gradients(op(x, k) ** 3, [x, k])
        return graph.sum(slopes[0] ** 2) + graph.sum(slopes[1] ** 2)

    def squared_theirs(x, k):
        cube = (theirs(x, k) ** 3).sum()
        slopes = torch.autograd.grad(cube, [x, k], create_graph=True)
        return (slopes[0] ** 2).sum() + (slopes[1] ** 2).sum()

    for a, b in zip(
        value_and_slopes(squared, x, kernel),
        value_and_slopes_of_torch(torch, squared_theirs, x, kernel),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-9 * np.abs(b).max())


def test_the_gradients_are_the_adjoints():
    """⟨conv(x, k), y⟩ = ⟨x, input gradient(y, k)⟩ = ⟨k, kernel gradient(x, y)⟩"""
    attributes = ((2, 3), ((1, 0), (0, 2)), (2, 1), 2)
    x, k = rng.normal(size=(3, 9, 8, 4)), rng.normal(size=(3, 2, 2, 6))
    y = rng.normal(size=conv.Conv2D(*attributes).infer_result(x.shape, k.shape))
    forward = conv.Conv2D(*attributes).value(np, x, k)
    back = conv.Conv2DInputGradient(*attributes, x.shape).value(np, y, k)
    to_kernel = conv.Conv2DKernelGradient(*attributes, k.shape).value(np, x, y)
    product = (forward * y).sum()
    assert np.isclose(product, (x * back).sum(), rtol=1e-12)
    assert np.isclose(product, (k * to_kernel).sum(), rtol=1e-12)


def test_an_empty_batch_has_an_empty_result():
    x, kernel = np.zeros((0, 5, 5, 2)), rng.normal(size=(3, 3, 2, 4))
    y, dx, dk = value_and_slopes(conv.conv2d, x, kernel)
    assert y.shape == (0, 3, 3, 4)
    assert dx.shape == x.shape
    assert not dk.any()


def test_float32_stays_and_integers_become_it():
    x = np.arange(16, dtype="uint8").reshape(1, 4, 4, 1)
    y = conv.conv2d(x, np.ones((2, 2, 1, 1), "float32"))
    assert y.dtype == "float32"
    assert y.numpy().dtype == np.float32
    assert y.numpy().ravel().tolist() == [10, 14, 18, 26, 30, 34, 42, 46, 50]


X, K = np.zeros((1, 8, 8, 3)), np.zeros((3, 3, 3, 4))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: conv.conv2d(X[0], K), ShapeError, ["4 axes", "(8, 8, 3)", "expand_dims"]),
        (lambda: conv.conv1d(X, K), ShapeError, ["conv1d", "3 axes", "(n, length, channels)"]),
        (lambda: conv.conv2d(X, K[:, :, :2]), ShapeError, ["(3, 3, 2, 4)", "with 2 channels"]),
        (lambda: conv.conv2d(X.transpose(0, 3, 1, 2), K), ShapeError, ["moveaxis(x, 1, -1)"]),
        (lambda: conv.conv2d(X, K[:, :, :1], groups=3), ShapeError, ["groups=3", "3 divides"]),
        (lambda: conv.conv2d(X[:, :2], K), ShapeError, ["it would be (0, 6)", "same"]),
        (lambda: conv.conv2d(X, K, dilation=5), ShapeError, ["window (11, 11)", "(-2, -2)"]),
        (lambda: conv.conv2d(X, K, padding="SAME"), UnknownNameError, ["same, valid"]),
        (lambda: conv.conv2d(X, K, padding="causal"), UnknownNameError, ["causal"]),
        (lambda: conv.conv2d(X, K, strides=0), ArgumentError, ["strides=0", "at least 1"]),
        (lambda: conv.conv2d(X, K, strides=(1, 2, 3)), ArgumentError, ["or 2 of them"]),
        (lambda: conv.conv2d(X, K, strides=1.5), ArgumentError, ["strides=1.5"]),
        (lambda: conv.depthwise_conv2d(X, K[:, :, :1]), ShapeError, ["with 1 channels", "M"]),
        (lambda: conv.conv2d_transpose(X, K), ShapeError, ["filters, channels", "4 channels"]),
        (
            lambda: conv.conv2d_transpose(X[:, :1], K[:2, :2, :, :3], 2, "same", 0),
            ShapeError,
            ["would be empty", "(0, 14)"],
        ),
    ],
)
def test_a_wrong_argument_is_named(call, kind, words):
    with pytest.raises(kind) as error:
        call()
    for word in words:
        assert word in str(error.value)
