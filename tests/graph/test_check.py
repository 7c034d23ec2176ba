"""The checker catches wrong gradients of both orders, and raises no alarm at kinks."""

import numpy as np
import pytest
from specs_ops import OPS

from grafito import graph
from grafito.errors import ArgumentError, GraphError
from grafito.graph.check import GradientError, check_gradients
from grafito.graph.dtypes import is_floating
from grafito.graph.elementwise import Elementwise

X = np.random.default_rng(0).normal(size=(3, 4))
DIFFERENTIABLE = [row for row in OPS if row.order and row.op]
FLAT = {"sign", "floor", "round"}  # their slope is 0, and so is what should follow from it


class WrongSlope(Elementwise):
    """sin(x), with a slope that is 1 % too large where x > 1"""

    def value(self, xp, x):
        return xp.sin(x)

    def gradient(self, g, out, x):
        return (g * graph.cos(x) * graph.where(graph.greater(x, 1), 1.01, 1.0),)


class WrongCurvature(Elementwise):
    """sin(x), with a right slope that is taken for a constant"""

    def value(self, xp, x):
        return xp.sin(x)

    def gradient(self, g, out, x):
        return (g * graph.stop_gradient(graph.cos(x)),)


class ComplexOnlyByName(Elementwise):
    """|x|, which the complex step cannot see through"""

    analytic = True

    def value(self, xp, x):
        return xp.abs(x)

    def gradient(self, g, out, x):
        return (g * graph.sign(x),)


def test_smooth_functions_reach_ten_digits():
    def network(x, w, b):
        return graph.mean(graph.square(graph.tanh(x @ w + b)))

    report = check_gradients(network, [X, X.T[:, :2], [0.1, -0.2]])
    assert max(report.differences) < 1e-10
    assert max(report.complex_step) < 1e-13
    assert report.worst == max(*report.differences, *report.complex_step)
    assert report.kinks == ()


def test_a_wrong_slope_is_caught_and_its_element_named():
    weights = np.zeros((2, 3))
    weights[1, 2] = 1.2
    with pytest.raises(GradientError) as caught:
        check_gradients(lambda x, w: graph.sum(x * WrongSlope()(w)), [weights + 2, weights])
    rows = caught.value.rows
    assert caught.value.what == "The first order gradient does not agree with central differences."
    assert rows["where"] == "w[1, 2]"
    assert float(rows["received"]) == pytest.approx(3.2 * np.cos(1.2) * 1.01, rel=1e-9)
    assert float(rows["expected"]) == pytest.approx(3.2 * np.cos(1.2), rel=1e-9)
    assert "wrongslope" in rows["try"]
    assert isinstance(caught.value, GraphError)


def test_a_wrong_slope_of_second_order_is_caught():
    assert check_gradients(lambda x: WrongCurvature()(x), [X], order=1).worst < 1e-10
    with pytest.raises(GradientError, match=r"second order gradient .* central differences"):
        check_gradients(lambda x: WrongCurvature()(x), [X])


def test_an_op_that_is_not_analytic_is_caught():
    with pytest.raises(GradientError, match=r"first order gradient .* the complex step"):
        check_gradients(ComplexOnlyByName(), [X])


@pytest.mark.parametrize("row", DIFFERENTIABLE, ids=lambda row: row.name)
def test_a_slope_off_by_a_millionth_is_caught_in_every_op(row, monkeypatch):
    right = row.op.gradient

    def wrong(self, g, out, *inputs):
        slopes = zip(inputs, right(self, g, out, *inputs), strict=True)
        return tuple(
            s * (1 + 1e-6)
            if s is not None
            else graph.ones_like(x)
            if is_floating(x.dtype)
            else None
            for x, s in slopes
        )

    monkeypatch.setattr(row.op, "gradient", wrong)
    with pytest.raises(GradientError, match="first order"):
        check_gradients(row.function, row.inputs, order=1)


