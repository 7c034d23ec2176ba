"""Two real processes over loopback: the numbers of one, and what happens when one fails."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")

from grafito import lab
from grafito.engines import processes
from grafito.engines.meeting import meet
from grafito.errors import ArgumentError, GraphError
from grafito.files import writing
from grafito.lab import launching

PROGRAM = str(Path(__file__).with_name("program.py"))


def kept(path):
    with np.load(path) as file:
        return [file[name] for name in file.files]


def gone(folder, seconds=5.0):
    """Whether the processes of a launch have ended."""
    ends = time.monotonic() + seconds
    alive = {int(path.read_text()) for path in folder.glob("pid-*")}
    assert len(alive) == 2
    while alive and time.monotonic() < ends:
        alive = {pid for pid in alive if Path(f"/proc/{pid}").exists() and not zombie(pid)}
        time.sleep(0.05)
    return not alive


def zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The numbers of one process on one device: of arrays, and of a stream."""
    folder = tmp_path_factory.mktemp("alone")
    for fault in ("", "stream"):
        subprocess.run([sys.executable, PROGRAM, folder / f"{fault}.npz", fault], check=True)
    return {fault: kept(folder / f"{fault}.npz") for fault in ("", "stream")}


def near(ours, theirs):
    return all(
        np.linalg.norm(a - b) <= 1e-6 * np.linalg.norm(b) for a, b in zip(ours, theirs, strict=True)
    )


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one_also_after_one_was_killed(alone, tmp_path):
    """Batches of 25 rows, which two do not divide. One writes files."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    lab.launch([PROGRAM, str(whole / "a.npz")], 2)
    assert near(kept(whole / "a.npz"), alone[""])
    assert [p.name for p in whole.glob("model-*")] == ["model-0.safetensors"]
    mark = broken / "mark"
    lab.launch([PROGRAM, str(broken / "a.npz"), "killed", str(mark)], 2, restarts=1)
    assert mark.exists()
    for a, b in zip(kept(whole / "a.npz"), kept(broken / "a.npz"), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_each_process_streams_its_own_part(alone, tmp_path):
    lab.launch([PROGRAM, str(tmp_path / "a.npz"), "stream"], 2)
    assert near(kept(tmp_path / "a.npz"), alone["stream"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("killed", "SIGKILL"),
        ("stopped", "no sign of life"),
        ("sleeps", "wait for one that does not come"),
        ("memory", "not enough memory"),
        ("data", "data"),
    ],
)
def test_a_process_that_fails_is_named_and_nothing_stays(fault, told, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(launching, "SILENT", 5.0)
    with pytest.raises(GraphError) as error:
        lab.launch([PROGRAM, str(tmp_path / "a.npz"), fault], 2, patience=9)
    ended = time.time()
    text = str(error.value) + capfd.readouterr().err
    assert told in text
    assert "process 1" in text
    assert "Check failure stack trace" not in text
    if fault != "data":
        assert ended - (tmp_path / "fault").stat().st_mtime < 30
    assert gone(tmp_path)


@pytest.mark.slow
def test_processes_end_with_their_supervisor(tmp_path):
    script = (
        f"from grafito import lab; lab.launch([{PROGRAM!r}, {str(tmp_path / 'a')!r}, 'sleeps'])"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    ends = time.monotonic() + 90
    while len(list(tmp_path.glob("pid-*"))) < 2 and time.monotonic() < ends:
        time.sleep(0.1)
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    assert gone(tmp_path, 10)


BROKEN = """
import os, signal
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from grafito import callbacks, distribution, lab, layers, models

class Break(callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        mark = os.environ.get("MARK")
        if epoch == 5 and distribution.process_index() == 1 and mark and not Path(mark).exists():
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)

@dataclass(frozen=True, kw_only=True)
class Broken(lab.Training):
    name = "broken"
    what = "A training that is ended once."
    epochs: int = 8

    def load(self):
        x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
        y = (x.sum(axis=1) > 0).astype(int)
        return (x, y), (x, y)

    def network(self, x):
        stack = [layers.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(2, "softmax")]
        return models.Sequential(stack)

    def callbacks(self):
        return [Break()]
