"""The words of a run beside its course."""

from __future__ import annotations

from collections.abc import Mapping

from grafito.lab.prose.conclusions import is_share
from grafito.lab.prose.sentence import Sentence
from grafito.language import message as N_


def beside_the_course(
    here: Mapping[str, float],
    course: Mapping[str, float],
    epochs: tuple[int, int] | None = None,
) -> Sentence | None:
    """How far the shares of a run are from those of the course.

    Args:
        here: the numbers of the run.
        course: those of the course, by the same names.
        epochs: how many the run and the course have, where they are said.

    Example:
        >>> beside_the_course({"accuracy": 0.4}, {"accuracy": 0.38}).values["gap"]
        2.0
    """
    both = {name: here[name] - course[name] for name in course if name in here and is_share(name)}
    if not both:
        return None
    name = max(both, key=lambda one: abs(both[one]))
    points = round(abs(100 * both[name]), 1)
    told = {"name": name.replace("_", " "), "gap": points}
    if points < 1:
        text = N_("The numbers are those of the course, to within {gap} points.")
        return Sentence(text, told, judges=True)
    above = sum(value > 0 for value in both.values())
    if above == len(both):
        text = N_("The numbers are better than in the course, by up to {gap} points ({name}).")
    elif above == 0 and epochs is not None and epochs[0] < epochs[1]:
        told |= {"epochs": epochs[0], "others": epochs[1]}
        text = N_(
            "After {epochs} epochs the numbers lie up to {gap} points below those that the course "
            "has after {others} ({name})."
        )
    elif above == 0:
        text = N_("The numbers are worse than in the course, by up to {gap} points ({name}).")
    else:
        text = N_(
            "Some numbers are better than in the course and others worse; the largest distance is "
            "{gap} points ({name})."
        )
    return Sentence(text, told, judges=True)
