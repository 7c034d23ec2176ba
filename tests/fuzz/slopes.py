"""Slopes of random formulas at special points, of two orders, against PyTorch in float64.

Left out is what PyTorch settles otherwise. Where the value is NaN a slope means nothing: ours are
0 or NaN, PyTorch's are those of what is not NaN. Its mixed second slopes of powers are 0 at an
exponent of 0, where ours are right. `xlogy` is written out for it: it counts 0 · ∞ as 0 in the
slope, and gives no logarithm to a negative number times 0. Where its slope is not finite, the chain
rule has no answer, and ours may be finite. At infinite points second slopes are not compared.
"""

from __future__ import annotations

import numpy as np
import pytest

from grafito import graph
from grafito.engines import get
from grafito.graph.program import Graph

SHORT = 160  # cases of the short form

POINTS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, np.inf, -np.inf, 2.0**-30]
ONE = [
    *["exp", "log", "sqrt", "tanh", "sigmoid", "square", "abs", "relu", "sin", "log1p"],
    *["expm1", "erf"],
]
TWO = ["add", "subtract", "multiply", "divide", "power", "xlogy", "maximum", "minimum"]


def formula(rng, depth: int):
    """A function of a library (graph or torch), x and y."""
    if depth == 0:
        which = int(rng.integers(3))
        number = float(rng.choice([0.0, 1.0, 2.0, 3.0, 0.5, -1.0, 1.5]))
        return lambda f, x, y: (x, y, f("constant")(number))[which]
    if rng.random() < 0.5:
        name, inner = str(rng.choice(ONE)), formula(rng, depth - 1)
        return lambda f, x, y: f(name)(inner(f, x, y))
    name, left, right = str(rng.choice(TWO)), formula(rng, depth - 1), formula(rng, depth - 1)
    return lambda f, x, y: f(name)(left(f, x, y), right(f, x, y))


def in_torch(torch, function, point):
    """Value, slopes and second slopes; NaN where there is none."""
    xs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in point]
    zeros = []  # whether an exponent was 0

    def power(x, y):
        zeros.append(bool(y == 0))
        return torch.pow(x, y)

    def xlogy(x, y):
        nothing = (x == 0) & ((y <= 0) | (y == np.inf))
        return x * torch.log(torch.where(nothing, 1.0, y))

    own = {"power": power, "xlogy": xlogy, "constant": lambda v: xs[0].new_tensor(v)}
    value = function(lambda name: own.get(name) or getattr(torch, name), *xs)
    kept = {"allow_unused": True, "create_graph": True, "materialize_grads": True}
    first = torch.autograd.grad(value, xs, **kept) if value.requires_grad else [value * 0] * 2
    second = []
    for slope in first:
        usable = slope.requires_grad
        second += torch.autograd.grad(slope, xs, **kept) if usable else [slope.detach() * 0] * 2
    second = [np.nan * s for s in second] if any(zeros) else second
    return [float(v.detach()) for v in (value, *first, *second)]


def ours(engine: str, function, point):
    """The same by an engine."""
    xs = [graph.placeholder((), "float64", name) for name in "xy"]
    own = {"constant": lambda v: graph.constant(v, "float64")}
    value = function(lambda name: own.get(name) or getattr(graph, name), *xs)
    first = graph.gradients(value, xs, unconnected="zero")
    second = [s for slope in first for s in graph.gradients(slope, xs, unconnected="zero")]
    outputs = {str(i): z for i, z in enumerate([value, *first, *second])}
    program = get(engine).compile(Graph(dict(zip("xy", xs, strict=True)), outputs, {}))
    program.bind({name: np.float64(v) for name, v in zip("xy", point, strict=True)})
    return [float(v[0]) for v in program.run().values()]


def check_power_at_zero(rng: np.random.Generator) -> None:
    """(a x) ** (c y) at y = 0, where PyTorch leaves out the mixed slope, by its formulas."""
    a, c = (float(v) for v in rng.choice([0.5, 1.0, 2.0, 3.0], 2))
    x = float(rng.choice([0.25, 1.0, 2.0, 3.0]))
    engine = str(rng.choice(["reference", "reference", "llvm"]))

    def function(f, x, y):
        return f("power")(f("constant")(a) * x, f("constant")(c) * y)

    log = c * np.log(a * x)
    expected = [1.0, 0.0, log, 0.0, c / x, c / x, log**2]
    found = ours(engine, function, (x, 0.0))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=f"{a} {c} {x}")


def case(rng: np.random.Generator) -> None:
    """One formula at one point: the engines agree, and PyTorch with them where it is finite."""
    torch = pytest.importorskip("torch")
    if rng.random() < 0.1:
        return check_power_at_zero(rng)
    function = formula(rng, int(rng.integers(1, 3)))
    point = [float(v) for v in rng.choice(POINTS, 2)]
    reference = ours("reference", function, point)
    near = {"rtol": 1e-9, "atol": 1e-12}
    if rng.random() < 0.3:  # compiling takes longer
        pytest.importorskip("llvmlite")
        np.testing.assert_allclose(ours("llvm", function, point), reference, **near)
    witness = in_torch(torch, function, point)
    order = range(7) if np.isfinite([*witness, *point]).all() else range(3)
    order = [0] if np.isnan(witness[0]) else order
    for i in order:
        if i == 0 or np.isfinite(witness[i]):
            np.testing.assert_allclose(reference[i], witness[i], **near, err_msg=f"{i} at {point}")
