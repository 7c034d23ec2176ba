"""The data of a job: the published files where GRAFITO_DATA has them, else made-up ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.jobs import CLASSES, REVIEW, WORDS, Job


def load(job: Job) -> tuple[np.ndarray, np.ndarray, str]:
    """Inputs and targets of one run, and what they are, in words."""
    made = MADE.get(job.data)
    x, labels, words = made() if made else _real(job) or _generated(job)
    x, labels = x[: job.used], labels[: job.used]
    if x.dtype == np.uint8:  # as course programs do
        x = x.astype("float32") / 255
    x = x.reshape(len(x), *job.shape)
    y = {
        "labels": lambda: labels.astype("int32"),
        "one-hot": lambda: np.eye(CLASSES, dtype="float32")[labels],
        "binary": lambda: labels.astype("float32").reshape(-1, 1),
        "inputs": lambda: x,
    }[job.targets]()
    return x, y, f"{words}, {len(x):,} x {list(job.shape)} {x.dtype}"


def write(job: Job, folder: Path) -> str:
    """Store the arrays for the participants; what they are, in words.

    Images are stored twice, with channels last (x.npy) and first (x_first.npy): turning them is no
    part of the training, and the memory that it takes is not counted.
    """
    x, y, words = load(job)
    np.save(folder / "x.npy", x)
    if x.ndim == 4:
        np.save(folder / "x_first.npy", x.transpose(0, 3, 1, 2))
    if job.targets != "inputs":
        np.save(folder / "y.npy", y)
    return words


def read(folder: Path, channels_first: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The arrays that `write` stored; where there are no targets, they are the inputs."""
    first = folder / "x_first.npy"
    x = np.load(first if channels_first and first.exists() else folder / "x.npy")
    return x, np.load(folder / "y.npy") if (folder / "y.npy").exists() else x


def _xor() -> tuple[np.ndarray, np.ndarray, str]:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    return x, np.array([0, 1, 1, 0]), "the four rows"


def _moons() -> tuple[np.ndarray, np.ndarray, str]:
    from grafito.datasets import generators

    return *generators.moons(250, 0.25), "two half moons"


MADE = {"xor": _xor, "moons": _moons}


def _real(job: Job) -> tuple[np.ndarray, np.ndarray, str] | None:
    from grafito import datasets
    from grafito.datasets import store

    card = datasets.card(job.data)
    here = os.environ.get("GRAFITO_DATA") and all(store.find(card, file) for file in card.files)
    if not here:
        return None
    options = {"num_words": WORDS} if job.data == "imdb" else {}
    x, labels = getattr(datasets, job.data).load_data(**options)[0]
    if job.data == "imdb":
        from grafito.utils import pad_sequences

        x = pad_sequences(x, maxlen=REVIEW)
    return x, labels.reshape(-1), f"{job.data} as published"


def _generated(job: Job) -> tuple[np.ndarray, np.ndarray, str]:
    random = np.random.default_rng(0)
    size = (job.used, *job.shape)
    if job.data == "imdb":
        words = random.integers(1, WORDS, size, dtype="int32")
        return words, random.integers(0, 2, job.used), "random words in place of imdb"
    pixels = random.integers(0, 256, size, dtype="uint8")
    return pixels, random.integers(0, CLASSES, job.used), f"random pixels in place of {job.data}"
