"""The figures of the experiments show what they were given, and explain what they cannot show."""

import itertools

import numpy as np
import pytest
from figures.drawings import overlaps
from figures.test_every_figure import (
    CHANCE,
    COUNTS,
    IMAGES,
    POINTS,
    deep,
    history,
    network,
    wave,
    ways,
)
from sklearn.metrics import precision_recall_fscore_support, r2_score

from grafito import activations, figures, layers, models
from grafito.errors import ArgumentError, GraphError, ShapeError, UnknownNameError
from grafito.figures import canvas, surfaces
from grafito.figures.gallery import values_and_slopes
from grafito.figures.images import as_images, brightness
from grafito.figures.network import layer_boxes


def drawn(figure, place=0):
    """The points of the lines in one of the axes."""
    return [line.get_xydata() for line in figure.axes[place].lines]


def texts(figure, place=0):
    return [text.get_text() for text in figure.axes[place].texts]


# Curves of several trainings


def test_smoothed_lines_are_means_of_whole_windows_and_raw_ones_stay():
    values = [3.0, 0.0, 3.0, 9.0, np.nan, 6.0]
    raw, smoothed = drawn(figures.curves({"loss": values}, smooth=3))
    assert raw[:4, 1].tolist() == [3, 0, 3, 9]
    assert smoothed.tolist() == [[2, 2], [3, 4], [4, 6], [5, 7.5]]
    thin, thick = figures.curves({"loss": [3.0, 0.0, 1.0, 1.0]}, smooth=2).axes[0].lines
    assert thin.get_linewidth() < thick.get_linewidth()
    assert len(drawn(figures.curves({"loss": values}, smooth=4))) == 1  # hardly a window in sight


AXES = {  # losses of three trainings, `log`, and the scale
    "alike": ([[3.0, 1.0], [2.0, 0.5], [2.0, 1.5]], None, "linear"),
    "one far above": ([[30000.0, 9000.0], [2.0, 0.5], [2.0, 1.5]], None, "log"),
    "one far above, as asked": ([[30000.0, 9000.0], [2.0, 0.5], [2.0, 1.5]], False, "linear"),
    "with zeros": ([[30000.0, 9000.0], [2.0, 0.0], [2.0, 1.5]], None, "linear"),
    "as asked": ([[3.0, 1.0], [2.0, 0.5], [2.0, 1.5]], True, "log"),
}


@pytest.mark.parametrize(("losses", "log", "scale"), AXES.values(), ids=AXES)
def test_a_scale_on_which_all_curves_are_seen(losses, log, scale):
    runs = {
        name: {"loss": y, "accuracy": [0.0, 1.0]} for name, y in zip("abc", losses, strict=True)
    }
    loss, accuracy = figures.curves(runs, log=log).axes
    assert (loss.get_yscale(), accuracy.get_yscale()) == (scale, "linear")


@pytest.mark.parametrize("epochs", [7, 30, 48, 90, 400])
def test_epochs_are_counted_in_steps_of_one_two_or_five(epochs):
    (axes,) = figures.curves({"loss": np.linspace(1, 0.5, epochs)}).axes
    step = np.diff(axes.get_xticks())[0]
    assert f"{step:.0e}"[0] in "125"


def test_the_number_of_the_best_epoch_covers_no_line():
    noise = 0.02 * CHANCE.normal(size=60)
    loss = np.exp(-np.arange(60) / 9) + noise
    told = {"loss": loss, "val_loss": loss + 0.1, "accuracy": 1 - loss, "val_accuracy": 0.9 - loss}
    figure = figures.curves(told)
    figure.draw_without_rendering()
    for axes in figure.axes:
        (text,) = axes.texts
        box = text.get_window_extent()
        for line in axes.lines[:2]:
            t = np.linspace(1, 60, 2000)
            points = np.stack([t, np.interp(t, *line.get_xydata().T)], axis=1)
            assert not any(box.contains(*at) for at in axes.transData.transform(points))
        assert text.get_bbox_patch() is None


def test_a_single_line_needs_no_legend():
    assert figures.curves({"loss": [1.0, 0.5]}).axes[0].get_legend() is None


