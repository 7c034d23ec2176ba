"""Pictures of one's own: a folder for each class, and a small convolutional network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from grafito import figures, layers
from grafito.errors import DataError
from grafito.lab.own_data import rivals
from grafito.lab.own_data.experiment import Inputs, OwnData
from grafito.lab.own_data.folds import STEPS, Fold
from grafito.lab.own_data.pictures import Pictures, read_pictures
from grafito.lab.prose import of_own_data as prose
from grafito.lab.prose.sentence import Words
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.models import Model, Sequential

FEWEST = 20  # pictures
MOMENTUM = 0.9  # of the means of batch normalisation
COARSE = 16  # pixels on a side, as the linear model sees them
SHOWN = 16  # pictures


@dataclass(frozen=True, kw_only=True)
class OwnPhotos(OwnData):
    """Classes of pictures, a folder for each, told apart by a small convolutional network.

    `lab.fit` makes one and runs it.

    Attributes:
        size: pixels on a side; 0 for 64, or 32 where the pictures are small.
        filters: of the convolutions, each followed by pooling.
        shift, turn: the largest shift, in parts of the side, and turn, in parts of a whole one, of
            a picture in training.
        zoom: the largest change of size, in parts of the picture.
        light: the largest change of contrast and brightness, in parts of the whole range.
        flip: whether pictures are mirrored in training: "yes", "no", or "auto", where they have
            colour; a mirrored letter is another one.

    Example:
        >>> OwnPhotos(path="photos").begins()
        ['fit', 'photos']
    """

    what = N_("Pictures of one's own, told apart by a small convolutional network.")

    size: int = 0
    filters: tuple[int, ...] = (16, 32, 64)
    shift: float = 0.1
    turn: float = 0.03
    zoom: float = 0.15
    light: float = 0.2
    flip: str = "auto"
    learning_rate: float = 0.003
    epochs: int = 100
    patience: int = 50
    members: int = 1
    dropout: float = 0.3

    kind: ClassVar[str] = "photos"

    @cached_property
    def pictures(self) -> Pictures:
        """The pictures, all of one size."""
        found = read_pictures(Path(self.path), self.size)
        if len(found.y) < FEWEST:
            raise DataError(
                "There are too few pictures to learn from some and test on others.",
                where=self.path,
                received=f"{len(found.y)} pictures",
                expected=f"at least {FEWEST}",
            )
        return found

    @property
    def y(self) -> np.ndarray:
        return self.pictures.y

    @property
    def classes(self) -> tuple[str, ...]:
        return self.pictures.classes

    @property
    def what_is_predicted(self) -> str:
        return N_("class")

    @property
    def has_colour(self) -> bool:
        """Whether the pictures have three channels."""
        return self.pictures.x.shape[-1] == 3

    def inputs(self, train: np.ndarray) -> Inputs:
        return lambda rows: self.pictures.x[rows]

    def network(self, shape: tuple[int, ...]) -> Model:
        stack: list[Any] = [layers.Input(shape), layers.Rescaling(1 / 255)]
        if self.flip == "yes" or (self.flip == "auto" and self.has_colour):
            stack.append(layers.RandomFlip("horizontal"))
        if self.turn:
            stack.append(layers.RandomRotation(self.turn))
        if self.shift:
            stack.append(layers.RandomTranslation(self.shift, self.shift))
        if self.zoom:
            stack.append(layers.RandomZoom((-self.zoom, self.zoom)))
        if self.light:
            stack.append(layers.RandomContrast(self.light, value_range=(0.0, 1.0)))
            stack.append(layers.RandomBrightness(self.light, value_range=(0.0, 1.0)))
        for n in self.filters:
            stack.append(layers.Conv2D(n, 3, padding="same", use_bias=False))
            # Means that follow soon: a small folder is trained for a few hundred steps.
            stack += [layers.BatchNormalization(momentum=MOMENTUM), layers.ReLU()]
            stack.append(layers.MaxPooling2D())
        stack += [layers.GlobalAveragePooling2D(), layers.Dropout(self.dropout)]
        stack.append(layers.Dense(len(self.classes), "softmax"))
        return Sequential(stack)

    def passes(self, count: int, batch: int) -> int:
        """As often as makes 40 steps: few pictures are seen moved and turned in several ways."""
        return max(1, round(STEPS * batch / count))

    def rivals(self, train: np.ndarray, others: np.ndarray) -> Mapping[str, np.ndarray]:
        x = self.pictures.x
        factor = x.shape[1] // COARSE
        coarse = x.reshape(len(x), COARSE, factor, COARSE, factor, -1).mean((2, 4)) / 255
        flat = coarse.reshape(len(x), -1).astype("float32")
        model = rivals.linear(len(self.classes), self.seed)
        return {rivals.LINEAR: rivals.answers(model, flat[train], self.y[train], flat[others])}

    def state(self) -> dict[str, Any]:
        return {"size": self.pictures.x.shape[1], "colour": self.has_colour}

    def task_words(self) -> list[Words]:
        return prose.pictures(self.pictures)

    def describe_data(self, record: Record) -> None:
        found = self.pictures
        counts = np.bincount(found.y)
        rows = [
            [N_("pictures"), str(len(found.y))],
            [N_("classes"), ", ".join(self.classes[:20])],
            [N_("left out"), str(len(found.left_out))],
            ["SHA-256", hashlib.sha256(found.x.tobytes()).hexdigest()],
        ]
        words = [
            [N_("licence"), N_("not stated: who took the pictures, and who may use them?")],
            [N_("faults"), N_("not stated: who or what is not in them?")],
        ]
        card = {"name": Path(self.path).name, "rows": rows, "words": words}
        self.hand_over(record, card)
        record.table(
            "classes_of_pictures",
            ["class", "pictures"],
            [[name, int(n)] for name, n in zip(self.classes, counts, strict=True)],
            N_("The classes"),
        )
        if found.left_out:
            record.table(
                "left-out",
                ["file", "reason"],
                [[name, why] for name, why in found.left_out.items()],
                N_("Pictures that were left out"),
                words=("reason",),
            )

    def choices(self) -> list[list[Words]]:
        return [prose.of_pictures(self.pictures, self.flip)]

    def show(self, record: Record, folds: Sequence[Fold]) -> None:
        rows = np.concatenate([fold.held_out for fold in folds])
        outputs = np.concatenate([fold.outputs for fold in folds])
        chance = outputs[np.arange(len(rows)), self.y[rows]]
        hardest = np.argsort(chance, kind="stable")[:SHOWN]
        x = self.pictures.x[rows[hardest]]
        record.figure(
            "hardest",
            partial(
                figures.images_grid,
                x[..., 0] if x.shape[-1] == 1 else x,
                self.y[rows[hardest]],
                outputs[hardest],
                class_names=list(self.classes),
            ),
            N_("The hardest pictures"),
            N_(
                "Held-out pictures whose class the network thought least probable. A wrong label "
                "would be found here first."
            ),
        )
