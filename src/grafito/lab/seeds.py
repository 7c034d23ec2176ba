"""The same experiment from several seeds, and how far its numbers spread."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grafito import engines, language
from grafito.engines import processes
from grafito.errors import ArgumentError
from grafito.lab.comparison import differences_of, overlay, tell_differences
from grafito.lab.experiment import Experiment
from grafito.lab.folder import RunFolder, plain_name
from grafito.lab.record import Record
from grafito.lab.report import write_report
from grafito.lab.report.recorded_run import read_run
from grafito.lab.runner import Result, describe, run
from grafito.language import message as N_


def run_seeds(
    experiment: Experiment,
    seeds: int,
    *,
    engine: str = "auto",
    out: str | os.PathLike[str] = "runs",
    lang: str | None = None,
    verbose: Any = "auto",
) -> list[Result]:
    """Run an experiment from several seeds, one after the other.

    The folder OUT/NAME/TIME holds a run for each seed, in seed-1, seed-2 and so on, and a report
    with their curves, and their numbers with mean and standard deviation (n - 1).

    Args:
        experiment: the first run has its seed, the others the following ones.
        seeds: how many.
        engine: as in `run`.
        out: likewise.
        lang: likewise.
        verbose: likewise.

    Returns:
        The result of each; fewer than asked for after Ctrl-C.

    Raises:
        ArgumentError: for less than two seeds.

    Example:
        >>> import tempfile
        >>> from grafito import lab
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     len(run_seeds(lab.get("xor", epochs=2), 2, out=folder, verbose=0))
        2
    """
    if seeds < 2:
        raise ArgumentError(
            "A spread needs at least two seeds.", received=f"seeds={seeds}", fix="seeds=5"
        )
    used = engines.get(engine)
    with language.use(lang):
        several = {**describe(experiment, used.name), "seeds": seeds}
        if several["command"]:
            several["command"] += f" --seeds {seeds}"
        folder = RunFolder(processes.own_folder(Path(out)) / plain_name(experiment.name), several)

        def one(each: Experiment, name: str) -> Result:
            return run(each, engine=engine, out=folder.path, lang=lang, verbose=verbose, name=name)

        return conduct_seeds(experiment, seeds, used, folder, one)


def conduct_seeds(
    experiment: Experiment,
    seeds: int,
    engine: engines.Engine,
    folder: RunFolder,
    one: Callable[[Experiment, str], Result],
) -> list[Result]:
    """Run an experiment from several seeds in a folder, and draw the report of all.

    Args:
        experiment: the first run has its seed, the others the following ones.
        seeds: how many.
        engine: what trains.
        folder: of them all.
        one: runs the experiment of a seed, in the folder of this name.

    Returns:
        The result of each; fewer than asked for after Ctrl-C.
    """
    results: list[Result] = []
    with folder.recording():
        for seed in range(experiment.seed, experiment.seed + seeds):
            results.append(one(dataclasses.replace(experiment, seed=seed), f"seed-{seed}"))
            if not results[-1].is_complete:
                break
        record = Record(folder, engine)
        overlay(record, {experiment.name: [read_run(result.folder) for result in results]})
        _tabulate(record, results)
        _judge_forms(record, experiment, results)
        folder.end(results[-1].status)
    if not processes.process_index():
        write_report(folder.path, lang=language.current())
    return results


def _judge_forms(record: Record, experiment: Experiment, results: list[Result]) -> None:
    """Which of several forms is the best, and whether that is more than the noise of the seeds."""
    forms = list(experiment.forms())
    first = next(iter(results[0].metrics), "")
    metric = next((first[len(f) :].strip() for f in forms if first.startswith(f"{f} ")), "")
    values = {
        form: [result.metrics[f"{form} {metric}"] for result in results]
        for form in forms
        if all(f"{form} {metric}" in result.metrics for result in results)
    }
    if len(values) > 1:
        means = {form: float(np.mean(each)) for form, each in values.items()}
        tell_differences(record, means, metric, differences_of(values))


def _tabulate(record: Record, results: list[Result]) -> None:
    """A row for each seed, then mean and standard deviation of each number."""
    keys = list(results[0].metrics)
    numbers = np.array([[result.metrics[key] for key in keys] for result in results])
    rows: list[list[Any]] = [
        [result.folder.name, *row] for result, row in zip(results, numbers.tolist(), strict=True)
    ]
    rows.append([N_("mean"), *numbers.mean(axis=0).tolist()])
    if len(results) > 1:
        rows.append([N_("standard deviation"), *numbers.std(axis=0, ddof=1).tolist()])
    record.table("seeds", ["run", *keys], rows, N_("The numbers of each seed"))
    record.metrics(dict(zip(keys, numbers.mean(axis=0).tolist(), strict=True)))
