"""Products of matrices with axes of size 0 and 1, on the CPU engine and on the reference."""

from __future__ import annotations

import numpy as np
import pytest

from grafito import graph
from grafito.engines import get
from grafito.graph.program import Graph


def case(rng: np.random.Generator) -> None:
    """x @ y with its gradients."""
    pytest.importorskip("llvmlite")
    n, k, m = (int(rng.choice([0, 1, 2, 3, 15, 16, 17, 40])) for _ in range(3))
    x, y = graph.placeholder((n, k), name="x"), graph.placeholder((k, m), name="y")
    z = x @ y
    slopes = graph.gradients(graph.sum(graph.sin(z)), [x, y])
    outputs = dict(zip(("z", "dx", "dy"), (z, *slopes), strict=True))
    arrays = {t.name: rng.normal(size=t.shape).astype("float32") for t in (x, y)}
    results = []
    for engine in ("llvm", "reference"):
        program = get(engine).compile(Graph({"x": x, "y": y}, outputs, {}))
        program.bind(arrays)
        results.append({name: np.array(value[0]) for name, value in program.run().items()})
    for name, expected in results[1].items():
        np.testing.assert_allclose(results[0][name], expected, rtol=1e-4, atol=1e-5, err_msg=name)
