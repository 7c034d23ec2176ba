"""What has no elements, or is made from what has none, is on the CPU engine as on the reference."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from fuzz.both_engines import compare

from grafito import engines, graph
from grafito.graph.dtypes import numpy_dtype
from grafito.graph.random import argsort

NONE = np.zeros(0, "int32")


def beside(axis, *sizes):
    """Pieces of these sizes of an input and of its double, end to end."""

    def join(x):
        pieces = [x * (1.0 + i) for i in range(len(sizes))]
        cut = [
            p[(slice(None),) * axis + (slice(0, n),)] for p, n in zip(pieces, sizes, strict=True)
        ]
        return graph.concatenate(cut, axis)

    return join


ROWS = {
    # products: rows, inner axis, columns, batches
    "0x8 @ 8x3": (lambda x, y: x @ y, (0, 8), (8, 3)),
    "0x8 @ 8x0": (lambda x, y: x @ y, (0, 8), (8, 0)),
    "4x0 @ 0x5": (lambda x, y: x @ y, (4, 0), (0, 5)),
    "4x8 @ 8x0": (lambda x, y: x @ y, (4, 8), (8, 0)),
    "vector 0 @ 0": (lambda x, y: x @ y, (0,), (0,)),
    "vector @ 8x0": (lambda x, y: x @ y, (8,), (8, 0)),
    "0x0 @ vector 0": (lambda x, y: x @ y, (0, 0), (0,)),
    "batch 3x0x8 @ 8x2": (lambda x, y: x @ y, (3, 0, 8), (8, 2)),
    "batch 0x4x8 @ 8x2": (lambda x, y: x @ y, (0, 4, 8), (8, 2)),
    "batch 3x4x0 @ 0x2": (lambda x, y: x @ y, (3, 4, 0), (0, 2)),
    "batch 3x4x0 @ 3x0x2": (lambda x, y: x @ y, (3, 4, 0), (3, 0, 2)),
    "batch 0x4x3 @ 0x3x2": (lambda x, y: x @ y, (0, 4, 3), (0, 3, 2)),
    "transposed": (lambda x, y: graph.transpose(x) @ graph.transpose(y), (0, 4), (5, 0)),
    "product and more": (lambda x, y: graph.relu(x @ y + 1.0) * 2.0, (4, 0), (0, 5)),
    # reductions
    "sum": (lambda x: graph.sum(x, 0), (0, 3)),
    "sum of all": (lambda x: graph.sum(x), (0, 3)),
    "sum, nothing left": (lambda x: graph.sum(x, 1), (0, 3)),
    "sum, kept": (lambda x: graph.sum(x, 1, keepdims=True), (4, 0)),
    "prod": (lambda x: graph.prod(x, 1), (4, 0)),
    "max, nothing left": (lambda x: graph.max(x, 1), (0, 3)),
    "argmax, nothing left": (lambda x: graph.argmax(x, 1), (0, 3)),
    "cumsum": (lambda x: graph.cumsum(x, 1), (4, 0)),
    "argsort": (lambda x: argsort(x), (4, 0)),
    "softmax": (lambda x: graph.softmax(x), (4, 0)),
    "softmax, no rows": (lambda x: graph.softmax(x), (0, 4)),
    "log_softmax": (lambda x: graph.log_softmax(x), (4, 0)),
    # pieces
    "first piece empty": (beside(0, 0, 4), (4, 3)),
    "two empty before": (beside(0, 0, 0, 4), (4, 3)),
    "empty between": (beside(1, 2, 0, 3), (4, 3)),
    "last piece empty": (beside(1, 3, 0), (4, 3)),
    "all pieces empty": (beside(0, 0, 0), (4, 3)),
    "empty, and more": (lambda x: graph.sin(beside(0, 0, 2)(x)) + 1.0, (2,)),
    "empty images": (lambda x: graph.max_pool(beside(0, 0, 3)(x), 2), (3, 6, 6, 2)),
    "pooled images": (lambda x: beside(0, 0, 3)(graph.max_pool(x, 2)), (3, 6, 6, 2)),
    "known and empty": (
        lambda x: graph.concatenate([graph.constant(np.zeros((0, 3), "float32")), x], 0),
        (4, 3),
    ),
    "padded": (lambda x: graph.pad(x, [(1, 2), (0, 1)], 0.5), (0, 3)),
    "padded, still empty": (lambda x: graph.pad(x, [(0, 0), (1, 1)], 0.5), (0, 3)),
    "slice of nothing": (lambda x: x[3:], (3, 4)),
    "slice in steps": (lambda x: x[2:2, ::2] * 2.0, (3, 4)),
    "stack": (lambda x: graph.stack([x, x * 2.0], 0), (0, 3)),
    "reshape": (lambda x: graph.reshape(x, (3, 0, 2)), (0, 6)),
    "transpose": (lambda x: graph.transpose(x) + 1.0, (0, 6)),
    "broadcast": (lambda x: x + graph.constant(np.zeros((0, 3), "float32")), (3,)),
    # positions
    "take none": (lambda x: graph.take(x, NONE), (4, 3)),
    "take none of an axis": (lambda x: graph.take(x, NONE, 1) * 2.0, (4, 3)),
    "take of narrow rows": (lambda x: graph.take(x, np.array([1, 2])), (4, 0)),
    "one_hot of none": (lambda x: graph.one_hot(NONE, 3) + graph.sum(x), (2,)),
    # images
    "no images": (lambda x, k: graph.conv2d(x, k), (0, 6, 6, 2), (3, 3, 2, 4)),
    "no images, same": (
        lambda x, k: graph.relu(graph.conv2d(x, k, 1, "same")),
        (0, 8, 8, 2),
        (3, 3, 2, 4),
    ),
    "no images, strides": (lambda x, k: graph.conv2d(x, k, 2, "same"), (0, 7, 7, 2), (3, 3, 2, 4)),
    "no images, max": (lambda x: graph.max_pool(x, 2), (0, 6, 6, 2)),
    "no images, mean": (lambda x: graph.average_pool(x, 3, 1, "same"), (0, 6, 6, 2)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("name", ROWS)
def test_nothing(name, dtype):
    function, *shapes = ROWS[name]
    inputs = [graph.placeholder(s, dtype, f"x{i}") for i, s in enumerate(shapes)]
    out = function(*inputs)
    outputs = {"value": out}
    if out.dtype == dtype:
        slopes = graph.gradients(graph.sum(graph.sin(out)), inputs)
        outputs |= {x.name: slope for x, slope in zip(inputs, slopes, strict=True)}
    both(inputs, outputs, 2e-2 if dtype == "bfloat16" else 1e-5)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
@pytest.mark.parametrize("name", ["sum", "sum, kept", "max, nothing left", "first piece empty"])
def test_nothing_of_integers(name, dtype):
    function, shape = ROWS[name]
    if name == "first piece empty":
        function = lambda x: graph.concatenate([x[:0], x], 0)  # noqa: E731
    x = graph.placeholder(shape, dtype, "x")
    both([x], {"value": function(x)}, 0)


def drawn(rng, shape, dtype):
    """Numbers that the dtype has: of a negative one, uint8 is another on each processor."""
    numbers = rng.normal(size=shape)
    return (np.abs(numbers) if dtype == "uint8" else numbers).astype(numpy_dtype(dtype))


def both(inputs, outputs, tolerance):
    """The same on both engines, and in two runs with other numbers."""
    rng = np.random.default_rng(0)
    arrays = [{x.name: drawn(rng, x.shape, x.dtype) for x in inputs} for _ in range(2)]
    compare(inputs, outputs, arrays, (tolerance, tolerance))


def test_state_moves_up_by_one():
    """A queue of one place: what is dropped leaves nothing before what comes."""
    w = graph.Variable(np.array([8.0, 16.0]))

    def shift():
        w.assign(graph.concatenate([w[2:], w * 2.0], 0))
        return {}

    program = engines.get("llvm").compile(graph.trace_graph(shift, {}))
    program.run(steps=2)
    np.testing.assert_array_equal(w.storage, [32.0, 64.0])
