"""The one writer: whole files, kept modes, links, no devices, threads, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grafito import Sequential, layers, utils
from grafito.errors import FileError
from grafito.files import read_arrays, write_arrays, writing
from grafito.files.writing import replace_file, replacing

MINUTE = 60


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_the_mode_of_the_old_file_is_kept(mode, tmp_path):
    path = replace_file(tmp_path / "a", "old")
    path.chmod(mode)
    replace_file(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == mode


def test_a_new_file_has_the_mode_of_others_that_are_made(tmp_path):
    (tmp_path / "other").touch()
    made = replace_file(tmp_path / "a", b"")
    assert made.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_is_followed(tmp_path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far" / "file")
    for text in ("created", "replaced"):
        replace_file(link, text)
        assert link.is_symlink()
        assert (tmp_path / "far" / "file").read_text() == text


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_refused(kind, tmp_path):
    path = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/null")
    else:
        path.mkdir()
    before = os.stat(path).st_mode
    with pytest.raises(FileError, match=r"no regular file|a folder"):
        replace_file(path, "x")
    assert os.stat(path).st_mode == before
    assert os.listdir(tmp_path) == [kind]


def test_a_name_as_long_as_names_can_be(tmp_path):
    assert replace_file(tmp_path / ("a" * 255), "x").read_text() == "x"


def test_threads_that_write_to_one_path(tmp_path):
    wrong, path = [], tmp_path / "a"

    def save(letter):
        try:
            for _ in range(30):
                replace_file(path, letter * 100_000)
                if len(set(path.read_text())) != 1:
                    wrong.append("mixed")
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=save, args=letter) for letter in "abcd"]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_is_replaced_while_it_is_read(tmp_path, monkeypatch):
    """The reader has the old file open: that is what it reads."""
    path, plain = tmp_path / "a", Path.open
    write_arrays(path, {"x": np.zeros(3)}, {})

    def opened(self, *args):
        file = plain(self, *args)
        write_arrays(path, {"x": np.zeros(300)}, {})
        return file

    monkeypatch.setattr(Path, "open", opened)
    assert read_arrays(path)[0]["x"].shape == (3,)


def test_an_error_in_the_block_leaves_the_old_file(tmp_path):
    path = replace_file(tmp_path / "a", "old")
    with contextlib.suppress(KeyboardInterrupt), replacing(path) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_full_disk_is_seen_before_it_is_written_to(tmp_path):
    with pytest.raises(FileError, match="bytes free"), replacing(tmp_path / "a", 1 << 60):
        pass
    assert not os.listdir(tmp_path)


def test_the_same_model_is_the_same_bytes(tmp_path):
    files = []
    for name in "abc":
        utils.set_random_seed(0)
        model = Sequential([layers.Input((6,), name="i"), layers.Dense(3, name="d")], name="m")
        model.compile("adam", "mse")
        model.fit(np.ones((4, 6), "f"), np.ones((4, 3), "f"), verbose=0)
        model.save(tmp_path / name)
        files.append((tmp_path / name).read_bytes())
    assert len(set(files)) == 1


def stray(folder, process, place=None, age=2 * MINUTE):
    path = folder / f".grafito-{place or writing._place()}-{process}-{os.urandom(6).hex()}.tmp"
    path.touch()
    before = path.stat().st_mtime - age
    os.utime(path, (before, before))
    return path


def test_leftovers_of_dead_processes_are_removed_and_nothing_else(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    goes = [stray(tmp_path, dead.pid), stray(tmp_path, 7, "0" * 12, 2 * 24 * 60 * MINUTE)]
    stays = [
        stray(tmp_path, dead.pid, age=MINUTE / 2),  # another thread may be about to write
        stray(tmp_path, os.getpid(), age=100 * 24 * 60 * MINUTE),
        stray(tmp_path, dead.pid, "0" * 12),  # another machine
        tmp_path / ".grafito-1-2-3.tmp",
        tmp_path / "a.tmp",
    ]
    [path.touch() for path in stays[3:]]
    replace_file(tmp_path / "a", "x")
    assert not [path for path in goes if path.exists()]
    assert {path.name for path in stays} | {"a"} == set(os.listdir(tmp_path))


KILLED = """
import os, signal, sys
from grafito.files.writing import replacing
with replacing(sys.argv[1]) as file:
    file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_file_system_without_blocks_is_not_full(tmp_path, monkeypatch):
    """As /proc and /sys say of themselves."""
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: usage(total=0, free=0))
    assert replace_file(tmp_path / "a", "text").read_text() == "text"
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda _: usage(total=9, free=3))
    with pytest.raises(FileError, match="not enough space"):
        replace_file(tmp_path / "a", "text")


def usage(total, free):
    return SimpleNamespace(total=total, free=free)


def test_what_a_killed_process_left_goes_with_the_next_save(tmp_path):
    path = replace_file(tmp_path / "a", "old")
    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = set(os.listdir(tmp_path)) - {"a"}
    os.utime(tmp_path / left, (1, 1))
    writing._swept.clear()
    replace_file(path, "new")
    assert os.listdir(tmp_path) == ["a"]


def held_open(times):
    """`os.replace` of Windows while another program reads the file for so many tries."""
    tries = []

    def replace(source, target):
        tries.append(target)
        if len(tries) <= times:
            raise PermissionError(13, "Access is denied")
        return plain(source, target)

    plain = os.replace
    return replace


def test_windows_waits_for_a_program_that_reads_the_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"old")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    monkeypatch.setattr(os, "replace", held_open(3))
    writing.replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    monkeypatch.setattr(os, "replace", held_open(10**9))
    with pytest.raises(FileError, match="as it was") as told:
        writing.replace_file(path, b"newer")
    assert "model.safetensors" in str(told.value)
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
