"""Several runs side by side: curves in one picture, a table, and what their noise allows to say."""

from __future__ import annotations

import dataclasses
import itertools
import math
import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from grafito import engines, figures, language
from grafito.errors import ArgumentError, unknown_name
from grafito.figures.curves import low_is_good
from grafito.figures.text import number
from grafito.lab.folder import RunFolder
from grafito.lab.prose import comparing, conclusions
from grafito.lab.prose.sentence import Sentence, said
from grafito.lab.record import Record
from grafito.lab.report import numerals
from grafito.lab.report.page import write_report
from grafito.lab.report.recorded_run import TOTALS, RecordedRun, one_of_each_seed, read_run
from grafito.lab.settings import write_settings
from grafito.lab.statistics import ALPHA, Difference, holm, welch
from grafito.language import in_words, message
from grafito.language import translate as _

MOST_NAMED = 3  # settings in the name of a run
NAMES = ("experiment", "variant")  # of settings that differ as well
QUICK = "quick"
PAIR = (message("first"), message("second"), message("difference"))
JUDGED = (message("lowest"), message("highest"), message("p value"))  # of several seeds alone
BETWEEN = " | "  # names of runs

Groups = Mapping[str, Sequence[RecordedRun]]


@dataclass(frozen=True)
class Comparison:
    """Several runs side by side.

    Attributes:
        page: the report.
        metric: the number whose differences were judged; "" where the runs share none.
        numbers: for each run its name, how many seeds it has, and each number as mean and "NAME ±",
            the standard deviation.
        differences: of each pair of runs, by their names.
        repeated: how many runs repeat a seed, and are left out.
        remark: why it is no comparison, where all runs are of one kind; a text.
    """

    page: Path
    metric: str
    numbers: list[dict[str, Any]]
    differences: dict[tuple[str, str], Difference]
    repeated: int = 0
    remark: str = ""

    def table(self, lang: str | None = None) -> str:
        """The judged number of each run, and what is said of each pair.

        Example:
            >>> rows = [{"run": "a", "seeds": 3, "loss": 0.5, "loss ±": 0.01}]
            >>> found = {("a", "b"): welch([0.5], [0.4])}
            >>> print(Comparison(Path("compare.html"), "loss", rows, found).table("es"))
            a  pérdida 0,5000 ± 0,0100  (3 semillas)
            a − b  0,1000  una sola semilla no tiene dispersión
        """
        with language.use(lang):
            return self._lines(lang)

    def _lines(self, lang: str | None) -> str:
        wide = max(len(row["run"]) for row in self.numbers)
        lines = []
        for row in self.numbers:
            line = row["run"].ljust(wide)
            if self.metric in row:
                line += f"  {in_words(self.metric)} {number(row[self.metric], 4, lang)}"
            if f"{self.metric} ±" in row:
                line += f" ± {number(row[f'{self.metric} ±'], 4, lang)}"
                line += f"  ({row['seeds']} {_('seeds')})"
            lines.append(line.rstrip())
        for (first, second), found in self.differences.items():
            size = number(found.difference, 4, lang)
            lines.append(f"{first} − {second}  {size}  {_(found.judgement)}")
        if self.remark:
            lines.append(_(self.remark))
        if self.repeated:
            lines.append(_(REPEATED).format(repeated=self.repeated))
        return "\n".join(lines)


