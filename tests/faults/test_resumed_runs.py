"""A run that was stopped goes on in its folder and ends with the numbers of one that was not."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grafito import callbacks, lab
from grafito.errors import ArgumentError, FileError
from grafito.lab import backups
from grafito.lab.experiments.descent import Way
from grafito.lab.folder import RunFolder, alone_in
from grafito.models import load_model

PROGRAM = """
import os, signal
from dataclasses import dataclass
from typing import ClassVar
from grafito import callbacks, lab, layers, models
from grafito.lab.experiments.parity import Xor
from grafito.lab import backups

backups.EVERY = backups.SHARE = 0

class Kill(callbacks.Callback):
    done = 0
    counts = ("done",)

    def on_epoch_end(self, epoch, logs=None):
        Kill.passed = getattr(Kill, "passed", 0) + 1
        self.done += 1
        with open(os.environ["TOLD"], "a") as file:
            file.write(f"{epoch} {self.done}\\n")
        if Kill.passed == int(os.environ["KILL"]):
            os.kill(os.getpid(), signal.Signals[os.environ["HOW"]])

@dataclass(frozen=True, kw_only=True)
class Pair(Xor):
    name = "pair"
    what = "Two forms, side by side."
    variants: ClassVar = {"both": {}, "plain": {}, "concatenated": {"skip": True}}
    together: ClassVar = {"both": ("plain", "concatenated")}

    def callbacks(self):
        return [Kill()]

    def answer(self, record, trained):
        pass

    def show_together(self, record, trained):
        some = next(iter(trained.values())).model
        record.trial(some, [[0.0, 1.0]], [[1.0]])
