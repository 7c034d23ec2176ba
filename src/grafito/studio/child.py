"""The server's end of the process that trains: started, asked, listened to, started again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import multiprocessing
import queue
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

from grafito.studio.worker import main

LEAVE = 10.0  # seconds until a process that does not end by itself is ended
MOST_STARTS, AWHILE = 5, 60.0  # so many starts in so many seconds; then there is no other
MOST_WAITING = 32  # messages of a tab that are not answered yet
Heard = Callable[[dict[str, Any], Any, str | None], None]


class Child:
    """The process that trains.

    Args:
        folder: where it keeps trainings.
        source: what the command line named.
        heard: called in the loop of the server with each message, its tab and its language.
        ended: called there when the process ended without being told to, with whether another
            one has begun.
    """

    def __init__(
        self, folder: str, source: Mapping[str, Any], heard: Heard, ended: Callable[[bool], None]
    ):
        self._folder, self._source, self._heard, self._ended = folder, source, heard, ended
        self._loop = asyncio.get_running_loop()
        self._asked: dict[int, asyncio.Future[dict[str, Any] | None]] = {}
        self._numbers = itertools.count()
        self._leaving, self._alive = False, True
        self._starts: list[float] = []
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=main, args=(theirs, self._folder, dict(self._source)), daemon=True
        )
        with _without_interrupts():
            self._process.start()
        theirs.close()
        self._starts = [*self._starts[1 - MOST_STARTS :], time.monotonic()]
        self._waiting: Counter[Any] = Counter()  # messages that are not answered, by tab
        self._speaks = False
        self._outbox: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        for task in (self._listen, self._talk):
            threading.Thread(
                target=task, args=(self._connection, self._outbox), daemon=True
            ).start()

    def _talk(self, connection: Connection, outbox: Any) -> None:
        """Hand on what the server says; a process that does not read keeps nobody waiting."""
        with contextlib.suppress(OSError, ValueError, TypeError):  # it has ended
            while (message := outbox.get()) is not None:
                connection.send(message)

    def _listen(self, connection: Connection, outbox: Any) -> None:
        """Hand on what the process says, in a thread of its own."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            with contextlib.suppress(EOFError, OSError, TypeError, ValueError):
                while True:
                    self._loop.call_soon_threadsafe(self._receive, *connection.recv())
            outbox.put(None)
            self._loop.call_soon_threadsafe(self._lost)

    def _receive(self, message: dict[str, Any], tab: Any, lang: str | None) -> None:
        self._speaks = True
        if message["type"] == "answered":
            self._waiting -= Counter([tab])  # which forgets tabs of whom nothing waits
        elif message["type"] == "exported":
            waiting = self._asked.pop(message["id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        else:
            self._heard(message, tab, lang)

    def _lost(self) -> None:
        if self._leaving:
            return
        self._give_up()
        again = len(self._starts) < MOST_STARTS or time.monotonic() > self._starts[0] + AWHILE
        if again:
            self._start()
        self._alive = again
        self._ended(again)

    def _give_up(self) -> None:
        """Let go those who wait for what does not come any more."""
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_result(None)
        self._asked.clear()

    @property
    def process(self) -> int | None:
        """Its number."""
        return self._process.pid

    def say(self, message: Mapping[str, Any]) -> None:
        """Ask for something."""
        if self._alive:
            self._waiting[message.get("tab")] += 1
            self._outbox.put(dict(message))

    @property
    def is_alive(self) -> bool:
        """Whether there is a process, or will be one in a moment."""
        return self._alive

    def is_behind(self, tab: int) -> bool:
        """Whether a tab asked for more than is done within a while."""
        return self._waiting[tab] >= MOST_WAITING

    async def export(self, what: str, language: str) -> dict[str, Any] | None:
        """What one takes with one, which may take a while; None where the process ends."""
        if self._leaving or not self._alive:
            return None
        number = next(self._numbers)
        waiting: asyncio.Future[dict[str, Any] | None] = self._loop.create_future()
        self._asked[number] = waiting
        self.say({"type": "export", "id": number, "what": what, "language": language})
        return await waiting

    def leave(self) -> None:
        """End the process; it keeps its last checkpoint."""
        self._leaving = True
        self._loop.call_soon_threadsafe(self._give_up)
        self._outbox.put({"type": "gone"})
        self._process.join(LEAVE if self._speaks else 0)  # before that nothing is to be kept
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """A block whose processes do not hear Ctrl-C, from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it lets interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