def test_seeds_are_drawn_as_their_mean_in_a_band():
    seeds = [{"loss": [1.0, 0.5]}, {"loss": [3.0, 1.5]}]
    axes = figures.curves({"Adam": seeds, "SGD": {"loss": [2.0]}}).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [2.0, 1.0]
    (band,) = axes.collections
    assert set(band.get_paths()[0].vertices[:, 1]) == {0.5, 1.0, 1.5, 3.0}


def test_runs_differ_in_colour_and_marker_splits_in_dashes():
    axes = figures.curves({"a": history(), "b": history()}).axes[0]
    first, first_validation, second, _ = axes.lines
    assert first.get_color() == first_validation.get_color() != second.get_color()
    assert first.get_marker() == first_validation.get_marker() != second.get_marker()
    assert first.get_linestyle() == second.get_linestyle() != first_validation.get_linestyle()


def test_zoom_shows_its_epochs_alone():
    values = [100.0, 1.0, 2.0, 1.0, 50.0]
    whole, part = figures.curves({"loss": values}, zoom=(2, 4)).axes
    assert whole.get_ylim()[1] > 100
    assert np.allclose(part.get_xlim(), (1.96, 4.04))  # room for half a marker
    assert 0 < part.get_ylim()[0] < 1 < 2 < part.get_ylim()[1] < 3


def test_runs_have_markers_in_a_short_zoom_too():
    runs = {name: {"loss": np.ones(1000)} for name in "abc"}
    for line in figures.curves(runs, zoom=(501, 504)).axes[1].lines:
        start, step = line.get_markevery()
        assert set(range(start + 1, 1001, step)) & {501, 502, 503, 504}


def test_names_of_metrics_are_words():
    figure = figures.curves({"learning_rate": [0.1], "my_error": [1.0]}, lang="es")
    assert [axes.get_title() for axes in figure.axes] == ["tasa de aprendizaje", "my error"]


SCALES = {  # values, and what some and what none of the ticks say
    "plain": ([0.01, 1.0, 500.0], {"0,01", "0,1", "1", "10", "100"}, "⁻"),
    "powers": ([1e-7, 1.0, 1e3], {f"10{p}" for p in ["⁻⁷", "⁻⁶", "⁻⁵", "⁻⁴", "⁻³", "⁻²"]}, "0,"),
}


@pytest.mark.parametrize(("values", "some", "none"), SCALES.values(), ids=SCALES)
def test_a_log_scale_has_plain_numbers_or_powers_alone(values, some, none):
    figure = figures.curves({"loss": values}, log=True, lang="es")
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(some & set(labels)) >= 2
    assert not any("$" in label or none in label for label in labels)


TICKS = {
    "thousands": ([0, 15000, 30000], "en", "0 15,000 30,000"),
    "thousands es": ([5000, 30000], "es", "5000 30\u202f000"),
    "decimals": ([-0.25, 0, 0.5], "es", "−0,25 0,00 0,50"),
    "small": ([0, 1e-5, 2.5e-5], "es", "0,0 1,0·10⁻⁵ 2,5·10⁻⁵"),
    "large": ([1e6, 3e6], "en", "1·10⁶ 3·10⁶"),
}


@pytest.mark.parametrize(("values", "lang", "told"), TICKS.values(), ids=TICKS)
def test_ticks_have_one_notation(values, lang, told):
    ticks = canvas.Ticks(lang)
    assert ticks.format_ticks(values) == told.split(" ")


# Classes


def test_several_ways_of_a_matrix():
    counts, shares, *_ = figures.confusion_matrix(COUNTS, normalise=[None, "true"]).axes
    assert [text.get_text() for text in counts.texts][:2] == ["8", "2"]
    assert [text.get_text() for text in shares.texts][:2] == ["0.80", "0.20"]


def test_two_matrices_stand_beside_each_other():
    figure = figures.confusion_matrix({"wide": COUNTS, "deep": COUNTS.T})
    assert [axes.get_title() for axes in figure.axes[:2]] == ["wide", "deep"]
    assert texts(figure, 0)[1] == texts(figure, 1)[3] == "2"
    figure = figures.confusion_matrix({"wide": COUNTS, "deep": COUNTS}, normalise=(None, "true"))
    rows = [axes.get_subplotspec().rowspan.start for axes in figure.axes[:4]]
    assert rows == [0, 0, 1, 1]


