"""What a report says of data of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.lab.prose.sentence import Sentence, Words, percent
from grafito.language import message as N_

if TYPE_CHECKING:
    from grafito.lab.own_data.pictures import Pictures
    from grafito.lab.own_data.question import Question

SHOWN = 5  # names in a sentence
QUESTION = N_("Is a network the right model for these data?")
CHOICES = N_(
    "Every number was found on rows that the model had not seen: the rows are parted into folds, "
    "each fold is held out once, and scales, categories and what stands for missing values are "
    "measured on the other folds alone. Of these a part is held out too; training stops when its "
    "loss has not fallen for some epochs, with the weights of the best epoch."
)
LIMITS = N_(
    "The standard error tells how much the mean of the folds may vary; since the folds share most "
    "of their training rows, the true uncertainty is somewhat larger. The kept network was trained "
    "on all rows, so no row is left to test it: the held-out score is what to expect of it on rows "
    "of the same kind, not on those of another year or place."
)


def question(asked: Question) -> list[Words]:
    """What is predicted, from how many rows and columns, and what was left out."""
    told = {"target": asked.target.name, "rows": len(asked), "columns": len(asked.columns)}
    if asked.problem == "regression":
        text = N_(
            "The quantity {target} is to be predicted from {columns} columns, in {rows} rows."
        )
    else:
        text = N_(
            "Which of {classes} classes a row has in the column {target} is to be predicted from "
            "{columns} columns, in {rows} rows."
        )
        told["classes"] = len(asked.classes)
    found: list[Words] = [Sentence(text, told)]
    if asked.found and asked.target.kind == "number":
        if asked.problem == "classification":
            text = N_(
                "The target has few whole numbers, which were taken for classes; --task regression "
                "takes them for a quantity."
            )
            found.append(Sentence(text))
        else:
            text = N_("The target has many numbers, so it was taken for a quantity: a regression.")
            found.append(Sentence(text))
    if asked.is_of_dates:
        text = N_("A date is predicted as a number of days; predictions are written as dates.")
        found.append(Sentence(text))
    if asked.rare_classes:
        shown = [*asked.rare_classes[:SHOWN], *(["..."] if len(asked.rare_classes) > SHOWN else [])]
        text = N_(
            "Classes with a single row: {names}. They can be learned or tested, not both, so the "
            "score says nothing of them."
        )
        found.append(Sentence(text, {"names": shown}))
    by_reason: dict[str, list[str]] = {}
    for name, why in asked.left_out.items():
        by_reason.setdefault(why, []).append(name)
    for why, names in by_reason.items():
        found.append(
            Sentence(N_("Left out: {names} ({why})."), {"names": [*map(repr, names)], "why": why})
        )
    if asked.left_out:
        found.append(Sentence(N_("A column that is left out is used all the same with --keep.")))
    if asked.without_target:
        text = N_("Rows without a target, which were left out: {count}.")
        found.append(Sentence(text, {"count": asked.without_target}))
    if asked.equal_rows:
        text = N_(
            "Rows that repeat another one to the last cell: {count}. Where both sides of a fold "
            "have one, the score is too good."
        )
        found.append(Sentence(text, {"count": asked.equal_rows}))
    return found


def choices(members: int) -> list[list[Words]]:
    """How numbers were found, and of how many networks the prediction is the mean."""
    found: list[list[Words]] = [[Sentence(CHOICES)]]
    if members > 1:
        text = N_(
            "The prediction is the mean of {count} networks that differ in their first weights and "
            "in the rows that stopped them: their mistakes differ, and part of them cancels out."
        )
        found.append([Sentence(text, {"count": members})])
    return found


def encoding(asked: Question) -> list[Words]:
    """How the columns became inputs."""
    kinds = {column.kind for column in asked.columns}
    texts = {
        "number": N_(
            "A number gives two inputs: its value, scaled to mean 0 and deviation 1, and the place "
            "of its rank on a normal distribution, which no outlier moves."
        ),
        "category": N_("A category gives an input for each of its values, rare ones share one."),
        "date": N_(
            "A date gives its number of days, and its place in the year and in the week as sine "
            "and cosine."
        ),
    }
    found: list[Words] = [Sentence(text) for kind, text in texts.items() if kind in kinds]
    if any(column.is_missing.any() for column in asked.columns):
        text = N_(
            "A missing number becomes the median, and an input of its own says that it was missing."
        )
        found.append(Sentence(text))
    return found


def fewer(rounds: int) -> list[list[Words]]:
    """That boosting had fewer rounds than usual, where it had."""
    if rounds == 100:
        return []
    text = N_(
        "Gradient boosting grows a tree for each class in each round; with so many classes it was "
        "given {rounds} rounds in place of 100."
    )
    return [[Sentence(text, {"rounds": rounds})]]


def verdict(scores: Mapping[str, Sequence[float]], metric: str) -> list[Words]:
    """Whether the network is as good as the better of its rivals.

    Example:
        >>> scores = {"network": [0.8, 0.9], "linear model": [0.6, 0.7]}
        >>> verdict(scores, "accuracy")[0].values["rival"]
        'linear model'
    """
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    rival = max((name for name in means if name != "network"), key=means.__getitem__)
    values = np.asarray(scores[rival])
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    ours, theirs = means["network"], means[rival]
    told: dict[str, Any] = {"name": metric, "rival": rival}
    share = metric == "accuracy"
    told["ours"], told["theirs"] = (percent(v) if share else round(v, 3) for v in (ours, theirs))
    told["error"] = round(100 * error, 1) if share else round(error, 3)
    unit = " %" if share else ""
    told["unit"] = unit
    if ours > theirs + error:
        text = N_(
            "Yes: the network reaches {name} {ours}{unit}, the {rival} {theirs}{unit}, with a "
            "standard error of {error}."
        )
    elif ours >= theirs - error:
        text = N_(
            "It is as good as the best: the network reaches {name} {ours}{unit}, the {rival} "
            "{theirs}{unit}, and the difference is within the standard error of {error}. Of two "
            "models that are as good, the simpler one is easier to explain."
        )
    else:
        text = N_(
            "No: the {rival} wins, with {name} {theirs}{unit} against {ours}{unit} of the network; "
            "the difference is more than the standard error of {error}. For these data take the "
            "{rival}, or give the network more rows."
        )
    return [Sentence(text, told)]


def diagnosis(warnings: Iterable[Any]) -> list[list[Words]]:
    """What the watch over the last training found, each with an edit to try."""
    found: list[list[Words]] = []
    for warning in warnings:
        told = {"told": warning.error.what}
        found.append([Sentence("{told}", told)])
        edit = warning.error.rows.get("try")
        if edit:
            found[-1].append(Sentence(N_("To try: {told}."), {"told": edit}))
    return found or [[Sentence(N_("Nothing was found that keeps the network from learning."))]]


def pictures(found: Pictures) -> list[Words]:
    """How many pictures of how many classes, and what was left out."""
    told = {"pictures": len(found.y), "classes": len(found.classes)}
    text = N_(
        "Which of {classes} classes a picture shows is to be learned from {pictures} pictures."
    )
    words: list[Words] = [Sentence(text, told)]
    if found.left_out:
        text = N_("Left out: {names}; the table says why.")
        names = [*found.left_out]
        shown = names[:SHOWN] + (["..."] if len(names) > SHOWN else [])
        words.append(Sentence(text, {"names": shown}))
    return words


def of_pictures(found: Pictures, flip: str) -> list[Words]:
    """How the pictures became inputs, and how they vary in training."""
    size, channels = found.x.shape[1], found.x.shape[-1]
    text = N_(
        "Of each picture the middle square was taken and made {size} pixels wide; in training it "
        "is moved, turned, enlarged or reduced and lit a little otherwise each time, so that no "
        "pixel is learned by heart."
    )
    words: list[Words] = [Sentence(text, {"size": size})]
    if channels == 1:
        words.append(Sentence(N_("The pictures have no colour, so one channel is enough.")))
    if flip == "yes" or (flip == "auto" and channels == 3):
        text = N_("Half of them are mirrored too; where left and right matter, take --set flip=no.")
        words.append(Sentence(text))
    words.append(Sentence(N_("The linear model sees the same pictures in 16 by 16 pixels.")))
    return words
