"""What a network looks at: maps against differences and formulas, words against numbers."""
# ruff: noqa: E501  (a case is a line of code)

import numpy as np
import pytest

from grafito import Sequential, insight, layers, utils
from grafito.errors import ArgumentError, GrafitoError, ShapeError
from grafito.insight import attribution

CHANCE = np.random.default_rng(0)
IMAGE = CHANCE.random((8, 8, 1)).astype("float32")
VECTORS = np.concatenate([CHANCE.normal(size=(20, 6)) + 9, CHANCE.normal(size=(20, 6)) - 9])


def network(channels=1, last="softmax"):
    utils.set_random_seed(3)
    return Sequential(
        [
            layers.Input((8, 8, channels)),
            layers.Conv2D(4, 3, activation="relu", name="first"),
            layers.Conv2D(5, 3, activation="relu", name="second"),
            layers.GlobalAveragePooling2D(name="mean"),
            layers.Dense(3, last, name="answer"),
        ]
    )


def corner():
    """A linear network that looks at the four pixels of one corner alone."""
    model = Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2, "softmax")])
    kernel = np.zeros((8, 8, 2))
    kernel[:2, :2, 1] = 1.0
    model.set_weights([kernel.reshape(64, 2), np.zeros(2)])
    return model


@pytest.mark.parametrize("channels", [1, 3])
def test_saliency_is_the_slope_of_the_score(channels):
    image = CHANCE.random((8, 8, channels)).astype("float32")
    model = network(channels, last=None)
    found = attribution.saliency_of(attribution.look(model, image, 2))
    for row, column in ((3, 4), (5, 2)):
        slopes = []
        for c in range(channels):
            step = np.zeros_like(image)
            step[row, column, c] = 1e-2
            above, below = (model((image + s * step)[None]).numpy()[0, 2] for s in (1, -1))
            slopes.append(abs(above - below) / 2e-2)
        assert found[row, column] == pytest.approx(max(slopes), rel=0.05, abs=1e-3)
    squashed = attribution.saliency_of(attribution.look(network(channels), image, 2))
    assert (squashed == found).all()  # the score before softmax is asked


def test_grad_cam_is_the_class_activation_map_where_that_is_defined():
    """Behind a global mean the weights of the answer are the gradients, but for the size."""
    model = network()
    seen = attribution.look(model, IMAGE, 1)
    found, name = attribution.grad_cam_of(seen)
    (maps,) = seen.values(seen.outputs["second"])
    kernel = model.get_weights()[-2]
    expected = np.maximum((maps[0] * kernel[:, 1]).sum(axis=-1), 0) / (4 * 4)
    assert name == "second"
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert attribution.grad_cam_of(seen, "first")[0].shape == (6, 6)


def test_occlusion_finds_the_corner_that_is_looked_at():
    image = np.full((8, 8, 1), 0.2, "float32")
    image[:2, :2] = 1.0
    seen = attribution.look(corner(), image)
    assert seen.target == 1
    fall = attribution.occlusion_of(corner(), seen, 2, 2, 0.2)
    assert fall[:2, :2] == pytest.approx(np.full((2, 2), 4 * 0.8), rel=1e-4)
    assert np.abs(fall[2:]).max() < 1e-6


def test_the_sentence_says_where():
    image = np.zeros((8, 8, 1))
    text = insight.saliency(corner(), image, 1).alt
    assert (
        text == "saliency of class 1: half of it lies in 3 % of the pixels, around row 0, column 0."
    )
    assert "no pixel has a part in it" in insight.saliency(corner(), image, 0).alt
    spanish = insight.saliency(corner(), image, 1, lang="es").alt
    assert "de la clase 1" in spanish


def test_the_maximal_input_is_what_the_unit_looks_for():
    model = corner()
    name = model.layers[-1].name
    image, reached = attribution.maximal_input(model, name, 1, 60, (0.0, 1.0), 0)
    assert reached[-1] > reached[0]
    assert image[:2, :2].min() > 0.8
    assert np.abs(image[4:] - 0.5).max() < 0.3
    for unit in range(5):
        _, reached = attribution.maximal_input(network(), "second", unit, 40, (0.0, 1.0), 0)
        assert reached[-1] >= reached[0]


def test_a_map_of_two_heaps_keeps_them_apart():
    figure = insight.embedding_map(VECTORS, labels=np.repeat([0, 1], 20))
    points = [np.array(line.get_xydata()) for line in figure.axes[0].lines]
    assert len(points) == 2
    assert (
        points[0][:, 0].max() < points[1][:, 0].min()
        or points[1][:, 0].max() < points[0][:, 0].min()
    )
    share = int(figure.alt.split("show ")[1].split(" %")[0])
    centred = VECTORS - VECTORS.mean(axis=0)
    sizes = np.linalg.svd(centred, compute_uv=False) ** 2
    assert share == round(100 * sizes[:2].sum() / sizes.sum())


