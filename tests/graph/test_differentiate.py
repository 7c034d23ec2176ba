"""Differentiation: sums at meeting points, broadcasting undone, depth, order, random graphs."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from grafito import engines, graph
from grafito.errors import GraphError
from grafito.graph.check import check_gradients
from grafito.graph.program import Graph
from grafito.graph.reductions import Sum

rng = np.random.default_rng(0)


def place(shape=(), name="x"):
    return graph.placeholder(shape, "float64", name)


def slope(y, wrt, /, **feeds):
    return graph.value(graph.gradients(y, wrt), feeds).tolist()


def test_a_value_used_several_times_adds_its_gradients():
    x = place()
    y = x * x
    assert slope(x + x, x, x=3.0) == 2.0
    assert slope(y * y + y + x, x, x=3.0) == 4 * 27 + 2 * 3 + 1
    assert slope([x, y, y], x, x=3.0) == 1 + 2 * 6


def test_many_uses_of_one_value():
    x = place()
    y = x
    for _ in range(60):  # 2⁶⁰ paths
        y = y + y
    assert slope(y, x, x=1.0) == 2.0**60


def test_broadcasting_is_undone_for_every_pair_of_shapes():
    shapes = [(), (1,), (4,), (3, 1), (1, 4), (3, 4), (2, 1, 1), (2, 3, 4)]
    for a in shapes:
        for b in shapes:
            x, y = place(a, "x"), place(b, "y")
            slopes = graph.value(graph.gradients(x * y, [x, y]), {x: np.ones(a), y: np.ones(b)})
            result = np.broadcast_shapes(a, b)
            for g, shape in zip(slopes, (a, b), strict=True):
                assert g.shape == shape
                assert (g == np.prod(result) / np.prod(shape)).all()


def test_no_sum_where_no_shape_is_restored():
    x, y = place((3, 4), "x"), place((3, 4), "y")
    for g in graph.gradients(graph.tanh(x) * y + x, [x, y]):
        assert not any(isinstance(z.op, Sum) for z in graph.topological_order([g]))


def test_an_input_without_influence_has_gradient_0():
    x, w = place((2,)), place((3, 1), "w")
    zeros = graph.gradients(graph.sum(x), w, unconnected="zero")
    assert graph.value(zeros).tolist() == [[0.0]] * 3
    assert slope(graph.stop_gradient(x), x, x=[1.0, 2.0]) == [0.0, 0.0]
    assert slope(graph.cast(graph.cast(x, "int32"), "float64"), x, x=[1.0, 2.0]) == [0.0, 0.0]


def test_an_input_may_be_an_output_or_lie_on_the_way():
    x = place()
    y = x * 3
    z = y * y
    assert slope(x, x, x=2.0) == 1.0
    assert [g.tolist() for g in graph.value(graph.gradients(z, [x, y]), {x: 2.0})] == [36.0, 12.0]


def test_a_single_input_gives_a_tensor_and_a_list_a_list():
    x = place()
    assert isinstance(graph.gradients(x * x, x), graph.Tensor)
    assert isinstance(graph.gradients(x * x, [x]), list)


def test_output_gradients_weigh_the_outputs():
    x = place((2,))
    g = graph.gradients([x * x, x], x, [np.array([1.0, 10.0]), np.array([5.0, 0.0])])
    assert graph.value(g, {x: [1.0, 2.0]}).tolist() == [7.0, 40.0]


def test_only_floating_values_have_gradients():
    x, i = place(), graph.placeholder((), "int32", "i")
    with pytest.raises(GraphError, match="Only floating-point values have gradients"):
        graph.gradients(x * graph.cast(i, "float64"), i)
    with pytest.raises(GraphError, match="Only floating-point values have gradients"):
        graph.gradients(graph.greater(x, 0), x)


def test_gradients_have_the_dtype_of_their_input():
    x, y = graph.placeholder((), "float32", "x"), place((), "y")
    g, h = graph.gradients(x * y, [x, y])
    assert (g.dtype, h.dtype) == ("float32", "float64")


def test_variables_have_gradients():
    w = graph.Variable([1.0, 2.0], name="w")
    assert graph.value(graph.gradients(graph.sum(w * w * w), w)).tolist() == [3.0, 12.0]
    assert graph.gradient(graph.sum(w * w), w).dtype == np.float64


def test_the_mixed_slope_of_a_power_at_an_exponent_of_0():
    """x^(y - 1) (1 + y ln x), in either order."""
    x, y = place(name="x"), place(name="y")
    first = graph.gradients(x**y, [x, y])
    assert slope(first[0], y, x=2.0, y=0.0) == slope(first[1], x, x=2.0, y=0.0) == 0.5


TAKEN = {  # of [0, -1, -1]: all that is not 0 is left out, and the root of 0 has an infinite slope
    "maximum": lambda x: graph.maximum(x, 0.0),
    "minimum": lambda x: graph.minimum(-x, 0.0),
    "where": lambda x: graph.where(graph.equal(x, 0), x, 0.0),
    "relu": graph.relu,
    "clip": lambda x: graph.clip(x, 0.0, 1.0),
    "max": graph.max,
    "min": lambda x: graph.min(-x),
    "max_pool": lambda x: graph.max_pool(graph.reshape(x, (1, 3, 1)), 3),
    "take": lambda x: graph.take(x, np.array([0, 0])),
}


@pytest.mark.parametrize("name", TAKEN)
def test_an_infinite_slope_passes_only_to_what_is_taken(name):
    """`sqrt(maximum(x, 0))` is a distance of 0 where x is negative, and does not move."""
    x = place((3,))
    loss = graph.sum(graph.sqrt(TAKEN[name](x)))
    assert slope(loss, x, x=[0.0, -1.0, -1.0])[1:] == [0.0, 0.0]


def test_higher_orders():
    x = place()
    y, found = x**5, []
    for _ in range(6):
        y = graph.gradients(y, x)
        found.append(float(graph.value(y, {x: 2.0})))
    assert found == [80.0, 160.0, 240.0, 240.0, 120.0, 0.0]


def test_the_matrix_of_second_derivatives():
    x = place((2,))
    y = x[0] ** 3 * x[1] + graph.exp(x[0] * x[1])
    rows = [graph.gradients(g, x) for g in graph.gradients(y, x)]
    a, b = 0.7, -1.2
    e = np.exp(a * b)
    expected = [[6 * a * b + b * b * e, 3 * a * a + (1 + a * b) * e]]
    expected.append([expected[0][1], a * a * e])
    np.testing.assert_allclose(graph.value(rows, {x: [a, b]}), expected, rtol=1e-14)


def test_a_gradient_of_a_norm_of_a_gradient():
    """As in a gradient penalty, over a small network."""

    def penalty(x, w, v):
        slopes = graph.gradients(graph.tanh(x @ w) @ v, x)
        return graph.sum(graph.square(slopes))

    inputs = [rng.normal(size=s) for s in ((3, 4), (4, 5), (5, 1))]
    assert check_gradients(penalty, inputs).worst < 1e-9


def test_a_chain_of_100_000_nodes():
    x = place()
    y = x
    for i in range(100_000):
        y = graph.sin(y) if i % 2 else y + 0.5
    z, g = graph.value([y, graph.gradients(y, x)], {x: 0.3})
    value, expected = 0.3, 1.0
    for i in range(100_000):
        expected *= np.cos(value) if i % 2 else 1.0
        value = np.sin(value) if i % 2 else value + 0.5
    assert z == pytest.approx(value, rel=1e-12)
    assert g == pytest.approx(expected, rel=1e-9)


def test_float64_is_float64_throughout():
    """Casts to float32 do not narrow what is asked for in double precision."""
    x = place()
    y = graph.cast(x, "float32") / 3 + graph.cast(graph.constant(7), "float32") / 3
    assert float(graph.value(y, {x: 1 / 3}, dtype="float64")) == (1 / 3) / 3 + 7 / 3
    assert check_gradients(lambda x: graph.square(graph.cast(x, "float32")), [0.1]).worst < 1e-10


# Random graphs: each step applies an op to tensors made before, so values are used several times.

SHAPES = [(), (3,), (2, 1), (2, 3)]
UNARY = {
    "tanh": graph.tanh,
    "sin": graph.sin,
    "cos": graph.cos,
    "sigmoid": graph.sigmoid,
    "exp": lambda x: graph.exp(graph.tanh(x)),
    "log1p": lambda x: graph.log1p(graph.square(x)),
    "sqrt": lambda x: graph.sqrt(graph.square(x) + 1),
    "erf": graph.erf,
    "half square": lambda x: graph.square(graph.sin(x)) / 2,
    "sum": lambda x: graph.sum(x) / 4,
    "logsumexp": graph.logsumexp,
    "cumsum": lambda x: graph.cumsum(x / 3, -1) if x.ndim else x,
    "flip": lambda x: graph.flip(x, -1) if x.ndim else x,
    "prod": lambda x: graph.prod(graph.cos(x), -1) if x.ndim else x,
}
BINARY = {
    "add": graph.add,
    "subtract": graph.subtract,
    "multiply": lambda x, y: graph.sin(x) * y,
    "divide": lambda x, y: x / (1 + graph.square(y)),
    "power": lambda x, y: graph.power(1 + graph.square(x), graph.tanh(y)),
    "where": lambda x, y: graph.where(graph.greater(graph.constant(0.5), 0), x, y),
}
IN_TORCH = {
    "exp": lambda t, x: t.exp(t.tanh(x)),
    "log1p": lambda t, x: t.log1p(x * x),
    "sqrt": lambda t, x: t.sqrt(x * x + 1),
    "half square": lambda t, x: t.sin(x) ** 2 / 2,
    "sum": lambda t, x: t.sum(x) / 4,
    "logsumexp": lambda t, x: t.logsumexp(x, tuple(range(x.ndim))) if x.ndim else x + 0,
    "cumsum": lambda t, x: t.cumsum(x / 3, -1) if x.ndim else x,
    "flip": lambda t, x: t.flip(x, (-1,)) if x.ndim else x,
    "prod": lambda t, x: t.prod(t.cos(x), -1) if x.ndim else x,
    "multiply": lambda t, x, y: t.sin(x) * y,
    "divide": lambda t, x, y: x / (1 + y * y),
    "power": lambda t, x, y: (1 + x * x) ** t.tanh(y),
    "where": lambda t, x, y: x + 0 * y,
}

SHAPE = st.sampled_from(SHAPES)
STEP = st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 99), st.integers(0, 99))
PROGRAM = st.tuples(st.lists(SHAPE, min_size=1, max_size=3), st.lists(STEP, min_size=1, max_size=8))


def fits(x, y):
    try:
        np.broadcast_shapes(tuple(x.shape), tuple(y.shape))
    except ValueError:
        return False
    return True


def build(steps, leaves, table):
    """The sum of everything that the steps of a random program make."""
    made = list(leaves)
    for name, i, j in steps:
        x, y = made[-1 - i % len(made)], made[-1 - j % len(made)]
        if name in UNARY:
            made.append(table[name](x))
        elif fits(x, y):
            made.append(table[name](x, y))
    total = made[-1].sum()
    for x in made[:-1]:
        total = total + (x * 0.3).sum()
    return total


@hypothesis.settings(max_examples=60)
@hypothesis.given(PROGRAM)
def test_random_graphs_agree_with_differences(program):
    shapes, steps = program
    inputs = [np.random.default_rng(i).uniform(-1, 1, s) for i, s in enumerate(shapes)]
    check_gradients(lambda *xs: build(steps, xs, {**UNARY, **BINARY}), inputs, tolerance=1e-7)


@hypothesis.settings(
    max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(PROGRAM)
def test_random_graphs_agree_with_torch(torch, program):
    shapes, steps = program
    inputs = [np.random.default_rng(i).uniform(-1, 1, s) for i, s in enumerate(shapes)]

    def of_torch(name):
        if name in IN_TORCH:
            return lambda *xs: IN_TORCH[name](torch, *xs)
        return getattr(torch, name)

    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    theirs = build(steps, leaves, {name: of_torch(name) for name in [*UNARY, *BINARY]})
    grads = torch.autograd.grad(theirs, leaves)
    xs = [place(x.shape, f"x{i}") for i, x in enumerate(inputs)]
    ours = build(steps, xs, {**UNARY, **BINARY})
    found = graph.value([ours, *graph.gradients(ours, xs)], dict(zip(xs, inputs, strict=True)))
    for a, b in zip(found, [theirs.detach(), *grads], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_the_way_back_through_a_function_belongs_to_it():
    x = graph.placeholder((3,), name="x")
    with graph.scope("layer"):
        y = graph.exp(x)
    with graph.scope("optimizer"):
        g = graph.gradients(graph.sum(y), x)
    assert g.op.name == "multiply"
    assert g.scope == ("layer", "gradient")


# x ** y and the like where one factor of a slope is 0: f, point, mixed and pure second slopes.
SECOND = {
    "x ** y at y = 0": (graph.power, (3.0, 0.0), {"xy": 1 / 3, "yx": 1 / 3, "xx": 0.0}),
    "x ** y at y = 1": (graph.power, (2.0, 1.0), {"xy": np.log(2) + 1, "yx": np.log(2) + 1}),
    "0 ** 2": (graph.power, (0.0, 2.0), {"xx": 2.0, "xy": 0.0, "yx": 0.0, "yy": 0.0}),
    "0 ** 3": (graph.power, (0.0, 3.0), {"xx": 0.0, "xy": 0.0, "yx": 0.0, "yy": 0.0}),
    "x ** y below 0": (graph.power, (-2.0, 2.0), {"xx": 2.0}),
    "x ln y at x = 0": (graph.xlogy, (0.0, 0.5), {"xy": 2.0, "yx": 2.0, "xx": 0.0, "yy": 0.0}),
    "0 ln 0": (graph.xlogy, (0.0, 0.0), {"xy": 0.0, "yx": 0.0, "xx": 0.0, "yy": 0.0}),
    "a length at 0": (
        lambda x, y: graph.norm(graph.stack([x, y])),
        (0.0, 0.0),
        {"xx": 0.0, "xy": 0.0},
    ),
    "the square of a length at 0": (
        lambda x, y: graph.square(graph.norm(graph.stack([x, y]))),
        (0.0, 0.0),
        {"xx": 0.0, "xy": 0.0},
    ),
}


@pytest.mark.parametrize("engine", ["reference", "llvm"])
@pytest.mark.parametrize("name", SECOND)
def test_second_slopes_at_special_points(name, engine):
    if engine == "llvm":
        pytest.importorskip("llvmlite")
    function, point, expected = SECOND[name]
    x, y = graph.placeholder((), "float64", "x"), graph.placeholder((), "float64", "y")
    first = dict(zip("xy", graph.gradients(function(x, y), [x, y]), strict=True))
    second = {a + b: graph.gradients(first[a], {"x": x, "y": y}[b]) for a, b in expected}
    program = engines.get(engine).compile(Graph({"x": x, "y": y}, second, {}))
    program.bind({"x": np.float64(point[0]), "y": np.float64(point[1])})
    for name, value in program.run().items():
        np.testing.assert_allclose(value[0], expected[name], rtol=1e-12, err_msg=name)
