"""Callbacks that act at fixed moments: set the rate, write a log, call a function."""

from __future__ import annotations

import csv
import inspect
import io
import json
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grafito.callbacks.base import HOOKS, Callback, Logs
from grafito.callbacks.monitors import file_path, learning_rate
from grafito.errors import (
    ArgumentError,
    FileError,
    GrafitoWarning,
    NonFiniteError,
    unknown_name,
    warn,
)
from grafito.files.writing import append_to_file, replace_file
from grafito.language import say, translate

SYNC_SECONDS = 1.0  # how much of a log may be lost with the power


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: function of the epoch (from 0) and the present rate that returns the new one.
        verbose: 1 says the rate.

    Raises:
        ArgumentError: when the function returns no number.

    Example:
        >>> LearningRateScheduler(lambda epoch, rate: rate * 0.9).schedule(0, 1.0)
        0.9
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        if not callable(schedule):
            raise ArgumentError(
                "The schedule must be a function of (epoch, rate), or of the epoch alone.",
                where="LearningRateScheduler",
                received=repr(schedule),
                fix="lambda epoch, rate: rate * 0.9",
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        arguments: tuple[Any, ...] = (epoch, learning_rate(self.model))
        try:
            inspect.signature(self.schedule).bind(*arguments)
        except TypeError:  # Keras also allows a function of the epoch alone
            arguments = arguments[:1]
        except ValueError:  # a function without a signature
            pass
        rate = self.schedule(*arguments)
        if not isinstance(rate, (int, float, np.number)):
            raise ArgumentError("The schedule must return a number.", received=repr(rate))
        self.model.optimizer.learning_rate = float(rate)
        if self.verbose:
            text = translate("Epoch {}: learning rate {}")
            say(text.format(epoch + 1, f"{float(rate):g}"))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = learning_rate(self.model)


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row of a CSV file.

    A name that comes in a later epoch gets a column then, with "NA" above; a vector is a list.
    Where the disk is full or the folder gone, training goes on, and the rows follow when they can.

    Args:
        filename: the file.
        separator: between fields.
        append: go on with an existing file.

    Example:
        >>> log = CSVLogger("log.csv")
        >>> log.on_train_begin()
        >>> log.on_epoch_end(0, {"loss": 0.5})
        >>> print(Path("log.csv").read_text().strip())
        epoch,loss
        0,0.5
    """

    only_reads_logs = True

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ):
        self.filename = file_path(filename)
        if not isinstance(separator, str) or len(separator) != 1:
            raise ArgumentError(
                "The separator must be a single character.",
                where="CSVLogger",
                received=f"separator={separator!r}",
                fix='separator=";"',
            )
        self.separator = separator
        self.append = append
        self._columns: list[str] | None = None
        self._rows: list[list[Any]] = []  # all of the file
        self._whole = False  # whether the file has all of them
        self._told = False
        self._synced = 0.0

    def get_state(self) -> dict[str, Any]:
        return {"rows": self._rows}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._rows = state["rows"]  # what was written after the backup is not among them
        self._columns = self._rows[0][1:] if self._rows else None
        self._whole = False
        self._write(durable=True, last=0)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._columns, self._rows, self._told = None, [], False
        path = Path(self.filename)
        if self.append and path.is_file() and path.stat().st_size:
            # A row that was cut off gets its end before another follows.
            self._rows, self._whole = _read(path, self.separator)
            self._columns = self._rows[0][1:] or None
        else:
            replace_file(path, "")
            self._whole = True

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        new = [name for name in logs if name not in (self._columns or [])]
        if new or self._columns is None:
            self._rows = [row + ["NA"] * len(new) for row in self._rows]
            self._columns = [*(self._columns or []), *new]
            self._rows[:1] = [["epoch", *self._columns]]
            self._whole = False
        self._rows.append([epoch, *(_cell(logs.get(name, "NA")) for name in self._columns)])
        now = time.monotonic()
        self._write(durable=now - self._synced > SYNC_SECONDS)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._rows:
            self._write(durable=True, last=0)

    def _write(self, durable: bool, last: int = 1) -> None:
        """Bring the file up to date; where that fails, training goes on."""
        rows = self._rows[-last:] if last else []
        try:
            if self._whole:
                append_to_file(self.filename, self._lines(rows), durable=durable)
            else:
                replace_file(self.filename, self._lines(self._rows))  # durable: rows are in it
            self._whole = True
        except FileError as error:
            self._whole = False
            if not self._told:
                self._told = True
                warn(
                    GrafitoWarning(
                        "The log cannot be written; training goes on, and the rows are kept.",
                        where=self.filename,
                        received=error.rows.get("received"),
                        fix=error.rows.get("try"),
                    )
                )
        if durable:
            self._synced = time.monotonic()

    def _lines(self, rows: list[list[Any]]) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self.separator).writerows(rows)
        return text.getvalue()


def _read(path: Path, separator: str) -> tuple[list[list[str]], bool]:
    """The rows of a log, and whether the last of them has its end."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            text = file.read()
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(
            "The file is no log to which rows can be appended.",
            where=path,
            received=getattr(error, "strerror", None) or error,
            fix="another file name, or append=False to replace it",
        ) from None
    return rows, text.endswith(("\n", "\r"))


def _cell(value: Any) -> Any:
    """A number as it is, a vector as a list with all its digits."""
    return json.dumps(np.asarray(value).tolist()) if np.ndim(value) else value


class TerminateOnNaN(Callback):
    """Ends training when the loss is NaN or infinite.

    Args:
        raise_error: raise a `NonFiniteError` in place of ending quietly.

    Example:
        >>> from types import SimpleNamespace
        >>> guard = TerminateOnNaN()
        >>> guard.set_model(SimpleNamespace(stop_training=False))
        >>> guard.on_progress("train", 3, 10, {"loss": float("nan")})
        Batch 3: the loss is nan; training ends.
        >>> guard.model.stop_training
        True
    """

    def __init__(self, raise_error: bool = False):
        self.raise_error = raise_error

    def on_progress(self, kind: str, done: int, total: int | None, logs: Logs) -> None:
        if kind == "train" and not math.isfinite(float(logs.get("loss", 0.0))):
            if self.raise_error:
                raise NonFiniteError(
                    f"The loss is {logs['loss']}; training ends.",
                    where=f"batch {done}",
                    fix="compile(..., check_finite=True), which names the layer",
                )
            text = translate("Batch {}: the loss is {}; training ends.")
            say(text.format(done, logs["loss"]))
            self.model.stop_training = True


class LambdaCallback(Callback):
    """Calls functions at the turning points of training.

    Args:
        on_epoch_begin: function of (epoch, logs).
        on_epoch_end: function of (epoch, logs).
        on_train_begin: function of (logs).
        on_train_end: function of (logs).
        on_train_batch_begin: function of (batch, logs).
        on_train_batch_end: function of (batch, logs).
        **others: the other hooks of `Callback`, for example `on_test_end`; what does not begin
            with "on_" becomes an attribute.

    A hook may leave `logs` out.

    Example:
        >>> _ = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    takes_any = True

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **others: Callable[..., Any] | None,
    ):
        for name, function in {**locals(), **others}.items():
            if name in ("self", "others", "__class__") or function is None:
                continue
            if name.startswith("on_") and name not in HOOKS:
                raise unknown_name("hook", name, HOOKS)
            if name in HOOKS and not callable(function):
                raise ArgumentError(
                    "A hook must be a function.",
                    where=f"LambdaCallback({name}=...)",
                    received=repr(function),
                )
            setattr(self, name, function)
