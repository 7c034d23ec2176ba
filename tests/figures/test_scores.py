"""Curves over thresholds are those of scikit-learn, and say at which one a model is best."""

import numpy as np
import pytest
from figures.test_every_figure import CHANCES, POSITIVE, SHARES, THREE
from sklearn import calibration, metrics

from grafito import figures
from grafito.figures.ranking import Ranking

CHANCE = np.random.default_rng(5)
EQUAL = np.round(CHANCES, 1)  # scores that several examples share
CASES = {"different": CHANCES, "equal": EQUAL, "all one": np.full(80, 0.5)}


@pytest.mark.parametrize("scores", CASES.values(), ids=CASES)
def test_curves_are_those_of_scikit_learn(scores):
    ranking = Ranking.of(POSITIVE, scores)
    fall_out, recall, _ = metrics.roc_curve(POSITIVE, scores, drop_intermediate=False)
    np.testing.assert_allclose(ranking.fall_out, fall_out)
    np.testing.assert_allclose(ranking.recall, recall)
    assert ranking.area == pytest.approx(metrics.roc_auc_score(POSITIVE, scores))
    precision, recall, _ = metrics.precision_recall_curve(POSITIVE, scores)
    np.testing.assert_allclose(ranking.precision[1:], precision[::-1][1:])
    assert ranking.average_precision == pytest.approx(
        metrics.average_precision_score(POSITIVE, scores)
    )
    assert ranking.brier == pytest.approx(metrics.brier_score_loss(POSITIVE, scores))
    for at, threshold in list(enumerate(ranking.thresholds))[1:]:
        taken = scores >= threshold
        assert ranking.f1[at] == pytest.approx(metrics.f1_score(POSITIVE, taken))
        assert ranking.accuracy[at] == pytest.approx(metrics.accuracy_score(POSITIVE, taken))
        missed, false = (POSITIVE & ~taken).mean(), (taken & ~POSITIVE).mean()
        assert ranking.cost(1, 5)[at] == pytest.approx(false + 5 * missed)


@pytest.mark.parametrize("count", [1, 4, 10])
def test_bins_of_a_calibration_are_those_of_scikit_learn(count):
    share, middle = calibration.calibration_curve(POSITIVE, CHANCES, n_bins=count)
    found = Ranking.of(POSITIVE, CHANCES).bins(count)
    np.testing.assert_allclose(found[0], middle)
    np.testing.assert_allclose(found[1], share)
    assert found[2].sum() == len(CHANCES)


def test_a_class_of_several_is_ranked_against_all_others():
    figure = figures.roc_curve(THREE, SHARES, class_names=["cat", "dog", "cow"])
    told = [text.get_text() for text in figure.axes[0].get_legend().texts]
    for label, name in enumerate(("cat", "dog", "cow")):
        area = metrics.roc_auc_score(label == THREE, SHARES[:, label])
        assert told[label] == f"{name}: AUC = {area:.3f}"


def test_texts_columns_and_two_columns_are_the_same_curve():
    words = np.where(POSITIVE, "yes", "no")
    two = np.stack([1 - CHANCES, CHANCES], axis=1)
    told = {
        figures.roc_curve(y, p).axes[0].get_legend().texts[0].get_text()
        for y, p in [(words, CHANCES), (POSITIVE, CHANCES[:, None]), (POSITIVE[:, None], two)]
    }
    assert len(told) == 1


def test_the_threshold_that_is_marked_is_the_best():
    ranking = Ranking.of(POSITIVE, CHANCES)
    for costs, values in ((None, -ranking.f1), ((1, 5), ranking.cost(1, 5))):
        axes = figures.threshold_curves(POSITIVE, CHANCES, costs=costs).axes[0]
        dot = axes.lines[-1].get_xydata()[0]
        assert dot[0] == ranking.thresholds[1:][np.argmin(values[1:])]
        assert dot[1] == pytest.approx(abs(values[1:].min()))


def test_between_two_scores_a_threshold_takes_the_upper_one_alone():
    axes = figures.threshold_curves([0, 1, 1], [0.2, 0.4, 0.8]).axes[0]
    recall = next(line for line in axes.lines if line.get_label() == "recall")
    assert recall.get_drawstyle() == "steps-post"
    assert recall.get_xydata().tolist() == [[0.8, 0.5], [0.4, 1.0], [0.2, 1.0]]


def test_dots_are_at_one_half():
    ranking = Ranking.of(POSITIVE, CHANCES)
    dot = figures.roc_curve(POSITIVE, CHANCES).axes[0].lines[1]
    taken = CHANCES >= 0.5
    expected = (
        (taken & ~POSITIVE).sum() / (~POSITIVE).sum(),
        (taken & POSITIVE).sum() / POSITIVE.sum(),
    )
    assert dot.get_xydata()[0].tolist() == pytest.approx(list(expected))
    assert Ranking.of(POSITIVE, 0.1 * CHANCES).place(0.5) is None
    assert ranking.place(0.0) in (None, len(ranking.thresholds) - 1)
