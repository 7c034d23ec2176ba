"""Callbacks that act at fixed moments: set the rate, write a log, call a function."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grafito.callbacks.base import Callback, Logs
from grafito.callbacks.monitors import learning_rate
from grafito.errors import ArgumentError


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
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        try:
            rate = self.schedule(epoch, learning_rate(self.model))
        except TypeError:  # Keras also allows a function of the epoch alone
            rate = self.schedule(epoch)
        if not isinstance(rate, (int, float, np.number)):
            raise ArgumentError("A schedule returns a number.", received=repr(rate))
        self.model.optimizer.learning_rate = float(rate)
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {float(rate):g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = learning_rate(self.model)


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row of a CSV file.

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

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ):
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._columns = None
        path = Path(self.filename)
        if self.append and path.exists() and path.stat().st_size:
            with path.open(newline="", encoding="utf-8") as file:
                header = next(csv.reader(file, delimiter=self.separator), [])
            self._columns = header[1:] or None
        else:
            path.write_text("", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        with open(self.filename, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if self._columns is None:
                self._columns = list(logs)
                writer.writerow(["epoch", *self._columns])
            writer.writerow([epoch, *(logs.get(name, "NA") for name in self._columns)])


class TerminateOnNaN(Callback):
    """Ends training when the loss is NaN or infinite.

    Example:
        >>> from types import SimpleNamespace
        >>> guard = TerminateOnNaN()
        >>> guard.set_model(SimpleNamespace(stop_training=False))
        >>> guard.on_progress("train", 3, 10, {"loss": float("nan")})
        Batch 3: the loss is nan; training ends.
        >>> guard.model.stop_training
        True
    """

    def on_progress(self, kind: str, done: int, total: int | None, logs: Logs) -> None:
        if kind == "train" and not math.isfinite(float(logs.get("loss", 0.0))):
            print(f"Batch {done}: the loss is {logs['loss']}; training ends.")
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

    Example:
        >>> _ = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
    ):
        hooks = {k: v for k, v in locals().items() if k.startswith("on_") and v is not None}
        self.__dict__.update(hooks)
