"""Progress in a notebook: a few lines that are written again in the same place."""

from __future__ import annotations

import sys
import time
from html import escape
from typing import Any

LINES = 10  # the last epochs
WIDTH = 24  # of the bar
PAUSE = 0.1  # seconds between two pictures


def notebook() -> Any:
    """IPython, where this is a notebook; nothing is imported for it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return ipython if shell is not None and hasattr(shell, "kernel") else None


class Place:
    """Lines that stay, and below them a bar, in one place of a notebook.

    Args:
        ipython: the module that displays.
    """

    def __init__(self, ipython: Any):
        self._display = ipython.display
        self._handle: Any = None
        self._shown = 0.0
        self._lines: list[str] = []
        self._bar = ""
        self._stale = False

    def bar(self, title: str, done: int, total: int | None, logs: str) -> None:
        """How far an epoch is."""
        full = WIDTH if not total else WIDTH * done // total
        drawn = "█" * full + "░" * (WIDTH - full)
        self._bar = f"{title} {drawn} {done}/{total or '?'} {logs}"
        self._write()

    def line(self, text: str) -> None:
        """A line in place of the bar; the first ones go where there are many."""
        self._lines = [*self._lines, text][-LINES:]
        self._bar = ""
        self._write()

    def flush(self) -> None:
        """Show what is still to be shown."""
        self._bar = ""
        if self._stale:
            self._write(now=True)

    def _write(self, now: bool = False) -> None:
        self._stale = True
        if not now and time.perf_counter() - self._shown < PAUSE:
            return
        text = "\n".join([*self._lines, *([self._bar] if self._bar else [])])
        page = self._display.HTML(f'<pre style="margin:0">{escape(text)}</pre>')
        if self._handle is None:
            self._handle = self._display.display(page, display_id=True)
        else:
            self._handle.update(page)
        self._shown, self._stale = time.perf_counter(), False
