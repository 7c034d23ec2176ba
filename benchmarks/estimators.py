"""What scikit-learn's face costs: `python -m benchmarks.estimators`.

An epoch of MNIST by `NetworkClassifier` against `model.fit` of the same network on the same arrays;
and a grid of 12 settings in five folds of iris against scikit-learn's MLPClassifier. Rounds
alternate; times are those of the process and of the clock; `results/estimators.json` keeps them.
Without MNIST's files random images do.
"""

from __future__ import annotations

import json
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grafito import Sequential, datasets, layers, utils
from grafito.errors import GrafitoError

RESULT = Path(__file__).parent / "results" / "estimators.json"
ROUNDS = 11


def interleaved(jobs: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, Any]:
    """The median seconds of two jobs that take turns, after one turn that does not count.

    The ratio is that of the first to the second, turn by turn, in the time of the process: median,
    least and greatest.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for turn in range(rounds + 1):
        for name, job in jobs.items():
            began = time.process_time(), time.perf_counter()
            job()
            if turn:
                ended = time.process_time(), time.perf_counter()
                times[name].append((ended[0] - began[0], ended[1] - began[1]))
    found: dict[str, Any] = {}
    for name, pairs in times.items():
        process, clock = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:34} {process:7.3f} s of the process {clock:7.3f} s by the clock")
        found |= {f"{name}, process": round(process, 3), f"{name}, clock": round(clock, 3)}
    turns = zip(*times.values(), strict=True)
    ratios = [one[0] / other[0] for one, other in turns]
    spread = [statistics.median(ratios), min(ratios), max(ratios)]
    print(f"{'ratio':34} {spread[0]:7.3f} ({spread[1]:.3f} to {spread[2]:.3f})")
    return {**found, f"{next(iter(jobs))}: ratio": [round(each, 3) for each in spread]}


def network(shape: tuple[int, ...], outputs: int) -> Sequential:
    """100 ReLU units and a softmax."""
    end = layers.Dense(outputs, activation="softmax")
    return Sequential([layers.Input(shape), layers.Dense(100, activation="relu"), end])


def mnist() -> dict[str, Any]:
    """An epoch, network and compilation included, as each of the two makes them."""
    from grafito.estimators import NetworkClassifier

    try:
        x, y = datasets.mnist.load_data()[0]
    except GrafitoError:
        rng = np.random.default_rng(0)
        x, y = rng.integers(0, 255, (60000, 28, 28), "uint8"), rng.integers(0, 10, 60000)
    x = x.reshape(len(x), -1) / np.float32(255)

    def estimator() -> None:
        NetworkClassifier(network, epochs=1, batch_size=128, random_state=0).fit(x, y)

    def model() -> None:
        utils.set_random_seed(0)
        net = network(x.shape[1:], 10)
        net.compile("adam", loss="sparse_categorical_crossentropy")
        net.fit(x, y, epochs=1, batch_size=128, verbose=0)

    return interleaved(
        {"MNIST, an epoch: NetworkClassifier": estimator, "MNIST, an epoch: model.fit": model}
    )


def iris() -> dict[str, Any]:
    """Sixty trainings of 200 epochs, and their scores."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.neural_network import MLPClassifier

    from grafito.estimators import NetworkClassifier

    x, y = load_iris(return_X_y=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    units, rates = [(10,), (50,), (100,)], [0.001, 0.003, 0.01, 0.03]

    def ours() -> None:
        grid = {"hidden": units, "learning_rate": rates}
        GridSearchCV(NetworkClassifier(random_state=0), grid, cv=folds).fit(x, y)

    def theirs() -> None:
        grid = {"hidden_layer_sizes": units, "learning_rate_init": rates}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of trainings that have not converged
            GridSearchCV(MLPClassifier(random_state=0), grid, cv=folds).fit(x, y)

    return interleaved(
        {"iris, the grid: NetworkClassifier": ours, "iris, the grid: MLPClassifier": theirs}, 3
    )


if __name__ == "__main__":
    content = json.dumps(mnist() | iris(), indent=1)
    RESULT.write_text(content + "\n", encoding="utf-8")
