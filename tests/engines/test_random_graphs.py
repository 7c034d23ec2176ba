"""Random graphs, with their gradients, compute on the CPU engine what they do on the reference."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

pytest.importorskip("llvmlite")

from fuzz.graphs import EXACT, RULES, check, make

from grafito import Sequential, graph, layers, seeds


class Drawn:
    """Choices that Hypothesis makes, and makes simpler where something is wrong."""

    def __init__(self, draw):
        self.draw = draw

    def one(self, options):
        return self.draw(st.sampled_from(options))

    def whole(self, low, high):
        return self.draw(st.integers(low, high))


@st.composite
def graphs(draw, rules=RULES):
    """Inputs, and some of the tensors computed from them."""
    return make(Drawn(draw), rules)


SETTINGS = {"suppress_health_check": list(hypothesis.HealthCheck)}


@hypothesis.given(graphs())
@hypothesis.settings(max_examples=80, **SETTINGS)
def test_random_graphs(made):
    check(*made, "normal", threads=1)


@hypothesis.given(graphs(EXACT), st.sampled_from(["sparse", "ties", "constant", "zero"]))
@hypothesis.settings(max_examples=40, **SETTINGS)
def test_random_graphs_at_kinks_and_ties(made, data):
    check(*made, data, threads=1)


@pytest.mark.parametrize("order", [(0, 1, 3, 2), (3, 0, 1, 2), (2, 1, 0, 3)])
@pytest.mark.parametrize("n", [2, 16, 17])
def test_transposed_images(order, n):
    """Images are stored as lanes; what reads them in another order gets them by rows."""
    x = graph.placeholder((n, 4, 6, 3), "float64", "x0")
    pooled = graph.max_pool(graph.sin(x), 2, 1, "same")
    turned = graph.transpose(pooled, order)
    results = [graph.sum(turned, axis=0), turned, pooled * graph.reshape(turned, x.shape)]
    check([x], results, "normal", threads=1)


def test_a_slice_that_takes_all():
    """A step along an axis of one element leaves nothing out."""
    x = graph.placeholder((1, 3, 1), "float64", "x0")
    check([x], [graph.sin(x), x[0:1:2, :, 0:1:3]], "normal", threads=1)


def test_a_step_along_a_batch_of_one_image():
    x = graph.placeholder((1, 7, 7, 4), "float64", "x0")
    pooled = graph.max_pool(graph.tanh(x), 2, 1, "same")
    check([x], [pooled, graph.sin(pooled[0:1:2, ::3, 1:, :])], "normal", threads=1)


def test_a_batch_that_leaves_lanes_empty_is_reduced():
    """Several blocks at a time are no way here: the last one has fewer images than lanes."""
    x = graph.placeholder((1004, 4, 4, 3), "float64", "x0")
    pooled = graph.average_pool(graph.tanh(x), 2, 2, "valid")
    largest = graph.max(graph.exp(graph.reshape(pooled, (1004, 12))), axis=1)
    check([x], [largest], "normal", threads=1)


def image(x):
    return graph.max_pool(x, 2)


ONE = {  # of one image, and of the same without its first axis, together
    "[0] of a pool": lambda x: [image(x)[0]],
    "[0] of a mean": lambda x: [graph.average_pool(x, 2)[0]],
    "[0], overlapping": lambda x: [graph.max_pool(x, 3, 1, "same")[0]],
    "squeeze of a relu": lambda x: [graph.squeeze(graph.relu(kernel(x)), 0)],
    "squeeze of a tanh": lambda x: [graph.squeeze(graph.tanh(kernel(x)), 0)],
    "reshape": lambda x: [graph.reshape(image(x), image(x).shape[1:])],
    "and back": lambda x: [graph.expand_dims(graph.sin(image(x)[0]), 0) * image(x)],
    "with what it is of": lambda x: [image(x) + image(x)[0]],
    "less its mean over images": lambda x: [kernel(x) - graph.mean(kernel(x), axis=0)],
    "relu, less its mean": lambda x: [graph.relu(kernel(x)) - graph.mean(kernel(x), axis=0)],
    "as a sequence": lambda x: [graph.sin(graph.max_pool(graph.reshape(x, (1, 8, 24)), 2)[0])],
    "slices of the first axis": lambda x: [graph.tanh(image(x)[0:1])[0], image(x)[0:] * 2.0],
    "flipped": lambda x: [graph.tanh(graph.flip(image(x), 0)) * image(x)],
    "transposed": lambda x: [graph.sin(graph.transpose(image(x), (1, 0, 2, 3)))[:, 0]],
    "taken": lambda x: [graph.tanh(graph.take(image(x), np.array([0, 0]))) * image(x)],
    "broadcast": lambda x: [image(x) + graph.constant(np.zeros((3, 1, 1, 1))), image(x)[0] * 2.0],
    "end to end": lambda x: [graph.sin(graph.concatenate([image(x), image(x)[:0]], 0))[0]],
    "through a pool again": lambda x: [image(graph.expand_dims(graph.sin(image(x)[0]), 0))],
}


def kernel(x):
    return graph.conv2d(x, graph.constant(np.sin(np.arange(81.0)).reshape(3, 3, 3, 3)))


@pytest.mark.parametrize("name", ONE)
def test_a_batch_of_one_loses_its_axis(name):
    x = graph.placeholder((1, 8, 8, 3), "float64", "x0")
    check([x], ONE[name](x), "normal", threads=1)


@pytest.mark.parametrize(
    "loss",
    [
        lambda t, p: graph.mean(graph.square(p[0] - t[0])),
        lambda t, p: graph.mean(graph.square(graph.squeeze(p) - graph.squeeze(t))),
        lambda t, p: graph.mean(graph.abs(graph.sin(p[0] * 3.0) - t[0])),
    ],
    ids=["first", "squeezed", "bent"],
)
def test_a_last_batch_of_one(loss):
    """33 examples make a batch of 32 and one of one."""
    weights = []
    for name in ("llvm", "reference"):
        seeds.set_seed(0)
        model = Sequential([layers.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="relu")])
        model.add(layers.MaxPooling2D(2))
        model.compile("sgd", loss=loss, engine=name)
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(33, 8, 8, 1)), rng.normal(size=(33, 3, 3, 4))
        model.fit(x.astype("float32"), y.astype("float32"), epochs=2, verbose=0)
        weights.append(model.get_weights())
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-5, 1e-6)
