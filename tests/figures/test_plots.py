"""Learning curves, confusion matrices and decision regions show what they were given."""

import itertools
import types
import warnings

import numpy as np
import pytest

from grafito.errors import ArgumentError, ShapeError
from grafito.figures import canvas, confusion_matrix, curves, decision_regions

HISTORY = {
    "accuracy": [0.5, 0.7, 0.8],
    "loss": [1.0, 0.6, 0.5],
    "val_accuracy": [0.4, 0.75, 0.7],
    "val_loss": [1.2, 0.8, 0.9],
}


def lines(axes):
    """Points of the lines by label; a marked epoch has none."""
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines}


# Learning curves


def test_curves_show_every_epoch():
    loss, accuracy = curves(HISTORY).axes
    assert (loss.get_title(), accuracy.get_title()) == ("loss", "accuracy")
    assert lines(loss)["training"] == [[1, 1.0], [2, 0.6], [3, 0.5]]
    assert lines(accuracy)["validation"] == [[1, 0.4], [2, 0.75], [3, 0.7]]


def test_curves_mark_the_best_epoch():
    loss, accuracy = curves(HISTORY, lang="es").axes
    assert [text.get_text() for text in (*loss.texts, *accuracy.texts)] == ["0,800", "0,750"]
    assert [axes.lines[-1].get_xdata()[0] for axes in (loss, accuracy)] == [2, 2]


