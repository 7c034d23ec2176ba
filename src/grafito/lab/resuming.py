"""Goes on with a run that was stopped, in its folder, to the numbers of one that was not."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grafito import __version__, datasets, engines, language
from grafito.engines import processes
from grafito.errors import ArgumentError, FileError, GrafitoWarning, warn
from grafito.lab.catalog import get, names
from grafito.lab.experiment import Experiment
from grafito.lab.folder import RunFolder
from grafito.lab.report.recorded_run import CONFIGURATION, FILES, TOTALS, RecordedRun, read_run
from grafito.lab.runner import Result, conduct, describe
from grafito.lab.runner import run as start
from grafito.lab.seeds import conduct_seeds

# What two runs have in common whose numbers are the same.
NATURE = ("variant", "quick", "as_course", "engine", "settings", "forms", "program")


def resume(
    folder: str | os.PathLike[str],
    experiment: str | Experiment | None = None,
    *,
    engine: str = "auto",
    lang: str | None = None,
    verbose: Any = "auto",
    **given: Any,
) -> Result | list[Result]:
    """Go on with a run that was stopped, also by a crash, to the numbers that it would have had.

    Trainings that had ended are not repeated, and the one under way goes on from its last backup.
    Of a run from several seeds, those that were stopped go on, those that lack are run, and the
    result of each is returned.

    Args:
        folder: of the run.
        experiment: what it runs, or its name; by default what the folder says.
        engine: as in `run`; by default that of the run.
        lang: likewise.
        verbose: likewise.
        given: `variant`, `quick`, `course` and settings as in `get`; by default those of the run.

    Raises:
        FileError: for a folder without a run, one that is complete, or of another version.
        ArgumentError: for another experiment or other settings than those of the run.

    Example:
        >>> resume("runs/none")
        Traceback (most recent call last):
        ...
        grafito.errors.FileError: There is no such folder.
          where     runs/none
          expected  a folder with configuration.json, as `grafito run` leaves it
    """
    run = read_run(folder)
    _check_state(run)
    kept = run.configuration
    used = engines.get(str(kept["engine"]) if engine == "auto" else engine)
    if not isinstance(experiment, Experiment):
        experiment = begun(run, experiment, given)
    _check_name(run, experiment.name)
    with language.use(lang):
        with processes.one_first():
            for source in experiment.sources():
                datasets.get(source)
        ours = describe(experiment, used.name)
        _check_settings(run, ours)
        _compare_versions(run, ours["versions"])
        own = processes.own_copy(run.path)
        again = RunFolder.again(own, kept)
        result: Result | list[Result]
        if "seeds" in kept:

            def one(each: Experiment, name: str) -> Result:
                return _one_seed(own / name, each, used.name, verbose)

            result = conduct_seeds(experiment, int(kept["seeds"]), used, again, one)
        else:
            result = conduct(experiment, used, again, verbose)
        if own != run.path:
            return result
        for file in _files(run) - _files(read_run(run.path)):  # of an end that came too early
            (run.path / file).unlink(missing_ok=True)
    return result


def _one_seed(path: Path, experiment: Experiment, engine: str, verbose: Any) -> Result:
    """The result of one of several seeds: as its folder has it, or of going on, or of a new run."""
    if not (path / CONFIGURATION).exists():
        with contextlib.suppress(OSError):  # stopped before it had written anything
            path.rmdir()
        return start(experiment, engine=engine, out=path.parent, verbose=verbose, name=path.name)
    run = read_run(path)
    if not run.is_complete:
        found = resume(path, experiment, engine=engine, verbose=verbose)
        assert isinstance(found, Result)
        return found
    _check_name(run, experiment.name)
    _check_settings(run, describe(experiment, engine))
    numbers = {name: value for name, value in run.numbers.items() if name not in TOTALS}
    epochs, seconds = (run.numbers.get(name, 0) for name in TOTALS)
    return Result(run.name, path, run.status, numbers, int(epochs), seconds, engine)


def _files(run: RecordedRun) -> set[str]:
    """The files that a run lists, in all languages."""
    entries = [part for one in run.contents for part in (one, *one.get("others", {}).values())]
    return {str(entry[key]) for entry in entries for key in FILES if key in entry}


def _check_state(run: RecordedRun) -> None:
    """Raise a FileError for a run that cannot go on."""
    kept = run.configuration
    if CONFIGURATION in run.unreadable:
        raise FileError("The description of the run is damaged.", where=run.path / CONFIGURATION)
    if kept.get("status") == "complete":
        raise FileError(
            "The run is complete.",
            where=run.path,
            fix=f"grafito report {shlex.quote(str(run.path))}",
        )
    theirs = kept.get("versions", {}).get("grafito")
    if theirs != __version__ or "changes" not in kept or "engine" not in kept:
        raise FileError(
            "The run was begun by another version of grafito.",
            where=run.path,
            received=f"grafito {theirs}",
            expected=f"grafito {__version__}",
            fix=shlex.join(_command(run)),
        )


def begun(run: RecordedRun, name: str | None, given: Mapping[str, Any]) -> Experiment:
    """The experiment that a folder tells of, with what is given besides.

    A file of one's own is never run because a folder names it.
    """
    kept = run.configuration
    if name is None and run.name not in names():
        raise ArgumentError(
            "The run is of an experiment that grafito does not have.",
            where=run.path,
            received=run.name,
            fix=f'lab.resume("{run.path}", "FILE.py:CLASS")',
        )
    name = name or run.name
    _check_name(run, get(name).name)
    chosen = {key: value for key, value in given.items() if value is not None}
    variant = chosen.pop("variant", kept.get("variant"))
    quick, course = (
        bool(chosen.pop(ours, False) or kept.get(theirs))
        for ours, theirs in (("quick", "quick"), ("course", "as_course"))
    )
    return get(name, variant, quick=quick, course=course, **{**kept["changes"], **chosen})


def _check_name(run: RecordedRun, name: str) -> None:
    if name != run.name:
        raise ArgumentError(
            "The folder holds the run of another experiment.",
            where=run.path,
            received=name,
            expected=run.name,
            fix=_repeated(run),
        )


def _check_settings(run: RecordedRun, ours: Mapping[str, Any]) -> None:
    """Raise an ArgumentError where what is to be run is not what the folder says."""
    ours = json.loads(json.dumps({key: ours[key] for key in NATURE if key in ours}))
    kept = {key: run.configuration[key] for key in NATURE if key in run.configuration}
    differ = list(_differences(kept, ours))
    if not differ:
        return
    if any(name == "program" for name, _, _ in differ):
        raise ArgumentError(
            "The file of the experiment has changed since the run was begun.",
            where=run.path,
        )
    raise ArgumentError(
        "The run was begun with other settings.",
        where=run.path,
        received=", ".join(f"{name}={now}" for name, _, now in differ),
        expected=", ".join(f"{name}={then}" for name, then, _ in differ),
        fix=_repeated(run),
    )


def _differences(kept: Any, ours: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The names whose values differ, with both values."""
    if isinstance(kept, dict) and isinstance(ours, dict):
        for key in dict.fromkeys([*kept, *ours]):
            yield from _differences(kept.get(key), ours.get(key), key)
    elif kept != ours:
        yield name, kept, ours


def _repeated(run: RecordedRun) -> str:
    return shlex.join([*_command(run)[:3], "--resume", str(run.path)])


def _command(run: RecordedRun) -> list[str]:
    """The words that begin the run anew; only `grafito run` and `fit` are taken from the folder."""
    words = shlex.split(str(run.configuration.get("command", "")))
    known = words[:2] in (["grafito", "run"], ["grafito", "fit"]) and len(words) > 2
    return words if known else ["grafito", "run", run.name]


def _compare_versions(run: RecordedRun, ours: Mapping[str, str]) -> None:
    """Warn where the machine or a library is another, so that the last bits may differ."""
    kept = run.configuration["versions"]
    differ = [name for name in ours if ours[name] != kept.get(name)]
    if differ:
        warn(
            GrafitoWarning(
                "The run was begun elsewhere; its numbers may differ in their last digits.",
                where=run.path,
                received=", ".join(f"{name} {ours[name]}" for name in differ),
                expected=", ".join(f"{name} {kept.get(name)}" for name in differ),
            )
        )
