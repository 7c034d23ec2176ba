"""A network from settings, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grafito import engines, layers, optimizers, regularizers
from grafito.errors import ArgumentError
from grafito.models import Model, Sequential, clone_model
from grafito.studio.examples import BINARY, CLASSES, REGRESSION, Examples, with_features
from grafito.studio.settings import Settings
from grafito.utils import set_random_seed

SMALL = 2_000_000  # products in a step; below, waiting for machine code takes longer than training
MOST_DRAWN = 64  # units of a layer that are drawn one by one
OUTPUTS = {BINARY: "sigmoid", CLASSES: "softmax", REGRESSION: "linear"}
LOSSES = {
    BINARY: "binary_crossentropy",
    CLASSES: "sparse_categorical_crossentropy",
    REGRESSION: "mse",
}
WITH_LABELS = ("sparse_categorical_crossentropy",)


@dataclass(frozen=True)
class Network:
    """A compiled model with the examples that it is trained on.

    Attributes:
        model: compiled and built.
        examples: where its data come from.
        x, y: both parts as the model takes them.
        output, loss: what was chosen, by the settings or for the data.
        settings: that it was made from.
    """

    model: Model
    examples: Examples
    x: np.ndarray
    y: np.ndarray
    output: str
    loss: str
    settings: Settings

    def part(self, held_out: bool) -> tuple[np.ndarray, np.ndarray]:
        """The inputs and targets of one part."""
        rows = self.examples.held_out == held_out
        return self.x[rows], self.y[rows]

    def inputs(self, x: np.ndarray) -> np.ndarray:
        """Points as the model takes them."""
        if self.examples.has_features:
            return with_features(x, self.settings.features)
        return x

    @property
    def input_names(self) -> list[str]:
        """What the inputs of the model are called."""
        if self.examples.has_features:
            return list(self.settings.features)
        return list(self.examples.columns)

    def units(self) -> list[Any]:
        """The layers that have units or change shapes; those that the page draws."""
        return [each for each in self.model.layers if type(each).__name__ not in HIDDEN_KINDS]

    @property
    def drawn(self) -> bool:
        """Whether units are drawn one by one."""
        return self.model.count_params() <= 100_000

    def layer_drawn(self, layer: Any) -> bool:
        """Whether the units of this layer are."""
        shape = layer.output.shape
        return self.drawn and len(shape) == 2 and shape[-1] is not None and shape[-1] <= MOST_DRAWN

    def description(self) -> dict[str, Any]:
        """What the page draws."""
        inputs = self.model.inputs[0].shape[1:]
        names = self.input_names if len(self.input_names) <= MOST_DRAWN else []
        return {
            "parameters": int(self.model.count_params()),
            "task": self.examples.task,
            "size": math.prod(size or 1 for size in inputs),
            "inputs": names or [f"{' × '.join(map(str, inputs))}"],
            "layers": [self._layer(layer) for layer in self.units()],
            "drawn": self.drawn,
        }

    def _layer(self, layer: Any) -> dict[str, Any]:
        units = layer.output.shape[-1]
        activation = layer.get_config().get("activation")
        return {
            "name": layer.name,
            "kind": type(layer).__name__,
            "text": activation if isinstance(activation, str) else "",
            "units": int(units or 0),
            "parameters": int(layer.count_params()),
            "drawn": self.layer_drawn(layer),
        }


HIDDEN_KINDS = ("InputLayer", "Dropout")


def build(
    settings: Settings, examples: Examples, files: Callable[[str], Path], given: Any = None
) -> Network:
    """The network that settings describe, compiled, with weights from their seed.

    Args:
        settings: all of them.
        examples: that it is trained on.
        files: where an uploaded model lies.
        given: a model in place of the layers of the settings.

    Raises:
        GrafitoError: for what does not go together, as the parts say it.
    """
    set_random_seed(settings.seed)
    x = examples.x
    if examples.has_features:
        x = with_features(x, settings.features)
    output = settings.output or OUTPUTS[examples.task]
    loss = settings.loss or LOSSES[examples.task]
    y = examples.y if examples.as_given else targets(loss, examples)
    if given is None and settings.model is not None:
        given = _loaded(files(settings.model))
    if given is not None and settings.fresh:
        given = clone_model(given)
    model = given if given is not None else _sequential(settings, x.shape[1:], examples, output)
    shape = tuple(model.inputs[0].shape[1:])
    if settings.model is not None and math.prod(x.shape[1:]) == math.prod(n or 0 for n in shape):
        x = x.reshape(len(x), *shape)  # pictures as this model takes them
    work = settings.batch * model.count_params() if model.built else SMALL + 1
    optimizer = _optimizer(settings)
    model.compile(
        optimizer,
        loss,
        metrics=[] if examples.task == REGRESSION else ["accuracy"],
        engine=engines.names()[-1] if work < SMALL else "auto",  # the last compiles nothing
    )
    network = Network(model, examples, x, y, output, loss, settings)
    from grafito.insight.trial import examples_of

    examples_of(model, x[:1], y[:1])  # shapes that do not fit are said here
    return network


def targets(loss: str, examples: Examples) -> np.ndarray:
    """The targets as this loss takes them."""
    if examples.task == CLASSES and loss not in WITH_LABELS:
        return np.eye(len(examples.classes), dtype="float32")[examples.y]
    if examples.task == BINARY and loss not in WITH_LABELS:
        return examples.y.astype("float32")
    return examples.y


def _sequential(
    settings: Settings, shape: tuple[int, ...], examples: Examples, output: str
) -> Model:
    rule = regularizers.L1L2(settings.l1, settings.l2) if settings.l1 or settings.l2 else None
    parts: list[Any] = [layers.Input(shape)]
    for hidden in settings.layers:
        parts.append(layers.Dense(hidden.units, hidden.activation, kernel_regularizer=rule))
        if hidden.dropout:
            parts.append(layers.Dropout(hidden.dropout))
    last = len(examples.classes) if examples.task == CLASSES else 1
    parts.append(layers.Dense(last, output, kernel_regularizer=rule))
    return Sequential(parts)


def _optimizer(settings: Settings) -> Any:
    chosen = optimizers.get(settings.optimizer)
    return type(chosen)(learning_rate=settings.rate)


def _loaded(path: Path) -> Model:
    from grafito.models import load_model

    model = load_model(path)
    if not isinstance(model, Model):
        raise ArgumentError("The file holds no model.", where=path.name)
    return model
