"""Answers to the questions of exercises that classify, computed from what came out."""

from __future__ import annotations

import math
from collections.abc import Mapping

from grafito.lab.prose.conclusions import LEVEL, between, margin
from grafito.lab.prose.sentence import Sentence, percent
from grafito.language import message as N_

EQUAL = 0.01  # the share by which two costs differ that count as equal


def same_winner(
    here: Mapping[str, float], course: Mapping[str, float], count: int = 0
) -> Sentence | None:
    """Whether the form that is best in the course is best here too.

    Args:
        here: shares by the name of the form.
        course: likewise; of forms that it does not name nothing is said.
        count: test examples.

    Example:
        >>> same_winner({"mse": 0.3, "cce": 0.4}, {"mse": 0.3, "cce": 0.38}).values["first"]
        'cce'
    """
    both = {name: here[name] for name in here if name in course and math.isfinite(here[name])}
    if len(both) < 2 or len({course[name] for name in both}) < 2:
        return None
    first = max(both, key=lambda name: both[name])
    theirs = max(both, key=lambda name: course[name])
    values = {"first": first, "best": percent(both[first]), "theirs": theirs}
    values |= {"course": percent(course[theirs]), "other": percent(both[theirs])}
    gap = 100 * (both[first] - max(value for name, value in both.items() if name != first))
    if gap <= between(both[first], count):
        text = N_(
            "Highest ends {first}, with {best} %, though chance may have decided; in the course it "
            "is {theirs}, with {course} %."
        )
    elif first == theirs:
        text = N_("It is {first}, with {best} %, as in the course, where it has {course} %.")
    else:
        text = N_(
            "It is {first}, with {best} %. In the course it is {theirs}, with {course} %; here "
            "that has {other} %, so its order is not found again."
        )
    return Sentence(text, values, judges=True)


def three_parts(training: float, validation: float, test: float, count: int) -> Sentence:
    """How shares of three parts differ, and whether that is overfitting.

    Args:
        training: the share that is right there.
        validation: likewise.
        test: likewise.
        count: test examples.

    Example:
        >>> three_parts(1.0, 0.975, 0.974, 10_000).values["gap"]
        2.6
    """
    gap = round(100 * (training - test), 1)
    values = {
        "training": percent(training),
        "validation": percent(validation),
        "test": percent(test),
        "gap": abs(gap),
    }
    if abs(gap) <= margin(test, count):
        text = N_(
            "Hardly: {training} % are right in training, {validation} % in validation and {test} % "
            "in the test, which chance alone explains."
        )
    elif gap > 0:
        text = N_(
            "{training} % are right in training, {validation} % in validation and {test} % in the "
            "test. The {gap} points between training and test are the overfitting."
        )
    else:
        text = N_(
            "{training} % are right in training, {validation} % in validation and {test} % in the "
            "test. Training is not ahead of the test: nothing overfits yet."
        )
    return Sentence(text, values)


def kept(difference: float) -> Sentence:
    """Whether a network answers as before after it was saved and loaded.

    Example:
        >>> kept(0.0).text[:3], kept(0.1).text[:2]
        ('Yes', 'No')
    """
    if difference == 0:
        return Sentence(N_("Yes: the probabilities are the same to the last bit."))
    text = N_("No: the probabilities differ by up to {difference}.")
    return Sentence(text, {"difference": difference})


def first_ones(right: int, count: int) -> Sentence:
    """How many of the first examples are right.

    Example:
        >>> first_ones(3, 3).text
        'All {count} are right.'
    """
    text = N_("{right} of {count} are right.") if right < count else N_("All {count} are right.")
    return Sentence(text, {"right": right, "count": count})


def with_more(shares: Mapping[int, float]) -> Sentence | None:
    """What more training examples bring.

    Args:
        shares: that are right in the test, by the number of training examples.

    Example:
        >>> with_more({5000: 0.35, 50_000: 0.45}).values["gap"]
        10.0
    """
    if len(shares) < 2:
        return None
    few, many = min(shares), max(shares)
    gap = round(100 * (shares[many] - shares[few]), 1)
    values = {
        "few": few,
        "many": many,
        "less": percent(shares[few]),
        "more": percent(shares[many]),
        "gap": abs(gap),
    }
    if gap > LEVEL:
        text = N_("{gap} points: {less} % are right with {few} images, {more} % with {many}.")
    else:
        text = N_("Nothing here: {less} % are right with {few} images, {more} % with {many}.")
    return Sentence(text, values, judges=True)


