"""The words of a report on trained networks: theory, choices, findings, limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from grafito import layers
from grafito.figures.curves import low_is_good
from grafito.lab.course import course_settings
from grafito.lab.prose import conclusions
from grafito.lab.prose.of_the_course import beside_the_course
from grafito.lab.prose.sentence import Sentence, Task, Words, paragraph, percent, said, spare
from grafito.lab.prose.theory import theory_of
from grafito.language import message as N_
from grafito.models import Model

if TYPE_CHECKING:
    from grafito.lab.record import Record
    from grafito.lab.training import Trained, Training


def tell_theory(
    record: Record, task: Task, forms: Mapping[str, Training], trained: Mapping[str, Trained]
) -> None:
    """Hand over the theory of these networks, and the reasons of their settings."""
    done = [forms[name] for name in trained]
    theory = theory_of(
        [one.model for one in trained.values()],
        [form.loss for form in done],
        [form.optimizer for form in done],
    )
    record.words("theory", theory)
    form, one = done[0], next(iter(trained.values()))
    steps = _steps_of_each(forms, trained) if len(done) > 1 else _steps(form, one)
    record.words("choices", [paragraph(task.reasons), [steps, *_settings(form, one)]])


def _counted(form: Training, one: Trained) -> tuple[int, int]:
    """Examples that are trained on, and steps in an epoch."""
    count = len(one.data[0][0])
    count -= round(count * form.validation_split)
    return count, math.ceil(count / form.batch_size)


def _movable(model: Model) -> int:
    """How many numbers training moves; what a layer has measured stays."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _steps(form: Training, one: Trained) -> Sentence:
    """How many steps an epoch has, and what they move."""
    count, steps = _counted(form, one)
    told = {
        "count": count,
        "batch": form.batch_size,
        "steps": steps,
        "parameters": _movable(one.model),
    }
    if steps == 1:
        text = N_(
            "All {count} training examples are one batch, so an epoch is one step; the network "
            "has {parameters} parameters to move."
        )
    else:
        text = N_(
            "The {count} training examples in batches of {batch} make {steps} steps in an "
            "epoch; the network has {parameters} parameters to move."
        )
    return Sentence(text, told)


def _steps_of_each(forms: Mapping[str, Training], trained: Mapping[str, Trained]) -> Sentence:
    """The same of several networks."""
    steps = {name: _counted(forms[name], one)[1] for name, one in trained.items()}
    parameters = {name: _movable(one.model) for name, one in trained.items()}
    same = len(set(steps.values())) == 1 and len(set(parameters.values())) == 1
    if same:
        first = next(iter(trained))
        return _steps(forms[first], trained[first])
    told = {"steps": _one_of(steps), "parameters": _one_of(parameters)}
    return Sentence(N_("Steps in an epoch: {steps}. Parameters to move: {parameters}."), told)


def _one_of(numbers: Mapping[str, int]) -> int | Mapping[str, int]:
    """The number that all have, else those of each."""
    first, *others = set(numbers.values())
    return numbers if others else first


def _settings(form: Training, one: Trained) -> list[Words]:
    """What the settings mean: scales, what is held out."""
    found: list[Words] = []
    kinds = {type(part) for part in one.model.layers}
    if layers.Normalization in kinds:
        found.append(
            spare(
                N_(
                    "Inputs are brought to mean 0 and deviation 1, measured on the training part, "
                    "so that one learning rate suits all weights."
                )
            )
        )
    if layers.Rescaling in kinds:
        found.append(
            spare(
                N_(
                    "Pixels are divided by their largest value inside the network, so that inputs "
                    "lie between 0 and 1 and one learning rate suits all weights."
                )
            )
        )
    if form.follow_test:
        found.append(
            spare(N_("The test part is looked at after each epoch, but nothing is chosen by it."))
        )
    elif form.validation_split:
        found.append(
            Sentence(
                N_(
                    "{share} % of the training part are held out: they show when the network "
                    "begins to overfit, and the test part is kept for the end."
                ),
                {"share": percent(form.validation_split)},
                is_spare=True,
            )
        )
    return found


