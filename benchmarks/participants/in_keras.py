"""The jobs in Keras 3 on its JAX backend."""

from __future__ import annotations

import os

import numpy as np

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is imported

import keras

from benchmarks.jobs import Job
from benchmarks.participants.in_grafito import LOSSES, input_dtype, make_layer


class Participant:
    """Sequential, compile, fit, with the order of the data kept."""

    form = ""
    compile_seconds = None  # not told; it is what the first run takes longer

    def __init__(self, job: Job, x: np.ndarray, y: np.ndarray, engine: str = ""):
        self.job, self.x, self.y = job, x, y
        penalty = keras.regularizers.L2(job.l2) if job.l2 else None
        network = [
            make_layer(layer, shape, keras.layers, penalty) for layer, shape in job.with_shapes()
        ]
        self.model = keras.Sequential([keras.Input(job.shape, dtype=input_dtype(job)), *network])
        weighted = (layer for layer in self.model.layers if layer.weights)
        for layer, arrays in zip(weighted, job.initial_weights(), strict=True):
            layer.set_weights(arrays)
        optimizer = keras.optimizers.get(job.optimizer)
        optimizer.learning_rate = job.rate
        self.model.compile(optimizer, loss=LOSSES.get(job.loss, job.loss))

    def count_params(self) -> int:
        """The number of weights."""
        return self.model.count_params()

    def run(self) -> float:
        """Train for the job's epochs; the mean loss of the last one, with penalties."""
        history = self.model.fit(
            self.x, self.y, self.job.batch, epochs=self.job.epochs, verbose=0, shuffle=False
        )
        return history.history["loss"][-1]