def test_a_slow_machine_draws_curves_without_a_warning(monkeypatch):
    """Matplotlib warns where it looks for the place of a legend for longer than a second."""
    clock = itertools.count(step=2)
    monkeypatch.setattr(
        "matplotlib.legend.time", types.SimpleNamespace(perf_counter=lambda: next(clock))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curves(HISTORY).draw_without_rendering()


def test_splits_differ_in_colour_and_in_line():
    for axes in curves(HISTORY).axes:
        training, validation = axes.lines[:2]
        assert training.get_color() == canvas.SPLITS["training"][0]
        assert validation.get_color() == canvas.SPLITS["validation"][0]
        assert training.get_linestyle() != validation.get_linestyle()


@pytest.mark.parametrize("epochs", [1, 2, 9, 40])
@pytest.mark.parametrize("zoom", [None, (1, 2)])
def test_each_of_several_trainings_has_markers(epochs, zoom):
    losses = np.linspace(1, 0.5, epochs).tolist()
    figure = curves({name: {"loss": losses} for name in "abcdef"}, zoom=zoom)
    for axes in figure.axes:
        for line in axes.lines:
            offset, step = line.get_markevery()
            assert len(range(offset, epochs, step)) >= min(epochs, 2)
        low, high = axes.get_xlim()
        assert all(tick == round(tick) for tick in axes.get_xticks() if low <= tick <= high)


def test_curves_speak_spanish():
    loss, accuracy = curves(HISTORY, lang="es", title="dígitos").axes
    assert (loss.get_title(), accuracy.get_title()) == ("pérdida", "exactitud")
    assert loss.get_xlabel() == "época"
    texts = [text.get_text() for text in loss.get_legend().texts]
    assert texts == ["entrenamiento", "validación", "mejor época"]


def test_curves_of_a_continued_training_keep_their_epochs():
    history = types.SimpleNamespace(history={"loss": [0.5, 0.4]}, epoch=[10, 11])
    assert lines(curves(history).axes[0])["training"] == [[11, 0.5], [12, 0.4]]


HISTORIES = {
    "one epoch": ({"loss": [1.0], "val_loss": [2.0]}, 1),
    "not a number": ({"loss": [1.0, np.nan], "val_loss": [np.nan, np.nan]}, 1),
    "unknown metric": ({"loss": [1.0, 0.5], "val_zeal": [1.0, 2.0]}, 2),
    "many metrics": ({name: [1.0, 2.0] for name in "abcdefg"}, 7),
}


@pytest.mark.parametrize(("history", "panels"), HISTORIES.values(), ids=HISTORIES)
def test_curves_of_odd_histories(history, panels, tmp_path):
    figure = curves(history)
    assert len(figure.axes) == panels
    figure.savefig(tmp_path / "curves.svg")


def test_chosen_metrics_in_the_given_order():
    assert [a.get_title() for a in curves(HISTORY, ["accuracy", "loss"]).axes] == [
        "accuracy",
        "loss",
    ]


# Confusion matrices

COUNTS = [[8, 2, 0], [1, 9, 0], [0, 0, 0]]
NORMALISED = {
    None: "8 2 0 1 9 0 0 0 0",
    "true": "0.80 0.20 0 0.10 0.90 0 0 0 0",
    "predicted": "0.89 0.18 0 0.11 0.82 0 0 0 0",
    "all": "0.40 0.10 0 0.05 0.45 0 0 0 0",
}


@pytest.mark.parametrize(("by", "cells"), NORMALISED.items())
def test_cells_of_a_confusion_matrix(by, cells):
    axes, _ = confusion_matrix(COUNTS, normalise=by).axes
    assert [text.get_text() for text in axes.texts] == cells.split()


def test_rows_are_the_true_classes():
    axes, _ = confusion_matrix(COUNTS, ["a", "b", "c"], lang="es").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("clase verdadera", "clase predicha")
    (two,) = [text for text in axes.texts if text.get_text() == "2"]
    assert two.get_position() == (1, 0)  # column of the predicted class, row of the true one


def test_numbers_can_be_read_on_their_ground():
    axes, _ = confusion_matrix([[1000, 1], [500, 300]]).axes
    assert [text.get_color() for text in axes.texts] == [
        "white",
        canvas.INK,
        canvas.INK,
        canvas.INK,
    ]


WHOLE = {"a": [[9, 1], [0, 4]], "b": [[90, 10], [0, 40]]}


@pytest.mark.parametrize(("by", "top"), [(None, 90), ("true", 1)])
def test_matrices_beside_each_other_have_one_scale_which_is_stated(by, top):
    first, second, bar = confusion_matrix(WHOLE, normalise=by).axes
    assert first.images[0].norm.vmax == second.images[0].norm.vmax == top
    assert first.images[0].norm(0.0) == second.images[0].norm(0.0) == 0
    assert (bar.get_ylim()[1], bar.get_yticklabels()[0].get_text()[0]) == (top, "0")


@pytest.mark.parametrize(
    ("count", "classes", "places"),
    [
        (2, 3, "01"),
        (3, 3, "012"),
        (4, 3, "01/01"),
        (4, 10, "01/01"),
        (5, 3, "012/01"),
        (2, 40, "0/0"),
    ],
)
def test_matrices_stand_in_rows_that_a_page_holds(count, classes, places):
    figure = confusion_matrix({f"n{i}": np.eye(classes) for i in range(count)}, normalise="true")
    boxes = [axes.get_subplotspec() for axes in figure.axes[:count]]
    rows = [[b.colspan.start for b in boxes if b.rowspan.start == row] for row in range(2)]
    assert "/".join("".join(map(str, row)) for row in rows if row) == places
    assert figure.get_figwidth() <= NARROW


NARROW = 927 / 96 / 0.8  # inches that a page of 1,000 pixels shows, shrunk by a fifth


@pytest.mark.parametrize(("classes", "columns"), [(3, 2), (10, 2), (11, 1), (20, 1)])
def test_two_ways_fit_a_page_and_no_number_leaves_its_cell(classes, columns):
    counts = np.full((classes, classes), 9999)
    figure = confusion_matrix(counts, normalise=(None, "true"), margins=True, lang="es")
    assert figure.get_figwidth() <= NARROW
    figure.canvas.draw()
    first, second, *_ = figure.axes
    assert first.get_subplotspec().get_gridspec().ncols == columns
    for axes in (first, second):
        cell = axes.transData.transform([[0, 0], [1, 0]])
        room = cell[1][0] - cell[0][0]
        told = [text for text in axes.texts if text.get_gid() != "margin"]
        assert max(text.get_window_extent().width for text in told) < room


def test_margins_are_recall_and_precision():
    axes, _ = confusion_matrix([[8, 2], [1, 9]], margins=True).axes
    margins = [t.get_text() for t in axes.texts if t.get_gid() == "margin"]
    assert margins == ["0.80", "0.89", "0.90", "0.82"]
    tiny, _ = confusion_matrix([[3, 997], [7, 993]], margins=True).axes
    first = next(t.get_text() for t in tiny.texts if t.get_gid() == "margin")
    assert first == "<0.01"
    assert axes.get_title() == "accuracy 0.850"
    names = [axis.get_ticklabels()[-1].get_text() for axis in (axes.xaxis, axes.yaxis)]
    assert names == ["recall", "precision"]


def test_a_share_that_is_nearly_none_is_told_from_none():
    axes, _ = confusion_matrix([[999, 1], [0, 5]], normalise="true", lang="es").axes
    assert [text.get_text() for text in axes.texts] == ["1,00", "<0,01", "0", "1,00"]


def test_many_classes_have_no_numbers(tmp_path):
    figure = confusion_matrix(np.eye(100))
    assert not figure.axes[0].texts
    figure.savefig(tmp_path / "matrix.png")


# Decision regions

POINTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype="float32")
PREDICTIONS = {
    "classes": lambda p: (p[:, 0] > 0.5).astype(int),
    "truth values": lambda p: p[:, 0] > 0.5,
    "probability": lambda p: 1 / (1 + np.exp(-8 * (p[:, 0] - 0.5))),
    "one sigmoid unit": lambda p: 1 / (1 + np.exp(-8 * (p[:, :1] - 0.5))),
    "softmax": lambda p: np.stack([1 - p[:, 0], p[:, 0]], axis=1),
}
LABELS = {
    "numbers": [0, 0, 1, 1],
    "column": [[0], [0], [1], [1]],
    "floats": [0.0, 0.0, 1.0, 1.0],
    "one-hot": [[1, 0], [1, 0], [0, 1], [0, 1]],
}


