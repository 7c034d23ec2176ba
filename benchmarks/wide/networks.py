"""Thirty networks, each written once, with grafito's layers.

PyTorch's form follows from the layers and their calls (`in_torch`), so that both are one network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito import Model, graph, metrics
from grafito import layers as kinds

CLASSES = 10
WORDS = 20_000
RATES = {"adam": 0.001, "sgd": 0.01}  # by optimizer


@dataclass(frozen=True)
class Network:
    """One row of the table.

    Args:
        build: makes inputs and output.
        batch: examples in a step.
        steps: in a run.
        optimizer: sgd or adam.
        loss: crossentropy (the last layer is a softmax) or mse.
        precision: of all numbers.
        clip: the largest norm of all gradients together.
        class_weight: whether errors on some classes count more.
        own_step: whether the model has a training step of its own.
    """

    build: Callable[[], tuple[Any, Any]]
    batch: int = 64
    steps: int = 20
    optimizer: str = "adam"
    loss: str = "crossentropy"
    precision: str = "float32"
    clip: float | None = None
    class_weight: bool = False
    own_step: bool = False

    def model(self) -> Model:
        """The network with weights from a fixed seed."""
        from grafito.utils import set_random_seed

        set_random_seed(0)
        inputs, output = self.build()
        return (PenalizedOutputs if self.own_step else Model)(inputs, output)

    def weights_of_classes(self) -> dict[int, float] | None:
        """Alternating weights of classes, where there are any."""
        return {n: 1.0 + n % 2 for n in range(CLASSES)} if self.class_weight else None

    def examples(self, model: Model) -> tuple[list[np.ndarray], np.ndarray]:
        """Inputs and targets of a run: normal numbers, words, labels."""
        random = np.random.default_rng(0)
        count = self.batch * self.steps
        inputs = [
            random.integers(0, WORDS, (count, *x.shape[1:]), dtype="int32")
            if x.dtype == "int32"
            else random.normal(size=(count, *x.shape[1:])).astype(self.precision)
            for x in model.inputs
        ]
        if self.loss == "crossentropy":
            return inputs, random.integers(0, CLASSES, count, dtype="int32")
        shape = (count, *model.outputs[0].shape[1:])
        return inputs, random.random(shape).astype(self.precision)


class PenalizedOutputs(Model):
    """A training step of one's own: the loss and a thousandth of the squares of the outputs."""

    def __init__(self, inputs: Any, output: Any):
        super().__init__(inputs, output)
        self.mean_loss = metrics.Mean(name="loss")

    def train_step(self, data: Any) -> dict[str, Any]:
        """Forward pass, loss, gradients, update."""
        x, y = data[0], data[1]
        out = self(x, training=True)
        loss = self.compute_loss(x, y, out) + PENALTY * graph.mean(graph.square(out))
        variables = self.trainable_variables
        self.optimizer.apply(graph.gradients(loss, variables), variables)
        self.mean_loss.update_state(loss)
        return {"loss": self.mean_loss.result()}


PENALTY = 1e-3


def _classes(h: Any) -> Any:
    return kinds.Dense(CLASSES, activation="softmax")(h)


def _chain(shape: tuple[int, ...], *members: Any, dtype: str = "float32") -> Callable[[], Any]:
    """A network without branches; each member makes a layer. A last one gives the classes."""

    def build() -> tuple[Any, Any]:
        x = h = kinds.Input(shape, dtype=dtype)
        for make in members:
            h = make()(h)
        return x, _classes(h)

    return build


def _layer(kind: str, *args: Any, **options: Any) -> Callable[[], Any]:
    return lambda: getattr(kinds, kind)(*args, **options)


def _conv(filters: int, window: int, strides: int = 1, **options: Any) -> Callable[[], Any]:
    return _layer("Conv2D", filters, window, strides, activation="relu", **options)


def _conv1(filters: int, window: int, strides: int = 1) -> Callable[[], Any]:
    return _layer("Conv1D", filters, window, strides, activation="relu")


def _dense(units: int, activation: str = "relu", **options: Any) -> Callable[[], Any]:
    return _layer("Dense", units, activation=activation, **options)


