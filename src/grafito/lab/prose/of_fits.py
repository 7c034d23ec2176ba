"""The words of functions fitted to noisy points: too simple, right, too flexible."""

from __future__ import annotations

from collections.abc import Mapping

from grafito.lab.prose.sentence import Sentence
from grafito.language import message as N_


def below_the_noise(
    training: Mapping[int, float], test: Mapping[int, float], noise: float
) -> list[Sentence]:
    """From which degree on a polynomial learns the noise, and which one is best.

    Args:
        training: mean squared error by degree.
        test: likewise, on other points.
        noise: variance of the noise.

    Example:
        >>> found = below_the_noise({1: 0.2, 3: 0.05, 9: 0.01}, {1: 0.2, 3: 0.07, 9: 0.9}, 0.06)
        >>> [one.values.get("degree") for one in found]
        [3, 3]
    """
    found = []
    below = [degree for degree, error in training.items() if error < noise]
    if below:
        text = N_(
            "From degree {degree} on the training error lies below the noise, {noise}: what is "
            "learned beyond it is the noise itself."
        )
        found.append(Sentence(text, {"degree": min(below), "noise": noise}))
    else:
        found.append(
            Sentence(N_("The training error stays above the noise, {noise}."), {"noise": noise})
        )
    best, last = min(test, key=lambda degree: test[degree]), max(test)
    told = {"degree": best, "least": test[best], "last": last, "end": test[last]}
    text = N_(
        "The test error is least with degree {degree}, {least}, and {end} with degree {last}."
    )
    if best == last:
        text = N_("The test error falls up to the largest degree, {last}, where it is {end}.")
    found.append(Sentence(text, told))
    return found


def too_simple_or_flexible(
    training: Mapping[int, float], test: Mapping[int, float], noise: float
) -> list[Sentence]:
    """Which of several networks is too simple, which errs least, and which learns the noise.

    Args:
        training: mean squared error by the count of hidden units.
        test: likewise, on other points.
        noise: variance of the noise.

    Example:
        >>> errors = {1: 0.3, 5: 0.06, 200: 0.01}, {1: 0.4, 5: 0.08, 200: 0.9}
        >>> [one.values["units"] for one in too_simple_or_flexible(*errors, 0.0625)]
        [5, 1, 200]
    """
    best, fewest, most = min(test, key=lambda units: test[units]), min(test), max(test)
    text = N_("The network that errs least on other points has {units} hidden units: {error}.")
    found = [Sentence(text, {"units": best, "error": test[best]})]
    for units in dict.fromkeys((fewest, most)):
        told = {"units": units, "training": training[units], "test": test[units]}
        if units != best and training[units] > 2 * noise:
            text = N_(
                "With {units} it is too simple for the curve: its error is {training} on the very "
                "points of training, and {test} on others."
            )
            found.append(Sentence(text, told))
        elif units != best and training[units] < noise:
            text = N_(
                "With {units} it has learned the noise: its error is {training} on the points of "
                "training, and {test} on others."
            )
            found.append(Sentence(text, told))
    return found
