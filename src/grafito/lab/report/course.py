"""The course beside a run: its numbers, its settings, and why those of the run are others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafito import language
from grafito.lab.course import CHOSEN
from grafito.lab.report import numerals
from grafito.lab.report.blocks import Table, Writer
from grafito.lab.report.recorded_run import RecordedRun
from grafito.language import message
from grafito.language import translate as _

AGAIN = message("with its settings")
SHORTER = message("with its settings, {epochs} epochs")
NOT_RUN = message(
    "No whole run with the course's settings has been made for this page, so it is not known what "
    "they give here: --course makes one."
)


def numbers_beside(run: RecordedRun, writer: Writer) -> Table | None:
    """The numbers of the course, of a run with its settings, and of this one; None without any."""
    lang = language.current()
    told = run.configuration.get("course_numbers", {})
    again = run.configuration.get("course_runs", {})
    given = {**told, **{name: value for name, value in again.items() if name != "epochs"}}
    here = {**{name: [value] for name, value in _parameters(run).items()}, **run.values()}

    def cell(name: str, numbers: Mapping[str, Any]) -> str:
        value: Any = numbers.get(name)
        return numerals.headline(name, [value], lang) if _is_number(value) else "–"

    rows = [
        [
            writer.name(name),
            cell(name, told),
            *([cell(name, again)] if again else []),
            numerals.headline(name, here[name], lang),
        ]
        for name in given
        if name in here and (_is_number(told.get(name)) or _is_number(again.get(name)))
    ]
    with_its = _(SHORTER if "epochs" in again else AGAIN).format(epochs=again.get("epochs"))
    titles = ["", _("the course"), *([with_its] if again else []), _("here")]
    return Table(titles, rows, [False] + [True] * (len(titles) - 1)) if rows else None


def settings_beside(run: RecordedRun, writer: Writer) -> Table | None:
    """The settings that the course gives beside those of the run, and why they differ."""
    told = run.configuration.get("course_settings", {})
    found: dict[tuple[str, ...], list[str]] = {}
    for form, rows in told.items():
        for row in _rows(rows):
            name = str(row["setting"])
            values = (_value(row[key], writer) for key in ("course", "here"))
            why = _(str(row.get("why", "")))
            found.setdefault((writer.name(name), *values, why), []).append(form)
    several = len(told) > 1
    rows = [
        [
            cells[0]
            if len(forms) == len(told)
            else f"{cells[0]} ({', '.join(map(writer.form, forms))})",
            *cells[1:],
        ]
        for cells, forms in found.items()
    ]
    rows.sort(key=lambda row: (not row[-1], several and "(" in row[0]))  # departures come first
    titles = [_("setting"), _("the course"), _("here"), _("why")]
    return Table(titles, rows, [False] * len(titles)) if rows else None


def departures(run: RecordedRun) -> list[str]:
    """What departs from the course besides, in sentences."""
    told = run.configuration
    found = [_(str(text)) for text in told.get("departures", [])]
    rows = [row for each in told.get("course_settings", {}).values() for row in _rows(each)]
    departs = any(row["here"] != row["course"] and row.get("why") != CHOSEN for row in rows)
    if departs and not (told.get("as_course") or told.get("course_runs")):
        found.append(_(NOT_RUN))
    return found


def _rows(told: Any) -> list[Mapping[str, Any]]:
    """Settings that are described as a run does it."""
    rows = told if isinstance(told, list) else []
    return [r for r in rows if isinstance(r, dict) and {"setting", "course", "here"} <= r.keys()]


def _parameters(run: RecordedRun) -> Mapping[str, float]:
    """How many parameters each network has, by the name of the number."""
    return {
        f"{entry.get('name', '')} parameters".strip(): entry["parameters"]
        for entry in run.only("model")
        if _is_number(entry.get("parameters"))
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _value(value: Any, writer: Writer) -> str:
    """A setting; words stay as one types them."""
    return value if isinstance(value, str) else writer.value(value)
