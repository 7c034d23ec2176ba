"""What measures mean, defined where they are shown, with one worked example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grafito.lab.prose.sentence import Formula, Sentence, Words
from grafito.language import message as N_

R_SQUARED: list[Words] = [
    Sentence(
        N_(
            "R² is the share of the variance of the targets t that the predictions ŷ explain: 1 is "
            "perfect, and 0 is no better than always saying the mean m."
        )
    ),
    Formula("1 - sum((t - y_hat)^2)/sum((t - m)^2)", "R²", vectors=("t", "y_hat", "m")),
]


def of_classes(counts: np.ndarray, names: Sequence[str]) -> list[list[Words]]:
    """Precision, recall and F1, and how those of one class are found from its counts.

    Args:
        counts: examples of each class (rows) by the class they were given (columns).
        names: of the classes.

    Example:
        >>> words = of_classes(np.array([[8, 2], [1, 9]]), ["cat", "dog"])
        >>> words[0][1].values["right"], words[0][1].values["given"]
        (9, 11)
    """
    counts = np.asarray(counts)
    right = np.diag(counts)
    given, total = counts.sum(axis=0), counts.sum(axis=1)
    shown = int(np.argmax(given - right))  # the class with most false alarms says most
    definition = Sentence(
        N_(
            "Precision is the share of the examples given a class that are of it; recall the share "
            "of the examples of a class that were given it; F1, 2·P·R/(P + R), is low where either "
            "is."
        )
    )
    if not (right[shown] and given[shown] and total[shown]):
        return [[definition]]
    precision, recall = right[shown] / given[shown], right[shown] / total[shown]
    example = Sentence(
        N_(
            "For example “{label}”: {right} of the {given} given this class are of it, precision "
            "{right}/{given} = {precision}; {right} of its {total} were found, recall "
            "{right}/{total} = {recall}; F1 is {f1}."
        ),
        {
            "label": names[shown],
            "right": int(right[shown]),
            "given": int(given[shown]),
            "total": int(total[shown]),
            "precision": round(float(precision), 3),
            "recall": round(float(recall), 3),
            "f1": round(float(2 * precision * recall / (precision + recall)), 3),
        },
    )
    return [[definition, example]]
