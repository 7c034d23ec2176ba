"""The port of the studio: where it listens, and how long it waits for one who says nothing."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from grafito.errors import FileError
from grafito.studio import messages

MOST_CONNECTIONS = 64
SILENCE = 10.0  # seconds in which a connection has to ask for something


class Connection(H11Protocol):
    """A connection that asks within seconds, and whose place goes to others where none is left.

    So nobody who only holds connections keeps the user's browser out. WebSockets are not counted:
    they have shown the token.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._since = self.loop.time()
        others = [each for each in self.connections if isinstance(each, Connection)]
        if len(others) > MOST_CONNECTIONS:
            min(others, key=lambda each: (not each._idle, each._since)).transport.abort()
        self._watch(self.cycle)

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _watch(self, before: Any) -> None:
        self._watching = self.loop.call_later(SILENCE, self._look, before)

    def _look(self, before: Any) -> None:
        if self not in self.connections:  # closed, or a WebSocket now
            return
        if self._idle and self.cycle is before:
            self.transport.abort()
        else:
            self._watch(self.cycle)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watching.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Answer what came; what is no HTTP any more after an answer ends the connection."""
        try:
            super().handle_events()
        except h11.LocalProtocolError:
            self.transport.abort()


def serve(app: Any, listening: socket.socket) -> None:
    """Serve until Ctrl-C."""
    config = uvicorn.Config(
        app,
        http=Connection,
        log_level="critical",  # what strangers send is no news; faults of ours are told in the page
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=messages.LONGEST,
        ws_ping_interval=20.0,
        ws_per_message_deflate=False,  # it costs time, and nothing leaves this machine
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def listen(port: int) -> socket.socket:
    """A socket on this machine alone; where the port is taken, the next free one.

    Raises:
        FileError: where none can be had.
    """
    for number in [port, *([] if not port else range(port + 1, port + 20)), 0]:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError, OverflowError):
            listening.bind(("127.0.0.1", number))
            listening.listen(MOST_CONNECTIONS)  # who comes before the server is there waits
            return listening
        listening.close()
    raise FileError("No port is free on this machine.", received=f"--port {port}")
