"""What `insight.Health` costs: `python -m benchmarks.watching [JOB ...] [--rounds N]`.

Trainings of ten epochs with and without it take turns in one process, in both orders; the median
of the ratios of the rounds is told, of the time on the clock and of that of the CPU, which other
programs disturb less. Of its second program the time to compile is measured with an empty cache,
and whether both models end with weights of the same bits. GRAFITO_THREADS chooses the threads.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks.jobs import JOBS, Job
from benchmarks.participants.in_grafito import Timed, build_model
from grafito import engines, insight, utils

ROUNDS, EPOCHS = 5, 10
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


def train(model: Any, data: Any, job: Job, *callbacks: Any, epochs: int = 1) -> tuple[float, float]:
    """Seconds of an epoch: on the clock, and of the CPU."""
    began = time.perf_counter(), time.process_time()
    settings = {"batch_size": job.batch, "epochs": epochs, "verbose": 0}
    model.fit(*data, callbacks=list(callbacks), **settings)
    ended = time.perf_counter(), time.process_time()
    return (ended[0] - began[0]) / epochs, (ended[1] - began[1]) / epochs


def compare(job: Job, rounds: int) -> None:
    """Print the overhead, the samples of an epoch, and the time of the second compilation."""
    plain, data, engine = made(job)
    with tempfile.TemporaryDirectory() as cache:
        kept = os.environ.get("GRAFITO_CACHE")
        os.environ["GRAFITO_CACHE"] = cache
        train(plain, data, job)
        first = engine.seconds
        watched, _, engine = made(job)
        train(watched, data, job)
        before, health = engine.seconds, insight.Health()
        train(watched, data, job, health)
        second = engine.seconds - before
        os.environ.pop("GRAFITO_CACHE")
        if kept is not None:
            os.environ["GRAFITO_CACHE"] = kept
    train(plain, data, job)  # as many as the other has done
    ratios: list[tuple[float, float]] = []
    for i in range(rounds):
        turns = [(plain, ()), (watched, (health,))]
        took = {
            model is plain: train(model, data, job, *callbacks, epochs=EPOCHS)
            for model, callbacks in (turns if i % 2 else turns[::-1])
        }
        ratios.append((took[False][0] / took[True][0], took[False][1] / took[True][1]))
    clock, cpu = (100 * (statistics.median(column) - 1) for column in zip(*ratios, strict=True))
    pairs = zip(plain.get_weights(), watched.get_weights(), strict=True)
    print(
        f"{job.name:<12} {took[True][1]:.2f} s of CPU an epoch; with Health {cpu:+.1f} % of CPU "
        f"and {clock:+.1f} % on the clock (goal {100 * GOAL:.0f} %), "
        f"{len(health.samples) // EPOCHS} samples an epoch, "
        f"{'the same bits' if all((a == b).all() for a, b in pairs) else 'OTHER BITS'}; "
        f"compiled in {first:.2f} s and {second:.2f} s (goal {LONGEST_COMPILATION} times)",
        flush=True,
    )


def main() -> None:
    """The two jobs of the goal, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", choices=[*EXAMPLES, []], metavar="JOB")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    for name in given.jobs or EXAMPLES:
        compare(JOBS[name], given.rounds)


if __name__ == "__main__":
    main()
