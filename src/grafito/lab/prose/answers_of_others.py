"""Answers to the questions of the other exercises, computed from what came out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from grafito.lab.prose.sentence import Sentence, percent
from grafito.language import message as N_

LITTLE = 0.25  # the share of the variance that is left where a rule has not been learned
EQUAL = 0.01  # the share by which two losses differ that count as equal


def cleaned(noisy: float, restored: float) -> Sentence:
    """How much of the noise is gone, as mean squared errors.

    Example:
        >>> cleaned(0.1, 0.02).values["share"]
        80.0
    """
    values = {
        "noisy": noisy,
        "restored": restored,
        "share": percent(max(1 - restored / noisy, 0) if noisy else 0.0),
    }
    if restored < noisy:
        text = N_(
            "{share} % of it: the mean squared distance from the clean image is {noisy} before and "
            "{restored} after."
        )
    else:
        text = N_(
            "None: the mean squared distance from the clean image is {noisy} before and {restored} "
            "after; the network has not learned enough to help."
        )
    return Sentence(text, values)


def cost_of_training(share: float, epochs: int, seconds: float, size: int) -> Sentence:
    """What a training gave and what it took.

    Args:
        share: that is right.
        epochs: of the training.
        seconds: that it took.
        size: of the weights, in bytes.

    Example:
        >>> told = cost_of_training(0.55, 10, 60.0, 248_024).values
        >>> told["each"], told["megabytes"]
        (6.0, 0.248)
    """
    values = {
        "share": percent(share),
        "error": percent(1 - share),
        "epochs": epochs,
        "seconds": round(seconds, 1),
        "each": round(seconds / epochs, 1) if epochs else 0.0,
        "megabytes": float(f"{size / 1e6:.3g}"),
    }
    if epochs == 1:
        text = N_(
            "One epoch takes {seconds} s; the weights fill {megabytes} MB, and the test error at "
            "the end is {error} %."
        )
    else:
        text = N_(
            "{epochs} epochs take {seconds} s, {each} s each; the weights fill {megabytes} MB, and "
            "the test error at the end is {error} %."
        )
    return Sentence(text, values)


def learns(right: int, patterns: int) -> Sentence:
    """Whether every pattern is right.

    Example:
        >>> learns(4, 4).text[:3], learns(3, 4).text[:3]
        ('Yes', 'No:')
    """
    values = {"right": right, "patterns": patterns}
    if right == patterns:
        return Sentence(N_("Yes: all {patterns} patterns are right."), values)
    return Sentence(N_("No: {right} of {patterns} patterns are right with this start."), values)


def both_learn(right: Mapping[str, int], patterns: int) -> Sentence:
    """Which of several networks have every pattern right.

    Example:
        >>> both_learn({"a": 4, "b": 3}, 4).values["learn"]
        ['a']
    """
    values = {"learn": [n for n in right if right[n] == patterns], "right": dict(right)}
    values |= {"patterns": patterns}  # type: ignore[dict-item]
    if len(values["learn"]) == len(right):
        return Sentence(N_("Yes: each has all {patterns} patterns right."), values)
    if not values["learn"]:
        text = N_("None of them with this start; patterns right: {right}.")
        return Sentence(text, values)
    return Sentence(N_("Only {learn} with this start; patterns right: {right}."), values)


def found_line(
    slope: float, intercept: float, exact: tuple[float, float], loss: float, least: float
) -> Sentence:
    """Whether descent finds the line of least squares.

    Args:
        slope: of the line that was found.
        intercept: likewise.
        exact: those of least squares.
        loss: mean squared error of the line that was found.
        least: that of least squares.

    Example:
        >>> found_line(2.0, 1.0, (2.0, 1.0), 0.5, 0.5).text[:3]
        'Yes'
    """
    values = {
        "slope": round(slope, 3),
        "intercept": round(intercept, 2),
        "exact": round(exact[0], 3),
        "other": round(exact[1], 2),
        "loss": loss,
        "least": least,
    }
    if loss <= least * (1 + EQUAL):
        text = N_(
            "Yes: slope {slope} and intercept {intercept}, where least squares has {exact} and "
            "{other}; the loss is the least that a line can have."
        )
    else:
        text = N_(
            "Not yet: slope {slope} and intercept {intercept}, where least squares has {exact} and "
            "{other}; the loss is {loss} and could be {least}."
        )
    return Sentence(text, values)


def epochs_to_goal(epochs: Mapping[str, int | None], goal: float) -> Sentence:
    """How many epochs each needs for the same accuracy.

    Example:
        >>> epochs_to_goal({"sigmoid": 40, "relu": 20, "large": None}, 0.936).values["never"]
        ['large']
    """
    there = {name: count for name, count in epochs.items() if count is not None}
    never = [name for name in epochs if name not in there]
    values = {"goal": percent(goal), "epochs": there, "never": never}
    if not there:
        return Sentence(N_("None of them reaches {goal} % of the test points."), values)
    if never:
        text = N_("For {goal} % of the test points: {epochs}; never: {never}.")
    else:
        text = N_("For {goal} % of the test points: {epochs}.")
    return Sentence(text, values)


def half_of(epochs: Mapping[str, int | None], first: str, second: str) -> Sentence | None:
    """Whether one needs half the epochs of another.

    Example:
        >>> half_of({"relu": 20, "sigmoid": 40}, "relu", "sigmoid").values["times"]
        0.5
    """
    one, other = epochs.get(first), epochs.get(second)
    if one is None or other is None:
        return None
    times = float(f"{one / other:.2g}")
    values = {"first": first, "second": second, "times": times}
    if times <= 0.6:
        text = N_("Yes: {first} needs {times} times the epochs of {second}.")
    elif round(times, 1) == 1:
        text = N_("Not here: {first} needs about as many epochs as {second}.")
    elif times < 1:
        text = N_("Fewer, but not half: {first} needs {times} times the epochs of {second}.")
    else:
        text = N_("Not here: {first} needs {times} times the epochs of {second}.")
    return Sentence(text, values)


def stopped(epochs: int, planned: int, patience: int) -> Sentence:
    """When a training stopped.

    Example:
        >>> stopped(30, 100, 10).values["best"]
        20
    """
    values = {"epochs": epochs, "planned": planned, "patience": patience}
    values |= {"best": epochs - patience}
    if patience and epochs < planned:
        text = N_(
            "After epoch {epochs} of {planned} at most: validation had not improved for {patience} "
            "epochs, and the weights are those of epoch {best}."
        )
    elif patience:
        text = N_(
            "Not within {planned} epochs: validation still improved in the last {patience} of them."
        )
    else:
        text = N_("It was not asked to stop early; it ends after {epochs} epochs.")
    return Sentence(text, values)


def explains_as(r2: float, course: float) -> Sentence:
    """R² beside that of the course.

    Example:
        >>> explains_as(0.70, 0.669).values["gap"]
        0.031
    """
    values = {"r2": round(r2, 3), "course": course, "gap": round(abs(r2 - course), 3)}
    if abs(r2 - course) <= 0.05:
        text = N_(
            "R² is {r2}, and {course} in the course: no further off than another division into "
            "parts moves it."
        )
    elif r2 > course:
        text = N_("R² is {r2}, and {course} in the course: better by {gap}.")
    else:
        text = N_("R² is {r2}, and {course} in the course: worse by {gap}.")
    return Sentence(text, values, judges=True)


def generalises(training: float, test: float, constant: float) -> Sentence:
    """Whether the test error is of the size of the training error.

    Args:
        training: mean squared error there.
        test: likewise.
        constant: that of always saying the mean.

    Example:
        >>> generalises(1e-4, 1.1e-4, 1.0).text[:2], generalises(1e-4, 1e-2, 1.0).text[:3]
        ('No', 'Yes')
    """
    values = {
        "training": training,
        "test": test,
        "times": float(f"{test / training:.2g}") if training else math.inf,
        "constant": constant,
    }
    if test <= 2 * training and test > LITTLE * constant:
        text = N_(
            "No: the error is {training} in training and {test} in the test. But always saying the "
            "mean has an error of {constant}: the network has not learned the rule yet."
        )
    elif test <= 2 * training:
        text = N_("No: the error is {training} in training and {test} in the test.")
    else:
        text = N_(
            "Yes: the error is {training} in training and {test} in the test, {times} times as "
            "large."
        )
    return Sentence(text, values)


def with_units(shares: Sequence[tuple[int, float]]) -> Sentence | None:
    """Whether more hidden units learn from more starts.

    Args:
        shares: hidden units, and the share of starts that learn.

    Example:
        >>> with_units([(1, 0.0), (15, 1.0)]).values["most"]
        100.0
    """
    if len({units for units, _ in shares}) < 2:
        return None
    (few, least), (many, most) = min(shares), max(shares)
    values = {"few": few, "many": many, "least": percent(least), "most": percent(most)}
    if most > least:
        text = N_(
            "It learns more often: from {least} % of the starts with {few} hidden units, from "
            "{most} % with {many}."
        )
    else:
        text = N_(
            "It does not learn more often: from {least} % of the starts with {few} hidden units, "
            "from {most} % with {many}."
        )
    return Sentence(text, values)


def far_fewer(shares: Mapping[tuple[int, int], float]) -> Sentence | None:
    """Whether networks with at most half as many hidden units as bits learn.

    Args:
        shares: of the starts that learn, by (bits, hidden units).

    Example:
        >>> far_fewer({(8, 1): 0.0, (8, 4): 0.1, (8, 8): 0.5}).values["share"]
        5.0
    """
    few = [share for (bits, hidden), share in shares.items() if 2 * hidden <= bits]
    if not few:
        return None
    share = sum(few) / len(few)
    values = {"share": percent(share)}
    if share < 0.05:
        text = N_(
            "No: with at most half as many hidden units as bits {share} % of the starts learn."
        )
    else:
        text = N_(
            "Some do: with at most half as many hidden units as bits {share} % of the starts learn."
        )
    return Sentence(text, values)


def rises(losses: Mapping[str, Sequence[float]]) -> Sentence | None:
    """In how many epochs the loss of each rises: whether it falls smoothly or oscillates.

    Example:
        >>> rises({"batch": [3, 2, 1], "one by one": [3, 1, 2]}).values["rises"]
        {'batch': 0, 'one by one': 1}
    """
    counted = {
        name: int((np.diff(np.asarray(series, np.float64)) > 0).sum())
        for name, series in losses.items()
        if len(series) > 1
    }
    if not counted:
        return None
    if len(set(counted.values())) == 1:
        text = N_("The loss rises in as many epochs in each: {rises}.")
    elif not min(counted.values()):
        text = N_(
            "Where the loss rises in no epoch it falls smoothly; where it rises in many it "
            "oscillates. Epochs in which it rises: {rises}."
        )
    else:
        text = N_("The loss oscillates in each; epochs in which it rises: {rises}.")
    return Sentence(text, {"rises": counted})


def explained(r2: float, least_squares: float) -> Sentence:
    """How much of the variance a regression explains, beside the best linear function.

    Example:
        >>> explained(0.79, 0.63).text == explained(0.63, 0.63).text
        False
    """
    told = {"share": percent(r2), "linear": percent(least_squares)}
    if r2 - least_squares > 0.02:
        text = N_(
            "The network explains {share} % of the variance of the test part, more than the "
            "{linear} % of the best linear function: the rule is curved, and the network follows "
            "it."
        )
    elif r2 - least_squares < -0.02:
        text = N_(
            "The network explains {share} % of the variance of the test part, less than the "
            "{linear} % of the best linear function, so it has not learned all that it could."
        )
    else:
        text = N_(
            "The network explains {share} % of the variance of the test part, as much as the best "
            "linear function, which explains {linear} %."
        )
    return Sentence(text, told)
