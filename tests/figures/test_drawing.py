"""Drawings are readable: nothing lies on anything else, or off the page."""

import itertools

import numpy as np
import pytest
from figures import drawings
from figures.drawings import boxes, curves, overlaps

from grafito import graph
from grafito.figures import draw_diagram, draw_graph

X = {"x": [-3.1, 1.5]}
Z = {f"z{i}": 0.3 * i for i in range(4)}

DRAWINGS = {
    "sigmoid": lambda: draw_graph(drawings.neuron(graph.sigmoid), drawings.NEURON),
    "logistic": lambda: draw_graph(drawings.logistic(), drawings.NEURON, lang="es"),
    "no gradients": lambda: draw_graph(drawings.logistic(), drawings.NEURON, gradients=False),
    "no numbers": lambda: draw_graph(drawings.logistic()),
    "dense": lambda: draw_graph(drawings.dense_layer()[2], X),
    "dense, layers": lambda: draw_graph(drawings.dense_layer()[2], X, level="layers"),
    "network": lambda: draw_graph(drawings.network(3), X),
    "network, functions": lambda: draw_graph(drawings.network(3), X, level="functions"),
    "network, layers": lambda: draw_graph(drawings.network(3), X, level="layers"),
    "softmax": lambda: draw_graph(drawings.softmax_by_hand(4), Z),
    "xor": lambda: draw_graph(drawings.xor(), {"x0": 1, "x1": -1}),
    "xor, rows": lambda: draw_graph(drawings.xor(), {"x0": 1, "x1": -1}, width=7),
    "network, one row": lambda: draw_graph(drawings.network(3), X, width=None),
    "several outputs": lambda: draw_graph(drawings.dense_layer(), X),
    **{
        f"random {seed}": lambda seed=seed: draw_diagram(drawings.random_diagram(seed))
        for seed in range(8)
    },
}


@pytest.fixture(scope="module", params=DRAWINGS)
def drawing(request):
    figure = DRAWINGS[request.param]()
    return figure, boxes(figure)


def test_nodes_and_texts_lie_apart(drawing):
    things = [thing for thing in drawing[1] if thing[0] not in ("label", "legend")]
    for (kind_a, a, first), (kind_b, b, second) in itertools.combinations(things, 2):
        assert not overlaps(first, second, 0.1), (kind_a, a, kind_b, b)


def test_the_name_of_a_node_lies_in_it(drawing):
    nodes = {name: box for kind, name, box in drawing[1] if kind == "node"}
    for kind, label, inner in drawing[1]:
        if kind == "label":
            for node, outer in nodes.items():
                if node == label:
                    assert (outer[:2] <= inner[:2] + 0.5).all(), label
                    assert (outer[2:] >= inner[2:] - 0.5).all(), label
                else:
                    assert not overlaps(inner, outer, 0.1), (label, node)


def test_arrows_miss_nodes_and_texts(drawing):
    figure, things = drawing
    obstacles = [thing for thing in things if thing[0] not in ("label", "legend")]
    for gid, points in curves(figure):
        for kind, name, box in obstacles:
            ends = np.all((points[[0, -1]] > box[:2] - 2) & (points[[0, -1]] < box[2:] + 2), axis=1)
            inside = np.all((points > box[:2] + 0.6) & (points < box[2:] - 0.6), axis=1)
            assert ends.any() or not inside.any(), (gid, kind, name)


def test_everything_lies_on_the_page(drawing):
    figure, things = drawing
    page = figure.get_size_inches() * 72
    for kind, name, box in things:
        assert (box[:2] >= 0).all(), (kind, name)
        assert (box[2:] <= page).all(), (kind, name)


# Rows


def edge_texts(figure):
    return sorted(
        text.get_text()
        for axes in figure.axes
        for text in axes.texts
        if (text.get_gid() or "").startswith(("value", "gradient"))
    )


def links(figure):
    """Numbers of the links of each row."""
    return [
        [t.get_text() for t in axes.texts if (t.get_gid() or "").startswith("label-link")]
        for axes in figure.axes
    ]


def test_a_wide_drawing_goes_on_in_the_next_row():
    whole = draw_graph(drawings.network(6), X, width=None)
    rows = draw_graph(drawings.network(6), X, lang="es")
    assert len(whole.axes) == 1
    assert len(rows.axes) == 6
    assert rows.get_figwidth() < 17.5 < whole.get_figwidth() / 3
    # A row ends where a layer does: one arrow passes, and the one around the layers.
    assert ["".join(sorted(row)) for row in links(rows)] == ["16", "12", "23", "34", "45", "56"]
    assert any(text.get_text() == "continúa" for text in rows.axes[-1].texts)


def test_rows_show_every_number():
    whole = edge_texts(draw_graph(drawings.network(6), X, width=None))
    rows = edge_texts(draw_graph(drawings.network(6), X))
    assert set(rows) == set(whole)
    assert len(rows) == len(whole) + 6 * 2  # at both ends of an arrow that is cut


def test_numbers_of_shapes_are_unique():
    rows = draw_graph(drawings.network(6), X)
    arrows = [gid for gid, _ in curves(rows) if gid != "legend"]
    assert len(arrows) == len(set(arrows))


def test_a_width_that_nothing_fits_into():
    figure = draw_graph(drawings.neuron(graph.sigmoid), drawings.NEURON, width=0.5)
    assert len(figure.axes) > 2
