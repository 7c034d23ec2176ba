"""`summary(how=True)`: each equation holds, and its numbers are those of the table."""
# ruff: noqa: E501  (a stack is a line of code)

import math
import re

import numpy as np
import pytest

from grafito import Sequential, layers
from grafito.language import use
from grafito.models.summary_sources import how_text

STACKS = {
    "dense": ((784,), [layers.Dense(64), layers.BatchNormalization(), layers.Dense(10, use_bias=False)]),
    "valid": ((16, 16, 3), [layers.Conv2D(6, 5), layers.MaxPooling2D(3, 2), layers.Flatten(), layers.Dense(4)]),
    "same": ((33, 20, 2), [layers.Conv2D(4, 3, strides=2, padding="same"), layers.AveragePooling2D(2, padding="same")]),
    "dilated": ((20, 20, 1), [layers.Conv2D(4, 3, dilation_rate=3)]),
    "sequence": ((50, 8), [layers.Conv1D(16, 5, strides=3), layers.MaxPooling1D(2)]),
    "depthwise": ((9, 9, 3), [layers.DepthwiseConv2D(3), layers.SeparableConv2D(5, 3)]),
    "transposed": ((4, 4, 2), [layers.Conv2DTranspose(3, 2, strides=2)]),
}  # fmt: skip


@pytest.mark.parametrize("name", STACKS)
def test_every_equation_holds(name):
    shape, stack = STACKS[name]
    model = Sequential([layers.Input(shape), *stack])
    lines = how_text(model).splitlines()[1:]
    found = [re.search(r"([\d,]+) = ([^a-z]*(?:(?:floor|ceil)[^a-z]*)?)", line) for line in lines]
    assert any(found)
    for match in filter(None, found):
        code = (
            match[2].replace("·", "*").replace("floor", "math.floor").replace("ceil", "math.ceil")
        )
        assert eval(code, {"math": math}) == int(match[1].replace(",", "")), match[0]
    sizes = [
        f" {sum(v.size for v in layer.weights):,} =" for layer in model.layers if layer.weights
    ]
    assert all(any(size in line for line in lines) for size in sizes)
    outputs = {n for layer in model.layers for n in layer.output.shape[1:]}
    for line in lines:
        if "floor" in line or "ceil" in line:
            assert int(re.search(r"\d+", line.split(":")[-1])[0]) in outputs


def test_the_numbers_of_the_question():
    model = Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(6, 5, name="c"),
            layers.Conv2D(2, 3, strides=2, padding="same", name="d"),
        ]
    )
    text: list[str] = []
    model.summary(how=True, print_fn=text.append)
    assert "c: 456 = (5·5·3 + 1)·6 parameters" in text[0]
    assert "28 = floor((32 - 5)/1) + 1" in text[0]
    assert "14 = ceil(28/2)" in text[0]
    with use("es"):
        assert "456 = (5·5·3 + 1)·6 parámetros" in how_text(model)
        assert "De dónde salen los números" in how_text(model)
        assert "352\u202f800 = " in how_text(model)
        model.summary(print_fn=text.append)
        assert "352\u202f800" in text[-1]
        assert "352,800" not in text[-1]
        assert "KiB)" in text[-1]
        assert not re.search(r"\d\.\d", text[-1])
    model.summary(print_fn=text.append)
    assert "Where the numbers" not in text[-1]


def test_sizes_that_are_free_and_layers_that_were_not_built_have_no_equation():
    model = Sequential([layers.Input((None, None, 3)), layers.Conv2D(6, 5)])
    assert "floor" not in how_text(model)
    assert "456" in how_text(model)
    unbuilt = Sequential([layers.Dense(3), layers.Flatten()])
    assert how_text(unbuilt).splitlines() == ["Where the numbers come from"]


@pytest.mark.parametrize("kind", [layers.Conv1D, layers.Conv2D, layers.MaxPooling2D])
def test_help_gives_both_sizes(kind):
    told = " ".join((kind.__doc__ or "").split())
    assert "floor((" in told
    assert "ceil(" in told


def test_the_formula_of_help_is_that_of_the_layer():
    rng = np.random.default_rng(0)
    for n, k, s in zip(rng.integers(9, 17, 30), *rng.integers(1, 9, (2, 30)), strict=True):
        shape = (None, int(n), int(n), 1)
        valid = layers.Conv2D(1, int(k), strides=int(s)).compute_output_shape(shape)
        same = layers.Conv2D(1, int(k), strides=int(s), padding="same").compute_output_shape(shape)
        assert valid[1] == math.floor((n - k) / s) + 1
        assert same[1] == math.ceil(n / s)
