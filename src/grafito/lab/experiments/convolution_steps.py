"""A convolution step by step: a zero of 7 x 7 under a kernel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from grafito import figures, layers
from grafito.lab.experiment import Experiment, Variants
from grafito.lab.prose.conclusions_by_hand import strongest
from grafito.lab.prose.sentence import paragraph
from grafito.lab.prose.tasks_by_hand import CONVOLUTION
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.models import Sequential

ZERO = np.array(
    [
        [0, 0, 1, 1, 1, 0, 0],
        [0, 1, 0, 0, 0, 1, 0],
        [0, 1, 0, 0, 0, 1, 0],
        [0, 1, 0, 0, 0, 1, 0],
        [0, 1, 0, 0, 0, 1, 0],
        [0, 1, 0, 0, 0, 1, 0],
        [0, 0, 1, 1, 1, 0, 0],
    ],
    np.float32,
)

KERNELS = {
    "vertical": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "horizontal": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
    "diagonal": [[0, 0, 1], [0, 1, 0], [1, 0, 0]],
}


@dataclass(frozen=True, kw_only=True)
class Convolution(Experiment):
    """Image, kernel, feature map, maxima, vector.

    Attributes:
        kernel: one of `KERNELS`.
    """

    task = CONVOLUTION
    name = "convolution"
    course = "TFG 3.9"
    what = N_("A convolution, step by step: image, kernel, feature map, pooling, flattening.")
    asked = N_("Follow a zero of 7 × 7 through a convolution, a max pooling and a flattening.")
    variants: ClassVar[Variants] = {name: {"kernel": name} for name in KERNELS}

    kernel: str = "vertical"

    def conduct(self, record: Record) -> None:
        weights = np.array(KERNELS[self.kernel], np.float32)
        record.figure(
            "steps",
            partial(figures.convolution_steps, ZERO, weights, at=(0, 0)),
            N_("Step by step"),
            N_(
                "Each number of the feature map is a sum of products: each weight of the kernel "
                "times the pixel under it. Pooling keeps the greatest number of each square."
            ),
        )
        output = self.network(weights).predict(ZERO[None, :, :, None], verbose=0)[0]
        record.text(
            N_("The layers Conv2D, MaxPooling2D and Flatten give the same vector: {vector}."),
            vector=", ".join(f"{value:g}" for value in output),
        )
        windows = np.lib.stride_tricks.sliding_window_view(ZERO, weights.shape)
        answers = (windows * weights).sum(axis=(-2, -1))
        record.metrics(
            {
                N_("strongest response"): float(answers.max()),
                N_("numbers after pooling"): len(output),
            }
        )
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        record.words("findings", [[strongest(answers)]])
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])

    def network(self, weights: np.ndarray) -> Sequential:
        """The same steps as layers."""
        model = Sequential(
            [
                layers.Input((*ZERO.shape, 1)),
                layers.Conv2D(1, weights.shape, use_bias=False),
                layers.MaxPooling2D(2),
                layers.Flatten(),
            ]
        )
        model.set_weights([weights[:, :, None, None]])
        return model
