"""What holds for all figures: both languages, words for those who cannot see, nothing overlaps."""

import inspect
import io
import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from figures import drawings
from figures.drawings import overlaps
from matplotlib.image import imread
from matplotlib.text import Text

from grafito import Model, Sequential, figures, graph, layers

SVG = "{http://www.w3.org/2000/svg}"
CHANCE = np.random.default_rng(1)
IMAGES = CHANCE.random((6, 8, 8))
CLASSES = ["T-shirt", "trousers", "coat"]
POINTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TWO_NODES = figures.Diagram(
    (figures.Node("x", "x", "input"), figures.Node("y", "exp")), (figures.Edge("x", "y", "one"),)
)
COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 3, 7]])


def history(epochs=12, speed=1.0):
    loss = np.exp(-speed * np.arange(epochs) / 5)
    names = {"loss": loss, "val_loss": loss + 0.2, "accuracy": 1 - loss, "val_accuracy": 0.9 - loss}
    return {name: values.tolist() for name, values in names.items()}


def ways(count):
    """From one start down a bowl, at different speeds, with a turn of its own for each."""
    t = np.linspace(0, 1, 20)
    ends = {
        f"way {i}": np.stack([-4 * (1 - t) ** (i + 1), 3 * (1 - t) + np.sin(i * t)], axis=1)
        for i in range(count)
    }
    return {name: np.concatenate([[[-4.0, 3.0]], way]) for name, way in ends.items()}


def network():
    h = x = layers.Input((6, 6, 1))
    for i in range(2):
        inner = layers.Conv2D(4, 3, padding="same", activation="relu", name=f"conv_{i}")(h)
        h = layers.concatenate([h, layers.Dropout(0.25)(inner)])
    return Model(x, layers.Dense(3, name="scores")(layers.Flatten()(h)))


def deep(count):
    dense = [layers.Dense(5, activation="tanh") for _ in range(count)]
    return Sequential([layers.Input((3,)), *dense])


OWN_CHANCE = np.random.default_rng(2)
POSITIVE = OWN_CHANCE.random(80) < 0.4
CHANCES = np.clip(0.3 + 0.3 * POSITIVE + 0.2 * OWN_CHANCE.normal(size=80), 0, 1)
SHARES = OWN_CHANCE.dirichlet([1, 1, 1], 80)
THREE = (SHARES + 0.4 * OWN_CHANCE.random((80, 3))).argmax(axis=1)
SPACE = CHANCE.random((12, 4))


def rising(points):
    return 1 / (1 + np.exp(-9 * (points[:, 0] + points[:, 2] - 1)))


def layer_of(units):
    layer = layers.Dense(units)
    layer.build((None, 24))
    return layer


def wave(x):
    return np.sin(6 * x)


X = np.linspace(0, 1, 15)

