"""Compiled code on disk: found again, ignored where damaged or foreign, bounded in size."""

import numpy as np
import pytest

from grafito import graph
from grafito.engines import get
from grafito.graph.program import Graph

pytest.importorskip("llvmlite")


@pytest.fixture
def entries(monkeypatch, tmp_path):
    """A function that names the entries of an empty cache of its own."""
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path))
    return lambda: sorted(path.name for path in (tmp_path / "code").iterdir())


def run(make, *arrays):
    """The result of a function of tensors, by the CPU engine."""
    xs = {f"x{i}": graph.placeholder(a.shape, a.dtype, f"x{i}") for i, a in enumerate(arrays)}
    program = get("llvm").compile(Graph(xs, {"y": make(*xs.values())}, {}))
    program.bind({f"x{i}": a for i, a in enumerate(arrays)})
    return program.run()["y"][0]


def test_code_does_not_depend_on_the_seed(entries):
    """A network that nobody gave a seed has a new one in each run, and is not compiled again."""
    step, drawn = np.array(3, "int32"), []
    for seed in (1, 2**40 + 7):
        drawn.append(run(lambda s, seed=seed: graph.random.uniform((50,), seed=seed, step=s), step))
        if len(drawn) == 1:
            before = entries()
    assert entries() == before
    assert not np.array_equal(*drawn)
