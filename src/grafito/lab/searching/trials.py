"""Trials: one training each, kept in a file as soon as it is done, whoever chose its settings."""

from __future__ import annotations

import contextlib
import json
import math
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grafito import losses
from grafito.datasets.transforms import stratified_split
from grafito.engines import Engine
from grafito.errors import FileError, GrafitoError, LossWarning
from grafito.lab.folder import RunFolder
from grafito.lab.training import LARGE_BATCH, Training
from grafito.language import message
from grafito.utils import set_random_seed

TRIALS = "trials"  # the folder of their files
COMPLETE, DIVERGED, FAILED = message("complete"), message("diverged"), message("failed")


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Attributes:
        settings: those that are searched, as plain data.
        seed: where its random numbers started.
        status: "complete"; "diverged" where a number is not finite; "failed" by an error.
        numbers: of the validation part at the end: the metrics, and the loss without penalties.
        epochs, seconds, parameters: of its training and its network.
        history: the numbers of each epoch.
        error: what failed.
    """

    settings: dict[str, Any]
    seed: int
    status: str
    numbers: dict[str, float] = field(default_factory=dict)
    _: KW_ONLY
    epochs: int = 0
    seconds: float = 0.0
    parameters: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    error: str = ""

    @property
    def key(self) -> str:
        """What it is known by: settings and seed."""
        return json.dumps([self.settings, self.seed], sort_keys=True)


class Trials:
    """The trials of a search, in the files of its folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     trials = Trials(RunFolder(Path(parent), {}))
        ...     trials.keep(Trial({"units": [8]}, 1, "complete", {"loss": 0.5}))
        ...     [trial.numbers for trial in Trials(trials.folder)]
        [{'loss': 0.5}]
    """

    def __init__(self, folder: RunFolder):
        self.folder = folder
        self._kept: dict[str, Trial] = {}
        (folder.path / TRIALS).mkdir(exist_ok=True)
        for file in sorted((folder.path / TRIALS).glob("*.json")):
            with contextlib.suppress(OSError, ValueError, TypeError):  # damaged: it is done again
                trial = Trial(**json.loads(file.read_text(encoding="utf-8")))
                self._kept[trial.key] = trial

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, settings: Mapping[str, Any], seed: int) -> Trial | None:
        """The trial of these settings and this seed that is done; a failed one is tried again."""
        found = self._kept.get(Trial(plain(settings), seed, "").key)
        return None if found and found.status == FAILED else found

    def keep(self, trial: Trial) -> None:
        """Write a trial, whole or not at all."""
        number = 1 + max((int(f.stem) for f in self._files() if f.stem.isdigit()), default=0)
        self.folder.write_json(f"{TRIALS}/{number:04}.json", asdict(trial))
        self._kept[trial.key] = trial

    def _files(self) -> Iterator[Path]:
        return (self.folder.path / TRIALS).glob("*.json")


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a file keeps them.

    Example:
        >>> plain({"units": (8, 4)})
        {'units': [8, 4]}
    """
    return {n: list(value) if isinstance(value, tuple) else value for n, value in settings.items()}


def attempt(
    experiment: Training, settings: Mapping[str, Any], seed: int, engine: Engine
) -> Trial | None:
    """Train with these settings and judge by the examples held out; None after Ctrl-C.

    The test part is loaded with the rest and never looked at.
    """
    began = time.perf_counter()
    told = plain(settings)
    try:
        one = experiment.with_settings(**settings, seed=seed)
        set_random_seed(seed)
        x, y = one.limited(one.load())[0]
        kept, held_out = stratified_split(y, one.validation_split, seed)
        unseen = x[held_out], y[held_out]
        model = one.compiled(x[kept], engine)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LossWarning)  # the status says it
            history = model.fit(
                x[kept],
                y[kept],
                batch_size=one.batch_size,
                epochs=one.epochs,
                callbacks=list(one.callbacks()),
                validation_data=unseen,
                verbose=0,
                **one.fitting(),
            )
        if history.interrupted:
            return None
        logs = model.evaluate(*unseen, batch_size=LARGE_BATCH, verbose=0, return_dict=True)
        predicted = model.predict(unseen[0], batch_size=LARGE_BATCH, verbose=0)
        loss = float(np.mean(losses.get(one.loss)(unseen[1], predicted)))
    except FileError:  # not of these settings
        raise
    except GrafitoError as error:
        return Trial(told, seed, FAILED, error=error.message)
    numbers = {name: float(value) for name, value in logs.items() if name != "loss"}
    numbers["loss"] = loss
    return Trial(
        told,
        seed,
        COMPLETE if all(map(math.isfinite, numbers.values())) else DIVERGED,
        {name: value for name, value in numbers.items() if math.isfinite(value)},
        epochs=len(history.epoch),
        seconds=round(time.perf_counter() - began, 3),
        parameters=model.count_params(),
        history={name: [*map(float, values)] for name, values in history.history.items()},
    )
