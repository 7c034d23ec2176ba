"""The networks in grafito."""

from __future__ import annotations

from typing import Any

from benchmarks.wide.networks import RATES, Network
from grafito import optimizers

LOSSES = {"crossentropy": "sparse_categorical_crossentropy", "mse": "mse"}


class Participant:
    """compile and fit, with the order of the data kept.

    Args:
        network: what to do.
        engine: grafito's.
    """

    def __init__(self, network: Network, engine: Any):
        self.network, self.model = network, network.model()
        self.inputs, self.targets = network.examples(self.model)
        config = {"learning_rate": RATES[network.optimizer], "global_clipnorm": network.clip}
        self.model.compile(
            optimizers.get({"class_name": network.optimizer, "config": config}),
            loss=LOSSES[network.loss],
            engine=engine,
        )

    def run(self) -> float:
        """Train on all examples once; the mean loss."""
        inputs = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        history = self.model.fit(
            inputs,
            self.targets,
            self.network.batch,
            shuffle=False,
            verbose=0,
            class_weight=self.network.weights_of_classes(),
        )
        return history.history["loss"][-1]
