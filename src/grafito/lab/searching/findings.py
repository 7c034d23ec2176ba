"""What the trials of a search say: means, what their noise allows to conclude, figures, a table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from grafito import figures
from grafito.lab.prose.conclusions import is_share, one_seed
from grafito.lab.prose.sentence import Sentence, paragraph, percent
from grafito.lab.record import Record
from grafito.lab.searching.space import Space, write_value
from grafito.lab.searching.trials import COMPLETE, Trial, plain
from grafito.lab.statistics import ALPHA, holm, welch
from grafito.language import message as N_

MOST_PANELS = 6  # heat maps in one figure
LOW = ("loss", "error", "mse", "mae", "hinge", "entropy", "crossentropy", "deviation", "poisson")
WIDE = 20  # the ratio of values from which an axis is logarithmic

TASK = N_(
    "Which values of these settings suit the network best? Each combination is trained from "
    "several seeds on one part of the training examples and judged by the other, the validation "
    "part. The test part is not looked at: it would be no honest judge of what was chosen by it."
)
LIMITS = N_(
    "The best of many means is a little lucky, so its value here is somewhat too good; an honest "
    "number comes from the test part, once, after the choice. A grid says nothing of values "
    "between and beyond its own."
)
METHOD = N_(
    "The best mean is compared with each of the others by Welch's t-test (Welch 1947), with p "
    "adjusted for the number of comparisons by Holm's method (Holm 1979); below 0.05 a difference "
    "counts as beyond the noise. The noise is that of the seeds: the first weights, the order of "
    "the examples, and which are held out. “Within the noise” does not say that two are equal, "
    "only that these seeds do not tell them apart; more seeds tell finer differences."
)


@dataclass(frozen=True)
class Candidate:
    """One combination of settings with all its trials.

    Attributes:
        settings: by name.
        trials: of each seed.
        metric: by which it is judged.
    """

    settings: Mapping[str, Any]
    trials: Sequence[Trial]
    metric: str

    @property
    def name(self) -> str:
        return ", ".join(f"{name}={write_value(value)}" for name, value in self.settings.items())

    @property
    def scores(self) -> list[float]:
        """Of all its trials; none where one of them has no number."""
        if not all(t.status == COMPLETE and self.metric in t.numbers for t in self.trials):
            return []
        return [trial.numbers[self.metric] for trial in self.trials]

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores)) if self.scores else math.nan

    @property
    def deviation(self) -> float:
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else math.nan

    @property
    def parameters(self) -> int:
        return max(trial.parameters for trial in self.trials)

    def median(self, number: str) -> float:
        """Of the epochs or the seconds of its trials."""
        return float(np.median([getattr(trial, number) for trial in self.trials]))


@dataclass(frozen=True)
class Findings:
    """The candidates of a search, and what can be said of them.

    Attributes:
        space: the values that are tried, by setting.
        candidates: those with at least one trial.
        metric: by which they are judged.
    """

    space: Space
    candidates: Sequence[Candidate]
    metric: str

    @property
    def lower(self) -> bool:
        """Whether less is better."""
        return any(word in LOW for word in self.metric.lower().replace("_", " ").split())

    @property
    def judge(self) -> str:
        return f"validation_{self.metric}"

    @cached_property
    def ranked(self) -> list[Candidate]:
        """The best mean first; without those that have none, or fewer seeds than others."""
        judged = [one for one in self.candidates if one.scores]
        most = max((len(one.scores) for one in judged), default=0)
        judged = [one for one in judged if len(one.scores) == most]
        return sorted(judged, key=lambda one: one.mean, reverse=not self.lower)

    @cached_property
    def leading(self) -> list[Candidate]:
        """The best, and those that differ from it by no more than the noise of the seeds."""
        if not self.ranked:
            return []
        best, *others = self.ranked
        adjusted = holm([welch(best.scores, one.scores).p for one in others])
        return [best, *(one for one, p in zip(others, adjusted, strict=True) if not p < ALPHA)]

    @property
    def winner(self) -> Candidate | None:
        """The best, where it is so beyond the noise."""
        alone = len(self.leading) == 1 and len(self.ranked) > 1 and len(self.ranked[0].scores) > 1
        return self.leading[0] if alone else None

    def verdict(self) -> list[Sentence]:
        """Sentences that the numbers bear out."""
        if not self.ranked:
            return [Sentence(N_("No combination has a number by which it could be judged."))]
        return [
            self._best(),
            self._against_noise(),
            *(one for one in (self._smallest(), self._without_number()) if one),
            *self._edges(),
        ]

    def _best(self) -> Sentence:
        best = self.ranked[0]
        values: dict[str, Any] = {"name": self.judge.replace("_", " "), "first": best.name}
        if is_share(self.metric):
            text = N_("The highest mean of {name} is {best} %, with {first}.")
            return Sentence(text, {**values, "best": percent(best.mean)})
        text = N_("The highest mean of {name} is {best}, with {first}.")
        if self.lower:
            text = N_("The lowest mean of {name} is {best}, with {first}.")
        return Sentence(text, {**values, "best": best.mean})

    def _against_noise(self) -> Sentence:
        count = {"count": len(self.ranked) - 1}
        if len(self.ranked[0].scores) < 2:
            return one_seed()
        if self.winner:
            text = N_("It differs from each of the {count} others by more than the noise of seeds.")
            return Sentence(text, count)
        names = [one.name for one in self.leading[1:]]
        if len(names) == count["count"]:
            return Sentence(
                N_("No winner can be named: all others are within the noise of the seeds.")
            )
        return Sentence(
            N_(
                "No winner can be named: within the noise of the seeds are {names}. The {others} "
                "others are worse by more than the noise."
            ),
            {"names": names, "others": count["count"] - len(names)},
        )

    def _smallest(self) -> Sentence | None:
        """The smallest network whose mean is as near to the best as the best's own seeds are."""
        best = self.leading[0]
        near = [one for one in self.leading if abs(one.mean - best.mean) <= best.deviation]
        smallest = min(near, key=lambda one: one.parameters, default=best)
        if smallest.parameters == best.parameters:
            return None
        return Sentence(
            N_(
                "{one} comes within one standard deviation of the best and is smaller, with "
                "{count} parameters against {more}."
            ),
            {"one": smallest.name, "count": smallest.parameters, "more": best.parameters},
        )

    def _without_number(self) -> Sentence | None:
        names = [
            one.name for one in self.candidates if any(t.status != COMPLETE for t in one.trials)
        ]
        text = N_("These failed, or their numbers did not stay finite: {names}.")
        return Sentence(text, {"names": names}) if names else None

    def _edges(self) -> list[Sentence]:
        """Where all that lead have the least or the greatest value of a list of numbers."""
        told = []
        for name, values in self.space.items():
            led = {write_value(one.settings[name]) for one in self.leading}
            numbers = all(type(value) in (int, float) and value > 0 for value in values)
            if len(led) > 1 or not numbers:
                continue
            value = self.leading[0].settings[name]
            text = N_("The best {setting}, {value}, is at the edge of the grid: try {more} too.")
            ends = {max(values): max, min(values): min}
            if value in ends:
                inner = sorted(values, reverse=ends[value] is max)[1]
                more = value * value / inner
                more = round(more) if isinstance(value, int) else float(f"{more:.3g}")
                text = N_(
                    "The best {setting}, {value}, is at the edge of the grid: try {more} too."
                )
                if more and more != value:
                    told.append(Sentence(text, {"setting": name, "value": value, "more": more}))
        return told