def test_maps_are_made_of_layers_tables_and_arrays():
    images = CHANCE.random((12, 8, 8, 1))
    assert "12 points of 5 numbers" in insight.embedding_map(network(), images).alt
    assert "12 points of 3 numbers" in insight.embedding_map(network(), images, layer="answer").alt
    words = layers.Embedding(9, 4)
    words.build((None, 3))
    figure = insight.embedding_map(words, names=[f"word{i}" for i in range(9)])
    assert [text.get_text() for text in figure.axes[0].texts][:2] == ["word0", "word1"]
    near = insight.embedding_map(VECTORS, labels=["a"] * 20 + ["b"] * 20, method="tsne")
    assert "neighbours" in near.alt


# Each figure: work in a language, axes, words in English and in Spanish.
FIGURES = {
    "saliency": (lambda lang: insight.saliency(network(), IMAGE, lang=lang), 2, "saliency", "relevancia"),
    "saliency, colour": (lambda lang: insight.saliency(network(3), CHANCE.random((8, 8, 3)), lang=lang), 2, "image", "imagen"),
    "grad_cam": (lambda lang: insight.grad_cam(network(), IMAGE, 0, title="cat", lang=lang), 2, "Grad-CAM", "Grad-CAM"),
    "occlusion": (lambda lang: insight.occlusion(network(), IMAGE, lang=lang), 2, "occlusion", "oclusión"),
    "maximise_unit": (lambda lang: insight.maximise_unit(network(), "first", range(4), steps=3, lang=lang), 4, "Unit 3", "Unidad 3"),
    "embedding_map": (lambda lang: insight.embedding_map(VECTORS, lang=lang), 1, "points", "puntos"),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("name", FIGURES)
def test_figures_speak_both_languages(name, lang, tmp_path):
    work, axes, *words = FIGURES[name]
    figure = work(lang)
    assert len(figure.axes) == axes
    shown = [t.get_text() for a in figure.axes for t in (*a.texts, a.title)]
    assert words[lang == "es"] in " ".join([figure.alt, *shown])
    for kind in ("svg", "png"):
        figure.savefig(tmp_path / f"figure.{kind}")


def test_the_model_stays_as_it_is():
    model = network()
    before = model.get_weights()
    insight.saliency(model, IMAGE)
    insight.grad_cam(model, IMAGE)
    insight.maximise_unit(model, "answer", 1, steps=2)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


BAD = {
    "a batch": (lambda: insight.saliency(network(), IMAGE[None]), ShapeError),
    "no model": (lambda: insight.saliency("model", IMAGE), ArgumentError),
    "no such class": (lambda: insight.saliency(network(), IMAGE, 3), ArgumentError),
    "a class as text": (lambda: insight.grad_cam(network(), IMAGE, "cat"), ArgumentError),
    "no such layer": (lambda: insight.grad_cam(network(), IMAGE, layer="third"), ArgumentError),
    "no maps": (lambda: insight.grad_cam(corner_of_numbers(), np.ones(4)), ArgumentError),
    "a square too large": (lambda: insight.occlusion(network(), IMAGE, size=9), ArgumentError),
    "no such unit": (lambda: insight.maximise_unit(network(), "first", 4), ArgumentError),
    "no unit": (lambda: insight.maximise_unit(network(), "first", []), ArgumentError),
    "text": (lambda: insight.saliency(network(), "image"), ArgumentError),
    "no examples": (lambda: insight.embedding_map(network()), ArgumentError),
    "one vector": (lambda: insight.embedding_map(VECTORS[:1]), ShapeError),
    "other labels": (lambda: insight.embedding_map(VECTORS, labels=[1, 2]), ShapeError),
    "another method": (lambda: insight.embedding_map(VECTORS, method="umap"), ArgumentError),
    "several outputs": (lambda: insight.saliency(images_out(), IMAGE), ArgumentError),
    "free sizes": (lambda: insight.maximise_unit(free(), "c", 0), ArgumentError),
}


def corner_of_numbers():
    return Sequential([layers.Input((4,)), layers.Dense(2)])


def images_out():
    return Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3)])


def free():
    return Sequential([layers.Input((None, None, 1)), layers.Conv2D(2, 3, name="c")])


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_in_words(name):
    work, kind = BAD[name]
    with pytest.raises(kind) as caught:
        work()
    assert isinstance(caught.value, GrafitoError)
