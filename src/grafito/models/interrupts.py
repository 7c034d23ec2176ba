"""Ctrl-C while a model is trained: the loop ends by itself, and nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def interruptible() -> Iterator[list[str]]:
    """A list that stays empty until Ctrl-C is pressed; a second Ctrl-C raises at once."""
    pressed: list[str] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: Any) -> None:
        if pressed and callable(before):
            before(number, frame)
        pressed.append("Ctrl-C")

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
