"""The display of a training: a bar in a terminal or notebook, a line for each epoch elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.callbacks import Callback
from grafito.callbacks.base import Logs
from grafito.errors import ArgumentError
from grafito.language import current, say, translate
from grafito.models.in_place import Place, notebook

MANY = 8  # elements of a vector that a line shows
AT_ONCE = 0.2  # seconds before a bar appears


class Progress(Callback):
    """Prints a line for each epoch (verbose=2), after a bar with rich while it runs (verbose=1).

    Epochs that end at once get no bar. In a notebook bar and lines stay in one place.
    """

    only_reads_logs = True

    def __init__(self, verbose: Any, task: str):
        self.bar: Any = None
        self.title = ""
        self.task = task
        self.epochs = 1
        self.style = resolve_verbose(verbose)
        here = notebook() if self.style == 1 else None
        self.place = None if here is None else Place(here)

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.epochs = params.get("epochs", 1)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if self.task != "fit":  # validation shares the line of its epoch
            self._begin(translate("Evaluating"))

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin(translate("Predicting"))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin(f"{translate('Epoch')} {epoch + 1}/{self.epochs}")

    def on_progress(self, kind: str, done: int, total: int | None, logs: Logs) -> None:
        if self.style != 1 or (kind == "test" and self.task == "fit"):
            return
        if self.place is not None:
            if done != total:
                self.place.bar(self.title, done, total, format_logs(logs))
            return
        if self.bar is None:
            if done == total or time.perf_counter() - self._began < AT_ONCE:
                return
            self._show_bar()
        self.bar.update(self.row, completed=done, total=total, logs=format_logs(logs))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        seconds = time.perf_counter() - self._began
        line = f"{self.title} - {spoken(seconds, '.1f')}s - {format_logs(logs or {})}"
        if self.place is not None:
            self.place.line(line)
            return
        self.close()
        if self.style:
            say(line)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if self.task == "fit":
            return
        self.close()
        if self.style:
            say(format_logs(logs or {}))

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self.close()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.close()

    def _begin(self, title: str) -> None:
        self.title = title
        self._began = time.perf_counter()

    def _show_bar(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[logs]}", table_column=Column(no_wrap=False)),
            transient=True,
        )
        self.row = self.bar.add_task(self.title, total=None, logs="")
        self.bar.start()

    def close(self) -> None:
        if self.place is not None:
            self.place.flush()
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def resolve_verbose(verbose: Any) -> int:
    """0, 1 or 2; "auto" is a bar in a terminal or notebook and a line an epoch elsewhere."""
    if verbose == "auto":
        return 1 if sys.stdout.isatty() or notebook() is not None else 2
    if verbose not in (0, 1, 2):  # True and False are 1 and 0
        raise ArgumentError(
            "verbose says how much is shown.",
            received=f"verbose={verbose!r}",
            expected='"auto", 0 (nothing), 1 (a bar) or 2 (a line for each epoch)',
        )
    return int(verbose)


def format_logs(logs: Logs) -> str:
    """The numbers of an epoch on one line, four significant digits each.

    Example:
        >>> format_logs({"loss": 0.123456, "accuracy": 0.975})
        'loss: 0.1235 - accuracy: 0.975'
    """
    return " - ".join(f"{name}: {_shown(np.asarray(value))}" for name, value in logs.items())


def _shown(value: np.ndarray) -> str:
    """A number, or the first elements of a vector or matrix."""
    if value.ndim == 0:
        return spoken(float(value), ".4g")
    first = " ".join(spoken(float(v), ".4g") for v in value.flat[:MANY])
    return f"[{first} ... {value.size} values]" if value.size > MANY else f"[{first}]"


def spoken(value: float, form: str) -> str:
    """A number with the decimal sign of the current language."""
    text = format(value, form)
    return text.replace(".", ",") if current() == "es" else text


def report_split(labels: np.ndarray, kept: np.ndarray, held_out: np.ndarray) -> None:
    """Print what a validation split took: sizes, and the number of examples of each class."""
    classes = labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels
    classes = np.asarray(classes).reshape(-1)[held_out]
    counts = ""
    if np.array_equal(classes, np.round(classes)):
        values, numbers = np.unique(classes.astype(int), return_counts=True)
        if 1 < len(values) <= 20:
            counts = f"; {translate('of each class')} " + ", ".join(
                f"{value}: {n}" for value, n in zip(values, numbers, strict=True)
            )
    sizes = translate("Held out {} of {} examples").format(len(held_out), len(kept) + len(held_out))
    say(f"{sizes}{counts}.")
