"""What happens between epochs and batches: stopping early, saving, schedules, logs."""

from grafito.callbacks.actions import (
    CSVLogger,
    LambdaCallback,
    LearningRateScheduler,
    TerminateOnNaN,
)
from grafito.callbacks.backup import BackupAndRestore
from grafito.callbacks.base import Callback, CallbackList, History
from grafito.callbacks.monitors import EarlyStopping, ModelCheckpoint, Monitor, ReduceLROnPlateau
from grafito.errors import names_of as _names_of

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "Monitor",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
