"""The folder of a run can be read and tells how the run ended, however it ended."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grafito import lab
from grafito.errors import FileError
from grafito.lab.parity import Xor
from grafito.lab.runner import command


@dataclass(frozen=True, kw_only=True)
class Broken(Xor):
    """An experiment that goes wrong after its training."""

    stop: bool = False

    def measure(self, model, data):
        raise KeyboardInterrupt if self.stop else ValueError("no such number")


@dataclass(frozen=True, kw_only=True)
class FullDisk(Xor):
    """An experiment whose figure finds no room."""

    def figures(self, model, data):
        raise OSError(errno.ENOSPC, "No space left on device", "graph.svg")
        yield


def configuration(folder: Path) -> dict:
    (path,) = folder.glob("*/*/configuration.json")
    return json.loads(path.read_text())


def test_a_fault_is_recorded(tmp_path):
    with pytest.raises(ValueError, match="no such number"):
        lab.run(Broken(epochs=1), out=tmp_path, verbose=0)
    assert configuration(tmp_path)["status"] == "failed"
    assert "no such number" in configuration(tmp_path)["error"]


def test_a_stop_after_the_training_is_recorded(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        lab.run(Broken(stop=True, epochs=1), out=tmp_path, verbose=0)
    assert configuration(tmp_path)["status"] == "interrupted"


def test_a_full_disk_is_a_clear_error(tmp_path):
    with pytest.raises(FileError, match="No space left"):
        lab.run(FullDisk(epochs=1), out=tmp_path, verbose=0)
    assert configuration(tmp_path)["status"] == "failed"


def test_an_unwritable_folder_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        lab.run(lab.get("xor", epochs=1), out=tmp_path / "file", verbose=0)


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    folders = {lab.run(lab.get("xor", epochs=1), out=tmp_path, verbose=0).folder for _ in "abc"}
    assert len(folders) == 3


@contextlib.contextmanager
def long_run(out: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that trains for long and has finished its first epochs."""
    words = [sys.executable, "-W", "error", "-m", "grafito"]
    words += ["run", "xor", "--epochs", "1000000", "--out", str(out), "--lang", "en"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            for _ in range(600):
                written = list(out.glob("xor/*/history.csv"))
                if written and written[0].read_text().count("\n") > 3:
                    break
                time.sleep(0.1)
            yield run
        finally:
            run.kill()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_a_readable_folder_marked_partial(tmp_path):
    with long_run(tmp_path) as run:
        run.send_signal(signal.SIGINT)
        printed, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "(partial)" in printed
    assert not errors
    assert configuration(tmp_path)["status"] == "interrupted"
    (folder,) = tmp_path.glob("xor/*")
    names = {path.name for path in folder.iterdir()}
    assert {"curves.svg", "history.csv", "metrics.json", "model.safetensors"} <= names
    epochs = json.loads((folder / "metrics.json").read_text())["epochs"]
    assert (folder / "history.csv").read_text().count("\n") == epochs + 1


def test_a_killed_run_is_recognised(tmp_path):
    with long_run(tmp_path) as run:
        run.kill()
        run.communicate(timeout=60)
    assert configuration(tmp_path)["status"] == "running"
    (folder,) = tmp_path.glob("xor/*")
    assert (folder / "history.csv").read_text().startswith("epoch,loss\n0,")


def test_result_table_is_aligned(tmp_path):
    result = lab.run(lab.get("ice-creams", epochs=2), out=tmp_path, verbose=0)
    for lang in ("en", "es"):
        titles, row, folder = result.table(lang).splitlines()
        assert titles.index(titles.split()[-1]) == row.index(result.engine)
        assert folder.endswith(str(result.folder))
    assert "," in result.table("es").splitlines()[1]
    assert "partial" in dataclasses.replace(result, status="interrupted").table()


def test_progress_shows_some_of_many_epochs(tmp_path, capsys):
    lab.run(lab.get("xor", epochs=200), out=tmp_path, lang="es")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20
    assert lines[-1].startswith("Época 200/200 - loss: ")


def test_command_names_only_what_was_changed():
    assert command(lab.get("xor", skip=True), "auto") == (
        "grafito run xor --variant plain --epochs 1000 --batch-size 4 --seed 1 --engine auto"
        " --set skip=true"
    )
