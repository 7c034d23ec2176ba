"""Callbacks that watch one value: stop early, keep the best, lower the learning rate."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from grafito import metrics
from grafito.callbacks.base import Callback, Logs
from grafito.errors import ArgumentError, FileError, GrafitoWarning, one_of, unknown_name, warn
from grafito.foreign import LOGS
from grafito.foreign.telling import tell_older
from grafito.language import say, translate
from grafito.layers.arguments import integer, number

ROUNDING = 1e-6  # relative: the model keeps its rate in float32


class Monitor(Callback):
    """Watches one entry of the logs and knows when it has become better.

    Args:
        monitor: name in the logs.
        mode: "min", "max" or "auto": losses fall, and a metric knows whether it should rise.
        min_delta: a smaller change is no improvement.

    Raises:
        ArgumentError: while training, for "auto" and a value that no metric of the model gives.

    Example:
        >>> Monitor("val_accuracy").maximize, Monitor("val_loss").maximize
        (True, False)
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0):
        if mode not in ("auto", "min", "max"):
            raise unknown_name("mode", mode, ["auto", "min", "max"])
        if not isinstance(monitor, str):
            raise ArgumentError(
                "monitor must be a name in the logs.",
                where=type(self).__name__,
                received=f"monitor={monitor!r}",
                fix='monitor="val_loss"',
            )
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(number(self, "min_delta", min_delta, -math.inf))
        self.best: float | None = None

    @property
    def maximize(self) -> bool:
        """Larger is better: by the mode, else by the metric that has this name, else by its kind.

        Raises:
            ArgumentError: where none of them tells.
        """
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        named = getattr(self.model, "metric_named", None)
        metric = named(name) if named else None
        known = metrics.registry.entries.get("accuracy" if name == "acc" else name)
        falls = "down" if name == "loss" or name.endswith("_loss") else None
        for says in (getattr(metric, "direction", None), falls, getattr(known, "direction", None)):
            if says is not None:
                return says == "up"
        raise ArgumentError(
            f"It is not known whether {self.monitor!r} should rise or fall.",
            where=type(self).__name__,
            received='mode="auto"',
            fix=f'{type(self).__name__}({self.monitor!r}, ..., mode="max"), or mode="min"',
        )

    def read(self, logs: Logs | None) -> float | None:
        """The watched value; None in an epoch that is not validated, of a validation value.

        Raises:
            UnknownNameError: when the logs have no such name.
        """
        logs = logs or {}
        present = LOGS.get(self.monitor)
        if present in logs and self.monitor not in logs:
            tell_older(self.monitor, repr(present))
            self.monitor = present
        if self.monitor not in logs:
            error = unknown_name(f"monitor of {type(self).__name__}", self.monitor, logs)
            if self.monitor.startswith("val_") and not any(n.startswith("val_") for n in logs):
                if self.params.get("validation_freq", 1) != 1:
                    return None
                if (save_freq := getattr(self, "save_freq", "epoch")) != "epoch":
                    raise ArgumentError(
                        f"{self.monitor!r} is known after an epoch, and this saves within one.",
                        where=type(self).__name__,
                        received=f"save_freq={save_freq}",
                        expected=one_of(sorted(logs)),
                        fix='save_freq="epoch", or monitor="loss"',
                    )
                raise ArgumentError(
                    f"{type(self).__name__} watches {self.monitor!r}, but nothing is validated.",
                    expected=one_of(sorted(logs)),
                    fix="fit(..., validation_split=0.1), or monitor='loss'",
                )
            raise error
        if np.ndim(logs[self.monitor]):
            raise ArgumentError(
                f"{type(self).__name__} watches a single number.",
                where=f"monitor {self.monitor!r}",
                received=f"an array of shape {np.shape(logs[self.monitor])}",
            )
        return float(logs[self.monitor])

    def better(self, value: float) -> bool:
        """Whether the value is better than the best so far by more than min_delta."""
        return self.passes(value, self.best)

    def passes(self, value: float, other: float | None) -> bool:
        """Whether the value is better than another one by more than min_delta; NaN never is."""
        rises = self.maximize
        if math.isnan(value):
            return False
        if other is None:
            return True
        return (value - other if rises else other - value) > self.min_delta


