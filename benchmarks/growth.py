"""How cost grows: `python -m benchmarks.growth` writes `results/growth.json`.

Deep models are built, trained for the first time and read from files at two depths, small models
are trained again and again, `predict` is asked for rows of many numbers, and data of 4 GiB in a
file are trained on. All in the time of this process, so that a machine with other work gives the
same ratios. `python -m benchmarks.growth PART ...` measures these functions alone.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shards import shards
from benchmarks.streaming import GIBIBYTE, streaming
from grafito import Sequential, layers
from grafito.engines.llvm import code
from grafito.models import load_model

RESULT = Path(__file__).parent / "results" / "growth.json"
DEPTHS = (500, 1000)
FOLDS = 5


def seconds(function: Callable[[], Any]) -> float:
    """The time of this process that a call takes."""
    began = time.process_time()
    function()
    return time.process_time() - began


def deep(depth: int) -> Sequential:
    """So many layers of 8 units."""
    return Sequential([layers.Input((8,)), *(layers.Dense(8) for _ in range(depth))])


def depths() -> dict[str, float]:
    """Seconds to build a deep model, of its first training step, and to read it from a file."""
    found: dict[str, float] = {}
    x = np.ones((32, 8), "float32")
    for depth in (4, *DEPTHS):  # the first warms up
        made: list[Sequential] = []
        building = seconds(lambda depth=depth, made=made: made.append(deep(depth)))
        made[0].compile("adam", "mse")
        fitting = seconds(lambda model=made[0]: model.fit(x, x, verbose=0))
        found |= {f"build {depth}": building, f"first fit {depth}": fitting}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "deep.safetensors")
            made[0].save(path)
            loading = min(seconds(lambda path=path: load_model(path)) for _ in range(3))
        found[f"load {depth}"] = loading
    for what in ("build", "first fit", "load"):
        found[f"{what}: ratio"] = found[f"{what} {DEPTHS[1]}"] / found[f"{what} {DEPTHS[0]}"]
    return found


def iris() -> dict[str, float]:
    """Seconds of five folds with 50 epochs, after one to warm up; scikit-learn's beside."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import StratifiedKFold
    from sklearn.neural_network import MLPClassifier

    x, y = load_iris(return_X_y=True)
    x = ((x - x.mean(0)) / x.std(0)).astype("float32")
    folder = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    folds = list(folder.split(x, y))
    unequal = [  # trained on 118 or 119 rows, so with a last batch of 6 or 7
        (train[train < len(x) - 2], test[test < len(x) - 2]) for train, test in folds
    ]

    def ours(folds: Any = folds) -> None:
        for train, test in folds:
            model = Sequential(
                [layers.Input((4,)), layers.Dense(10, "relu"), layers.Dense(3, "softmax")]
            )
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x[train], y[train], epochs=50, batch_size=16, verbose=0)
            model.predict(x[test], verbose=0)

    def theirs() -> None:
        for train, test in folds:
            MLPClassifier((10,), max_iter=50, batch_size=16).fit(x[train], y[train]).predict(
                x[test]
            )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = compilations(lambda: ours(unequal))
        rows = [(seconds(ours), seconds(theirs), seconds(lambda: ours(unequal))) for _ in range(4)]
    equal, peer, different = (statistics.median(times) for times in zip(*rows[1:], strict=True))
    return {
        "iris, five folds": equal,
        "iris, five folds, MLPClassifier": peer,
        "iris, five folds that differ by a row": different,
        "iris, five folds that differ by a row: compilations": compiled,
    }


def last_batches() -> dict[str, float]:
    """Seconds of a fit whose last batch has a size that is new to the process, and then is not."""
    x = np.random.default_rng(0).random((256, 4), dtype="float32")
    y = np.arange(256) % 3

    def fit(rows: int) -> None:
        model = Sequential(
            [layers.Input((4,)), layers.Dense(10, "relu"), layers.Dense(3, "softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x[:rows], y[:rows], epochs=2, batch_size=16, verbose=0)

    fit(128)
    sizes = range(129, 144)
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("GRAFITO_CACHE")
        os.environ["GRAFITO_CACHE"] = folder
        try:
            compiled = compilations(lambda: fit(128))
            new = []
            for rows in sizes:
                compiled += compilations(lambda rows=rows: new.append(seconds(lambda: fit(rows))))
            again = [seconds(lambda rows=rows: fit(rows)) for rows in sizes]
        finally:
            os.environ.pop("GRAFITO_CACHE")
            os.environ |= {} if before is None else {"GRAFITO_CACHE": before}
    return {
        "16 sizes of the last batch: compilations": compiled,
        "fit with a last batch of a new size": statistics.median(new),
        "fit with a last batch of a known size": statistics.median(again),
    }


def compilations(work: Callable[[], Any]) -> int:
    """How many graphs are compiled; what has the code of an equal one is not."""
    made = code._compiled
    count = 0

    def counted(*given: Any) -> Any:
        nonlocal count
        count += 1
        return made(*given)

    code._compiled = counted
    try:
        work()
    finally:
        code._compiled = made
    return count


def predicting() -> dict[str, float]:
    """Microseconds of `predict` of one example; programs for sixty numbers of rows."""
    units = (64, 32)
    stack = [layers.Input((784,)), *(layers.Dense(n, "relu") for n in units)]
    model = Sequential([*stack, layers.Dense(10, "softmax")])
    x = np.random.default_rng(0).random((60, 784), dtype="float32")
    for n in range(1, 61):
        model.predict(x[:n], verbose=0)
    programs = len(model._executor._programs)
    one = x[:1]
    model.predict(one, verbose=0)

    def many() -> None:
        for _ in range(1000):
            model.predict(one, verbose=0)

    best = min(seconds(many) for _ in range(5))
    return {"predict of one example, microseconds": best * 1e3, "programs for 60 lengths": programs}


def memory() -> dict[str, float]:
    """Bytes of the process that 450 more fits of fresh models add to those of 50."""
    x = np.ones((8, 4), "float32")
    held = []
    for count in range(1, 501):
        model = Sequential([layers.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, x[:, :1], verbose=0)
        if count in (50, 500):
            gc.collect()
            held.append(resident())
    return {"memory, 500 fits less 50, MiB": (held[1] - held[0]) / 2**20}


def resident() -> int:
    """Bytes that this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def large_data() -> dict[str, float]:
    """MiB of anonymous memory that training on a file of 4 GiB adds, by how it is handed over."""
    return streaming(4 * GIBIBYTE)


def two_processes() -> dict[str, float]:
    """MiB that a set of 8 GB adds to each of two processes, by how it is handed over."""
    return shards(8 * 10**9)


PARTS = (predicting, iris, last_batches, memory, depths, large_data, two_processes)


def main() -> None:
    """Measure, print and write."""
    found: dict[str, float] = json.loads(RESULT.read_text(encoding="utf-8"))
    chosen = sys.argv[1:] or [part.__name__ for part in PARTS]
    for part in PARTS:
        if part.__name__ not in chosen:
            continue
        new = {name: float(f"{value:.3g}") for name, value in part().items()}
        for name, value in new.items():
            print(f"{name:55} {value}", flush=True)
        found |= new
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
