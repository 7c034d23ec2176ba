"""The server's end of the process that trains: started, asked, listened to, started again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import multiprocessing
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from grafito.studio.worker import main

LEAVE = 10.0  # seconds until a process that does not end by itself is ended
MOST_STARTS = 5  # that follow a process that ended by itself
Heard = Callable[[dict[str, Any], Any, str | None], None]


class Child:
    """The process that trains.

    Args:
        folder: where it keeps trainings.
        source: what the command line named.
        heard: called in the loop of the server with each message, its tab and its language.
        ended: called there when the process ended without being told to.
    """

    def __init__(
        self, folder: str, source: Mapping[str, Any], heard: Heard, ended: Callable[[], None]
    ):
        self._folder, self._source, self._heard, self._ended = folder, source, heard, ended
        self._loop = asyncio.get_running_loop()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count()
        self._leaving = False
        self._starts = 0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=main, args=(theirs, self._folder, dict(self._source)), daemon=True
        )
        self._process.start()
        theirs.close()
        self._starts += 1
        threading.Thread(target=self._listen, args=(self._connection,), daemon=True).start()

    def _listen(self, connection: Connection) -> None:
        """Hand on what the process says, in a thread of its own."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            # `leave` closes the connection, which `recv` tells by these too.
            with contextlib.suppress(EOFError, OSError, TypeError, ValueError):
                while True:
                    self._loop.call_soon_threadsafe(self._receive, *connection.recv())
            self._loop.call_soon_threadsafe(self._lost)

    def _receive(self, message: dict[str, Any], tab: Any, lang: str | None) -> None:
        if message["type"] == "exported":
            waiting = self._asked.pop(message["id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        else:
            self._heard(message, tab, lang)

    def _lost(self) -> None:
        if self._leaving:
            return
        for waiting in self._asked.values():
            waiting.cancel()
        self._asked.clear()
        if self._starts < MOST_STARTS:
            self._start()
        self._ended()

    @property
    def process(self) -> int | None:
        """Its number."""
        return self._process.pid

    def say(self, message: Mapping[str, Any]) -> None:
        """Ask for something."""
        with contextlib.suppress(OSError):
            self._connection.send(dict(message))

    async def export(self, what: str, language: str) -> dict[str, Any]:
        """What one takes with one; it may take a while."""
        number = next(self._numbers)
        waiting: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._asked[number] = waiting
        self.say({"type": "export", "id": number, "what": what, "language": language})
        return await waiting

    def leave(self) -> None:
        """End the process; it keeps its last checkpoint."""
        self._leaving = True
        self._connection.close()
        self._process.join(LEAVE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
