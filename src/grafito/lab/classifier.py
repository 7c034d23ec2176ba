"""What is shown of every network that tells classes apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, losses
from grafito.figures.ranking import Ranking
from grafito.lab.prose.answers import ranked
from grafito.lab.prose.conclusions_of_classes import confusions
from grafito.lab.prose.measures import of_classes
from grafito.lab.prose.sentence import Sentence
from grafito.lab.record import Record
from grafito.lab.training import Trained, Training
from grafito.language import message as N_

FEW_CLASSES = 20  # so many fit into a table of counts that can be read
SHOWN_IMAGES = 16
MOST_SIDE_BY_SIDE = 4  # confusion matrices


def labels_of(values: np.ndarray) -> np.ndarray:
    """The class of each row: of labels (n,) or (n, 1), one-hot rows, scores, or probabilities.

    Example:
        >>> labels_of(np.array([[0.2, 0.8], [0.9, 0.1]])).tolist()
        [1, 0]
        >>> labels_of(np.array([[0.7], [0.2]])).tolist()
        [1, 0]
    """
    values = np.asarray(values)
    if values.ndim > 1 and values.shape[1] > 1:
        return values.argmax(axis=1)
    values = values.reshape(-1)
    return (values > 0.5).astype(int) if values.dtype.kind == "f" else values


def accuracies(trained: Mapping[str, Trained]) -> dict[str, float]:
    """The share of test examples that each network has right, by name."""
    return {n: one.numbers["accuracy"] for n, one in trained.items() if "accuracy" in one.numbers}


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
        trained: a network with one output per class, or one output for two classes.
        class_names: in English, None where the classes are numbers.
        classes: how many there are.
    """
    truth = labels_of(trained.data[1][1])
    counts = count_classes(truth, labels_of(trained.test_outputs), classes)
    names = list(class_names or map(str, range(classes)))
    matrix = partial(
        figures.confusion_matrix,
        counts,
        names,
        normalise=(None, "true") if classes <= FEW_CLASSES else "true",
        margins=classes <= FEW_CLASSES,
    )
    record.figure(
        "confusion",
        matrix,
        N_("Confusion matrix"),
        N_("Test examples of each class (rows) and the class that the network gave them."),
    )
    scores = ("precision", "recall", "f1")
    record.table(
        "classes",
        ["class", "precision", "recall", "F1", "examples"],
        [
            [row["class"], *(round(row[score], 4) for score in scores), row["support"]]
            for row in figures.classification_table(counts, names)
        ],
        N_("Precision, recall and F1 of each class"),
    )
    record.words("findings", [confusions(counts, names), *of_classes(counts, names)])


@dataclass(frozen=True, kw_only=True)
class Classifier(Training):
    """Images and their classes: what is right, what is wrong, and the hardest images.

    A subclass may say what its classes are called; they are digits otherwise.
    """

    class_names: ClassVar[tuple[str, ...]] = tuple("0123456789")  # in English

    def names(self) -> tuple[str, ...]:
        """What the classes of this form are called, in English."""
        return self.class_names

    def show(self, record: Record, trained: Trained) -> None:
        show_classes(record, trained, self.names(), len(self.names()))
        y, outputs = trained.data[1][1], trained.test_outputs
        record.figure(
            "predictions",
            self._grid(trained, np.arange(len(y))[:SHOWN_IMAGES]),
            N_("The first test images"),
            N_("With the class that the network gives them; a wrong one has a cross."),
        )
        criterion = losses.resolve(self.loss, y.shape, outputs.shape)
        criterion.reduction = None
        each = criterion(y, outputs).numpy()
        hardest = np.argsort(-each, kind="stable")[:SHOWN_IMAGES]
        record.figure(
            "hardest",
            self._grid(trained, hardest),
            N_("The hardest test images"),
            N_("Those with the largest loss, {largest} to {smallest}; the mean of all is {mean}."),
            largest=float(each[hardest[0]]),
            smallest=float(each[hardest[-1]]),
            mean=float(each.mean()),
        )

    def _grid(self, trained: Trained, rows: np.ndarray) -> Any:
        """What draws images with their classes, and probabilities where the outputs are such."""
        x, y = trained.data[1]
        shown = trained.test_outputs[rows]
        if (shown < 0).any() or not np.allclose(shown.sum(axis=1), 1, atol=1e-3):
            shown = labels_of(shown)
        labels = labels_of(y[rows])
        return partial(figures.images_grid, x[rows], labels, shown, class_names=self.names())

    def show_together(self, record: Record, trained: Mapping[str, Trained]) -> None:
        if len(trained) <= MOST_SIDE_BY_SIDE and len(self.names()) <= FEW_CLASSES:
            show_confusions(record, trained, self.names())


def show_confusions(
    record: Record, trained: Mapping[str, Trained], class_names: Sequence[str]
) -> None:
    """Hand over the confusion matrices of several networks and their F1, side by side."""
    counts = {}
    for name, one in trained.items():
        truth = labels_of(one.data[1][1])
        counts[name] = count_classes(truth, labels_of(one.test_outputs), len(class_names))
    scores = [figures.classification_table(each, class_names) for each in counts.values()]
    sheet = partial(figures.confusion_matrix, counts, class_names, normalise="true", margins=True)
    record.figure(
        "confusion",
        sheet,
        N_("Confusion matrices"),
        N_("Of the test examples of each class (rows), the share that was given each class."),
    )
    record.table(
        "classes",
        ["class", *counts],
        [
            [row[0]["class"], *(round(one["f1"], 4) for one in row)]
            for row in zip(*scores, strict=True)
        ],
        N_("F1 of each class, side by side"),
    )
    best = max(counts, key=lambda name: int(np.trace(counts[name])))
    record.words(
        "findings",
        [
            [
                Sentence(N_("The classes, as “{form}” knows them."), {"form": best}),
                *confusions(counts[best], class_names),
            ],
            *of_classes(counts[best], class_names),
        ],
    )


def show_chances(record: Record, truth: np.ndarray, chances: Mapping[str, np.ndarray]) -> None:
    """Hand over what the probabilities of one or several networks are worth, at every threshold."""
    if not 0 < truth.mean() < 1:
        return  # a short form may have seen one class alone
    record.figure(
        "roc",
        partial(figures.roc_curve, truth, chances),
        N_("ROC curves"),
        N_("Each threshold gives a point; at the upper left corner all would be right."),
    )
    record.figure(
        "precision-recall",
        partial(figures.precision_recall_curve, truth, chances),
        N_("Precision and recall"),
        N_("Who asks for more of the positives has to take more of the negatives."),
    )
    record.figure(
        "calibration",
        partial(figures.calibration_curve, truth, chances),
        N_("Calibration"),
        N_("How often it is true where the network says so; below, how many examples are there."),
    )
    if len(chances) == 1:
        record.figure(
            "thresholds",
            partial(figures.threshold_curves, truth, next(iter(chances.values()))),
            N_("The choice of a threshold"),
            N_(
                "The mark is at the greatest F1. It is chosen on the very examples that are "
                "shown here, so on new ones it will be a little lower."
            ),
        )


def tell_chances(record: Record, truth: np.ndarray, chances: Mapping[str, np.ndarray]) -> None:
    """Show what the probabilities are worth, and tell the areas under the ROC curves."""
    show_chances(record, truth, chances)
    if 0 < truth.mean() < 1:
        areas = {name: Ranking.of(truth == 1, chance).area for name, chance in chances.items()}
        record.words("findings", [[ranked(areas)]])
