"""Runs an experiment: data in, folder with all results out."""

from __future__ import annotations

import contextlib
import html
import importlib.metadata
import os
import platform
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grafito import __version__, datasets, engines, language
from grafito.distribution import distribution, get_device_count
from grafito.engines import processes
from grafito.figures.text import number
from grafito.lab.backups import remove_backups
from grafito.lab.course import beside, measured
from grafito.lab.experiment import Experiment, course_numbers
from grafito.lab.folder import RunFolder, plain_name
from grafito.lab.own import command_name, program_of
from grafito.lab.prose.sentence import Sentence, paragraph, said
from grafito.lab.record import Record
from grafito.lab.report import write_report
from grafito.lab.settings import write_settings
from grafito.language import message, translate
from grafito.layers.automatic_names import names_apart
from grafito.utils import set_random_seed

SHOWN_METRICS = 2
OPTIONS = ("epochs", "batch_size", "seed")  # settings with a flag of their own
ONE_OF_SEVERAL = message(
    "This run has only one form of the exercise, {form}. With {option} it stands beside the others."
)
COMPANIONS = ("numpy", "llvmlite", "matplotlib")  # what the numbers and figures depend on


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes:
        experiment: its name.
        folder: where everything is.
        status: "complete", or "interrupted" by Ctrl-C.
        metrics: the numbers that count; the most important one comes first.
        epochs: how many were done.
        seconds: that the training took.
        engine: the name of what ran it.
    """

    experiment: str
    folder: Path
    status: str
    metrics: Mapping[str, float]
    epochs: int
    seconds: float
    engine: str

    @property
    def is_complete(self) -> bool:
        return self.status == "complete"

    def _repr_html_(self) -> str:
        """The numbers, and where the report is."""
        from grafito.notebooks.parts import block, settings

        numbers = {language.in_words(name): float(value) for name, value in self.metrics.items()}
        page = html.escape((self.folder / "report.html").as_posix())
        link = f'<p><a href="{page}">{page}</a></p>'
        return block(f"{self.experiment} ({translate(self.status)})", settings(numbers) + link)

    def table(self, lang: str | None = None) -> str:
        """The result as a row under its titles, and the folder.

        Example:
            >>> metrics = {"accuracy": 0.97214, "loss": 0.12}
            >>> result = Result("digits", Path("runs/1"), "complete", metrics, 9, 1.26, "fast")
            >>> print(result.table("es"))
            experimento  exactitud  pérdida  épocas  segundos  motor
            digits          0,9721   0,1200       9       1,3  fast
            carpeta      runs/1
        """
        shown = list(self.metrics.items())[:SHOWN_METRICS]
        titles = [
            "experiment",
            *(name for name, _ in shown),
            "epochs",
            "seconds",
            message("engine"),
        ]
        plain = (int(value) if float(value).is_integer() else value for _, value in shown)
        cells = [self.experiment, *(number(value, 4, lang) for value in plain)]
        cells += [str(self.epochs), number(round(self.seconds, 1), 1, lang), self.engine]
        with language.use(lang):
            titles = [language.in_words(title) for title in titles]
            folder = translate("folder")
            note = "" if self.is_complete else f"  ({translate('partial')})"
        wide = [max(map(len, pair)) for pair in zip(titles, cells, strict=True)]
        wide[0] = max(wide[0], len(folder))
        lines = [
            "  ".join([row[0].ljust(wide[0]), *map(str.rjust, row[1:-1], wide[1:-1]), row[-1]])
            for row in (titles, cells)
        ]
        if processes.process_index():  # its folder is gone when it ends; process 0 keeps one
            return "\n".join(lines)
        return "\n".join([*lines, f"{folder.ljust(wide[0])}  {self.folder}{note}"])


def run(
    experiment: Experiment,
    *,
    engine: str = "auto",
    out: str | os.PathLike[str] = "runs",
    lang: str | None = None,
    verbose: Any = "auto",
    name: str | None = None,
) -> Result:
    """Run an experiment; leave a report, and all that it is made of, in a folder.

    Args:
        experiment: what to run, as `lab.get` returns it.
        engine: "auto", or a name of `grafito.engines.names()`.
        out: the results land in OUT/NAME/TIME.
        lang: of the figures and the progress, "en" or "es"; by default the one being spoken.
        verbose: as in `Model.fit`.
        name: the results land in OUT/NAME instead.

    Returns:
        The numbers, and the folder.

    Raises:
        FileError: when the folder cannot be written, or data are missing.
        ArgumentError: for a name that leads out of the folder.

    Example:
        >>> import tempfile
        >>> from grafito import lab
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run(lab.get("xor", epochs=2), out=folder, verbose=0).epochs
        2
    """
    used = engines.get(engine)
    with language.use(lang):
        with processes.one_first():
            for source in experiment.sources():
                datasets.get(source)
        configuration = describe(experiment, used.name)
        root = processes.own_folder(Path(out))
        parent = root if name else root / plain_name(experiment.name)
        return conduct(experiment, used, RunFolder(parent, configuration, name), verbose)


def conduct(
    experiment: Experiment, engine: engines.Engine, folder: RunFolder, verbose: Any
) -> Result:
    """Run an experiment in a folder, and draw its report."""
    processes.tell_run(folder.path)
    record = Record(folder, engine, verbose)
    record.ours = _is_ours(experiment)
    record.quick = _is_short(experiment)
    began = time.perf_counter()
    try:
        with folder.recording(), names_apart():  # a run that goes on has the same names
            set_random_seed(experiment.seed)
            task = experiment.task.of(experiment.variant)
            record.words("task", [paragraph(task.told), said(_alone(experiment))])
            record.words("theory", task.theory)
            experiment.conduct(record)
            record.metrics({})
            status = "interrupted" if record.interrupted else "complete"
            seconds = max(time.perf_counter() - began, record.seconds)  # of earlier tries too
            folder.end(status, seconds=round(seconds, 3), peak_memory=_peak_memory())
            if status == "complete":
                remove_backups(folder)
    except BaseException:
        with contextlib.suppress(Exception):  # what stopped the run is told, not what came of it
            _report(folder)
        raise
    _report(folder)
    epochs, trained = record.totals
    return Result(
        experiment=experiment.name,
        folder=folder.path,
        status=status,
        metrics=record.numbers,
        epochs=epochs,
        seconds=trained,
        engine=engine.name,
    )


def _report(folder: RunFolder) -> None:
    """Draw the report; of several processes that compute, one does."""
    if not processes.process_index():
        write_report(folder.path, lang=language.current())


def describe(experiment: Experiment, engine: str) -> dict[str, Any]:
    """Everything that the numbers depend on."""
    task = experiment.task.of(experiment.variant)
    return {
        "experiment": experiment.name,
        "what": task.what or experiment.what,
        "asked": task.asked or experiment.asked,
        "course": experiment.course,
        "expected": experiment.expected,
        "variant": experiment.variant,
        "quick": _is_short(experiment),
        "as_course": experiment.as_course,
        "ours": _is_ours(experiment),
        **_used(experiment),
        "changes": experiment.changes(),
        "program": program_of(type(experiment)),
        **_of_the_course(experiment),
        "engine": engine,
        "command": command(experiment, engine),
        "data": [_origin(source) for source in experiment.sources()],
        "versions": {
            "grafito": __version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in COMPANIONS},
            "machine": platform.platform(),
        },
    }


def _used(experiment: Experiment) -> dict[str, Any]:
    """The settings that trained something: of each form, where several stand side by side.

    "settings" are those that no form has otherwise; "forms" has all of each form.
    """
    own = experiment.settings()
    forms = {name: form.settings() for name, form in experiment.forms().items()}
    if not forms:
        return {"settings": own}
    shared = {n: v for n, v in own.items() if all(f.get(n, v) == v for f in forms.values())}
    return {"settings": shared, "forms": forms}


def _of_the_course(experiment: Experiment) -> dict[str, Any]:
    """What the course says beside: its settings by form, its numbers, and what departs besides."""
    forms = experiment.forms() or {"": experiment}
    return {
        "course_settings": {
            name: beside(
                form.said, form.variant, form.settings(), form.usual(form.variant).settings()
            )
            for name, form in forms.items()
        },
        "course_numbers": course_numbers(forms),
        "course_runs": {}
        if experiment.as_course
        else measured(experiment.name, experiment.variant),
        "departures": list(experiment.departures),
    }


def _is_ours(experiment: Experiment) -> bool:
    """Whether it is grafito's own, and so are the names of its forms and classes."""
    return experiment.names_are_ours and type(experiment).__module__.startswith("grafito.")


