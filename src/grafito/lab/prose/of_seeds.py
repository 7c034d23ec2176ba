"""The words of one experiment from several seeds: how far chance alone moves its number."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from grafito.lab.prose.conclusions import is_share
from grafito.lab.prose.sentence import Sentence, percent
from grafito.lab.statistics import between_single_runs
from grafito.language import message as N_


def spread(name: str, values: Sequence[float]) -> list[Sentence]:
    """What several seeds give, and how far single runs must lie apart to say more than they do.

    Args:
        name: of the number.
        values: that of each seed.

    Example:
        >>> first, second = spread("accuracy", [0.90, 0.91, 0.92])
        >>> first.values["mean"], first.values["lowest"], second.values["margin"]
        (91.0, 90.0, 6.1)
    """
    told = {"name": name.replace("_", " "), "count": len(values)}
    lost = sum(not math.isfinite(value) for value in values)
    if lost:
        text = N_("Of {count} seeds {lost} end without a finite number of “{name}”.")
        return [Sentence(text, {**told, "lost": lost})]
    share = is_share(name)
    shown = [percent(value) if share else _short(value) for value in values]
    told |= {"lowest": min(shown), "highest": max(shown)}
    if max(shown) == min(shown):
        if share:
            text = N_("All {count} seeds end with the same “{name}”, {highest} %.")
        else:
            text = N_("All {count} seeds end with the same “{name}”, {highest}.")
        return [Sentence(text, told)]
    mean, margin = float(np.mean(values)), between_single_runs(values)
    if share:
        told |= {"mean": percent(mean)}
        apart = {"margin": max(percent(margin), 0.1)}
        text = N_(
            "From {count} seeds “{name}” is {mean} % on average, between {lowest} and {highest} %."
        )
        other = N_(
            "Two settings, each run once, would have to lie more than {margin} points apart to "
            "say more than another seed does (at 95 %)."
        )
    else:
        told |= {"mean": _short(mean)}
        apart = {"margin": _short(margin)}
        text = N_(
            "From {count} seeds “{name}” is {mean} on average, between {lowest} and {highest}."
        )
        other = N_(
            "Two settings, each run once, would have to lie more than {margin} apart to say more "
            "than another seed does (at 95 %)."
        )
    return [Sentence(text, told), Sentence(other, apart)]


def in_the_course(name: str, values: Sequence[float], course: float) -> Sentence | None:
    """Where the course's share lies among those of the seeds.

    Example:
        >>> in_the_course("accuracy", [0.90, 0.92], 0.95).values["course"]
        95.0
        >>> in_the_course("loss", [0.5, 0.4], 0.3)
    """
    if not (is_share(name) and all(map(math.isfinite, values))):
        return None
    shown, there = [percent(value) for value in values], percent(course)
    told = {"name": name.replace("_", " "), "course": there}
    if min(shown) <= there <= max(shown):
        text = N_("The course's {course} % lies among what these seeds give.")
    elif there > max(shown):
        text = N_("The course's {course} % lies above what any of these seeds gives.")
    else:
        text = N_("The course's {course} % lies below what any of these seeds gives.")
    return Sentence(text, told, judges=True)


LIMITS = N_(
    "The seeds set the first weights, the order of the examples and whatever else the experiment "
    "draws; the settings are the same in all. The spread is that of these draws and of nothing "
    "else."
)


def _short(value: float) -> float:
    """A number with four digits, or as many as a whole number has."""
    return round(value) if abs(value) >= 10_000 or value % 1 == 0 else float(f"{value:.4g}")
