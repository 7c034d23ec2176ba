"""Runs an experiment: data in, folder with all results out."""

from __future__ import annotations

import dataclasses
import os
import platform
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grafito import __version__, datasets, engines, figures, language
from grafito.callbacks import Callback, CSVLogger
from grafito.callbacks.base import Logs
from grafito.figures.text import number
from grafito.lab.experiment import Experiment
from grafito.lab.folder import RunFolder
from grafito.lab.settings import write_settings
from grafito.language import translate
from grafito.models.progress import format_logs
from grafito.utils import set_random_seed

MANY_EPOCHS = 100  # of more, only some are shown
SHOWN_EPOCHS = 20
SHOWN_METRICS = 2
OPTIONS = ("epochs", "batch_size", "seed")  # settings with a flag of their own


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes:
        experiment: its name.
        folder: where everything is.
        status: "complete", or "interrupted" by Ctrl-C.
        metrics: the numbers that count; the most important one comes first.
        epochs: how many were done.
        seconds: that the training took.
        engine: the name of what ran it.
    """

    experiment: str
    folder: Path
    status: str
    metrics: Mapping[str, float]
    epochs: int
    seconds: float
    engine: str

    @property
    def is_complete(self) -> bool:
        return self.status == "complete"

    def table(self, lang: str = "en") -> str:
        """The result as a row under its titles, and the folder.

        Example:
            >>> metrics = {"accuracy": 0.97214, "loss": 0.12}
            >>> result = Result("digits", Path("runs/1"), "complete", metrics, 9, 1.26, "fast")
            >>> print(result.table("es"))
            experimento  exactitud  pérdida  épocas  segundos  motor
            digits          0,9721   0,1200       9       1,3  fast
            carpeta      runs/1
        """
        shown = list(self.metrics.items())[:SHOWN_METRICS]
        titles = ["experiment", *(name for name, _ in shown), "epochs", "seconds", "engine"]
        cells = [self.experiment, *(number(value, 4, lang) for _, value in shown)]
        cells += [str(self.epochs), number(round(self.seconds, 1), 1, lang), self.engine]
        with language.use(lang):
            titles = [translate(title.replace("_", " ")) for title in titles]
            folder = translate("folder")
            note = "" if self.is_complete else f"  ({translate('partial')})"
        wide = [max(map(len, pair)) for pair in zip(titles, cells, strict=True)]
        wide[0] = max(wide[0], len(folder))
        lines = [
            "  ".join([row[0].ljust(wide[0]), *map(str.rjust, row[1:-1], wide[1:-1]), row[-1]])
            for row in (titles, cells)
        ]
        return "\n".join([*lines, f"{folder.ljust(wide[0])}  {self.folder}{note}"])


def run(
    experiment: Experiment,
    *,
    engine: str = "auto",
    out: str | os.PathLike[str] = "runs",
    lang: str = "en",
    verbose: Any = "auto",
) -> Result:
    """Run an experiment; leave configuration, history, model, metrics and figures in a folder.

    Args:
        experiment: what to run, as `lab.get` returns it.
        engine: "auto", or a name of `grafito.engines.names()`.
        out: the results land in OUT/NAME/TIME.
        lang: of the figures and the progress, "en" or "es".
        verbose: as in `Model.fit`.

    Returns:
        The numbers, and the folder.

    Raises:
        FileError: when the folder cannot be written.

    Example:
        >>> import tempfile
        >>> from grafito import lab
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run(lab.get("xor", epochs=2), out=folder, verbose=0).epochs
        2
    """
    used = engines.get(engine)
    with language.use(lang):
        set_random_seed(experiment.seed)
        data = experiment.load()
        folder = RunFolder(out, experiment.name, _configuration(experiment, used.name))
        with folder.recording():
            return _train(experiment, data, used, folder, verbose)


def _train(
    experiment: Experiment, data: Any, engine: engines.Engine, folder: RunFolder, verbose: Any
) -> Result:
    x, y = data[0]
    model = experiment.compiled(x, engine)
    seldom = verbose == "auto" and experiment.epochs > MANY_EPOCHS
    log = CSVLogger(folder.path / "history.csv")
    began = time.perf_counter()
    history = model.fit(
        x,
        y,
        batch_size=experiment.batch_size,
        epochs=experiment.epochs,
        validation_split=experiment.validation_split,
        callbacks=[log, _Milestones(experiment.epochs)] if seldom else [log],
        verbose=0 if seldom else verbose,
    )
    seconds = time.perf_counter() - began
    model.save(folder.path / "model.safetensors")
    metrics = experiment.measure(model, data)
    result = Result(
        experiment=experiment.name,
        folder=folder.path,
        status="interrupted" if history.interrupted else "complete",
        metrics=metrics,
        epochs=len(history.epoch),
        seconds=seconds,
        engine=engine.name,
    )
    folder.write_json(
        "metrics.json",
        {
            **metrics,
            "epochs": result.epochs,
            "seconds": round(seconds, 3),
            "parameters": model.count_params(),
        },
    )
    if history.epoch:
        figures.curves(history, lang=language.current()).savefig(folder.path / "curves.svg")
    for name, figure in experiment.figures(model, data):
        figure.savefig(folder.path / f"{name}.svg")
    folder.end(result.status)
    return result


def _configuration(experiment: Experiment, engine: str) -> dict[str, Any]:
    """Everything that the numbers depend on."""
    return {
        "experiment": experiment.name,
        "what": experiment.what,
        "settings": dataclasses.asdict(experiment),
        "engine": engine,
        "command": command(experiment, engine),
        "data": _origin(experiment.data),
        "versions": {
            "grafito": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.platform(),
        },
    }


def command(experiment: Experiment, engine: str) -> str:
    """The command line that repeats a run.

    Example:
        >>> from grafito import lab
        >>> command(lab.get("ice-creams", epochs=9), "auto")
        'grafito run ice-creams --epochs 9 --batch-size 16 --seed 1 --engine auto'
    """
    words = ["grafito", "run", experiment.name]
    if experiment.variant:
        words += ["--variant", experiment.variant]
    for name in OPTIONS:
        words += [f"--{name.replace('_', '-')}", str(getattr(experiment, name))]
    words += ["--engine", engine]
    others = {k: v for k, v in experiment.changes().items() if k not in OPTIONS}
    if others:
        words += ["--set", write_settings(others)]
    return shlex.join(words)


def _origin(data: str | None) -> dict[str, Any]:
    if data is None:
        return {"name": "built in"}
    findings = [str(finding) for finding in datasets.verify(data)]
    return {"name": data, "source": datasets.card(data).source, "files": findings}


class _Milestones(Callback):
    """Prints some of many epochs, evenly spread."""

    def __init__(self, epochs: int):
        self.epochs = epochs
        self.every = epochs // SHOWN_EPOCHS

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not (epoch + 1) % self.every:
            title = f"{translate('Epoch')} {epoch + 1}/{self.epochs}"
            print(f"{title} - {format_logs(logs or {})}", flush=True)
