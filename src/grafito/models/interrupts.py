"""Ctrl-C and SIGTERM during a training: the loop stops after its step, and nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from grafito.language import say, translate

CAUGHT = (signal.SIGINT, signal.SIGTERM)


class Note:
    """A handler that records a signal, and passes it on to the loop around this one.

    Attributes:
        pressed: the signals that came, in order; a loop ends once there is one.
        before: the handlers that were there before, by signal.
    """

    def __init__(self) -> None:
        self.pressed: list[int] = []
        self.before: dict[int, Any] = {}

    def __call__(self, number: int, frame: Any) -> None:
        again = bool(self.pressed)
        self.pressed.append(number)
        outer = self.before[number]
        if again or isinstance(outer, Note):
            _pass_on(outer, number, frame)


@contextlib.contextmanager
def interruptible() -> Iterator[list[int]]:
    """A list that stays empty until Ctrl-C or SIGTERM comes; a second one acts at once.

    A handler that does not raise cannot be lost in the middle of other code. After SIGTERM the
    process ends as it would have: by the handler of the program, else with status 143, after
    `finally` and what else a `SystemExit` runs. Signals that are ignored stay so.
    """
    note = Note()
    if threading.current_thread() is not threading.main_thread():
        yield note.pressed
        return
    for number in CAUGHT:
        before = signal.getsignal(number)
        if before not in (signal.SIG_IGN, None):
            note.before[number] = before
            signal.signal(number, note)
    try:
        yield note.pressed
    finally:
        for caught, before in note.before.items():
            signal.signal(caught, before)
        outer = note.before.get(signal.SIGTERM)
        if signal.SIGTERM in note.pressed and not isinstance(outer, Note):
            _pass_on(outer, signal.SIGTERM, None)


def _pass_on(handler: Any, number: int, frame: Any) -> None:
    """Do what the signal would do without the loop."""
    if callable(handler):
        handler(number, frame)
    elif number == signal.SIGTERM:
        raise SystemExit(128 + number)
    else:
        raise KeyboardInterrupt


def tell(pressed: Sequence[int]) -> None:
    """Print what ended the training."""
    if pressed[0] == signal.SIGTERM:
        say(translate("Ended by SIGTERM. History and weights are kept."))
    else:
        say(translate("Ended by Ctrl-C. History and weights are kept."))
