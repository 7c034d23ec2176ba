"""The words of a comparison: what was compared, what sets it apart, and how far it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grafito.lab.prose import conclusions
from grafito.lab.prose.sentence import Sentence, Words, said
from grafito.language import message as N_

MOST_NAMED = 8  # settings in a sentence
MORE = "…"


def compared(seeds: Mapping[str, int], apart: Sequence[str]) -> list[Words]:
    """What stands side by side, and in what it differs.

    Args:
        seeds: how many each has, by name.
        apart: the settings that are not the same in all.

    Example:
        >>> compared({"a": 3, "b": 3}, ["units"])[-1].values
        {'settings': ['units']}
    """
    names = list(seeds)
    if len(names) > 1:
        found = [Sentence(N_("Side by side stand: {names}."), {"names": names})]
    else:
        found = [Sentence(N_("Here stands “{run}” alone."), {"run": names[0]})]
    if max(seeds.values()) > 1:
        text = N_(
            "Each number is the mean over seeds, which give other first weights and another order "
            "of the examples. How many seeds each has: {seeds}."
        )
        found.append(Sentence(text, {"seeds": dict(seeds)}))
    else:
        text = N_("There is a single seed of each, so that no spread can be told.")
        found.append(Sentence(text))
    if apart:
        shown = [*apart[:MOST_NAMED], *([MORE] if apart[MOST_NAMED:] else [])]
        words = [name.replace("_", " ") for name in shown]
        text = N_("They differ in these settings, and in no others: {settings}.")
        found.append(Sentence(text, {"settings": words}))
    return list(found)


def courses_of_training(
    histories: Mapping[str, Sequence[Mapping[str, Sequence[float]]]], part: str
) -> list[Words]:
    """Where each training overfits and where it stands still, seeds as their mean.

    Args:
        histories: the numbers of each epoch, of each seed, by name.
        part: what the numbers of validation are of.

    Example:
        >>> seeds = [{"loss": [1.0, 0.1, 0.1, 0.1]}, {"loss": [1.0, 0.1, 0.1, 0.1]}]
        >>> courses_of_training({"a": seeds, "b": seeds}, "test")[0].values
        {'epochs': {'a': 2, 'b': 2}}
    """
    losses = {name: _mean(seeds, "loss") for name, seeds in histories.items()}
    held_out = {name: _mean(seeds, "val_loss") for name, seeds in histories.items()}
    if len(histories) == 1:
        ((name, loss),) = losses.items()
        beside = conclusions.overfitting(held_out[name], part) if held_out[name] else None
        return said(conclusions.standing_still(loss), beside)
    return said(
        conclusions.plateaus(losses),
        conclusions.first_to_overfit({n: v for n, v in held_out.items() if v}, part),
    )


def how_far(seeds: Mapping[str, int], apart: Sequence[str], quick: bool) -> list[Words]:
    """What such a comparison can and cannot say.

    Example:
        >>> [one.values for one in how_far({"a": 2, "b": 2}, ["units"], quick=False)]
        [{'setting': 'units'}]
    """
    found = []
    if len(apart) == 1 and len(seeds) > 1:
        text = N_("Only {setting} differs, so that a difference beyond the noise is due to it.")
        found.append(Sentence(text, {"setting": apart[0].replace("_", " ")}))
    elif len(apart) > 1:
        text = N_(
            "As {count} settings differ at once, the numbers do not say which of them made a "
            "difference: to learn that, change one at a time."
        )
        found.append(Sentence(text, {"count": len(apart)}))
    if len(set(seeds.values())) > 1:
        text = N_(
            "The numbers of seeds differ; the means of few seeds are less certain, which the "
            "intervals take into account."
        )
        found.append(Sentence(text))
    if quick:
        text = N_("Some of the runs are quick forms: with all data and epochs the order may turn.")
        found.append(Sentence(text))
    return list(found)


def not_compared(distinct: int, given: int) -> str:
    """Why runs that are all of one kind are no comparison; a text.

    Args:
        distinct: how many different runs there are.
        given: how many were named.

    Example:
        >>> not_compared(1, 2)[:41]
        'This is one run, compared with itself: it'
    """
    if distinct == 1 and given > 1:
        return N_(
            "This is one run, compared with itself: its numbers are equal because they are the "
            "same numbers, and nothing is learned from that. Name a run with another variant or "
            "another setting."
        )
    if distinct == 1:
        return N_("This is one run alone: name another to compare it with.")
    return N_(
        "All of these runs have the same settings and differ in their seed alone: their spread is "
        "shown, and there is no difference to judge."
    )


def _mean(seeds: Sequence[Mapping[str, Sequence[float]]], name: str) -> list[float]:
    """The mean of a number over the seeds that have it, epoch by epoch, as far as all go."""
    series = [one[name] for one in seeds if one.get(name)]
    length = min(map(len, series), default=0)
    return np.mean([one[:length] for one in series], axis=0).tolist() if length else []
