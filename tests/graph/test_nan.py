"""What NaN among the elements makes of functions that put them in order, on every engine."""

import numpy as np
import pytest

from grafito import engines, graph
from grafito.graph.program import Graph

X = np.array([[1, np.nan, 1], [2, 2, 2], [np.inf, -np.inf, 0]], "float32")
FUNCTIONS = {
    "median": (lambda x: graph.median(x, 1), lambda x: np.median(x, 1)),
    "quantile": (lambda x: graph.quantile(x, 0.25, 1), lambda x: np.quantile(x, 0.25, 1)),
    "ends and middle": (  # NumPy makes NaN of infinite ends
        lambda x: graph.quantile(x, [0.0, 0.5, 1.0], 1),
        lambda x: np.array([[np.nan, 2, -np.inf], [np.nan, 2, 0], [np.nan, 2, np.inf]]),
    ),
    "of all": (graph.median, np.median),
    "kept": (lambda x: graph.median(x, 0, True), lambda x: np.median(x, 0, keepdims=True)),
    "sort": (graph.sort, np.sort),
    "max": (lambda x: graph.max(x, 1), lambda x: np.max(x, 1)),
}


@pytest.mark.parametrize("engine", ["reference", "llvm", "jax"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_is_not_lost(name, engine):
    if not engines.available(engine):
        pytest.skip(f"no engine {engine!r} here")
    ours, theirs = FUNCTIONS[name]
    x = graph.placeholder(X.shape, name="x")
    program = engines.get(engine).compile(Graph({"x": x}, {"y": ours(x)}, {}))
    program.bind({"x": X})
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(program.run()["y"][0], theirs(X), rtol=1e-6)
