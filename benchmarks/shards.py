"""Two processes that train on a set of 8 GB: how much memory each takes, by how it is handed over.

Each process streams its own half of the rows, or both are given one memory-mapped array, of which
each reads its rows of a batch. `python -m benchmarks.growth two_processes` runs it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.streaming import (
    BATCH,
    COLUMNS,
    GIBIBYTE,
    Batches,
    anonymous,
    targets,
    watched,
    written,
)
from grafito import Sequential, distribution, lab, layers

PROCESSES = 2
FILE = "large.f32"


def shards(size: int, patience: float = 300.0) -> dict[str, float]:
    """MiB of anonymous memory that an epoch adds to each process, on a set of this size."""
    found: dict[str, float] = {}
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            rows = written(Path(folder, FILE), size)
            words = [__file__, way, folder, str(rows)]
            with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
                lab.launch(words, PROCESSES, patience=patience)
            for index in range(PROCESSES):
                told = json.loads(Path(folder, f"{index}.json").read_text(encoding="utf-8"))
                name = f"memory, {way} of {size / GIBIBYTE:.3g} GiB, process {index} of {PROCESSES}"
                found[f"{name}, MiB"] = told["grown"]
    return found


def _own_half(x: np.ndarray, index: int) -> Any:
    own = len(x) // PROCESSES
    return (Batches(x[index * own : (index + 1) * own]),)


def _both(x: np.ndarray, index: int) -> Any:
    return x, targets(x)


WAYS = {"shards": _own_half, "memmap for all": _both}


def main(way: str, folder: str, rows: str) -> None:
    """One of the processes."""
    distribution.initialize()
    index = distribution.process_index()
    x = np.memmap(Path(folder, FILE), "float32", "r", shape=(int(rows), COLUMNS))
    model = Sequential([layers.Input((COLUMNS,)), layers.Dense(1)])
    model.compile("adam", "mse", engine="jax")

    def fit(part: np.ndarray) -> None:
        given = WAYS[way](part, index)
        settings = {"batch_size": PROCESSES * BATCH} if len(given) == 2 else {}
        model.fit(*given, epochs=1, verbose=0, **settings)

    fit(x[: 8 * BATCH])
    before = anonymous()
    with watched() as most:
        fit(x)
    told = {"grown": (max(most) - before) / 2**20}
    Path(folder, f"{index}.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