@pytest.mark.parametrize(
    "row", [row for row in DIFFERENTIABLE if row.name not in FLAT], ids=lambda row: row.name
)
def test_a_slope_without_slope_is_caught_in_every_op(row, monkeypatch):
    right = row.op.gradient

    def wrong(self, g, out, *inputs):
        slopes = right(self, g, out, *inputs)
        return tuple(None if s is None else graph.stop_gradient(s) for s in slopes)

    monkeypatch.setattr(row.op, "gradient", wrong)
    with pytest.raises(GradientError, match="second order"):
        check_gradients(lambda *xs: graph.sin(row.function(*xs)), row.inputs)


def test_kinks_are_named_and_no_alarm_is_raised():
    report = check_gradients(graph.relu, [[1.0, 0.0, -2.0]], order=1)
    assert len(report.kinks) == 1
    assert report.kinks[0].startswith("x[1], first order: slope 0 on the left, ")
    assert report.kinks[0].endswith(" on the right; gradient 0")
    assert check_gradients(graph.max, [[2.0, 2.0, 2.0]], order=1).kinks == tuple(
        f"x[{i}], first order: slope 0 on the left, 1 on the right; gradient 0.333333"
        for i in range(3)
    )


def test_a_jump_is_named():
    report = check_gradients(lambda x: graph.sum(graph.floor(x)), [[0.5, 1.0]], order=1)
    assert report.kinks == ("x[1], first order: jump of 1; gradient 0",)


def test_the_end_of_a_domain_is_named():
    (kink,) = check_gradients(lambda x: graph.power(x, 2.5), [0.0], order=1).kinks
    assert kink.startswith("x, first order: slope nan on the left, ")


def test_a_kink_nearby_does_no_harm():
    report = check_gradients(lambda x: graph.relu(x) + graph.abs(x), [[1e-3, -1e-4, 0.02]])
    assert report.kinks == ()
    assert report.worst < 1e-10


def test_a_kink_does_not_hide_a_wrong_gradient():
    weights = [0.0, 1.5, 0.5]
    with pytest.raises(GradientError) as caught:
        check_gradients(lambda x: WrongSlope()(x) + graph.abs(x), [weights], order=1)
    assert caught.value.rows["where"] == "x[1]"


def test_a_slope_outside_of_both_sides_is_wrong():
    class WrongRelu(graph.elementwise.Relu):
        """max(x, 0), with slope 2 at 0"""

        def gradient(self, g, out, x):
            return (graph.where(graph.greater(out, 0), g, 2 * g),)

    with pytest.raises(GradientError, match="first order"):
        check_gradients(WrongRelu(), [0.0])


def test_a_function_that_is_not_finite_is_refused():
    with pytest.raises(GradientError, match="The function is not finite") as caught:
        check_gradients(graph.log, [[1.0, 0.0]])
    assert caught.value.rows["received"] == "-inf"
    with pytest.raises(GradientError, match="The first order gradient is not finite") as caught:
        check_gradients(graph.sqrt, [[[1.0, 0.0]]])
    assert caught.value.rows["where"] == "x[0, 1]"


def test_integers_are_passed_on():
    report = check_gradients(graph.take, [X, [2, 0, 2]])
    assert report.worst < 1e-10


def test_without_a_floating_input_there_is_nothing_to_do():
    with pytest.raises(ArgumentError, match="nothing to differentiate"):
        check_gradients(graph.relu, [[1, 2]])


def test_a_result_that_is_not_floating_is_refused():
    with pytest.raises(GraphError, match="Only floating-point values have gradients"):
        check_gradients(lambda x: graph.greater(x, 0), [X])


def test_a_slope_of_0_is_right_where_the_function_does_not_change():
    def total(x):
        return graph.sum(graph.exp(x) / graph.sum(graph.exp(x)))

    assert check_gradients(total, [X]).worst < 1e-8


def test_the_same_seed_gives_the_same_report():
    assert check_gradients(graph.tanh, [X]) == check_gradients(graph.tanh, [X])
    assert check_gradients(graph.tanh, [X]) != check_gradients(graph.tanh, [X], seed=1)
