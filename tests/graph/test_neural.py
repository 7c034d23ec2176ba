"""Softmax and the cross-entropies against Keras on JAX, PyTorch and scipy, and at their edges."""

import jax
import numpy as np
import pytest
import scipy.special

from grafito import graph
from grafito.errors import ShapeError
from grafito.graph import neural

rng = np.random.default_rng(0)
LOGITS = (rng.normal(size=(6, 5)) * 4).astype("float32")
PROBABILITIES = rng.dirichlet(np.ones(5), 6).astype("float32")
SOFT = rng.dirichlet(np.ones(5), 6).astype("float32")
HARD = np.eye(5, dtype="float32")[[0, 1, 2, 3, 4, 0]]

# name: ours, that of Keras on its JAX backend, the first argument
LOSSES = {
    "softmax_cross_entropy": (
        neural.softmax_cross_entropy,
        lambda ops, z, t: ops.categorical_crossentropy(t, z, from_logits=True),
        LOGITS,
    ),
    "sigmoid_cross_entropy": (
        neural.sigmoid_cross_entropy,
        lambda ops, z, t: ops.binary_crossentropy(t, z, from_logits=True),
        LOGITS,
    ),
    "cross_entropy": (
        neural.cross_entropy,
        lambda ops, p, t: ops.categorical_crossentropy(t, p),
        PROBABILITIES * 1.5,
    ),
    "binary_cross_entropy": (
        neural.binary_cross_entropy,
        lambda ops, p, t: ops.binary_crossentropy(t, p),
        PROBABILITIES,
    ),
}


def value_and_slopes(function, x, t):
    x_in, t_in = graph.placeholder(x.shape, name="x"), graph.placeholder(t.shape, name="t")
    y = function(x_in, t_in)
    return graph.value([y, *graph.gradients(y, [x_in, t_in])], {"x": x, "t": t})


def value_and_slopes_of_keras(keras, function, x, t):
    slopes = jax.grad(lambda x, t: function(keras.ops, x, t).sum(), argnums=(0, 1))(x, t)
    return [np.asarray(a) for a in (function(keras.ops, x, t), *slopes)]


