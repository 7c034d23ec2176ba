"""A student's code in a process of its own, with limits. It is no sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from grafito.errors import FileError
from grafito.language import message

CHILD = Path(__file__).with_name("child.py")
MEMORY = 2 << 30  # bytes of addresses
OUTPUT = 100_000  # bytes that may be printed
FILE = 10 << 20  # bytes in a file
PIECE = 1 << 14
FRAME = re.compile(r'File "(.+)", line (\d+) in ')

NO_SANDBOX = message(
    "Your files run in a process of their own, with limits of time, memory and output. That is no "
    "sandbox: they can do whatever you can, so check only what you wrote or have read."
)


@dataclass(frozen=True)
class Job:
    """What is asked of a student's files.

    Attributes:
        names: what each file must define, by the file without its ending.
        setup: code that comes first.
        steps: code that comes before, and the expression whose value is the answer.
        inputs: arrays by name.
        seconds: after which it is stopped.
    """

    names: Mapping[str, Sequence[str]]
    setup: str
    steps: Sequence[tuple[str, str]]
    inputs: Mapping[str, Any]
    seconds: int = 20


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        answers: of each step, until one failed.
        printed: by the files, shortened.
        stopped: "time" or "output" where a limit stopped it, "exit" where it ended by itself.
        where: file, line and source at which it was when its time was over, where that is known.
    """

    answers: list[dict[str, Any]]
    printed: str = ""
    stopped: str = ""
    where: tuple[str, int, str] | None = None


def run_job(folder: Path, job: Job) -> Outcome:
    """Run the files of a folder in a process of their own.

    Raises:
        FileError: for a folder that is not there.
    """
    if not folder.is_dir():
        raise FileError(
            "There is no such folder.", where=folder, fix=f"grafito build start --folder {folder}"
        )
    with tempfile.TemporaryDirectory(prefix="grafito-") as name:
        room = Path(name)
        limits = (MEMORY, job.seconds + 1, FILE)
        told: dict[str, Any] = {
            "names": job.names,
            "setup": job.setup,
            "steps": job.steps,
            "limits": limits,
        }
        told["seconds"] = job.seconds
        (room / "job.json").write_text(json.dumps(told), encoding="utf-8")
        np.savez(room / "inputs.npz", **job.inputs)
        printed, stopped = _follow(_started(room, folder), job.seconds)
        try:
            answers = json.loads((room / "answer.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            answers = []
        where = _where(room / "where.txt", folder) if stopped == "time" else None
    return Outcome(answers, printed, stopped if stopped or answers else "exit", where)


def _where(told: Path, folder: Path) -> tuple[str, int, str] | None:
    """File, line and source of what ran when the time was nearly over, if that is a student's."""
    try:
        frames = FRAME.findall(told.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    for name, line in frames:  # the innermost one comes first
        path = Path(name)
        if path.parent == folder.resolve():
            source = path.read_text(encoding="utf-8", errors="replace").splitlines()
            return path.name, int(line), "".join(source[int(line) - 1 : int(line)]).strip()
    return None


def _started(room: Path, folder: Path) -> subprocess.Popen[bytes]:
    quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        [sys.executable, "-P", "-B", str(CHILD), str(room)],
        cwd=folder,
        env={**os.environ, **quiet},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, which ends as a whole
    )


def _follow(process: subprocess.Popen[bytes], seconds: int) -> tuple[str, str]:
    """What it prints, and the limit that stopped it; nothing of its group runs on afterwards."""
    read = bytearray()
    too_much = threading.Event()

    def collect(stream: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):  # closed below
            while piece := os.read(stream.fileno(), PIECE):
                read.extend(piece)
                if len(read) > OUTPUT:
                    too_much.set()
                    _end(process)
                    return

    assert process.stdout is not None
    reader = threading.Thread(target=collect, args=(process.stdout,), daemon=True)
    reader.start()
    stopped = ""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        stopped = "time"
    finally:
        _end(process)
        process.wait()
        reader.join(timeout=2)
        process.stdout.close()
    return read[:OUTPUT].decode("utf-8", "replace"), "output" if too_much.is_set() else stopped


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:  # Windows
            process.kill()