def _is_short(experiment: Experiment) -> bool:
    """Whether it has less data or fewer epochs than the whole experiment."""
    return experiment.quick and bool(experiment.shortened)


def _alone(experiment: Experiment) -> Sentence | None:
    """That a run has one form of several, and which variant puts them side by side."""
    for variant in experiment.variants:
        if experiment.variant in experiment.another(variant).forms():
            typed = [f"--variant {name}" for name in (experiment.variant, variant)]
            names = dict(zip(("form", "option"), typed, strict=True))
            return Sentence(ONE_OF_SEVERAL, names)
    return None


def command(experiment: Experiment, engine: str) -> str:
    """The command line that repeats a run; "" for an experiment that no file holds.

    Example:
        >>> from grafito import lab
        >>> command(lab.get("ice-creams", epochs=9), "auto")
        'grafito run ice-creams --variant line --epochs 9 --batch-size 16 --seed 1 --engine auto'
    """
    begun = experiment.begins()
    if begun is None:
        name = command_name(type(experiment))
        begun = ["run", name] if name else []
    if not begun:
        return ""
    words = ["grafito", *begun]
    if experiment.variant:
        words += ["--variant", experiment.variant]
    if experiment.quick:
        words.append("--quick")
    if experiment.as_course:
        words.append("--course")
    settings, changes = experiment.settings(), experiment.changes()
    if experiment.forms():  # what is written holds for all of them
        settings = {"seed": experiment.seed, **changes}
    for name in OPTIONS:
        if name in settings:
            words += [f"--{name.replace('_', '-')}", str(settings[name])]
    words += ["--engine", engine]
    if distribution():
        words += ["--devices", str(get_device_count() // processes.process_count())]
    others = {k: v for k, v in changes.items() if k not in OPTIONS}
    if others:
        words += ["--set", write_settings(others)]
    return shlex.join(words)


def _origin(data: str) -> dict[str, Any]:
    findings = [str(finding) for finding in datasets.verify(data)]
    return {"name": data, "source": datasets.card(data).source, "files": findings}


def _peak_memory() -> int | None:
    """The most memory that this process has held, in bytes, where the system tells."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