def compare(
    runs: Sequence[str | os.PathLike[str]],
    *,
    metric: str | None = None,
    out: str | os.PathLike[str] = "runs",
    lang: str | None = None,
) -> Comparison:
    """Put runs side by side in a page of their own; those that differ by the seed alone are one.

    Runs that repeat a seed, such as one folder given twice, count once.
    Differences are judged by Welch's t-test, with Holm's adjustment for the number of pairs.

    Args:
        runs: folders of runs; that of several seeds stands for all of them.
        metric: the number to judge; by default the first that all runs have.
        out: the page, its figures and tables land in OUT/compare/TIME.
        lang: "en" or "es"; by default the one being spoken.

    Raises:
        FileError: for a folder that holds no run.
        UnknownNameError: for a number that not all runs have.

    Example:
        >>> from grafito import lab
        >>> runs = [lab.run(lab.get("xor", form, epochs=2), verbose=0).folder
        ...         for form in ("plain", "concatenated")]
        >>> [row["run"] for row in compare(runs).numbers]
        ['plain', 'concatenated']
    """
    read = list(itertools.chain(*(found.seeds or [found] for found in map(read_run, runs))))
    if not read:
        raise ArgumentError("There are no runs to compare.", fix="grafito compare RUN RUN")
    with language.use(lang):
        groups = {name: one_of_each_seed(runs) for name, runs in group(read).items()}
        repeated = len(read) - sum(map(len, groups.values()))
        shared = [name for name in _names(read) if all(name in run.numbers for run in read)]
        if metric is not None and metric not in shared:
            raise unknown_name("metric", metric, shared)
        metric = metric or next(iter(shared), "")
        folder = RunFolder(Path(out, "compare"), _describe(runs, groups, metric))
        with folder.recording():
            record = Record(folder, engines.get("auto"))
            record.ours = False  # runs are called what one types
            numbers = table_of(groups)
            differences = judge(groups, metric) if metric else {}
            remark = _remark(runs, read) if len(groups) == 1 else ""
            _hand_over(record, groups, numbers, metric, differences)
            _tell(record, groups, remark)
            if repeated:
                record.text(REPEATED, repeated=repeated)
        page = write_report(folder.path, lang=lang)
    return Comparison(page, metric, numbers, differences, repeated, remark)


def group(runs: Sequence[RecordedRun]) -> dict[str, list[RecordedRun]]:
    """Runs that differ by their seed alone together, under a name that says what sets them apart.

    Example:
        >>> group([])
        {}
    """
    alike: dict[str, list[RecordedRun]] = {}
    for run in runs:
        alike.setdefault(repr(sorted(_nature(run).items())), []).append(run)
    groups = list(alike.values())
    return dict(zip(_labels(groups), groups, strict=True))


def table_of(groups: Groups) -> list[dict[str, Any]]:
    """Of each group its name, the count of its seeds, and mean and deviation of each number."""
    rows: list[dict[str, Any]] = [
        {"run": name, "seeds": len(runs)} for name, runs in groups.items()
    ]
    every = [run for runs in groups.values() for run in runs]
    for key in [*_names(every), *TOTALS]:
        written = numerals.written(key, [run.numbers[key] for run in every if key in run.numbers])
        for row, runs in zip(rows, groups.values(), strict=True):
            values = [run.numbers[key] for run in runs if key in run.numbers]
            if values:
                row[key] = written(float(np.mean(values)))
            if len(values) > 1 and key not in TOTALS:
                row[f"{key} ±"] = written(float(np.std(values, ddof=1)))
    return rows


def judge(groups: Groups, metric: str) -> dict[tuple[str, str], Difference]:
    """The difference of each pair of groups in one number, its p adjusted for all pairs."""
    return differences_of(
        {name: [run.numbers[metric] for run in runs] for name, runs in groups.items()}
    )


def differences_of(values: Mapping[str, Sequence[float]]) -> dict[tuple[str, str], Difference]:
    """The difference of each pair in numbers of several seeds, its p adjusted for all pairs."""
    pairs = list(itertools.combinations(values, 2))
    found = [welch(values[first], values[second]) for first, second in pairs]
    adjusted = holm([one.p for one in found])
    return {
        pair: dataclasses.replace(one, p=p)
        for pair, one, p in zip(pairs, found, adjusted, strict=True)
    }


def overlay(record: Record, groups: Groups) -> None:
    """Hand over the curves of all groups in one picture, seeds as their mean with a band.

    Args:
        record: what they are handed over to.
        groups: runs by name; those of one name are seeds.
    """
    curves, part = histories(groups)
    if curves:
        several = any(len(seeds) > 1 for seeds in curves.values())
        record.figure(
            "curves",
            partial(figures.curves, curves, held_out=part),
            message("Training, side by side"),
            message("Lines: the mean of the seeds. Bands: from the lowest to the highest.")
            if several
            else "",
        )


def histories(groups: Groups) -> tuple[dict[str, list[dict[str, list[float]]]], str]:
    """Of each training the numbers of each epoch and seed; and what those of validation are of."""
    found: dict[str, list[dict[str, list[float]]]] = {}
    followed = True
    for name, runs in groups.items():
        for run in runs:
            followed &= run.follows_test
            for training, history in run.histories.items():
                label = f"{name}, {training}" if training else name
                found.setdefault(label, []).append(history)
    return found, "test" if followed else "validation"


