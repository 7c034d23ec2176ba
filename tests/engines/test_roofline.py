"""The roofline: what kernels do and touch, and what a machine does at most."""

from collections import Counter

import numpy as np
import pytest

from grafito import graph, ops
from grafito.engines.llvm import bandwidth, peak, report
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.pipeline import assemble
from grafito.engines.llvm.roofline import Cost, Roofline, working_set
from grafito.graph.program import trace_graph

TILES = "+avx512f,+avx512vl,+avx512bf16,+avx2,+fma,+amx-tile,+amx-bf16"
AMX = Machine("sapphirerapids", TILES, "x86_64-unknown-linux-gnu")
AVX2 = Machine("haswell", "+avx2,+fma", "x86_64-unknown-linux-gnu")


def costs(function, machine=AVX2, **shapes):
    """The cost of each kernel of a function, by the kind of its anchor."""
    inputs = {
        name: graph.placeholder(shape, "int32" if name == "i" else "float32", name=name)
        for name, shape in shapes.items()
    }
    made = assemble(trace_graph(lambda **x: {"y": function(**x)}, inputs), machine)
    pairs = zip(made.kernels, made.calls, strict=True)
    return {k.anchor.kind if k.anchor else "": Cost.of(k, call) for k, call in pairs}, made


def test_a_product_counts_its_operations_and_its_operands_once():
    found, _ = costs(graph.matmul, x=(32, 64), y=(64, 16))
    cost = found["matmul"]
    assert cost.operations == 2 * 32 * 64 * 16
    assert cost.saved == 0
    assert cost.bytes == 4 * (32 * 64 + 64 * 16 + 32 * 16)


def test_rows_that_are_gathered_count_and_not_the_whole_table():
    found, _ = costs(lambda x, i: graph.take(x, i, axis=0) * 2.0, x=(10_000, 64), i=(32,))
    assert 4 * 32 * 64 * 2 <= found[""].bytes < 4 * 32 * 64 * 2 + 1000


def test_winograd_saves_operations():
    found, _ = costs(
        lambda x, w: ops.conv(x, w, padding="same"), x=(32, 32, 32, 64), w=(3, 3, 64, 64)
    )
    cost = found["winograd"]
    assert cost.operations == 2 * 32 * 32 * 32 * 64 * 64 * 9
    tiles = 32 * 8 * 8
    products = 2 * tiles * 36 * 64 * 64  # of tiles of 4 x 4
    transforms = cost.operations - cost.saved - products
    # Twelve of the 6 points of a row or column, some 15 additions and products each, both ways.
    assert 12 * 10 <= transforms / (tiles * (64 + 64)) <= 12 * 20


@pytest.mark.parametrize(
    ("size", "window", "strides", "dilation", "padding"),
    [
        (8, 5, 1, 1, "same"),
        (9, 5, 1, 1, "valid"),
        (12, 7, 2, 1, "same"),
        (12, 5, 1, 2, "same"),
        (5, 9, 1, 1, "same"),  # most of the windows is padding
    ],
)
def test_rows_of_padding_cost_nothing(size, window, strides, dilation, padding):
    """A plain convolution skips them; columns of padding are multiplied."""

    def convolve(x, w):
        return ops.conv(x, w, strides=strides, dilation_rate=dilation, padding=padding)

    cost = costs(convolve, x=(32, size, size, 2), w=(window, window, 2, 3))[0]["conv"]
    extent = dilation * (window - 1) + 1
    out = -(-size // strides) if padding == "same" else size - extent + 1
    before = max((out - 1) * strides + extent - size, 0) // 2 if padding == "same" else 0
    rows = sum(
        0 <= i * strides + a * dilation - before < size for i in range(out) for a in range(window)
    )
    assert cost.operations == 2 * 32 * (out * window) ** 2 * 2 * 3
    assert cost.operations - cost.saved == 2 * 32 * rows * out * window * 2 * 3


def test_a_gradient_skips_the_same_rows():
    w = graph.constant(np.ones((5, 5, 2, 3), "float32"))

    def gradient(x):
        y = ops.conv(x, w, padding="same")
        return graph.gradients(graph.sum(y * y), [x])[0]

    found, _ = costs(gradient, x=(32, 8, 8, 2))
    cost = found["conv_input_gradient"]
    assert cost.operations == found["conv"].operations == 2 * 32 * 40 * 40 * 2 * 3
    assert cost.saved == found["conv"].saved == cost.operations * 6 // 40


def test_a_step_touches_its_variables_and_not_all_examples():
    w = graph.Variable(np.zeros((64, 16), "float32"))
    _, made = costs(lambda x, i: graph.take(x, i, axis=0) @ w, x=(10_000, 64), i=(32,))
    assert working_set(made) == made.arena + 4 * 64 * 16 < 4 * 10_000 * 64


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (Cost(1000, 0, 10), (10.0, 1.0)),
        (Cost(1000, 750, 10), (2.5, 1.0)),
        (Cost(1000, 0, 10, "bfloat16"), (5.0, 1.0)),
        (Cost(1000, 0, 10, wide=True), (20.0, 1.0)),
    ],
)
def test_the_roof_is_made_of_operations_and_bytes(cost, expected):
    assert Roofline({"float32": 100.0, "bfloat16": 200.0}, 10.0).limits(cost) == expected


def test_a_time_of_the_clock_tells_no_rate():
    """A kernel of no measurable time had 128,000 GFLOP/s and 3,000,000 % of its roof."""
    _, made = costs(graph.matmul, x=(32, 64), y=(64, 16))
    roofline = Roofline({"float32": 1e11}, 1e10)
    for seconds, told in ((1e-5, "6.6 "), (0.0, "–")):
        line = next(
            line
            for line in report.measured(made, [seconds] * len(made.calls), roofline).splitlines()
            if line.startswith("matmul")
        )
        assert told in line
        assert line.endswith("%") == (seconds > 0), line


def test_this_machine_has_a_roof():
    machine = Machine()
    found = Roofline.measure(machine, 1 << 16)
    assert set(found.peaks) == set(peak.kinds(machine))
    assert min(found.peaks.values()) > 1e8
    assert found.bandwidth > 1e8
    assert bandwidth.measure(machine, 1 << 16, threads=2) > 1e8


@pytest.mark.parametrize(
    ("machine", "products"), [(AMX, p) for p in peak.kinds(AMX)] + [(AVX2, "float32")]
)
def test_loops_of_the_peak_are_products_alone(machine, products):
    """Nothing else of weight stands in the loop, in the machine's own instruction."""
    text = machine._target.emit_assembly(machine.optimize(peak.text(products, machine.width)))
    told = Counter(line.split()[0] for line in text.splitlines() if line.startswith("\t"))
    name = {"float32": "vfmadd", "bfloat16": "vdpbf16ps", "amx": "tdpbf16ps"}[products]
    number = sum(n for word, n in told.items() if word.startswith(name))
    assert number % (peak.AMX_TOTALS if products == "amx" else peak.CHAINS) == 0 < number
    assert not any(word.startswith("call") for word in told)
