"""What objects show of themselves in a notebook and in a terminal."""

from __future__ import annotations

import html.parser
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from grafito import (
    Sequential,
    callbacks,
    figures,
    graph,
    initializers,
    insight,
    language,
    layers,
    losses,
    metrics,
    optimizers,
)
from grafito.lab.runner import Result
from grafito.models.in_place import LINES, Place
from grafito.models.progress import Progress
from grafito.notebooks import html as page_of

LARGEST = 20_000  # characters


@pytest.fixture(scope="module")
def trained():
    model = Sequential(
        [
            layers.Input((4,), name="in<put"),
            layers.Dense(3, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(2, activation="softmax"),
        ],
        name="a<b",
    )
    model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).random((20, 4))
    model.fit(x, np.arange(20) % 2, epochs=3, verbose=0)
    return model


class Pairs(html.parser.HTMLParser):
    """Every element that is opened is closed, and none is a script."""

    VOID = ("br", "hr", "img", "meta", "link")

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        assert tag != "script"
        assert not any(name.startswith("on") for name, _ in attributes)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(shown):
    text = shown._repr_html_()
    reader = Pairs()
    reader.feed(text)
    assert not reader.open
    return text


def things(model):
    w = graph.Variable(np.arange(6.0).reshape(3, 2), name="W")
    return [
        model,
        model.layers[0],
        layers.Conv2D(3, 3),
        layers.Flatten(),
        model.optimizer,
        optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)),
        model.history,
        callbacks.History(),
        w,
        graph.constant(3.5),
        graph.constant(np.zeros((2, 3, 4))),
        graph.constant(np.full((30, 30), np.nan)),
        graph.constant(np.zeros((0, 3))),
        graph.constant([True, False]),
        graph.placeholder((3,), name="x"),
        graph.parse("sigmoid(w*x)"),
        graph.sum(w @ graph.constant(np.ones((2, 2)))),
        losses.MeanSquaredError(),
        metrics.BinaryAccuracy(),
        initializers.HeNormal(),
    ]


@pytest.mark.parametrize("place", range(20))
def test_pages_are_small_and_whole(trained, place):
    shown = things(trained)[place]
    for lang in ("en", "es"):
        with language.use(lang):
            assert len(page(shown)) < (LARGEST if place != 6 else 2 * LARGEST)


def test_a_model_shows_its_layers_which_unfold(trained):
    text = page(trained)
    assert text.count("<details>") == 3
    assert "a&lt;b" in text
    assert "(None, 3)" in text
    assert "'relu'" in text
    with language.use("es"):
        assert "Parámetros" in page(trained)


def test_a_large_model_stays_small():
    model = Sequential([layers.Input((8,)), *(layers.Dense(8) for _ in range(150))])
    assert len(page(model)) < LARGEST


def test_a_model_without_shapes_says_so():
    assert "not built" in page(Sequential([layers.Dense(3)]))


def test_the_last_numbers_and_curves_of_a_history(trained):
    text = page(trained.history)
    assert "<svg" in text
    assert f"{trained.history['loss'][-1]:.4g}" in text


def test_figures_are_in_the_language_chosen():
    with language.use("es"):
        assert "época" in figures.curves({"loss": [2.0, 1.0]})._repr_svg_()
        history = callbacks.History()
        history.on_epoch_end(0, {"loss": 0.5})
        assert "pérdida" in page(history)


def test_a_graph_is_drawn_with_its_formula():
    text = page(graph.parse("sigmoid(w*x)"))
    assert "<math" in text
    assert "<svg" in text
    deep = graph.placeholder(())
    for _ in range(100):
        deep = graph.tanh(deep)
    assert "101 operations" in page(deep)


def test_the_numbers_of_a_weight(trained):
    assert f"{trained.weights[0].numpy()[0, 0]:.4g}" in page(trained.weights[0])


def test_a_run_shows_its_numbers_and_its_report():
    result = Result("digits", Path("runs/1"), "complete", {"accuracy": 0.97}, 9, 1.26, "llvm")
    with language.use("es"):
        text = page(result)
    assert "0,97" in text
    assert "runs/1/report.html" in text


def test_the_player_is_a_frame():
    assert insight.Player("w*x", {"w": 2.0, "x": 3.0})._repr_html_().startswith("<iframe")


def test_of_anything_else_its_text():
    assert "&lt;object" in page_of(object())


# In a terminal


def test_texts_of_objects(trained):
    found = {
        repr(trained): "<Sequential 'a<b', layers=3, 23 weights>",
        repr(
            layers.Dense(3, activation="relu", name="d")
        ): "<Dense 'd', units=3, activation='relu'>",
        repr(optimizers.SGD(0.1, momentum=0.9)): "SGD(learning_rate=0.1, momentum=0.9)",
        repr(initializers.HeNormal()): "HeNormal()",
        repr(layers.Conv2D(4, (3, 2), name="c")): "<Conv2D 'c', filters=4, kernel_size=(3, 2)>",
    }
    assert list(found) == list(found.values())
    assert repr(trained.history).startswith("<History of 3 epochs, accuracy 0.")
    assert "\n[[0. 1.]\n [2. 3.]" in repr(graph.Variable(np.arange(8.0).reshape(4, 2)))
    assert len(repr(graph.Variable(np.zeros((500, 500))))) < 400


def test_the_text_of_an_object_that_is_half_made():
    assert repr(layers.Dense.__new__(layers.Dense, 3))


# Progress


class Display:
    """What a notebook shows: the pages of one place, the last one last."""

    def __init__(self):
        self.pages = []

    HTML = staticmethod(str)

    def display(self, shown, display_id):
        self.pages.append(shown)
        return types.SimpleNamespace(update=self.pages.append)


def test_progress_in_a_notebook_stays_in_one_place(trained, monkeypatch, capsys):
    shown = Display()
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell, display=shown)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    x = np.random.default_rng(0).random((2000, 4))
    trained.fit(x, np.arange(2000) % 2, epochs=LINES + 5, batch_size=1)
    assert not capsys.readouterr().out
    last = shown.pages[-1].splitlines()
    assert len(last) == LINES
    assert f"Epoch {LINES + 5}/{LINES + 5}" in last[-1]
    assert "loss: " in last[-1]


def test_a_bar_inside_an_epoch(monkeypatch):
    shown = Display()
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell, display=shown)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    with language.use("es"):
        progress = Progress("auto", "fit")
        progress.on_epoch_begin(0)
        progress.on_progress("train", 5, 10, {"loss": 0.5})
    assert "Época 1/1" in shown.pages[-1]
    assert shown.pages[-1].count("█") == shown.pages[-1].count("░")
    assert "5/10 loss: 0,5" in shown.pages[-1]


def test_a_place_is_written_now_and_then():
    shown = Display()
    place = Place(types.SimpleNamespace(display=shown))
    for i in range(1000):
        place.line(f"line <{i}>")
    place.flush()
    assert len(shown.pages) < 10
    assert "line &lt;999&gt;" in shown.pages[-1]


def test_the_memory_of_a_step_is_written_as_spanish_does():
    model = Sequential([layers.Input((4,)), layers.Dense(6), layers.Dense(1)])
    model.compile("adam", "mse")
    with language.use("es"):
        assert "6,6 KiB (batch_size=32)" in page_of(model)
