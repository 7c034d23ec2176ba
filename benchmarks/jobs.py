"""The jobs: networks as data, from which every participant's network is built.

A network is a list of `Layer`s with channels last. The shapes, the initial weights (in Keras's
layout) and the multiply-adds all follow from that one list, so that the same network cannot drift
between the participants.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Shape = tuple[int, ...]
CLASSES = 10
WORDS = 10_000
REVIEW = 200


@dataclass(frozen=True)
class Layer:
    """One layer.

    Args:
        kind: dense, conv (of images or of sequences), max_pool, global_max_pool, flatten or
            embedding.
        units: outputs, filters or the length of a word's vector.
        window: of a convolution or a pool, the same along all axes.
        stride: how far the window moves.
        same: whether a convolution pads with zeros so that the size stays.
        activation: relu, sigmoid, tanh, softmax or None.
    """

    kind: str
    units: int = 0
    window: int = 1
    stride: int = 1
    same: bool = False
    activation: str | None = None

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of one example after this layer."""
        if self.kind in ("flatten", "global_max_pool"):
            return (math.prod(shape),) if self.kind == "flatten" else shape[-1:]
        if self.kind in ("dense", "embedding"):
            return (*shape[:-1], self.units) if self.kind == "dense" else (*shape, self.units)
        places = tuple(n if self.same else (n - self.window) // self.stride + 1 for n in shape[:-1])
        return (*places, self.units if self.kind == "conv" else shape[-1])

    def weight_shapes(self, shape: Shape) -> list[Shape]:
        """The shapes of kernel and bias, as Keras has them, for inputs of this shape."""
        if self.kind == "embedding":
            return [(WORDS, self.units)]
        if self.kind == "dense":
            return [(shape[-1], self.units), (self.units,)]
        if self.kind == "conv":
            windows = (self.window,) * (len(shape) - 1)
            return [(*windows, shape[-1], self.units), (self.units,)]
        return []


def dense(units: int, activation: str | None = None) -> Layer:
    """Every output sees every input."""
    return Layer("dense", units, activation=activation)


def conv(units: int, window: int, same: bool = False) -> Layer:
    """A convolution with ReLU."""
    return Layer("conv", units, window, same=same, activation="relu")


def pool(window: int, stride: int) -> Layer:
    """Max pooling."""
    return Layer("max_pool", window=window, stride=stride)


@dataclass(frozen=True)
class Job:
    """A network, its data and how it is trained.

    Args:
        name: what the command line calls it.
        title: what the table calls it.
        data: mnist, cifar10, imdb, xor or moons.
        shape: of one input.
        examples: in an epoch.
        targets: labels, one-hot, binary, or inputs (the network repeats its input).
        loss: crossentropy (the last layer is softmax), binary (sigmoid) or mse.
        layers: the network.
        batch: examples in a step.
        optimizer: sgd, adam, adagrad or adadelta.
        rate: the learning rate.
        l2: factor of the squares of all kernels in the loss.
        epochs: in one run.
        steps: how many batches a run takes where a whole epoch would last too long.
        precision: grafito's, for `compile`; PyTorch's autocast takes part where it is mixed.
        floor: how many times faster than PyTorch eager grafito has to be.
    """

    name: str
    title: str
    data: str
    shape: Shape
    examples: int
    targets: str
    loss: str
    layers: tuple[Layer, ...] = field(repr=False)
    batch: int
    optimizer: str
    rate: float
    floor: float
    l2: float = 0.0
    epochs: int = 1
    steps: int | None = None
    precision: str = "float32"

    @property
    def used(self) -> int:
        """How many examples a run takes."""
        return min(self.examples, self.steps * self.batch) if self.steps else self.examples

    @property
    def scale(self) -> float:
        """What the seconds of a run are multiplied by to be those of whole epochs."""
        return self.examples / self.used

    def short(self, steps: int, epochs: int | None = None) -> Job:
        """The same job on the first few batches."""
        return replace(self, steps=steps, epochs=epochs or self.epochs)

    def with_shapes(self) -> Iterator[tuple[Layer, Shape]]:
        """Each layer with the shape of its input."""
        shape = self.shape
        for layer in self.layers:
            yield layer, shape
            shape = layer.output_shape(shape)

    def count_params(self) -> int:
        """The number of weights."""
        return sum(
            math.prod(s) for layer, shape in self.with_shapes() for s in layer.weight_shapes(shape)
        )

    def initial_weights(self, seed: int = 0) -> Iterator[list[np.ndarray]]:
        """The arrays of each layer with weights: uniform numbers after He or Glorot, and zeros."""
        random = np.random.default_rng(seed)
        for layer, shape in self.with_shapes():
            arrays = []
            for size in layer.weight_shapes(shape):
                array = np.zeros(size, "float32")
                if len(size) > 1:
                    random.random(dtype="float32", out=array)
                    array -= 0.5
                    array *= 2 * _limit(layer, size)
                arrays.append(array)
            if arrays:
                yield arrays

    def multiply_adds(self) -> int:
        """Multiply-adds of one run, as grafito's summary counts them: three times the forward pass.

        The gradients of the inputs and those of the weights cost as much each as the layer itself.
        """
        from benchmarks.participants.in_grafito import build_model
        from grafito.models.summary import layer_costs

        costs = layer_costs(build_model(self)).values()
        return 3 * sum(cost["macs"] for cost in costs) * self.used * self.epochs


def _limit(layer: Layer, size: Shape) -> float:
    if layer.kind == "embedding":
        return 0.05
    inputs, outputs = (math.prod(size[:-2]) * n for n in size[-2:])
    return math.sqrt(6 / (inputs if layer.activation == "relu" else inputs + outputs))


_PER_CLASS = dense(CLASSES, "softmax")
_MNIST: dict[str, Any] = {"data": "mnist", "shape": (28, 28, 1), "examples": 60_000}
_CIFAR10: dict[str, Any] = {"data": "cifar10", "shape": (32, 32, 3), "examples": 50_000}
_LABELS: dict[str, Any] = {"targets": "labels", "loss": "crossentropy"}
_ADAGRAD: dict[str, Any] = {"optimizer": "adagrad", "rate": 0.001}
_VGG16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)

