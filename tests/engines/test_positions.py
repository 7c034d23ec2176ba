"""Reading and writing at positions: integers of every dtype, on both engines as in NumPy."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from grafito import engines, graph
from grafito.errors import DataError
from grafito.graph.dtypes import INTEGER
from grafito.graph.program import Graph

DTYPES = sorted(INTEGER)
X = np.arange(1, 13, dtype="float32").reshape(4, 3)


def _scattered(at, axis):
    out = np.zeros((3, 4) if axis else (4, 3), "float32")
    np.add.at(out, (slice(None), at) if axis else at, X[:3])
    return out


# The op on a table and positions, and what NumPy makes of them.
ROWS = {
    "take": (lambda x, i: graph.take(x, i), lambda i: X[i]),
    "take of columns": (lambda x, i: graph.take(x, i, axis=1), lambda i: X[:, i]),
    "take in two axes": (
        lambda x, i: graph.take(x, graph.reshape(i, (1, 3))),
        lambda i: X[i][None],
    ),
    "gradient": (
        lambda x, i: graph.gradients(graph.sum(graph.square(graph.take(x, i))), x),
        lambda i: 2 * X * np.bincount(i % 4, minlength=4)[:, None],
    ),
    "scatter": (lambda x, i: graph.scatter_add(x[:3], i, 4), lambda i: _scattered(i, 0)),
    "scatter of columns": (
        lambda x, i: graph.scatter_add(x[:3], i, 4, axis=1),
        lambda i: _scattered(i, 1),
    ),
    "one-hot": (lambda x, i: graph.one_hot(i, 4) + 0 * x[:3, :1], lambda i: i[:, None] == range(4)),
}


def run(engine, function, positions):
    x = graph.placeholder(X.shape, "float32", "x")
    i = graph.placeholder(positions.shape, str(positions.dtype), "i")
    program = engines.get(engine).compile(Graph({"x": x, "i": i}, {"y": function(x, i)}, {}))
    program.bind({"x": X, "i": positions})
    return program.run()["y"][0]


@pytest.mark.parametrize("engine", ["reference", "llvm"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ROWS)
def test_positions_of_every_dtype(name, dtype, engine):
    function, expected = ROWS[name]
    signed = dtype.startswith("int") and name != "one-hot"
    for given in [[2, 0, 2], [-1, -3, 0]] if signed else [[2, 0, 2]]:
        np.testing.assert_array_equal(
            run(engine, function, np.array(given, dtype)), expected(np.array(given))
        )


@pytest.mark.parametrize("engine", ["reference", "llvm"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [n for n in ROWS if n != "one-hot"])
def test_positions_outside_are_told(name, dtype, engine):
    function, _ = ROWS[name]
    largest = np.iinfo(dtype).max
    for wrong in [5, largest] + ([-5] if dtype.startswith("int") else []):
        with pytest.raises(DataError, match="outside") as error:
            run(engine, function, np.array([0, wrong, 1], dtype))
        assert error.value.rows["received"] == str(wrong)


@pytest.mark.parametrize("engine", ["reference", "llvm"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_classes_outside_are_zeros(dtype, engine):
    given = np.array([1, np.iinfo(dtype).max, np.iinfo(dtype).min or 9], dtype)
    result = run(engine, ROWS["one-hot"][0], given)
    assert result.tolist() == [[0, 1, 0, 0], [0] * 4, [0] * 4]
