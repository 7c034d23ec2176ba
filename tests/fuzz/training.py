"""`fit` with random settings, against a loop in NumPy that is written out."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np

from grafito import Sequential, callbacks, engines, layers, utils
from grafito.datasets.transforms import stratified_split
from grafito.optimizers import SGD

SHORT = 200  # cases of the short form

RATE = 0.05
KINDS = ["arrays", "arrays", "arrays", "iterable", "generator", "dataset"]


class Dataset(utils.PyDataset):
    """Batches by number; counts its epochs."""

    def __init__(self, batches: list[Any], workers: int):
        super().__init__(workers=workers)
        self.batches, self.ends = batches, 0

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, i: int) -> Any:
        return self.batches[i]

    def on_epoch_end(self) -> None:
        self.ends += 1


class Iterable:
    """Batches that start again."""

    def __init__(self, batches: list[Any]):
        self.batches = batches

    def __iter__(self) -> Any:
        return iter(self.batches)


class Line:
    """A line fitted by gradient descent, with the sums of an epoch: the witness."""

    def __init__(self, w: Any, b: Any):
        self.w, self.b = w.astype("float64"), b.astype("float64")

    def epoch(self, batches: list[Any], train: bool) -> dict[str, float]:
        """Go through batches (x, y, weights); what the logs should say."""
        sums: dict[str, list[float]] = {"loss": [], "mae": [], "weighted": []}
        n, weighed = [], []
        for x, y, weights in batches:
            v = np.ones(len(x)) if weights is None else weights.astype("float64")
            error = x @ self.w + self.b - y
            sums["loss"].append((v * error[:, 0] ** 2).mean())
            sums["mae"].append(np.abs(error).mean())
            sums["weighted"].append((v * np.abs(error[:, 0])).sum())
            n.append(len(x))
            weighed.append(v.sum())
            if train:
                slope = 2 * v[:, None] * error / len(x)
                self.w = self.w - RATE * x.T @ slope
                self.b = self.b - RATE * slope.sum(axis=0)
        logs = {name: float(np.average(sums[name], weights=n)) for name in ("loss", "mae")}
        total = sum(weighed)
        return logs | {"weighted_mae": sum(sums["weighted"]) / total if total else 0.0}


def cut(data: tuple[Any, Any, Any], size: int) -> list[Any]:
    """Arrays as batches."""
    n = len(data[0])
    return [tuple(p if p is None else p[i : i + size] for p in data) for i in range(0, n, size)]


def epochs_of(batches: list[Any], steps: int | None, epochs: int) -> list[list[Any]]:
    """The batches of each epoch: an epoch goes on where the one before ended."""
    result, at = [], 0
    for _ in range(epochs):
        if at >= len(batches):
            at = 0
        part = batches[at : at + (steps or len(batches))]
        at += len(part)
        result.append(part)
    return result


def given(batch: Any) -> Any:
    """A batch as a stream gives it: without weights where there are none."""
    return batch if batch[2] is not None else batch[:2]


def case(rng: np.random.Generator) -> None:
    """One training: its logs, its weights and the epochs of its data."""
    n, size = int(rng.integers(2, 14)), int(rng.integers(1, 6))
    epochs = int(rng.integers(1, 4))
    kind = str(rng.choice(KINDS))
    x = rng.normal(size=(n, 2)).astype("float32") * rng.choice([0, 1], size=(n, 2), p=[0.2, 0.8])
    y = rng.integers(0, 2, (n, 1)).astype("float32")
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], n) if rng.random() < 0.4 else None
    data = (x.astype("float32"), y, None if weights is None else weights.astype("float32"))
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    fast = "llvm" in engines.names() and rng.random() < 0.05  # it compiles for each new size
    engine = "llvm" if fast else "reference"
    model.compile(SGD(RATE), loss="mse", metrics=["mae"], weighted_metrics=["mae"], engine=engine)
    settings: dict[str, Any] = {"epochs": epochs, "shuffle": False, "verbose": 0}
    train, held_out = data, None
    if kind == "arrays" and n > 4 and rng.random() < 0.5:
        share = float(rng.choice([0.2, 0.5]))
        kept, held = stratified_split(y, share, seed=model._shuffle_seed % 2**32)
        train, held_out = (tuple(p if p is None else p[i] for p in data) for i in (kept, held))
        settings["validation_split"] = share
    elif rng.random() < 0.5:
        held_out = tuple(p if p is None else p[::-1] for p in data)
        settings["validation_data"] = given(held_out)
    if kind == "arrays" and rng.random() < 0.6:
        classes = {0: 1.0, 1: float(rng.choice([0.0, 2.0, 10.0]))}
        settings["class_weight"] = classes
        factor = np.array([classes[int(label)] for label in train[1][:, 0]])
        train = (*train[:2], factor if train[2] is None else train[2] * factor)
    batches = cut(train, size)
    steps = int(rng.integers(1, len(batches) + 1)) if rng.random() < 0.7 else None
    if steps is not None:
        settings["steps_per_epoch"] = steps
    expected = epochs_of(batches, steps, epochs)
    if kind == "generator":  # nobody can tell where its data begin again
        steps = settings["steps_per_epoch"] = steps or len(batches)
        endless = itertools.cycle(batches)
        expected = [list(itertools.islice(endless, steps)) for _ in range(epochs)]
    stream = [given(batch) for batch in batches]
    workers = int(rng.choice([1, 2]))
    source = {
        "arrays": None,
        "iterable": Iterable(stream),
        "generator": (given(batch) for part in expected for batch in part),
        "dataset": Dataset(stream, workers),
    }[kind]
    if held_out is not None:
        settings["validation_batch_size"] = int(rng.integers(1, 6))
        held_out = cut(held_out, settings["validation_batch_size"])
        if rng.random() < 0.3:
            held_out = held_out[: int(rng.integers(1, len(held_out) + 1))]
            settings["validation_steps"] = len(held_out)
    if rng.random() < 0.3:
        within = str(rng.choice(["on_train_batch_end", "on_train_batch_begin", "on_epoch_end"]))

        def look(number: int, logs: Any) -> None:
            model.evaluate(x[:2], 9 + y[:2], verbose=0)

        settings["callbacks"] = callbacks.LambdaCallback(**{within: look})
    witness = Line(*model.get_weights())
    logs = []
    for part in expected:
        row = witness.epoch(part, train=True)
        if held_out is not None:
            row |= {f"val_{k}": v for k, v in witness.epoch(held_out, train=False).items()}
        logs.append(row)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd weights and short epochs are meant
        if kind == "arrays":
            settings |= {"batch_size": size, "sample_weight": data[2]}
            history = model.fit(x.astype("float32"), y, **settings).history
        else:
            history = model.fit(source, **settings).history
    for name in logs[0]:
        wanted = [row[name] for row in logs]
        np.testing.assert_allclose(
            history[name], wanted, rtol=2e-4, atol=1e-5, err_msg=f"{name} {kind} {settings}"
        )
    np.testing.assert_allclose(model.get_weights()[0], witness.w, rtol=2e-4, atol=1e-5)
    if kind == "dataset":
        assert source.ends == epochs