"""


@pytest.mark.slow
def test_the_command_begins_again_and_ends_with_the_numbers_of_an_undisturbed_run(tmp_path):
    (tmp_path / "broken.py").write_text(BROKEN)
    found = {}
    for mark in ("", str(tmp_path / "mark")):
        words = ["launch", "-n", "2", "--restarts", "1", "run", "broken.py:Broken"]
        words += ["--engine", "jax", "--out", f"runs{bool(mark):d}"]
        done = subprocess.run(
            [sys.executable, "-m", "grafito", *words],
            env=os.environ | {"MARK": mark, "GRAFITO_LANG": "en"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        assert ("All processes begin again" in done.stdout) == bool(mark)
        assert ("SIGKILL" in done.stdout) == bool(mark)
        (folder,) = (tmp_path / f"runs{bool(mark):d}").glob("broken/*")
        metrics = json.loads((folder / "metrics.json").read_text())
        found[bool(mark)] = {k: v for k, v in metrics.items() if "seconds" not in k}
    assert (tmp_path / "mark").exists()
    assert found[False] == found[True]


# Alone


@pytest.mark.parametrize(
    ("name", "theirs"), [("jax", "0.0.1"), ("optimizer", {"learning_rate": 0.2}), ("data", None)]
)
def test_what_the_processes_do_not_agree_on_is_named(name, theirs, monkeypatch):
    ours = {"jax": "0.10", "optimizer": {"learning_rate": 0.1}, "data": "3f9c"}
    others = [json.dumps(ours), json.dumps({**ours, name: theirs})]
    monkeypatch.setattr(processes, "_count", 2)
    monkeypatch.setattr(processes, "gather", lambda text: others)
    with pytest.raises(GraphError, match=f"agree on: {name}") as error:
        processes.compare(ours)
    assert "process 1" in str(error.value)
    assert str(theirs) in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("127.0.0.1:1234", 2, 2), "below their number"),
        (("127.0.0.1:1234", 2, None), "process_id=None"),
        (("127.0.0.1", 2, 0), "'127.0.0.1'"),
        (("127.0.0.1:1234", "two", 0), "two"),
    ],
)
def test_numbers_that_cannot_be(arguments, told):
    with pytest.raises(ArgumentError) as error:
        processes.initialize(*arguments)
    assert told in str(error.value)


def test_several_addresses_are_so_many_processes():
    found = processes._given("10.0.0.1:1234,10.0.0.2:1234", None, 1)
    assert found == ("10.0.0.1:1234", 2, 1)


def test_a_process_0_that_does_not_answer_is_told_in_time(monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(ArgumentError, match="does not answer") as error:
        processes.initialize(address, 2, 1)
    assert address in str(error.value)
    assert time.monotonic() - began < 5


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ArgumentError, match=f"port {port}"):
            processes.initialize(f"127.0.0.1:{port}", 2, 0)


def meet_all(numbers, count=3, patience=5.0, counts=None):
    """What each process hears that comes with one of these numbers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    told = {}

    def come(place, number):
        try:
            meet(address, (counts or {}).get(place, count), number, patience)
            told[place] = ""
        except ArgumentError as error:
            told[place] = str(error)

    threads = [threading.Thread(target=come, args=pair) for pair in enumerate(numbers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return told


def test_processes_meet():
    assert meet_all([1, 2, 0]) == {0: "", 1: "", 2: ""}


@pytest.mark.parametrize(
    ("numbers", "settings", "words"),
    [
        ([0, 1, 1], {}, "process_id=1, twice"),
        ([0, 2, 2], {}, "process_id=2, twice"),
        ([0, 1], {"counts": {1: 4}}, "agree on: num_processes"),
        ([0, 2], {"patience": 0.5}, "none with process_id=1"),
    ],
)
def test_all_hear_that_the_numbers_do_not_fit(numbers, settings, words):
    began = time.monotonic()
    told = meet_all(numbers, **settings)
    assert all(words in text for text in told.values())
    assert time.monotonic() - began < 5


def test_a_second_process_0_finds_the_port_taken():
    told = meet_all([0, 0, 1], count=2)
    assert sorted("one process alone with the number 0" in text for text in told.values()) == [
        False,
        False,
        True,
    ]


def test_what_is_no_process_of_ours_is_left_alone():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = []
    waits = threading.Thread(
        target=lambda: told.append(meet(f"127.0.0.1:{port}", 2, 0, 10.0)), daemon=True
    )
    waits.start()
    for words in (b"GET / HTTP/1.1\r\n\r\n", b""):
        for _ in range(50):
            with contextlib.suppress(ConnectionRefusedError):
                with socket.create_connection(("127.0.0.1", port)) as stranger:
                    stranger.sendall(words)
                break
            time.sleep(0.1)
    meet(f"127.0.0.1:{port}", 2, 1, 5.0)
    waits.join(5)
    assert told == [None]


def test_what_another_program_answers_is_not_shown_but_told():
    """JAX's service, which has the port once all have met, begins with numbers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"\x00\x00\x12\x04\x00\x00\xff" * 10)

        threading.Thread(target=answer, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(ArgumentError, match="have met already") as error:
            meet(address, 2, 1, 0.5)
        server.shutdown(socket.SHUT_RDWR)  # the thread's accept ends
    assert time.monotonic() - began < 5
    assert str(error.value).replace("\n", "").isprintable()


LATE = """
import sys, time
from pathlib import Path
from grafito import distribution
from grafito.engines import processes
distribution.initialize()
Path(sys.argv[1], f"in-{distribution.process_index()}").touch()
ends = time.monotonic() + 120  # also where nobody lives any more who could end it
while not processes.largest(Path(sys.argv[1], "end").exists() or time.monotonic() > ends):
    time.sleep(0.1)
"""


@pytest.mark.slow
def test_one_that_comes_after_all_have_met_is_told_and_disturbs_nobody(tmp_path):
    (tmp_path / "late.py").write_text(LATE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    names = {"JAX_COORDINATOR_ADDRESS": address, "JAX_NUM_PROCESSES": "2"}
    started = [
        subprocess.Popen(
            [sys.executable, str(tmp_path / "late.py"), str(tmp_path)],
            env=os.environ | names | {"JAX_PROCESS_ID": number},
        )
        for number in "01"
    ]
    ends = time.monotonic() + 90
    while len(list(tmp_path.glob("in-*"))) < 2 and time.monotonic() < ends:
        time.sleep(0.1)
    began = time.monotonic()
    with pytest.raises(ArgumentError, match="have met already"):
        meet(address, 2, 1, 1.0)
    with pytest.raises(ArgumentError, match="cannot be opened"):
        meet(address, 2, 0, 1.0)
    assert time.monotonic() - began < 10
    (tmp_path / "end").touch()
    assert [process.wait(60) for process in started] == [0, 0]


@pytest.mark.slow
def test_two_processes_of_one_number_end_with_its_name(tmp_path):
    """JAX alone aborts with a stack of C++."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    began = time.monotonic()
    names = {"JAX_COORDINATOR_ADDRESS": address, "JAX_NUM_PROCESSES": "3"}
    started = [
        subprocess.Popen(
            [sys.executable, PROGRAM, str(tmp_path / "a")],
            env=os.environ | names | {"JAX_PROCESS_ID": number},
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in ("0", "1", "1")
    ]
    for process in started:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Two processes have one number" in told
        assert "process_id=1, twice" in told
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("words", "count", "told"),
    [
        ([], 2, "is a run"),
        (["run", "nope"], 2, "nope"),
        (["search", "xor"], 2, "search xor"),
        (["run", "xor"], 0, "processes=0"),
    ],
)
def test_what_cannot_be_launched(words, count, told):
    with pytest.raises(ArgumentError, match=told):
        lab.launch(words, count)


def test_what_another_process_writes_is_left_alone(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    log = writing.replace_file(tmp_path / "log.csv", "a\n")
    writing.only_below(scratch)
    try:
        writing.replace_file(tmp_path / "note.txt", "x")
        writing.append_to_file(log, "b\n")
        writing.replace_file(scratch / "note.txt", "x")
    finally:
        writing.only_below(None)
    assert not (tmp_path / "note.txt").exists()
    assert log.read_text() == "a\n"
    assert (scratch / "note.txt").read_text() == "x"
