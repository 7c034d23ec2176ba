"""Graphs that the tests of figures draw, and what a drawing shows of them."""

from __future__ import annotations

import random

import numpy as np
from matplotlib.patches import PathPatch

from grafito import graph
from grafito.figures import Diagram, Edge, Node

NEURON = {"w0": 1.45, "x0": 2.8, "w1": -0.35, "x1": -1.8, "b": -4.0}


def neuron(activation):
    """Course exercise 1: two inputs, two weights, a bias, an activation."""
    w0, x0, w1, x1, b = (graph.placeholder((), name=name) for name in NEURON)
    return activation(w0 * x0 + w1 * x1 + b)


def logistic():
    """The same with the sigmoid written out."""
    return neuron(lambda z: 1 / (1 + graph.exp(-z)))


def dense_layer():
    """Course exercise 2: W x + b, sigmoid, mean squared error; feed `x`."""
    x = graph.placeholder((2,), name="x")
    w = graph.Variable([[-0.2, 2.0], [-0.5, -0.3]], name="W", dtype="float64")
    b = graph.Variable([-4.0, -1.0], name="b", dtype="float64")
    with graph.scope("dense"):
        z = w @ x + b
        with graph.scope("sigmoid"):
            output = graph.sigmoid(z)
    with graph.scope("mean_squared_error"):
        loss = graph.mean(graph.square(output - graph.constant([0.0, 0.0])))
    return z, output, loss


def network(layers, skip=True):
    """Dense layers with an activation of several ops, and a way around the second layer."""
    h = graph.placeholder((2,), name="x")
    outputs = []
    for i in range(layers):
        with graph.scope(f"dense_{i}"):
            kernel = graph.Variable([[0.2, 1.0], [-0.5, 0.3]], name=f"dense_{i}/kernel")
            bias = graph.Variable([0.1, -0.1], name=f"dense_{i}/bias")
            z = h @ kernel + bias
            with graph.scope("elu"):
                h = graph.where(z > 0, z, graph.expm1(z))
        outputs.append(h)
    if skip:
        with graph.scope("add"):
            h = h + outputs[0]
    return h


def softmax_by_hand(n):
    """Every exponential is read twice and the sum n times: not planar in layers."""
    powers = [graph.exp(graph.placeholder((), name=f"z{i}")) for i in range(n)]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    shares = [power / total for power in powers]
    return graph.stack(shares)


def xor():
    """2-2-1 network, neuron by neuron: 30 nodes."""
    x = [graph.placeholder((), name=f"x{i}") for i in range(2)]

    def unit(name, inputs):
        with graph.scope(name):
            z = graph.Variable(0.1, name="b")
            for i, value in enumerate(inputs):
                z = z + graph.Variable(0.5 - i, name=f"w{i}") * value
            return graph.tanh(z)

    return unit("output", [unit(f"hidden {j}", x) for j in range(2)])


def random_diagram(seed, nodes=20):
    """A diagram with groups, long edges, wide labels and matrices."""
    chance = random.Random(seed)
    texts = ("", "1.000", "-12.345", "[1.000 -2.000]", "[1.000 -2.000]\n[0.500 10.000]")
    made, edges = [Node("0", "x", "input")], []
    for i in range(1, nodes):
        depth = chance.choice((0, 1, 1, 2))
        groups = tuple(chance.choice("AB") + str(i // 6) for _ in range(depth))
        label = chance.choice(("+", "exp", "tanh", "reshape", "a long name"))
        made.append(Node(str(i), label, groups=groups))
        for _ in range(chance.choice((1, 1, 2, 3))):
            source = max(0, i - 1 - int(chance.expovariate(0.4)))
            edges.append(Edge(str(source), str(i), chance.choice(texts), chance.choice(texts)))
    return Diagram(tuple(made), tuple(edges))


def boxes(figure):
    """Kind, name and bounding box (x0, y0, x1, y1), in points, of all that has a gid."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    found = []
    for artist in [thing for axes in figure.axes for thing in [*axes.texts, *axes.patches]]:
        kind, _, name = (artist.get_gid() or "").partition("-")
        if kind in ("node", "label", "value", "gradient", "title", "legend"):
            extent = artist.get_window_extent(renderer).extents * 72 / figure.dpi
            found.append((kind, name, extent))
    return found


def overlaps(a, b, slack=0.0):
    """Whether two boxes share more than `slack` points in each direction."""
    return bool(
        min(a[2], b[2]) - max(a[0], b[0]) > slack and min(a[3], b[3]) - max(a[1], b[1]) > slack
    )


def curves(figure):
    """Points along each arrow, in points of the page, by gid."""
    t = np.linspace(0, 1, 25)[:, None]
    for patch in [patch for axes in figure.axes for patch in axes.patches]:
        if isinstance(patch, PathPatch):
            vertices = patch.axes.transData.transform(patch.get_path().vertices) * 72 / figure.dpi
            pieces = [vertices[i : i + 4] for i in range(0, len(vertices) - 1, 3)]
            yield (
                patch.get_gid(),
                np.concatenate(
                    [
                        (1 - t) ** 3 * a
                        + 3 * t * (1 - t) ** 2 * b
                        + 3 * t**2 * (1 - t) * c
                        + t**3 * d
                        for a, b, c, d in pieces
                    ]
                ),
            )
