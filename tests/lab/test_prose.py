"""The words of reports: each kind of conclusion turns with its numbers."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from grafito.lab.prose import answers as a
from grafito.lab.prose import answers_of_others as o
from grafito.lab.prose import comparing as d
from grafito.lab.prose import conclusions as c
from grafito.lab.prose import conclusions_by_hand as h
from grafito.lab.prose import conclusions_of_classes as k
from grafito.lab.prose import conclusions_of_exercises as e
from grafito.lab.prose import of_fits, of_seeds, of_the_course
from grafito.lab.prose.sentence import Sentence
from grafito.lab.report.blocks import Writer
from grafito.language import use

FALLING = [1.0, 0.5, 0.25, 0.12]
BACK = [1.0, 0.5, 0.6, 0.9]
STEADY = [1 / (1 + epoch) for epoch in range(100)]
FLAT = [1.0, 0.5, 0.501, 0.502]
SLOW = [1.0, 0.9, 0.8, 0.7]
MIXED = np.array([[8, 2], [5, 5]])
TIED = np.diag([9, 9, 9, 9, 8]) + np.eye(5, k=-4, dtype=int)  # four are known wholly

# Of each kind: what other numbers make of it, and what each then says.
TURNS = {
    "best": [
        (lambda: c.best_of({"a": 0.9, "b": 0.8}, "accuracy", False), "The best is"),
        (lambda: c.best_of({"a": 0.9, "b": 0.9}, "accuracy", False), "end level, "),
        (lambda: c.best_of({"a": 0.9, "b": 0.8, "c": 0.7}, "accuracy", False), "comes last"),
        (lambda: c.best_of({"a": 0.2, "b": 0.3}, "loss", True), "against"),
        (lambda: c.best_of({"a": 0.2, "b": 0.2}, "loss", True), "end level: "),
        (lambda: c.best_of({"a": 0.9, "b": 0.89}, "accuracy", False, 100), "ends highest"),
        (
            lambda: c.best_of({"a": 0.9, "b": 0.89, "c": 0.5}, "accuracy", False, 100),
            "chance; “{last}”",
        ),
        (lambda: c.best_of({"a": 0.9}, "accuracy", False), None),
        (lambda: c.best_of({"a": 0.9, "b": math.nan}, "accuracy", False), None),
    ],
    "overfitting": [
        (lambda: c.overfitting(FALLING, "test"), "still falls"),
        (lambda: c.overfitting(BACK, "test"), "overfits"),
        (lambda: c.overfitting(FLAT, "test"), "neither help"),
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
        (lambda: c.gap(0.90, 0.95, "test"), "easier"),
        (lambda: c.gap(0.95, 0.90, "test", count=100, trained_on=400), "as many examples"),
        (lambda: c.gap(math.nan, 0.95, "test"), None),
    ],
    "behind": [
        (lambda: c.behind(0.90, 0.96, 0.95, "validation"), "still improve"),
        (lambda: c.behind(0.90, 0.96, 0.95, "validation", dropout=True), "dropout"),
        (lambda: c.behind(0.94, 0.97, 0.93, "validation"), None),
        (lambda: c.behind(0.90, 0.90, 0.95, "validation"), None),
        (lambda: c.behind(math.nan, 0.96, 0.95, "validation"), None),
    ],
    "confusions": [
        (lambda: k.confusions(MIXED, "ab")[0], "The most frequent"),
        (lambda: k.confusions(np.full((2, 2), 2), "ab")[0], "with {lost} examples each (class"),
        (lambda: k.confusions(np.full((3, 3), 2), "abc")[0], "with {lost} examples each, among"),
        (lambda: k.confusions(np.full((2, 2), 1), "ab")[0], "twice; there are {count} (class"),
        (lambda: k.confusions(np.full((3, 3), 1), "abc")[0], "twice; there are {count}, among"),
        (lambda: k.confusions(np.array([[3, 1], [0, 3]]), "ab")[0], "The only confusion"),
        (lambda: k.confusions(np.diag([3, 4]), "ab")[0], "No test example"),
    ],
    "known best": [
        (lambda: k.confusions(MIXED, "ab")[1], "“{best}” is known best"),
        (lambda: k.confusions(TIED, "abcde")[1], "Classes known best"),
    ],
    "course": [
        (
            lambda: of_the_course.beside_the_course({"accuracy": 0.385}, {"accuracy": 0.38}),
            "those of",
        ),
        (lambda: of_the_course.beside_the_course({"accuracy": 0.48}, {"accuracy": 0.38}), "better"),
        (
            lambda: of_the_course.beside_the_course({"accuracy": 0.28}, {"accuracy": 0.38}),
            "worse than",
        ),
        (
            lambda: of_the_course.beside_the_course(
                {"a accuracy": 0.2, "b accuracy": 0.9}, {"a accuracy": 0.4, "b accuracy": 0.4}
            ),
            "others worse",
        ),
        (
            lambda: of_the_course.beside_the_course({"accuracy": 0.3}, {"accuracy": 0.4}, (3, 20)),
            "After {epochs} epochs",
        ),
        (lambda: of_the_course.beside_the_course({"loss": 1.0}, {"loss": 2.0}), None),
    ],
    "rises": [
        (lambda: o.rises({"a": FALLING, "b": BACK}), "smoothly"),
        (lambda: o.rises({"a": BACK, "b": BACK}), "as many"),
        (lambda: o.rises({"a": BACK, "b": [1, 2, 1, 1]}), "in each"),
        (lambda: o.rises({}), None),
    ],
    "judged": [
        (lambda: c.judged({("a", "b"): True})[0], "more than the noise"),
        (lambda: c.judged({("a", "b"): False})[0], "Within the noise"),
        (lambda: c.judged({("a", "b"): None})[0], "Not judged"),
    ],
    "explained": [
        (lambda: o.explained(0.79, 0.63), "curved"),
        (lambda: o.explained(0.63, 0.63), "as much as"),
        (lambda: o.explained(0.4, 0.63), "less than"),
    ],
    "checked": [
        (lambda: h.checked(1e-9), "agree"),
        (lambda: h.checked(0.1), "wrong"),
    ],
    "by_formulas": [
        (lambda: h.by_formulas(1e-9), "two ways"),
        (lambda: h.by_formulas(0.1), "wrong"),
    ],
    "steepest": [
        (lambda: h.steepest({"w": 2.0, "b": 1.0}, "The loss"), "{what} depends most"),
        (lambda: h.steepest({"w": 2.0}, "The loss"), None),
    ],
    "outputs": [
        (lambda: h.outputs({"a": 1.0, "b": 2.0}), "largest"),
        (lambda: h.outputs({"a": 1.0}), None),
    ],
    "at rest over seeds": [
        (lambda: h.at_rest_over_seeds({"a": [(0, 3), (0, 5)]})[0], "each of the {count}"),
        (lambda: h.at_rest_over_seeds({"a": [(1, 9), (4, 9)]})[0], "none of the {count}"),
        (lambda: h.at_rest_over_seeds({"a": [(1, 9), (0, 4)]})[0], "from {rest} of {count}"),
    ],
    "perceptron": [
        (lambda: h.at_rest({"a": [3, 1, 0]})[0], "comes to rest"),
        (lambda: h.at_rest({"a": [3, 5, 4]})[0], "goes up and down"),
        (lambda: h.at_rest({"a": [5, 4, 3]})[0], "is falling"),
    ],
    "vanished": [
        (lambda: h.vanished({"a": 1e-5}, 10)[0], "vanishes"),
        (lambda: h.vanished({"a": 1e5}, 10)[0], "explodes"),
        (lambda: h.vanished({"a": 2.0}, 10)[0], "neither"),
    ],
    "learned": [
        (lambda: h.learned({"a": 0.9, "b": 0.1}, 0.1), "Hardly better"),
        (lambda: h.learned({"a": 0.9, "b": 0.8}, 0.1), "All of them"),
        (lambda: h.learned({"a": 0.11, "b": 0.1}, 0.1), "None does"),
        (lambda: h.learned({}, 0.1), None),
    ],
    "dead": [
        (lambda: e.dead({"relu": {1.0: 0.9}}, {"relu": 0.1})[0], "are dead after"),
        (lambda: e.dead({"relu": {1.0: 0.9}}, {"relu": 0.9})[0], "no rate kills more"),
        (lambda: e.dead({"relu": {1.0: 0.0}}, {"relu": 0.0})[0], "no unit is dead"),
    ],
    "fastest": [
        (lambda: h.fastest({"a": {0.1: 5}, "b": {0.1: 9}}), "the most, {most}, of"),
        (lambda: h.fastest({"a": {0.1: 5}, "b": {}}), "None of the rates"),
        (lambda: h.fastest({"a": {}, "b": {}}), "None of the optimizers"),
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
        (lambda: of_fits.below_the_noise({1: 0.01}, {1: 0.2}, 0.06)[0], "lies below"),
        (lambda: of_fits.below_the_noise({1: 0.2}, {1: 0.2}, 0.06)[0], "stays above"),
    ],
    "too simple or flexible": [
        (
            lambda: of_fits.too_simple_or_flexible({1: 0.3, 5: 0.0}, {1: 0.4, 5: 0.1}, 0.06)[0],
            "least",
        ),
        (
            lambda: of_fits.too_simple_or_flexible({1: 0.3, 5: 0.0}, {1: 0.4, 5: 0.1}, 0.06)[1],
            "simple",
        ),
        (
            lambda: of_fits.too_simple_or_flexible({1: 0.1, 5: 0.0}, {1: 0.1, 5: 0.4}, 0.06)[1],
            "noise",
        ),
    ],
    "spread": [
        (lambda: of_seeds.spread("accuracy", [0.9, 0.8])[0], "{mean} %"),
        (lambda: of_seeds.spread("accuracy", [0.9, 0.8])[1], "{margin} points"),
        (lambda: of_seeds.spread("loss", [0.9, 0.8])[0], "is {mean} on"),
        (lambda: of_seeds.spread("loss", [0.9, 0.8])[1], "{margin} apart"),
        (lambda: of_seeds.spread("accuracy", [0.9, 0.9])[0], "same “{name}”, {highest} %"),
        (lambda: of_seeds.spread("right", [4.0, 4.0])[0], "same “{name}”, {highest}."),
        (lambda: of_seeds.spread("loss", [4.0, math.nan])[0], "without a finite"),
    ],
    "in the course": [
        (lambda: of_seeds.in_the_course("accuracy", [0.9, 0.8], 0.85), "among"),
        (lambda: of_seeds.in_the_course("accuracy", [0.9, 0.8], 0.95), "above"),
        (lambda: of_seeds.in_the_course("accuracy", [0.9, 0.8], 0.75), "below"),
        (lambda: of_seeds.in_the_course("loss", [0.9, 0.8], 0.75), None),
    ],
    "best degree": [
        (lambda: of_fits.below_the_noise({}, {1: 0.2, 9: 0.1}, 0.06)[1], "falls up to"),
        (lambda: of_fits.below_the_noise({}, {1: 0.1, 9: 0.2}, 0.06)[1], "is least with"),
    ],
    "filling": [
        (lambda: e.filling([0.7, 0.72, 0.71], [0.71, 0.71, 0.72]), "not found"),
        (lambda: e.filling([0.7, 0.72, 0.71], [0.75, 0.76, 0.75]), "as in the course"),
        (lambda: e.filling([0.75, 0.76, 0.75], [0.7, 0.72, 0.71]), "the opposite"),
        (lambda: e.filling([0.7], [0.7]), None),
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
    "arrived": [
        (lambda: e.arrived({"a": 34, "b": None}, 0.05, 40), "not enough"),
        (lambda: e.arrived({"a": 34, "b": 12}, 0.05, 40), "of the least: {steps}."),
        (lambda: e.arrived({"a": None}, 0.05, 40), "None of them"),
        (lambda: e.arrived({}, 0.05, 40), None),
    ],
    "rated": [
        (lambda: e.rated({"a": 0, "b": 3}, 0.2), "turns back"),
        (lambda: e.rated({"a": 1, "b": 3}, 0.2), "most often"),
        (lambda: e.rated({"a": 0, "b": 0}, 0.2), "With none"),
        (lambda: e.rated({"a": 0}, 0.2), None),
    ],
    "approximated": [
        (lambda: e.approximated({1: 0.4, 9: 0.1})[0], "widest network"),
        (lambda: e.approximated({1: 0.4, 5: 0.1, 9: 0.2})[0], "best start of all"),
        (lambda: e.approximated({1: 0.4, 5: 0.1, 9: 0.2})[1], "does not find"),
        (lambda: e.approximated({1: 0.4}) or None, None),
    ],
    "sparse": [
        (lambda: e.sparse({"a": 0.1, "b": 0.9}), "nearly 0"),
        (lambda: e.sparse({"a": 0.1}), None),
    ],
    "saturating": [
        (lambda: e.saturating({0.1: (0.0, 0.8), 3.0: (0.9, 0.5)}), "saturated"),
        (lambda: e.saturating({}), None),
    ],
    "slowest": [
        (lambda: e.slowest({"a": 3, "b": 9}), "times as many"),
        (lambda: e.slowest({"a": 90, "b": 93}), "hardly later"),
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
    "same winner": [
        (lambda: a.same_winner({"a": 0.4, "b": 0.3}, {"a": 0.4, "b": 0.3}), "as in the course"),
        (lambda: a.same_winner({"a": 0.2, "b": 0.3}, {"a": 0.4, "b": 0.3}), "not found again"),
        (lambda: a.same_winner({"a": 0.3, "b": 0.31}, {"a": 0.4, "b": 0.3}, 100), "may have"),
        (lambda: a.same_winner({"a": 0.2, "b": 0.3}, {"a": 0.3, "b": 0.3}), None),
        (lambda: a.same_winner({"a": 0.2}, {"a": 0.3}), None),
    ],
    "three parts": [
        (lambda: a.three_parts(0.99, 0.95, 0.94, 1000), "overfitting"),
        (lambda: a.three_parts(0.95, 0.95, 0.94, 1000), "chance"),
        (lambda: a.three_parts(0.80, 0.95, 0.94, 1000), "nothing"),
    ],
    "kept": [(lambda: a.kept(0.0), "Yes"), (lambda: a.kept(1e-3), "No")],
    "first ones": [
        (lambda: a.first_ones(3, 3), "All"),
        (lambda: a.first_ones(2, 3), "{right} of"),
    ],
    "with more": [
        (lambda: a.with_more({100: 0.3, 200: 0.4}), "points: "),
        (lambda: a.with_more({100: 0.4, 200: 0.3}), "Nothing"),
        (lambda: a.with_more({100: 0.4}), None),
    ],
    "second helps": [
        (lambda: a.second_helps(0.3, 0.4, 1000), "Yes"),
        (lambda: a.second_helps(0.3, 0.31, 1000), "chance"),
        (lambda: a.second_helps(0.4, 0.3, 1000), "harms"),
    ],
    "price": [
        (lambda: a.at_what_price({"a": 0.9, "b": 0.8}, {"x": {"a": 2, "b": 1}})[1], "It takes {t"),
        (lambda: a.at_what_price({"a": 0.9, "b": 0.8}, {"x": {"a": 1, "b": 2}})[1], "only"),
        (lambda: a.at_what_price({"a": 0.9, "b": 0.8}, {"x": {"a": 1, "b": 1}})[1], "the same"),
    ],
    "cost": [
        (lambda: o.cost_of_training(0.5, 1, 8.0, 10**6), "One epoch takes"),
        (lambda: o.cost_of_training(0.5, 2, 8.0, 10**6), "{epochs} epochs take"),
    ],
    "lost": [
        (lambda: a.lost({"a": 0.98}, {"a": 0.90}, 1000)[0], "after"),
        (lambda: a.lost({"a": 0.98}, {"a": 0.98}, 1000)[0], "chance"),
        (lambda: a.lost({"a": 0.90}, {"a": 0.98}, 1000)[0], "gains"),
    ],
    "remedies": [
        (lambda: a.remedies({"no": 0.8, "x": 0.9}, "no", 1000), "with {better};"),
        (lambda: a.remedies({"no": 0.8, "x": 0.9, "y": 0.7}, "no", 1000), "fewer with"),
        (lambda: a.remedies({"no": 0.8, "y": 0.7}, "no", 1000), "fewer test"),
        (lambda: a.remedies({"no": 0.8, "y": 0.8}, "no", 1000), "None by"),
        (lambda: a.remedies({"no": 0.8}, "no", 1000), None),
    ],
    "best named": [
        (lambda: a.best_named({"L2": 0.9, "x": 0.8}, "L2"), "as the course says"),
        (lambda: a.best_named({"L2": 0.8, "x": 0.9}, "L2"), "the course says {expected}"),
        (lambda: a.best_named({"L2": 0.89, "x": 0.9}, "L2", 100), "may have"),
        (lambda: a.best_named({"x": 0.9}, "L2"), None),
    ],
    "weakest class": [
        (lambda: a.weakest_class({"x": (0.1, 0.2), "y": (0.9, 0.9)}), "both"),
        (lambda: a.weakest_class({"x": (0.1, 0.9), "y": (0.9, 0.2)}), "overlooked"),
        (lambda: a.weakest_class({}), None),
    ],
    "changed errors": [
        (lambda: a.changed_errors({"w": 1, "u": 2}, {"w": 4, "u": 3}, "w", "u"), "at the cost"),
        (lambda: a.changed_errors({"w": 1, "u": 2}, {"w": 3, "u": 3}, "w", "u"), "nothing"),
        (lambda: a.changed_errors({"w": 2, "u": 2}, {"w": 4, "u": 3}, "w", "u"), "no fewer"),
    ],
    "cleaned": [
        (lambda: o.cleaned(0.1, 0.02), "of it"),
        (lambda: o.cleaned(0.1, 0.2), "None"),
    ],
    "learns": [(lambda: o.learns(4, 4), "Yes"), (lambda: o.learns(3, 4), "No")],
    "both learn": [
        (lambda: o.both_learn({"a": 4, "b": 4}, 4), "Yes"),
        (lambda: o.both_learn({"a": 3, "b": 4}, 4), "Only"),
        (lambda: o.both_learn({"a": 3, "b": 3}, 4), "None"),
    ],
    "found line": [
        (lambda: o.found_line(2.0, 1.0, (2.0, 1.0), 0.5, 0.5), "Yes"),
        (lambda: o.found_line(1.0, 1.0, (2.0, 1.0), 0.9, 0.5), "Not yet"),
    ],
    "epochs to goal": [
        (lambda: o.epochs_to_goal({"a": 3, "b": 4}, 0.9), "{epochs}."),
        (lambda: o.epochs_to_goal({"a": 3, "b": None}, 0.9), "never"),
        (lambda: o.epochs_to_goal({"a": None}, 0.9), "None"),
    ],
    "half of": [
        (lambda: o.half_of({"a": 20, "b": 40}, "a", "b"), "Yes"),
        (lambda: o.half_of({"a": 30, "b": 40}, "a", "b"), "not half"),
        (lambda: o.half_of({"a": 50, "b": 40}, "a", "b"), "times the epochs"),
        (lambda: o.half_of({"a": 41, "b": 40}, "a", "b"), "about as many"),
        (lambda: o.half_of({"a": None, "b": 40}, "a", "b"), None),
    ],
    "stopped": [
        (lambda: o.stopped(30, 100, 10), "After"),
        (lambda: o.stopped(100, 100, 10), "Not within"),
        (lambda: o.stopped(100, 100, 0), "not asked"),
    ],
    "explains as": [
        (lambda: o.explains_as(0.70, 0.669), "no further off"),
        (lambda: o.explains_as(0.90, 0.669), "better"),
        (lambda: o.explains_as(0.50, 0.669), "worse"),
    ],
    "ranked": [
        (lambda: a.ranked({"": 0.7}), "curve; guessing"),
        (lambda: a.ranked({"": 0.52}), "hardly more"),
        (lambda: a.ranked({"a": 0.7, "b": 0.6}), "{shares}"),
    ],
    "generalises": [
        (lambda: o.generalises(1.0, 1.1, 100.0), "in the test."),
        (lambda: o.generalises(1.0, 1.1, 1.6), "not learned the rule"),
        (lambda: o.generalises(1.0, 3.0, 100.0), "Yes"),
    ],
    "with units": [
        (lambda: o.with_units([(1, 0.0), (9, 1.0)]), "It learns"),
        (lambda: o.with_units([(1, 0.5), (9, 0.5)]), "not learn"),
        (lambda: o.with_units([(1, 0.5)]), None),
    ],
    "far fewer": [
        (lambda: o.far_fewer({(8, 1): 0.0}), "No"),
        (lambda: o.far_fewer({(8, 1): 0.5}), "Some"),
        (lambda: o.far_fewer({(8, 8): 0.5}), None),
    ],
    "compared": [
        (lambda: d.compared({"a": 1, "b": 1}, [])[0], "Side by side"),
        (lambda: d.compared({"a": 1}, [])[0], "alone"),
        (lambda: d.compared({"a": 1}, [])[1], "no spread"),
        (lambda: d.compared({"a": 3}, [])[1], "mean over seeds"),
        (lambda: d.compared({"a": 1, "b": 1}, ["units"])[-1], "no others"),
    ],
    "courses of training": [
        (
            lambda: d.courses_of_training({key: [{"loss": SLOW}] for key in "ab"}, "test")[0],
            "in each",
        ),
        (
            lambda: d.courses_of_training({key: [{"val_loss": BACK}] for key in "ab"}, "test")[0],
            "begins",
        ),
        (lambda: d.courses_of_training({"a": [{"loss": SLOW}]}, "test")[0], "no plateau"),
        (
            lambda: d.courses_of_training({"a": [{"loss": SLOW, "val_loss": BACK}]}, "test")[1],
            "higher",
        ),
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
            assert not any(found.values[n] in ([], {}, (), None, "") for n in names), found
    assert len(set(texts)) == len(texts)


def test_a_loss_of_nearly_nothing_may_go_up_and_down():
    assert "overfits" not in c.overfitting([1.0, 1e-4, 5e-3], "test").text


def test_a_single_epoch_above_the_least_is_no_overfitting():
    last = 1.1 * STEADY[-1]
    assert "overfits" not in c.overfitting([*STEADY[:-1], last], "test").text
    assert "none of them" in c.first_to_overfit({"a": [*STEADY[:-1], last]}, "test").text


def test_the_winner_is_the_better_one():
    for lower in (False, True):
        found = c.best_of({"a": 0.1, "b": 0.9}, "loss" if lower else "r2", lower)
        assert found.values["first"] == ("a" if lower else "b")


def test_what_seeds_say_of_the_perceptron_are_their_numbers():
    ends = {"all": [(0, 40), (0, 19)], "none": [(7, 90), (7, 80)], "some": [(2, 99), (0, 12)]}
    told = [one.values for one in h.at_rest_over_seeds(ends)]
    assert told == [
        {"name": "all", "count": 2, "rest": 2, "updates": "19–40"},
        {"name": "none", "count": 2, "points": "7"},
        {"name": "some", "count": 2, "rest": 1, "updates": "12", "points": "2"},
    ]


@pytest.mark.parametrize(("ours", "shirt"), [(True, "camisa"), (False, "shirt")])
def test_classes_that_are_confused_equally_often_are_all_counted_and_some_named(ours, shirt):
    found = k.confusions(np.full((5, 5), 3), ["shirt", *"abcd"])
    (first, *_) = [one.entry() for one in found]
    writer = Writer(ours)
    with use("es"):
        told = writer.filled(first["text"], json.loads(json.dumps(first["values"])))
    assert "{" not in told
    assert f"{shirt} → a; {shirt} → b; {shirt} → c" in told
    assert told.count("→") == k.MOST_NAMED + 1


def test_every_conclusion_has_a_row():
    """A function that gives sentences is in the table above."""
    modules = (a, c, d, e, h, k, o)
    names = {module.__name__ for module in modules}
    given = [f for module in modules for f in vars(module).values() if callable(f)]
    own = {f.__name__ for f in given if getattr(f, "__module__", "") in names}
    used = {name for rows in TURNS.values() for make, _ in rows for name in make.__code__.co_names}
    public = {name for name in own if not name.startswith("_")}
    plain = {
        "is_share",
        "between",
        "margin",
        "one_seed",
        "plateau",
        "still_falls",
        "strongest",
    }
    assert public - used <= plain  # these say the same whatever the numbers


def test_few_training_examples_leave_room_for_chance_too():
    assert "by heart" in c.gap(0.95, 0.90, "test", trained_on=4000, count=4000).text
    assert "as many" in c.gap(0.95, 0.90, "test", trained_on=50, count=4000).text