_FLAT, _MEAN = _layer("Flatten"), _layer("GlobalAveragePooling2D")
_NORM, _RELU, _IMAGE = _layer("BatchNormalization"), _layer("Activation", "relu"), (32, 32, 3)
_LARGE = (64, 64, 3)


def _mobile() -> tuple[Any, Any]:
    x = kinds.Input(_IMAGE)
    h = kinds.Conv2D(32, 3, padding="same", activation="relu")(x)
    for filters in (64, 128):
        h = kinds.DepthwiseConv2D(3, padding="same")(h)
        h = kinds.Activation("relu")(kinds.BatchNormalization()(h))
        h = kinds.Conv2D(filters, 1, activation="relu")(h)
        h = kinds.MaxPooling2D(2)(h)
    return x, _classes(kinds.GlobalAveragePooling2D()(h))


def _residual() -> tuple[Any, Any]:
    x = kinds.Input(_IMAGE)
    h = kinds.Conv2D(32, 3, padding="same", activation="relu")(x)
    for _ in range(3):
        z = kinds.Conv2D(32, 3, padding="same", use_bias=False)(h)
        z = kinds.Activation("relu")(kinds.BatchNormalization()(z))
        z = kinds.BatchNormalization()(kinds.Conv2D(32, 3, padding="same", use_bias=False)(z))
        h = kinds.Activation("relu")(kinds.Add()([h, z]))
    return x, _classes(kinds.GlobalAveragePooling2D()(h))


def _dense_block() -> tuple[Any, Any]:
    x = h = kinds.Input((16, 16, 24))
    for _ in range(4):
        z = kinds.Conv2D(12, 3, padding="same", activation="relu")(h)
        h = kinds.Concatenate()([h, z])
    return x, _classes(kinds.GlobalAveragePooling2D()(h))


def _normalized_residual() -> tuple[Any, Any]:
    x = h = kinds.Input((128,))
    for _ in range(4):
        z = kinds.Dense(256, activation="relu")(kinds.LayerNormalization()(h))
        h = kinds.Add()([h, kinds.Dense(128)(z)])
    return x, _classes(h)


def _float64() -> tuple[Any, Any]:
    x = kinds.Input((128,), dtype="float64")
    h = kinds.Dense(128, activation="relu", dtype="float64")(x)
    h = kinds.Dense(64, activation="relu", dtype="float64")(h)
    return x, kinds.Dense(CLASSES, activation="softmax", dtype="float64")(h)


def _two_inputs() -> tuple[Any, Any]:
    x, y = kinds.Input((64,)), kinds.Input((32,))
    h = kinds.Concatenate()(
        [kinds.Dense(64, activation="relu")(x), kinds.Dense(64, activation="relu")(y)]
    )
    return [x, y], _classes(kinds.Dense(64, activation="relu")(h))


def _image_and_numbers() -> tuple[Any, Any]:
    x, y = kinds.Input(_IMAGE), kinds.Input((16,))
    h = kinds.MaxPooling2D(2)(kinds.Conv2D(32, 3, activation="relu")(x))
    h = kinds.GlobalAveragePooling2D()(kinds.Conv2D(64, 3, activation="relu")(h))
    return [x, y], _classes(kinds.Concatenate()([h, kinds.Dense(32, activation="relu")(y)]))


def _generator() -> tuple[Any, Any]:
    x = kinds.Input((64,))
    h = kinds.Reshape((7, 7, 64))(kinds.Dense(7 * 7 * 64, activation="relu")(x))
    h = kinds.Conv2DTranspose(32, 4, 2, padding="same", activation="relu")(h)
    return x, kinds.Conv2DTranspose(1, 4, 2, padding="same", activation="sigmoid")(h)


def _image_autoencoder() -> tuple[Any, Any]:
    x = kinds.Input((28, 28, 1))
    h = kinds.MaxPooling2D(2)(kinds.Conv2D(16, 3, padding="same", activation="relu")(x))
    h = kinds.MaxPooling2D(2)(kinds.Conv2D(32, 3, padding="same", activation="relu")(h))
    h = kinds.Conv2DTranspose(16, 4, 2, padding="same", activation="relu")(h)
    return x, kinds.Conv2DTranspose(1, 4, 2, padding="same", activation="sigmoid")(h)


