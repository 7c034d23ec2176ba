"""Every row of the table of ops: values, gradients of two orders, special points, types, shapes."""

import inspect
import sys

import numpy as np
import pytest
from specs_ops import OPS

from grafito import graph
from grafito.graph import (
    contraction,
    convolution,
    elementwise,
    linear,
    neural,
    pooling,
    random,
    reductions,
    rows,
    shaping,
    sorting,
    tensor,
    variable,
)
from grafito.graph.check import check_gradients
from grafito.graph.dtypes import is_floating
from grafito.graph.show import Show
from grafito.graph.tensor import Op

FLOATS = ("float32", "float64")
TOLERANCE = 1e-9  # of a gradient, relative, in float64

# Ops without a row -> why.
NO_ROW = {
    elementwise.Elementwise: "abstract",
    elementwise.Comparison: "abstract",
    reductions.Reduction: "abstract",
    convolution.Convolution: "abstract",
    pooling.Pool: "abstract",
    tensor.Constant: "a leaf: nothing is computed",
    tensor.Input: "a leaf: nothing is computed",
    variable.State: "a leaf: nothing is computed",
    variable.Reading: "a leaf: nothing is computed",
    Show: "in test_show",
    rows.Table: "an input of the analysis of rows: nothing is computed",
}
# Public functions without a row -> why.
NO_ROW_FUNCTIONS = {
    "broadcast_shapes": "of shapes, not of tensors",
    "reals": "of dtypes, not of values",
    "normalize_axis": "of integers, not of tensors",
    "normalize_axes": "of integers, not of tensors",
    "lengths": "of integers, not of tensors",
    "count": "of integers, not of tensors",
    "normalize_index": "of integers, not of tensors",
    "axes_of": "of integers, not of tensors",
    "whole_sizes": "of integers, not of tensors",
    "philox": "tested by its published vectors in test_random",
    "uniform": "tested by its distribution in test_random",
    "normal": "tested by its distribution in test_random",
    "truncated_normal": "tested by its distribution in test_random",
    "bernoulli": "tested by its distribution in test_random",
    "permutation": "tested by its distribution in test_random",
    "permutations": "equal to permutation row by row in test_random",
}
MODULES = (elementwise, shaping, reductions, linear, contraction, sorting)
MODULES += (neural, convolution, pooling, random)


def rows(condition=lambda row: True):
    return pytest.mark.parametrize("row", list(filter(condition, OPS)), ids=lambda row: row.name)


@pytest.fixture
def compute():
    """A function from tensors and feeds to arrays; another engine may stand here."""
    return graph.value


def cast(inputs, dtype):
    """Floating inputs in a dtype; integers and booleans stay."""
    arrays = [np.asarray(x) for x in inputs]
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in arrays]


def place(arrays):
    """A placeholder for each array."""
    return [graph.placeholder(x.shape, x.dtype, f"x{i}") for i, x in enumerate(arrays)]


def value_and_slopes(compute, function, arrays, weights=None):
    """The result, and its gradient with respect to each floating input."""
    xs = place(arrays)
    y = function(*xs)
    floating = [x for x in xs if is_floating(x.dtype)]
    g = None if weights is None else [graph.constant(weights.astype(y.dtype))]
    slopes = graph.gradients([y], floating, g, "zero") if is_floating(y.dtype) else []
    y, *slopes = compute([y, *slopes], dict(zip(xs, arrays, strict=True)))
    return y, slopes


def weights_for(y):
    return np.random.default_rng(1).normal(size=y.shape)


def in_torch(torch, row, leaves):
    if isinstance(row.torch, str):
        return getattr(torch, row.torch)(*leaves)
    return row.torch(torch, *leaves)


@rows()
def test_the_value_is_that_of_the_witness(row, compute):
    xs = place(row.inputs)
    ours = compute(row.function(*xs), dict(zip(xs, row.inputs, strict=True)))
    theirs = np.asarray(row.witness(*row.inputs))
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-14)


@rows()
@pytest.mark.parametrize("dtype", FLOATS)
def test_shape_and_dtype_are_those_inferred(row, dtype, compute):
    arrays = cast(row.inputs, dtype)
    xs = place(arrays)
    y = row.function(*xs)
    value = compute(y, dict(zip(xs, arrays, strict=True)))
    assert value.shape == y.shape
    assert value.dtype == y.dtype == (row.dtype or dtype)


