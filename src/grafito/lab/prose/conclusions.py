"""Sentences computed from numbers. Where no number bears a sentence out, there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from grafito.lab.prose.sentence import Sentence, percent
from grafito.language import message as N_

LEVEL = 0.05  # percentage points that make no difference in a text
RISES = 0.05  # the share by which a loss rises where a network overfits
NEARLY_NOTHING = 0.01  # the share of the first loss below which one may go up and down
STEADY = 20  # a loss is compared by the means of one such part of its epochs
FALLEN = 0.98  # the share of its whole fall after which a loss counts as standing still
LATE = 0.9  # the share of the epochs after which no plateau is seen
MARGIN = 1.96  # deviations around a share that hold 95 % of the cases
SHARES = ("accuracy", "precision", "recall")


def is_share(name: str) -> bool:
    """Whether a number of this name is shown as a percentage.

    Example:
        >>> is_share("val_accuracy"), is_share("loss")
        (True, False)
    """
    return name.replace("_", " ").split(" ")[-1] in SHARES


def best_of(
    numbers: Mapping[str, float], name: str, lower: bool, count: int = 0
) -> Sentence | None:
    """Which of several is the best in a number, and how far the others are.

    Args:
        numbers: by the name of the form.
        name: of the number.
        lower: whether less is better.
        count: test examples of a share; a difference that their chance explains is none.

    Example:
        >>> found = best_of({"dense": 0.98, "convolutions": 0.968}, "accuracy", lower=False)
        >>> found.values["first"], found.values["gap"]
        ('dense', 1.2)
    """
    finite = {form: value for form, value in numbers.items() if math.isfinite(value)}
    if len(finite) < 2:
        return None
    order = sorted(finite, key=lambda form: finite[form], reverse=not lower)
    first, second, last = order[0], order[1], order[-1]
    values = {"first": first, "second": second, "last": last, "name": name.replace("_", " ")}
    if is_share(name):
        shown = {form: percent(value) for form, value in finite.items()}
        gap = round(abs(100 * (finite[first] - finite[second])), 1)
        values |= {"best": shown[first], "gap": gap, "worst": shown[last]}  # type: ignore[dict-item]
        chance = round(between(finite[first], count), 1)
        if LEVEL < gap <= chance:
            values["chance"] = chance  # type: ignore[assignment]
            text = N_(
                "“{first}” ends highest, with {best} % {name}, but “{second}” is only {gap} points "
                "behind, and up to {chance} points may be chance; “{last}” comes last with "
                "{worst} %."
            )
            if len(order) == 2:
                text = N_(
                    "“{first}” ends highest, with {best} % {name}, but “{second}” is only {gap} "
                    "points behind, and up to {chance} points may be chance."
                )
        elif gap <= LEVEL:
            text = N_("“{first}” and “{second}” end level, with {best} % {name}.")
        elif len(order) == 2:
            text = N_("The best is “{first}”: {best} % {name}, {gap} points more than “{second}”.")
        else:
            text = N_(
                "The best is “{first}”: {best} % {name}, {gap} points more than “{second}”; "
                "“{last}” comes last with {worst} %."
            )
        return Sentence(text, values)
    values |= {"best": finite[first], "other": finite[second]}  # type: ignore[dict-item]
    if finite[first] == finite[second]:
        return Sentence(N_("“{first}” and “{second}” end level: {name} {best}."), values)
    return Sentence(
        N_("The best is “{first}”: {name} {best}, against {other} of “{second}”."), values
    )


def one_seed() -> Sentence:
    """That a single run does not tell a difference from noise."""
    return Sentence(
        N_(
            "This is one run of each: only several seeds (--seeds 5) tell whether a difference is "
            "more than their noise."
        )
    )


def judged(pairs: Mapping[tuple[str, str], bool | None]) -> list[Sentence]:
    """Which pairs differ by more than the noise of their seeds.

    Args:
        pairs: of each whether it does; None where a single seed does not tell.

    Example:
        >>> [one.values["pairs"] for one in judged({("a", "b"): True, ("a", "c"): False})]
        [[('a', 'b')], [('a', 'c')]]
    """
    told = {
        True: N_("These differ by more than the noise of the seeds: {pairs}."),
        False: N_("Within the noise of the seeds, so that nothing can be said: {pairs}."),
        None: N_("Not judged, because a single seed has no spread: {pairs}."),
    }
    found = []
    for answer, text in told.items():
        names = [pair for pair, is_so in pairs.items() if is_so is answer]
        if names:
            found.append(Sentence(text, {"pairs": names}))
    return found


def _lowest(losses: Sequence[float]) -> tuple[int, float] | None:
    """The epoch of the least loss, and the share by which the last ones lie above it.

    A single epoch may be up or down by chance, so means of a twentieth of all are compared.
    None where there are too few, or one that is no number.
    """
    values = np.asarray(losses, np.float64)
    if len(values) < 3 or not np.isfinite(values).all() or values.min() <= 0:
        return None
    width = max(1, len(values) // STEADY)
    means = np.convolve(values, np.full(width, 1 / width), "valid")
    least = int(means.argmin())
    epoch = least + int(values[least : least + width].argmin()) + 1
    rise = float(means[-1] / means[least] - 1)
    if means[-1] < NEARLY_NOTHING * means[0]:
        rise = min(rise, RISES)
    return epoch, rise


def overfitting(losses: Sequence[float], part: str, metric: str = "loss") -> Sentence | None:
    """Where the loss of a part that is not trained on is least, and what comes after.

    Example:
        >>> overfitting([1.0, 0.5, 0.8], "validation").values["epoch"]
        2
        >>> overfitting([1.0, 0.5, 0.4], "validation").text
        'The loss of {part} still falls at the end: more epochs would help.'
    """
    lowest = _lowest(losses)
    if lowest is None:
        return None
    (epoch, rise), count = lowest, len(losses)
    told = {"part": part, "epoch": epoch, "rise": round(100 * rise), "epochs": count}
    if not rise:
        return Sentence(
            N_("The loss of {part} still falls at the end: more epochs would help."), told
        )
    if rise > RISES:
        return Sentence(
            N_(
                "The loss of {part} is least after epoch {epoch} and {rise} % higher at the end: "
                "from epoch {epoch} on the network overfits."
            ),
            told,
        )
    return Sentence(
        N_(
            "The loss of {part} is least after epoch {epoch} of {epochs} and hardly rises "
            "afterwards: the later epochs neither help nor harm it."
        ),
        told,
    )


def first_to_overfit(losses: Mapping[str, Sequence[float]], part: str) -> Sentence | None:
    """Of several forms, which overfit and after which epoch.

    Example:
        >>> found = first_to_overfit({"none": [1, 0.5, 0.9], "L2": [1, 0.5, 0.4]}, "validation")
        >>> found.values["epochs"]
        {'none': 2}
    """
    epochs: dict[str, int] = {}
    known = False
    for form, series in losses.items():
        lowest = _lowest(series)
        known |= lowest is not None
        if lowest and lowest[1] > RISES:
            epochs[form] = lowest[0]
    if not known:
        return None
    if not epochs:
        return Sentence(N_("The loss of {part} rises again in none of them."), {"part": part})
    return Sentence(
        N_("The loss of {part} rises again, and overfitting begins, after epoch: {epochs}."),
        {"part": part, "epochs": epochs},
    )


def plateau(losses: Sequence[float]) -> int | None:
    """The epoch after which a loss has done nearly all of its fall; None where it never fell.

    Example:
        >>> plateau([1.0, 0.1, 0.1, 0.1])
        2
    """
    values = np.asarray(losses, np.float64)
    if len(values) < 3 or not np.isfinite(values).all() or values[0] <= values.min():
        return None
    done = values[0] - FALLEN * (values[0] - values.min())
    return int((values <= done).argmax()) + 1


def still_falls(losses: Sequence[float]) -> bool:
    """Whether a loss does nearly all of its fall at the end only.

    Example:
        >>> still_falls([1.0, 0.1, 0.1, 0.1]), still_falls([1.0, 0.7, 0.4, 0.1])
        (False, True)
    """
    return (plateau(losses) or 0) > LATE * len(losses)


def standing_still(losses: Sequence[float]) -> Sentence | None:
    """After how many epochs the training loss has done nearly all of its fall.

    Example:
        >>> standing_still([1.0, 0.1, 0.1, 0.1]).values["epoch"]
        2
    """
    epoch = plateau(losses)
    if epoch is None:
        return None
    values = np.asarray(losses, np.float64)
    told = {"epoch": epoch, "epochs": len(values)}
    if still_falls(losses):
        return Sentence(
            N_("The training loss falls until the end: after {epochs} epochs no plateau is seen."),
            told,
        )
    return Sentence(
        N_("The training loss has done 98 % of its fall after {epoch} of {epochs} epochs."), told
    )


def plateaus(losses: Mapping[str, Sequence[float]]) -> Sentence | None:
    """Of several trainings, after how many epochs each has done nearly all of its fall.

    Example:
        >>> plateaus({"a": [1.0, 0.1, 0.1, 0.1], "b": [1.0, 0.5, 0.2]}).values["epochs"]
        {'a': 2, 'b': 3}
    """
    found = {name: plateau(series) for name, series in losses.items()}
    epochs = {name: epoch for name, epoch in found.items() if epoch is not None}
    if not epochs:
        return None
    text = N_("The training loss has done 98 % of its fall after this many epochs: {epochs}.")
    if all(still_falls(losses[name]) for name in epochs):
        text = N_(
            "The training loss falls until the end in each, so that no plateau is seen; 98 % of "
            "its fall are done after this many epochs: {epochs}."
        )
    return Sentence(text, {"epochs": epochs})


def margin(share: float, count: int) -> float:
    """How far chance alone moves a share that was measured on so many examples, in points.

    Example:
        >>> round(margin(0.5, 100), 1)
        9.8
    """
    return 100 * MARGIN * math.sqrt(max(share * (1 - share), 0) / count) if count else 0.0


def between(share: float, count: int) -> float:
    """How far chance alone moves the difference of two such shares, in points.

    Example:
        >>> round(between(0.5, 100), 1)
        13.9
    """
    return math.sqrt(2) * margin(share, count)


def gap(
    training: float, held_out: float, part: str, trained_on: int = 0, count: int = 0
) -> Sentence | None:
    """How far the accuracy of a trained network on its training examples lies from another part's.

    Args:
        training: the share that is right there, measured after training.
        held_out: that of the other part.
        part: its name.
        trained_on: training examples.
        count: examples of the other part.

    Example:
        >>> gap(0.99, 0.95, "test").values["gap"]
        4.0
    """
    if not (math.isfinite(training) and math.isfinite(held_out)):
        return None
    points = round(abs(100 * (training - held_out)), 1)
    chance = math.hypot(margin(training, trained_on), margin(held_out, count))
    told = {"training": percent(training), "other": percent(held_out), "gap": points, "part": part}
    if points <= 0.5:
        text = N_("In training {training} % are right, in {part} {other} %: hardly a difference.")
    elif points <= chance:
        told["margin"] = round(chance, 2)
        text = N_(
            "In training {training} % are right, in {part} {other} %; with as many examples up to "
            "{margin} points are chance."
        )
    elif training > held_out:
        text = N_(
            "In training {training} % are right, in {part} {other} %: a gap of {gap} points, "
            "which is what the network knows by heart."
        )
    else:
        text = N_(
            "In {part} {other} % are right, more than the {training} % of training. Both are of "
            "the trained network, so the examples of {part} are the easier ones."
        )
    return Sentence(text, told)


def behind(
    running: float, training: float, held_out: float, part: str, dropout: bool = False
) -> Sentence | None:
    """Why the curve of training ends below that of another part, where it does.

    Args:
        running: the accuracy that training shows in its last epoch.
        training: that of the trained network on the same examples.
        held_out: that on the other part.
        part: its name.
        dropout: whether the network has some.

    Example:
        >>> behind(0.90, 0.96, 0.95, "validation").values["running"]
        90.0
        >>> behind(0.96, 0.96, 0.95, "validation")
    """
    if not (running < held_out and running < training and percent(running) < percent(training)):
        return None
    told = {"running": percent(running), "training": percent(training), "part": part}
    if dropout:
        text = N_(
            "The curve of training ends at {running} %, below that of {part}: dropout leaves units "
            "out in training alone, and each point is the mean over an epoch in which the weights "
            "still improve. The trained network has {training} % right."
        )
    else:
        text = N_(
            "The curve of training ends at {running} %, below that of {part}: each point is the "
            "mean over an epoch in which the weights still improve. The trained network has "
            "{training} % right."
        )
    return Sentence(text, told)