def findings_of(space: Space, metric: str, trials: Sequence[Trial]) -> Findings:
    """The trials by their settings, in the order of the grid."""
    by_settings: dict[str, list[Trial]] = {}
    for trial in trials:
        by_settings.setdefault(repr(sorted(trial.settings.items())), []).append(trial)
    candidates = []
    for values in itertools.product(*space.values()):
        settings = dict(zip(space, values, strict=True))
        found = by_settings.get(repr(sorted(plain(settings).items())))
        if found:
            candidates.append(Candidate(settings, found, metric))
    return Findings(space, candidates, metric)


def hand_over(record: Record, findings: Findings, repeat: str) -> None:
    """Hand over words, figures and tables.

    Args:
        record: what they are handed over to.
        findings: of the search.
        repeat: the command that measures the best of them by the test part.
    """
    record.words("task", [paragraph(TASK)])
    record.words("findings", [findings.verdict()])
    record.words("limits", [paragraph(LIMITS)])
    if findings.ranked:
        best = findings.ranked[0]
        record.metrics({findings.judge: best.mean, "combinations": len(findings.candidates)})
        _draw(record, findings)
    names = list(findings.space)
    rows = sorted(
        findings.candidates,
        key=lambda one: findings.ranked.index(one) if one in findings.ranked else math.inf,
    )
    record.table(
        "combinations",
        [*names, findings.judge, f"{findings.judge} ±", "parameters", "epochs", "seconds"],
        [
            [
                *(write_value(one.settings[name]) for name in names),
                *("" if math.isnan(x) else x for x in (one.mean, one.deviation)),
                one.parameters,
                one.median("epochs"),
                round(one.median("seconds"), 2),
            ]
            for one in rows
        ],
        N_("The combinations, the best first"),
        N_(
            "± is the standard deviation over the seeds; epochs and seconds are those of one "
            "training, by the median."
        ),
    )
    failed = [[one.name, t.seed, t.status, t.error.partition("\n")[0]]
              for one in rows for t in one.trials if t.status != COMPLETE]  # fmt: skip
    if failed:
        columns = ["settings", "seed", "status", "error"]
        record.table("without-number", columns, failed, N_("Trainings without a number"))
    record.text(METHOD, N_("How differences are judged"))
    if repeat:
        record.text(repeat, N_("To measure the chosen one by the test part"))