@pytest.mark.parametrize("predict", PREDICTIONS.values(), ids=PREDICTIONS)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_regions_are_where_the_prediction_is(predict, labels):
    (axes,) = decision_regions(predict, POINTS, labels, resolution=20).axes
    plane = np.asarray(axes.images[0].get_array())
    half = plane.shape[1] // 2  # finer than the grid
    assert (plane[:, :half] == 0).all()
    assert (plane[:, half:] == 1).all()
    examples = [c for c in axes.collections if len(c.get_offsets()) == 2]
    assert [np.asarray(c.get_offsets()).tolist() for c in examples] == [
        POINTS[:2].tolist(),
        POINTS[2:].tolist(),
    ]


def test_regions_of_several_stand_side_by_side():
    several = {"left": lambda p: p[:, 0] < 0.5, "right": lambda p: p[:, 0] > 0.5}
    figure = decision_regions(several, POINTS, LABELS["numbers"], resolution=20)
    planes = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    assert [axes.get_title() for axes in figure.axes] == ["left", "right"]
    assert (planes[0] == 1 - planes[1]).all()
    assert len(figure.legends[0].texts) == 2


def boundary(axes):
    """Points of the lines where two classes are equal."""
    paths = [path for each in axes.collections for path in each.get_paths()]
    lines = [path.vertices for path in paths if len(path.vertices) > 10 and path.codes[-1] != 79]
    return np.concatenate(lines)


SLANTED = {
    "one column": lambda p: 1 / (1 + np.exp(-40 * (2 * p[:, 0] + p[:, 1] - 1.2))),
    "two columns": lambda p: softmax(np.stack([1.2 - p[:, 1], 2 * p[:, 0]], axis=1), 20),
    "scores": lambda p: np.stack([1.2 - p[:, 1], 2 * p[:, 0]], axis=1),
    "beyond 0 and 1": lambda p: 2 * p[:, 0] + p[:, 1] - 0.7,
}


