"""A fault at every call of every kind of file, and a power failure after every one."""

from __future__ import annotations

import ast
import os
import warnings
from pathlib import Path

import pytest

import grafito
from faults.disk import CALLS, FAULTS, Disk, Killed, Recorder, lay
from faults.kinds import KINDS
from grafito.errors import FileError
from grafito.files import writing

TRIED = {"faults": 0, "images": 0}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def through(disk, monkeypatch, kind, folder):
    """Write version 2 through a disk; the error, if one came."""
    with monkeypatch.context() as patched, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patched.setattr(writing, "os", disk)
        try:
            kind.write(folder, 2)
        except (FileError, Killed) as error:
            return error
    return None


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", KINDS)
def test_a_fault_at_every_call(name, fault, folder, monkeypatch):
    kind = KINDS[name]
    kind.write(folder, 1)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    watch = Disk()
    assert through(watch, monkeypatch, kind, folder) is None
    assert {"open", "write", "replace", "close"} <= set(watch.calls)
    for at, call in enumerate(watch.calls):
        if fault == "short" and call != "write":
            continue
        lay(before, folder)
        disk = Disk(at, fault)
        TRIED["faults"] += 1
        error = through(disk, monkeypatch, kind, folder)
        case = f"{name}: {fault} at call {at}, {call}"
        assert kind.read(folder) in (1, 2), case
        if fault == "killed":
            assert isinstance(error, Killed), case
            continue
        assert len(list(folder.iterdir())) == 1, f"{case}: something is left behind"
        if fault == "short":
            assert error is None, case
            assert kind.read(folder) == 2 or name == "log", case
        elif kind.told:
            assert isinstance(error, FileError), case
        kind.write(folder, 2)  # and the next one is as if nothing had been
        assert kind.read(folder) == 2 or name == "log", case


@pytest.mark.parametrize("name", KINDS)
def test_a_power_failure_after_every_call(name, folder, tmp_path, monkeypatch):
    kind = KINDS[name]
    kind.write(folder, 1)
    recorder = Recorder(folder)
    assert through(recorder, monkeypatch, kind, folder) is None
    image = tmp_path / "image"
    image.mkdir()
    assert len(recorder.distinct()) > 1
    for number, held in enumerate(recorder.distinct()):
        lay(held, image)
        TRIED["images"] += 1
        found = kind.read(image)
        assert found in (1, 2) or (kind.cache and found is None), f"image {number} of {name}"
    if not kind.cache:  # what has been said to be written is there
        assert all(len(inode.pending) == 1 for inode in recorder.names[-1].values())
        assert len(recorder.names) == 1


def test_every_call_that_changes_a_disk_is_one_of_the_faults():
    source = Path(writing.__file__).read_text(encoding="utf-8")
    used = {name for name in dir(os) if f"os.{name}(" in source}
    others = {"fsdecode", "fstat", "getpid", "kill", "access", "stat", "readlink", "scandir"}
    assert used - others - {"strerror"} <= {*CALLS, "unlink", "fchown"}


# Files that are no results: file -> why they are opened for writing elsewhere.
ELSEWHERE = {
    "engines/processes.py": "what processes tell their supervisor, in a room that is removed",
    "lab/launching.py": "what the supervisor tells them, in the same room",
    "lab/building/__init__.py": "an exercise to fill in, only where there is no file yet",
    "lab/building/child.py": "an answer in a room that is removed",
    "lab/building/process.py": "a job in a room that is removed",
    "lab/searching/__init__.py": "a lock, which is empty",
}


def writes(tree):
    """Whether a file of the package opens a file for writing, or moves one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        modes = [a.value for a in node.args if isinstance(a, ast.Constant)]
        modes += [k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)]
        opened = name == "open" and any(
            isinstance(mode, str) and set(mode) <= set("rwxabt+") and set(mode) & set("wxa+")
            for mode in modes
        )
        moves = ("os.replace", "os.rename", "shutil.move", "shutil.copy", "np.savez")
        moved = any(m.endswith(f".{name}") for m in moves) and ast.unparse(node.func) in moves
        if opened or moved or name in ("write_text", "write_bytes", "mkstemp"):
            return True
    return False


def test_nothing_else_writes():
    package = Path(grafito.__file__).parent
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if writes(ast.parse(path.read_bytes()))
    }
    assert found - ELSEWHERE.keys() == {"files/writing.py"}


@pytest.fixture(scope="module", autouse=True)
def counted():
    """How much was tried, for `-s`."""
    yield
    print(f"\n{TRIED['faults']} faults, {TRIED['images']} images after a power failure")