@pytest.mark.parametrize("seed", range(3))
def test_classification_table_against_scikit_learn(seed):
    chance = np.random.default_rng(seed)
    true, predicted = chance.integers(0, 4, 60), chance.integers(0, 3, 60)  # 3 is never predicted
    counts = np.zeros((4, 4), int)
    np.add.at(counts, (true, predicted), 1)
    rows = figures.classification_table(counts)
    for average, found in ((None, rows[:4]), ("macro", rows[4:5]), ("weighted", rows[5:])):
        expected = precision_recall_fscore_support(
            true, predicted, average=average, labels=range(4), zero_division=0
        )
        for name, column in zip(("precision", "recall", "f1"), expected, strict=False):
            np.testing.assert_allclose([row[name] for row in found], np.atleast_1d(column))
    assert [row["support"] for row in rows[:4]] == np.bincount(true, minlength=4).tolist()
    assert figures.classification_table(counts, lang="es")[4]["class"] == "media macro"


# Surfaces


def test_paths_lie_on_the_surface_from_start_to_end():
    paths = ways(2)
    figure = figures.loss_surface(lambda a, b: a**2 + b**2, paths, names=("w", "b"))
    lines = drawn(figure)
    for path in paths.values():
        assert any(np.array_equal(line, path) for line in lines)
        assert any(np.array_equal(line, path[-1:]) for line in lines)  # the mark of its end
    low, high = figure.axes[0].get_xlim()
    assert low < -4
    assert high > 0


def test_a_path_that_diverges_is_drawn_until_then():
    path = [[0.0, 0.0], [1.0, 1.0], [np.inf, np.nan]]
    figure = figures.loss_surface(lambda a, b: a * b, {"too fast": path}, a=(-2, 2), b=(-2, 2))
    assert figure.axes[0].get_xlim() == (-2, 2)
    assert "too fast" in texts(figure)


def test_an_array_of_losses():
    losses = np.arange(12.0).reshape(3, 4)
    figure = figures.loss_surface(losses, a=[0, 1, 2, 3], b=[0, 1, 2])
    assert figure.axes[0].get_ylim() == (0, 2)


@pytest.mark.parametrize("count", [2, 4, 7])
def test_labels_of_paths_lie_apart(count):
    figure = figures.loss_surface(lambda a, b: a**2 + 4 * b**2, ways(count), minimum=(0, 0))
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer).extents for text in figure.axes[0].texts]
    assert len(boxes) == count + 2  # start and minimum
    assert not any(overlaps(a, b, 1) for a, b in itertools.combinations(boxes, 2))


def test_labels_of_the_same_line_lie_apart():
    same = {f"name {i}": ways(1)["way 0"] for i in range(9)}
    figure = figures.loss_surface(lambda a, b: a**2 + 4 * b**2, same)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer).extents for text in figure.axes[0].texts]
    assert not any(overlaps(a, b, 1) for a, b in itertools.combinations(boxes, 2))


# Images


def test_wrong_predictions_are_marked_without_colour_too():
    figure = figures.images_grid(IMAGES, [0, 1, 0, 1, 0, 1], np.eye(2)[[0, 0, 0, 1, 1, 1]] * 0.7)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "0 (70 %)"
    assert titles[1] == "✗ 0 (70 %)\ntrue: 1"
    assert [title.startswith("✗") for title in titles] == [False, True, False, False, True, False]
    frames = [axes.spines["top"].get_linewidth() for axes in figure.axes]
    assert frames[1] > 2 * frames[0]


PREDICTED = {
    "classes": [0, 1, 1],
    "probabilities": [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]],
    "of class 1": [[0.1], [0.8], [0.6]],
}


@pytest.mark.parametrize("predictions", PREDICTED.values(), ids=PREDICTED)
def test_forms_of_predictions(predictions):
    figure = figures.images_grid(IMAGES[:3], predictions=predictions)
    assert [axes.get_title().split(" ")[0] for axes in figure.axes] == ["0", "1", "1"]


STACKS = {
    "grey": ((2, 5, 4), (2, 5, 4)),
    "one channel": ((2, 5, 4, 1), (2, 5, 4)),
    "colours": ((2, 5, 4, 3), (2, 5, 4, 3)),
    "flattened": ((2, 784), (2, 28, 28)),
    "flattened colours": ((2, 3072), (2, 32, 32, 3)),
}


@pytest.mark.parametrize(("given", "shape"), STACKS.values(), ids=STACKS)
def test_forms_of_images(given, shape):
    assert as_images(np.zeros(given)).shape == shape