# A figure in a language: how many axes, and words that it shows in English and in Spanish.
FIGURES = {
    "draw_graph": (
        lambda lang: figures.draw_graph(drawings.neuron(graph.sigmoid), drawings.NEURON, lang=lang),
        1,
        "value gradient input 0.690",
        "valor gradiente entrada 0,690",
    ),
    "draw_diagram": (
        lambda lang: figures.draw_diagram(TWO_NODES, lang=lang),
        1,
        "value",
        "valor",
    ),
    "curves": (lambda lang: figures.curves(history(), smooth=3, lang=lang), 2, "raw", "pérdida"),
    "curves, several": (
        lambda lang: figures.curves(
            {f"run {i}": history(speed=1 + i) for i in range(5)}, zoom=(3, 6), lang=lang
        ),
        4,
        "training",
        "validación",
    ),
    "curves, seeds": (
        lambda lang: figures.curves(
            {"Adam": [history(), history(speed=2)], "SGD": [history()]}, log=True, lang=lang
        ),
        2,
        "Adam",
        "SGD",
    ),
    "confusion_matrix": (
        lambda lang: figures.confusion_matrix(
            COUNTS, CLASSES, normalise=(None, "true"), title="clothes", lang=lang
        ),
        4,
        "counts 0.80",
        "cantidades 0,80",
    ),
    "confusion_matrix, four": (
        lambda lang: figures.confusion_matrix(
            dict.fromkeys("abcd", COUNTS), CLASSES, normalise="true", margins=True, lang=lang
        ),
        5,
        "a d recall 0.80",
        "a d precisión 0,80",
    ),
    "confusion_matrix, two": (
        lambda lang: figures.confusion_matrix({"wide": COUNTS, "deep": COUNTS}, lang=lang),
        3,
        "wide deep 8",
        "wide deep 9",
    ),
    "decision_regions": (
        lambda lang: figures.decision_regions(
            lambda p: p[:, 0] > 0.5, POINTS, [0, 0, 1, 1], resolution=20, lang=lang
        ),
        1,
        "x0",
        "x1",
    ),
    "decision_regions, columns": (
        lambda lang: figures.decision_regions(
            {"a": rising, "b": rising},
            SPACE,
            SPACE[:, 0] > 0.5,
            columns=(0, 2),
            resolution=20,
            held_out=(SPACE[:5], [0] * 5),
            errors=True,
            bands=True,
            names=list("uvwz"),
            lang=lang,
            title="two of four",
        ),
        2,
        "a b u w error",
        "a b u w error reservados",
    ),
    "perceptron_lines": (
        lambda lang: figures.perceptron_lines(
            POINTS, [0, 0, 0, 1], [[1, 0, 0.2], [1, 0.5, -0.6], [1, 1, -1.5]], lang=lang
        ),
        1,
        "x0",
        "x1",
    ),
    "loss_surface": (
        lambda lang: figures.loss_surface(
            lambda a, b: a**2 + 4 * b**2, ways(6), minimum=(0, 0), names=("w", "b"), lang=lang
        ),
        2,
        "start minimum loss w",
        "inicio mínimo pérdida b",
    ),
    "loss_surface, one": (
        lambda lang: figures.loss_surface(
            lambda a, b: a**2 + b**2, {"descent": ways(1)["way 0"]}, title="MSE", lang=lang
        ),
        2,
        "descent start",
        "MSE inicio",
    ),
    "loss_surface, solid": (
        lambda lang: figures.loss_surface(
            lambda a, b: a**2 + b**2, ways(2), names=("w", "b"), solid=True, lang=lang
        ),
        1,
        "loss w",
        "pérdida w",
    ),
    "images_grid": (
        lambda lang: figures.images_grid(
            IMAGES, [0, 1, 2] * 2, [0, 1, 1] * 2, class_names=CLASSES, title="six", lang=lang
        ),
        6,
        "T-shirt six",
        "T-shirt six",
    ),
    "images_grid, rows": (
        lambda lang: figures.images_grid({"clean": IMAGES, "noisy": IMAGES}, lang=lang),
        12,
        "clean noisy",
        "clean noisy",
    ),
    "feature_maps": (
        lambda lang: figures.feature_maps(network(), IMAGES[0][:, :6][:6, :, None], lang=lang),
        1 + 4 + 5 + 4 + 8,
        "image",
        "imagen",
    ),
    "kernels": (
        lambda lang: figures.kernels(np.ones((3, 3, 2, 4)), title="k", lang=lang),
        9,
        "k −1.00 1.00 0",
        "k −1,00 1,00 0",
    ),
    "kernels, dense": (
        lambda lang: figures.kernels(layer_of(10), shape=(4, 6), lang=lang),
        11,
        "0",
        "0",
    ),
    "images_grid, signed": (
        lambda lang: figures.images_grid(IMAGES - 0.5, signed=True, title="signed", lang=lang),
        7,
        "signed 0",
        "signed 0",
    ),
    "activation_gallery": (
        lambda lang: figures.activation_gallery(lang=lang),
        6,
        "derivative 0.250 sigmoid",
        "derivada 0,250 sigmoide",
    ),
    "scatter_fit": (
        lambda lang: figures.scatter_fit(X, X + 0.1 * wave(50 * X), name="price", lang=lang),
        1,
        "",
        "",
    ),
    "function_fit": (
        lambda lang: figures.function_fit(
            X, wave(X), {"a": wave, "b": np.square}, held_out=(X, X), lang=lang
        ),
        1,
        "examples a b",
        "ejemplos reservados",
    ),
    "function_fit, apart": (
        lambda lang: figures.function_fit(
            X, wave(X), {"a": wave, "b": np.square}, apart=True, title="fits", lang=lang
        ),
        2,
        "examples fits a b",
        "ejemplos",
    ),
    "roc_curve": (
        lambda lang: figures.roc_curve(
            POSITIVE, {"a": CHANCES, "b": CHANCES[::-1].copy()}, title="ROC", lang=lang
        ),
        1,
        "chance ROC",
        "azar ROC",
    ),
    "precision_recall_curve": (
        lambda lang: figures.precision_recall_curve(
            THREE, SHARES, class_names=["cat", "dog", "cow"], lang=lang
        ),
        1,
        "recall precision",
        "exhaustividad precisión",
    ),
    "calibration_curve": (
        lambda lang: figures.calibration_curve(POSITIVE, CHANCES, title="bins", lang=lang),
        2,
        "bins examples",
        "bins ejemplos",
    ),
    "threshold_curves": (
        lambda lang: figures.threshold_curves(
            POSITIVE, CHANCES, costs=(1, 5), title="costs", lang=lang
        ),
        1,
        "recall costs F1",
        "umbral costs F1",
    ),
    "heat_map": (
        lambda lang: figures.heat_map(
            {(8, 0.1): [0.5, 0.7], (8, 1.0): 0.9, (16, 0.1): [], (16, 1.0): 0.25},
            names=("units", "learning rate", "accuracy"),
            marked=[(8, 1.0)],
            lang=lang,
        ),
        1,
        "units 0.900 0.250",
        "unidades 0,900 0,250",
    ),
    "sweep": (
        lambda lang: figures.sweep(
            {
                f"N={n}": {h: 1 - np.exp([-h / n, -0.9 * h / n]) for h in (1, 2, 5, 10)}
                for n in (2, 4, 6)
            },
            names=("units", "accuracy"),
            reference={"course": 0.5},
            lang=lang,
        ),
        1,
        "N=2 N=4 N=6 course units",
        "N=2 accuracy",
    ),
    "sweep, bars": (
        lambda lang: figures.sweep(
            {"5,000": {"MSE": 0.3, "CCE": 0.38}, "all": {"MSE": [0.4, 0.45], "CCE": 0.5}},
            lang=lang,
        ),
        1,
        "MSE CCE all 0.300 0.425",
        "MSE CCE all 0,300 0,425",
    ),
    "gradient_norms": (
        lambda lang: figures.gradient_norms(
            {"sigmoid": 10.0 ** np.arange(-8, 0), "relu": np.full(8, 0.3)}, lang=lang
        ),
        1,
        "layer sigmoid ReLU",
        "capa sigmoide ReLU",
    ),
    "network_diagram": (
        lambda lang: figures.network_diagram(network(), title="net", lang=lang),
        1,
        "input Flatten",
        "entrada Flatten",
    ),
    "network_diagram, deep": (
        lambda lang: figures.network_diagram(deep(40), lang=lang),
        1,
        "input 20",
        "entrada 30",
    ),
    "convolution_steps": (
        lambda lang: figures.convolution_steps(
            np.eye(7) - 0.25, [[1, 0, -1]] * 3, title="steps", lang=lang
        ),
        1,
        "0.75 steps",
        "0,75 steps",
    ),
}
CASES = [(name, lang) for name in FIGURES for lang in ("en", "es")]


