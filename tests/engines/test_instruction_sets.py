"""The same numbers with the registers of older processors: products, convolutions, gradients."""

import platform

import numpy as np
import pytest

pytest.importorskip("llvmlite")
from grafito import engines, graph, ops
from grafito.engines.llvm.codegen.tile import best_tile
from grafito.engines.llvm.ir.target import TARGETS
from grafito.graph.program import Graph

pytestmark = pytest.mark.usefixtures("poisoned_memory")
X86 = platform.machine() in ("x86_64", "AMD64")
SETS = {
    "this processor": {},
    "AVX2": {"cpu": "haswell", "features": "+avx2,+fma,+bmi,+bmi2,+f16c"},
    "SSE2": {"cpu": "x86-64", "features": "+sse2"},
}


def gathered(rows, inner, columns):
    """A layer on rows that an index picks, and the gradients of its weights."""
    x = graph.placeholder((rows + 5, inner), name="x")
    i = graph.placeholder((rows,), "int64", "i")
    w = graph.placeholder((inner, columns), name="w")
    y = graph.relu(graph.matmul(graph.take(x, i), w))
    return {"x": x, "i": i, "w": w}, {
        "y": y,
        "gradient": graph.gradients(graph.sum(graph.square(y)), w),
    }


def product(rows, inner, columns):
    """A product and what both operands get back."""
    x = graph.placeholder((rows, inner), name="x")
    w = graph.placeholder((inner, columns), name="w")
    y = graph.tanh(graph.matmul(x, w))
    of_x, of_w = graph.gradients(graph.sum(graph.square(y)), [x, w])
    return {"x": x, "w": w}, {"y": y, "of x": of_x, "of w": of_w}


def convolution(images, size, channels, filters, window):
    """A convolution with ReLU, the largest of each map, and the gradients of all."""
    x = graph.placeholder((images, size, size, channels), name="x")
    k = graph.placeholder((window, window, channels, filters), name="k")
    bias = graph.placeholder((filters,), name="bias")
    y = ops.max(ops.relu(ops.conv(x, k, padding="same") + bias), axis=(1, 2))
    of_x, of_k = graph.gradients(graph.sum(graph.square(y)), [x, k])
    return {"x": x, "k": k, "bias": bias}, {"y": y, "of x": of_x, "of k": of_k}


# Rows as long as a multiple of the distance at which addresses meet in the cache (1,024 numbers),
# widths that fill no vector, tiles that do not divide, one row, one column.
CASES = {
    "gathered rows that meet": (gathered, 70, 1024, 50),
    "gathered rows that meet, wide": (gathered, 33, 3072, 100),
    "gathered rows": (gathered, 45, 130, 97),
    "a narrow product": (product, 64, 1024, 7),
    "one column": (product, 37, 300, 1),
    "one row": (product, 1, 700, 46),
    "a deep product": (product, 97, 1500, 100),
    "windows of 3": (convolution, 20, 13, 9, 18, 3),
    "windows of 5": (convolution, 9, 12, 3, 6, 5),
    "one image": (convolution, 1, 9, 16, 16, 3),
}


def run(chosen, inputs, outputs, values):
    program = chosen.compile(Graph(inputs, outputs, {}))
    program.bind(values)
    return {name: array[0] for name, array in program.run().items()}


@pytest.mark.skipif(not X86, reason="instruction sets of x86-64")
@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("case", CASES)
def test_each_instruction_set_agrees_with_the_reference(case, isa):
    make, *sizes = CASES[case]
    inputs, outputs = make(*sizes)
    rng = np.random.default_rng(0)
    values = {
        name: rng.integers(0, 33, x.shape)
        if x.dtype == "int64"
        else rng.normal(size=x.shape, scale=0.1).astype("float32")
        for name, x in inputs.items()
    }
    found = run(type(engines.get("llvm"))(**SETS[isa]), inputs, outputs, values)
    expected = run(engines.get("reference"), inputs, outputs, values)
    for name, array in expected.items():
        scale = np.abs(array).max()
        np.testing.assert_allclose(found[name], array, atol=2e-5 * scale, err_msg=name)


@pytest.mark.parametrize("isa", TARGETS)
def test_sums_and_operands_of_a_tile_fit_the_registers(isa):
    target = TARGETS[isa]
    for rows in (1, 2, 7, 100):
        for columns in (1, 3, 8, 13, 16, 100, 1000):
            tile = best_tile(target, rows, columns, target.lanes)
            assert tile.rows * tile.vectors + tile.vectors + 1 <= target.registers