BRIGHTNESS = {
    "bytes": (np.array([0, 100], "uint8"), (0, 255)),
    "16 shades": (np.array([0, 16], "uint8"), (0, 16)),
    "nothing": (np.array([0, 0], "uint8"), (0, 1)),
    "bytes as floats": (np.array([0.0, 200.0]), (0, 255)),
    "shares": (np.array([0.1, 0.8]), (0, 1)),
    "others": (np.array([-2.0, 0.5]), (-2, 0.5)),
}


@pytest.mark.parametrize(("image", "limits"), BRIGHTNESS.values(), ids=BRIGHTNESS)
def test_what_is_black_and_white(image, limits):
    assert brightness(image) == limits


def test_feature_maps_are_the_outputs_of_the_layer():
    model = network()
    image = IMAGES[0][:6, :6, None].astype("float32")
    figure = figures.feature_maps(model, image, layers=["conv_0"])
    kernel, bias = model.get_layer("conv_0").get_weights()
    window = np.pad(image[:, :, 0], 1)[2:5, 3:6]  # what the place (2, 3) sees
    pixel = max((window * kernel[:, :, 0, 1]).sum() + bias[1], 0)
    shown = figure.axes[2].images[0].get_array()
    top = float(figure.texts[1].get_text().split()[-1])
    assert shown[2, 3] * top == pytest.approx(pixel, abs=0.01)


def test_layers_that_change_nothing_are_left_out():
    names = [text.get_text() for text in figures.feature_maps(network(), np.ones((6, 6, 1))).texts]
    assert not any(name.startswith(("dropout", "input")) for name in names)


def test_activations_may_be_given():
    figure = figures.feature_maps({"mine": np.zeros((4, 4, 20))}, np.zeros((4, 4, 1)), most=3)
    assert len(figure.axes) == 4


def test_zero_is_white_in_kernels_and_the_scale_has_both_limits():
    weights = np.zeros((1, 2, 1, 1))
    weights[0, 0] = -0.5
    kernel, scale = figures.kernels(weights).axes
    shown = kernel.images[0].get_array()
    white = kernel.images[0].cmap(0.5)[:3]
    assert min(white) > 0.99
    assert [text.get_text() for text in scale.get_yticklabels()] == ["−0.50", "0", "0.50"]
    assert shown.tolist() == [[0.0, 0.5]]


# Functions


@pytest.mark.parametrize(
    ("name", "top"),
    [("sigmoid", "0.250"), ("tanh", "1.000"), ("relu", "1.000"), ("softplus", None)],
)
def test_the_greatest_derivative_is_marked(name, top):
    assert texts(figures.activation_gallery([name])) == ([top] if top else [])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "elu"])
def test_the_number_in_the_gallery_covers_no_curve(name):
    axes = figures.activation_gallery([name]).axes[0]
    (number,) = [text for text in axes.texts if text.get_text()]
    box = number.get_window_extent()
    for line in axes.lines[2:4]:
        points = axes.transData.transform(line.get_xydata())
        assert not any(box.contains(*point) for point in points if np.isfinite(point).all())


def test_the_derivative_of_relu_is_drawn_with_a_gap():
    derivative = figures.activation_gallery(["relu", "tanh"]).axes[0].lines[3].get_ydata()
    assert np.isnan(derivative).sum() == 1
    smooth = figures.activation_gallery(["tanh"]).axes[0].lines[3].get_ydata()
    assert np.isfinite(smooth).all()


def test_round_levels_lie_apart():
    levels = 0.1 + 29.0 * np.linspace(0, 1, 25) ** 2.5
    found = surfaces._round_levels(levels)
    assert found == sorted(found)
    assert min(np.diff(found) / np.array(found[1:])) > 0.1


def test_four_panels_of_curves_stand_two_by_two():
    history = {name: [1.0, 0.5] for name in "abcd"}
    places = [axes.get_subplotspec().get_geometry()[:2] for axes in figures.curves(history).axes]
    assert places == [(2, 2)] * 4


def test_the_columns_of_a_network_have_heads():
    model = models.Sequential([layers.Input((2,)), layers.Dense(1)])
    found = figures.network_diagram(model, lang="es").axes[0].texts
    heads = [text.get_text() for text in found if text.get_gid() == "head"]
    assert heads == ["forma", "parámetros"]


