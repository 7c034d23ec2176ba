"""Formulas of graphs as MathML and TeX: what is written is what the graph computes."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from grafito import activations, graph
from grafito.figures.formula import formula_mathml, formula_tex

# A formula as it is typed, the name by which it is differentiated or none, and its TeX.
WRITTEN = {
    "product": ("w*x + b", "", r"w \, x + b"),
    "difference in a product": ("(a - b)*c", "", r"\left(a - b\right) \, c"),
    "difference of differences": ("a - (b - c)", "", r"a - \left(b - c\right)"),
    "index and Greek": ("eta*w0", "", r"\eta \, w_{0}"),
    "fraction": ("1/(1 + exp(-z))", "", r"\frac{1}{1 + e^{ - z}}"),
    "power of a sum": ("(a + b)^2", "", r"\left(a + b\right)^{2}"),
    "root": ("√v", "", r"\sqrt{v}"),
    "slope of the sigmoid": (
        "sigmoid(z)",
        "z",
        r"\sigma\left(z\right) \, \left(1 - \sigma\left(z\right)\right)",
    ),
    "slope of tanh": ("tanh(z)", "z", r"1 - \mathrm{tanh}\left(z\right)^{2}"),
    "slope of ReLU": ("relu(z)", "z", r"\begin{cases}1 & z > 0 \\ 0 & z \leq 0\end{cases}"),
    "slope of ELU": ("elu(z)", "z", r"\begin{cases}1 & z > 0 \\ e^{z} & z \leq 0\end{cases}"),
    "slope of a product": ("w*x + b", "w", "x"),
    "choice": (
        "where(greater(a, b), g, 0)",
        "",
        r"\begin{cases}g & a > b \\ 0 & a \leq b\end{cases}",
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_formulas(case):
    text, of, tex = WRITTEN[case]
    x = graph.parse(text, {}, activations.registry.entries)
    if of:
        (x,) = graph.gradients(x, [graph.inputs(x)[of]])
    assert formula_tex(x) == tex
    assert ElementTree.fromstring(formula_mathml(x)).tag == "math"


def test_a_mean_is_a_sum_over_n():
    x = graph.parse("mean(square(y - t))", {"y": (5,), "t": (5,)})
    assert formula_tex(x, "L") == r"L = \frac{1}{N} \sum \left(y - t\right)^{2}"


def test_a_matrix_is_transposed():
    x = graph.parse("g @ transpose(b)", {"g": (2, 3), "b": (4, 3)})
    assert formula_tex(x) == r"g \, b^{T}"


def test_what_stands_on_the_left():
    x = graph.parse("w")
    assert formula_tex(x, "w <-") == r"w \leftarrow w"
    assert formula_tex(x, "dσ/dz").startswith(r"\frac{d\sigma}{dz} =")
    assert formula_tex(x, "∂L/∂a").startswith(r"\frac{\partial L}{\partial a} =")
    assert formula_tex(x, "f(z)").startswith(r"f\left(z\right) =")


def test_numbers_have_the_sign_of_the_language():
    x = graph.parse("0.5*z")
    assert "<mn>0,5</mn>" in formula_mathml(x, lang="es")
    assert "<mn>0.5</mn>" in formula_mathml(x, lang="en")


def test_names_are_no_html():
    x = graph.placeholder((), name="<img src=x>")
    assert "<img" not in formula_mathml(x)