@pytest.fixture(scope="module", params=CASES, ids=" ".join)
def case(request):
    name, lang = request.param
    build, count, *expected = FIGURES[name]
    return build(lang), count, expected[lang == "es"].split(), lang


def test_every_figure_has_a_row():
    drawn = {
        name
        for name in figures.__all__
        if inspect.isfunction(function := getattr(figures, name))
        and "Figure" in str(inspect.signature(function).return_annotation)
    }
    assert drawn == {name.partition(",")[0] for name in FIGURES}


def test_axes_and_words(case):
    figure, count, expected, _ = case
    assert len(figure.axes) == count
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    root = ElementTree.fromstring(file.getvalue())
    found = {"".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")}
    assert set(expected) <= found
    assert len(figure.alt) > 5
    assert root.findtext(f"{SVG}title") == figure.alt


def test_png(case, tmp_path):
    figure = case[0]
    figure.savefig(tmp_path / "figure.png", dpi=50)
    image = imread(tmp_path / "figure.png")[..., :3]
    assert image.std() > 0.01
    assert len(file_bytes(figure, "svg")) < 400_000


def file_bytes(figure, kind):
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def shown_texts(figure):
    """Each text with its box, in pixels; numbers that are only near an axis are its own care."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent(renderer)
            if box.width and box.height and (text.get_rotation() in (0, 90)):
                yield text.get_text(), box.extents


def is_in_view(box, figure):
    return (box[:2] > -1).all() and (box[2:] < figure.bbox.extents[2:] + 1).all()


def test_texts_lie_apart_and_on_the_page(case):
    figure = case[0]
    texts = [(text, box) for text, box in shown_texts(figure)]
    # Labels of ticks beyond the ends of an axis exist but are not drawn.
    texts = [(text, box) for text, box in texts if is_tick_in_view(figure, text, box)]
    assert not [text for text, box in texts if not is_in_view(box, figure)]
    for (first, a), (second, b) in itertools.combinations(texts, 2):
        assert not overlaps(a, b, 1.0), (first, second)


def is_tick_in_view(figure, text, box):
    middle = (box[:2] + box[2:]) / 2
    for axes in figure.axes:
        for axis, k in ((axes.xaxis, 0), (axes.yaxis, 1)):
            if any(
                label.get_text() == text and np.allclose(label.get_window_extent().extents, box)
                for label in axis.get_ticklabels()
            ):
                low, high = axes.bbox.extents[k], axes.bbox.extents[k + 2]
                return bool(axis.get_visible()) and low - 2 <= middle[k] <= high + 2
    return True


def test_spanish_has_decimal_commas(case):
    figure, _, _, lang = case
    texts = [text for text, _ in shown_texts(figure)]
    foreign = "," if lang == "en" else "[.]"
    # Three digits behind a mark are thousands, except behind a lone zero.
    decimal = rf"(?<!\d)0{foreign}\d|\d{foreign}(?!\d\d\d(?!\d))\d"
    assert not [text for text in texts if re.search(decimal, text)]
