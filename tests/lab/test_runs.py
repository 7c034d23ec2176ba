"""The folder of a run can be read and tells how the run ended, however it ended."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import errno
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from grafito import callbacks, engines, figures, lab
from grafito.errors import ArgumentError, FileError
from grafito.lab.experiments.dense_images import Digits
from grafito.lab.experiments.parity import Xor
from grafito.lab.folder import RunFolder
from grafito.lab.record import Record
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

    def show(self, record, trained):
        raise OSError(errno.ENOSPC, "No space left on device", "graph.svg")


def configuration(folder: Path) -> dict:
    (path,) = folder.glob("*/*/configuration.json")
    return json.loads(path.read_text())


def test_a_fault_is_recorded(tmp_path):
    with pytest.raises(ValueError, match="no such number"):
        lab.run(Broken(epochs=1), out=tmp_path, verbose=0)
    assert configuration(tmp_path)["status"] == "failed"
    assert "no such number" in configuration(tmp_path)["error"]
    (report,) = tmp_path.glob("*/*/report.html")
    assert "ValueError: no such number" in report.read_text()


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


# What makes a file or folder of this name.
NAMED = {
    "table": lambda name, record, _: record.table(name, ["x"], [[1]], "a table"),
    "figure": lambda name, record, _: record.figure(name, figures.curves({"loss": [1.0]}), "a"),
    "run": lambda name, _, out: lab.run(lab.get("xor", epochs=1), out=out, name=name, verbose=0),
    "seeds": lambda name, _, out: lab.run_seeds(_named(name), 2, out=out, verbose=0),
    "experiment": lambda name, _, out: lab.run(_named(name), out=out, verbose=0),
}
LEAVING = ["../escaped", "/escaped", "a/b", "..", "", r"..\escaped", "c:escaped", "a\0b"]


def _named(name):
    return type("Named", (Xor,), {"name": name})(epochs=1)


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", LEAVING)
def test_names_stay_in_their_folder(kind, name, tmp_path):
    out = tmp_path / "out" / "runs"
    record = Record(RunFolder(out, {}, "here"), engines.get("auto"))
    before = sorted(tmp_path.rglob("*"))
    if not name and kind == "run":
        return  # no name of its own
    with pytest.raises(ArgumentError, match=r"must not contain folders.*\n.*received"):
        NAMED[kind](name, record, out)
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/escaped").exists()


@pytest.mark.parametrize("name", ["../x", "..", "a/b", "/"])
def test_names_of_trainings_become_names_of_files(name, tmp_path):
    record = Record(RunFolder(tmp_path, {}, "here"), engines.get("auto"))
    history = callbacks.History()
    history.epoch, history.history = [0], {"loss": [1.0]}
    record.history(history, name, 1.0)
    (path,) = record.folder.path.glob("history*.csv")
    assert path.parent == record.folder.path


@contextlib.contextmanager
def long_run(out: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that trains for long and has finished its first epochs."""
    strict = ["-W", "error", "-W", "ignore::DeprecationWarning"]  # of older libraries
    words = [sys.executable, *strict, "-m", "grafito"]
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


@dataclass(frozen=True, kw_only=True)
class StoppedLater(Xor):
    """An experiment whose second seed is stopped."""

    def callbacks(self):
        return [callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: _interrupt(self.seed))]


def _interrupt(seed):
    if seed > 1:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_single_seed_before_ctrl_c_has_no_spread(tmp_path):
    results = lab.run_seeds(StoppedLater(epochs=40), 3, out=tmp_path, lang="en", verbose=0)
    assert [result.is_complete for result in results] == [True, False]
    page = (results[0].folder.parent / "report.html").read_text()
    assert "The seeds set the first weights" in page
    assert (
        "The training loss falls until the end: after 40 epochs" in page
    )  # of the seed that ended
    assert "seeds end with" not in page
    assert "on average" not in page


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
    titles, first, *_ = (folder / "history.csv").read_text().splitlines()
    assert titles.startswith("epoch,")
    assert first.startswith("0,")


def test_only_the_process_that_writes_names_a_folder(monkeypatch):
    result = lab.Result("xor", Path("runs/1"), "complete", {"right": 4.0}, 9, 1.0, "jax")
    assert "runs/1" in result.table()
    monkeypatch.setattr("grafito.engines.processes._index", 1)
    assert len(result.table().splitlines()) == 2


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
    assert re.match(r"Época 200/200 - .*loss: \d,\d+$", lines[-1])


@dataclass(frozen=True, kw_only=True)
class Sizes(Digits):
    """Few and all images side by side; alone it has few."""

    examples: int = 200
    variants: ClassVar = {"both": {}, "few": {}, "all": {"examples": 0}}
    together: ClassVar = {"both": ("few", "all")}


@pytest.mark.parametrize(("variant", "count"), [("few", "200"), ("all", ""), ("both", "")], ids=str)
def test_the_limits_are_those_of_the_network_that_won(variant, count, tmp_path):
    experiment = Sizes(epochs=8).another(variant)
    folder = lab.run(experiment, out=tmp_path, lang="en", verbose=0).folder
    page = (folder / "report.html").read_text()
    assert ("training examples were used, drawn by the seed" in page) == bool(count)
    assert not count or f"Only {count} training" in page


def test_command_names_only_what_was_changed():
    assert command(lab.get("xor", skip=True), "auto") == (
        "grafito run xor --variant plain --epochs 1000 --batch-size 4 --seed 1 --engine auto"
        " --set skip=true"
    )