class EarlyStopping(Monitor):
    """Ends training when a watched value has not become better for some epochs.

    Args:
        monitor: name in the logs; an unknown name is an error.
        min_delta: a smaller change is no improvement.
        patience: epochs without improvement before it stops.
        verbose: 1 says when it stops.
        mode: "min", "max" or "auto" (see `Monitor`).
        baseline: an epoch that does not pass it counts as one without improvement.
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
        self.patience = integer(self, "patience", patience, 0)
        self.verbose = verbose
        self.baseline = None if baseline is None else number(self, "baseline", baseline, -math.inf)
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = integer(self, "start_from_epoch", start_from_epoch, 0)
        self._forget()

    counts = ("best", "best_epoch", "best_weights", "stopped_epoch", "_stopped", "wait")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._forget()

    def _forget(self) -> None:
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None
        self.stopped_epoch = 0
        self._stopped = False
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.read(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.better(value):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.passes(value, self.baseline):
                self.wait = 0
                return
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self._stopped = self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.verbose and self._stopped:
            say(translate("Stopped after epoch {}.").format(self.stopped_epoch + 1))
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            if self.verbose:
                say(translate("The weights are those of epoch {}.").format(self.best_epoch + 1))


class ModelCheckpoint(Monitor):
    """Saves the model after epochs, or after every so many batches.

    A file saved within an epoch holds the weights and the optimizer of that batch; training goes on
    from it with a new epoch. What callbacks count is in no file.

    Args:
        filepath: where; may contain {epoch} and names of the logs, as in
            "model-{epoch:02d}-{val_loss:.3f}.safetensors".
        monitor: name in the logs that `save_best_only` watches.
        verbose: 1 says what it saves.
        save_best_only: save only what is better than before.
        save_weights_only: leave out architecture and optimizer.
        mode: "min", "max" or "auto" (see `Monitor`).
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: what the first save must be better than.

    Example:
        >>> best = ModelCheckpoint("best.safetensors", "val_loss", save_best_only=True)
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
        self.filepath = file_path(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        if save_freq != "epoch" and not isinstance(save_freq, (int, np.integer)):
            raise ArgumentError(
                "A checkpoint is saved after epochs, or after a number of batches.",
                where="ModelCheckpoint",
                received=f"save_freq={save_freq!r}",
                fix='save_freq="epoch", or save_freq=100',
            )
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._batches = 0
        self._epoch = 0
        self._saved = False
        if save_freq != "epoch":
            integer(self, "save_freq", save_freq)

    counts = ("best", "_batches", "_epoch")

    def defines(self, hook: str) -> bool:
        """Whether the hook of this name does something; that of batches only where it saves."""
        saves = type(self).on_train_batch_end is ModelCheckpoint.on_train_batch_end
        if hook == "on_train_batch_end" and saves and self.save_freq == "epoch":
            hook = "on_batch_end"
        return super().defines(hook)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        super().on_train_batch_end(batch, logs)
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches % int(self.save_freq) == 0:
            self._save(self._epoch, logs)

    def _save(self, epoch: int, logs: Logs | None) -> None:
        if self.save_best_only:
            value = self.read(logs)
            if value is None or not self.better(value):
                return
        try:
            older = {name: logs[now] for name, now in LOGS.items() if logs and now in logs}
            path = self.filepath.format(epoch=epoch + 1, **{**older, **(logs or {})})
        except KeyError as error:
            raise unknown_name("name in the file path", error.args[0], logs or {}) from None
        except (ValueError, IndexError, AttributeError) as error:
            raise ArgumentError(
                "The file path of a checkpoint cannot be filled in.",
                where="ModelCheckpoint",
                received=f"{self.filepath!r}: {error}",
                expected="names of the logs in braces, with a format where wanted",
                fix="model-{epoch:02d}-{val_loss:.3f}.safetensors",
            ) from None
        if self.verbose:
            say(translate("Epoch {}: saving to {}").format(epoch + 1, path))
        with contextlib.suppress(OSError):  # saving says what is wrong with the folder
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        try:
            save(path)
        except FileError as error:
            if not self._saved:  # nothing is lost yet, and the path may be wrong
                raise
            warn(
                GrafitoWarning(
                    "A checkpoint cannot be written; training goes on, and the last one stays.",
                    where=path,
                    received=error.rows.get("received"),
                    fix=error.rows.get("try"),
                )
            )
            return
        self._saved = True
        if self.save_best_only:
            self.best = value


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by a factor when a watched value stays as it is.

    Args:
        monitor: name in the logs.
        factor: new rate / old rate, below 1.
        patience: epochs without improvement before it acts.
        verbose: 1 says when it acts.
        mode: "min", "max" or "auto" (see `Monitor`).
        min_delta: a smaller change is no improvement.
        cooldown: epochs to wait after it acted.
        min_lr: the rate does not become smaller.

    Raises:
        ArgumentError: for a factor that is not between 0 and 1.

    Example:
        >>> ReduceLROnPlateau("val_loss", factor=0.5, patience=3).cooldown
        0
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
        if not 0 < number(self, "factor", factor, 0) < 1:
            raise ArgumentError("The factor must lie between 0 and 1.", received=f"factor={factor}")
        self.factor = factor
        self.patience = integer(self, "patience", patience, 0)
        self.verbose = verbose
        self.cooldown = integer(self, "cooldown", cooldown, 0)
        self.min_lr = number(self, "min_lr", min_lr, 0)
        self._forget()

    counts = ("best", "wait", "cooldown_counter")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._forget()

    def _forget(self) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.read(logs)
        rate = learning_rate(self.model)
        if logs is not None:
            logs["learning_rate"] = rate
        if value is None:
            return
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.better(value):
            self.best, self.wait = value, 0
        elif not self.cooldown_counter:
            self.wait += 1
            lower = max(rate * self.factor, self.min_lr)
            if self.wait >= self.patience and lower < rate * (1 - ROUNDING):
                self.model.optimizer.learning_rate = lower
                self.wait, self.cooldown_counter = 0, self.cooldown
                if self.verbose:
                    text = translate("Epoch {}: learning rate {}")
                    say(text.format(epoch + 1, f"{learning_rate(self.model):g}"))


def file_path(path: Any) -> str:
    """The path as text.

    Raises:
        FileError: for what is no path.
    """
    try:
        return os.fsdecode(path)
    except TypeError:
        raise FileError("This is not a file path.", received=repr(path)) from None


def learning_rate(model: Any) -> float:
    """The present learning rate of a model's optimizer."""
    return float(np.asarray(model.optimizer.learning_rate))
