"""Two networks that compete: one makes images, the other tells them from true ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from grafito import figures, graph, layers, losses, metrics, optimizers
from grafito.callbacks import Callback
from grafito.callbacks.base import Logs
from grafito.datasets import mnist
from grafito.lab.experiment import Experiment
from grafito.lab.prose.conclusions_by_hand import told_apart
from grafito.lab.prose.sentence import paragraph
from grafito.lab.prose.tasks_by_hand import GAN
from grafito.lab.record import Record
from grafito.language import message as N_
from grafito.language import translator
from grafito.models import Model, Sequential
from grafito.utils import unpack_x_y_sample_weight

SIDE = 28
SHOWN = 10  # images in a row, and rows at most


class Pair(Model):
    """A generator and a discriminator, both updated in one step.

    Args:
        generator: from noise to images with values from -1 to 1.
        discriminator: from such images to the probability that one is true.
        generator_optimizer: that of the discriminator is given to `compile`.
    """

    def __init__(self, generator: Sequential, discriminator: Sequential, generator_optimizer: Any):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.generator_optimizer = optimizers.get(generator_optimizer)  # a copy gives its settings
        self.noise = layers.GaussianNoise(1.0)
        self.criterion = losses.BinaryCrossentropy()
        self.generator_loss = metrics.Mean(name="generator_loss")
        self.discriminator_loss = metrics.Mean(name="discriminator_loss")
        self.true_images = metrics.Mean(name="true_images")
        self.made_images = metrics.Mean(name="made_images")

    def made(self, count: int) -> graph.Tensor:
        """New images."""
        size = self.generator.input_shape[-1]
        nothing = graph.constant(np.zeros((count, size), np.float32))
        return self.generator(self.noise(nothing, training=True), training=True)

    def judged(self, images: graph.Tensor, truth: float) -> tuple[graph.Tensor, graph.Tensor]:
        """The loss where these are true (1) or made (0), and the mean probability."""
        chances = self.discriminator(images, training=True)
        wanted = graph.constant(np.full(chances.shape, truth, np.float32))
        return self.criterion(wanted, chances), graph.mean(chances)

    def train_step(self, data: Any) -> dict[str, Any]:
        images, _, _ = unpack_x_y_sample_weight(data)
        images = graph.cast(images, "float32") / 127.5 - 1.0
        count = images.shape[0]
        true_loss, true_chance = self.judged(images, 1.0)
        made_loss, made_chance = self.judged(self.made(count), 0.0)
        loss = (true_loss + made_loss) / 2
        own = self.discriminator.trainable_variables
        self.optimizer.apply(graph.gradients(loss, own), own)
        # From here on the discriminator is the updated one; the generator wants it to be wrong.
        generator_loss, _ = self.judged(self.made(count), 1.0)
        own = self.generator.trainable_variables
        self.generator_optimizer.apply(graph.gradients(generator_loss, own), own)
        measured = {
            self.generator_loss: generator_loss,
            self.discriminator_loss: loss,
            self.true_images: true_chance,
            self.made_images: made_chance,
        }
        for mean, value in measured.items():
            mean.update_state(value)
        return {mean.name: mean.result() for mean in measured}


class Strip(Callback):
    """Keeps what a generator makes of the same noise before the training and after epochs."""

    counts = ("images",)

    def __init__(self, generator: Sequential, noise: np.ndarray, epochs: int):
        self.generator, self.noise = generator, noise
        steps = np.geomspace(1, epochs, min(SHOWN - 1, epochs))
        self.epochs = {0, *np.unique(np.round(steps).astype(int)).tolist()}
        self.images: dict[int, np.ndarray] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._keep(0)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._keep(epoch + 1)

    def _keep(self, done: int) -> None:
        if done in self.epochs:
            images = self.generator.predict(self.noise, verbose=0)
            self.images[done] = (images + 1) / 2  # from black 0 to white 1


def _strip_of_epochs(images: Mapping[int, Any], lang: str | None = None) -> Any:
    """A row of images for each epoch of which some were kept."""
    word = translator(lang)(N_("epoch"))
    rows = {f"{word} {done}": row for done, row in images.items()}
    return figures.images_grid(rows, lang=lang)


@dataclass(frozen=True, kw_only=True)
class Gan(Experiment):
    """Dense networks with leaky ReLU, on MNIST.

    Attributes:
        noise: how many random numbers an image is made of.
        generator_units, discriminator_units: sizes of the hidden layers.
        dropout: share of the discriminator's units left out in training.
        epochs, batch_size, learning_rate: of the training, with Adam (beta_1 0.5).
        examples: for training; 0 takes all.
    """

    task = GAN
    name = "gan"
    course = "TFG 3.9"
    what = N_("Two networks that compete: one makes digits, the other unmasks them.")
    asked = N_(
        "Let two networks compete on MNIST: one makes images from noise, the other tells them from "
        "true ones. Draw what the first makes as the training goes on."
    )
    data = "mnist"
    shortened: ClassVar[Mapping[str, Any]] = {"epochs": 4, "examples": 6000}

    noise: int = 64
    generator_units: tuple[int, ...] = (256, 512)
    discriminator_units: tuple[int, ...] = (512, 256)
    dropout: float = 0.3
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 0.0002
    examples: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at_least(noise=1, epochs=1, batch_size=1, examples=0)

    def generator(self) -> Sequential:
        """From noise to images."""
        hidden: list[Any] = []
        for n in self.generator_units:
            hidden += [layers.Dense(n), layers.LeakyReLU(0.2)]
        output = [layers.Dense(SIDE * SIDE, activation="tanh"), layers.Reshape((SIDE, SIDE))]
        return Sequential([layers.Input((self.noise,)), *hidden, *output])

    def discriminator(self) -> Sequential:
        """From images to the probability that one is true."""
        hidden: list[Any] = []
        for n in self.discriminator_units:
            hidden += [layers.Dense(n), layers.LeakyReLU(0.2), layers.Dropout(self.dropout)]
        flat = [layers.Input((SIDE, SIDE)), layers.Flatten()]
        return Sequential([*flat, *hidden, layers.Dense(1, activation="sigmoid")])

    def conduct(self, record: Record) -> None:
        (x, _), _ = mnist.load_data()
        x = x[: self.examples or len(x)]
        x = x[: len(x) // self.batch_size * self.batch_size or len(x)]  # whole batches
        generator, discriminator = self.generator(), self.discriminator()
        ours, theirs = (optimizers.Adam(self.learning_rate, beta_1=0.5) for _ in range(2))
        pair = Pair(generator, discriminator, ours)
        pair.compile(theirs, engine=record.engine)
        noise = np.random.RandomState(self.seed).normal(size=(SHOWN, self.noise))
        strip = Strip(generator, noise.astype(np.float32), self.epochs)
        history = record.fit(
            pair, x, batch_size=self.batch_size, epochs=self.epochs, callbacks=[strip]
        )
        if history.epoch:
            last = {name: values[-1] for name, values in history.history.items()}
            record.metrics(
                {
                    "generator_loss": last["generator_loss"],
                    "discriminator_loss": last["discriminator_loss"],
                    "true_images": last["true_images"],
                    "made_images": last["made_images"],
                }
            )
        record.model(generator, "generator")
        record.model(discriminator, "discriminator")
        networks = {N_("generator"): generator, N_("discriminator"): discriminator}
        for name, network in networks.items():
            sheet = partial(figures.network_diagram, network, title=name)
            record.figure(f"network-{name}", sheet, N_("The network: {names}"), names=[name])
        if history.epoch:
            sheet = partial(figures.curves, history)
            record.figure(
                "curves",
                sheet,
                N_("Training"),
                N_(
                    "The losses of both, and the mean probability of being true that the "
                    "discriminator gives to true images and to made ones. No loss need fall: "
                    "each network makes the other's task harder."
                ),
            )
        record.figure(
            "strip",
            partial(_strip_of_epochs, strip.images),
            N_("Made images over the training"),
            N_("Each column is made of the same noise; at the left the epochs done."),
        )
        record.words("choices", [paragraph(self.task.of(self.variant).reasons)])
        if history.epoch:
            record.words("findings", [[told_apart(last["true_images"], last["made_images"])]])
        record.words("limits", [paragraph(self.task.of(self.variant).limits)])
