"""Ops on integers, booleans and Python numbers at the ends of their dtypes, on both engines."""

from __future__ import annotations

import operator
import warnings

import numpy as np
import pytest

from grafito import graph
from grafito.engines import get
from grafito.errors import ArgumentError, RangeError
from grafito.graph.dtypes import FLOATING, INTEGER, holds, numpy_dtype
from grafito.graph.program import Graph

SHORT = 100  # cases of the short form

ARITHMETIC = {
    "+": (operator.add, np.add),
    "-": (operator.sub, np.subtract),
    "*": (operator.mul, np.multiply),
    "//": (operator.floordiv, np.floor_divide),
    "%": (operator.mod, np.mod),
    "max": (graph.maximum, np.maximum),
    "min": (graph.minimum, np.minimum),
}
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
MANY = {
    "sum": (graph.sum, lambda x: sum(map(int, x))),
    "cumsum": (lambda x: graph.cumsum(x)[-1], lambda x: sum(map(int, x))),
    "prod": (lambda x: graph.prod(x[:2]), lambda x: int(x[0]) * int(x[1])),
    "matmul": (lambda x: graph.matmul(x[:2], x[:2]), lambda x: int(x[0]) ** 2 + int(x[1]) ** 2),
}


def run(result, /, **feeds):
    """The value by both engines, which agree."""
    inputs = {name: x for name, (x, _) in feeds.items()}
    values = []
    for engine in ("llvm", "reference"):
        program = get(engine).compile(Graph(inputs, {"result": result}, {}))
        program.bind({name: array for name, (_, array) in feeds.items()})
        values.append(program.run()["result"][0])
    assert values[0].dtype == values[1].dtype == result.dtype
    np.testing.assert_array_equal(values[0], values[1])
    return values[1]


def integers(rng, dtype: str, n: int) -> np.ndarray:
    """Numbers of which many lie at an end of the dtype or near 0."""
    bounds = np.iinfo(dtype)
    ends = [int(bounds.min), int(bounds.max), int(bounds.max) - 1, 0, 1, 2, 7]
    ends += [] if bounds.min == 0 else [-1, -2, int(bounds.min) + 1]
    return np.array([int(rng.choice(np.array(ends, dtype))) for _ in range(n)], dtype)


def nearest(x: float, dtype: str) -> int:
    """What a float becomes in an integer dtype."""
    bounds = np.iinfo(dtype)
    if np.isnan(x) or np.isinf(x):
        return 0 if np.isnan(x) else int(bounds.max if x > 0 else bounds.min)
    return min(max(int(x), int(bounds.min)), int(bounds.max))


def check_floats(rng: np.random.Generator, dtype: str) -> None:
    """Floats of all sizes become integers, and sums of bfloat16 are rounded once."""
    before = str(rng.choice(FLOATING))
    ends = [np.nan, np.inf, -np.inf, 0.5, -0.5, *(s * 2.0**k for k in range(64) for s in (1, -1))]
    a = (rng.choice(ends, 17) * rng.choice([1, 1, 1.25])).astype(numpy_dtype(before))
    x = graph.placeholder((17,), before, "x")
    found = run(graph.cast(x, dtype), x=(x, a))
    assert found.tolist() == [nearest(float(v), dtype) for v in a], (before, dtype, a)
    ones = graph.placeholder((700,), "bfloat16", "ones")
    b = rng.integers(0, 3, 700).astype(numpy_dtype("bfloat16"))
    exact = np.sum(b.astype("float64")).astype(numpy_dtype("bfloat16"))
    assert run(graph.sum(ones), ones=(ones, b)) == exact


def case(rng: np.random.Generator) -> None:
    """One op of two arrays, of an array and a number, or over an array; or a power."""
    pytest.importorskip("llvmlite")
    dtype = str(rng.choice(INTEGER))
    n = int(rng.choice([1, 2, 3, 8, 17]))
    a, b = integers(rng, dtype, n), integers(rng, dtype, n)
    x, y = graph.placeholder((n,), dtype, "x"), graph.placeholder((n,), dtype, "y")
    number = int(rng.choice([-1, 0, 1, 3, 127, 255])) * int(rng.choice([1, 2, 2**9, 2**33, 2**40]))
    kinds = [list(ARITHMETIC), list(MANY), ["number"], ["power"], ["compare"], ["floats"]]
    name = str(rng.choice(kinds[rng.integers(len(kinds))]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy tells of what wraps
        if name in ARITHMETIC:
            ours, witness = ARITHMETIC[name]
            np.testing.assert_array_equal(run(ours(x, y), x=(x, a), y=(y, b)), witness(a, b))
        elif name in MANY and (n > 1 or name in ("sum", "cumsum")):
            ours, exact = MANY[name]
            found, expected = run(ours(x), x=(x, a)), exact(a)
            if holds("uint64" if dtype == "uint64" else "int64", expected):
                assert int(found) == expected, (name, a, found)
        elif name == "power":
            exponent = (0, 1, 2, 3, 0.5, 1.0, 2.0, 2.0, 3.0, -1, -1, -2)[rng.integers(12)]
            if exponent < 0:
                with pytest.raises(ArgumentError):
                    x**exponent
                return
            number = np.array(exponent, dtype if isinstance(exponent, int) else "float32")
            found, expected = run(x**exponent, x=(x, a)), a.astype(np.result_type(number)) ** number
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, 1e-6 if found.dtype.kind == "f" else 0)
        elif name == "floats":
            check_floats(rng, dtype)
        elif name == "compare":
            f = COMPARISONS[rng.integers(len(COMPARISONS))]
            assert run(f(x, number), x=(x, a)).tolist() == [f(int(v), number) for v in a]
        else:
            ours, witness = list(ARITHMETIC.values())[rng.integers(len(ARITHMETIC))]
            if holds(dtype, number):
                z = ours(x, number)
                np.testing.assert_array_equal(run(z, x=(x, a)), witness(a, np.array(number, dtype)))
            else:
                with pytest.raises(RangeError):
                    ours(x, number)
