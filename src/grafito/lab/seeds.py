"""The same experiment from several seeds, and how far its numbers spread."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grafito import engines, language
from grafito.engines import processes
from grafito.errors import ArgumentError
from grafito.lab.comparison import differences_of, histories, overlay, tell_differences
from grafito.lab.experiment import Experiment, course_numbers
from grafito.lab.folder import RunFolder, plain_name
from grafito.lab.prose.comparing import courses_of_training
from grafito.lab.prose.of_seeds import LIMITS, in_the_course, spread
from grafito.lab.prose.sentence import paragraph, said
from grafito.lab.record import Record
from grafito.lab.report import numerals, write_report
from grafito.lab.report.recorded_run import RecordedRun, read_run
from grafito.lab.runner import Result, describe, run
from grafito.language import message as N_

SHARED_PARTS = ("task", "theory", "choices")  # of a page: what is said there holds for every seed


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
        record.quick = bool(folder.configuration.get("quick"))
        ended = [result for result in results if result.is_complete] or results
        runs = [read_run(result.folder) for result in results]
        _carry_over(record, runs[0])
        overlay(record, {experiment.name: runs})
        _tabulate(record, results, ended)
        _judge(record, experiment, ended)
        whole = {experiment.name: [run for run in runs if run.is_complete] or runs}
        record.words("findings", [courses_of_training(*histories(whole))])
        limits = experiment.task.of(experiment.variant).limits
        record.words("limits", [paragraph(limits), paragraph(LIMITS)])
        folder.end(results[-1].status)
    if not processes.process_index():
        write_report(folder.path, lang=language.current())
    return results


def _carry_over(record: Record, run: RecordedRun) -> None:
    """Hand over what was said of the task, its theory and its settings: it holds for every seed."""
    for entry in run.only("words"):
        if entry.get("part") in SHARED_PARTS:
            record.carry_over(entry)


def _judge(record: Record, experiment: Experiment, ended: list[Result]) -> None:
    """What the seeds say: how far they spread; of several forms, which is the best for sure."""
    forms = list(experiment.forms())
    first = next(iter(ended[0].metrics), "")
    metric = next((first[len(f) :].strip() for f in forms if first.startswith(f"{f} ")), "")
    values = {
        form: [result.metrics[f"{form} {metric}"] for result in ended]
        for form in forms
        if all(f"{form} {metric}" in result.metrics for result in ended)
    }
    found = [result.metrics.get(first, math.nan) for result in ended]
    own = experiment.over_seeds([result.metrics for result in ended]) if len(found) > 1 else []
    if own:
        record.words("findings", [[one] for one in own])
    elif not forms and first and len(found) > 1:  # a single one has no spread
        course = course_numbers({"": experiment})
        beside = in_the_course(first, found, course[first]) if first in course else None
        record.words("findings", [said(*spread(first, found), beside)])
    if len(values) > 1 and len(values) == len(forms):  # some forms alone are no ranking
        means = {form: float(np.mean(each)) for form, each in values.items()}
        tell_differences(record, means, metric, differences_of(values))


def _tabulate(record: Record, results: list[Result], ended: list[Result]) -> None:
    """A row for each seed, then mean and deviation of each number over those that ended."""
    keys = dict.fromkeys(key for result in results for key in result.metrics)
    values = {key: [one.metrics[key] for one in ended if key in one.metrics] for key in keys}
    written = {key: numerals.written(key, found) for key, found in values.items()}

    def row(title: str, numbers: Mapping[str, float]) -> list[Any]:
        return [title, *(written[key](numbers[key]) if key in numbers else "" for key in keys)]

    means = {key: float(np.mean(found)) for key, found in values.items() if found}
    rows = [row(result.folder.name, result.metrics) for result in results]
    rows.append(row(N_("mean"), means))
    if len(ended) > 1:
        spreads = {k: float(np.std(v, ddof=1)) for k, v in values.items() if len(v) > 1}
        rows.append(row(N_("standard deviation"), spreads))
    record.table("seeds", ["run", *keys], rows, N_("The numbers of each seed"))
    record.metrics(means)
