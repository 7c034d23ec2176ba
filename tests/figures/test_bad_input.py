"""What is given to figures by mistake: an error that teaches, and never a raw one."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from matplotlib.text import Text

from grafito import Sequential, figures, language, layers
from grafito.errors import GrafitoError

MODEL = Sequential([layers.Input((2,)), layers.Dense(3, activation="softmax")])
RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(6, 2)), [0, 1, 2, 0, 1, 2]
IMAGES = RANDOM.random((2, 8, 8))
NAN = X * np.nan

# A function and what it cannot draw, with words of the answer.
WRONG = {
    "curves": [
        ((MODEL,), "nothing to draw"), ((None,), "nothing to draw"), (([1, 2],), "nothing to draw"),
        (({"loss": [1.0]}, "acc"), "metric 'acc'"), (({"loss": [1.0]}, 3), "Unknown metric"),
        (({"loss": ["a"]},), "Only numbers"), (({"loss": [[1], [1, 2]]},), "the same length"),
    ],
    "confusion_matrix": [
        ((None,), "Only numbers|square"), ((MODEL,), "Only numbers"), ((Y,), r"\(y_true, y_pred\)"),
        (([0, 1], [0]), "2 true and 1 predicted"), (([[1], [2, 3]],), "must have the same length"),
        (("abc",), "Only numbers"), (([-1, 0], [0, 0]), "from 0"),
        (([10**9, 1], [0, 1]), "too many classes"), (([{}, {}], [1, 2]), "numbers or texts"),
        ((["a", {}], ["a", 1]), "numbers or texts"), ((Y, Y, ["a", "b"]), "2 names"),
        ((["a", "b"], ["a", "c"], ["a", "b"]), "not the name of a class"),
    ],
    "classification_table": [((Y,), "y_true"), ((["a"], ["a", "b"]), "1 true and 2")],
    "images_grid": [
        ((None,), "Only numbers|not images"), ((["a.png"],), "Only numbers"), (({},), "no images"),
        (([IMAGES[0], IMAGES[0][:3]],), r"\(8, 8\), \(3, 8\)"), ((IMAGES, ["a"]), "one class"),
        ((IMAGES, [0, 5], None), None), ((IMAGES[0], [1]), None),
    ],
    "decision_regions": [
        ((None, X, Y), "model.predict"), ((X, Y, MODEL), "model.predict"),
        ((MODEL, NAN, Y), "is not finite"), ((MODEL, [["a", "b"]], [0]), "Only numbers"),
        ((MODEL.predict, X, Y[:2]), "one class"), ((MODEL.predict, X[:, :1], Y), "plane"),
        ((MODEL, np.ones((6, 3)), Y), r"columns=\(0, 1\)"),
    ],
    "perceptron_lines": [((X, Y, [1, 2, 3]), "two weights"), ((X, Y, [["a"] * 3]), "Only numbers")],
    "gradient_norms": [
        ((MODEL,), "by name"), (([1, 2],), "by name"), (({"a": ["x"]},), "Only numbers"),
        (({},), "no results"), (({"a": [0, 0]},), "no results"), (({"a": 1.0},), None),
    ],
    "sweep": [(([1, 2],), "by name"), (({"a": {1: "x"}},), "Only numbers"), (({},), "no results")],
    "scatter_fit": [(([1, 2], [1]), "prediction"), ((["a"], ["b"]), "Only numbers")],
    **{
        name: [
            (([0, 1], [0.1]), "Each example needs a score"), (([], []), "score|class"),
            (([0, 0], [0.1, 0.2]), "both classes"), (([0, 1], ["a", "b"]), "Only numbers"),
            (([0, 1], [0.1, np.nan]), "not finite"), (([0, 5], [0.1, 0.2]), "do not fit"),
            (([0, 1], {}), "no scores|one model"), ((None, None), "Classes|Only|score"),
            ((MODEL, [0.1]), "numbers or texts"), (([0, 1], [[[0.1]], [[0.2]]]), "needs a score"),
        ]
        for name in ("roc_curve", "precision_recall_curve", "calibration_curve", "threshold_curves")
    },
    "feature_maps": [((None, IMAGES[0]), "those of a model"), ((MODEL, None), "image|numbers")],
    "kernels": [((None,), "Only numbers|kernel"), (("a",), "Only numbers")],
    "activation_gallery": [((None,), "no activ"), (([],), "no activ"), (("relu",), None)],
    "loss_surface": [((MODEL, X), "by name"), ((lambda a, b: a, {"a": [1, 2]}), "steps, 2")],
    "network_diagram": [((None,), "Only a model")],
    "convolution_steps": [(("a", "b"), "Only numbers"), (([[1], [1, 2]], [[1]]), "same length")],
    "draw_diagram": [((3,), "nodes and edges")],
    "draw_graph": [
        ((3,), "Only tensors"), ((np.ones(3),), "Only tensors"),
        (("x*2", {"x": "a"}), "Only numbers"),
        (("x*2", {"x": [[1], [1, 2]]}), "the same length"), ((max, {"x": 1}), "does not say"),
        ((["x", "y"], {"x": 1}), "Only tensors"), (("x", "x=1"), "by name"), ((MODEL, "a"), None),
    ],
}  # fmt: skip
FOUR = RANDOM.normal(size=(6, 4))
# A call that is sound, and options that spoil it, with words of the answer.
OPTIONS = {
    "decision_regions": (
        {"predict": lambda p: p[:, 0] > 0, "x": FOUR, "y": Y, "columns": (0, 1), "resolution": 5},
        [
            ("columns", (0, 0), "two different"), ("columns", (0, 9), "from 0 to 3"),
            ("columns", 3, "two different"), ("columns", ("a", "b"), "two different"),
            ("held_out", X, "x_test, y_test"), ("held_out", (FOUR[:, :3], Y), "the same inputs"),
            ("held_out", (FOUR * np.nan, Y), "finite"), ("held_out", (FOUR, [0]), "one class"),
            ("held_out", "ab", "x_test, y_test"), ("names", ["a"], "4 names"),
            ("names", X, "given as a list"),
            ("names", "abcd", "4 names"), ("bands", 2.0, "bands=True"), ("bands", "ab", "bands="),
            ("bands", [1.5], "bands=True"), ("errors", X, "True or False"),
            ("resolution", None, "resolution=200"), ("title", X, "text"),
        ],
    ),
    "threshold_curves": (
        {"y_true": [0, 1, 1], "y_score": [0.1, 0.4, 0.7]},
        [
            ("costs", 3, "two numbers"), ("costs", (1, -1), "two numbers"),
            ("costs", ("a", "b"), "Only numbers"), ("y_score", [-1, 2, 3], "between 0 and 1"),
            ("y_score", np.ones((3, 3)) / 3, "do not fit"), ("title", [1], "text"),
        ],
    ),
    "kernels": (
        {"weights": np.ones((12, 3))},
        [
            ("shape", 12, "as many pixels"), ("shape", (3, 5), "of 12 pixels"),
            ("shape", (2, 2, 3), "pixels"), ("shape", ("a", "b"), "pixels"),
            ("shape", None, r"shape=\(1, 12\)"), ("weights", np.ones((0, 3)), "axes"),
            ("weights", np.ones(3), "axes"), ("most", 0, "most=16"),
        ],
    ),
    "images_grid": (
        {"images": IMAGES, "signed": True},
        [
            ("images", np.ones((2, 8, 8, 3)), "one channel"), ("columns", 0, "columns=8"),
            ("title", IMAGES, "text"),
        ],
    ),
    "calibration_curve": (
        {"y_true": [0, 1, 1], "y_score": [0.1, 0.4, 0.7]},
        [("bins", 0, "bins=10"), ("bins", "a", "bins=10"), ("y_score", [5, 2, 3], "0 and 1")],
    ),
    "confusion_matrix": (
        {"matrix": [0, 1], "predicted": [1, 1]},
        [("margins", "yes", "True or False"), ("normalise", 3, "way to normalise")],
    ),
}  # fmt: skip
SPOILT = [(name, call, *each) for name, (call, rows) in OPTIONS.items() for each in rows]


@pytest.mark.parametrize(("name", "call", "option", "given", "words"), SPOILT)
def test_mistaken_options_are_explained(name, call, option, given, words):
    with pytest.raises(GrafitoError, match=words):
        getattr(figures, name)(**{**call, option: given})


CASES = [(name, *case) for name, cases in WRONG.items() for case in cases]


@pytest.mark.parametrize(("name", "given", "words"), CASES)
def test_mistakes_are_explained(name, given, words):
    function = getattr(figures, name)
    if words is None:  # taken, or refused with words of its own
        with contextlib.suppress(GrafitoError):
            function(*given)
        return
    with pytest.raises(GrafitoError, match=words):
        function(*given)


# Labels as texts, one-hot rows, probabilities: the same picture.
SAME = [
    ([0, 1, 1, 0], [0, 1, 0, 0]),
    ([[1, 0], [0, 1], [0, 1], [1, 0]], [0, 1, 0, 0]),
    (np.array([[0], [1], [1], [0]]), [0.2, 0.7, 0.4, 0.1]),
    ([0, 1, 1, 0], [[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.9, 0.1]]),
    (["no", "sí", "sí", "no"], ["no", "sí", "no", "no"]),
    (np.array(["no", "sí", "sí", "no"], object), [0, 1, 0, 0]),
    ([False, True, True, False], np.array([[0], [1], [0], [0]], "int32")),
]


@pytest.mark.parametrize("way", SAME)
def test_labels_of_every_kind(way):
    true, predicted = way
    names = ["no", "sí"]
    axes, _ = figures.confusion_matrix(true, predicted, names).axes
    assert [text.get_text() for text in axes.texts] == ["2", "0", "1", "1"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == names
    assert figures.classification_table(true, predicted, names)[1]["recall"] == 0.5
    grid = figures.images_grid(RANDOM.random((4, 4, 4)), true, predicted, class_names=names)
    assert [axes.get_title().count("✗") for axes in grid.axes] == [0, 0, 1, 0]
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    regions = figures.decision_regions(
        lambda p: p[:, 0] > 0.5, points, true, class_names=names, resolution=8
    )
    assert [text.get_text() for text in regions.legends[0].get_texts()] == names


def test_texts_name_their_classes():
    axes, _ = figures.confusion_matrix(["b", "a"], ["b", "c"]).axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b", "c"]
    (first, second) = figures.images_grid(IMAGES, ["siete", "dos"], ["dos", "dos"]).axes
    assert (first.get_title(), second.get_title()) == ("✗ dos\ntrue: siete", "dos")
    points = [[0.0, 0.0], [1.0, 1.0]]
    sheet = figures.decision_regions(
        lambda p: np.where(p[:, 0] > 0.5, "sí", "no"), points, ["no", "sí"], resolution=8
    )
    assert [text.get_text() for text in sheet.legends[0].get_texts()] == ["no", "sí"]


def test_a_metric_may_be_a_single_name():
    assert len(figures.curves({"loss": [1.0], "accuracy": [0.5]}, "accuracy").axes) == 1


# Words that the catalogue knows, as a user's own names: they stay.
OWN = {
    "classes": lambda lang: figures.confusion_matrix(
        [[5, 1], [2, 7]], ["left", "close"], lang=lang
    ),
    "runs": lambda lang: figures.curves({"wide": {"loss": [1]}, "clean": {"loss": [2]}}, lang=lang),
    "images": lambda lang: figures.images_grid({"clean": IMAGES, "noisy": IMAGES}, lang=lang),
    "settings": lambda lang: figures.sweep({"zeros": 1.0, "wide": 2.0}, lang=lang),
}


@pytest.mark.parametrize("draw", OWN.values(), ids=OWN)
def test_names_of_a_user_stay_and_those_of_grafito_are_translated(draw):
    def texts(lang):
        return {text.get_text() for text in draw(lang).findobj(Text) if text.get_text().isalpha()}

    own = {"left", "close", "wide", "clean", "noisy", "zeros"}
    assert texts("es") & own == texts("en") & own != set()
    with language.known_names():
        assert not texts("es") & own - {"left"}