def tell_differences(
    record: Record,
    means: Mapping[str, float],
    metric: str,
    differences: Mapping[tuple[str, str], Difference],
) -> None:
    """Hand over which of several is the best, and what the seeds allow to say of it."""
    answers = {
        pair: None if math.isnan(found.p) else found.p < ALPHA
        for pair, found in differences.items()
    }
    best = conclusions.best_of(means, metric, low_is_good(metric))
    record.words("findings", [said(best), list(conclusions.judged(answers))])


def _hand_over(
    record: Record,
    groups: Groups,
    numbers: Sequence[Mapping[str, Any]],
    metric: str,
    differences: Mapping[tuple[str, str], Difference],
) -> None:
    if differences:
        means = {str(row["run"]): float(row[metric]) for row in numbers if metric in row}
        tell_differences(record, means, metric, differences)
    overlay(record, groups)
    columns = list(dict.fromkeys(key for row in numbers for key in row))
    columns = [c for c in columns if c not in TOTALS] + [c for c in TOTALS if c in columns]
    record.table(
        "numbers",
        columns,
        [[row.get(column, "") for column in columns] for row in numbers],
        message("Final numbers"),
        message("± is the standard deviation over the seeds.")
        if any("±" in column for column in columns)
        else "",
    )
    if differences:
        titles = [*PAIR, *JUDGED, message("judgement")]
        rows = [[*pair, *_row(found)] for pair, found in differences.items()]
        if all(math.isnan(found.p) for found in differences.values()):  # nothing was judged
            kept = [index for index, title in enumerate(titles) if title not in JUDGED]
            titles, *rows = ([row[index] for index in kept] for row in [titles, *rows])
        record.table(
            "differences",
            titles,
            rows,
            message("Differences in {metric}"),
            message("First minus second, with its interval of 95 % confidence.")
            if JUDGED[0] in titles
            else message("First minus second."),
            metric=metric.replace("_", " "),
        )
        record.text(METHOD, message("How differences are judged"))
    record.table(
        "runs",
        ["run", "folder", "seed", "status"],
        [
            [name, run.path.as_posix(), run.configuration.get("settings", {}).get("seed", ""),
             run.status]
            for name, runs in groups.items()
            for run in runs
        ],
        message("The runs"),
    )  # fmt: skip


REPEATED = message(
    "{repeated} of the runs repeat a seed with the same settings and do not count: they say nothing"
    " of the spread."
)

METHOD = message(
    "The means are compared by Welch's t-test, which does not take the spread of both sides for "
    "equal (Welch 1947); p says how probable a difference as large is where there is none, "
    "adjusted for the number of pairs by Holm's method (Holm 1979). Below 0.05 a difference counts "
    "as beyond the noise of the seeds. The noise is that of seeds alone: all runs saw the same "
    "test examples.\n\n"
    "A single seed has no spread, so nothing is said of it: run the experiment with --seeds 5. "
    "“Within the noise” does not say that both are equal, only that these seeds do not tell them "
    "apart."
)


def _row(found: Difference) -> list[Any]:
    numbers = (found.difference, found.low, found.high, found.p)
    return [*("" if math.isnan(x) else x for x in numbers), found.judgement]


def _names(runs: Sequence[RecordedRun]) -> list[str]:
    """The numbers that count, in their order."""
    names = dict.fromkeys(name for run in runs for name in run.numbers)
    return [name for name in names if name not in TOTALS]


def _describe(
    runs: Sequence[str | os.PathLike[str]], groups: Groups, metric: str
) -> dict[str, Any]:
    words = ["grafito", "compare", *(os.fspath(run) for run in runs)]
    words += ["--metric", metric] if metric else []
    natures = {name: _nature(runs[0]) for name, runs in groups.items()}
    forms = {
        name: {k: v for k, v in nature.items() if v not in ("", None, [])}
        for name, nature in natures.items()
    }
    return {
        "experiment": "compare",
        "what": message("Runs side by side"),
        "variant": BETWEEN.join(groups),
        "some_quick": _some_quick(groups),
        "ours": False,
        "command": shlex.join(words),
        "settings": {},
        "forms": forms,
    }


