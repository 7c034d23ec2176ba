"""Sentences computed from the numbers of experiments that are no single training."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grafito.lab.prose.sentence import Sentence, percent
from grafito.language import message as N_

AGREE = 1e-6  # of derivatives found in two ways, in double precision


def checked(difference: float) -> Sentence:
    """Whether gradients found in two ways are the same.

    Example:
        >>> checked(1e-9).text == checked(0.1).text
        False
    """
    if difference <= AGREE:
        text = N_(
            "The gradients of the graph and the central differences agree to within {difference}: "
            "two ways that share nothing give the same numbers."
        )
    else:
        text = N_(
            "The gradients of the graph and the central differences differ by up to {difference}: "
            "one of them is wrong, or the function has a kink here."
        )
    return Sentence(text, {"difference": difference})


def by_formulas(difference: float) -> Sentence:
    """Whether the gradients of the graph are those of the formulas by hand.

    Example:
        >>> by_formulas(1e-9).text == by_formulas(0.1).text
        False
    """
    if difference <= AGREE:
        text = N_(
            "The gradients of the graph are those of the formulas by hand, to within {difference}: "
            "two ways that share nothing give the same numbers."
        )
    else:
        text = N_(
            "The gradients of the graph and those of the formulas by hand differ by up to "
            "{difference}: one of them is wrong."
        )
    return Sentence(text, {"difference": difference})


def steepest(slopes: Mapping[str, float], what: str) -> Sentence | None:
    """On which input an output depends most, and on which least.

    Args:
        slopes: by input.
        what: depends on them; a text that begins the sentence.

    Example:
        >>> steepest({"w": -2.0, "b": 1.0}, "The loss").values["most"]
        'w'
    """
    if len(slopes) < 2:
        return None
    order = sorted(slopes, key=lambda name: abs(slopes[name]))
    least, most = order[0], order[-1]
    values = {"what": what, "most": most, "slope": slopes[most]}
    values |= {"least": least, "other": slopes[least]}
    direction = N_("raises") if slopes[most] > 0 else N_("lowers")
    return Sentence(
        N_(
            "{what} depends most on {most}: a small step up there {direction} it, with slope "
            "{slope}; it depends least on {least}, with slope {other}."
        ),
        {**values, "direction": direction},
    )


def outputs(values: Mapping[str, float]) -> Sentence | None:
    """What several functions make of the same sum.

    Example:
        >>> outputs({"sigmoid": 0.6, "ELU": 0.7, "tanh": 0.5, "ReLU": 0.7}).values["highest"]
        ['ELU', 'ReLU']
    """
    if len(values) < 2:
        return None
    most, least = max(values.values()), min(values.values())
    if most == least:
        return Sentence(N_("All make the same of the sum: {most}."), {"most": most})
    return Sentence(
        N_(
            "The largest value of the same sum is {most} ({highest}), the least {least} ({lowest})."
        ),
        {
            "highest": [name for name, value in values.items() if value == most],
            "most": most,
            "lowest": [name for name, value in values.items() if value == least],
            "least": least,
        },
    )


def at_rest(errors: Mapping[str, Sequence[int]]) -> list[Sentence]:
    """For each set of points, whether the perceptron came to rest.

    Example:
        >>> [one.values["epochs"] for one in at_rest({"separable": [3, 0]})]
        [2]
    """
    found = []
    for name, counts in errors.items():
        told = {"name": name, "epochs": len(counts), "last": int(counts[-1])}
        if not counts[-1]:
            text = N_(
                "“{name}”: the rule comes to rest in epoch {epochs}; a line parts the points."
            )
        else:
            text = N_(
                "“{name}”: after {epochs} epochs {last} points still move the line, and from epoch "
                "to epoch the number goes up and down instead of falling to 0."
            )
            if all(later < earlier for earlier, later in itertools.pairwise(counts)):
                text = N_(
                    "“{name}”: after {epochs} epochs {last} points still move the line; their "
                    "number is falling, so more epochs may do."
                )
        found.append(Sentence(text, told))
    return found


def at_rest_over_seeds(ends: Mapping[str, Sequence[tuple[int, int]]]) -> list[Sentence]:
    """For each set of points, from how many seeds the perceptron came to rest.

    Args:
        ends: of each seed the errors of the last epoch and all updates, by the name of the set.

    Example:
        >>> [one.values["updates"] for one in at_rest_over_seeds({"separable": [(0, 19), (0, 40)]})]
        ['19–40']
    """
    found = []
    for name, seeds in ends.items():
        told: dict[str, Any] = {"name": name, "count": len(seeds)}
        left = [errors for errors, _updates in seeds if errors]
        updates = [count for errors, count in seeds if not errors]
        if updates:
            told |= {"rest": len(updates), "updates": _span(updates)}
        if left:
            told["points"] = _span(left)
        if not left:
            text = N_(
                "“{name}”: the rule comes to rest from each of the {count} seeds, after {updates} "
                "updates; where the line ends and how soon is a matter of the points drawn."
            )
        elif not updates:
            text = N_(
                "“{name}”: the rule comes to rest from none of the {count} seeds; in the last "
                "epoch the line is still moved this many times: {points}."
            )
        else:
            text = N_(
                "“{name}”: the rule comes to rest from {rest} of {count} seeds, after {updates} "
                "updates; from the others the line is still moved this many times in the last "
                "epoch: {points}."
            )
        found.append(Sentence(text, told))
    return found


def _span(counts: Sequence[int]) -> str:
    """From the least to the greatest."""
    least, most = min(counts), max(counts)
    return f"{least}–{most}" if least < most else str(least)


def strongest(feature_map: np.ndarray) -> Sentence:
    """Where a kernel answers most, and where not at all.

    Example:
        >>> strongest(np.array([[0.0, 3.0], [0.0, 1.0]])).values["zeros"]
        2
    """
    row, column = np.unravel_index(int(feature_map.argmax()), feature_map.shape)
    values = {
        "places": int((feature_map == feature_map.max()).sum()),
        "most": float(feature_map.max()),
        "row": int(row) + 1,
        "column": int(column) + 1,
        "least": float(feature_map.min()),
        "zeros": int((feature_map == 0).sum()),
        "count": feature_map.size,
    }
    return Sentence(
        N_(
            "The kernel answers most, with {most}, at {places} of {count} places, the first of "
            "them in row {row}, column {column}; least with {least}; and {zeros} numbers are 0."
        ),
        values,
    )


def vanished(ratios: Mapping[str, float], layers: int) -> list[Sentence]:
    """What is left of the gradient at the first layer, for each activation.

    Example:
        >>> [one.text[:33] for one in vanished({"sigmoid": 1e-6, "relu": 2.0}, 10)]
        ['With {name} the gradient vanishes', 'With {name} the gradient neither ']
    """
    found = []
    for name, ratio in ratios.items():
        if not (math.isfinite(ratio) and ratio > 0 and layers > 1):
            continue
        told = {"name": name, "ratio": ratio, "factor": round(ratio ** (1 / (layers - 1)), 3)}
        if ratio < 0.01:
            text = N_(
                "With {name} the gradient vanishes: that of the first layer is {ratio} times that "
                "of the last, a factor of {factor} for each layer."
            )
        elif ratio > 100:
            text = N_(
                "With {name} the gradient explodes: that of the first layer is {ratio} times that "
                "of the last, a factor of {factor} for each layer."
            )
        else:
            text = N_(
                "With {name} the gradient neither vanishes nor explodes: that of the first layer "
                "is {ratio} times that of the last, a factor of {factor} for each layer."
            )
        found.append(Sentence(text, told))
    return found


def learned(accuracies: Mapping[str, float], guessed: float) -> Sentence | None:
    """Which networks learned and which only guess.

    Example:
        >>> learned({"sigmoid": 0.11, "relu": 0.9}, 0.1).values["guessing"]
        ['sigmoid']
    """
    guessing = [name for name, value in accuracies.items() if value < 2 * guessed]
    shown = {name: percent(value) for name, value in accuracies.items()}
    told = {"guessing": guessing, "shown": shown}
    if not accuracies:
        return None
    if not guessing:
        text = N_("All of them learn; percent right in training: {shown}.")
    elif len(guessing) == len(accuracies):
        text = N_("None does more than guess; percent right in training: {shown}.")
    else:
        text = N_("Hardly better than guessing: {guessing}. Percent right in training: {shown}.")
    return Sentence(text, told, judges=True)


def fastest(steps: Mapping[str, Mapping[float, int]]) -> Sentence | None:
    """Which optimizer needs the fewest steps, and which never arrives.

    Args:
        steps: that each needs, by learning rate; those that were not enough are left out.

    Example:
        >>> found = fastest({"SGD": {0.1: 52}, "Adagrad": {1.0: 29}, "Adadelta": {}})
        >>> found.values["first"], found.values["never"]
        (['Adagrad'], ['Adadelta'])
    """
    best = {name: min(found.values()) for name, found in steps.items() if found}
    never = [name for name, found in steps.items() if not found]
    if not best:
        return Sentence(N_("None of the optimizers arrives with any of the rates."))
    fewest, most = min(best.values()), max(best.values())
    told = {
        "first": [name for name, count in best.items() if count == fewest],
        "fewest": fewest,
        "last": [name for name, count in best.items() if count == most],
        "most": most,
        "never": never,
    }
    if never:
        text = N_(
            "The fewest steps, {fewest}, are those of {first}; of those that arrive the most, "
            "{most}, are those of {last}. None of the rates is enough for: {never}."
        )
    else:
        text = N_("The fewest steps, {fewest}, are those of {first}; the most, {most}, of {last}.")
    return Sentence(text, told)


def rates_that_work(steps: Mapping[str, Mapping[float, int]]) -> Sentence | None:
    """Which optimizer forgives a wrong learning rate.

    Example:
        >>> rates_that_work({"SGD": {0.1: 5}, "Adam": {0.1: 5, 1.0: 9}}).values["first"]
        'Adam'
    """
    counted = {name: len(found) for name, found in steps.items()}
    if len(set(counted.values())) < 2:
        return None
    first, last = max(counted, key=lambda n: counted[n]), min(counted, key=lambda n: counted[n])
    return Sentence(
        N_(
            "The least sensitive to the rate is {first}: it arrives with {most} of those "
            "tried, {last} with {fewest}."
        ),
        {"first": first, "most": counted[first], "last": last, "fewest": counted[last]},
    )


def told_apart(true: float, made: float) -> Sentence:
    """Whether a discriminator still tells true images from made ones.

    Example:
        >>> told_apart(0.5, 0.5).text == told_apart(0.9, 0.1).text
        False
    """
    told = {"true": percent(true), "made": percent(made)}
    if true - made > 0.4:
        text = N_(
            "At the end the discriminator gives true images {true} % on average and made ones "
            "{made} %: it tells them apart, and is ahead."
        )
    elif true - made > 0.1:
        text = N_(
            "At the end the discriminator gives true images {true} % on average and made ones "
            "{made} %: it often cannot tell, so the two are of about the same strength."
        )
    else:
        text = N_(
            "At the end the discriminator gives true images {true} % on average and made ones "
            "{made} %: it cannot tell them apart, and the generator is ahead."
        )
    return Sentence(text, told)


def against_the_majority(accuracy: float, deviation: float, majority: float) -> Sentence:
    """Whether a classifier is better than always naming the largest class.

    Example:
        >>> against_the_majority(0.72, 0.03, 0.65).values["gain"]
        7.0
    """
    gain = round(100 * (accuracy - majority), 1)
    told = {
        "accuracy": percent(accuracy),
        "deviation": percent(deviation),
        "majority": percent(majority),
        "gain": gain,
    }
    if accuracy - majority > 2 * deviation:
        text = N_(
            "{accuracy} % are right, {gain} points more than by always naming the larger class; "
            "that is more than twice the spread of the folds, {deviation} points."
        )
    elif gain > 0:
        text = N_(
            "{accuracy} % are right, {gain} points more than by always naming the larger class; "
            "the folds spread by {deviation} points, so the gain is not large beside chance."
        )
    else:
        text = N_(
            "{accuracy} % are right, no more than by always naming the larger class ({majority} "
            "%): nothing useful was learned."
        )
    return Sentence(text, told, judges=True)


def quickest(epochs: Mapping[str, int]) -> Sentence | None:
    """Which of several trainings took the fewest epochs.

    Example:
        >>> quickest({"none": 60, "early-stopping": 13}).values["name"]
        'early-stopping'
    """
    if len(set(epochs.values())) < 2:
        return None
    name = min(epochs, key=lambda one: epochs[one])
    return Sentence(
        N_("The fewest epochs are those of {name}: {epochs}."),
        {"name": name, "epochs": epochs[name]},
    )


def starts(rows: Sequence[tuple[int, int, int, int]]) -> list[Sentence]:
    """For which sizes every start learns, and for which none does.

    Args:
        rows: bits, hidden units, starts, and starts that learn.

    Example:
        >>> [one.values.get("sizes") for one in starts([(2, 1, 9, 0), (2, 15, 9, 9)])]
        [['2, 15'], ['2, 1'], None]
    """
    every = [f"{bits}, {hidden}" for bits, hidden, count, right in rows if right == count]
    never = [f"{bits}, {hidden}" for bits, hidden, _count, right in rows if not right]
    found = []
    if every:
        text = N_("Every start learns with these numbers of bits and hidden units: {sizes}.")
        found.append(Sentence(text, {"sizes": every}))
    if never:
        text = N_("No start learns with these numbers of bits and hidden units: {sizes}.")
        found.append(Sentence(text, {"sizes": never}))
    if len(rows) > 1 and not (every or never):
        found.append(Sentence(N_("With every size some starts learn and others do not.")))
    best, least = max(rows, key=lambda r: r[3] / r[2]), min(rows, key=lambda r: r[3] / r[2])
    if best[3] / best[2] > least[3] / least[2]:
        found.append(
            Sentence(
                N_(
                    "Most often learns the network with {hidden} hidden units on {bits} bits, from "
                    "{share} % of its starts; least often that with {fewer} on {others}, from "
                    "{less} %."
                ),
                {
                    "hidden": best[1],
                    "bits": best[0],
                    "share": percent(best[3] / best[2]),
                    "fewer": least[1],
                    "others": least[0],
                    "less": percent(least[3] / least[2]),
                },
            )
        )
    return found
