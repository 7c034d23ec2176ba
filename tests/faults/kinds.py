"""Every kind of file that grafito writes: how a version of it is written, and read again."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from grafito import Sequential, callbacks, layers, models
from grafito.datasets import imdb, store
from grafito.datasets.registry import DataFile, DataSet
from grafito.engines.llvm.compilation import disk_cache
from grafito.errors import GrafitoError
from grafito.figures.canvas import Sheet
from grafito.files.writing import replace_file
from grafito.lab.folder import write_part
from grafito.models.examples import make_examples
from grafito.models.saving import load_step, save_step, step_file


@dataclasses.dataclass
class Kind:
    """One kind.

    Args:
        write: writes version 1 or 2 into a folder.
        read: the version in the folder; None for one that is not whole, where that is told.
        cache: whether one that is not whole costs only time.
        told: whether a fault while it is written is an error; else it is a warning, or nothing.
    """

    write: Callable[[Path, int], Any]
    read: Callable[[Path], int | None]
    cache: bool = False
    told: bool = True


def net(version: int) -> Sequential:
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    model.set_weights([np.full((2, 1), version, "f"), np.full(1, version, "f")])
    return model


MODELS = {version: net(version) for version in (1, 2)}


def read_model(folder: Path) -> int:
    return int(models.load_model(folder / "m").get_weights()[0][0, 0])


def read_weights(folder: Path) -> int:
    model = net(0)
    model.load_weights(folder / "m")
    return int(model.get_weights()[0][0, 0])


def checkpoint(folder: Path, version: int) -> None:
    keep = callbacks.ModelCheckpoint(folder / "m")
    keep.set_model(MODELS[version])
    keep.on_epoch_end(0, {})


BATCH = make_examples(np.ones((3, 2), "float32"), np.ones(3, "float32"))


def read_step(folder: Path) -> int:
    """That of the model; the batch is there with it."""
    step = load_step(folder)
    assert step.examples.x.tobytes() == BATCH.x.tobytes()
    assert step.number == step.model.get_weights()[0][0, 0]
    return step.number


def text(folder: Path, version: int) -> None:
    write_part(folder / "report.html", f"<p>{version}</p>" * 99)


def read_text(folder: Path) -> int | None:
    found = (folder / "report.html").read_text()
    return next((v for v in (1, 2) if found == f"<p>{v}</p>" * 99), None)


def draw(folder: Path, version: int) -> None:
    sheet = Sheet(figsize=(1, 1))
    sheet.text(0.5, 0.5, f"version {version}")
    sheet.savefig(folder / "f.svg")


def read_drawing(folder: Path) -> int | None:
    found = (folder / "f.svg").read_text()
    whole = found.endswith("</svg>\n")
    return next((v for v in (1, 2) if whole and f"version {v}" in found), None)


def log(folder: Path, version: int) -> None:
    """Version 2 is two more rows, one of them with a new column."""
    logger = callbacks.CSVLogger(folder / "log.csv", append=version == 2)
    logger.on_train_begin()
    for epoch in range(3 * (version - 1), 3 * version):
        logger.on_epoch_end(epoch, {"loss": 0.25, **({"acc": 1.0} if epoch > 3 else {})})
    logger.on_train_end()


def read_log(folder: Path) -> int | None:
    """1 where the rows of version 1 are there, and after them nothing that is none."""
    rows = list(csv.reader((folder / "log.csv").read_text().splitlines()))
    good = [row[:2] for row in rows[:4]] == [["epoch", "loss"], *([e, "0.25"] for e in "012")]
    good &= [row[0] for row in rows[4:-1]] == [*"345"][: len(rows[4:-1])]
    return 1 if good else None


FILES = {version: str(version).encode() * 5000 for version in (1, 2)}


def download(folder: Path, version: int) -> Path:
    data = FILES[version]
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    file = DataFile("d", ("http://127.0.0.1:9/d",), digest, len(data))

    def fetch(url: str, target: Any, _: Any) -> None:
        for start in range(0, len(data), 2000):
            target.write(data[start : start + 2000])

    cache = patch.object(store, "cache_folder", lambda: folder.parent)
    with cache, patch("pooch.HTTPDownloader", lambda **_: fetch):
        return store._download(DataSet(folder.name, *["x"] * 7), file)


def read_download(folder: Path) -> int | None:
    found = (folder / "d").read_bytes()
    return next((version for version, data in FILES.items() if data == found), None)


def parsed(folder: Path, version: int) -> None:
    table = {part: np.arange(1) for part in imdb._PARTS}
    starts = {part: np.array([0, 1]) for part in imdb._PARTS}
    imdb._keep(folder / "p", imdb.Corpus([str(version)], table, starts, table))


def read_parsed(folder: Path) -> int | None:
    try:
        return int(imdb._restore(imdb.read_arrays(folder / "p")[0]).words[0])
    except (GrafitoError, KeyError, ValueError):
        return None


def compiled(folder: Path, version: int) -> None:
    with patch.object(disk_cache, "folder", lambda: folder):
        disk_cache.write("entry", str(version).encode() * 999)


def read_compiled(folder: Path) -> int | None:
    with patch.object(disk_cache, "folder", lambda: folder):
        found = disk_cache.read("entry")
    return int(found[:1]) if found else None


KINDS = {
    "model": Kind(lambda f, v: MODELS[v].save(f / "m"), read_model),
    "weights": Kind(lambda f, v: MODELS[v].save_weights(f / "m"), read_weights),
    "checkpoint": Kind(checkpoint, read_model),
    "kept step": Kind(
        lambda f, v: save_step(MODELS[v], step_file(f).parent, BATCH, v, "a batch"), read_step
    ),
    "page or configuration": Kind(text, read_text),
    "figure": Kind(draw, read_drawing),
    "buffers": Kind(
        lambda f, v: replace_file(f / "d", [FILES[v][:2500], b"", FILES[v][2500:]]), read_download
    ),
    "download": Kind(download, read_download),
    "log": Kind(log, read_log, told=False),
    "parsed data": Kind(parsed, read_parsed, cache=True, told=False),
    "compiled code": Kind(compiled, read_compiled, cache=True, told=False),
}
