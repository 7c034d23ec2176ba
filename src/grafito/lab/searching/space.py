"""The values that a search tries, checked before anything is trained."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grafito.errors import ArgumentError
from grafito.lab.experiment import Experiment
from grafito.lab.settings import write_settings
from grafito.lab.training import Training

MOST_TRAININGS = 500
FEW = 3  # values of a setting that show where to look next
# They decide how a setting is judged, so that scores with others could not be compared.
JUDGES = ("seed", "validation_split", "follow_test")

Space = Mapping[str, Sequence[Any]]
Settings = dict[str, Any]


def prepare(
    experiment: Experiment, given: Mapping[str, Sequence[Any]], seeds: int
) -> tuple[Training, dict[str, list[Any]]]:
    """The experiment with the settings that have one value, and the values of the others.

    Raises:
        UnknownNameError: for a setting that the experiment does not have.
        ArgumentError: for a value of another type, a value given twice, one value of each, too
            many trainings, or an experiment that is not judged by validation.

    Example:
        >>> from grafito import lab
        >>> prepare(lab.get("digits"), {"epochs": [2], "units": [8, [16, 8]]}, 3)[1]
        {'units': [(8,), (16, 8)]}
    """
    typed = {
        name: [getattr(experiment.with_settings(**{name: value}), name) for value in values]
        for name, values in given.items()
    }
    space = {name: values for name, values in typed.items() if len(values) > 1}
    for name, values in space.items():
        if len({*map(repr, values)}) < len(values):
            raise ArgumentError(
                f"A value of the setting {name!r} is given twice.",
                received=write_axis(name, values),
                fix=f"--set {write_axis(name, list(dict.fromkeys(values)))}",
            )
        if name in JUDGES:
            raise ArgumentError(
                f"The setting {name!r} is part of how the others are judged.",
                received=write_axis(name, values),
                fix="--seeds 5" if name == "seed" else f"--set {write_axis(name, values[:1])}",
            )
    fixed = {name: values[0] for name, values in typed.items() if len(values) == 1}
    one = _trained(experiment.with_settings(**fixed))
    if not space:
        raise ArgumentError(
            "A search needs several values of a setting.",
            received=write_settings(fixed) or None,
            expected="values between commas",
            fix=_more(one, fixed),
        )
    count = math.prod(map(len, space.values())) * seeds
    if count > MOST_TRAININGS:
        sizes = " x ".join(str(len(values)) for values in space.values())
        raise ArgumentError(
            "The grid is too large.",
            received=f"{sizes} values, {seeds} seeds: {count:,} trainings",
            expected=f"at most {MOST_TRAININGS} trainings; few values far apart say where to look",
            fix=_thinned(space, seeds),
        )
    return one, space


def grid(space: Space, seeds: Sequence[int]) -> Iterator[tuple[Settings, int]]:
    """All combinations, first of one seed, then of the next.

    Example:
        >>> len(list(grid({"a": [1, 2], "b": [1, 2, 3]}, [1, 2])))
        12
    """
    for seed, values in itertools.product(seeds, itertools.product(*space.values())):
        yield dict(zip(space, values, strict=True)), seed


def write_axis(name: str, values: Sequence[Any]) -> str:
    """The values as one types them.

    Example:
        >>> write_axis("units", [(100, 50), (10,)])
        'units=[100,50],[10]'
    """
    return f"{name}={','.join(write_value(value) for value in values)}"


def write_value(value: Any) -> str:
    """One of them.

    Example:
        >>> write_value(0.01), write_value((10,)), write_value("sgd")
        ('0.01', '[10]', 'sgd')
    """
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _trained(experiment: Experiment) -> Training:
    """An experiment whose one network is judged by examples held out of the training part."""
    forms = experiment.forms()
    if not isinstance(experiment, Training):
        raise ArgumentError(
            "Only the training of one network can be searched.",
            where=f"experiment {experiment.name!r}",
            fix="grafito search digits --set learning_rate=0.001,0.01",
        )
    if forms:
        raise ArgumentError(
            "Only the training of one network can be searched.",
            where=f"experiment {experiment.name!r}",
            received=f"variant {experiment.variant!r}",
            fix=f"grafito search {experiment.name} --variant {next(iter(forms))}",
        )
    if experiment.follow_test:
        raise ArgumentError(
            "This experiment follows the test part, and nothing may be chosen by it.",
            where=f"experiment {experiment.name!r}",
            expected="a part of the training examples, held out for validation",
            fix="--set follow_test=false,validation_split=0.1",
        )
    if not experiment.validation_split:
        raise ArgumentError(
            "This experiment has no validation part, by which settings could be chosen.",
            where=f"experiment {experiment.name!r}",
            expected="a part of the training examples, held out for validation",
            fix="--set validation_split=0.2",
        )
    return experiment


def _more(experiment: Training, fixed: Mapping[str, Any]) -> str:
    """Values around one that was given, or around the learning rate."""
    numbers = {n: v for n, v in fixed.items() if type(v) in (int, float) and n not in JUDGES and v}
    name, value = next(iter(numbers.items()), ("learning_rate", experiment.learning_rate))
    others = [value, 2 * value] if isinstance(value, int) else [value / 10, value, value * 10]
    return f"--set {write_axis(name, [float(f'{x:.3g}') if x % 1 else x for x in others])}"


def _thinned(space: Space, seeds: int) -> str:
    """The ends and the middle of each list; the ends alone where these are still too many."""
    kept = {name: [v[0], v[len(v) // 2], v[-1]] if len(v) > FEW else v for name, v in space.items()}
    if math.prod(map(len, kept.values())) * seeds > MOST_TRAININGS:
        kept = {name: [values[0], values[-1]] for name, values in space.items()}
    return " ".join(f"--set {write_axis(name, values)}" for name, values in kept.items())
