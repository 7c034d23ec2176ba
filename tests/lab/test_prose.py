"""The words of reports: each kind of conclusion turns with its numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grafito.lab.prose import comparing as d
from grafito.lab.prose import conclusions as c
from grafito.lab.prose import conclusions_by_hand as h
from grafito.lab.prose import conclusions_of_exercises as e
from grafito.lab.prose.sentence import Sentence

FALLING = [1.0, 0.5, 0.25, 0.12]
BACK = [1.0, 0.5, 0.6, 0.9]
FLAT = [1.0, 0.5, 0.501, 0.502]
SLOW = [1.0, 0.9, 0.8, 0.7]
MIXED = np.array([[8, 2], [5, 5]])

# Of each kind: what other numbers make of it, and what each then says.
TURNS = {
    "best": [
        (lambda: c.best_of({"a": 0.9, "b": 0.8}, "accuracy", False), "The best is"),
        (lambda: c.best_of({"a": 0.9, "b": 0.9}, "accuracy", False), "end level, "),
        (lambda: c.best_of({"a": 0.9, "b": 0.8, "c": 0.7}, "accuracy", False), "comes last"),
        (lambda: c.best_of({"a": 0.2, "b": 0.3}, "loss", True), "against"),
        (lambda: c.best_of({"a": 0.2, "b": 0.2}, "loss", True), "end level: "),
        (lambda: c.best_of({"a": 0.9}, "accuracy", False), None),
        (lambda: c.best_of({"a": 0.9, "b": math.nan}, "accuracy", False), None),
    ],
    "overfitting": [
        (lambda: c.overfitting(FALLING, "test"), "still falls"),
        (lambda: c.overfitting(BACK, "test"), "overfits"),
        (lambda: c.overfitting(FLAT, "test"), "no overfitting"),
        (lambda: c.overfitting([1.0], "test"), None),
        (lambda: c.overfitting([1.0, math.nan, 2.0], "test"), None),
    ],
    "which overfit": [
        (lambda: c.first_to_overfit({"a": BACK, "b": FALLING}, "test"), "after epoch"),
        (lambda: c.first_to_overfit({"a": FLAT, "b": FALLING}, "test"), "none of them"),
        (lambda: c.first_to_overfit({}, "test"), None),
    ],
    "plateau": [
        (lambda: c.standing_still([1.0, *[0.1] * 20]), "98 %"),
        (lambda: c.standing_still(SLOW), "until the end"),
        (lambda: c.standing_still([1.0, 1.0, 1.0]), None),
    ],
    "plateaus": [
        (lambda: c.plateaus({"a": [1.0, *[0.1] * 20], "b": SLOW}), "after this many"),
        (lambda: c.plateaus({"a": SLOW, "b": SLOW}), "until the end"),
        (lambda: c.plateaus({"a": [1.0, 1.0, 1.0]}), None),
    ],
    "gap": [
        (lambda: c.gap(0.99, 0.90, "test"), "by heart"),
        (lambda: c.gap(0.95, 0.951, "test"), "hardly a difference"),
        (lambda: c.gap(0.90, 0.95, "test"), "chance"),
        (lambda: c.gap(0.90, 0.95, "test", dropout=True), "dropout"),
        (lambda: c.gap(math.nan, 0.95, "test"), None),
    ],
    "confusions": [
        (lambda: c.confusions(MIXED, ["cat", "dog"])[0], "most frequent"),
        (lambda: c.confusions(np.diag([3, 4]), ["cat", "dog"])[0], "No test example"),
    ],
    "course": [
        (lambda: c.beside_the_course({"accuracy": 0.385}, {"accuracy": 0.38}), "those of"),
        (lambda: c.beside_the_course({"accuracy": 0.48}, {"accuracy": 0.38}), "better"),
        (lambda: c.beside_the_course({"accuracy": 0.28}, {"accuracy": 0.38}), "worse than"),
        (
            lambda: c.beside_the_course(
                {"a accuracy": 0.2, "b accuracy": 0.9}, {"a accuracy": 0.4, "b accuracy": 0.4}
            ),
            "others worse",
        ),
        (lambda: c.beside_the_course({"loss": 1.0}, {"loss": 2.0}), None),
    ],
    "rises": [
        (lambda: c.rises({"a": FALLING, "b": BACK}), "smoothly"),
        (lambda: c.rises({"a": BACK, "b": BACK}), "as many"),
        (lambda: c.rises({"a": BACK, "b": [1, 2, 1, 1]}), "in each"),
        (lambda: c.rises({}), None),
    ],
    "judged": [
        (lambda: c.judged({("a", "b"): True})[0], "more than the noise"),
        (lambda: c.judged({("a", "b"): False})[0], "Within the noise"),
        (lambda: c.judged({("a", "b"): None})[0], "Not judged"),
    ],
    "explained": [
        (lambda: c.explained(0.79, 0.63), "bent"),
        (lambda: c.explained(0.63, 0.63), "as much as"),
        (lambda: c.explained(0.4, 0.63), "less than"),
    ],
    "checked": [
        (lambda: h.checked(1e-9), "agree"),
        (lambda: h.checked(0.1), "wrong"),
    ],
    "steepest": [
        (lambda: h.steepest({"w": 2.0, "b": 1.0}), "depends most"),
        (lambda: h.steepest({"w": 2.0}), None),
    ],
    "outputs": [
        (lambda: h.outputs({"a": 1.0, "b": 2.0}), "largest"),
        (lambda: h.outputs({"a": 1.0}), None),
    ],
    "perceptron": [
        (lambda: h.at_rest({"a": [3, 1, 0]})[0], "comes to rest"),
        (lambda: h.at_rest({"a": [3, 5, 4]})[0], "goes up and down"),
        (lambda: h.at_rest({"a": [5, 4, 3]})[0], "is falling"),
    ],
    "vanished": [
        (lambda: h.vanished({"a": 1e-5}, 10)[0], "vanishes"),
        (lambda: h.vanished({"a": 1e5}, 10)[0], "explodes"),
        (lambda: h.vanished({"a": 2.0}, 10)[0], "lives"),
    ],
    "learned": [
        (lambda: h.learned({"a": 0.9, "b": 0.1}, 0.1), "Hardly better"),
        (lambda: h.learned({"a": 0.9, "b": 0.8}, 0.1), "All of them"),
        (lambda: h.learned({"a": 0.11, "b": 0.1}, 0.1), "None does"),
        (lambda: h.learned({}, 0.1), None),
    ],
    "dead": [
        (lambda: h.dead({"relu": {1.0: 0.9}})[0], "are dead"),
        (lambda: h.dead({"relu": {1.0: 0.0}})[0], "no unit is dead"),
    ],
    "fastest": [
        (lambda: h.fastest({"a": {0.1: 5}, "b": {0.1: 9}}), "needs most"),
        (lambda: h.fastest({"a": {0.1: 5}, "b": {}}), "With no rate"),
        (lambda: h.fastest({"a": {}, "b": {}}), "None of"),
    ],
    "rates": [
        (lambda: h.rates_that_work({"a": {0.1: 5, 1.0: 5}, "b": {0.1: 9}}), "least sensitive"),
        (lambda: h.rates_that_work({"a": {0.1: 5}, "b": {0.1: 9}}), None),
    ],
    "told apart": [
        (lambda: h.told_apart(0.9, 0.1), "tells them apart"),
        (lambda: h.told_apart(0.6, 0.4), "same strength"),
        (lambda: h.told_apart(0.5, 0.5), "generator is ahead"),
    ],
    "majority": [
        (lambda: h.against_the_majority(0.75, 0.02, 0.65), "more than twice"),
        (lambda: h.against_the_majority(0.67, 0.02, 0.65), "beside chance"),
        (lambda: h.against_the_majority(0.64, 0.02, 0.65), "nothing useful"),
    ],
    "below the noise": [
        (lambda: h.below_the_noise({1: 0.01}, {1: 0.2}, 0.06)[0], "lies below"),
        (lambda: h.below_the_noise({1: 0.2}, {1: 0.2}, 0.06)[0], "stays above"),
    ],
    "best degree": [
        (lambda: h.below_the_noise({}, {1: 0.2, 9: 0.1}, 0.06)[1], "falls up to"),
        (lambda: h.below_the_noise({}, {1: 0.1, 9: 0.2}, 0.06)[1], "is least with"),
    ],
    "filling": [
        (lambda: e.filling([0.7, 0.72, 0.71], [0.71, 0.71, 0.72]), "not found"),
        (lambda: e.filling([0.7, 0.72, 0.71], [0.75, 0.76, 0.75]), "as in the course"),
        (lambda: e.filling([0.75, 0.76, 0.75], [0.7, 0.72, 0.71]), "the opposite"),
        (lambda: e.filling([0.7], [0.7]), None),
    ],
    "lost": [
        (lambda: e.lost({"a": 0.9, "b": 0.9}, {"a": 0.9, "b": 0.8}), "costs"),
        (lambda: e.lost({"a": 0.9, "b": 0.9}, {"a": 0.9, "b": 0.95}), "None of"),
        (lambda: e.lost({"a": 0.9}, {"a": 0.9}), None),
    ],
    "costs": [
        (lambda: e.costs({"a": 0.9, "b": 0.8}, {"a": 2, "b": 1}), "times as many"),
        (lambda: e.costs({"a": 0.9}, {"a": 2}), None),
    ],
    "pulled": [
        (lambda: e.pulled({"a": 3.0, "b": 9.0}), "errs least"),
        (lambda: e.pulled({"a": 9.0}), None),
    ],
    "same line": [
        (lambda: e.same_line(1e-5), "same line"),
        (lambda: e.same_line(0.1), "differ by"),
    ],
    "scaled better": [
        (lambda: e.scaled_better({"a": 3.0, "b": 9.0}), "as curved"),
        (lambda: e.scaled_better({"a": 9.0}), None),
    ],
    "stepped": [
        (lambda: e.stepped(1.0, 0.8, 0.25), "lowers"),
        (lambda: e.stepped(1.0, 1.2, 0.25), "too long"),
    ],
    "steepest at": [
        (lambda: e.steepest_at(30.0, 2.0, 1.9), "none rises more"),
        (lambda: e.steepest_at(30.0, 2.0, 2.9), "is wrong"),
    ],
    "rated": [
        (lambda: e.rated({"a": 0, "b": 3}, 0.2), "turns back"),
        (lambda: e.rated({"a": 0, "b": 0}, 0.2), "With none"),
        (lambda: e.rated({"a": 0}, 0.2), None),
    ],
    "slowest": [
        (lambda: e.slowest({"a": 3, "b": 9}), "times as long"),
        (lambda: e.slowest({"a": 9, "b": 9}), None),
    ],
    "slowest to learn": [
        (lambda: e.slowest_to_learn({"a": 3, "b": 9}), "the fastest"),
        (lambda: e.slowest_to_learn({"a": 9}), None),
    ],
    "quickest": [
        (lambda: h.quickest({"a": 3, "b": 9}), "fewest"),
        (lambda: h.quickest({"a": 9, "b": 9}), None),
    ],
    "compared": [
        (lambda: d.compared({"a": 1, "b": 1}, [])[0], "Side by side"),
        (lambda: d.compared({"a": 1}, [])[0], "alone"),
        (lambda: d.compared({"a": 1}, [])[1], "no spread"),
        (lambda: d.compared({"a": 3}, [])[1], "mean over seeds"),
        (lambda: d.compared({"a": 1, "b": 1}, ["units"])[-1], "no others"),
    ],
    "courses of training": [
        (lambda: d.courses_of_training({"a": [{"loss": SLOW}]}, "test")[0], "until the end"),
        (lambda: d.courses_of_training({"a": [{"val_loss": BACK}]}, "test")[0], "begins"),
    ],
    "how far": [
        (lambda: d.how_far({"a": 1, "b": 1}, ["units"], False)[0], "due to it"),
        (lambda: d.how_far({"a": 1, "b": 1}, ["units", "l2"], False)[0], "at once"),
        (lambda: d.how_far({"a": 1, "b": 2}, [], False)[0], "less certain"),
        (lambda: d.how_far({"a": 1, "b": 1}, [], True)[0], "quick forms"),
    ],
    "not compared": [
        (lambda: Sentence(d.not_compared(1, 2)), "itself"),
        (lambda: Sentence(d.not_compared(1, 1)), "alone"),
        (lambda: Sentence(d.not_compared(2, 2)), "seed alone"),
    ],
    "starts": [
        (lambda: h.starts([(2, 15, 9, 9)])[0], "Every start"),
        (lambda: h.starts([(2, 1, 9, 0)])[0], "No start"),
        (lambda: h.starts([(2, 1, 9, 4), (2, 3, 9, 4)])[0], "others do not"),
    ],
}


@pytest.mark.parametrize("kind", TURNS)
def test_a_conclusion_turns_with_its_numbers(kind):
    texts = []
    for make, says in TURNS[kind]:
        found = make()
        assert (found is None) == (says is None)
        if isinstance(found, Sentence):
            assert says in found.text
            texts.append(found.text)
            names = {name for name in found.values if "{" + name + "}" in found.text}
            assert all("{" + n + "}" in found.text for n in names)
    assert len(set(texts)) == len(texts)


def test_the_winner_is_the_better_one():
    for lower in (False, True):
        found = c.best_of({"a": 0.1, "b": 0.9}, "loss" if lower else "r2", lower)
        assert found.values["first"] == ("a" if lower else "b")


def test_every_conclusion_has_a_row():
    """A function that gives sentences is in the table above."""
    given = [f for module in (c, d, h, e) for f in vars(module).values() if callable(f)]
    modules = {module.__name__ for module in (c, d, h, e)}
    own = {f.__name__ for f in given if getattr(f, "__module__", "") in modules}
    used = {name for rows in TURNS.values() for make, _ in rows for name in make.__code__.co_names}
    public = {name for name in own if not name.startswith("_")}
    assert public - used <= {"is_share", "one_seed", "plateau", "strongest"}
