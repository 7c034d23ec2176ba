"""A studio as a process, and a tab that talks to it as the page does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import websockets

PATIENCE = 120  # seconds on a busy machine


@contextlib.contextmanager
def running(cache: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a studio, and its process, which ends with the block."""
    command = [sys.executable, "-m", "grafito", "studio", "--port", "0", "--no-browser", *arguments]
    environment = {**os.environ, "GRAFITO_CACHE": str(cache)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


class Tab:
    """A tab: messages as dictionaries, frames as headers with arrays."""

    def __init__(self, socket: Any):
        self.socket = socket
        self.last: dict[str, dict[str, Any]] = {}

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def hear(self) -> dict[str, Any]:
        """The next message or frame; a picture is answered as the page does."""
        got = await asyncio.wait_for(self.socket.recv(), PATIENCE)
        message = read_frame(got) if isinstance(got, bytes) else json.loads(got)
        if message["type"] == "picture":
            await self.say("seen", frame=message["frame"])
        self.last[message["type"]] = message
        return message

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next message of a kind, with these values in it."""
        while True:
            message = await self.hear()
            fine = all(message.get(name) == value for name, value in fields.items())
            if message["type"] == kind and fine:
                return message
            assert message["type"] != "error", message["text"]

    async def ask(self, answer: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Say something and wait for a kind of answer."""
        await self.say(kind, **fields)
        return await self.until(answer)

    def number(self, name: str) -> float | None:
        """A number of the last state."""
        return {row["name"]: row["value"] for row in self.last["state"]["numbers"]}[name]


@contextlib.asynccontextmanager
async def tab(address: str, lang: str | None = None) -> AsyncIterator[Tab]:
    """A tab that has said hello and was told everything."""
    async with websockets.connect(socket_address(address), max_size=None) as socket:
        found = Tab(socket)
        await found.say("hello", version=1, language=lang)
        await found.until("state")
        yield found


def socket_address(address: str) -> str:
    return address.replace("http://", "ws://").replace("/?", "/socket?")


def read_frame(content: bytes) -> dict[str, Any]:
    """A binary frame as its header, with the arrays by name."""
    assert content[0] == 1
    assert content[2:4] == b"\0\0"
    (length,) = struct.unpack("<I", content[4:8])
    header = json.loads(content[8 : 8 + length])
    at, arrays = 8 + length, {}
    for row in header.pop("arrays"):
        count = int(np.prod(row["shape"]))
        kind = np.dtype(row["dtype"])
        arrays[row["name"]] = np.frombuffer(content, kind, count, at).reshape(row["shape"])
        at += -(-count * kind.itemsize // 4) * 4
    assert at == len(content)
    return {"type": {1: "picture", 2: "points"}[content[1]], **header, **arrays}