JOBS = {
    job.name: job
    for job in (
        Job(
            "xor",
            "XOR 2-2-1 tanh, 3,000 epochs",
            data="xor",
            shape=(2,),
            examples=4,
            targets="binary",
            loss="mse",
            layers=(dense(2, "tanh"), dense(1, "tanh")),
            batch=4,
            optimizer="sgd",
            rate=0.1,
            epochs=3_000,
            floor=100,
        ),
        Job(
            "moons",
            "Two moons 2-8-1 ReLU, 300 epochs that end with a smaller batch",
            data="moons",
            shape=(2,),
            examples=250,
            targets="binary",
            loss="binary",
            layers=(dense(8, "relu"), dense(1, "sigmoid")),
            batch=100,
            optimizer="adam",
            rate=0.01,
            epochs=300,
            floor=10,
        ),
        Job(
            "mnist-dense",
            "MNIST 784-64-32-10",
            **_MNIST | {"shape": (784,)} | _LABELS,
            layers=(dense(64, "relu"), dense(32, "relu"), _PER_CLASS),
            batch=128,
            optimizer="adam",
            rate=0.001,
            floor=4,
        ),
        Job(
            "cifar-dense",
            "CIFAR-10 3072-100-10 sigmoid, MSE + L2",
            **_CIFAR10 | {"shape": (3072,)},
            targets="one-hot",
            loss="mse",
            layers=(dense(100, "sigmoid"), dense(CLASSES, "sigmoid")),
            batch=256,
            optimizer="sgd",
            rate=0.1,
            l2=1e-4,
            floor=1.7,
        ),
        Job(
            "autoencoder",
            "Autoencoder 784-1500-750-250-750-1500-784",
            **_MNIST | {"shape": (784,)},
            targets="inputs",
            loss="mse",
            layers=(
                *(dense(units, "relu") for units in (1500, 750, 250, 750, 1500)),
                dense(784, "sigmoid"),
            ),
            batch=128,
            **_ADAGRAD,
            floor=2,
        ),
        Job(
            "mnist-conv",
            "MNIST 2 x Conv 16 3x3, Dense 10",
            **_MNIST | _LABELS,
            layers=(conv(16, 3), conv(16, 3), Layer("flatten"), _PER_CLASS),
            batch=128,
            **_ADAGRAD,
            floor=3,
        ),
        Job(
            "lenet",
            "LeNet-5 on CIFAR-10",
            **_CIFAR10 | _LABELS,
            layers=(
                *(conv(6, 5), pool(2, 2), conv(16, 5), pool(2, 2), Layer("flatten")),
                *(dense(120, "relu"), dense(84, "relu"), _PER_CLASS),
            ),
            batch=40,
            optimizer="sgd",
            rate=0.01,
            floor=4,
        ),
        Job(
            "wide-dense",
            "Conv 3 5x5, Dense 10,000, Dense 10 on CIFAR-10",
            **_CIFAR10 | _LABELS,
            layers=(conv(3, 5), Layer("flatten"), dense(10_000, "relu"), _PER_CLASS),
            batch=40,
            **_ADAGRAD,
            steps=100,
            floor=2.5,
        ),
        Job(
            "imdb",
            "IMDB Embedding 15, Conv1D 128 x 2, pool, Dense 1",
            data="imdb",
            shape=(REVIEW,),
            examples=25_000,
            targets="binary",
            loss="binary",
            layers=(
                *(Layer("embedding", 15), conv(128, 5), conv(128, 5), Layer("global_max_pool")),
                dense(1, "sigmoid"),
            ),
            batch=128,
            optimizer="adadelta",
            rate=1.0,
            floor=2,
        ),
        Job(
            "alexnet",
            "AlexNet for 32 x 32",
            **_CIFAR10 | _LABELS,
            layers=(
                *(conv(96, 3, same=True), pool(3, 2), conv(256, 5, same=True), pool(3, 2)),
                *(conv(units, 3, same=True) for units in (384, 384, 256)),
                *(pool(3, 2), Layer("flatten"), dense(4096, "relu"), dense(4096, "relu")),
                _PER_CLASS,
            ),
            batch=128,
            **_ADAGRAD,
            steps=8,
            floor=1.5,
        ),
        Job(
            "vgg16",
            "VGG16 for 32 x 32",
            **_CIFAR10 | _LABELS,
            layers=(
                *(conv(units, 3, same=True) if units else pool(2, 2) for units in _VGG16),
                *(Layer("flatten"), dense(4096, "relu"), dense(4096, "relu"), _PER_CLASS),
            ),
            batch=64,
            **_ADAGRAD,
            steps=12,
            floor=1.8,
        ),
    )
}
for _name in ("vgg16", "autoencoder"):
    _mixed = replace(
        JOBS[_name],
        name=f"{_name}-mixed",
        title=f"{JOBS[_name].title}, mixed_bfloat16",
        precision="mixed_bfloat16",
        floor=3,
    )
    JOBS[_mixed.name] = _mixed
