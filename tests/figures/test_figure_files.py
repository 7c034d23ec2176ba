"""Files of figures: text stays text, the same drawing gives the same bytes, no display."""

import io
import itertools
import os
import subprocess
import sys
import time
import warnings
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from figures import drawings

from grafito import graph
from grafito.errors import ArgumentError, UnknownNameError
from grafito.figures import confusion_matrix, curves, draw_graph
from grafito.figures.text import array_line, array_rows, number, words

MINUS = "\N{MINUS SIGN}"
TEXT = "{http://www.w3.org/2000/svg}text"


def svg(figure):
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


def texts(data):
    """The texts of an SVG file."""
    root = ElementTree.fromstring(data)
    return ["".join(t.itertext()).strip() for t in root.iter(TEXT)]


def test_svg_holds_the_numbers_as_text():
    found = texts(svg(draw_graph(drawings.neuron(graph.sigmoid), drawings.NEURON)))
    for text in ("0.690", "0.666", "0.623", "0.323", f"{MINUS}0.400", f"{MINUS}0.078", "0.222"):
        assert text in found
    for text in ("w0", "x0", "×", "+", "σ", "value", "gradient", "input"):
        assert text in found


def test_no_letter_of_the_first_file_lies_outside():
    """A matrix has cells of a fixed shape, so its layout takes two passes to come to rest."""
    figure = confusion_matrix(np.arange(100).reshape(10, 10), normalise=(None, "true"))
    root = ElementTree.fromstring(svg(figure))
    height = float(root.attrib["viewBox"].split()[3])
    bases = [float(text.get("y", "nan")) for text in root.iter(TEXT)]
    assert min(bases) > 9  # the height of a letter
    assert max(bases) < height - 2


def test_svg_in_spanish_has_decimal_commas():
    found = texts(svg(draw_graph(drawings.logistic(), drawings.NEURON, lang="es")))
    assert {"0,666", f"{MINUS}0,400", "valor", "gradiente", "entrada"} <= set(found)
    assert not any("." in text for text in found)


def test_svg_of_matrices():
    found = texts(svg(draw_graph(drawings.dense_layer()[2], {"x": [-3.1, 1.5]})))
    found = [text.replace("\u00a0", " ").replace(MINUS, "-") for text in found]
    assert {"[-0.304 0.147]", "[-0.406 0.196]", "[-0.380 0.100]", "0.220", "dense"} <= set(found)


def test_names_are_no_markup():
    odd = graph.placeholder((), name='a<b & "$c_1$"')
    assert 'a<b & "$c_1$"' in texts(svg(draw_graph(graph.exp(odd), {odd: 1.0})))


def test_the_same_drawing_gives_the_same_bytes():
    first, second = (svg(draw_graph(drawings.network(2), {"x": [1.0, 2.0]})) for _ in range(2))
    assert first == second


PROGRAM = """
import hashlib, io, sys
import grafito.figures
assert "matplotlib" not in sys.modules, "Matplotlib is imported too early"
from grafito import graph
from grafito.figures import draw_graph, curves
x = graph.placeholder((), name="x")
with graph.scope("layer"):
    y = graph.tanh(2 * x + graph.Variable(1.0, name="b"))
file = io.BytesIO()
draw_graph(y * graph.exp(x) + y, {"x": 0.5}).savefig(file, format="svg")
curves({"loss": [2.0, 1.0], "val_loss": [2.5, 2.0]}).savefig(file, format="svg")
assert "matplotlib.pyplot" not in sys.modules, "figures must not touch global state"
print(hashlib.sha256(file.getvalue()).hexdigest())
"""


def test_the_same_bytes_in_every_process():
    digests = set()
    for seed in ("1", "2"):  # of the hashes of strings, and so of the order of sets
        surroundings = {**os.environ, "PYTHONHASHSEED": seed}
        run = [sys.executable, "-c", PROGRAM]
        digests.add(subprocess.check_output(run, env=surroundings, text=True))
    assert len(digests) == 1


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_files(tmp_path, ending):
    figure = draw_graph(drawings.neuron(graph.tanh), drawings.NEURON)
    files = [tmp_path / f"{i}.{ending}" for i in range(2)]
    for file in files:
        figure.savefig(file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].stat().st_size > 1000


def test_notebooks_show_svg():
    assert draw_graph(drawings.logistic(), drawings.NEURON)._repr_svg_().startswith("<?xml")


NUMBERS = {
    "three decimals": (0.22218, "0.222"),
    "rounded": (-0.39995, "−0.400"),
    "zero": (0.0, "0.000"),
    "negative zero": (-0.0, "0.000"),
    "large": (123456.7, "123,456.700"),
    "very large": (1234567.0, "1.2·10⁶"),
    "small": (0.0006, "0.001"),
    "very small": (4.2e-7, "4.2·10⁻⁷"),
    "integer": (graph.constant(7).numpy(), "7"),
    "truth": (True, "1"),
    "infinite": (float("-inf"), "−∞"),
    "not a number": (float("nan"), "NaN"),
}


@pytest.mark.parametrize(("value", "text"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(value, text):
    assert number(value) == text
    spanish = text.replace(",", "\u202f").replace(".", ",")
    assert number(value, lang="es") == spanish


ARRAYS = {
    "scalar": (1.0, ["1.000"], "1.000"),
    "vector": ([1.0, -20.0], ["[1.000 −20.000]"], "[1.000 −20.000]"),
    "column": ([[1.0], [-2.0]], ["[ 1.000]", "[−2.000]"], "[[1.000] [−2.000]]"),
    "integers": ([[1, 10], [3, 4]], ["[1 10]", "[3  4]"], "[[1 10] [3 4]]"),
    "long": ([0.0] * 5, ["(5)"], "(5)"),
    "cube": ([[[0.0]]], ["(1 × 1 × 1)"], "(1 × 1 × 1)"),
    "empty": ([], ["(0)"], "(0)"),
}


@pytest.mark.parametrize(("array", "rows", "line"), ARRAYS.values(), ids=ARRAYS)
def test_arrays(array, rows, line):
    assert array_rows(array) == rows
    assert array_line(array) == line


def test_both_languages_have_the_same_words():
    assert words("en").keys() == words("es").keys()


@pytest.mark.parametrize("name", ["figure.xyz", "figure"])
def test_unknown_formats_are_named(name, tmp_path):
    with pytest.raises(UnknownNameError, match="Unknown format"):
        curves({"loss": [2.0, 1.0]}).savefig(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_characters_that_no_font_has_are_told_once(tmp_path, ending):
    strange = "\N{CUNEIFORM SIGN A}"
    cat = graph.placeholder((), name=2 * strange)
    figure = draw_graph(graph.exp(cat) * cat, {cat: 1.0})
    with pytest.warns(UserWarning, match=f"lack {strange} and show boxes") as told:
        figure.savefig(tmp_path / f"figure.{ending}")
    assert len(told) == 1
    assert 2 * strange in texts(svg(figure))  # without a warning


def test_there_is_no_window():
    with pytest.raises(ArgumentError, match="savefig"):
        curves({"loss": [1.0, 0.5]}).show()


def test_a_place_that_takes_long_to_find_is_no_fault(tmp_path, monkeypatch):
    """How long that takes depends on what else the machine does."""
    figure = curves({"loss": [2.0, 1.0], "val_loss": [2.5, 2.0]})
    monkeypatch.setattr(time, "perf_counter", itertools.count(step=10).__next__)
    figure.axes[0].legend(["a", "b"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(tmp_path / "a.png")
