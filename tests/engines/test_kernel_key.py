"""What a kernel is found again by: all that its code is written from, and nothing else."""

import dataclasses
import math
import re
from unittest.mock import patch

import hypothesis
import numpy as np
import pytest
from specs_layers import LAYERS
from specs_ops import OPS

pytest.importorskip("llvmlite")

from engines.test_random_graphs import graphs

from grafito import graph, layers
from grafito.engines.llvm.compilation import kernel_cache
from grafito.engines.llvm.compilation.kernel_cache import (
    Routine,
    Source,
)
from grafito.engines.llvm.compilation.kernel_key import (
    describe,
    rebuild,
)
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.ir.builders import ew
from grafito.engines.llvm.ir.kernel import (
    Kernel,
    Store,
)
from grafito.engines.llvm.ir.nodes import Node
from grafito.engines.llvm.kernels.select import emit_kernel
from grafito.engines.llvm.pipeline import assemble
from grafito.graph.dtypes import is_floating
from grafito.graph.precision import with_precision
from grafito.graph.program import Graph

NUMBERS = {"inf": math.inf, "nan": math.nan}  # as Python writes them


def kernels_of(g):
    """What the code of the kernels of a graph would be written from."""
    kernels = []
    unwritten = Routine("", [], 0, 0.0, 0, Source("", str))
    with patch.object(kernel_cache, "routine", lambda *a: kernels.append(a) or unwritten):
        assemble(g, Machine())
    return kernels


def check(g):
    """The kernels of a graph have the code of what their descriptions tell."""
    machine, kernels = Machine(), kernels_of(g)
    assert kernels
    for kernel, stored, shared, _ in kernels:
        facts, nodes = describe(kernel, stored, shared)
        told = eval(repr(facts), NUMBERS)  # from what the key is made of
        assert told == facts
        again, kept, over, own = rebuild(told)
        for number, x in enumerate(nodes):  # the order of the function's arguments
            object.__setattr__(x, "number", number)
        ours = emit_kernel(kernel, stored, machine.kernels, shared)
        theirs = emit_kernel(again, kept, machine.kernels, over)
        assert ours.text == theirs.text
        assert (ours.units, ours.cost, ours.scratch) == (theirs.units, theirs.cost, theirs.scratch)
        assert [nodes.index(x) for x in ours.buffers] == [own.index(x) for x in theirs.buffers]


def test_the_facts_of_a_piece_do_not_grow_with_their_number():
    """Else many pieces end to end would take a time that grows with the square of their number."""
    sizes = []
    for n in (20, 80):
        xs = {f"x{i}": graph.placeholder((8,), name=f"x{i}") for i in range(n)}
        whole = graph.concatenate([graph.sin(x) for x in xs.values()], 0)
        facts = [describe(*kernel[:3])[0] for kernel in kernels_of(Graph(xs, {"y": whole}, {}))]
        sizes.append(len(repr(facts)) / n)
    assert sizes[1] < 1.2 * sizes[0]


def with_gradients(xs, y, sources):
    """The graph of a value and its gradients."""
    slopes = (
        graph.gradients([y], sources, unconnected="zero")
        if sources and is_floating(y.dtype)
        else []
    )
    outputs = {str(i): z for i, z in enumerate([y, *slopes])}
    return Graph({f"x{i}": x for i, x in enumerate(xs)}, outputs, {})


@pytest.mark.parametrize("row", OPS, ids=lambda row: row.name)
def test_ops(row):
    arrays = [np.asarray(x) for x in row.inputs]
    dtypes = ["float32" if x.dtype.kind == "f" else x.dtype for x in arrays]
    xs = [graph.placeholder(x.shape, t) for x, t in zip(arrays, dtypes, strict=True)]
    floating = [x for x in xs if is_floating(x.dtype)]
    check(with_gradients(xs, row.function(*xs), floating if row.order else []))


WITH_PRODUCTS = [row for row in LAYERS if re.match("Conv|Dense", str(row))]


@pytest.mark.parametrize(
    ("row", "precision"),
    [
        *((row, "float32") for row in LAYERS),
        *((row, "mixed_bfloat16") for row in WITH_PRODUCTS),
    ],
    ids=str,
)
def test_layers(row, precision):
    layer = row.build(layers, dtype="float32")
    xs = [graph.placeholder((17, *x.shape[1:]), x.dtype) for x in row.inputs("float32")]
    with graph.Trace(training=True) as trace:
        y = row.call(layer, xs)
    sources = [x for x in xs if is_floating(x.dtype)] + layer.trainable_variables
    g = with_gradients(xs, y, sources)
    check(with_precision(Graph(g.inputs, g.outputs, trace.updates), precision))


@hypothesis.given(graphs())
@hypothesis.settings(max_examples=30, suppress_health_check=list(hypothesis.HealthCheck))
def test_random_graphs(made):
    inputs, results = made
    total = sum(graph.sum(graph.sin(y)) for y in results)
    check(with_gradients(inputs, total, inputs))


# One kernel, changed in one way at a time


def scaled(scope=(), tensor=None, factor=2.0, store=None, **changed):
    """The description of a kernel that multiplies by a number."""
    x = Node.make("input", (), (4, 6), "float32", tensor=tensor)
    y = dataclasses.replace(ew("multiply", x, factor), scope=scope, **changed)
    stores = (Store(y, y, *(store or ())),)
    kernel = Kernel(None, (4, 6), False, (y,), stores, frozenset({x}))
    return describe(kernel, {y}, False)[0]


CHANGES = [
    {"kind": "divide"},
    {"dtype": "float64"},
    {"shape": (6, 4)},
    {"lanes": True},
    {"attributes": {"new": 1}},
    {"attributes": {"new": True}},
    {"attributes": {"new": 1.0}},
    {"attributes": {"new": "1"}},
    {"attributes": {"new": (1,)}},
    {"attributes": {"other": 1}},
    {"factor": -0.0},
    {"factor": 0.0},
    {"store": ((0, 0), (1, 2))},
]


@pytest.mark.parametrize("changed", CHANGES, ids=str)
def test_what_differs_is_told_apart(changed):
    others = [{}, *(other for other in CHANGES if other is not changed)]
    assert repr(scaled(**changed)) not in [repr(scaled(**other)) for other in others]


def test_names_make_no_difference():
    """Neither the layer, nor which tensor it is, nor how many nodes there were before."""
    one, other = graph.placeholder((4, 6)), graph.placeholder((4, 6))
    assert scaled(scope=("a", "b"), tensor=one) == scaled(tensor=other)


def test_what_is_no_plain_data_is_refused():
    with pytest.raises(TypeError, match="plain data"):
        scaled(attributes={"new": object()})


def test_large_constants_are_data():
    """Their values are no part of the code; that cannot read them."""
    facts = []
    for seed in (0, 1):
        array = np.random.default_rng(seed).random((3, 5))
        x = Node.make("constant", (), (3, 5), "float32", array=array)
        y = ew("exp", x)
        facts.append(describe(Kernel(None, (3, 5), False, [y], [Store(y, y)], {x}), {y}, False)[0])
    assert facts[0] == facts[1]
    constant = rebuild(facts[0])[3][0]
    with pytest.raises(AttributeError):
        constant.array.tobytes()
