"""What `insight.Health` costs: `python -m benchmarks.watching`.

Epochs with and without it take turns in one process; the medians are compared. Of its second
program the time to compile is measured with an empty cache. One thread (GRAFITO_THREADS=1) gives
the steadiest numbers, since then nothing waits for a second core.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks.jobs import JOBS, Job
from benchmarks.participants.in_grafito import Timed, build_model
from grafito import engines, insight, utils

ROUNDS = 5
GOAL = 0.05  # of the time of an epoch
LONGEST_COMPILATION = 1.5  # times that of the plain step
EXAMPLES = {"mnist-dense": 60_000, "lenet": 20_000}


def made(job: Job) -> tuple[Any, Any, Timed]:
    """A model, chance data of the job's size, and the engine that notes how long it compiles."""
    utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    n = EXAMPLES[job.name]
    x, y = rng.random((n, *job.shape), dtype="float32"), rng.integers(0, 10, n)
    model, engine = build_model(job), Timed(engines.get("auto"))
    model.compile(job.optimizer, "sparse_categorical_crossentropy", engine=engine)
    return model, (x, y), engine


def epoch(model: Any, data: Any, job: Job, *callbacks: Any) -> float:
    """Seconds of one epoch."""
    began = time.perf_counter()
    model.fit(*data, batch_size=job.batch, verbose=0, callbacks=list(callbacks))
    return time.perf_counter() - began


def compare(job: Job) -> None:
    """Print the overhead, the samples of an epoch, and the time of the second compilation."""
    plain, data, engine = made(job)
    with tempfile.TemporaryDirectory() as cache:
        kept = os.environ.get("GRAFITO_CACHE")
        os.environ["GRAFITO_CACHE"] = cache
        epoch(plain, data, job)
        first = engine.seconds
        watched, _, engine = made(job)
        epoch(watched, data, job)
        before, health = engine.seconds, insight.Health()
        epoch(watched, data, job, health)
        second = engine.seconds - before
        os.environ.pop("GRAFITO_CACHE")
        if kept is not None:
            os.environ["GRAFITO_CACHE"] = kept
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        times.append((epoch(plain, data, job), epoch(watched, data, job, health)))
    without, with_ = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{job.name:<12} {without:.3f} s an epoch, {with_:.3f} s with Health: "
        f"{100 * (with_ / without - 1):+.1f} % (goal {100 * GOAL:.0f} %), "
        f"{len(health.samples)} samples; compiled in {first:.2f} s and {second:.2f} s "
        f"(goal {LONGEST_COMPILATION} times)"
    )


def main() -> None:
    """The two jobs of the goal."""
    for job in JOBS.values():
        if job.name in EXAMPLES:
            compare(job)


if __name__ == "__main__":
    main()
