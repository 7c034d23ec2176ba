"""What happens between epochs and batches: stopping early, saving, schedules, logs."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, unknown_name

Logs = dict[str, Any]


class Callback:
    """Something that `fit` calls at its turning points; subclass it and define what you need.

    A callback that defines a batch hook makes training stop after each batch to call it.
    Setting `self.model.stop_training = True` ends training after the current slice.

    Attributes:
        model: the model being trained.
        params: "epochs" and "verbose" of the call.

    Example:
        >>> class Count(Callback):
        ...     epochs = 0
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.epochs += 1
    """

    model: Any = None
    params: dict[str, Any]

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None: ...
    def on_train_end(self, logs: Logs | None = None) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...
    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_test_begin(self, logs: Logs | None = None) -> None: ...
    def on_test_end(self, logs: Logs | None = None) -> None: ...
    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_predict_begin(self, logs: Logs | None = None) -> None: ...
    def on_predict_end(self, logs: Logs | None = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_progress(self, kind: str, done: int, total: int | None, logs: Logs) -> None:
        """After each slice of about a fifth of a second: batches done of the total, if known."""


class CallbackList:
    """The callbacks of one call of `fit`, `evaluate` or `predict`, called together."""

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any]):
        given = [] if callbacks is None else callbacks
        self.callbacks: list[Callback] = list(
            given if isinstance(given, (list, tuple)) else [given]
        )
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ArgumentError(
                    "A callback is an object of a subclass of Callback.",
                    received=repr(callback),
                    fix=f"{callback.__name__}()" if isinstance(callback, type) else None,
                )
            callback.set_model(model)
            callback.set_params(params)

    def call(self, hook: str, *args: Any) -> None:
        """Call one hook of all callbacks, in order."""
        for callback in self.callbacks:
            getattr(callback, hook)(*args)

    def wants_batches(self, kind: str) -> bool:
        """Whether some callback defines a batch hook for training, testing or predicting."""
        hooks = (f"on_{kind}_batch_begin", f"on_{kind}_batch_end")
        return any(
            getattr(type(c), hook) is not getattr(Callback, hook) or hook in vars(c)
            for c in self.callbacks
            for hook in hooks
        )


class History(Callback):
    """What `fit` returns: the logs of every epoch.

    Attributes:
        epoch: numbers of the epochs, from 0.
        history: from name to the list of its values, one for each epoch.
        interrupted: whether Ctrl-C ended the training.
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}
        self.interrupted = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class Monitor(Callback):
    """Watches one entry of the logs and knows when it has become better."""

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0):
        if mode not in ("auto", "min", "max"):
            raise unknown_name("mode", mode, ["auto", "min", "max"])
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None

    @property
    def maximize(self) -> bool:
        """Larger is better; by name, unless the mode says so."""
        rising = ("acc", "auc", "precision", "recall", "f1", "r2", "top_k")
        named = any(word in self.monitor.lower() for word in rising)
        return self.mode == "max" or (self.mode == "auto" and named)

    def read(self, logs: Logs | None) -> float:
        """The watched value.

        Raises:
            UnknownNameError: when the logs have no such name.
        """
        logs = logs or {}
        if self.monitor not in logs:
            error = unknown_name(f"monitor of {type(self).__name__}", self.monitor, logs)
            if self.monitor.startswith("val_") and not any(n.startswith("val_") for n in logs):
                raise ArgumentError(
                    f"{type(self).__name__} watches {self.monitor!r}, but nothing is validated.",
                    expected="one of " + ", ".join(sorted(logs)),
                    fix="fit(..., validation_split=0.1), or monitor='loss'",
                )
            raise error
        return float(logs[self.monitor])

    def better(self, value: float) -> bool:
        """Whether the value is better than the best so far by more than min_delta."""
        if math.isnan(value):
            return False
        if self.best is None:
            return True
        gain = value - self.best if self.maximize else self.best - value
        return gain > self.min_delta


