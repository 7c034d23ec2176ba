"""How much memory a training takes whose data are larger: in a file, and handed over in batches."""

from __future__ import annotations

import contextlib
import gc
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grafito import Sequential, layers

GIBIBYTE = 2**30
COLUMNS = 1 << 14  # of float32, so that a row has 64 KiB
BATCH = 64
EVERY = 0.02  # seconds between two looks


def streaming(size: int) -> dict[str, float]:
    """MiB of anonymous memory that an epoch adds, by how a file of this size is handed over."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.f32")
        rows = written(path, size)
        return {
            f"memory, {name} of {size / GIBIBYTE:g} GiB, MiB": grown(path, rows, way)
            for name, way in WAYS.items()
        }


def written(path: Path, size: int) -> int:
    """Fill a file with numbers; how many rows it has."""
    part = np.random.default_rng(0).random((256, COLUMNS), dtype="float32")
    rows = size // (4 * COLUMNS)
    with path.open("wb") as file:
        for _ in range(rows // len(part)):
            part.tofile(file)
    return rows // len(part) * len(part)


class Batches:
    """An iterable over the batches of an array."""

    def __init__(self, x: np.ndarray):
        self.x = x

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(self.x), BATCH):
            x = self.x[start : start + BATCH]
            yield x, targets(x)


def targets(x: np.ndarray) -> np.ndarray:
    """The first column, which a layer can learn."""
    return np.ascontiguousarray(x[:, :1])


def mapped(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The array itself."""
    return x, targets(x)


def loader(x: np.ndarray) -> Any:
    """A loader of PyTorch over its rows."""
    import torch

    class Rows(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, row: int) -> Any:
            one = torch.from_numpy(np.array(x[row]))
            return one, one[:1]

    return torch.utils.data.DataLoader(Rows(), batch_size=BATCH, shuffle=True)


WAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "memmap": mapped,
    "iterable": Batches,
    "generator": lambda x: iter(Batches(x)),
    "DataLoader": loader,
}


def grown(path: Path, rows: int, way: Callable[[np.ndarray], Any]) -> float:
    """MiB that an epoch on a file adds to the anonymous memory at most."""
    x = np.memmap(path, "float32", "r", shape=(rows, COLUMNS))
    model = Sequential([layers.Input((COLUMNS,)), layers.Dense(1)])
    model.compile("adam", "mse")

    def fit(part: np.ndarray) -> None:
        data = way(part)
        given = data if isinstance(data, tuple) else (data,)
        settings = {"batch_size": BATCH} if isinstance(data, tuple) else {}
        model.fit(*given, epochs=1, verbose=0, **settings)

    fit(x[: 2 * BATCH])  # libraries and code are loaded
    gc.collect()
    before = anonymous()
    with watched() as most:
        fit(x)
    return (max(most) - before) / 2**20


def anonymous() -> int:
    """Bytes of this process that no file holds."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"RssAnon:\s+(\d+) kB", told)
    assert found is not None, "this system does not tell RssAnon"
    return int(found[1]) * 1024


@contextlib.contextmanager
def watched() -> Iterator[list[int]]:
    """The anonymous memory at many moments of a block."""
    seen, ended = [anonymous()], threading.Event()

    def look() -> None:
        while not ended.wait(EVERY):
            seen.append(anonymous())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
        seen.append(anonymous())