_MLP = (_dense(128), _dense(64))
_WORDS = _layer("Embedding", WORDS, 32)

NETWORKS = {
    "windows of 7, strides 2": Network(_chain(_LARGE, _conv(32, 7, 2), _conv(64, 5, 2), _MEAN)),
    "windows of 9, strides 3": Network(_chain(_LARGE, _conv(32, 9, 3), _conv(64, 3, 3), _MEAN)),
    "groups": Network(
        _chain((16, 16, 32), _conv(64, 3, groups=4), _conv(64, 3, groups=8), _MEAN)
    ),
    "depthwise": Network(_mobile),
    "separable": Network(
        _chain(
            _IMAGE,
            _layer("SeparableConv2D", 32, 3, activation="relu"),
            _layer("SeparableConv2D", 64, 3, activation="relu"),
            _MEAN,
        )
    ),
    "windows of 1": Network(_chain((16, 16, 64), _conv(128, 1), _conv(64, 1), _MEAN)),
    "dilation": Network(
        _chain((32, 32, 8), _conv(32, 3, dilation_rate=2), _conv(32, 3, dilation_rate=4), _MEAN)
    ),
    "sequences": Network(
        _chain((512, 8), _conv1(64, 9, 2), _conv1(64, 5), _layer("GlobalAveragePooling1D"))
    ),
    "long sequences": Network(
        _chain((4000, 1), _conv1(32, 16, 4), _conv1(32, 8, 2), _layer("GlobalMaxPooling1D"))
    ),
    "transposed": Network(_generator, loss="mse"),
    "autoencoder of images": Network(_image_autoencoder, loss="mse"),
    "average pooling": Network(
        _chain(
            *(_IMAGE, _conv(16, 5), _layer("AveragePooling2D", 2), _conv(32, 5)),
            *(_layer("AveragePooling2D", 2), _FLAT, _dense(64)),
        )
    ),
    "global pooling": Network(
        _chain(_IMAGE, _conv(24, 3), _conv(48, 3), _layer("GlobalMaxPooling2D"))
    ),
    "batch normalisation": Network(
        _chain((256,), *(make for _ in range(3) for make in (_dense(256, "linear"), _NORM, _RELU)))
    ),
    "normalised images": Network(
        _chain(_IMAGE, _conv(32, 3), _NORM, _conv(32, 3), _NORM, _MEAN), batch=32
    ),
    "layer normalisation, residual": Network(_normalized_residual),
    "residual": Network(_residual, batch=32, steps=10),
    "concatenation": Network(_dense_block),
    "words, mean": Network(_chain((100,), _WORDS, _layer("GlobalAveragePooling1D"), dtype="int32")),
    "words, convolution": Network(
        _chain((100,), _WORDS, _conv1(64, 5), _layer("GlobalMaxPooling1D"), dtype="int32")
    ),
    "two inputs": Network(_two_inputs),
    "image and numbers": Network(_image_and_numbers),
    "batch 1": Network(_chain((32,), _dense(16)), batch=1, steps=500, optimizer="sgd"),
    "batch 7": Network(_chain((28, 28, 1), _conv(16, 3), _FLAT, _dense(32)), batch=7, steps=100),
    "batch 50": Network(_chain((200,), *_MLP), batch=50, steps=50),
    "batch 1,000": Network(_chain((200,), *_MLP), batch=1_000),
    "widths 46 and 97": Network(_chain((97,), _dense(97, "tanh"), _dense(46, "tanh"), _dense(97))),
    "float64": Network(_float64, precision="float64"),
    "own training step": Network(_chain((128,), *_MLP), own_step=True),
    "norm clipping": Network(_chain((128,), *_MLP), optimizer="sgd", clip=1.0),
    "class weights": Network(_chain((128,), *_MLP), class_weight=True),
    "dropout": Network(_chain((256,), _dense(256), _layer("Dropout", 0.5), _dense(128))),
}  # fmt: skip
