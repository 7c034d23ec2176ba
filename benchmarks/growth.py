"""How cost grows: `python -m benchmarks.growth` writes `results/growth.json`.

Deep models are built and trained for the first time at two depths, small models are trained again
and again, and `predict` is asked for rows of many numbers. All in the time of this process, so that
a machine with other work gives the same ratios.
"""

from __future__ import annotations

import gc
import json
import resource
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grafito import Sequential, layers

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
    """Seconds to build a deep model, and of its first training step."""
    found: dict[str, float] = {}
    x = np.ones((32, 8), "float32")
    for depth in (4, *DEPTHS):  # the first warms up
        made: list[Sequential] = []
        building = seconds(lambda depth=depth, made=made: made.append(deep(depth)))
        made[0].compile("adam", "mse")
        fitting = seconds(lambda model=made[0]: model.fit(x, x, verbose=0))
        found |= {f"build {depth}": building, f"first fit {depth}": fitting}
    for what in ("build", "first fit"):
        found[f"{what}: ratio"] = found[f"{what} {DEPTHS[1]}"] / found[f"{what} {DEPTHS[0]}"]
    return found


def iris() -> dict[str, float]:
    """Seconds of five folds with 50 epochs, after one to warm up; scikit-learn's beside."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import StratifiedKFold
    from sklearn.neural_network import MLPClassifier

    x, y = load_iris(return_X_y=True)
    x = ((x - x.mean(0)) / x.std(0)).astype("float32")
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(x, y))

    def ours() -> None:
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
        times = [(seconds(ours), seconds(theirs)) for _ in range(4)][1:]
    return {
        "iris, five folds": statistics.median(t for t, _ in times),
        "iris, five folds, MLPClassifier": statistics.median(t for _, t in times),
    }


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


def main() -> None:
    """Measure, print and write."""
    found: dict[str, float] = {}
    for part in (predicting, iris, memory, depths):
        new = {name: float(f"{value:.3g}") for name, value in part().items()}
        for name, value in new.items():
            print(f"{name:40} {value}", flush=True)
        found |= new
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
