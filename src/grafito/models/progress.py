"""What training shows while it runs: a bar in a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.callbacks import Callback
from grafito.callbacks.base import Logs


class Progress(Callback):
    """Shows a bar with rich (verbose=1) or prints a line for each epoch (verbose=2)."""

    def __init__(self, verbose: Any, task: str):
        self.bar: Any = None
        self.task = task
        self.epochs = 1
        self.style = resolve_verbose(verbose)

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.epochs = params.get("epochs", 1)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._began = time.perf_counter()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if self.task != "fit":  # validation shares the line of its epoch
            self._open("Evaluating")

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._open("Predicting")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch_began = time.perf_counter()
        self._open(f"Epoch {epoch + 1}/{self.epochs}")

    def on_progress(self, kind: str, done: int, total: int | None, logs: Logs) -> None:
        if self.bar is None:
            return
        if kind == "test" and self.task == "fit":
            return
        self.bar.update(self.row, completed=done, total=total, logs=format_logs(logs))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        seconds = time.perf_counter() - self._epoch_began
        line = f"{format_logs(logs or {})}"
        if self.bar is not None:
            self._close(line)
        elif self.style:
            print(f"Epoch {epoch + 1}/{self.epochs} - {seconds:.1f}s - {line}", flush=True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if self.task == "fit":
            return
        line = format_logs(logs or {})
        if self.bar is not None:
            self._close(line)
        elif self.style:
            print(line, flush=True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        if self.bar is not None:
            self._close("")

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.bar is not None:
            self._close("")
        history = self.model.history
        if self.style and history is not None and history.interrupted:
            print("Ended by Ctrl-C. History and weights are kept.", flush=True)

    def _open(self, title: str) -> None:
        if self.style != 1:
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[logs]}"),
        )
        self.row = self.bar.add_task(title, total=None, logs="")
        self.bar.start()

    def _close(self, line: str) -> None:
        self.bar.update(self.row, logs=line)
        self.bar.stop()
        self.bar = None


def resolve_verbose(verbose: Any) -> int:
    """0, 1 or 2; "auto" is a bar in a terminal and a line an epoch elsewhere."""
    if verbose == "auto":
        return 1 if sys.stdout.isatty() else 2
    return int(verbose)


def format_logs(logs: Logs) -> str:
    """The numbers of an epoch on one line, four significant digits each.

    Example:
        >>> format_logs({"loss": 0.123456, "accuracy": 0.975})
        'loss: 0.1235 - accuracy: 0.975'
    """
    scalars = {n: float(v) for n, v in logs.items() if np.ndim(v) == 0}
    return " - ".join(f"{name}: {value:.4g}" for name, value in scalars.items())


def report_split(labels: np.ndarray, kept: np.ndarray, held_out: np.ndarray) -> None:
    """Say what a validation split took: sizes, and how many of each class."""
    classes = labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels
    classes = np.asarray(classes).reshape(-1)[held_out]
    counts = ""
    if np.array_equal(classes, np.round(classes)):
        values, numbers = np.unique(classes.astype(int), return_counts=True)
        if 1 < len(values) <= 20:
            counts = "; of each class " + ", ".join(
                f"{value}: {n}" for value, n in zip(values, numbers, strict=True)
            )
    print(f"Held out {len(held_out)} of {len(kept) + len(held_out)} examples{counts}.", flush=True)