def second_helps(without: float, with_it: float, count: int) -> Sentence:
    """Whether something added makes a share larger than chance explains.

    Args:
        without: the share that is right in the test.
        with_it: likewise.
        count: test examples.

    Example:
        >>> second_helps(0.38, 0.42, 10_000).values["gap"]
        4.0
    """
    gap = 100 * (with_it - without)
    values = {"with": percent(with_it), "without": percent(without), "gap": round(abs(gap), 1)}
    if abs(gap) <= between(without, count):
        text = N_("No more than chance: {with} % with it and {without} % without.")
    elif gap > 0:
        text = N_("Yes, by {gap} points: {with} % with it and {without} % without.")
    else:
        text = N_("It harms, by {gap} points: {with} % with it and {without} % without.")
    return Sentence(text, values, judges=True)


def at_what_price(
    shares: Mapping[str, float], costs: Mapping[str, Mapping[str, float]]
) -> list[Sentence]:
    """Which of two networks is right more often, and what it costs beside the other.

    Args:
        shares: that are right, by name; two of them.
        costs: likewise, by what they are, such as "parameters"; a text.

    Example:
        >>> shares, costs = {"a": 0.9, "b": 0.8}, {"parameters": {"a": 200.0, "b": 100.0}}
        >>> [one.values["times"] for one in at_what_price(shares, costs)[1:]]
        [2.0]
    """
    first = max(shares, key=lambda name: shares[name])
    (second,) = [name for name in shares if name != first]
    best, other = percent(shares[first]), percent(shares[second])
    found = [
        Sentence(
            N_("The better one is {first}, with {best} % against {other} %."),
            {"first": first, "best": best, "other": other},
        )
    ]
    for of, each in costs.items():
        times = each[first] / each[second]
        if times > 1 + EQUAL:
            text = N_("It takes {times} times the {of} of {second}.")
        elif times < 1 - EQUAL:
            text = N_("It takes only {times} times the {of} of {second}.")
        else:
            text = N_("Both take the same {of}.")
        values = {"second": second, "of": of, "times": float(f"{times:.2g}")}
        found.append(Sentence(text, values))
    return found


def lost(before: Mapping[str, float], after: Mapping[str, float], count: int) -> list[Sentence]:
    """What each network loses by a change of its inputs.

    Args:
        before: shares that are right, by name.
        after: likewise.
        count: test examples.

    Example:
        >>> [one.values["gap"] for one in lost({"dense": 0.98}, {"dense": 0.95}, 10_000)]
        [3.0]
    """
    found = []
    for name in before:
        gap = 100 * (before[name] - after[name])
        values = {
            "name": name,
            "before": percent(before[name]),
            "after": percent(after[name]),
            "gap": round(abs(gap), 1),
        }
        if abs(gap) <= between(before[name], count):
            text = N_("Nothing that chance would not explain ({name}): {before} %, then {after} %.")
        elif gap > 0:
            text = N_("{gap} points ({name}): {before} % before, {after} % after.")
        else:
            text = N_("It gains {gap} points ({name}): {before} % before, {after} % after.")
        found.append(Sentence(text, values))
    return found


def changed_errors(
    costly: Mapping[str, int], others: Mapping[str, int], first: str, second: str
) -> Sentence:
    """What weights of classes change: errors on those that cost more, and on the others.

    Args:
        costly: errors on classes whose errors count more, by form.
        others: errors on the rest.
        first: the form with the weights.
        second: that without.

    Example:
        >>> found = changed_errors({"w": 10, "u": 20}, {"w": 9, "u": 5}, "w", "u")
        >>> found.values["fewer"], found.values["more"]
        (10, 4)
    """
    fewer, more = costly[second] - costly[first], others[first] - others[second]
    values = {
        "before": costly[second],
        "after": costly[first],
        "fewer": abs(fewer),
        "more": abs(more),
        "then": others[first],
        "rest": others[second],
    }
    if fewer > 0 and more > 0:
        text = N_(
            "Errors on shoes fall from {before} to {after}, at the cost of the other clothes, "
            "whose errors rise from {rest} to {then}."
        )
    elif fewer > 0:
        text = N_(
            "Errors on shoes fall from {before} to {after}, and cost the other clothes nothing: "
            "theirs go from {rest} to {then}."
        )
    else:
        text = N_(
            "They bring no fewer errors on shoes: {before} without and {after} with weights, and "
            "{rest} and {then} on the other clothes."
        )
    return Sentence(text, values, judges=True)


