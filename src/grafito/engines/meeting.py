"""How processes meet, before JAX joins them: each is there, and each has a number of its own.

Where two come with one number, JAX ends a program with the stack of a C++ one. So process 0 first
listens on its port by itself: each other one says its number and how many it was told there are,
and gets as answer what is wrong, or nothing.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time

from grafito.errors import ArgumentError

SAID = re.compile(r"grafito (\d+) (\d+)\n")
ASKED = 2.0  # seconds that one who connects has to say its number


def meet(address: str, count: int, index: int, patience: float) -> None:
    """Wait until all processes have come.

    Args:
        address: "host:port" of process 0.
        count: how many they are.
        index: the number of this one.
        patience: seconds to wait.

    Raises:
        ArgumentError: where the port is taken, one does not come, or two have one number.

    Example:
        >>> meet("127.0.0.1:1234", 1, 0, 5.0)  # alone
    """
    if count > 1:
        wrong = (
            _await(address, count, patience)
            if index == 0
            else _come(address, count, index, patience)
        )
        _tell(wrong, f"process {index} of {count}, {address}", patience)


def _tell(wrong: str, where: str, patience: float) -> None:
    """Raise what process 0 found: a word and a number."""
    kind, _, number = wrong.partition(" ")
    if kind == "twice":
        raise ArgumentError(
            "Two processes have one number.",
            where=where,
            received=f"process_id={number}, twice",
            expected="each number from 0 on once",
        )
    if kind == "count":
        raise ArgumentError(
            "The processes do not agree on: num_processes.",
            where=where,
            received=f"num_processes={number}",
        )
    if kind == "missing":
        raise ArgumentError(
            f"Not all processes have come within {patience:.0f} seconds.",
            where=where,
            received=f"none with process_id={number}",
        )


def _await(address: str, count: int, patience: float) -> str:
    """Listen until all have come, and answer them; what is wrong."""
    port, ends = address.rpartition(":")[2], time.monotonic() + patience
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        server = socket.create_server(("", int(port)), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise ArgumentError(
            f"The port {port} cannot be opened.",
            where=f"process 0, {address}",
            received=error.strerror or str(error),
            expected="a port that is free, and one process alone with the number 0",
            fix="another port",
        ) from None
    wrong, come = "", {0}
    with server, contextlib.ExitStack() as connections:
        open_: list[socket.socket] = []
        while len(come) < count and not wrong:
            server.settimeout(max(ends - time.monotonic(), 0.01))
            try:
                connection, _ = server.accept()
            except TimeoutError:
                wrong = f"missing {min(set(range(count)) - come)}"
                break
            connections.enter_context(connection)
            connection.settimeout(ASKED)
            said = SAID.fullmatch(_received(connection))
            if said is None:
                continue  # somebody else's
            open_.append(connection)
            number, theirs = map(int, said.groups())
            wrong = f"count {theirs}" if theirs != count else f"twice {number}" * (number in come)
            come.add(number)
        for connection in open_:
            with contextlib.suppress(OSError):
                connection.sendall(f"{wrong}\n".encode())
                _received(connection)  # its end, so that the port is free at once
    return wrong


def _come(address: str, count: int, index: int, patience: float) -> str:
    """Say our number to process 0; what is wrong."""
    host, _, port = address.rpartition(":")
    ends = time.monotonic() + patience
    while True:
        received, strange = "", False
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=ASKED) as own:
                own.sendall(f"grafito {index} {count}\n".encode())
                own.settimeout(patience + ASKED)  # 0 may have begun later, and asks others first
                received = _received(own)
        except OSError as error:
            received = error.strerror or str(error)
        else:
            if received == "\n" or re.fullmatch(r"(twice|count|missing) \d+\n", received):
                return received.strip()
            strange = bool(received)
        if time.monotonic() > ends and strange:  # JAX's service, once all have met
            raise ArgumentError(
                "All processes have met already, or the port is another program's.",
                where=f"process {index}, {address}",
                received="an answer that is not of a process 0 that waits",
                expected="each number from 0 on once",
                fix="another port, where the number is right",
            )
        if time.monotonic() > ends:
            raise ArgumentError(
                f"Process 0 does not answer within {patience:.0f} seconds.",
                where=f"process {index}, {address}",
                received=received or "a closed connection",
                fix="process 0 first, and an address of it",
            ) from None
        time.sleep(0.2)


def _received(connection: socket.socket) -> str:
    """A line, or what came before the other side ended."""
    text = b""
    with contextlib.suppress(OSError):
        while not text.endswith(b"\n") and len(text) < 64:
            more = connection.recv(64)
            if not more:
                break
            text += more
    return text.decode(errors="replace")