def _draw(record: Record, findings: Findings) -> None:
    """A heat map of two settings; a line or bars of one; of more, a heat map for each other."""
    several = [name for name, values in findings.space.items() if len(values) > 1]
    scores = {one.name: one for one in findings.candidates}
    judge = findings.judge.replace("_", " ")
    marks = N_("Framed: the best mean, and those within the noise of it.")
    if len(several) == 1:
        (name,) = several
        values = findings.space[name]
        numeric = all(type(value) in (int, float) and value > 0 for value in values)
        of_each = {
            one.settings[name] if numeric else write_value(one.settings[name]): one.scores
            for one in scores.values()
            if one.scores
        }
        log = "x" if numeric and max(values) / min(values) >= WIDE else ""
        names = name.replace("_", " "), judge
        sheet = partial(figures.sweep, of_each, names=names, log=log)
        caption = N_("The mean of the seeds, and the span from the least to the greatest.")
        record.figure("scores", sheet, N_("The scores"), caption)
        return
    # Columns have the most values, so that the figure is wide rather than tall.
    column, row, *others = sorted(several, key=lambda name: -len(findings.space[name]))
    panels: dict[str, dict[tuple[Any, Any], list[float]]] = {}
    marked = []
    for one in findings.candidates:
        panel = ", ".join(f"{n}={write_value(one.settings[n])}" for n in others)
        cell = one.settings[row], one.settings[column]
        panels.setdefault(panel, {})[cell] = one.scores
        if one in findings.leading:
            marked.append((panel, *cell))
    if len(panels) <= MOST_PANELS:
        record.figure(
            "scores",
            partial(
                figures.heat_map,
                panels,
                names=(row.replace("_", " "), column.replace("_", " "), judge),
                lower=findings.lower,
                marked=marked,
            ),
            N_("The scores"),
            marks,
        )