def remedies(shares: Mapping[str, float], without: str, count: int) -> Sentence | None:
    """Which remedies do better than none, and which worse, by more than chance.

    Args:
        shares: that are right in the test, by remedy.
        without: the name of no remedy.
        count: test examples.

    Example:
        >>> found = remedies({"none": 0.88, "L2": 0.87, "dropout": 0.91}, "none", 10_000)
        >>> found.values["better"], found.values["worse"]
        (['dropout'], ['L2'])
    """
    if without not in shares or len(shares) < 2:
        return None
    least = between(shares[without], count)
    gaps = {n: 100 * (shares[n] - shares[without]) for n in shares if n != without}
    better = sorted((n for n in gaps if gaps[n] > least), key=lambda n: -gaps[n])
    worse = [name for name in gaps if gaps[name] < -least]
    values = {"without": percent(shares[without]), "better": better, "worse": worse}
    values |= {"points": round(least, 1)}
    if better and worse:
        text = N_(
            "More test examples than without ({without} %) are right with {better}, fewer with "
            "{worse}; up to {points} points may be chance."
        )
    elif better:
        text = N_(
            "More test examples than without ({without} %) are right with {better}; up to {points} "
            "points may be chance."
        )
    elif worse:
        text = N_(
            "None: fewer test examples than without ({without} %) are right with {worse}; up to "
            "{points} points may be chance."
        )
    else:
        text = N_(
            "None by more than the {points} points that chance explains; without any {without} % "
            "of the test examples are right."
        )
    return Sentence(text, values, judges=True)


def best_named(numbers: Mapping[str, float], expected: str, count: int = 0) -> Sentence | None:
    """Whether the form that the course calls the best is best here.

    Args:
        numbers: shares by the name of the form.
        expected: what the course calls the best.
        count: test examples.

    Example:
        >>> best_named({"L2": 0.86, "dropout": 0.88}, "L2").values["first"]
        'dropout'
    """
    finite = {name: value for name, value in numbers.items() if math.isfinite(value)}
    if expected not in finite or len(finite) < 2:
        return None
    first = max(finite, key=lambda name: finite[name])
    values = {
        "first": first,
        "best": percent(finite[first]),
        "expected": expected,
        "other": percent(finite[expected]),
    }
    gap = 100 * (finite[first] - max(value for name, value in finite.items() if name != first))
    if gap <= between(finite[first], count):
        text = N_(
            "Highest ends {first}, with {best} %, though chance may have decided; the course says "
            "{expected}, which has {other} % here."
        )
    elif first == expected:
        text = N_("It is {first}, with {best} %, as the course says.")
    else:
        text = N_(
            "It is {first}, with {best} %; the course says {expected}, which has {other} % here."
        )
    return Sentence(text, values, judges=True)


def weakest_class(scores: Mapping[str, tuple[float, float]]) -> Sentence | None:
    """Which class has the least precision, and which the least recall.

    Args:
        scores: precision and recall by class.

    Example:
        >>> weakest_class({"cat": (0.9, 0.5), "dog": (0.6, 0.9)}).values["false"]
        'dog'
    """
    if len(scores) < 2:
        return None
    false = min(scores, key=lambda name: scores[name][0])
    missed = min(scores, key=lambda name: scores[name][1])
    values = {"false": false, "precision": round(scores[false][0], 2)}
    values |= {"missed": missed, "recall": round(scores[missed][1], 2)}
    if false == missed:
        text = N_(
            "“{false}” has both the least precision, {precision}, and the least recall, {recall}."
        )
    else:
        text = N_(
            "“{false}” is said wrongly most often, with precision {precision}; “{missed}” is "
            "overlooked most often, with recall {recall}."
        )
    return Sentence(text, values)


def ranked(areas: Mapping[str, float]) -> Sentence:
    """How often a network puts an example of class 1 above one of class 0.

    Args:
        areas: under the ROC curve, by form; "" names a single one.

    Example:
        >>> ranked({"": 0.704}).values["share"]
        70.4
    """
    shares = {name: percent(area) for name, area in areas.items()}
    if len(shares) > 1:
        text = N_(
            "Of one example of class 1 and one of class 0 the first has the higher probability in "
            "this percentage of all pairs, the area under the ROC curve: {shares}; guessing gives "
            "50."
        )
        return Sentence(text, {"shares": shares})
    (share,) = shares.values()
    if share < 55:
        text = N_(
            "Of one example of class 1 and one of class 0 the first has the higher probability in "
            "{share} % of all pairs, the area under the ROC curve: hardly more than guessing, "
            "which gives 50 %."
        )
    else:
        text = N_(
            "Of one example of class 1 and one of class 0 the first has the higher probability in "
            "{share} % of all pairs, the area under the ROC curve; guessing gives 50 %."
        )
    return Sentence(text, {"share": share})