def test_derivatives_of_the_gallery():
    x = np.linspace(-3, 3, 31)
    y, slope = values_and_slopes(activations.tanh, x)
    np.testing.assert_allclose(y, np.tanh(x))
    np.testing.assert_allclose(slope, 1 - np.tanh(x) ** 2)
    _, dashed = figures.activation_gallery({"mine": activations.tanh}).axes[0].lines[2:4]
    assert dashed.get_ydata().max() == pytest.approx(1.0)


def test_r2_against_scikit_learn():
    true, predicted = IMAGES[0].ravel(), IMAGES[0].ravel() * 0.8 + 0.1 * IMAGES[1].ravel()
    expected = f"R² = {r2_score(true, predicted):.3f}"
    assert texts(figures.scatter_fit(true[:, None], predicted)) == [expected]


def test_functions_are_asked_as_models_are():
    seen = []

    def predict(x):
        seen.append((x.shape, str(x.dtype)))
        return 2 * x

    figure = figures.function_fit([0.0, 2.0], [0.0, 4.0], {"twice": predict}, span=(0, 4))
    assert seen == [((400, 1), "float32")]
    assert drawn(figure)[-1][-1].tolist() == [4, 8]
    figure = figures.function_fit([0, 1], [0, 1], {"line": [[0, 0], [1, 1], [2, 4]]})
    assert drawn(figure)[-1].tolist() == [[0, 0], [1, 1], [2, 4]]


# Sweeps


def test_sweep_draws_means_with_their_span():
    figure = figures.sweep({4: [1.0, 0.8], 2: [0.5, 0.1]})
    assert drawn(figure)[0].tolist() == [[2, 0.3], [4, 0.9]]
    (spans,) = figure.axes[0].collections
    assert np.concatenate(spans.get_segments())[:, 1].tolist() == [0.1, 0.5, 0.8, 1.0]


@pytest.mark.parametrize(
    ("count", "rows"), [(3, "3"), (8, "8"), (9, "54"), (10, "55"), (16, "88"), (17, "665")]
)
def test_rows_of_images_are_as_equal_as_can_be(count, rows):
    figure = figures.images_grid(np.zeros((count, 4, 4)))
    tops = [axes.get_position().y0 for axes in figure.axes]
    assert "".join(str(tops.count(top)) for top in sorted(set(tops), reverse=True)) == rows


def test_units_of_a_dense_layer_are_images():
    weights = np.arange(24.0).reshape(12, 2)
    first, second, _ = figures.kernels(weights, shape=(3, 4)).axes
    assert (first.get_title(), second.get_title()) == ("unit 0", "unit 1")
    shown = np.asarray(second.images[0].get_array())
    np.testing.assert_allclose(shown, 0.5 + weights[:, 1].reshape(3, 4) / 46)


def test_all_matrices_of_a_convolution_have_one_scale_around_zero():
    axes = figures.convolution_steps(np.eye(4) - 0.5, [[1.0, -2.0], [0, 0]]).axes[0]
    cells = [patch.get_facecolor() for patch in axes.patches if patch.get_fill()]
    numbers = [text.get_text() for text in axes.texts if text.get_gid() == "number"]
    grounds = {}
    for number, ground in zip(numbers, cells, strict=True):
        assert grounds.setdefault(number, ground) == ground
    assert min(grounds["0"]) > 0.99
    assert grounds["−2"][2] > grounds["−2"][0]
    assert grounds["1"][0] > grounds["1"][2]


BOWLS = {  # where a way leads, limits that were asked for, and whether both axes have one scale
    "as wide as high": ([[-1, 1], [0, 0]], {}, True),
    "nearly a line": ([[-1, 0.01], [0, 0]], {}, True),
    "asked for": ([[-1, 1], [0, 0]], {"a": (-2, 2), "b": (-1, 1)}, True),
    "asked for as a strip": ([[-1, 1], [0, 0]], {"a": (-20, 20), "b": (-1, 1)}, False),
}


@pytest.mark.parametrize(("way", "limits", "round_"), BOWLS.values(), ids=BOWLS)
def test_a_round_bowl_is_drawn_round(way, limits, round_):
    figure = figures.loss_surface(lambda a, b: a**2 + b**2, {"way": way}, **limits)
    assert (figure.axes[0].get_aspect() == 1) == round_


