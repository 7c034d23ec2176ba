"""What a page says of a run besides what was handed over: facts, settings, data, an outline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grafito import datasets, language
from grafito.errors import UnknownNameError
from grafito.lab.report import numerals, players
from grafito.lab.report.blocks import Block, Table, Writer
from grafito.lab.report.course import departures, numbers_beside, settings_beside
from grafito.lab.report.length import shortened
from grafito.lab.report.notes import notes_html, signed
from grafito.lab.report.recorded_run import TOTALS, RecordedRun, in_language
from grafito.language import message
from grafito.language import translate as _

ALL_AT_ZERO = ("examples", "test_examples")  # settings of which 0 means all
EVERY_ONE = message("all")
HEADLINES = 4  # numbers in large type
LONGEST_OUTLINE = 24  # entries; a longer one has sections alone

# Where words stand, and what their part of the page is called.
PARTS = {
    "task": "",
    "theory": message("Theory"),
    "choices": message("Why these choices"),
    "answers": message("Answers"),
    "findings": message("What the numbers say"),
    "limits": message("Limits"),
}
BEFORE, AFTER = ("theory", "choices"), ("answers", "findings", "limits")

# What is said at the head of the page, by what a run was.
BANNERS = {
    "quick": (
        message("Quick form."),
        message(
            "Less data or fewer epochs than the whole experiment: its numbers lie behind, and "
            "its answers hold for this short run alone."
        ),
    ),
    "some_quick": (
        message("Quick forms among them."),
        message(
            "These have less data or fewer epochs than the whole experiment: their numbers lie "
            "behind."
        ),
    ),
    "as_course": (
        message("As in the course."),
        message("Where the course gives a setting, this run has it."),
    ),
}
WHY_PARTIAL = {
    message("interrupted"): message("It was interrupted."),
    message("failed"): message("It ended with an error."),
    message("running"): message("It has not ended, or it was killed."),
}


def context_of(run: RecordedRun) -> dict[str, Any]:
    """All that the page of a run says, in the language being spoken."""
    writer = Writer(bool(run.configuration.get("ours", True)), _forms(run))
    blocks = shortened(writer.blocks(run.contents, run.path))
    context = _of_run(run, writer)
    context["models"] = [block for block in blocks if block.kind == "model"]
    context["blocks"] = [block for block in blocks if block.kind not in ("model", "words")]
    context["parts"] = {
        part: [block for block in blocks if block.kind == "words" and block.part == part]
        for part in PARTS
    }
    context["names_of_parts"] = {part: _(name) for part, name in PARTS.items()}
    context["outline"] = _outline(context)
    context["scripts"] = players.policy(block.html for block in blocks if block.kind == "player")
    return context


def _of_run(run: RecordedRun, writer: Writer) -> dict[str, Any]:
    """What the template says of a run, besides its contents."""
    told, lang = run.configuration, language.current()
    own = signed(run.path)
    shown = [
        (writer.name(name), numerals.headline(name, values, lang))
        for name, values in run.values().items()
        if name not in TOTALS
    ]
    beside = numbers_beside(run, writer)
    return {
        "title": own.get("title") or _(str(told.get("what", run.name))).rstrip("."),
        "author": own.get("author", ""),
        "notes": notes_html(run.path),
        "kicker": [run.name, *(str(told[key]) for key in ("course", "variant") if told.get(key))],
        "facts": _facts(run, writer),
        "problems": problems(run),
        "banners": [tuple(map(_, BANNERS[key])) for key in BANNERS if told.get(key)],
        "asked": _(str(told.get("asked", ""))),
        "expected": "" if beside else language.localised(_(str(told.get("expected", ""))), lang),
        "beside": beside,
        "course_settings": settings_beside(run, writer),
        "departures": departures(run),
        "foreign": any(
            in_language(entry, run.path, lang).get("lang", lang) != lang
            for entry in run.only("figure")
        ),
        "headlines": shown[:HEADLINES],
        "others": shown[HEADLINES:],
        "settings": [(writer.name(n), _typed(n, v, writer)) for n, v in _shared(run).items()],
        "forms": _columns(run, writer),
        "data": [_card(source) for source in told.get("data", [])],
        "command": str(told.get("command", "")),
        "surroundings": [
            (name if name != "machine" else _("machine"), version)
            for name, version in told.get("versions", {}).items()
        ],
        "packages": [name for name in told.get("versions", {}) if name != "machine"],
        "seeds": [_link(seed, run) for seed in run.seeds],
        "files_beside": _files(run),
    }


def _facts(run: RecordedRun, writer: Writer) -> list[tuple[str, str]]:
    told, lang = run.configuration, language.current()
    seconds = run.numbers.get("seconds")
    facts = {
        "date": str(told.get("started", ""))[:16].replace("T", " "),
        "seed": writer.value(_settings(run).get("seed", "")),
        "epochs": writer.value(int(run.numbers.get("epochs", 0)) or ""),
        "training": numerals.duration(seconds, lang) if seconds else "",
        "whole run": numerals.duration(told["seconds"], lang) if "seconds" in told else "",
        "memory": numerals.memory(told["peak_memory"], lang) if told.get("peak_memory") else "",
        "engine": str(told.get("engine", "")),
        "seeds": str(told.get("seeds", "")),
    }
    return [(_(name), value) for name, value in facts.items() if value]


# Names of facts that are said nowhere else.
FACTS = (
    message("date"),
    message("seed"),
    message("training"),
    message("whole run"),
    message("memory"),
    message("engine"),
    message("seeds"),
    message("yes"),
    message("no"),
)


def problems(run: RecordedRun) -> list[str]:
    """Why a run is partial, and what is missing; nothing for a complete one."""
    told = run.configuration
    found = []
    if run.status != "complete":
        found.append(_(WHY_PARTIAL.get(run.status, WHY_PARTIAL["running"])))
        if told.get("error"):
            found[0] += f" {told['error']}"
        planned = _settings(run).get("epochs")
        done = [len(next(iter(history.values()))) for history in run.histories.values()]
        if isinstance(planned, int) and len(done) <= 1 and sum(done) < planned:
            found.append(_("{} of {} epochs were done.").format(sum(done), planned))
        seeds = told.get("seeds", 0)
        if seeds and len(run.seeds) < seeds:
            found.append(_("{} of {} seeds were run.").format(len(run.seeds), seeds))
        if not run.numbers:
            found.append(_("There are no final numbers."))
        if not (run.only("model") or run.seeds):
            found.append(_("No trained network was kept."))
        if not run.only("figure"):
            found.append(_("No figure was drawn."))
    if run.missing:
        found.append(_("Missing or damaged: {}.").format(", ".join(run.missing)))
    return found


def _settings(run: RecordedRun) -> dict[str, Any]:
    settings = run.configuration.get("settings", {})
    return _without_seed(settings, run) if isinstance(settings, dict) else {}


def _without_seed(settings: dict[str, Any], run: RecordedRun) -> dict[str, Any]:
    """Settings of a run; of one from several seeds, of which each has its own, the others."""
    several = bool(run.configuration.get("seeds"))
    return {name: value for name, value in settings.items() if not (several and name == "seed")}


def _forms(run: RecordedRun) -> dict[str, dict[str, Any]]:
    """The settings of each of several forms, by its name; nothing for a single one."""
    forms: dict[str, dict[str, Any]] = run.configuration.get("forms", {})
    return {name: _without_seed(own, run) for name, own in forms.items()}


def _shared(run: RecordedRun) -> dict[str, Any]:
    """The settings that are the same in all forms of a run."""
    alike = dict(_settings(run))
    forms = list(_forms(run).values())
    for name, value in forms[0].items() if forms else ():
        if all(name in form and form[name] == value for form in forms):
            alike[name] = value
    return alike


def _columns(run: RecordedRun, writer: Writer) -> Table | None:
    """The settings in which the forms of a run differ, a column for each form."""
    forms, shared = _forms(run), _shared(run)
    names = dict.fromkeys(name for form in forms.values() for name in form if name not in shared)
    rows = [
        [
            writer.name(name),
            *(_typed(name, f[name], writer) if name in f else "" for f in forms.values()),
        ]
        for name in names
    ]
    titles = [_("setting"), *map(writer.form, forms)]
    return Table(titles, rows, [False] * len(titles), writer.verbatim) if rows else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _typed(name: str, value: Any, writer: Writer) -> str:
    """A setting; words stay as one types them, and where 0 stands for all, that is said."""
    if name.split(" ")[-1] in ALL_AT_ZERO and value == 0:
        return _(EVERY_ONE)
    return value if isinstance(value, str) else writer.value(value)


def _card(source: Any) -> dict[str, Any]:
    """What is known of a data set."""
    told = source if isinstance(source, dict) else {"name": source}
    name = str(told.get("name", ""))
    lang = language.current()
    rows = [] if "rows" in told else _known(name)
    if not rows:  # somebody's own, whatever they are called
        rows = [(_(key), str(told[key])) for key in ("source",) if key in told]
        rows += [(_(str(key)), str(text)) for key, text in _pairs(told.get("rows"))]
        rows += [(_(str(key)), _(str(text))) for key, text in _pairs(told.get("words"))]
    return {
        "name": name,
        "rows": [
            (key, value if any(map(str.isalpha, value)) else language.localised(value, lang))
            for key, value in rows
        ],
        "files": [_finding(str(finding)) for finding in _list(told.get("files"))],
    }


def _known(name: str) -> list[tuple[str, str]]:
    """The rows of the card of a data set; none of one that the catalogue does not have."""
    try:
        return datasets.card(name).rows()
    except UnknownNameError:
        return []


def _pairs(rows: Any) -> list[tuple[Any, Any]]:
    """What the run says of data that no catalogue has."""
    return [(*row,) for row in _list(rows) if isinstance(row, list) and len(row) == 2]


def _finding(text: str) -> str:
    """What was found out about a file, whose folder is nobody's business."""
    path, _colon, found = text.partition(": ")
    parts = (
        language.localised(language.retell(part), language.current()) for part in found.split("; ")
    )
    return f"{Path(path).name}: {'; '.join(parts)}"


