"""Formulas: precedence, functions, names, shapes, numbers of the course, errors with a column."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from grafito import graph
from grafito.errors import ArgumentError, GrafitoError
from grafito.graph.parse import FormulaError, inputs, parse


def number(formula, **feeds):
    return float(graph.value(parse(formula, dtype="float64"), feeds))


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("2", 2.0),
        ("1/3", 1 / 3),
        ("10 - 3 - 2", 5.0),
        ("24 / 4 / 2", 3.0),
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("-2 ^ 2", -4.0),
        ("(-2) ** 2", 4.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("2 ** -1", 0.5),
        ("2 ^ -1 ^ 2 * 3", 1.5),
        ("-2 * -3", 6.0),
        ("- - 2", 2.0),
        ("+2", 2.0),
        ("1e-3 + .5 + 2.", 2.501),
        ("cos(pi)", -1.0),
        ("maximum(2, 3)", 3.0),
        ("where(greater(2, 1), 1, 0)", 1.0),
        ("exp(1)", math.e),
        ("mean(2)", 2.0),
        ("max(0, 3)", 3.0),
        ("max(0, -3)", 0.0),
        ("máx(-1, 2, 5, 3)", 5.0),
        ("min(2, 3) + mín(4, 1)", 3.0),
        ("max(7)", 7.0),
        ("ln(e)", 1.0),
        ("log(e^2)", 2.0),
        ("log10(1000)", 3.0),
        ("log2(8)", 3.0),
        ("e^2", math.e**2),
        ("sin(π/2) + sen(pi/2)", 2.0),
        ("tg(1)", math.tan(1)),
        ("tan(2)", math.tan(2)),
        ("raíz(9) + raiz(16)", 7.0),
        ("√9", 3.0),
        ("√(9 + 16)", 5.0),
        ("2·√4·3", 12.0),
        ("√4²", 4.0),
        ("-√4", -2.0),
        ("σ(0)", 0.5),
        ("3²", 9.0),
        ("2³ + 10⁻²", 8.01),
        ("-3²", -9.0),
        ("(-3)²", 9.0),
        ("2^3²", 512.0),
        ("3²²", 3.0**22),
        ("|-3|", 3.0),
        ("|2 - |-3||", 1.0),
        ("|-2|·|-3|", 6.0),
        ("||-3| - 1|^2", 4.0),
        ("3 × 4 ÷ 2 − 1", 5.0),
        ("−2", -2.0),
        ("2^−1", 0.5),
        ("6 ⋅ 2 ∙ 2 ∗ 2", 48.0),
        ("mse(3, 1)", 4.0),
    ],
)
def test_numbers(formula, value):
    assert number(formula) == pytest.approx(value, rel=1e-15)


def test_the_neuron_of_the_course():
    """Exercise 1: x = (2.8, -1.8), w = (1.45, -0.35), b = -4."""
    feeds = {"x0": 2.8, "x1": -1.8, "w0": 1.45, "w1": -0.35, "b": -4}
    slopes = {
        "sigmoid(z)": (0.666, 0.623, 0.323, -0.400, -0.078, 0.222),
        "1/(1+exp(-(z)))": (0.666, 0.623, 0.323, -0.400, -0.078, 0.222),
        "tanh(z)": (0.598, 1.799, 0.932, -1.156, -0.225, 0.642),
        "where(greater(z, 0), z, exp(z) - 1)": (0.690, 2.8, 1.45, -1.8, -0.35, 1),
        "maximum(z, 0.1 * (z))": (0.690, 2.8, 1.45, -1.8, -0.35, 1),
    }
    for formula, expected in slopes.items():
        y = parse(formula.replace("z", "w0*x0 + w1*x1 + b"))
        names = inputs(y)
        found = [graph.gradient(y, names[name], feeds) for name in ("w0", "x0", "w1", "x1", "b")]
        assert np.round([graph.value(y, feeds), *found], 3) == pytest.approx(expected), formula


def test_the_layer_of_the_course():
    """Exercise 2: two sigmoid units, targets 0, mean squared error."""
    loss = parse(
        "mean((sigmoid(W @ x + b) - t) ** 2)", {"W": (2, 2), "x": (2,), "b": (2,), "t": (2,)}
    )
    feeds = {"x": [-3.1, 1.5], "W": [[-0.2, 2], [-0.5, -0.3]], "b": [-4, -1], "t": [0, 0]}
    names = inputs(loss)
    assert float(graph.value(loss, feeds)) == pytest.approx(0.220, abs=5e-4)
    slope = graph.gradient(loss, names["W"], feeds)
    np.testing.assert_allclose(slope, [[-0.304, 0.147], [-0.406, 0.196]], atol=6e-4)
    np.testing.assert_allclose(graph.gradient(loss, names["b"], feeds), [0.098, 0.131], atol=5e-4)


def test_names_are_inputs_in_the_order_of_their_use():
    y = parse("w * x + b * x")
    assert list(inputs(y)) == ["w", "x", "b"]
    assert {x.dtype for x in inputs(y).values()} == {"float32"}
    assert list(inputs([y, parse("c")])) == ["w", "x", "b", "c"]
    assert inputs(parse("x₀ + ángulo"))["x₀"].shape == ()


def test_shapes_functions_and_dtype():
    y = parse(
        "sum(double(x, times=3), axis=0)",
        shapes={"x": (2, 3)},
        functions={"double": lambda x, times: x * times},
        dtype="float64",
    )
    assert (y.shape, y.dtype) == ((3,), "float64")
    assert graph.value(y, {"x": np.ones((2, 3))}).tolist() == [6.0, 6.0, 6.0]
    assert parse("max(x, axis=1)", {"x": (2, 3)}).shape == (2,)
    assert parse("max(0, x)", {"x": (2, 3)}).shape == (2, 3)
    assert parse("pi", {"pi": (2,)}).shape == (2,)


def test_e_to_a_power_is_the_exponential():
    ops = [x.op.name for x in graph.topological_order([parse("e^x + e^2")])]
    assert ops == ["input", "exp", "constant", "constant", "power", "add"]


def test_names_that_are_numbers_or_functions_elsewhere():
    assert list(inputs(parse("(x - μ)/σ + ŷ + x\u0302"))) == ["x", "μ", "σ", "ŷ", "x\u0302"]
    assert list(inputs(parse("e·x", {"e": ()}))) == ["e", "x"]


@pytest.mark.parametrize("parameters", [("w", "b"), ["b", "w"], "w,b", "w, b"])
def test_parameters_are_variables(parameters):
    y = parse("w*x + b", {"w": (2,), "x": (2,)}, parameters=parameters)
    leaves = {x.name: x for x in graph.topological_order([y]) if not x.inputs}
    assert {n: isinstance(x, graph.Variable) for n, x in leaves.items()} == {
        "w": True,
        "x": False,
        "b": True,
    }
    assert graph.value(y, {"w": [1, 2], "x": [3, 4], "b": 1}).tolist() == [4, 9]
    leaves["w"].assign([1.0, 1.0])
    assert graph.value(y, {"x": [3, 4]}).tolist() == [3, 4]
    with pytest.raises(FormulaError, match="no name 'c'"):
        parse("w*x", parameters=("w", "c"))


def test_a_name_in_shapes_may_be_that_of_a_function():
    assert parse("sign + 1", {"sign": (2,)}).shape == (2,)


def test_numbers_are_drawn_as_written():
    ops = [x.op.name for x in graph.topological_order([parse("x ** 2 / 2 - -1")])]
    assert ops == ["input", "square", "constant", "divide", "constant", "subtract"]


def test_a_long_formula_is_read():
    assert number("+".join(["x"] * 20_000), x=0.5) == 10_000


@pytest.mark.parametrize(
    ("formula", "what", "column", "more"),
    [
        ("", "A value is missing at the end of the formula.", 1, "a number, a name"),
        ("x +", "A value is missing at the end of the formula.", 4, "a number, a name"),
        ("x + * y", "A value is missing before '*'.", 5, "a number, a name"),
        ("(x", "A parenthesis is not closed.", 1, "')' for this '('"),
        ("tanh(x", "A parenthesis is not closed.", 5, "')' for this '('"),
        ("x)", "')' has no place here.", 2, "an operator or the end"),
        ("y = x", "'=' has no place here.", 3, "what is right of the ="),
        ("x, y", "',' has no place here.", 2, "an operator or the end"),
        ("2x", "An operator is missing.", 2, "* x"),
        ("a b", "An operator is missing.", 3, "+ - * / @ or ^"),
        ("w + w(x)", "An operator is missing.", 5, "w * (...)"),
        ("x $ y", "Unknown sign.", 3, "an operator or the end"),
        ("²", "A value is missing before '²'.", 1, "a number, a name"),
        ("x²y", "An operator is missing.", 3, "* y"),
        ("|x", "A bar is not closed.", 1, "'|' for this '|'"),
        ("x|", "An operator is missing.", 2, "+ - * / @ or ^"),
        ("(|x)|", "')' has no place here.", 4, "an operator or the end"),
        ("√", "A value is missing at the end of the formula.", 2, "a number, a name"),
        ("transpose(x, 1)", "There is no such axis.", 1, ""),
        ("max(x, 1, axis=0)", "The axis is that of a single value.", 1, ""),
        ("sigmod(x)", "Unknown function 'sigmod'.", 1, "'sigmoid'"),
        ("zzzz(x)", "Unknown function 'zzzz'.", 1, "one of abs, add"),
        ("1 + tanh", "tanh is a function.", 5, "tanh(...)"),
        (
            "tanh(x, y)",
            "tanh cannot be called like this: too many positional arguments.",
            1,
            "tanh(x)",
        ),
        (
            "tanh()",
            "tanh cannot be called like this: missing a required argument: 'x'.",
            1,
            "tanh(x)",
        ),
        ("W @ W", "The last axis of x and the first axis", 3, "(..., n, k) @ (..., k, m)"),
        ("tanh(x,)", "A value is missing before ')'.", 8, "a number"),
        ("sum(x, axis=)", "A value is missing before ')'.", 13, "a number"),
        ("1e999", "The number is too large.", 1, "1.8e308"),
        ("(" * 500, "The formula is nested too deeply.", 101, "100 levels"),
        ("-" * 500 + "x", "The formula is nested too deeply.", 101, "100 levels"),
        ("x +\n\ty z", "An operator is missing.", 8, "* z"),
    ],
)
def test_an_error_shows_the_column_and_what_was_expected(formula, what, column, more):
    with pytest.raises(FormulaError) as caught:
        parse(formula, {"W": (2, 3)} if "W" in formula else None)
    text = str(caught.value)
    assert text.startswith(what)
    assert f"where      column {column}\n" in text
    assert more in text
    line, caret = text.splitlines()[2:4]
    if len(formula) < 60:
        assert line[13:] == formula.replace("\n", " ").replace("\t", " ")
        assert caret.index("^") == 13 + column - 1


def test_the_message_as_a_whole():
    with pytest.raises(FormulaError) as caught:
        parse("sigmod(w0*x0 + b)")
    assert str(caught.value).splitlines() == [
        "Unknown function 'sigmod'.",
        "  where      column 1",
        "             sigmod(w0*x0 + b)",
        "             ^",
        "  try        'sigmoid'",
    ]


def test_a_long_formula_is_shown_around_the_error():
    with pytest.raises(FormulaError) as caught:
        parse("x + " * 200 + "$")
    assert max(map(len, str(caught.value).splitlines())) < 100


def test_a_shape_for_a_name_that_does_not_occur():
    with pytest.raises(FormulaError, match="no name 'w0'") as caught:
        parse("w * x", {"w0": (2,)})
    assert caught.value.rows["try"] == "'w'"


def test_a_formula_is_a_string():
    with pytest.raises(ArgumentError, match="A formula must be a string"):
        parse(3)


@hypothesis.given(st.text(alphabet="xy12.e+-*/^@()=, \tsin²$", max_size=30))
def test_any_text_gives_a_tensor_or_a_formula_error(text):
    try:
        y = parse(text)
    except FormulaError:
        return
    assert isinstance(y, graph.Tensor)


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "2.0", "0.5"]),
    lambda parts: st.one_of(
        st.builds("({}{}{})".format, parts, st.sampled_from(["+", "-", "*", "/"]), parts),
        st.builds("{}{}{}".format, parts, st.sampled_from([" + ", " - ", "*", "/"]), parts),
        st.builds("(-{})".format, parts),
        st.builds("{}**2.0".format, st.sampled_from(["x", "y", "3.0"])),
    ),
    max_leaves=12,
)


@hypothesis.given(EXPRESSIONS)
def test_python_reads_formulas_the_same_way(formula):
    x, y = np.float64(1.7), np.float64(-0.6)
    with np.errstate(all="ignore"):
        try:
            expected = float(eval(formula, {"x": x, "y": y}))
        except ZeroDivisionError:  # between two Python numbers
            return
    found = number(formula, x=x, y=y)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def test_errors_are_those_of_grafito():
    assert issubclass(FormulaError, GrafitoError)
    assert issubclass(FormulaError, ValueError)