def _remark(runs: Sequence[str | os.PathLike[str]], read: Sequence[RecordedRun]) -> str:
    """Why runs of one kind are no comparison."""
    distinct = {run.path.resolve() for run in read}
    named = {Path(run).resolve() for run in runs}
    return comparing.not_compared(min(len(distinct), len(named)), len(runs))


def _tell(record: Record, groups: Groups, remark: str) -> None:
    """Hand over what was compared, how the trainings went, and how far a comparison goes."""
    seeds = {name: len(runs) for name, runs in groups.items()}
    natures = [_nature(runs[0]) for runs in groups.values()]
    differing = [key for key in dict.fromkeys(itertools.chain(*natures)) if _differ(key, natures)]
    apart = [key for key in differing if key not in NAMES] or differing
    told = comparing.compared(seeds, apart)
    record.words("task", [told, [Sentence(remark)] if remark else []])
    record.words("findings", [comparing.courses_of_training(*histories(groups))])
    record.words("limits", [comparing.how_far(seeds, apart, _some_quick(groups))])


def _some_quick(groups: Groups) -> bool:
    return any(run.configuration.get(QUICK) for runs in groups.values() for run in runs)


def _nature(run: RecordedRun) -> dict[str, Any]:
    """What a run was, but its seed."""
    told = run.configuration
    settings = {k: v for k, v in told.get("settings", {}).items() if k != "seed"}
    chosen = {key: told.get(key) for key in ("experiment", "variant", "quick", "engine")}
    forms = {
        f"{form} {name}": value
        for form, own in told.get("forms", {}).items()
        for name, value in own.items()
        if name != "seed" and name not in settings
    }
    return {**chosen, **settings, **forms}


def _labels(groups: Sequence[Sequence[RecordedRun]]) -> list[str]:
    """A short name for each group: experiment and variant, and settings where these do not tell.

    Settings stand as one types them, with spaces between, so that commas can part several names.
    """
    natures = [_nature(runs[0]) for runs in groups]
    chosen = {name for runs in groups for name in runs[0].configuration.get("changes", {})}
    words = [key for key in NAMES if _differ(key, natures)]
    labels = [" ".join(str(nature[key]) for key in words if nature[key]) for nature in natures]
    names: list[str] = []
    for label, nature, runs in zip(labels, natures, groups, strict=True):
        alike = [n for n, other in zip(natures, labels, strict=True) if other == label]
        telling = _telling(nature, alike, chosen)
        if not label and telling in ([], [QUICK]):
            label = str(nature["experiment"])
        name = " ".join(filter(None, [label, *(_typed(key, nature[key]) for key in telling)]))
        names.append(f"{name} ({runs[0].path.name})" if name in names else name)
    return names


def _telling(
    nature: Mapping[str, Any], alike: Sequence[Mapping[str, Any]], chosen: Collection[str]
) -> list[str]:
    """The few settings that tell a run from others: first those that somebody chose.

    What nobody chose and is the same in all quick forms, and in all others, is told by the form.
    """
    keys = [key for key in nature if _differ(key, alike) and key != QUICK]
    short, whole = ([n for n in alike if bool(n[QUICK]) == quick] for quick in (True, False))
    if short and whole:
        keys = [k for k in keys if k in chosen or _differ(k, short) or _differ(k, whole)]
    keys.sort(key=lambda key: key not in chosen)
    for some in itertools.combinations(keys, min(len(keys), MOST_NAMED)):
        if len({repr([n.get(key) for key in (QUICK, *some)]) for n in alike}) == len(alike):
            keys = [*some]
            break
    return keys[:MOST_NAMED] + ([QUICK] if short and whole else [])


def _typed(key: str, value: Any) -> str:
    """A setting as one types it; "" for that of a run that is no quick form."""
    if key == QUICK:
        return "--quick" if value else ""
    only = value[0] if isinstance(value, list) and len(value) == 1 else value
    return write_settings({key: only})


def _differ(key: str, natures: Sequence[Mapping[str, Any]]) -> bool:
    return len({repr(nature.get(key)) for nature in natures}) > 1
