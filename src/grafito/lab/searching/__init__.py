"""The search for settings: a grid of them, judged by validation, over several seeds."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grafito import datasets, engines, language
from grafito.errors import ArgumentError
from grafito.figures.text import number
from grafito.lab.experiment import Experiment
from grafito.lab.folder import RunFolder
from grafito.lab.record import Record
from grafito.lab.report.blocks import Writer
from grafito.lab.report.page import write_report
from grafito.lab.runner import command, describe
from grafito.lab.searching.findings import Findings, findings_of, hand_over
from grafito.lab.searching.space import (
    Settings,
    Space,
    grid,
    prepare,
    write_axis,
    write_value,
)
from grafito.lab.searching.trials import COMPLETE, FAILED, Trial, Trials, attempt, plain
from grafito.lab.training import Training
from grafito.language import message, say
from grafito.language import translate as _

__all__ = ["Findings", "Search", "Trial", "search"]

SEARCHES = "search"  # their folder
LOCK = ".lock"
# What makes two searches the same, so that the second goes on with the first.
NATURE = ("variant", "quick", "as_course", "settings", "search", "engine", "versions")


@dataclass(frozen=True)
class Search:
    """What a search left.

    Attributes:
        folder: with a file for each trial.
        page: the report.
        findings: its candidates, and what can be said of them.
        trials: how many are done.
        planned: how many there were to be.
    """

    folder: Path
    page: Path
    findings: Findings
    trials: int
    planned: int

    @property
    def is_complete(self) -> bool:
        return self.trials == self.planned

    def table(self, lang: str | None = None) -> str:
        """The combinations, the best first, and the verdict."""
        with language.use(lang):
            return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        found = self.findings
        wide = max((len(one.name) for one in found.candidates), default=0)
        for one in found.ranked:
            spread = f" ± {number(one.deviation, 4)}" if len(one.scores) > 1 else ""
            yield f"{one.name.ljust(wide)}  {number(one.mean, 4)}{spread}"
        for sentence in found.verdict():
            yield Writer().filled(sentence.text, sentence.values)
        if not self.is_complete:
            rest = _("{} of {} trainings are done; the same command goes on from there.")
            yield rest.format(self.trials, self.planned)


def search(
    experiment: Experiment,
    space: Mapping[str, Sequence[Any]],
    *,
    seeds: int = 3,
    engine: str = "auto",
    out: str | os.PathLike[str] = "runs",
    lang: str | None = None,
    verbose: Any = "auto",
) -> Search:
    """Train every combination of settings from several seeds, and judge them by validation.

    Every trial is kept as soon as it is done. A search that was stopped, also by a crash, goes on
    where it was when it is started again.

    Args:
        experiment: the training of one network.
        space: the values of each setting; one with a single value is fixed.
        seeds: trainings of each combination, from the experiment's seed on.
        engine: as in `run`.
        out: the results land in OUT/search/TIME.
        lang: of report and progress, "en" or "es"; by default the one being spoken.
        verbose: 0 prints no progress.

    Example:
        >>> from grafito import lab
        >>> digits = lab.get("digits", epochs=1, examples=300)
        >>> found = lab.search(digits, {"units": [4, 64]}, seeds=2, verbose=0)
        >>> found.findings.ranked[0].settings
        {'units': (64,)}
    """
    if seeds < 1:
        raise ArgumentError("A search needs at least one seed.", received=f"seeds={seeds}")
    used = engines.get(engine)
    one, space = prepare(experiment, space, seeds)
    each = range(one.seed, one.seed + seeds)
    with language.use(lang):
        for source in one.sources():
            datasets.get(source)
        told = _describe(one, space, seeds, used.name)
        with _opened(Path(out, SEARCHES), told) as folder, folder.recording():
            trials = Trials(folder)
            planned = list(grid(space, each))
            if len(trials) and verbose:
                going = _("Going on in {}: {} of {} trainings are done.")
                say(going.format(folder.path, len(trials), len(planned)))
            _conduct(trials, one, planned, used, len(planned) if verbose else 0)
            done = [trial for trial in trials if trial.seed in each]
            findings = findings_of(space, _metric(done), done)
            hand_over(Record(folder, used), findings, _repeat(one, findings, used.name))
            folder.end("complete" if len(done) == len(planned) else "interrupted")
        page = write_report(folder.path, lang=language.current())
    return Search(folder.path, page, findings, len(done), len(planned))


def _conduct(
    trials: Trials,
    experiment: Training,
    proposals: Iterable[tuple[Settings, int]],
    engine: engines.Engine,
    told_of: int,
) -> None:
    """Make the trials that are proposed, but those that are done; stop after Ctrl-C.

    Each is told as one of so many; of 0 nothing is. Proposals may be a generator that looks at the
    trials before the next one.
    """
    for settings, seed in proposals:
        if trials.find(settings, seed):
            continue
        trial = attempt(experiment, settings, seed, engine)
        if trial is None:
            break
        trials.keep(trial)
        if told_of:
            chosen = ", ".join(f"{name}={write_value(value)}" for name, value in settings.items())
            scores = "  ".join(
                f"{language.in_words(name)} {number(value, 4)}"
                for name, value in trial.numbers.items()
            )
            found = scores if trial.status == COMPLETE else _(trial.status)
            say(f"{len(trials)}/{told_of}  {chosen}  {_('seed')} {seed}  {found}")
    if len(trials) and all(trial.status == FAILED for trial in trials):
        raise ArgumentError(
            "Every training of the search failed.", received=next(iter(trials)).error
        )


def _metric(trials: Sequence[Trial]) -> str:
    """The number that judges: the first metric; where there is none, the loss."""
    return next((name for trial in trials for name in trial.numbers), "loss")


def _describe(one: Training, space: Space, seeds: int, engine: str) -> dict[str, Any]:
    told = describe(one, engine)
    words = command(one, engine)
    if words:
        axes = [word for name, each in space.items() for word in ("--set", write_axis(name, each))]
        words = words.replace("grafito run", "grafito search", 1)
        words = f"{words} {shlex.join(axes)} --seeds {seeds}"
    of_course = ("asked", "course", "expected")
    return {
        **{name: value for name, value in told.items() if not name.startswith("course_")},
        **dict.fromkeys(of_course, ""),
        "experiment": SEARCHES,
        "what": message("A search for settings"),
        "variant": f"{one.name} {one.variant}".strip(),
        "departures": [],
        "settings": plain(
            {n: v for n, v in told["settings"].items() if n not in (*space, "seed")}
        ),
        "command": words,
        "search": {"space": {n: [*map(write_value, each)] for n, each in space.items()},
                   "seeds": [one.seed, seeds], "program": told["program"]},
    }  # fmt: skip


def _repeat(one: Training, findings: Findings, engine: str) -> str:
    """The command that measures the best by the test part."""
    if not findings.ranked:
        return ""
    return command(one.with_settings(**findings.ranked[0].settings), engine)


@contextlib.contextmanager
def _opened(parent: Path, told: dict[str, Any]) -> Iterator[RunFolder]:
    """The newest folder of the same search that did not come to its end; else a new one.

    One that another process works in is left alone.
    """
    with contextlib.ExitStack() as stack:
        for file in sorted(parent.glob("*/configuration.json"), reverse=True):
            kept = _read(file)
            same = all(kept.get(name) == told[name] for name in NATURE)
            is_done = kept.get("status") == "complete"
            if same and not is_done and stack.enter_context(_locked(file.parent)):
                yield RunFolder.again(file.parent, kept)
                return
        folder = RunFolder(parent, told)
        stack.enter_context(_locked(folder.path))
        yield folder


def _read(file: Path) -> dict[str, Any]:
    """What a folder says of itself; nothing where it cannot be read."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Whether the folder is ours alone; the system frees it also after a crash."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield True
        return
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
