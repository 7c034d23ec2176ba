"""What is shown of every network that tells classes apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grafito import figures
from grafito.lab.record import Record
from grafito.lab.training import Trained
from grafito.language import current, translate
from grafito.language import message as N_


def count_classes(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How many examples of each class (rows) were taken for each class (columns).

    Args:
        truth: labels, integers [N].
        predicted: likewise.
        classes: how many there are.

    Example:
        >>> count_classes(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
        [[1, 0], [1, 1]]
    """
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, predicted), 1)
    return counts


def show_classes(
    record: Record, trained: Trained, class_names: Sequence[str] | None, classes: int
) -> None:
    """Hand over the confusion matrix, and precision, recall and F1 of each class.

    Args:
        record: what they are handed over to.
        trained: a network with one output per class.
        class_names: in English, None where the classes are numbers.
        classes: how many there are.
    """
    x, y = trained.data[1]
    truth = np.asarray(y).reshape(-1)
    counts = count_classes(truth, trained.predict(x).argmax(axis=1), classes)
    names = list(class_names or map(str, range(classes)))
    shown = [translate(name) for name in names] if class_names else None
    matrix = figures.confusion_matrix(counts, shown, lang=current())
    record.figure(
        "confusion",
        matrix,
        N_("Confusion matrix"),
        N_("Test examples of each class (rows) and the class that the network gave them."),
    )
    right, given, there = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall, f1 = right / given, right / there, 2 * right / (given + there)
    record.table(
        "classes",
        ["class", "precision", "recall", "F1", "examples"],
        zip(names, precision.round(4), recall.round(4), f1.round(4), there, strict=True),
        N_("Precision, recall and F1 of each class"),
    )
