"""What a run left in its folder, read so that a half-written folder is still readable."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from grafito.errors import FileError
from grafito.language import message

CONFIGURATION = "configuration.json"
COUNTS = ("seconds", "peak_memory", "seeds")
KINDS = {
    "settings": dict,
    "changes": dict,
    "versions": dict,
    "data": list,
    "course_settings": dict,
    "course_numbers": dict,
    "course_runs": dict,
    "departures": list,
}
FILES = ("file", "png", "moving", "rows")  # what an entry names its files by
TOTALS = ("epochs", "seconds")  # of all trainings; they are no results
FORMS = "forms"  # settings by name, of each form by name


@dataclass(frozen=True)
class RecordedRun:
    """A run as its folder tells it.

    Attributes:
        path: of the folder.
        configuration: what the run was, and how it ended.
        contents: what it handed over, in order.
        numbers: those that count.
        unreadable: files that are damaged.
    """

    path: Path
    configuration: dict[str, Any]
    contents: list[dict[str, Any]]
    numbers: dict[str, float]
    unreadable: list[str]

    @property
    def name(self) -> str:
        return str(self.configuration.get("experiment", self.path.name))

    @property
    def page(self) -> str:
        """The file of its report; a comparison has a name of its own."""
        return "compare.html" if self.name == "compare" else "report.html"

    @property
    def status(self) -> str:
        return str(self.configuration.get("status", ""))

    @property
    def is_complete(self) -> bool:
        return self.status == message("complete") and not self.missing

    @cached_property
    def missing(self) -> list[str]:
        """Files that are named and not there, or cannot be read."""
        named = (str(e[key]) for e in self.contents for key in FILES if key in e)
        gone = [file for file in named if not (self.path / file).is_file()]
        return [*self.unreadable, *gone]

    @cached_property
    def seeds(self) -> list[RecordedRun]:
        """The runs inside, where this one was made from several seeds."""
        inside = sorted(self.path.glob(f"*/{CONFIGURATION}"), key=_by_number)
        here = self.path.resolve()
        runs = [read_run(p.parent) for p in inside if p.parent.resolve().parent == here]
        return one_of_each_seed(runs)

    @property
    def seed(self) -> str:
        """The seed as text; the folder, of a run that says none."""
        settings = self.configuration.get("settings")
        seed = settings.get("seed") if isinstance(settings, dict) else None
        return str(self.path.resolve()) if seed is None else repr(seed)

    @property
    def follows_test(self) -> bool:
        """Whether its numbers of validation are those of the test part."""
        settings = self.configuration.get("settings", {})
        return isinstance(settings, dict) and bool(settings.get("follow_test"))

    @cached_property
    def histories(self) -> dict[str, dict[str, list[float]]]:
        """The numbers of each epoch, by the name of the training."""
        entries = (entry for entry in self.contents if entry.get("kind") == "history")
        tables = {str(e.get("name", "")): read_history(self.path / e["file"]) for e in entries}
        return {name: table for name, table in tables.items() if any(table.values())}

    def values(self) -> dict[str, list[float]]:
        """Each number; that of each seed, where there are several."""
        runs = self.seeds or [self]
        return {
            name: [one.numbers[name] for one in runs if name in one.numbers] or [value]
            for name, value in self.numbers.items()
        }

    def only(self, kind: str) -> list[dict[str, Any]]:
        """The entries of one kind."""
        return [entry for entry in self.contents if entry.get("kind") == kind]


def one_of_each_seed(runs: Sequence[RecordedRun]) -> list[RecordedRun]:
    """Runs that differ by their seed, without those that repeat one; of equal ones the newest.

    A seed gives the same numbers each time, so that its repetitions say nothing of their spread.
    """
    chosen: dict[str, RecordedRun] = {}
    for run in runs:
        started = str(run.configuration.get("started", ""))
        other = chosen.setdefault(run.seed, run)
        if (run.is_complete, started) > (
            other.is_complete,
            str(other.configuration.get("started", "")),
        ):
            chosen[run.seed] = run
    return list(chosen.values())


def _is_of_kind(name: str, value: Any) -> bool:
    """Whether an entry of a description can be what a run writes there."""
    if name in COUNTS:
        return isinstance(value, (int, float)) and 0 <= value < float("inf")
    if name == FORMS:
        return isinstance(value, dict) and all(isinstance(own, dict) for own in value.values())
    return isinstance(value, KINDS.get(name, object))


def read_run(folder: str | os.PathLike[str]) -> RecordedRun:
    """Read the folder of a run.

    Raises:
        FileError: when it is not the folder of a run, or says nothing that can be read.
    """
    path = Path(folder)
    if not (path / CONFIGURATION).is_file():
        raise FileError(
            "This is not the folder of a run." if path.is_dir() else "There is no such folder.",
            where=path,
            expected=f"a folder with {CONFIGURATION}, as `grafito run` leaves it",
            fix=_nearby(path),
        )
    unreadable: list[str] = []
    unfinished = True

    def read(name: str, kind: type) -> Any:
        try:
            if not stays_inside(path, name):
                raise OSError(name)
            content = json.loads((path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            if unfinished or name != "index.json":
                return kind()
            content = None
        except (OSError, ValueError):
            content = None
        if not isinstance(content, kind):
            unreadable.append(name)
            return kind()
        return content

    configuration = read(CONFIGURATION, dict)
    unfinished = configuration.get("status") != "complete"
    if unreadable:
        raise FileError("The description of the run is damaged.", where=path / CONFIGURATION)
    described = {k: v for k, v in configuration.items() if _is_of_kind(k, v)}
    if len(described) < len(configuration):
        unreadable.append(CONFIGURATION)
    index = read("index.json", list)
    contents = [entry for entry in index if _is_entry(entry, path)]
    if len(contents) < len(index):
        unreadable.append("index.json")
    numbers = {
        name: value
        for name, value in read("metrics.json", dict).items()
        if isinstance(value, (int, float))
    }
    return RecordedRun(path, described, contents, numbers, unreadable)


def read_history(path: Path) -> dict[str, list[float]]:
    """Numbers of each epoch by name; what follows a row that was cut off is left out."""
    try:
        whole, _newline, _cut = path.read_text(encoding="utf-8").rpartition("\n")
    except (OSError, ValueError):
        return {}
    titles, *rows = [*csv.reader(whole.splitlines())] or [[]]
    columns: list[list[float]] = [[] for _title in titles]
    for row in rows:
        try:
            numbers = [float(cell) for cell in row]
        except ValueError:
            break
        if len(numbers) != len(titles):
            break
        for column, value in zip(columns, numbers, strict=True):
            column.append(value)
    return {name: column for name, column in zip(titles, columns, strict=True) if name != "epoch"}


def in_language(entry: Mapping[str, Any], folder: Path, lang: str) -> dict[str, Any]:
    """An entry of the index with the files of this language, where there are some."""
    others = entry.get("others")
    files = others.get(lang) if isinstance(others, dict) else None
    if not isinstance(files, dict) or not any(
        (folder / str(file)).is_file() for file in files.values()
    ):
        return dict(entry)
    return {**entry, **files, "lang": lang}


def read_csv(path: Path) -> list[list[str]]:
    """The rows of a CSV file, its titles first."""
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.reader(file) if row]


def summary_rows(entry: Mapping[str, Any]) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """The table in a model's summary, titles first, and what stands below it: name and value.

    Example:
        >>> rows = {"titles": ["Layer"], "rows": [["dense"]], "totals": [["Total params", "15"]]}
        >>> summary_rows({"summary": rows})
        ([['Layer'], ['dense']], [('Total params', '15')])
    """
    summary = entry.get("summary")
    try:
        rows = [summary["titles"], *summary["rows"]]  # type: ignore[index]
        table = [[str(cell) for cell in row] for row in rows]
        below = [(str(name), str(value)) for name, value in summary["totals"]]  # type: ignore[index]
    except (KeyError, TypeError, ValueError):  # changed by hand, or the text of older versions
        return [], []
    return (table, below) if len({*map(len, table)}) == 1 else ([], [])


def _is_entry(entry: Any, folder: Path) -> bool:
    """Whether an entry has what its kind needs, and names files of its folder alone."""
    if not isinstance(entry, dict) or not isinstance(entry.get("values", {}), dict):
        return False
    others = entry.get("others")
    several = [entry, *(others.values() if isinstance(others, dict) else ())]
    files = [e[key] for e in several if isinstance(e, dict) for key in FILES if key in e]
    if not all(isinstance(file, str) and stays_inside(folder, file) for file in files):
        return False
    return "file" in entry or entry.get("kind") in ("section", "text", "words")


def stays_inside(folder: Path, name: str | Path) -> bool:
    """Whether a file lies in the folder, wherever links lead."""
    try:
        return (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # no file can be called so; links in a ring
        return False


def _by_number(path: Path) -> tuple[int, str]:
    name = path.parent.name
    digits = "".join(filter(str.isdigit, name))
    return int(digits or 0), name


def _nearby(path: Path) -> str | None:
    """A run below the folder, the newest by name."""
    below = sorted(path.glob(f"*/{CONFIGURATION}")) + sorted(path.glob(f"*/*/{CONFIGURATION}"))
    return str(below[-1].parent) if below else None
