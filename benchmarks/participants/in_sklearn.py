"""The jobs that scikit-learn's MLP can do as they are meant; its initial weights are its own."""

from __future__ import annotations

import math

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.jobs import CLASSES, Job


class Participant:
    """`partial_fit`, which goes once through the data in batches."""

    form = "initial weights of its own"
    compile_seconds = None

    def __init__(self, job: Job, x: np.ndarray, y: np.ndarray, engine: str = ""):
        self.job, self.x, self.y = job, x, y
        self.network = MLPClassifier(
            [layer.units for layer in job.layers[:-1]],
            activation=job.layers[0].activation,
            solver=job.optimizer,
            alpha=2 * job.l2,
            batch_size=job.batch,
            learning_rate_init=job.rate,
            epsilon=1e-7,
            shuffle=False,
            random_state=0,
        )

    def count_params(self) -> int:
        """The number of weights."""
        return sum(math.prod(a.shape) for a in self.network.coefs_ + self.network.intercepts_)

    def run(self) -> float:
        """Train for the job's epochs; the mean loss of the last one."""
        for _ in range(self.job.epochs):
            self.network.partial_fit(self.x, self.y, classes=np.arange(CLASSES))
        return self.network.loss_
