"""How live the studio is: `python -m benchmarks.studio`.

A network of 2-8-4-1 units trains on the moons in batches of 32, as fast as it goes. A tab counts
the pictures that come; then it goes back over the border between two batches, and measures from
what it says to the operation that it is told.
"""

from __future__ import annotations

import asyncio
import json
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

import websockets

SECONDS = 10.0
BACKS = 20
NETWORK = {
    "data": {"name": "moons"},
    "layers": [{"units": 8, "activation": "tanh"}, {"units": 4, "activation": "tanh"}],
}


async def until(socket: Any, kind: str) -> dict[str, Any]:
    """The next message of a kind; pictures are answered as the page does."""
    while True:
        got = await socket.recv()
        if isinstance(got, bytes):
            if got[1] == 1:
                await socket.send('{"type": "seen", "frame": 0}')
            message = {"type": "picture" if got[1] == 1 else "points"}
        else:
            message = json.loads(got)
        if message["type"] == kind:
            return message


async def measure(address: str) -> tuple[float, float, list[float]]:
    """Pictures and batches a second, and the milliseconds of each step back."""
    place = address.replace("http://", "ws://").replace("/?", "/socket?")
    async with websockets.connect(place, max_size=None) as socket:

        async def say(kind: str, **fields: Any) -> None:
            await socket.send(json.dumps({"type": kind, **fields}))

        await say("hello", version=1, language="en")
        await until(socket, "state")
        await say("build", settings=NETWORK)
        await until(socket, "built")
        await say("train")
        await until(socket, "picture")
        began, pictures = time.perf_counter(), 0
        while time.perf_counter() - began < SECONDS:
            await until(socket, "picture")
            pictures += 1
        seconds = time.perf_counter() - began
        await say("pause")
        while (state := await until(socket, "state"))["running"]:
            pass
        batches = state["epoch"] * state["batches"] + state["batch"]
        await say("step", by="operation")
        await until(socket, "operation")
        times = []
        for _ in range(BACKS):
            await say("go", operation=1)
            await until(socket, "operation")
            began = time.perf_counter()
            await say("back", by="operation")
            await until(socket, "operation")
            times.append(1000 * (time.perf_counter() - began))
        return pictures / seconds, batches / seconds, times


def main() -> None:
    """Print the medians."""
    command = [sys.executable, "-m", "grafito", "studio", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            pictures, batches, times = asyncio.run(measure(address))
        finally:
            process.send_signal(signal.SIGINT)
    print(f"pictures a second:              {pictures:8.1f}")
    print(f"batches a second beside them:   {batches:8.0f}")
    print(f"a step back, median:            {statistics.median(times):8.1f} ms")
    print(f"a step back, longest of {BACKS}:     {max(times):8.1f} ms")


if __name__ == "__main__":
    main()
