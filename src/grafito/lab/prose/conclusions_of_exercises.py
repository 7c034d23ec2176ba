"""Sentences computed from the numbers of the courses' exercises."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from grafito.lab.prose.sentence import Sentence, percent
from grafito.language import message as N_


def slowest(epochs: Mapping[str, int]) -> Sentence | None:
    """Which of several losses has fallen first, which last, and by how many times.

    Example:
        >>> slowest({"one layer": 20, "two": 60}).values["times"]
        3.0
    """
    if len(set(epochs.values())) < 2:
        return None
    order = sorted(epochs, key=lambda name: epochs[name])
    first, last = order[0], order[-1]
    times = round(epochs[last] / epochs[first], 1)
    told = {"first": first, "few": epochs[first], "last": last, "many": epochs[last]}
    if times == 1:
        text = N_(
            "The loss of {first} is the first to have done 98 % of its fall, after {few} epochs; "
            "the last is that of {last}, hardly later, after {many}."
        )
        return Sentence(text, told)
    text = N_(
        "The loss of {first} is the first to have done 98 % of its fall, after {few} epochs; "
        "that of {last} takes {many}, {times} times as many."
    )
    return Sentence(text, {**told, "times": times})


def slowest_to_learn(epochs: Mapping[str, int]) -> Sentence | None:
    """Which of several networks learns everything soonest, and which latest.

    Example:
        >>> slowest_to_learn({"N' = 2": 60, "N' = 8": 20}).values["first"]
        "N' = 8"
    """
    if len(set(epochs.values())) < 2:
        return None
    first = min(epochs, key=lambda name: epochs[name])
    last = max(epochs, key=lambda name: epochs[name])
    return Sentence(
        N_(
            "Of those that learn, {first} is the fastest, with {few} epochs for half of its "
            "starts, and {last} the slowest, with {many}."
        ),
        {"first": first, "few": epochs[first], "last": last, "many": epochs[last]},
    )


def filling(zeros: Sequence[float], means: Sequence[float]) -> Sentence | None:
    """Whether means in place of zeros help, fold by fold.

    Args:
        zeros: accuracies of the folds with the zeros as they are.
        means: those of the same folds with means in their place.

    Example:
        >>> filling([0.70, 0.72, 0.71], [0.71, 0.71, 0.72]).values["gain"]
        0.3
    """
    differences = np.subtract(means, zeros)
    if len(differences) < 2 or not np.isfinite(differences).all():
        return None
    gain = float(differences.mean())
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    told = {"gain": percent(abs(gain)), "error": percent(error), "folds": len(differences)}
    if abs(gain) <= 2 * error:
        text = N_(
            "Means in place of zeros change the accuracy by {gain} points on average over the "
            "{folds} folds, within their standard error of {error}: the gain of four points that "
            "the course reports is not found here."
        )
    elif gain > 0:
        text = N_(
            "Means in place of zeros gain {gain} points on average over the {folds} folds, with a "
            "standard error of {error}: more than chance, as in the course."
        )
    else:
        text = N_(
            "Means in place of zeros lose {gain} points on average over the {folds} folds, with a "
            "standard error of {error}: the opposite of what the course reports."
        )
    return Sentence(text, told, judges=True)


def costs(accuracies: Mapping[str, float], effort: Mapping[str, float]) -> Sentence | None:
    """What the better of two networks costs more.

    Args:
        accuracies: by name.
        effort: multiply-adds of one example, by name.

    Example:
        >>> costs({"a": 0.75, "b": 0.85}, {"a": 100, "b": 300}).values["times"]
        3.0
    """
    order = sorted(accuracies, key=lambda name: accuracies[name])
    if len(order) < 2:
        return None
    less, better = order[0], order[-1]
    told = {
        "better": better,
        "gap": percent(accuracies[better] - accuracies[less]),
        "less": less,
        "times": round(effort[better] / effort[less], 1),
    }
    return Sentence(
        N_(
            "{better} is right {gap} points more often than {less}, and each image takes {times} "
            "times as many multiplications."
        ),
        told,
    )


def pulled(errors: Mapping[str, float]) -> Sentence | None:
    """Which line a single wrong day has pulled less.

    Args:
        errors: mean squared errors on the other days, by name.

    Example:
        >>> pulled({"mse": 300.0, "mae": 10.0}).values["first"]
        'mae'
    """
    if len(errors) < 2:
        return None
    first, last = min(errors, key=lambda n: errors[n]), max(errors, key=lambda n: errors[n])
    return Sentence(
        N_(
            "On the other days the line of {first} errs least, with a mean squared error of "
            "{least}; that of {last} has been pulled to the wrong day, and errs by {most}."
        ),
        {"first": first, "least": errors[first], "last": last, "most": errors[last]},
    )


def same_line(difference: float) -> Sentence:
    """Whether a column of ones is the same as a bias.

    Example:
        >>> same_line(0.0).text == same_line(1.0).text
        False
    """
    if difference < 1e-2:
        text = N_(
            "Both find the same line, to within {difference}: a bias is the weight of an input "
            "that is always 1."
        )
    else:
        text = N_("Their lines differ by {difference}, because their first weights do.")
    return Sentence(text, {"difference": difference})


def scaled_better(ratios: Mapping[str, float]) -> Sentence | None:
    """How much longer the valley is without scaling.

    Args:
        ratios: curvature across the valley by that along it, for each form.

    Example:
        >>> scaled_better({"standardised": 1.0, "unscaled": 9.0}).values["last"]
        'unscaled'
    """
    if len(ratios) < 2:
        return None
    first, last = min(ratios, key=lambda n: ratios[n]), max(ratios, key=lambda n: ratios[n])
    return Sentence(
        N_(
            "The surface of {first} is {less} times as curved across as along, that of {last} "
            "{more} times: a rate small enough for the steep side hardly moves along the floor."
        ),
        {"first": first, "less": ratios[first], "last": last, "more": ratios[last]},
    )


def stepped(before: float, after: float, expected: float) -> Sentence:
    """What one step did to the loss, beside what the gradient foretold.

    Args:
        before: the loss.
        after: the loss after the step.
        expected: how far it would fall on a plane, rate times the squared length of the gradient.

    Example:
        >>> stepped(1.0, 0.8, 0.25).values["fall"]
        0.2
    """
    told = {"before": before, "after": after, "fall": round(before - after, 6)}
    told["expected"] = expected
    if after < before:
        text = N_(
            "The step lowers the loss from {before} to {after}, by {fall}; on a plane of the same "
            "slope it would fall by {expected}, so the surface is curved here."
        )
    else:
        text = N_(
            "The step raises the loss from {before} to {after}: it is too long, for on a plane of "
            "the same slope the loss would fall by {expected}."
        )
    return Sentence(text, told)


def steepest_at(angle: float, length: float, largest: float) -> Sentence:
    """Whether no direction rises more than the gradient.

    Args:
        angle: of the gradient, in degrees.
        length: of the gradient.
        largest: the largest slope that was measured.

    Example:
        >>> steepest_at(30.0, 2.0, 1.99).text == steepest_at(30.0, 2.0, 2.5).text
        False
    """
    told = {"angle": round(angle, 1), "length": length, "largest": largest}
    if largest <= 1.0001 * length:
        text = N_(
            "The gradient points to {angle} degrees and has length {length}. Of all directions "
            "tried none rises more: the largest slope is {largest}."
        )
    else:
        text = N_(
            "The gradient has length {length}, but a slope of {largest} was measured: one of them "
            "is wrong, or the function has a kink here."
        )
    return Sentence(text, told)


def arrived(steps: Mapping[str, int | None], close: float, most: int) -> Sentence | None:
    """After how many steps each descent is near the least loss for good.

    Args:
        steps: by name; None where they were not enough.
        close: how near, as a share of the least loss.
        most: steps that each was given.

    Example:
        >>> arrived({"creeping": None, "fitting": 34}, 0.05, 40).values["never"]
        ['creeping']
    """
    there = {name: count for name, count in steps.items() if count is not None}
    never = [name for name in steps if name not in there]
    told = {"steps": there, "never": never, "share": percent(close), "most": most}
    if not there:
        text = N_("None of them comes within {share} % of the least loss in {most} steps.")
    elif never:
        text = N_(
            "Steps until the loss stays within {share} % of the least: {steps}; {most} are not "
            "enough for: {never}."
        )
    else:
        text = N_("Steps until the loss stays within {share} % of the least: {steps}.")
    return Sentence(text, told) if steps else None


def rated(turns: Mapping[str, int], largest: float) -> Sentence | None:
    """Which rates turn back and forth.

    Args:
        turns: by name, how often descent goes back on its last step.
        largest: the rate from which on it diverges.

    Example:
        >>> rated({"creeping": 0, "bouncing": 30}, 0.2).values["most"]
        30
    """
    if len(turns) < 2:
        return None
    last = max(turns, key=lambda name: turns[name])
    calm = [name for name, count in turns.items() if not count]
    told = {"last": last, "most": turns[last], "calm": calm, "largest": largest}
    if not turns[last]:
        return Sentence(N_("With none of the rates does descent turn back on itself."), told)
    if not calm:
        return Sentence(
            N_(
                "Descent diverges from the rate {largest} on. “{last}” turns back most often on "
                "its way, {most} times."
            ),
            told,
        )
    return Sentence(
        N_(
            "Descent diverges from the rate {largest} on. “{last}” turns back {most} times on its "
            "way; without any turn: {calm}."
        ),
        told,
    )


def approximated(errors: Mapping[int, float]) -> list[Sentence]:
    """How far the error falls with the width, and whether the widest network is the best.

    Args:
        errors: the least mean squared error of each width.

    Example:
        >>> approximated({1: 0.4, 10: 0.004})[0].values["times"]
        100
    """
    if len(errors) < 2 or not all(value > 0 for value in errors.values()):
        return []
    narrow, best = min(errors), min(errors, key=lambda width: errors[width])
    told = {
        "narrow": narrow,
        "most": errors[narrow],
        "best": best,
        "least": errors[best],
        "times": round(errors[narrow] / errors[best]),
    }
    if best == max(errors):
        text = N_(
            "From {narrow} to {best} hidden units the error of the best start falls from {most} to "
            "{least}, by {times} times, and the widest network is the best."
        )
        return [Sentence(text, told)]
    text = N_(
        "The best start of all has {best} hidden units and an error of {least}, {times} times "
        "less than with {narrow}."
    )
    wider = N_(
        "Networks of more than {best} units could represent the function at least as well, but "
        "training does not find it."
    )
    return [Sentence(text, told), Sentence(wider, {"best": best}, judges=True)]


def sparse(zeros: Mapping[str, float]) -> Sentence | None:
    """Which penalty has driven most weights to 0.

    Args:
        zeros: the share of weights that are nearly 0, by name.

    Example:
        >>> sparse({"none": 0.02, "L1": 0.9}).values["first"]
        'L1'
    """
    if len(zeros) < 2:
        return None
    first = max(zeros, key=lambda name: zeros[name])
    shares = {name: percent(share) for name, share in zeros.items()}
    return Sentence(
        N_(
            "Percent of the weights of the first layer that are nearly 0: {shares}, most of them "
            "with {first}; a pixel whose weights are all 0 is not looked at."
        ),
        {"shares": shares, "first": first},
    )


def saturating(found: Mapping[float, tuple[float, float]]) -> Sentence | None:
    """From which spread of the weights on most sigmoid units are saturated.

    Args:
        found: share of saturated outputs and accuracy after an epoch, by the spread.

    Example:
        >>> saturating({0.1: (0.0, 0.8), 3.0: (0.9, 0.5)}).values["share"]
        90.0
    """
    if not found:
        return None
    widest = max(found)
    best = max(found, key=lambda spread: found[spread][1])
    told = {
        "widest": widest,
        "share": percent(found[widest][0]),
        "accuracy": percent(found[widest][1]),
        "best": best,
        "most": percent(found[best][1]),
    }
    return Sentence(
        N_(
            "With weights of spread {widest}, {share} % of the sigmoid outputs are saturated, and "
            "{accuracy} % are right after an epoch; with spread {best} it is {most} %."
        ),
        told,
    )


def dead(
    shares: Mapping[str, Mapping[float, float]], before: Mapping[str, float]
) -> list[Sentence]:
    """At which learning rate most units die, for each kind of network.

    Args:
        shares: of units that are dead after training, by rate.
        before: of those that are dead before it.

    Example:
        >>> dead({"relu": {0.1: 0.0, 1.0: 0.9}}, {"relu": 0.0})[0].values["rate"]
        1.0
    """
    found = []
    for name, by_rate in shares.items():
        if not by_rate:
            continue
        rate = max(by_rate, key=lambda one: by_rate[one])
        told = {"name": name, "rate": rate, "share": percent(by_rate[rate])}
        text = N_("{name}: with rate {rate}, {share} % of the units are dead after one epoch.")
        if by_rate[rate] and percent(by_rate[rate]) <= percent(before[name]):
            told["before"] = percent(before[name])
            text = N_(
                "{name}: {before} % of the units are dead before the training begins, and no rate "
                "kills more."
            )
        if not by_rate[rate]:
            text = N_(
                "{name}: no unit is dead after one epoch, with any rate at which the training did "
                "not diverge."
            )
        found.append(Sentence(text, told))
    return found
