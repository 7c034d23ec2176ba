"""Training with grafito's CPU engine against PyTorch eager, on the same network and data.

    python benchmarks/training.py [JOB ...] [--rounds N]

Both train in turn, round after round, with the same number of threads; PyTorch holds its data in
one tensor and takes batches by index, its fast way. Printed are median seconds of an epoch and the
median of the ratios of the rounds with their range.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from grafito import Input, layers, models, optimizers


class Job:
    """One network and its data: both sides train it for an epoch when called."""

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        examples: int,
        batch: int,
        ours: Callable[[], list[Any]],
        theirs: Callable[[], nn.Module],
        optimizer: str,
        epochs: int = 1,
    ):
        rng = np.random.default_rng(0)
        self.x = rng.random((examples, *shape), dtype="float32")
        self.y = rng.integers(0, classes, examples)
        self.batch, self.epochs, self.optimizer = batch, epochs, optimizer
        self.model = models.Sequential([Input(shape), *ours()])
        self.model.compile(
            optimizers.get(optimizer), "sparse_categorical_crossentropy", engine="llvm"
        )
        self.net = theirs()
        kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad}
        self.their_optimizer = kinds[optimizer](self.net.parameters(), lr=0.001)
        channels_first = self.x.transpose(0, 3, 1, 2) if len(shape) == 3 else self.x
        self.tx = torch.from_numpy(np.ascontiguousarray(channels_first))
        self.ty = torch.from_numpy(self.y)

    def grafito(self) -> float:
        began = time.perf_counter()
        self.model.fit(self.x, self.y, batch_size=self.batch, epochs=self.epochs, verbose=0)
        return time.perf_counter() - began

    def torch(self) -> float:
        loss = nn.CrossEntropyLoss()
        began = time.perf_counter()
        for _ in range(self.epochs):
            order = torch.randperm(len(self.tx))
            for start in range(0, len(order), self.batch):
                index = order[start : start + self.batch]
                self.their_optimizer.zero_grad()
                loss(self.net(self.tx[index]), self.ty[index]).backward()
                self.their_optimizer.step()
        return time.perf_counter() - began


def xor() -> Job:
    """Four examples: what a step costs where there is nothing to compute."""
    return Job(
        (2,), 2, 4, 4,
        lambda: [layers.Dense(2, "tanh"), layers.Dense(2, "softmax")],
        lambda: nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)),
        "sgd", epochs=300,
    )  # fmt: skip


def mnist() -> Job:
    """784-64-32-10 with Adam."""
    return Job(
        (784,), 10, 60_000, 128,
        lambda: [
            layers.Dense(64, "relu"), layers.Dense(32, "relu"), layers.Dense(10, "softmax")
        ],
        lambda: nn.Sequential(
            nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)
        ),
        "adam",
    )  # fmt: skip


def wide() -> Job:
    """784-1500-750-10 with Adagrad: large matrix products."""
    return Job(
        (784,), 10, 12_800, 128,
        lambda: [
            layers.Dense(1500, "relu"), layers.Dense(750, "relu"), layers.Dense(10, "softmax")
        ],
        lambda: nn.Sequential(
            nn.Linear(784, 1500), nn.ReLU(), nn.Linear(1500, 750), nn.ReLU(), nn.Linear(750, 10)
        ),
        "adagrad",
    )  # fmt: skip


def two_convolutions() -> Job:
    """Two convolutions 16 3x3 and a dense layer, on 28 x 28."""
    return Job(
        (28, 28, 1), 10, 6_000, 128,
        lambda: [
            layers.Conv2D(16, 3, activation="relu"), layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(), layers.Dense(10, "softmax"),
        ],
        lambda: nn.Sequential(
            nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(16 * 24 * 24, 10),
        ),
        "adagrad",
    )  # fmt: skip


def lenet() -> Job:
    """LeNet-5 on 32 x 32 x 3."""
    return Job(
        (32, 32, 3), 10, 5_000, 40,
        lambda: [
            layers.Conv2D(6, 5, activation="tanh"), layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"), layers.AveragePooling2D(2),
            layers.Flatten(), layers.Dense(120, "tanh"), layers.Dense(84, "tanh"),
            layers.Dense(10, "softmax"),
        ],
        lambda: nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(),
            nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84),
            nn.Tanh(), nn.Linear(84, 10),
        ),
        "sgd",
    )  # fmt: skip


JOBS = {job.__name__: job for job in (xor, mnist, wide, two_convolutions, lenet)}


def main() -> None:
    """Run the jobs that the command line names and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", nargs="*", default=list(JOBS), metavar="JOB", help=", ".join(JOBS))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    print(f"{'job':<18}{'first':>9}{'grafito':>10}{'PyTorch':>10}{'ratio':>8}  range")
    for name in arguments.jobs:
        job = JOBS[name]()
        first = job.grafito()
        job.torch()
        rounds = [(job.grafito(), job.torch()) for _ in range(arguments.rounds)]
        ratios = [theirs / ours for ours, theirs in rounds]
        ours, theirs = (statistics.median(side) for side in zip(*rounds, strict=True))
        print(
            f"{name:<18}{first:>8.2f}s{ours:>9.4f}s{theirs:>9.4f}s"
            f"{statistics.median(ratios):>8.1f}  {min(ratios):.1f} to {max(ratios):.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
