"""A figure that moves: how each layer of a network moves the plane."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from grafito import lab
from grafito.datasets import generators
from grafito.errors import ArgumentError
from grafito.figures.moving import Stage, moving_plane
from grafito.lab.experiments import moons
from grafito.lab.report.page import draw

MOVED = ("polyline", "circle", "animate")


def parts_of(page, name):
    return re.findall(
        rf'<img class="{name}" src="data:image/svg\+xml;base64,([^"]+)" alt="[^"]', page
    )


def test_a_plane_moves_through_the_layers(tmp_path):
    """One file without script, still for whoever wants less motion and on paper."""
    result = lab.run(lab.get("moons", "plane", epochs=2), out=tmp_path, verbose=0)
    pages = {lang: draw(result.folder, f"{lang}.html", lang).read_text() for lang in ("en", "es")}
    drawings = {}
    for lang, page in pages.items():
        (image,) = parts_of(page, "moving")
        drawings[lang] = base64.b64decode(image).decode()
        assert "script-src 'none'" in page
    assert (
        "prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } .moving" in pages["en"]
    )
    assert "{ html { scroll-behavior: auto; } .moving { display: none; } }" in pages["en"]
    assert re.search(r"@media print \{[^@]*@[^@]*@[^@]*\.moving \{ display: none; \}", pages["en"])
    assert "layer 1: times its weights, plus its biases" in drawings["en"]
    assert "capa 1: por sus pesos, más sus sesgos" in drawings["es"]
    root = ElementTree.fromstring(drawings["en"])
    kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert kinds == {*("svg", "title", "style", "clipPath", "rect", "g", "text"), *MOVED}
    assert "prefers-reduced-motion:reduce" in drawings["en"]
    lines = [e for e in root.iter() if e.tag.endswith("polyline") and len(e)]
    assert len(lines) == 26
    stages = 2 * len(lab.get("moons", "plane").units) + 2  # input, 3 times two steps, the boundary
    for animated in root.iter(f"{{{root.tag[1:].partition('}')[0]}}}animate"):
        values, times = (animated.get(key).split(";") for key in ("values", "keyTimes"))
        assert len(values) == len(times) in (stages, 2 * stages)
        assert times[0] == "0.0000"
        assert [*map(float, times)] == sorted(map(float, times))


def test_the_stages_are_what_the_layers_compute():
    x, y = generators.moons(20, 0.1, seed=1)
    network = lab.get("moons", "plane").network(x)
    stages = moons.stages_of_plane(network, x, y)
    outputs = moons.moved(network, x)
    for stage, output in zip(stages[2::2], outputs[1:], strict=True):
        np.testing.assert_allclose(stage.points, output, rtol=1e-5, atol=1e-6)
    weights, bias = network.layers[-1].get_weights()
    np.testing.assert_allclose(stages[-1].boundary @ weights[:, 0] + bias, 0, atol=1e-4)


def test_what_moves_needs_two_stages():
    stage = Stage("one", np.zeros((1, 2, 2)), np.zeros((1, 2)))
    with pytest.raises(ArgumentError, match="several stages"):
        moving_plane([stage], [0])
