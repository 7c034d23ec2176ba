"""Starts several processes of one program on this machine, and watches over them.

JAX alone waits long where a process is gone, and ends with the stack of a C++ program. Here the
first that fails is named, all others are ended, and the run can go on from its last backup.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from grafito.engines import devices
from grafito.engines.processes import (
    BEAT,
    COORDINATOR,
    COUNT,
    INDEX,
    PATIENCE,
    RUN,
    SUPERVISOR,
    initialize,
)
from grafito.errors import ArgumentError, GraphError
from grafito.lab.catalog import get
from grafito.language import current, message, say, translate

TOGETHER = ("run", "doctor")  # commands that know of other processes
SILENT = 12.0  # seconds without a sign of life after which a process counts as stopped
GRACE = 2.0  # seconds in which the cause shows where one process lost another
LOOK = 0.1  # seconds between two looks at the processes
NOTHING = message("nothing for {} seconds")
INTERRUPTED = 15.0  # seconds that a run has to end in order after Ctrl-C
SHOWN = 12  # lines of what a process said before it failed
# What JAX's runtime in C++ writes, line by line.
NOISE = re.compile(r"[IWEF]\d{4} \d\d:\d\d:|\*\*\* |    @ |\[Gloo\]|RPC: /xla|absl::Status")
LOST = re.compile("another.task.died|coordination.service|JAX.distributed.service")


@dataclass(frozen=True)
class Failure:
    """The process that failed first, and how."""

    number: int
    what: str
    received: str
    expected: str | None = None
    code: int = 1


def join(count: int | None = None) -> None:
    """Join the processes that were launched with this one, if any, and take devices.

    Args:
        count: how many devices of each process; on a CPU they are made. None takes all, or in a
            process that runs alone what `grafito.distribution` says.

    Raises:
        ArgumentError: where there are fewer.

    Example:
        >>> join()  # alone, on one device
    """
    if count is not None:
        devices.make_cpu_devices(count)
    initialize()
    if count is not None:
        devices.take_devices(count)


def launch(
    words: Sequence[str],
    processes: int = 2,
    *,
    restarts: int = 0,
    patience: float = PATIENCE,
) -> None:
    """Run a program in several processes that train together; return when all have ended.

    Args:
        words: a command of `grafito`, as in ["run", "lenet"], or a file of Python and its
            arguments; the file calls `grafito.distribution.initialize()` first.
        processes: how many.
        restarts: how often all begin again after one has failed; a run goes on from its last
            backup.
        patience: seconds that a process may be behind the others.

    Raises:
        ArgumentError: for a number that cannot be.
        GraphError: which names the process that failed.

    Example:
        >>> launch(["run", "xor"], processes=0)
        Traceback (most recent call last):
        ...
        grafito.errors.ArgumentError: A run has at least one process.
          received  processes=0
    """
    if processes < 1 or restarts < 0:
        raise ArgumentError(
            "A run has at least one process.",
            received=f"processes={processes}" + (f", restarts={restarts}" if restarts else ""),
        )
    words = list(words)
    if not words or not (words[0] in TOGETHER or words[0].endswith(".py")):
        raise ArgumentError(
            "What is launched is a run, or a file of Python.",
            received=" ".join(words) or None,
            fix="grafito launch -n 2 run lenet --quick",
        )
    if words[0] == "run" and len(words) > 1 and not words[1].startswith("-"):
        get(words[1])  # an unknown name is refused before anything starts
    for left in range(restarts, -1, -1):
        with tempfile.TemporaryDirectory(prefix="grafito-", ignore_cleanup_errors=True) as folder:
            workers = Workers(words, processes, Path(folder), patience)
            failure = workers.watch()
            if failure is None:
                return
            run = workers.run_folder()
        if not left or failure.code == 2:  # wrong use stays wrong
            raise _told(failure, processes, run)
        say(_told(failure, processes, None).told(translate))
        say(translate("All processes begin again."))
        if run and words[0] == "run" and not {"--resume", "--seeds"} & set(words):
            words += ["--resume", run]


def _told(failure: Failure, processes: int, run: str | None) -> GraphError:
    return GraphError(
        failure.what,
        where=f"process {failure.number} of {processes}",
        received=failure.received,
        expected=failure.expected,
        fix=f"grafito launch -n {processes} --restarts 1 run ... --resume {run}" if run else None,
    )


class Workers:
    """The processes of one try.

    Args:
        words: as in `launch`.
        count: how many.
        folder: where they leave signs of life.
        patience: as in `launch`.
    """

    def __init__(self, words: Sequence[str], count: int, folder: Path, patience: float):
        self._folder, self._patience = folder, patience
        script = words[0].endswith(".py")
        command = [sys.executable, *(words if script else ["-m", "grafito", *words])]
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self._processes: list[subprocess.Popen[Any]] = []
        self._seen: dict[int, Any] = {}  # the last sign of life, by process
        self._silent = [0.0] * count  # seconds without another one
        self._behind = [0.0] * count  # seconds that the others wait for it
        self._looked = time.monotonic()
        self._asked_to_end = 0.0
        try:
            for index in range(count):
                self._processes.append(self._start(command, address, count, index))
        except BaseException:
            self._end()
            raise

    def _start(
        self, command: list[str], address: str, count: int, index: int
    ) -> subprocess.Popen[Any]:
        environment = {
            **os.environ,
            COORDINATOR: address,
            COUNT: str(count),
            INDEX: str(index),
            SUPERVISOR: str(self._folder),
            "GRAFITO_LANG": current(),
        }
        with open(self._folder / f"output-{index}", "wb") as output:
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output if index else None,
                stderr=output if index else subprocess.PIPE,
                start_new_session=True,
            )
        if process.stderr is not None:
            self._reader = threading.Thread(target=_forward, args=(process.stderr,), daemon=True)
            self._reader.start()
        return process

    def run_folder(self) -> str | None:
        """The folder of the run, if it has one already."""
        with contextlib.suppress(OSError):
            return (self._folder / RUN).read_text(encoding="utf-8")
        return None

    def watch(self) -> Failure | None:
        """Wait until all have ended; where one fails, end the others and say which it was."""
        before = {s: signal.signal(s, self._ask_to_end) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            while True:
                if all(process.poll() == 0 for process in self._processes):
                    return None
                self._look()
                failure = self._failure()
                if failure is not None:
                    return failure
                if self._asked_to_end and time.monotonic() > self._asked_to_end + INTERRUPTED:
                    raise KeyboardInterrupt
                time.sleep(LOOK)
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look(self) -> None:
        """Count seconds; a pause of the whole machine is no silence of a process."""
        now = time.monotonic()
        spent, self._looked = min(now - self._looked, 5 * LOOK), now
        beats = [self._beats(index) for index in range(len(self._processes))]
        begun = [b[1] if b else 0 for b in beats]
        waits = any(b and b[1] > b[2] and b[1] > min(begun) for b in beats)
        for index, (beat, process) in enumerate(zip(beats, self._processes, strict=True)):
            same = beat and beat == self._seen.get(index) and process.poll() is None
            self._silent[index] = self._silent[index] + spent if same else 0.0
            late = waits and begun[index] == min(begun) and process.poll() is None
            self._behind[index] = self._behind[index] + spent if late else 0.0
            self._seen[index] = beat

    def _ask_to_end(self, number: int, frame: Any) -> None:
        """Hand a signal on to the process that tells the others; a second one ends all."""
        if self._asked_to_end:
            raise KeyboardInterrupt
        self._asked_to_end = time.monotonic()
        with contextlib.suppress(OSError):
            self._processes[0].send_signal(number)

    def _end(self) -> None:
        for process in self._processes:
            with contextlib.suppress(OSError):  # also what it has started itself
                os.killpg(process.pid, signal.SIGKILL)
        for process in self._processes:
            process.wait()
        if self._processes:
            self._reader.join()

    def _failure(self) -> Failure | None:
        """The first that failed, as far as it shows by now."""
        failed = [i for i, p in enumerate(self._processes) if p.poll() not in (None, 0)]
        causes = [i for i in failed if not self._only_lost_another(i)]
        if failed and not causes:
            time.sleep(GRACE)
            failed = [i for i, p in enumerate(self._processes) if p.poll() not in (None, 0)]
            causes = [i for i in failed if not self._only_lost_another(i)]
        if causes:
            return self._ended(causes[0])
        return self._stopped() or (self._ended(failed[0]) if failed else self._late())

    def _only_lost_another(self, index: int) -> bool:
        """Whether a process ended because another one did."""
        if (self._folder / f"lost-{index}").exists():
            return True
        aborted = self._processes[index].returncode == -signal.SIGABRT
        return aborted and (not index or bool(LOST.search(self._output(index))))

    def _output(self, index: int) -> str:
        return (self._folder / f"output-{index}").read_text(encoding="utf-8", errors="replace")

    def _ended(self, index: int) -> Failure:
        code = self._processes[index].returncode
        lines = [line for line in self._output(index).splitlines() if not NOISE.search(line)]
        if self._asked_to_end:
            raise KeyboardInterrupt
        for line in lines[-SHOWN:]:
            print(line, file=sys.stderr)
        if code >= 0:
            return Failure(index, "A process ended with an error.", f"code {code}", code=code)
        name = signal.Signals(-code).name
        reason = "out of memory, or somebody ended it" if code == -signal.SIGKILL else None
        return Failure(index, "A process was ended by a signal.", name, reason)

    def _stopped(self) -> Failure | None:
        """One that gives no sign of life."""
        if max(self._silent) < SILENT:
            return None
        what = "A process gives no sign of life."
        return Failure(self._silent.index(max(self._silent)), what, NOTHING.format(f"{SILENT:g}"))

    def _late(self) -> Failure | None:
        """One that does not come to where others wait for it."""
        if max(self._behind) < self._patience:
            return None
        return Failure(
            self._behind.index(max(self._behind)),
            "The other processes wait for one that does not come.",
            NOTHING.format(f"{self._patience:g}"),
            "--patience, if it has more to do than the others",
        )

    def _beats(self, index: int) -> tuple[float, int, int] | None:
        with contextlib.suppress(OSError, struct.error):
            found = struct.unpack(BEAT, (self._folder / f"beats-{index}").read_bytes())
            return float(found[0]), int(found[1]), int(found[2])
        return None


def _forward(stream: IO[bytes]) -> None:
    """Show what a process writes, but for what JAX's runtime says of its own end."""
    with stream:
        for line in stream:
            text = line.decode(errors="replace")
            if not NOISE.search(text):
                sys.stderr.write(text)
                sys.stderr.flush()
