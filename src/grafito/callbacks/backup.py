"""A backup of a training, from which it goes on to the same bits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from grafito.callbacks.base import Callback, Logs
from grafito.callbacks.monitors import file_path
from grafito.engines.processes import process_index
from grafito.errors import ArgumentError, FileError, GrafitoWarning, warn
from grafito.layers.arguments import integer

Save = Callable[[int, int, Logs], None]  # of an epoch, of the batches done in it, and their logs


class BackupAndRestore(Callback):
    """Keeps a backup while `fit` runs; where there is one, `fit` goes on from it.

    A training that was interrupted, at whatever moment, and is started again in the same way ends
    with the same weights, history and logs as one that was not: the backup has the weights, the
    state of the optimizer, the seeds and counters of random numbers, the place in the data, what
    callbacks count and the whole history.

    Args:
        backup_dir: folder of the backup; it is made, and belongs to one training.
        save_freq: "epoch", or a number of batches. Epochs much shorter than a fifth of a second
            run several together, and then one backup is made of them.
        delete_checkpoint: remove the backup when the training has ended.

    Example:
        >>> import numpy as np
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((2,)), layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> backup = BackupAndRestore("backup", delete_checkpoint=False)
        >>> done = model.fit(np.ones((4, 2)), np.ones(4), epochs=2, verbose=0, callbacks=[backup])
        >>> backup.path.name
        'training.safetensors'
    """

    only_reads_logs = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        delete_checkpoint: bool = True,
    ):
        self.backup_dir = Path(file_path(backup_dir))
        if save_freq != "epoch":
            if not isinstance(save_freq, (int, np.integer)):
                raise ArgumentError(
                    "A backup is made after epochs, or after a number of batches.",
                    where="BackupAndRestore",
                    received=f"save_freq={save_freq!r}",
                    fix='save_freq="epoch", or save_freq=100',
                )
            integer(self, "save_freq", save_freq)
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint
        self._save: Save | None = None
        self._epoch = 0
        self._told = False

    @property
    def path(self) -> Path:
        """The file of the backup."""
        return self.backup_dir / "training.safetensors"

    def begin(self, save: Save) -> None:
        """Take the function that writes the file; make the folder."""
        self._save, self._told = save, False
        try:
            self.backup_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(
                "The folder of a backup cannot be made.",
                where=self.backup_dir,
                received=error.strerror,
                fix="name a folder that you may write to",
            ) from error

    def defines(self, hook: str) -> bool:
        """Whether the hook of this name does something; that of batches only where it saves."""
        if hook == "on_train_batch_end":
            return self.save_freq != "epoch"
        return super().defines(hook)

    def at_epoch(self, epoch: int, batch: int = 0) -> None:
        """Training begins this epoch, or goes on in it."""
        self._epoch = epoch
        if self.save_freq == "epoch" and not batch:
            self._write(epoch, 0, {})

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if (batch + 1) % int(self.save_freq) == 0:
            self._write(self._epoch, batch + 1, logs or {})

    def _write(self, epoch: int, batch: int, logs: Logs) -> None:
        """Write the backup; where that fails, training goes on with the older one."""
        if self._save is None:
            return
        try:
            self._save(epoch, batch, logs)
        except FileError as error:
            if not self._told:
                self._told = True
                warn(
                    GrafitoWarning(
                        "The backup cannot be written; training goes on, and an older one is kept.",
                        where=self.path,
                        received=error.rows.get("received"),
                        fix=error.rows.get("try"),
                    )
                )

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._save = None
        done = self.delete_checkpoint and not self.model.history.interrupted
        if done and not process_index():  # which may still be writing it
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
                self.backup_dir.rmdir()  # unless something else is in it