def softmax(scores, steep):
    power = np.exp(steep * scores)
    return power / power.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("predict", SLANTED.values(), ids=SLANTED)
def test_a_straight_boundary_is_drawn_straight(predict):
    (axes,) = decision_regions(predict, POINTS.astype("float64"), [0, 0, 1, 1], resolution=20).axes
    x, y = boundary(axes).T
    assert np.allclose(2 * x + y, 1.2, atol=1e-6)
    assert y.max() - y.min() > 1


def test_each_border_of_three_classes_is_where_the_two_largest_are_equal():
    thirds = lambda p: softmax(np.stack([0.3 - p[:, 0], 0 * p[:, 0], p[:, 0] - 0.7], 1), 9)  # noqa: E731
    (axes,) = decision_regions(thirds, POINTS, [0, 0, 2, 2], resolution=20).axes
    assert set(boundary(axes)[:, 0].round(6)) == {0.3, 0.7}


def test_bands_tell_how_sure_a_model_is():
    (axes,) = decision_regions(
        PREDICTIONS["probability"], POINTS, [0, 0, 1, 1], resolution=20, bands=(0.7, 0.9)
    ).axes
    row = np.asarray(axes.images[0].get_array())[0]
    assert list(dict.fromkeys(row.tolist())) == [2, 1, 0, 3, 4, 5]
    texts = [text.get_text() for text in axes.figure.legends[0].texts]
    assert texts == ["class 0", "class 1", "p < 0.7", "p ≥ 0.7", "p ≥ 0.9"]
    (plain,) = decision_regions(PREDICTIONS["classes"], POINTS, [0, 0, 1, 1], bands=True).axes
    assert len(plain.figure.legends[0].texts) == 2  # classes alone say nothing of probabilities


def test_errors_and_held_out_examples_are_marked():
    held_out = [[0.2, 0.5], [0.8, 0.4]], [0, 0]
    figure = decision_regions(
        PREDICTIONS["classes"], POINTS, [0, 1, 1, 1], held_out=held_out, errors=True, resolution=5
    )
    rings = [c for c in figure.axes[0].collections if c.get_gid() == "error"]
    assert [ring.get_offsets().tolist() for ring in rings] == [[[0.0, 1.0]], [[0.8, 0.4]]]
    texts = [text.get_text() for text in figure.legends[0].texts]
    assert texts == ["class 0", "class 1", "held out", "error"]


@pytest.mark.parametrize(("count", "size"), [(4, 110), (20, 60), (400, 30)])
def test_few_examples_have_large_marks(count, size):
    x = np.random.default_rng(0).random((count, 2))
    axes = decision_regions(PREDICTIONS["classes"], x, x[:, 0] > 0.5, resolution=5).axes[0]
    marks = [c.get_sizes()[0] for c in axes.collections if len(c.get_offsets()) > 1]
    assert marks[-1] == size


def test_two_of_more_inputs_are_drawn_and_the_others_stay_at_their_mean():
    x = np.array([[0.0, 5.0, 0.0, 1.0], [1.0, 7.0, 3.0, 2.0]])
    asked = []
    figure = decision_regions(
        lambda p: asked.append(p) or p[:, 2] > 1, x, [0, 1], columns=(0, 2),
        names=list("abcd"), resolution=5, lang="es",
    )  # fmt: skip
    assert set(asked[0][:, 1]) == {6.0}
    assert set(asked[0][:, 3]) == {1.5}
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "c")
    assert "b = 6,00; d = 1,50" in figure.legends[0].get_title().get_text().replace("\n", " ")
    assert "b = 6,00; d = 1,50" in figure.alt


@pytest.mark.parametrize(("wide", "equal"), [(1, True), (2.9, True), (10, False)])
def test_both_axes_have_one_scale_unless_one_would_be_a_strip(wide, equal):
    (axes,) = decision_regions(lambda p: p[:, 0] > 0, POINTS * [wide, 1], [0, 0, 1, 1]).axes
    assert (axes.get_aspect() == 1) == equal