@pytest.mark.parametrize("targets", [SOFT, HARD], ids=["soft", "hard"])
@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_are_those_of_keras(keras, name, targets):
    ours, theirs, x = LOSSES[name]
    for a, b in zip(
        value_and_slopes(ours, x, targets),
        value_and_slopes_of_keras(keras, theirs, x, targets),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
def test_clipped_probabilities_are_those_of_keras(keras, name):
    ours, theirs, _ = LOSSES[name]
    rows = [[0, 1], [1, 0], [neural.EPSILON, 1 - neural.EPSILON], [1e-9, 1], [0.5, 0.5]]
    p = np.array(rows, "float32")
    t = np.array([[1, 0], [1, 0], [0.5, 0.5], [0, 1], [1, 0]], "float32")
    for a, b in zip(
        value_and_slopes(ours, p, t), value_and_slopes_of_keras(keras, theirs, p, t), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_is_that_of_scipy_along_any_axis(axis):
    x = LOGITS.astype("float64")
    graph_x = graph.constant(x)
    for ours, theirs in (
        (neural.softmax, scipy.special.softmax),
        (neural.log_softmax, scipy.special.log_softmax),
    ):
        np.testing.assert_allclose(
            graph.value(ours(graph_x, axis), dtype="float64"), theirs(x, axis), rtol=1e-14
        )


def test_second_derivatives_are_those_of_torch(torch):
    functional = torch.nn.functional
    rows = {
        "softmax": (neural.softmax, lambda z, t: functional.softmax(z, -1)),
        "log_softmax": (neural.log_softmax, lambda z, t: functional.log_softmax(z, -1)),
        "softmax_cross_entropy": (
            lambda z: neural.softmax_cross_entropy(z, SOFT.astype("float64")),
            lambda z, t: functional.cross_entropy(z, t, reduction="none"),
        ),
        "sigmoid_cross_entropy": (
            lambda z: neural.sigmoid_cross_entropy(z, SOFT.astype("float64")),
            lambda z, t: functional.binary_cross_entropy_with_logits(z, t, reduction="none"),
        ),
    }
    u = rng.normal(size=LOGITS.shape)
    for ours, theirs in rows.values():
        z = graph.placeholder(LOGITS.shape, dtype="float64", name="z")
        y = ours(z)
        weights = rng.normal(size=y.shape)
        slope = graph.gradients(y * weights, z)
        curvature = graph.gradients(slope * u, z)
        feeds = {"z": LOGITS.astype("float64")}

        leaf = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
        out = (theirs(leaf, torch.tensor(SOFT, dtype=torch.float64)) * torch.tensor(weights)).sum()
        (first,) = torch.autograd.grad(out, leaf, create_graph=True)
        (second,) = torch.autograd.grad((first * torch.tensor(u)).sum(), leaf)
        np.testing.assert_allclose(graph.value(slope, feeds), first.detach(), atol=1e-13)
        np.testing.assert_allclose(graph.value(curvature, feeds), second, atol=1e-13)


def test_huge_logits_lose_nothing():
    z = np.array([[1e4, 0, -1e4], [-3e38, 3e38, 0]], "float32")
    t = np.array([[0, 1, 0], [0, 1, 0]], "float32")
    loss, slope, _ = value_and_slopes(neural.softmax_cross_entropy, z, t)
    assert loss.tolist() == [1e4, 0]
    assert slope.tolist() == [[1, -1, 0], [0, 0, 0]]
    loss, slope, _ = value_and_slopes(neural.sigmoid_cross_entropy, z, t)
    assert loss[0].tolist() == [1e4, np.float32(np.log(2)), 0]
    assert slope[0].tolist() == [1, -0.5, 0]


def test_a_large_right_logit_keeps_its_small_loss():
    loss = neural.sigmoid_cross_entropy([20.0, -20.0], [1.0, 0.0]).numpy()
    np.testing.assert_allclose(loss, np.exp(-20), rtol=1e-6)
    loss = neural.softmax_cross_entropy([[0.0, -30.0]], [[0.0, 1.0]]).numpy()
    assert loss.tolist() == [30]


def test_a_class_that_is_ruled_out_adds_nothing():
    z, t = np.array([[0, 0, -np.inf]], "float32"), np.array([[1, 0, 0]], "float32")
    loss, slope, _ = value_and_slopes(neural.softmax_cross_entropy, z, t)
    np.testing.assert_allclose(loss, np.log(2), rtol=1e-6)
    assert slope.tolist() == [[-0.5, 0.5, 0]]
    assert neural.softmax(z).numpy().tolist() == [[0.5, 0.5, 0]]


def test_logits_and_probabilities_agree():
    pairs = (
        (neural.cross_entropy, neural.softmax, neural.softmax_cross_entropy),
        (neural.binary_cross_entropy, graph.sigmoid, neural.sigmoid_cross_entropy),
    )
    for of_probabilities, activation, of_logits in pairs:
        composed = value_and_slopes(lambda z, t: of_probabilities(activation(z), t), LOGITS, SOFT)  # noqa: B023
        for a, b in zip(composed, value_and_slopes(of_logits, LOGITS, SOFT), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: neural.cross_entropy(SOFT, [0, 1, 2, 3, 4, 0]), ["one_hot(targets, 5)", "(6,)"]),
        (lambda: neural.softmax_cross_entropy(1.0, 1.0), ["(..., classes)", "logits ()"]),
        (lambda: neural.sigmoid_cross_entropy(SOFT[:, :1], SOFT[:, 0]), ["(6, 1)", "(6,)"]),
        (lambda: neural.binary_cross_entropy(SOFT, 1.0), ["probabilities (6, 5)", "reshape"]),
    ],
)
def test_shapes_that_differ_are_named(call, words):
    with pytest.raises(ShapeError) as error:
        call()
    for word in words:
        assert word in str(error.value)


def test_integer_targets_are_probabilities_too():
    loss = neural.cross_entropy(PROBABILITIES, HARD.astype("int64"))
    assert loss.dtype == "float32"
    np.testing.assert_allclose(
        loss.numpy(), neural.cross_entropy(PROBABILITIES, HARD).numpy(), rtol=1e-7
    )
