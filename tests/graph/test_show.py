"""`show`: what it prints outside of training, and that it is otherwise nothing."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import graph, layers
from grafito.graph.show import Show, told

LINES = {
    "one number": (np.float32(2.5), "x: float32 2.5"),
    "whole numbers": (np.arange(3), "x: int64[3], mean 1, from 0 to 2: [0 1 2]"),
    "booleans": (np.array([True, False]), "x: bool[2], mean 0.5, from 0 to 1: [ True False]"),
    "none": (np.zeros((0, 3), "f4"), "x: float32[0, 3]"),
    "nan": (np.array([np.nan, 1.0], "f4"), "x: float32[2], mean nan, from nan to nan: [nan  1.]"),
    "many": (
        np.zeros((50, 50), "f4"),
        "x: float32[50, 50], mean 0, from 0 to 0: [0. 0. 0. 0. 0. 0. 0. 0.] ...",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_lines(name):
    array, line = LINES[name]
    assert told("x", array) == line


def test_a_layer_called_on_an_array(capsys):
    class Shows(layers.Layer):
        def call(self, x):
            graph.show(x, "alone")  # its result is not used
            return graph.show(2 * x, "double") + 1

    assert Shows()(np.ones((1, 2), "f4")).numpy().tolist() == [[3.0, 3.0]]
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("alone: float32[1, 2], mean 1")
    assert second.startswith("double: float32[1, 2], mean 2")


def test_outside_of_a_step(capsys):
    x = graph.placeholder((), name="x")
    y = graph.show(x, "x") * 2
    assert capsys.readouterr().out == ""
    assert graph.gradient(y, "x", {"x": 3.0}) == 2.0


def test_the_op_is_the_identity():
    x = graph.placeholder((2,), name="x")
    y = Show("x")(x)
    assert graph.value(y, {"x": [1.0, 2.0]}).tolist() == [1.0, 2.0]
    slope = graph.gradients(graph.sum(y * y), x)
    assert graph.value(slope, {"x": [1.0, 2.0]}).tolist() == [2.0, 4.0]
    twice = graph.gradients(graph.sum(slope), x)
    assert graph.value(twice, {"x": [1.0, 2.0]}).tolist() == [2.0, 2.0]
