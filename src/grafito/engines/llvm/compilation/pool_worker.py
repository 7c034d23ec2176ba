"""A process that compiles the texts it is sent, one after the other.

`process_pool` starts it by its path, so that it loads LLVM and nothing else. It reads a line of
settings, then texts, and writes an object file for each; both come with their length. It ends where
its input does: no worker outlives who started it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import signal
import sys
import threading
from typing import IO, Any

LENGTH = 8  # bytes of a length


def send(stream: IO[bytes], content: bytes) -> None:
    """Write what `receive` reads."""
    stream.write(len(content).to_bytes(LENGTH, "little") + content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """The next content.

    Raises:
        EOFError: where there is none, or not all of it.
    """
    size = int.from_bytes(_read(stream, LENGTH), "little")
    return _read(stream, size)


def _read(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _listen(stream: IO[bytes], texts: queue.SimpleQueue[bytes]) -> None:
    """Take in what is sent, also while a text is compiled."""
    try:
        while True:
            texts.put(receive(stream))
    except (OSError, EOFError):
        os._exit(0)


def main() -> None:
    """Compile until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it is told, and ends it
    settings = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = settings["path"]
    compiler = load(settings["compiler"])
    target = compiler.target_machine(*settings["target"])
    texts: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, texts), daemon=True).start()
    while True:
        send(sys.stdout.buffer, compiler.compile_text(texts.get().decode(), target))


def load(path: str) -> Any:
    """The module in a file."""
    spec = importlib.util.spec_from_file_location("compiler", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
