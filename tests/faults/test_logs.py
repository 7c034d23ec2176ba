"""Logs and checkpoints on a disk that fails: training goes on, and what was written stays."""

from __future__ import annotations

import csv
import errno
import os
import shutil

import numpy as np
import pytest

from grafito import Sequential, callbacks, layers, models
from grafito.errors import FileError, GrafitoWarning
from grafito.files import writing

X, Y = np.ones((8, 2), "f"), np.ones((8, 1), "f")


def net():
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    return model


def rows(path):
    return list(csv.reader(path.read_text().splitlines()))


class From(callbacks.Callback):
    """Calls a function at the beginning of an epoch."""

    def __init__(self, **acts):
        self.acts = {int(epoch[1:]): act for epoch, act in acts.items()}

    def on_epoch_begin(self, epoch, logs=None):
        self.acts.get(epoch, lambda: None)()


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_does_not_end_the_training_and_its_rows_follow(tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    acts = From(e2=lambda: monkeypatch.setattr(os, "write", full), e4=lambda: monkeypatch.undo())
    with pytest.warns(GrafitoWarning, match="training goes on") as told:
        history = net().fit(X, Y, epochs=6, verbose=0, callbacks=[acts, callbacks.CSVLogger(path)])
    assert len(told) == 1
    assert [row[0] for row in rows(path)] == ["epoch", *"012345"]
    assert [float(row[1]) for row in rows(path)[1:]] == history.history["loss"]


def test_rows_cut_off_by_a_full_disk_are_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    real = os.write
    parts = iter([3])

    def short(handle, data):
        for part in parts:
            return real(handle, data[:part])
        return full()

    def begin():
        monkeypatch.setattr(os, "write", short)

    with pytest.warns(GrafitoWarning):
        net().fit(X, Y, epochs=4, verbose=0, callbacks=[From(e2=begin), callbacks.CSVLogger(path)])
    assert [row[0] for row in rows(path)] == ["epoch", "0", "1"]


@pytest.mark.parametrize("back", [True, False])
def test_a_folder_that_vanishes(back, tmp_path):
    path = tmp_path / "folder" / "log.csv"
    path.parent.mkdir()
    acts = {"e1": lambda: shutil.rmtree(path.parent)}
    acts |= {"e3": path.parent.mkdir} if back else {}
    with pytest.warns(GrafitoWarning, match="training goes on"):
        history = net().fit(
            X, Y, epochs=5, verbose=0, callbacks=[From(**acts), callbacks.CSVLogger(path)]
        )
    assert len(history.epoch) == 5
    assert not back or [row[0] for row in rows(path)] == ["epoch", *"01234"]


def test_a_row_that_was_cut_off_is_not_glued_to_the_next(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,0.5\n1,0.")
    net().fit(
        X, Y, epochs=4, initial_epoch=2, verbose=0,
        callbacks=callbacks.CSVLogger(path, append=True),
    )  # fmt: skip
    assert rows(path)[:3] == [["epoch", "loss"], ["0", "0.5"], ["1", "0."]]
    assert [row[0] for row in rows(path)[3:]] == ["2", "3"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a," + b"b" * 10**6], ids=["binary", "a huge field"]
)
def test_appending_to_what_is_no_log(content, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    log = callbacks.CSVLogger(path, append=True)
    with pytest.raises(FileError, match="append=False"):
        log.on_train_begin()
    assert path.read_bytes() == content


@pytest.mark.parametrize("only_weights", [True, False])
def test_a_checkpoint_that_fails_leaves_the_last_one(only_weights, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    saved = []
    acts = From(
        e2=lambda: (saved.append(path.read_bytes()), monkeypatch.setattr(writing.os, "write", full))
    )
    keep = callbacks.ModelCheckpoint(path, save_weights_only=only_weights)
    model = net()
    with pytest.warns(GrafitoWarning, match="checkpoint cannot be written") as told:
        history = model.fit(X, Y, epochs=4, verbose=0, callbacks=[acts, keep])
    monkeypatch.undo()
    assert len(history.epoch) == 4
    assert len(told) == 2
    assert path.read_bytes() == saved[0]
    model.load_weights(path) if only_weights else models.load_model(path)


def test_a_checkpoint_that_never_could_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    keep = callbacks.ModelCheckpoint(tmp_path / "file" / "m.safetensors")
    with pytest.raises(FileError):
        net().fit(X, Y, epochs=2, verbose=0, callbacks=keep)
