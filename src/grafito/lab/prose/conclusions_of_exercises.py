"""Sentences computed from the numbers of the courses' exercises."""

from __future__ import annotations

from collections.abc import Mapping

from grafito.lab.prose.sentence import Sentence
from grafito.language import message as N_


def slowest(epochs: Mapping[str, int]) -> Sentence | None:
    """Which of several stands still first, which last, and by how many times.

    Example:
        >>> slowest({"one layer": 20, "two": 60}).values["times"]
        3.0
    """
    if len(set(epochs.values())) < 2:
        return None
    order = sorted(epochs, key=lambda name: epochs[name])
    first, last = order[0], order[-1]
    return Sentence(
        N_(
            "The loss of {first} stands still first, after {few} epochs; that of {last} takes "
            "{many}, which is {times} times as long."
        ),
        {
            "first": first,
            "few": epochs[first],
            "last": last,
            "many": epochs[last],
            "times": round(epochs[last] / epochs[first], 1),
        },
    )


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