def tell_findings(
    record: Record,
    task: Task,
    forms: Mapping[str, Training],
    trained: Mapping[str, Trained],
    course: Mapping[str, float],
) -> None:
    """Hand over what the numbers of these trainings say."""
    done = {name: one for name, one in trained.items() if one.history.epoch}
    if not done:
        return
    several = len(done) > 1
    first = next(iter(next(iter(done.values())).numbers))
    lower = low_is_good(first)
    numbers = {name: one.numbers[first] for name, one in done.items() if first in one.numbers}
    winner = (min if lower else max)(numbers, key=lambda name: numbers[name])
    form = forms[winner]
    paragraphs: list[list[Words]] = []
    if several:
        name = N_("test accuracy") if first == "accuracy" else first
        count = len(done[winner].data[1][0])
        best = conclusions.best_of(numbers, name, lower, count)
        paragraphs.append(said(best, conclusions.one_seed() if best else None))
        losses = {
            name: one.history.history["val_loss"]
            for name, one in done.items()
            if "val_loss" in one.history.history
        }
        paragraphs.append(said(conclusions.first_to_overfit(losses, form.held_out)))
    paragraphs += [_of_one(done[winner], form, winner if several else "")]
    here = {
        f"{name} {key}".strip(): value
        for name, one in done.items()
        for key, value in one.numbers.items()
    }
    there = course_settings(form.said, form.variant).get("epochs")
    epochs = (form.epochs, there) if there else None
    paragraphs.append(said(beside_the_course(here, course, epochs)))
    record.words("findings", paragraphs)
    limits = _limits(done[winner])
    if not several:  # else it was said of the differences
        limits.append(_one_run(form))
    record.words("limits", [paragraph(task.limits), limits])


def _held_out(one: Trained, form: Training) -> int:
    """Examples on which the numbers beside those of training are measured."""
    if form.validation_split and not form.follow_test:
        return round(len(one.data[0][0]) * form.validation_split)
    return len(one.data[1][0])


def _of_one(one: Trained, form: Training, name: str) -> list[Words]:
    """What the curves of one training say."""
    history, part = one.history.history, form.held_out
    found = said(conclusions.standing_still(history.get("loss", ())))
    if name:
        found.insert(0, Sentence(N_("A closer look at “{form}”."), {"form": name}))
    if "val_loss" in history:
        found += said(conclusions.overfitting(history["val_loss"], part))
    accuracy = history.get("accuracy")
    if accuracy:
        numbers, val = one.numbers, history.get("val_accuracy")
        training = numbers.get("training_accuracy", math.nan)
        shown = part if val else "test"
        test = numbers.get("accuracy", math.nan)
        other = numbers.get("validation_accuracy", test) if val else test
        found += said(
            conclusions.gap(training, other, shown, _counted(form, one)[0], _held_out(one, form))
        )
        if val:
            dropout = any(isinstance(each, layers.Dropout) for each in one.model.layers)
            found += said(conclusions.behind(accuracy[-1], training, val[-1], shown, dropout))
    return found


def _limits(one: Trained) -> list[Words]:
    """How sure the numbers are, and what was left out."""
    found: list[Words] = []
    x, _y = one.data[1]
    share = one.numbers.get("accuracy")
    if share is not None and len(x) > 1:
        margin = 1.96 * float(np.sqrt(max(share * (1 - share), 0) / len(x)))
        found.append(
            Sentence(
                N_(
                    "{count} test examples tell an accuracy to within {margin} points (at 95 %); "
                    "smaller differences may be chance."
                ),
                {"count": len(x), "margin": round(100 * margin, 2)},
            )
        )
    if len(one.data[0][0]) < one.available:
        found.append(
            Sentence(
                N_(
                    "Only {count} training examples were used, drawn by the seed; with more of "
                    "them a network usually learns more."
                ),
                {"count": len(one.data[0][0])},
                is_spare=True,
            )
        )
    return found


def _one_run(form: Training) -> Sentence:
    return Sentence(
        N_("All this is one run, with seed {seed}: another seed gives slightly different numbers."),
        {"seed": form.seed},
    )