def test_seeds_have_folders_of_their_own_and_a_table(tmp_path):
    results = lab.run_seeds(lab.get("xor", epochs=2, seed=4), 3, out=tmp_path, verbose=0)
    (folder,) = tmp_path.glob("xor/*")
    assert [r.folder for r in results] == [folder / f"seed-{seed}" for seed in (4, 5, 6)]
    rows = list(csv.DictReader((folder / "seeds.csv").read_text().splitlines()))
    assert [row["run"] for row in rows[3:]] == ["mean", "standard deviation"]
    losses = [result.metrics["loss"] for result in results]
    assert float(rows[3]["loss"]) == pytest.approx(sum(losses) / 3)
    assert float(rows[4]["loss"]) == pytest.approx(statistics.stdev(losses))
    assert "--seeds 3" in json.loads((folder / "configuration.json").read_text())["command"]


def test_counts_of_the_seeds_are_whole_and_shares_are_not(tmp_path):
    @dataclass(frozen=True, kw_only=True)
    class Counts(Xor):
        def conduct(self, record):
            numbers = {"steps": 30.0 + self.seed**2, "errors": 0.0}
            record.metrics({**numbers, "accuracy": 1.0, "loss": 0.5 * self.seed})

    lab.run_seeds(Counts.usual().with_settings(seed=1), 3, out=tmp_path, verbose=0)
    (file,) = tmp_path.glob("*/*/seeds.csv")
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["steps"] for row in rows] == ["31", "34", "39", "34.67", "4.04"]
    assert [row["errors"] for row in rows] == ["0"] * 5
    assert (rows[0]["accuracy"], rows[1]["loss"]) == ("1.0", "1.0")


@dataclass(frozen=True, kw_only=True)
class Errors(Xor):
    """Two forms, of which the second makes fewer errors."""

    variants: ClassVar = {"both": {}, "plain": {}, "concatenated": {"skip": True}}

    def forms(self):
        return {name: self.another(name) for name in ("plain", "concatenated")}

    def conduct(self, record):
        numbers = {"plain": 30.0 + self.seed, "concatenated": 3.0 + self.seed}
        record.metrics({f"{name} errors": errors for name, errors in numbers.items()})


@pytest.mark.parametrize(("kind", "ranked"), [(Errors, True), (lab.get("perceptron"), False)])
def test_forms_of_several_seeds_are_ranked_where_all_have_the_number(kind, ranked, tmp_path):
    experiment = kind if not isinstance(kind, type) else kind.usual()
    lab.run_seeds(experiment, 2, out=tmp_path, lang="es", verbose=0)
    (page,) = tmp_path.glob("*/*/report.html")
    text = page.read_text()
    assert ("La mejor es «concatenated»: errores 4,5, frente a 31,5" in text) == ranked
    assert ("plain – concatenated" in text) == ranked
    assert ranked or "La mejor es" not in text


def test_one_seed_has_no_spread(tmp_path):
    with pytest.raises(ArgumentError, match="two seeds"):
        lab.run_seeds(lab.get("xor"), 1, out=tmp_path)


@dataclass(frozen=True, kw_only=True)
class Pair(Xor):
    """Two forms, side by side."""

    variants: ClassVar = {"both": {}, "plain": {}, "concatenated": {"skip": True}}
    together: ClassVar = {"both": ("plain", "concatenated")}


def test_forms_side_by_side(tmp_path):
    result = lab.run(Pair.usual().with_settings(epochs=3), out=tmp_path, verbose=0)
    rows = list(csv.DictReader((result.folder / "results.csv").read_text().splitlines()))
    assert [(row["form"], row["parameters"], row["epochs"]) for row in rows] == [
        ("plain", "9", "3"),
        ("concatenated", "11", "3"),
    ]
    assert set(result.metrics) >= {"plain right", "concatenated right"}
    names = {path.name for path in result.folder.iterdir()}
    assert {"history-plain.csv", "model-concatenated.safetensors", "curves.svg"} <= names


def test_a_text_of_a_run_keeps_its_values_apart(tmp_path):
    @dataclass(frozen=True, kw_only=True)
    class Words(lab.Experiment):
        name = "words"
        what = "A text alone."

        def conduct(self, record):
            record.section("Section")
            record.text("It took {seconds} s.", seconds=1.5)
            with pytest.raises(ArgumentError, match="cell for each column"):
                record.table("t", ["a", "b"], [[1]], "Title")
            record.metrics({"answer": 42})

    result = lab.run(Words.usual(), out=tmp_path)
    assert result.metrics == {"answer": 42.0}
    index = json.loads((result.folder / "index.json").read_text())
    assert index[1] == {"kind": "text", "text": "It took {seconds} s.", "values": {"seconds": 1.5}}


def test_names_in_other_letters_have_files_of_their_own(tmp_path):
    record = Record(RunFolder(tmp_path, {}, "here"), engines.get("auto"))
    history = callbacks.History()
    history.epoch, history.history = [0], {"loss": [1.0]}
    names = ["\u0444\u043e\u0440\u043c\u0430", "\u0437\u0430\u043f\u0430\u0441", "a b", "a-b"]
    for name in names:
        record.history(history, name, 1.0)
    files = [entry["file"] for entry in json.loads((record.folder.path / "index.json").read_text())]
    assert len(set(files)) == len(names)
    assert all((record.folder.path / file).is_file() for file in files)
    with pytest.raises(ArgumentError, match="another name"):
        record.history(history, names[0], 1.0)