@pytest.mark.parametrize("height", [1e-6, 1.0, 98.5, 3e5])
def test_the_scale_of_a_surface_has_round_numbers(height):
    figure = figures.loss_surface(lambda a, b: height * (a**2 + b**2), a=(-1, 1), b=(-1, 1))
    told = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    digits = [text.split("·")[0].replace("10⁻", "").translate(RAISED) for text in told]
    assert all(len(d.strip("0.,")) <= 1 for d in digits), told


RAISED = str.maketrans("", "", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def test_bars_have_their_heights_and_hatches():
    figure = figures.sweep({"a": {"MSE": 0.3, "CCE": 0.4}, "b": {"CCE": [0.4, 0.6]}})
    bars = figure.axes[0].patches
    assert [bar.get_height() for bar in bars] == [0.3, 0.4, 0.5]
    assert bars[0].get_hatch() != bars[2].get_hatch()
    assert texts(figure) == ["0.300", "0.400", "0.500"]


def test_no_gradient_has_no_point():
    (line,) = drawn(figures.gradient_norms({"relu": [0.0, 0.1, 0.2]}))
    assert np.isnan(line[0, 1])
    assert line[1:].tolist() == [[2, 0.1], [3, 0.2]]


# Perceptron


def test_lines_of_a_perceptron():
    weights = np.array([[1.0, 0, -0.5], [1, 1, -1.5], [0, 2, -1]])
    figure = figures.perceptron_lines(POINTS, [0, 0, 0, 1], weights)
    for line, row in zip(drawn(figure), weights, strict=True):
        np.testing.assert_allclose(line @ row[:2] + row[2], 0, atol=1e-12)
    first, *_, last = figure.axes[0].lines
    assert last.get_linewidth() > first.get_linewidth()
    assert last.get_color() == canvas.INK
    arrow = figure.axes[0].texts[0]
    assert np.dot(np.subtract(arrow.xy, arrow.xyann), [0, 2]) > 0


def test_later_lines_of_a_perceptron_keep_their_numbers():
    figure = figures.perceptron_lines(POINTS, [0, 0, 0, 1], [[1, 0, 0], [1, 1, 0]], first=18)
    texts = [text.get_text() for text in figure.legends[0].texts]
    assert texts[:2] == ["update 18", "update 19"]


def test_whole_numbers_have_whole_ticks():
    figure = figures.function_fit(np.arange(20), np.arange(20), {"line": lambda x: x})
    assert all(float(tick).is_integer() for tick in figure.axes[0].get_xticks())


def test_weights_of_zero_have_no_line():
    figure = figures.perceptron_lines(POINTS, [0, 0, 0, 1], [[0, 0, 0], [0, 0, 1]])
    assert np.isnan(drawn(figure)).all()


# Convolution


def test_numbers_of_a_convolution():
    image, kernel = np.arange(30).reshape(5, 6) % 7, np.array([[1, 0], [2, -1]])
    maps = [[(image[i : i + 2, j : j + 2] * kernel).sum() for j in range(5)] for i in range(4)]
    pooled = [[max(maps[i][j : j + 2] + maps[i + 1][j : j + 2]) for j in (0, 2)] for i in (0, 2)]
    expected = [*image.ravel(), *kernel.ravel(), *np.ravel(maps), *np.ravel(pooled)]
    expected += np.ravel(pooled).tolist()
    figure = figures.convolution_steps(image, kernel)
    found = [t.get_text() for t in figure.axes[0].texts if t.get_gid() == "number"]
    assert [int(text.replace("\N{MINUS SIGN}", "-")) for text in found] == expected


# Networks


def test_layers_of_a_network():
    model = network()
    boxes = layer_boxes(model, "es")
    assert sum(box.parameters for box in boxes) == model.count_params()
    named = {box.name: i for i, box in enumerate(boxes)}
    assert boxes[named["conv_0"]].text == "Conv2D 4, 3 × 3, relu"
    assert boxes[named["conv_0"]].shape == "6 × 6 × 4"
    assert [box.text for box in boxes if "Dropout" in box.text] == ["Dropout 0,25"] * 2
    joined = next(box for box in boxes if box.text == "Concatenate")
    assert joined.sources == [0, named["conv_0"] + 1]


def places(figure):
    """Left edges of the boxes, in their order."""
    return [
        patch.get_x() for patch in figure.axes[0].patches if (patch.get_gid() or "")[:5] == "node-"
    ]


def test_deep_networks_stand_in_columns():
    lefts = places(figures.network_diagram(deep(40)))
    assert len(lefts) == 41
    assert lefts == sorted(lefts)
    assert len(set(lefts)) == 3


def test_columns_are_cut_only_where_one_arrow_passes():
    assert len(set(places(figures.network_diagram(network())))) == 1
    from grafito.figures.network import LayerBox, _columns

    # A way around the layers where an even cut would be.
    boxes = [LayerBox("", "", "", 0, [i - 1] if i else []) for i in range(30)]
    boxes[12].sources = [8, 11]
    first = _columns(boxes)[0]
    assert len(first) == 13


def test_a_shared_layer_counts_once():
    from grafito import Model, layers

    x = layers.Input((3,))
    shared = layers.Dense(3)
    model = Model(x, shared(shared(x)))
    assert [box.parameters for box in layer_boxes(model)] == [0, 12, 0]


# Mistakes

MISTAKES = {
    "path": (
        lambda: figures.loss_surface(wave, {"a": [1, 2]}),
        ShapeError,
        "two columns",
    ),
    "no limits": (lambda: figures.loss_surface(wave), ArgumentError, "two limits"),
    "no values": (lambda: figures.loss_surface(np.eye(3)), ArgumentError, "values of both"),
    "losses": (lambda: figures.loss_surface(np.eye(3), a=[1], b=[2]), ShapeError, "do not fit"),
    "way": (
        lambda: figures.confusion_matrix(COUNTS, normalise=("true", "rows")),
        UnknownNameError,
        "rows",
    ),
    "no image": (lambda: figures.images_grid(np.zeros(5)), ShapeError, "not images"),
    "labels": (lambda: figures.images_grid(IMAGES, [1]), ShapeError, "one class"),
    "class name": (
        lambda: figures.images_grid(IMAGES, [7] * 6, class_names=["a"]),
        ArgumentError,
        "no name",
    ),
    "no feature map": (
        lambda: figures.feature_maps(deep(1), np.zeros(3)),
        ArgumentError,
        "No layer",
    ),
    "layer": (
        lambda: figures.feature_maps(network(), IMAGES[0], layers=["conv"]),
        UnknownNameError,
        "conv_0",
    ),
    "kernels": (lambda: figures.kernels(np.zeros((3, 3, 1))), ShapeError, "four axes"),
    "activation": (lambda: figures.activation_gallery(["sigmod"]), UnknownNameError, "sigmoid"),
    "predictions": (lambda: figures.scatter_fit([1, 2], [1]), ShapeError, "prediction"),
    "columns": (lambda: figures.scatter_fit(np.eye(2), [1]), ShapeError, "One number"),
    "function": (
        lambda: figures.function_fit([0, 1], [0, 1], {"f": lambda x: x[:3]}),
        ShapeError,
        "one value",
    ),
    "line": (lambda: figures.function_fit([0, 1], [0, 1], {"f": [1]}), ShapeError, "two columns"),
    "no results": (lambda: figures.sweep({}), ArgumentError, "no results"),
    "no seeds": (lambda: figures.sweep({1: []}), ArgumentError, "no result"),
    "weights": (
        lambda: figures.perceptron_lines(POINTS, [0, 0, 1, 1], [[1, 2]]),
        ShapeError,
        "two weights",
    ),
    "large image": (
        lambda: figures.convolution_steps(np.eye(28), np.eye(3)),
        ShapeError,
        "small matrix",
    ),
    "large kernel": (
        lambda: figures.convolution_steps(np.eye(3), np.eye(4)),
        ShapeError,
        "do not fit",
    ),
    "place": (
        lambda: figures.convolution_steps(np.eye(4), np.eye(2), at=(3, 0)),
        ShapeError,
        "no such place",
    ),
    "no plan": (lambda: figures.network_diagram(Bare()), GraphError, "symbols"),
}


class Bare:
    """A model that is no graph of layers."""

    name = "bare"


@pytest.mark.parametrize(("call", "error", "text"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_long_name_of_a_network_stays_on_the_sheet():
    model = models.Sequential([layers.Input((2,)), layers.Dense(1)])
    figure = figures.network_diagram(model, title="a network with a name that is rather long")
    figure.canvas.draw()
    head = figure.axes[0].texts[0].get_window_extent()
    assert head.x1 <= figure.bbox.x1