def test_regions_ask_in_the_type_of_the_examples():
    seen = []
    decision_regions(lambda p: seen.append(p) or p[:, 0] > 0, POINTS, [0, 1, 0, 1], resolution=5)
    assert (seen[0].dtype, seen[0].shape) == (np.float32, (25, 2))


def test_regions_of_classes_that_are_never_predicted(tmp_path):
    figure = decision_regions(
        lambda p: np.zeros(len(p), int), POINTS, [0, 1, 2, 2], class_names="abc", resolution=5
    )
    assert [text.get_text() for text in figure.legends[0].texts] == ["a", "b", "c"]
    figure.savefig(tmp_path / "regions.svg")


MISTAKES = {
    "empty history": (lambda: curves({}), ArgumentError, "nothing to draw"),
    "no history": (lambda: curves(None), ArgumentError, "nothing to draw"),
    "no epoch": (lambda: curves({"loss": []}), ArgumentError, "nothing to draw"),
    "metric": (lambda: curves(HISTORY, ["acuracy"]), ArgumentError, "'accuracy'"),
    "not square": (lambda: confusion_matrix([[1, 2]]), ShapeError, "square"),
    "no matrix": (lambda: confusion_matrix([]), ShapeError, "square"),
    "negative": (lambda: confusion_matrix([[-1]]), ArgumentError, "counts"),
    "not finite": (lambda: confusion_matrix([[np.nan]]), ArgumentError, "counts"),
    "names": (lambda: confusion_matrix([[1]], ["a", "b"]), ArgumentError, "2 names for 1"),
    "normalise": (lambda: confusion_matrix([[1]], normalise="rows"), ArgumentError, "predicted"),
    "three columns": (
        lambda: decision_regions(PREDICTIONS["classes"], np.zeros((4, 3)), [0] * 4),
        ShapeError,
        r"columns=\(0, 1\)",
    ),
    "labels": (
        lambda: decision_regions(PREDICTIONS["classes"], POINTS, [0, 1]),
        ShapeError,
        "one class",
    ),
    "prediction": (lambda: decision_regions(lambda p: 1, POINTS, [0] * 4), ShapeError, "one row"),
    "class names": (
        lambda: decision_regions(PREDICTIONS["classes"], POINTS, [0] * 4, class_names=["a"]),
        ArgumentError,
        "one name",
    ),
}


@pytest.mark.parametrize(("call", "error", "text"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("size", [1.0, 1e5, 1e6, 1e-3])
@pytest.mark.parametrize("lang", ["en", "es"])
def test_numbers_below_an_axis_do_not_run_into_one_another(size, lang):
    from grafito.figures import scatter_fit

    true = size * np.linspace(0.5, 7, 30)
    figure = scatter_fit(true, true, lang=lang)
    figure.canvas.draw()
    axes = figure.axes[0]
    low, high = axes.get_xlim()
    renderer = figure.canvas.get_renderer()
    boxes = [
        label.get_window_extent(renderer)
        for label in axes.get_xticklabels()
        if low <= label.get_position()[0] <= high
    ]
    assert len(boxes) > 2
    gaps = [after.x0 - before.x1 for before, after in itertools.pairwise(boxes)]
    assert min(gaps) > 3


def test_a_level_beside_bars_lies_on_none_of_them():
    from grafito.figures import sweep

    results = {"network": [0.9, 0.8], "linear model": [0.7, 0.6]}
    figure = sweep(results, names=("", "accuracy"), reference={"always the largest class": 0.3})
    figure.canvas.draw()
    axes = figure.axes[0]
    (word,) = [text for text in axes.texts if "largest" in text.get_text()]
    box = word.get_window_extent(figure.canvas.get_renderer())
    bars = [bar.get_window_extent() for bar in axes.patches]
    assert box.x0 >= max(bar.x1 for bar in bars)
    assert box.x1 <= figure.bbox.x1
    (line,) = [each for each in axes.lines if set(each.get_ydata()) == {0.3}]
    assert line.get_zorder() > max(bar.get_zorder() for bar in axes.patches)
