"""Noise taken out of images by an autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from grafito import figures, layers, regularizers
from grafito.datasets import mnist
from grafito.lab.course import Said, Sayings
from grafito.lab.prose.answers_of_others import cleaned
from grafito.lab.prose.tasks_of_images import MNIST_DENOISE
from grafito.lab.record import Record
from grafito.lab.training import Arrays, Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Model, Sequential

SHOWN = 8
ADAM = N_("Adam needs no rate to be searched for, and five epochs are enough.")


@dataclass(frozen=True, kw_only=True)
class MnistDenoise(Training):
    """MNIST with normal noise, and a network that is to give the image without it.

    Attributes:
        sigma: standard deviation of the noise; the noisy image is clipped to 0 to 1.
        units: sizes of the hidden layers.
        l2: factor of the squares of all kernels in the loss.
    """

    task = MNIST_DENOISE
    name = "mnist-denoise"
    course = "TP4-7"
    what = N_("Handwritten digits without their noise, by a dense autoencoder.")
    asked = N_(
        "Add normal noise with deviation 0.5 to the digits, clipped to 0 to 1, and train the "
        "autoencoder 1500-750-250-750-1500-784 to take it out; draw clean, noisy and restored ones."
    )
    said: ClassVar[Sayings] = {
        "": {
            "sigma": Said(0.5),
            "units": Said((1500, 750, 250, 750, 1500)),
            "optimizer": Said("adagrad", ADAM),
            "learning_rate": Said(1.0, ADAM),
            "l2": Said(0.001, N_("After five epochs nothing overfits yet.")),
        }
    }
    data = "mnist"

    epochs: int = 5
    batch_size: int = 128
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    validation_split: float = 0.1
    sigma: float = 0.5
    units: tuple[int, ...] = (1500, 750, 250, 750, 1500)
    l2: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(sigma=0, l2=0)

    def load(self) -> Data:
        # Limited before they become four bytes a pixel, twice.
        train, test = super().limited(mnist.load_data())
        rng = np.random.RandomState(self.seed)

        def pair(part: Arrays) -> Arrays:
            clean = part[0].reshape(len(part[0]), -1).astype(np.float32) / 255
            noise = rng.normal(0, self.sigma, clean.shape).astype(np.float32)
            return np.clip(clean + noise, 0, 1), clean

        return pair(train), pair(test)

    def network(self, x: np.ndarray) -> Sequential:
        penalty = regularizers.L2(self.l2) if self.l2 else None
        hidden = [layers.Dense(n, "relu", kernel_regularizer=penalty) for n in self.units]
        output = layers.Dense(x.shape[1], "sigmoid", kernel_regularizer=penalty)
        return Sequential([layers.Input(x.shape[1:]), *hidden, output])

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        noisy, clean = data[1]
        return {
            **super().measure(model, data),
            "loss_of_the_noisy_images": float(np.mean((noisy - clean) ** 2, dtype=np.float64)),
        }

    def show(self, record: Record, trained: Trained) -> None:
        noisy, clean = (part[:SHOWN] for part in trained.data[1])
        rows = {
            N_("clean"): clean,
            N_("noisy"): noisy,
            N_("restored"): trained.predict(noisy),
        }
        record.figure(
            "restored",
            partial(figures.images_grid, rows),
            N_("Clean, noisy and restored test images"),
        )
        both = (trained.numbers[name] for name in ("loss_of_the_noisy_images", "loss"))
        record.words("answers", [[cleaned(*both)]], N_("How much of the noise is taken out?"))