class EarlyStopping(Monitor):
    """Ends training when a watched value has not become better for some epochs.

    Args:
        monitor: name in the logs; an unknown name is an error.
        min_delta: a smaller change is no improvement.
        patience: epochs without improvement before it stops.
        verbose: 1 says when it stops.
        mode: "min", "max" or "auto" (by the name).
        baseline: a value that must be passed to count as an improvement.
        restore_best_weights: end with the weights of the best epoch, however training ended.
        start_from_epoch: epochs to wait before watching.

    Example:
        >>> EarlyStopping("val_loss", patience=3).restore_best_weights
        True
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 5,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = True,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = self.baseline
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None
        self.stopped_epoch = 0
        self._waited = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.read(logs)
        if epoch < self.start_from_epoch:
            return
        if self.better(value):
            self.best, self.best_epoch, self._waited = value, epoch, 0
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            return
        self._waited += 1
        if self._waited >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.verbose and self.stopped_epoch:
            print(f"Stopped after epoch {self.stopped_epoch + 1}.")
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            if self.verbose:
                print(f"The weights are those of epoch {self.best_epoch + 1}.")


class ModelCheckpoint(Monitor):
    """Saves the model after epochs, or after every so many batches.

    Args:
        filepath: where; may contain {epoch} and names of the logs, as in
            "model-{epoch:02d}-{val_loss:.3f}.safetensors".
        monitor: name in the logs that `save_best_only` watches.
        verbose: 1 says what it saves.
        save_best_only: save only what is better than before.
        save_weights_only: leave out architecture and optimizer.
        mode: "min", "max" or "auto" (by the name).
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: what the first save must be better than.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._batches = 0
        self._epoch = 0
        if isinstance(save_freq, int):
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs)

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self._batches % int(self.save_freq) == 0:
            self._save(self._epoch, logs)

    def _save(self, epoch: int, logs: Logs | None) -> None:
        if self.save_best_only:
            value = self.read(logs)
            if not self.better(value):
                return
            self.best = value
        try:
            path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        except KeyError as error:
            raise unknown_name("name in the file path", error.args[0], logs or {}) from None
        if self.verbose:
            print(f"Epoch {epoch + 1}: saving to {path}")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by a factor when a watched value stays as it is.

    Args:
        monitor: name in the logs.
        factor: new rate / old rate, below 1.
        patience: epochs without improvement before it acts.
        verbose: 1 says when it acts.
        mode: "min", "max" or "auto" (by the name).
        min_delta: a smaller change is no improvement.
        cooldown: epochs to wait after it acted.
        min_lr: the rate does not become smaller.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        super().__init__(monitor, mode, min_delta)
        if not 0 < factor < 1:
            raise ArgumentError("The factor lies between 0 and 1.", received=f"factor={factor}")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self._waited = 0
        self._cooling = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.read(logs)
        rate = _learning_rate(self.model)
        if logs is not None:
            logs["learning_rate"] = rate
        if self._cooling:
            self._cooling -= 1
            self._waited = 0
        if self.better(value):
            self.best, self._waited = value, 0
        elif not self._cooling:
            self._waited += 1
            if self._waited >= self.patience and rate > self.min_lr:
                self.model.optimizer.learning_rate = max(rate * self.factor, self.min_lr)
                self._waited, self._cooling = 0, self.cooldown
                if self.verbose:
                    print(f"Epoch {epoch + 1}: learning rate {_learning_rate(self.model):g}")


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: function of the epoch (from 0) and the present rate that returns the new one.
        verbose: 1 says the rate.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        try:
            rate = self.schedule(epoch, _learning_rate(self.model))
        except TypeError:  # Keras also allows a function of the epoch alone
            rate = self.schedule(epoch)
        if not isinstance(rate, (int, float, np.number)):
            raise ArgumentError("A schedule returns a number.", received=repr(rate))
        self.model.optimizer.learning_rate = float(rate)
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {float(rate):g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = _learning_rate(self.model)


def _learning_rate(model: Any) -> float:
    return float(np.asarray(model.optimizer.learning_rate))


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row of a CSV file.

    Args:
        filename: the file.
        separator: between fields.
        append: go on with an existing file.
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
    """Ends training when the loss is NaN or infinite."""

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
