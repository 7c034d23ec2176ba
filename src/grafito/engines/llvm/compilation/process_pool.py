"""The process pool: kernels are compiled in this process, and in others where that pays.

LLVM compiles one module at a time in a process, so several processors need several processes. They
compile while this process still generates the text of the next kernels. What they do not return,
for whatever reason, is compiled here.
"""

from __future__ import annotations

import contextlib
import functools
import json
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from grafito.engines.llvm.compilation import compiler, disk_cache, pool_worker
from grafito.engines.llvm.compilation.kernel_cache import Source
from grafito.engines.llvm.compilation.machine import Machine
from grafito.errors import GrafitoWarning, warn

# Characters of text to compile for which one more process is started. They take at least 0.2 s
# (0.35 to 0.6 s for a million, measured on kernels of dense and convolutional networks). A process
# takes 0.05 to 0.08 s to start, which does not pay for less.
TEXT_PER_PROCESS = 600_000
QUEUED = 2  # texts that a worker is sent ahead, so that it never waits

Waiting = tuple[int, int, Source | None]
END: Waiting = (1, 0, None)  # behind all texts, of which the longest comes first


class ProcessPool:
    """Collects machine code from the cache or from compilation; use it with `with`.

    Args:
        machine: what to compile for.
        workers: how many other processes may help.
    """

    def __init__(self, machine: Machine, workers: int):
        self._machine, self._most = machine, workers if can_start() else 0
        self._found: dict[str, bytes | None] = {}  # None is still to come
        self._waiting: queue.PriorityQueue[Waiting] = queue.PriorityQueue()
        self._sources: list[Source] = []  # that are new
        self._size = 0  # of their texts
        self._threads: list[threading.Thread] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closed = False

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(self, *error: object) -> None:
        self._closed = True
        self._waiting.put(END)
        for process in self._processes:
            process.kill()

    def begin(self, source: Source) -> None:
        """Look up the machine code of a text, or queue the text."""
        if source.key in self._found:
            return
        self._found[source.key] = code = disk_cache.read(source.key)
        if code is None:
            self._sources.append(source)
            self._size += len(source.text)
            self._waiting.put((-len(source.text), len(self._sources), source))
            if len(self._threads) < min(self._most, self._size // TEXT_PER_PROCESS):
                with contextlib.suppress(RuntimeError):  # there are too many threads
                    thread = threading.Thread(target=self._serve, daemon=True)
                    thread.start()
                    self._threads.append(thread)

    def finish(self) -> list[bytes]:
        """The machine code of all texts."""
        self._waiting.put(END)
        while (source := self._take(wait=False)) is not None:
            self._compile(source)
        # Nothing is left but what workers have; it may take them longer, or for ever.
        for source in sorted(self._sources, key=lambda source: len(source.text)):
            if self._found[source.key] is None:
                self._compile(source)
        self.__exit__()
        for thread in self._threads:
            thread.join()
        if self._sources:
            disk_cache.trim()
        return [code for code in self._found.values() if code is not None]

    def _compile(self, source: Source) -> None:
        self._keep(source, self._machine.compile(source.text))

    def _take(self, wait: bool) -> Source | None:
        """The longest text; None where there is none now, or never will be."""
        try:
            _, _, source = self._waiting.get(wait)
        except queue.Empty:
            return None
        if source is None:
            self._waiting.put(END)  # for the others
        return source

    def _keep(self, source: Source, code: bytes) -> None:
        self._found[source.key] = code
        disk_cache.write(source.key, code)

    def _serve(self) -> None:
        """Have another process compile texts until there are no more."""
        sent: deque[Source] = deque()
        with contextlib.suppress(Exception), self._started() as (texts, objects):
            while not self._closed:
                while len(sent) < QUEUED and (source := self._take(wait=not sent)) is not None:
                    sent.append(source)
                    pool_worker.send(texts, source.text.encode())
                if not sent:
                    break
                self._keep(sent[0], pool_worker.receive(objects))
                sent.popleft()

    @contextlib.contextmanager
    def _started(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """The input and the output of a new worker."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", pool_worker.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            _say_that_nobody_helps(error.strerror)
            raise
        self._processes.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            machine = self._machine
            settings = {
                "path": sys.path,
                "compiler": compiler.__file__,
                "target": [machine.triple, machine.cpu, machine.features],
            }
            process.stdin.write(json.dumps(settings).encode() + b"\n")
            yield process.stdin, process.stdout
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    stream.close()


@functools.cache
def _say_that_nobody_helps(reason: str | None) -> None:
    """Say once why compiling takes longer."""
    warn(
        GrafitoWarning(
            "No other process could be started to compile: one processor does it alone.",
            where=sys.executable,
            received=reason,
        )
    )


def can_start() -> bool:
    """Whether Python can be started again: an application that contains it would start itself."""
    python = Path(sys.executable or "").stem.lower()
    return python.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)
