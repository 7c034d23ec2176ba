"""Rows of the ops that treat each element by itself."""

import numpy as np
from scipy import special
from specs import ONE, At, Row, positive, real

from grafito import graph
from grafito.graph import elementwise as ew
from grafito.graph.tensor import Op

inf, nan = np.inf, np.nan

PAIR = (real(3, 1, 4), real(2, 1, salt=1))  # shapes that broadcast
ABOVE_0 = (positive(3, 4),)
YES_NO = np.array([True, False, True])


def comparison(name: str, op: type[Op], at: tuple[At, ...] = (), inputs=PAIR) -> Row:
    function, witness = getattr(graph, name), getattr(np, name)
    return Row(name, op, function, inputs, witness, order=0, dtype="bool", at=at)


ARITHMETIC = [
    Row("add", ew.Add, graph.add, PAIR, np.add, "add"),
    Row("subtract", ew.Subtract, graph.subtract, PAIR, np.subtract, "subtract"),
    Row("multiply", ew.Multiply, graph.multiply, PAIR, np.multiply, "multiply"),
    Row(
        "divide",
        ew.Divide,
        graph.divide,
        (real(3, 1), positive(4)),
        np.divide,
        "divide",
        at=(At((1.0, 0.0), inf, (inf, -inf)), At((0.0, 0.0), nan, (inf, nan))),
    ),
    Row(
        "mod",
        ew.Mod,
        graph.mod,
        (real(3, 1, high=7), np.array([1.3, -0.7])),
        np.mod,
        "remainder",
        analytic=False,
        at=(
            At((5.0, -3.0), -1.0, (1.0, 2.0)),
            At((-5.0, 3.0), 1.0, (1.0, 2.0)),
            At((1.0, 0.1), None, (1.0, -9.0)),  # the quotient 1 / 0.1 rounds up to 10
        ),
    ),
    Row(
        "floor_divide",
        ew.FloorDivide,
        graph.floor_divide,
        (real(3, 1, high=7), np.array([1.3, -0.7])),
        np.floor_divide,
        order=0,
        analytic=False,
        at=(
            At((1.0, 0.1), 9.0, (0.0, 0.0)),
            At((-5.0, 3.0), -2.0, (0.0, 0.0)),
            At((1.0, inf), 0.0, (0.0, 0.0)),
            At((-1.0, inf), -1.0, (0.0, 0.0)),
            At((1.0, 0.0), inf),
            At((0.0, 0.0), nan),
            At((inf, 2.0), nan),
        ),
    ),
    Row(
        "power",
        ew.Power,
        graph.power,
        (positive(3, 1), real(4)),
        np.power,
        "pow",
        float32=1e-5,
        at=(
            At((0.0, 0.0), 1.0, (0.0, 0.0)),
            At((0.0, 1.0), 0.0, (1.0, 0.0)),
            At((0.0, 2.0), 0.0, (0.0, 0.0)),
            At((0.0, 0.5), 0.0, (inf, 0.0)),
            At((-2.0, 3.0), -8.0, (12.0, nan)),
            At((0.0, -1.0), inf, (-inf, -inf)),
            At((0.0, -0.5), inf, (-inf, -inf)),
            At((inf, 0.0), 1.0, (0.0, inf)),
            At((-inf, 0.0), 1.0, (0.0, nan)),
            At((-inf, 1.5), inf, (inf, nan)),
            At((-inf, 3.0), -inf, (inf, nan)),
            At((inf, -1.0), 0.0, (-0.0, nan)),
            At((1.0, inf), 1.0, (inf, 0.0)),
        ),
    ),
    Row(
        "power of constant exponents",
        ew.Power,
        lambda x: graph.power(x, [3.0, 1.0, 0.0, -2.0]),
        (real(3, 4),),
        lambda x: x ** np.array([3.0, 1.0, 0.0, -2.0]),
        float32=1e-5,
    ),
    Row(
        "xlogy",
        None,
        graph.xlogy,
        (real(3, 1), positive(4)),
        special.xlogy,
        "xlogy",
        analytic=False,  # the condition is not
        at=(
            At((0.0, 0.5), 0.0, (np.log(0.5), 0.0)),
            At((0.0, 0.0), 0.0, (0.0, 0.0)),
            At((0.0, inf), 0.0, (0.0, 0.0)),
            At((0.0, nan), nan),
            At((2.0, 0.0), -inf, (-inf, inf)),
        ),
    ),
    Row(
        "maximum",
        ew.Maximum,
        graph.maximum,
        PAIR,
        np.maximum,
        "maximum",
        analytic=False,
        at=(At((1.0, 1.0), 1.0, (0.5, 0.5)), At((nan, 1.0), nan)),
    ),
    Row(
        "minimum",
        ew.Minimum,
        graph.minimum,
        PAIR,
        np.minimum,
        "minimum",
        analytic=False,
        at=(At((1.0, 1.0), 1.0, (0.5, 0.5)), At((nan, 1.0), nan)),
    ),
    Row(
        "where",
        ew.Where,
        graph.where,
        (YES_NO, real(2, 3), real(2, 1)),
        np.where,
        "where",
        at=(At((True, 1.0, nan), 1.0, (None, 1.0, 0.0)),),
    ),
    Row(
        "clip",
        None,
        lambda x: graph.clip(x, -0.5, 1.0),
        ONE,
        lambda x: np.clip(x, -0.5, 1.0),
        lambda t, x: t.clip(x, -0.5, 1.0),
        analytic=False,
        at=(At((1.0,), 1.0, (0.5,)), At((3.0,), 1.0, (0.0,))),
    ),
]

