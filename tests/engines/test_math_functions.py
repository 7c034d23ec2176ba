"""Functions of vectors are right to two units in the last place of float32, everywhere."""

import platform

import numpy as np
import pytest
import scipy.special

pytest.importorskip("llvmlite")

from grafito import graph
from grafito.engines.llvm import Engine
from grafito.graph.program import Graph

X86 = platform.machine().lower() in ("x86_64", "amd64")
CPUS = [{}, {"cpu": "x86-64", "features": "+sse2"}] if X86 else [{}]  # with and without fma
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e-40, -1e-40, 3e38, np.inf, -np.inf, np.nan]


def samples():
    """Numbers of all exponents, many of usual size, and those where functions have their edges."""
    rng = np.random.default_rng(0)
    every = np.arange(0, 2**32, 20011, dtype="uint64").astype("uint32").view("float32")
    usual = [rng.uniform(-s, s, 50_000) for s in (1e-3, 0.1, 1, 3, 10, 100)]
    edges = [88.7, 88.72284, 88.8, -87.3, -87.5, -103.9, -104.1, 16.9, 0.55, 0.549999, 2.0**20]
    rest = np.concatenate([*usual, SPECIAL, edges, np.negative(edges)]).astype("float32")
    return np.concatenate([every, rest])


X = samples()
FUNCTIONS = {  # the same in double precision, and the largest error in units of the last place
    "exp": (np.exp, 1.2),
    "expm1": (np.expm1, 1.6),
    "log": (np.log, 1),
    "log1p": (np.log1p, 1),
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "tanh": (np.tanh, 1.6),
    "sigmoid": (scipy.special.expit, 2),
    "softplus": (lambda x: np.logaddexp(0, x), 2),
    "erf": (scipy.special.erf, 1),
    "erfinv": (lambda x: np.copysign(scipy.special.erfinv(x), x), 1),
    "sqrt": (np.sqrt, 0.5),
}


def run(function, arrays, cpu):
    xs = {f"x{i}": graph.placeholder(a.shape, "float32", f"x{i}") for i, a in enumerate(arrays)}
    program = Engine(**cpu).compile(Graph(xs, {"y": function(*xs.values())}, {}))
    program.bind({f"x{i}": a for i, a in enumerate(arrays)})
    return program.run()["y"][0]


def assert_right(ours, exact, bound):
    """Within the bound where the result is a number, and otherwise the same."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = exact.astype("float32")
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(ours[~finite], rounded[~finite])
    zero = rounded == 0
    np.testing.assert_array_equal(np.signbit(ours[zero]), np.signbit(rounded[zero]))
    errors = np.abs(ours[finite] - exact[finite]) / np.spacing(np.abs(rounded[finite]))
    assert np.max(errors) <= bound


@pytest.mark.parametrize("cpu", CPUS, ids=lambda cpu: cpu.get("cpu", "this"))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_right_to_the_last_places(name, cpu):
    function, bound = FUNCTIONS[name]
    ours = run(getattr(graph, name), [X], cpu)
    with np.errstate(all="ignore"):
        exact = function(X.astype("float64"))
    assert_right(ours, exact, bound)
    if (exact[X == 0] == 0).all():  # an odd function keeps the sign of zero
        assert np.signbit(ours[X == 0]).tolist() == np.signbit(X[X == 0]).tolist()


@pytest.mark.parametrize("cpu", CPUS, ids=lambda cpu: cpu.get("cpu", "this"))
def test_powers_are_right_to_the_last_place(cpu):
    rng = np.random.default_rng(1)
    bases, exponents = np.meshgrid([*SPECIAL, 1e30, -7.0], [*SPECIAL, 2.5, 3.0, 1e7, -7.0])
    x = [*bases.flat, *rng.uniform(0, 10, 50_000), *rng.uniform(-5, 5, 50_000)]
    y = [*exponents.flat, *rng.uniform(-20, 20, 50_000), *rng.integers(-20, 20, 50_000)]
    x, y = np.array(x, "float32"), np.array(y, "float32")
    with np.errstate(all="ignore"):
        exact = np.power(x.astype("float64"), y.astype("float64"))
    assert_right(run(graph.power, [x, y], cpu), exact, 0.51)