def _link(seed: RecordedRun, run: RecordedRun) -> tuple[str, str]:
    """The name of a run inside another, and its page where there is one."""
    page = seed.path / seed.page
    return seed.path.name, page.relative_to(run.path).as_posix() if page.is_file() else ""


def _files(run: RecordedRun) -> list[tuple[str, str]]:
    files = sorted(path for path in run.path.iterdir() if path.is_file())
    return [
        (path.name, numerals.memory(path.stat().st_size, language.current()))
        for path in files
        if path.name != run.page and not path.name.startswith(".")
    ]


def _words(context: dict[str, Any], names: Sequence[str]) -> list[tuple[str, str, int]]:
    """Entries of the outline for the parts with words."""
    return [(name, context["names_of_parts"][name], 1) for name in names if context["parts"][name]]


def _outline(context: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Anchor, name and level of each part of the page."""
    parts: list[tuple[str, str, int]] = []
    if context["asked"] or context["parts"]["task"]:
        parts.append(("asked", _("The task"), 1))
    parts += _words(context, BEFORE)
    parts.append(("results", _("Results"), 1))
    inside: Sequence[Block] = [block for block in context["blocks"] if block.title]
    if len(inside) > LONGEST_OUTLINE:
        inside = [block for block in inside if block.kind == "section"]
    parts += [(b.anchor, b.title, 1 if b.kind == "section" else 2) for b in inside]
    if context["notes"]:
        parts.append(("notes", _("Notes"), 1))
    parts += _words(context, AFTER)
    if context["models"]:
        one = len(context["models"]) == 1
        parts.append(("network", _("The network") if one else _("The networks"), 1))
    if context["course_settings"] or context["departures"]:
        parts.append(("course", _("Beside the course"), 1))
    if context["settings"] or context["forms"]:
        parts.append(("settings", _("Settings"), 1))
    if context["data"]:
        parts.append(("data", _("Data"), 1))
    parts.append(("repeat", _("To repeat it"), 1))
    return parts
