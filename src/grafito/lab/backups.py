"""Backups of the trainings of a run, from which it goes on after it was stopped."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

from grafito.callbacks import BackupAndRestore, Callback
from grafito.callbacks.base import Logs
from grafito.lab.folder import RunFolder

FOLDER = "backup"  # below the folder of the run
EVERY = 5.0  # seconds of training between two backups
SHARE = 20  # and so many times what the last one took
STATELESS = ("grafito.callbacks.", "grafito.lab.record", "grafito.lab.training")  # of what they see


def backup_of(folder: RunFolder, name: str, callbacks: Sequence[Callback]) -> list[Callback]:
    """The backup of a training among these callbacks, if one can say where it was.

    Where a callback of somebody's own keeps no state, it could not go on with what it has seen; the
    training then begins anew, to the same end.
    """
    if all(_goes_on(callback) for callback in callbacks):
        return [_Backup(folder, name)]
    return []


def _goes_on(callback: Callback) -> bool:
    kind = type(callback)
    own = kind.get_state is not Callback.get_state or bool(kind.counts)
    return own or kind.__module__.startswith(STATELESS)


def remove_backups(folder: RunFolder) -> None:
    """Remove what a run that has come to its end needs no more."""
    shutil.rmtree(folder.path / FOLDER, ignore_errors=True)


class _Backup(BackupAndRestore):
    """A backup that costs little time, and stays until the whole run has ended."""

    only_reads_logs = True

    def __init__(self, folder: RunFolder, name: str):
        super().__init__(folder.path / FOLDER / name, delete_checkpoint=False)
        self._due = time.perf_counter() + EVERY

    def _write(self, epoch: int, batch: int, logs: Logs) -> None:
        began = time.perf_counter()
        if began >= self._due:
            super()._write(epoch, batch, logs)
            ended = time.perf_counter()
            self._due = ended + max(EVERY, SHARE * (ended - began))


class Clock(Callback):
    """How long a training takes, with what it took before it went on."""

    only_reads_logs = True

    def __init__(self) -> None:
        self._began, self._before = time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        return self._before + time.perf_counter() - self._began

    def get_state(self) -> dict[str, Any]:
        return {"seconds": self.seconds}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._began, self._before = time.perf_counter(), state["seconds"]
