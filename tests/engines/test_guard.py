"""Compiled code stays inside its buffers: the tables once more, between pages nobody may touch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs mprotect")

HERE = Path(__file__).parent
TESTS = "value_and_gradients or special_points or any_batch or any_shape or (training_is and adam)"
TESTS += " or (test_layers and True) or (within_the_bound and 1.0 and (this or tiles))"

# The engine, lied to about the size of what lies in the arena, writes beyond its end.
SHORT = """
import guard
import numpy as np
from grafito import engines, graph
from grafito.engines.llvm.planning import memory
from grafito.graph.program import Graph

full = memory.bytes_of
if {short}:
    memory.bytes_of = lambda x, width: full(x, width) - 4 * (x.kind == "sum")
x = graph.placeholder((3, 5), name="x")
y = graph.cumsum(graph.sum(x, axis=1), axis=0)
program = engines.get("llvm").compile(Graph({{"x": x}}, {{"y": y}}, {{}}))
program.bind({{"x": np.ones((3, 5), "float32")}})
print(program.run()["y"].tolist())
"""


# Products of rows and columns that are gathered, whose positions lie in the arena.
GATHERED = """
import guard
import numpy as np
from grafito import graph
from grafito.engines.llvm import Engine
from grafito.graph.program import Graph

random = np.random.default_rng(0)
for m, k, n, turned in [(65, 749, 2048, True), (65, 2749, 2048, False), (40, 2749, 4000, True)]:
    rows = n if turned else k
    x = graph.placeholder((m, k), name="x")
    t = graph.placeholder((50, k if turned else n), name="t")
    i = graph.placeholder((rows,), "int32", name="i")
    y = graph.take(t, i, axis=0)
    feeds = {"x": random.normal(size=(m, k)), "t": random.normal(size=t.shape)}
    feeds = {name: value.astype("float32") for name, value in feeds.items()}
    feeds["i"] = random.integers(0, 50, rows).astype("int32")
    step = Graph({"x": x, "t": t, "i": i}, {"z": x @ (y.T if turned else y)}, {})
    program = Engine(threads=2).compile(step)
    program.bind(feeds)
    right = feeds["t"][feeds["i"]].astype("float64")
    right = feeds["x"] @ (right.T if turned else right)
    np.testing.assert_allclose(program.run()["z"][0], right, rtol=1e-4, atol=1e-3)
print("right")
"""

# Training steps whose columns beyond whole vectors are summed up apart.
TRAINED = """
import guard
import numpy as np
from grafito import graph
from grafito.engines.llvm import Engine
from grafito.graph.program import Graph

random = np.random.default_rng(0)
for n, k, m in [(32, 65, 17), (35, 70, 50), (33, 1703, 100), (64, 900, 19), (130, 90, 39)]:
    w = graph.Variable(guard.guarded_empty((k, m), "float32"))
    x = graph.placeholder((n, k), name="x")
    g = graph.placeholder((n, m), name="g")
    feeds = {"x": random.normal(size=(n, k)), "g": random.normal(size=(n, m))}
    feeds = {name: value.astype("float32") for name, value in feeds.items()}
    step = Graph({"x": x, "g": g}, {"y": x @ w, "d": g @ w.T}, {w: w - x.T @ g})
    program = Engine(threads=2).compile(step)
    program.bind(feeds)
    for _ in range(2):
        before = w.numpy().astype("float64")
        found = program.run()
        np.testing.assert_allclose(found["y"][0], feeds["x"] @ before, rtol=1e-3, atol=1e-2)
        np.testing.assert_allclose(found["d"][0], feeds["g"] @ before.T, rtol=1e-3, atol=1e-2)
        after = before - feeds["x"].T.astype("float64") @ feeds["g"]
        np.testing.assert_allclose(w.numpy(), after, rtol=1e-3, atol=1e-2)
print("right")
"""


def python(guard, *arguments):
    found = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    surroundings = os.environ | {"GUARD": guard, "PYTHONPATH": os.pathsep.join(found)}
    surroundings.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, *arguments], env=surroundings, capture_output=True, text=True, check=False
    )


def test_a_kernel_that_writes_beyond_its_buffer_crashes():
    assert python("end", "-c", SHORT.format(short=False)).stdout == "[[5.0, 10.0, 15.0]]\n"
    assert python("end", "-c", SHORT.format(short=True)).returncode < 0  # ended by a signal


@pytest.mark.parametrize("guard", ["end", "start"])
def test_a_prefetch_reads_no_position_beyond_the_table(guard):
    assert python(guard, "-c", GATHERED).stdout == "right\n"


@pytest.mark.parametrize("guard", ["end", "start"])
def test_columns_summed_up_apart_read_nothing_beyond(guard):
    ran = python(guard, "-c", TRAINED)
    assert ran.stdout == "right\n", ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("guard", ["end", "start"])
def test_no_kernel_leaves_its_buffers(guard):
    options = ["-q", "-p", "guard", "-p", "no:cacheprovider", "-p", "no:xdist"]
    files = [str(HERE / name) for name in ("test_llvm.py", "test_tables.py", "test_bfloat.py")]
    ran = python(guard, "-m", "pytest", *options, *files, "-k", TESTS)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
