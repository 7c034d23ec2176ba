"""What the command line names: a model, a run or an experiment, with its data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, FileError
from grafito.lab import get
from grafito.lab.folder import plain_name
from grafito.lab.report.recorded_run import read_run
from grafito.lab.resuming import begun
from grafito.lab.training import Training
from grafito.layers.automatic_names import names_apart
from grafito.models import Model, load_model
from grafito.studio.examples import BINARY, CLASSES, REGRESSION, Examples
from grafito.studio.keeping import Kept
from grafito.studio.settings import MOST_EXAMPLES, DataSettings, Settings
from grafito.utils import set_random_seed

NAME = "given"  # the data set of an experiment that the command line named
MOST_ROWS = 60_000  # of an experiment


def described(source: str | None, kept: Kept) -> dict[str, Any]:
    """What is told to the process that trains.

    Raises:
        FileError: where there is no such file, or it holds no model.
        UnknownNameError: where there is no such experiment.
    """
    if source is None:
        return {}
    path = Path(source)
    if path.is_dir():
        _trains(begun(read_run(path), None, {}))
        return {"run": str(path.resolve())}
    if path.is_file() and path.suffix != ".py":
        return {"model": kept.upload(path.read_bytes(), "model")}
    if (path.suffix and ".py" not in source) or (len(path.parts) > 1 and ".py" not in source):
        raise FileError("There is no such file.", where=path)
    _trains(get(source))
    return {"experiment": source}


def opened(source: Mapping[str, Any], kept: Kept) -> tuple[Settings, dict[str, Any]]:
    """Settings, and the model and the examples that are not made from them."""
    if "model" in source:
        model = load_model(kept.file(source["model"]))
        return for_model(model, Settings(model=source["model"])), {"model": model}
    if not source:
        return Settings(), {}
    run = read_run(source["run"]) if "run" in source else None
    experiment = _trains(begun(run, None, {}) if run else get(source["experiment"]))
    (x, y), (x_test, y_test) = experiment.limited(experiment.load())
    set_random_seed(experiment.seed)
    with names_apart():
        model = experiment.network(x)
    models = run.only("model") if run else []
    if run and models:
        model = load_model(run.path / plain_name(str(models[-1]["file"])))
    examples = _examples(experiment, (x[:MOST_ROWS], y[:MOST_ROWS]), (x_test, y_test))
    settings = Settings(
        data=DataSettings(NAME, examples=min(len(examples.y), MOST_EXAMPLES)),
        layers=(),
        loss=experiment.loss,
        optimizer=experiment.optimizer,
        rate=experiment.learning_rate,
        batch=experiment.batch_size,
        seed=experiment.seed,
    )
    return settings, {"model": model, "examples": examples}


def _trains(experiment: Any) -> Training:
    if not isinstance(experiment, Training) or experiment.forms():
        raise ArgumentError(
            "The studio opens experiments that train one network.",
            where=experiment.name,
            fix="one of its variants, or another experiment",
        )
    return experiment


def _examples(experiment: Training, train: Any, test: Any) -> Examples:
    x, y = (np.concatenate(pair) for pair in zip(train, test, strict=True))
    held_out = np.arange(len(x)) >= len(train[0])
    count = int(y.max()) + 1 if y.dtype.kind in "iu" else int(y.shape[1]) if y.ndim == 2 else 0
    classified = "crossentropy" in experiment.loss
    task = REGRESSION if not classified else BINARY if count <= 2 else CLASSES
    names = tuple(map(str, range(max(count, 2)))) if classified else ()
    shape = x.shape[1:3] if x.ndim in (3, 4) and x.shape[3:] in ((), (1,)) else None
    columns = tuple(f"x{i + 1}" for i in range(x.shape[1])) if x.ndim == 2 else ()
    return Examples(x, y, held_out, task, names, columns, shape, as_given=True)


def for_model(model: Model, settings: Settings, now: Model | None = None) -> Settings:
    """Settings whose data fit a model; those of now, where a network has the same inputs now.

    Two inputs are a plane, one is a line, 64 are digits.

    Raises:
        ArgumentError: where no data here fit it.
    """
    wanted, outputs = tuple(model.inputs[0].shape[1:]), model.outputs[0].shape[-1]
    settings = replace(settings, fresh=False)
    if now is not None and wanted == tuple(now.inputs[0].shape[1:]):
        own = settings.data.name in ("csv", "points", NAME)
        if own or outputs == now.outputs[0].shape[-1]:
            return settings
    sets = {1: "regression", 64: "digits", 2: "moons" if outputs == 1 else "classes"}
    name = sets.get(math.prod(size or 0 for size in wanted))
    if name is None or len(model.inputs) > 1:
        raise ArgumentError(
            "No examples here have the shape that the model takes.",
            received=f"a model whose inputs have the shape {wanted}",
            fix="open a table with as many inputs first, then the model",
        )
    classes = outputs if name == "classes" and 2 <= outputs <= 10 else settings.data.classes
    data = replace(settings.data, name=name, classes=classes)
    return replace(settings, data=data, features=Settings().features)