"""
TIMES = ("seconds",)


def grafito(program, folder, *words, kill=0, how="SIGKILL"):
    """One try of the command; what it printed, and how it ended."""
    names = {"KILL": str(kill), "HOW": how, "TOLD": str(folder / "told"), "LANGUAGE": "en"}
    command = [sys.executable, "-m", "grafito", "run", f"{program}:Pair", *words, "--lang", "en"]
    ended = subprocess.run(
        command, env={**os.environ, **names}, capture_output=True, text=True, timeout=300
    )
    return ended.returncode, ended.stdout + ended.stderr


def begin(program, folder, kill, how="SIGKILL"):
    folder.mkdir()
    ended = grafito(program, folder, "--epochs", "6", "--out", str(folder), kill=kill, how=how)
    (run,) = folder.glob("pair/*")
    return run, *ended


def left(run: Path):
    """What a run left, times and drawings apart."""
    numbers = json.loads((run / "metrics.json").read_text())
    files = {path.relative_to(run).as_posix() for path in run.rglob("*")}
    tables = {path.name: path.read_text() for path in run.glob("history*.csv")}
    weights = {
        path.name: [w.tobytes() for w in load_model(path).get_weights()]
        for path in run.glob("*.safetensors")
    }
    return {k: v for k, v in numbers.items() if k not in TIMES}, files, tables, weights


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "pair.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture(scope="module")
def whole(program):
    run, code, told = begin(program, program.parent / "whole", 0)
    assert code == 0, told
    return run


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_ends_as_one_that_was_not(program, whole, tmp_path):
    """Killed in its first training, and then in its second."""
    run, code, _ = begin(program, tmp_path / "killed", 4)
    assert code == -signal.SIGKILL
    assert (run / backups.FOLDER).is_dir()
    resumed = ("--resume", str(run))
    assert grafito(program, tmp_path / "killed", *resumed, kill=5)[0] == -signal.SIGKILL
    code, told = grafito(program, tmp_path / "killed", *resumed)
    assert code == 0, told
    assert str(run) in told
    assert left(run) == left(whole)
    configuration = json.loads((run / "configuration.json").read_text())
    assert configuration["status"] == "complete"
    assert len(configuration["resumed"]) == 2
    lines = (tmp_path / "killed/told").read_text().splitlines()
    assert [line.split()[0] for line in lines] == [*"0123", *"345", *"01", *"12345"]
    code, told = grafito(program, tmp_path / "killed", *resumed)
    assert code != 0
    assert "The run is complete" in told


@pytest.fixture
def seeds_begun(tmp_path, monkeypatch):
    """The folder of a run from three seeds that was stopped after the training of the second."""
    kind = type(lab.get("xor"))
    measure = kind.measure

    def fail(self, *given):
        if self.seed == 2:
            raise Stopped
        return measure(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(kind, "measure", fail)
        with pytest.raises(Stopped):
            lab.run_seeds(lab.get("xor", epochs=3, seed=1), 3, out=tmp_path, verbose=0)
    (folder,) = tmp_path.glob("xor/*")
    return folder


def test_a_run_from_several_seeds_goes_on(seeds_begun, tmp_path):
    """The first is not repeated, the second goes on, the third is run."""
    whole = lab.run_seeds(lab.get("xor", epochs=3, seed=1), 3, out=tmp_path / "whole", verbose=0)
    told = (seeds_begun / "seed-1/configuration.json").read_bytes()
    (seeds_begun / "seed-3").mkdir()  # as of a process killed there
    results = lab.resume(seeds_begun, verbose=0)
    assert [r.metrics for r in results] == [r.metrics for r in whole]
    assert [(r.experiment, r.epochs, r.engine, r.status) for r in results] == [
        (r.experiment, r.epochs, r.engine, r.status) for r in whole
    ]
    assert (seeds_begun / "seed-1/configuration.json").read_bytes() == told
    for name in ("seed-1", "seed-2", "seed-3"):
        assert left(seeds_begun / name) == left(whole[0].folder.parent / name)
        stored = (name, "model.safetensors")  # with the names of layers
        kept = seeds_begun.joinpath(*stored).read_bytes()
        assert kept == whole[0].folder.parent.joinpath(*stored).read_bytes()
    assert left(seeds_begun)[0] == left(whole[0].folder.parent)[0]
    kept = json.loads((seeds_begun / "configuration.json").read_text())
    assert (kept["status"], len(kept["resumed"])) == ("complete", 1)
    with pytest.raises(FileError, match="run is complete"):
        lab.resume(seeds_begun, verbose=0)


def test_seeds_on_the_command_line(seeds_begun, monkeypatch):
    def command(*words):
        line = [sys.executable, "-m", "grafito", "run", "xor", "--resume", str(seeds_begun)]
        ended = subprocess.run([*line, *words], capture_output=True, text=True, timeout=300)
        return ended.returncode, ended.stdout + ended.stderr

    code, told = command("--seeds", "4")
    assert (code, "says how many seeds" in told) == (2, True)
    code, told = command("--epochs", "9")
    assert (code, "other settings" in told) == (2, True)
    code, told = command("--author", "Ana")
    assert code == 0, told
    assert [f"seed-{n}" in told for n in (1, 2, 3)] == [True] * 3
    assert str(seeds_begun / "report.html") in told


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupted_run_goes_on(program, whole, tmp_path):
    run, code, told = begin(program, tmp_path / "stopped", 3, "SIGINT")
    assert code == 1
    assert "(partial)" in told
    code, told = grafito(program, tmp_path / "stopped", "--resume", str(run))
    assert code == 0, told
    assert left(run) == left(whole)


class Stopped(Exception):
    """Stands for whatever ends a run."""


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """The folder of a run that failed after its training."""

    def fail(*_):
        raise Stopped

    kind = type(lab.get("xor"))
    with monkeypatch.context() as patched:
        patched.setattr(kind, "measure", fail)
        with pytest.raises(Stopped):
            lab.run(lab.get("xor", epochs=3), out=tmp_path, verbose=0)
    (folder,) = tmp_path.glob("xor/*")
    return folder


def change(folder, **entries):
    path = folder / "configuration.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


REFUSED = {  # what is done to the folder, what is asked for, the error, and what it names
    "complete": (lambda f: change(f, status="complete"), {}, FileError, "run is complete"),
    "another experiment": (lambda f: None, {"experiment": "digits"}, ArgumentError, "another exp"),
    "other settings": (lambda f: None, {"epochs": 9}, ArgumentError, "epochs=9\n.*epochs=3"),
    "another form": (lambda f: None, {"variant": "concatenated"}, ArgumentError, "other settings"),
    "another engine": (lambda f: None, {"engine": "reference"}, ArgumentError, "engine=reference"),
    "another version": (
        lambda f: change(f, versions={"grafito": "0.0.1"}),
        {},
        FileError,
        "another version.*\n.*\n.*0.0.1",
    ),
    "an older form": (lambda f: change(f, changes=None), {}, FileError, "description .* damaged"),
    "no description": (
        lambda f: (f / "configuration.json").unlink(),
        {},
        FileError,
        "not the folder of a run",
    ),
    "a damaged description": (
        lambda f: (f / "configuration.json").write_text("{"),
        {},
        FileError,
        "description .* damaged",
    ),
    "a name of somebody else": (
        lambda f: change(f, experiment="x.py:X"),
        {},
        ArgumentError,
        "does not have",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_go_on_says_so_and_stays(name, begun):
    do, asked, error, told = REFUSED[name]
    do(begun)
    before = {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()}
    with pytest.raises(error, match=told):
        lab.resume(begun, verbose=0, **asked)
    assert {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()} == before


def test_a_run_that_failed_goes_on(begun, tmp_path):
    whole = lab.run(lab.get("xor", epochs=3), out=tmp_path, verbose=0)
    result = lab.resume(begun, verbose=0)
    assert result.is_complete
    assert result.metrics == whole.metrics
    assert left(result.folder) == left(whole.folder)


def test_a_run_of_another_machine_warns(begun):
    versions = json.loads((begun / "configuration.json").read_text())["versions"]
    change(begun, versions={**versions, "numpy": "1.0"})
    with pytest.warns(UserWarning, match="last digits"):
        lab.resume(begun, verbose=0)


def test_a_callback_without_state_goes_without_a_backup(tmp_path):
    class Seen(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None): ...

    class Counted(Seen):
        counts = ("epochs",)

    folder = RunFolder(tmp_path, {}, "here")
    for given, count in (
        ([], 1),
        ([callbacks.EarlyStopping()], 1),
        ([Counted()], 1),
        ([callbacks.EarlyStopping(), Seen()], 0),
        ([Way()], 1),
    ):
        assert len(backups.backup_of(folder, "history", given)) == count


def test_backups_take_little_of_the_time(tmp_path, monkeypatch):
    """Where one took a second, the next comes twenty seconds later."""
    now, written = [0.0], []

    class Slow(callbacks.BackupAndRestore):
        def _write(self, *_):
            written.append(now[0])
            now[0] += 1

    monkeypatch.setattr(backups.BackupAndRestore, "_write", Slow._write)
    monkeypatch.setattr(backups.time, "perf_counter", lambda: now[0])
    (backup,) = backups.backup_of(RunFolder(tmp_path, {}, "here"), "history", [])
    for epoch in range(60):
        now[0] += 1
        backup.at_epoch(epoch)
    assert written == [5, 26, 47]


@pytest.mark.skipif(os.name == "nt", reason="Windows locks no folders")
def test_a_run_that_is_under_way_is_left_alone(begun):
    before = (begun / "configuration.json").read_bytes()
    with alone_in(begun), pytest.raises(FileError, match="Another process works"):
        lab.resume(begun, verbose=0)
    assert (begun / "configuration.json").read_bytes() == before
    assert lab.resume(begun, verbose=0).is_complete