@rows(lambda row: row.order)
def test_the_gradient_agrees_with_differences_and_the_complex_step(row):
    report = check_gradients(row.function, row.inputs, order=row.order, tolerance=TOLERANCE)
    assert not report.kinks
    assert (report.complex_step[0] is not None) == row.analytic


@rows(lambda row: row.order)
def test_the_gradient_of_the_gradient_passes_through_all_that_it_is_made_of(row):
    check_gradients(lambda *xs: graph.sin(row.function(*xs)), row.inputs, tolerance=TOLERANCE)


@rows(lambda row: row.torch and row.order)
def test_value_and_gradient_are_those_of_torch(row, compute, torch):
    leaves = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in row.inputs]
    theirs = in_torch(torch, row, leaves)
    weights = weights_for(theirs)
    ours, slopes = value_and_slopes(compute, row.function, row.inputs, weights)
    np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-12, atol=1e-13)
    floating = [x for x in leaves if x.requires_grad]
    if not theirs.requires_grad:  # zeros_like
        assert not np.any(slopes)
        return
    grads = torch.autograd.grad(theirs, floating, torch.tensor(weights))
    for slope, grad in zip(slopes, grads, strict=True):
        np.testing.assert_allclose(slope, grad, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("row", "at"), [(row, at) for row in OPS for at in row.at], ids=lambda x: getattr(x, "name", "")
)
def test_special_points(row, at, dtype, compute):
    arrays = cast(at.inputs, dtype)
    value, slopes = value_and_slopes(compute, row.function, arrays)
    near = {"rtol": max(1e-5, row.float32) if dtype == "float32" else 1e-9, "atol": 1e-30}
    if at.value is not None:
        np.testing.assert_allclose(value, at.value, **near)
    expected = [s for s, x in zip(at.slopes, arrays, strict=False) if x.dtype.kind == "f"]
    for slope, wanted in zip(slopes, expected, strict=False):
        if wanted is not None:
            np.testing.assert_allclose(slope, wanted, **near)


@rows(lambda row: row.order)
def test_float32_agrees_with_float64(row, compute):
    narrow, wide = cast(row.inputs, "float32"), cast(row.inputs, "float64")
    y64, slopes64 = value_and_slopes(compute, row.function, wide)
    weights = weights_for(y64)
    y64, slopes64 = value_and_slopes(compute, row.function, wide, weights)
    y32, slopes32 = value_and_slopes(compute, row.function, narrow, weights)
    for a, b in zip([y32, *slopes32], [y64, *slopes64], strict=True):
        assert np.max(np.abs(a - b), initial=0) <= row.float32 * np.max(np.abs(b), initial=0)
    assert all(slope.dtype == np.float32 for slope in slopes32)


def subclasses(base):
    for op in base.__subclasses__():
        yield op
        yield from subclasses(op)


def ours():
    """The ops of the package; not those that tests and examples make."""
    return {
        op
        for op in subclasses(Op)
        if op.__module__.startswith("grafito.graph.")
        and getattr(sys.modules[op.__module__], op.__name__, None) is op
    }


def test_every_op_has_a_row():
    with_row = {row.op for row in OPS if row.op}
    assert ours() - with_row == set(NO_ROW), "an op without a row in tests/specs_*.py"
    assert not with_row & set(NO_ROW)


def test_every_public_function_has_a_row():
    names = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__.startswith(module.__name__)
        and not name.startswith("_")
    }
    with_row = {row.name.replace(",", "").split()[0] for row in OPS}
    assert names - with_row == set(NO_ROW_FUNCTIONS), "a function without a row"


def test_each_name_stands_for_one_row():
    assert len({row.name for row in OPS}) == len(OPS)


def test_each_row_uses_its_op():
    for row in OPS:
        y = row.function(*place(row.inputs))
        used = {type(x.op) for x in graph.topological_order([y])}
        assert row.op is None or row.op in used, row.name


def test_each_op_has_value_gradient_symbol_and_equation():
    for op in ours() - set(NO_ROW):
        methods = {name for base in op.__mro__[:-1] if base is not Op for name in vars(base)}
        assert {"infer", "value", "gradient"} <= methods, op
        assert op.symbol, op
        assert op.__doc__, op
        assert not op.__doc__.startswith(f"{op.__name__}("), f"{op} has no equation"


def test_median_length_of_an_op():
    lengths = [len(inspect.getsource(op).splitlines()) for op in ours() - set(NO_ROW)]
    assert np.median(lengths) <= 15
