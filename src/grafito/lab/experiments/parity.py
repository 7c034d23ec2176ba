"""Parity of bits, of which exclusive or is the smallest case: bits and answers are -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grafito import graph, language, layers
from grafito.datasets import generators
from grafito.figures import draw_graph
from grafito.lab.experiment import Variants
from grafito.lab.record import Record
from grafito.lab.training import Data, Trained, Training
from grafito.language import message as N_
from grafito.models import Functional, Model


@dataclass(frozen=True, kw_only=True)
class Parity(Training):
    """All patterns of some bits; is the number of ones odd? A pattern is right by its sign.

    Attributes:
        bits: how many inputs.
        hidden: how many hidden units.
        skip: whether the output sees the inputs beside the hidden units.
    """

    name = "parity"
    what = N_("Whether the number of ones among some bits is odd.")
    variants: ClassVar[Variants] = {"enough": {}, "few": {"hidden": 2}}

    epochs: int = 1000
    batch_size: int = 4
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    loss: str = "mse"
    metrics: tuple[str, ...] = ()
    bits: int = 4
    hidden: int = 8
    skip: bool = False

    def load(self) -> Data:
        x, y = generators.parity(self.bits)
        all_patterns = (2 * x - 1, 2 * y - 1)
        return all_patterns, all_patterns

    def network(self, x: np.ndarray) -> Model:
        bits = layers.Input((self.bits,), name="bits")
        hidden = layers.Dense(self.hidden, activation="tanh", name="hidden")(bits)
        seen = layers.concatenate([hidden, bits]) if self.skip else hidden
        return Functional(bits, layers.Dense(1, activation="tanh", name="output")(seen))

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        x, y = data[1]
        right = np.sign(model.predict(x, batch_size=len(x), verbose=0)) == y
        return {
            "right": int(right.sum()),
            "patterns": len(y),
            **super().measure(model, data),
        }


@dataclass(frozen=True, kw_only=True)
class Xor(Parity):
    """Two bits and two hidden units."""

    name = "xor"
    what = N_("Exclusive or by a network 2-2-1.")
    variants: ClassVar[Variants] = {"plain": {}, "concatenated": {"skip": True}}

    learning_rate: float = 0.1
    bits: int = 2
    hidden: int = 2

    def show(self, record: Record, trained: Trained) -> None:
        x = graph.placeholder((2,), name="x")
        output = trained.model(graph.expand_dims(x, 0))
        drawing = draw_graph(output, {"x": trained.data[0][0][1]}, lang=language.current())
        record.figure("graph", drawing, N_("The network as a graph"))