FUNCTIONS = [
    Row("negative", ew.Negative, graph.negative, ONE, np.negative, "neg"),
    Row("exp", ew.Exp, graph.exp, ONE, np.exp, "exp", at=(At((1000.0,), inf, (inf,)),)),
    Row(
        "expm1",
        ew.Expm1,
        graph.expm1,
        ONE,
        np.expm1,
        "expm1",
        at=(At((1e-20,), 1e-20, (1.0,)), At((-1000.0,), -1.0, (0.0,))),
    ),
    Row(
        "log",
        ew.Log,
        graph.log,
        ABOVE_0,
        np.log,
        "log",
        at=(At((0.0,), -inf, (inf,)), At((-1.0,), nan, (-1.0,))),
    ),
    Row(
        "log1p",
        ew.Log1p,
        graph.log1p,
        ABOVE_0,
        np.log1p,
        "log1p",
        at=(At((1e-20,), 1e-20, (1.0,)), At((-1.0,), -inf, (inf,))),
    ),
    Row("sqrt", ew.Sqrt, graph.sqrt, ABOVE_0, np.sqrt, "sqrt", at=(At((0.0,), 0.0, (inf,)),)),
    Row("square", ew.Square, graph.square, ONE, np.square, "square"),
    Row(
        "abs",
        ew.Abs,
        graph.abs,
        ONE,
        np.abs,
        "abs",
        analytic=False,
        at=(At((0.0,), 0.0, (0.0,)), At((-0.0,), 0.0, (0.0,))),
    ),
    Row(
        "sign",
        ew.Sign,
        graph.sign,
        ONE,
        np.sign,
        "sign",
        analytic=False,
        at=(At((0.0,), 0.0, (0.0,)),),
    ),
    Row(
        "floor",
        ew.Floor,
        graph.floor,
        ONE,
        np.floor,
        "floor",
        analytic=False,
        at=(At((-0.5,), -1.0, (0.0,)), At((2.0,), 2.0, (0.0,))),
    ),
    Row(
        "round",
        ew.Round,
        graph.round,
        ONE,
        np.round,
        "round",
        analytic=False,
        at=(At((0.5,), 0.0, (0.0,)), At((1.5,), 2.0, (0.0,))),
    ),
    Row("sin", ew.Sin, graph.sin, ONE, np.sin, "sin"),
    Row("cos", ew.Cos, graph.cos, ONE, np.cos, "cos"),
    Row("tanh", ew.Tanh, graph.tanh, ONE, np.tanh, "tanh", at=(At((1000.0,), 1.0, (0.0,)),)),
    Row(
        "sigmoid",
        ew.Sigmoid,
        graph.sigmoid,
        ONE,
        special.expit,
        "sigmoid",
        at=(At((1000.0,), 1.0, (0.0,)), At((-1000.0,), 0.0, (0.0,)), At((0.0,), 0.5, (0.25,))),
    ),
    Row(
        "softplus",
        ew.Softplus,
        graph.softplus,
        ONE,
        lambda x: np.logaddexp(x, 0),
        lambda t, x: t.nn.functional.softplus(x),
        at=(At((1000.0,), 1000.0, (1.0,)), At((-1000.0,), 0.0, (0.0,))),
    ),
    Row(
        "relu",
        ew.Relu,
        graph.relu,
        ONE,
        lambda x: np.maximum(x, 0),
        "relu",
        analytic=False,
        at=(At((0.0,), 0.0, (0.0,)), At((-0.0,), 0.0, (0.0,))),
    ),
    Row("erf", ew.Erf, graph.erf, ONE, special.erf, "erf"),
    Row(
        "erfinv",
        ew.Erfinv,
        graph.erfinv,
        (real(3, 4, low=-0.95, high=0.95),),
        lambda x: np.copysign(special.erfinv(x), x),
        "erfinv",
        analytic=False,
        float32=2e-5,
        at=(At((1.0,), inf, (inf,)), At((-1.0,), -inf, (inf,)), At((0.0,), 0.0)),
    ),
    Row("cast", ew.Cast, ew.Cast("float64"), ONE, lambda x: x, "clone", dtype="float64"),
    Row(
        "cast to integers",
        ew.Cast,
        lambda x: graph.cast(x, "int32"),
        ONE,
        np.trunc,
        order=0,
        dtype="int32",
    ),
    Row(
        "stop_gradient",
        ew.StopGradient,
        graph.stop_gradient,
        ONE,
        lambda x: x,
        "detach",
        order=0,
        analytic=False,
        at=(At((2.0,), 2.0, (0.0,)),),
    ),
]

COMPARISONS = [
    comparison("equal", ew.Equal, (At((1.0, 1.0), True), At((nan, nan), False))),
    comparison("not_equal", ew.NotEqual, (At((1.0, 1.0), False), At((nan, nan), True))),
    comparison("less", ew.Less, (At((1.0, 1.0), False), At((nan, 1.0), False))),
    comparison("less_equal", ew.LessEqual, (At((1.0, 1.0), True), At((nan, 1.0), False))),
    comparison("greater", ew.Greater, (At((1.0, 1.0), False), At((nan, 1.0), False))),
    comparison("greater_equal", ew.GreaterEqual, (At((1.0, 1.0), True), At((nan, 1.0), False))),
    comparison("logical_and", ew.LogicalAnd, (At((0.5, 0.0), False), At((2.0, -1.0), True))),
    comparison("logical_or", ew.LogicalOr, (At((0.5, 0.0), True), At((0.0, 0.0), False))),
    comparison("logical_not", ew.LogicalNot, (At((0.5,), False), At((0.0,), True)), ONE),
    comparison("isfinite", ew.IsFinite, (At((inf,), False), At((nan,), False)), ONE),
]

ELEMENTWISE = [*ARITHMETIC, *FUNCTIONS, *COMPARISONS]
