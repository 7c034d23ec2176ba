"""The command `grafito`: a face over `lab`, `figures` and `datasets`, without logic of its own.

Exit codes: 0 success, 1 a run that failed or was interrupted, 2 wrong use.
"""

from __future__ import annotations

import functools
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from grafito import __version__
from grafito.cli.build import build
from grafito.cli.data import data
from grafito.cli.group import Group, Lang, print_table
from grafito.cli.options import Author, EngineName, Markdown, Out, Pdf, Title, write_report
from grafito.cli.own_data import fit_data, predict_data
from grafito.cli.scale import doctor_command, launch_command
from grafito.cli.speech import Command, FormulaCommand
from grafito.errors import ArgumentError, unknown_name
from grafito.language import PLAINER, localised
from grafito.language import message as N_
from grafito.language import translate as _

__all__ = ["main"]

app = typer.Typer(
    cls=Group,
    name="grafito",
    help=N_("A pencil for neural networks."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data, name="data", help=N_("Data sets: what there is, downloads, checks."))
app.add_typer(
    build, name="build", help=N_("Build it yourself: a network in NumPy, piece by piece.")
)

command = functools.partial(app.command, cls=Command)
LEFT = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
command("launch", help=N_("Run a command in several processes."), context_settings=LEFT)(
    launch_command
)
command("doctor", help=N_("Print what grafito finds on this machine."))(doctor_command)

Name = Annotated[
    str, typer.Argument(help=N_("A name that `grafito list` shows, or FILE.py:CLASS."))
]
Variant = Annotated[
    str | None, typer.Option(help=N_("One of the forms that `grafito list` shows."))
]
Quick = Annotated[
    bool, typer.Option("--quick", help=N_("Less data and fewer epochs: under a minute."))
]


def main() -> None:
    """Run the command line.

    Example:
        >>> import subprocess, sys
        >>> command = [sys.executable, "-m", "grafito", "--version"]
        >>> subprocess.run(command, capture_output=True, text=True).stdout.split()[0]
        'grafito'
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # letters that it cannot show are no errors
            stream.reconfigure(errors=PLAINER)
    try:
        app()
    except SystemExit as end:
        if end.code and "grafito.engines.processes" in sys.modules:
            sys.modules["grafito.engines.processes"].leave(1)
        raise


def _print_version(wanted: bool) -> None:
    if wanted:
        print("grafito", __version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help=N_("Print the version.")
        ),
    ] = False,
) -> None:
    """What stands before the command."""


@command("list", help=N_("Name the experiments."))
def list_experiments(lang: Lang = "") -> None:
    """Name the experiments, what each is, its variants and the data it needs."""
    from grafito import lab

    rows = []
    for kind in lab.kinds().values():
        forms = f" {_('Variants:')} {', '.join(kind.variants)}." if kind.variants else ""
        rows.append([kind.name, _(kind.what) + forms, kind.data or _("built in")])
    print_table([_("experiment"), "", _("data")], rows)


@command("run", help=N_("Run an experiment."))
def run_experiment(
    name: Name,
    variant: Variant = None,
    epochs: Annotated[
        int | None, typer.Option(help=N_("How often all training examples are seen."))
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help=N_("Examples in a step."))] = None,
    seed: Annotated[int | None, typer.Option(help=N_("Where the random numbers start."))] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help=N_("Other settings of the experiment, as in bits=3,hidden=5.")),
    ] = None,
    quick: Quick = False,
    course: Annotated[
        bool, typer.Option("--course", help=N_("The course's own settings, where it gives them."))
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=1, help=N_("Runs from this many seeds, with mean and spread."))
    ] = 1,
    engine: EngineName = "auto",
    devices: Annotated[
        int | None, typer.Option(help=N_("Divide each batch among so many devices."))
    ] = None,
    out: Out = Path("runs"),
    resume: Annotated[
        Path | None, typer.Option(help=N_("Go on with a run that was stopped, in this folder."))
    ] = None,
    pdf: Pdf = False,
    markdown: Markdown = False,
    author: Author = None,
    title: Title = None,
    lang: Lang = "",
) -> None:
    """Run an experiment and print its result."""
    from grafito import lab

    lab.join(devices)
    named = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    named |= lab.read_settings(",".join(settings or []))
    chosen: dict[str, Any] = {"variant": variant, "quick": quick, "course": course, **named}
    if resume:
        if seeds > 1:
            raise ArgumentError(
                "The folder says how many seeds there are.",
                where="--resume",
                received=f"--seeds {seeds}",
            )
        found = lab.resume(resume, name, engine=engine, lang=lang, **chosen)
        results = found if isinstance(found, list) else [found]
    else:
        experiment = lab.get(name, **chosen)
        if quick and not experiment.shortened:
            print(_("This experiment takes seconds: --quick changes nothing."))
        given: dict[str, Any] = {"engine": engine, "out": out, "lang": lang}
        results = (
            [lab.run(experiment, **given)]
            if seeds == 1
            else lab.run_seeds(experiment, seeds, **given)
        )
    for result in results:
        print(result.table(lang))
    first = results[0].folder
    whole = resume or (first if seeds == 1 else first.parent)
    if pdf or markdown or author or title:
        write_report(whole, lang, pdf=pdf, markdown=markdown, author=author, title=title)
    elif len(results) > 1:
        print(_("report"), Path(whole, "report.html"))
    if not results[-1].is_complete:
        raise typer.Exit(1)


command("fit", help=N_("Train on a table of your own, or on a folder of pictures."))(fit_data)
command("predict", help=N_("Predict new rows or pictures with the network of a run."))(predict_data)


@command("search", help=N_("Try values of settings, and judge them by validation."))
def search_settings(
    name: Name,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help=N_("Values to try, as in learning_rate=0.01,0.1 or units=[10],[50].")
        ),
    ] = None,
    variant: Variant = None,
    quick: Quick = False,
    seeds: Annotated[
        int, typer.Option(min=1, help=N_("Trainings of each combination, from this many seeds."))
    ] = 3,
    engine: EngineName = "auto",
    out: Out = Path("runs"),
    pdf: Pdf = False,
    lang: Lang = "",
) -> None:
    """Search a grid of settings and print which are best, and whether that is noise."""
    from grafito import lab

    space = lab.read_lists(",".join(settings or []))
    experiment = lab.get(name, variant, quick=quick)
    found = lab.search(experiment, space, seeds=seeds, engine=engine, out=out, lang=lang)
    print(found.table(lang))
    write_report(found.folder, lang, pdf=pdf, markdown=False)
    if not found.is_complete:
        raise typer.Exit(1)


@command("explain", help=N_("Print what a training step of an experiment consists of."))
def explain_experiment(
    name: Name,
    variant: Variant = None,
    batch_size: Annotated[int | None, typer.Option(help=N_("Examples in a step."))] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help=N_("Other settings of the experiment, as in bits=3,hidden=5.")),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help=N_("Also measure how long each part takes."))
    ] = False,
    passes: Annotated[
        bool, typer.Option("--passes", help=N_("Print the program after each compiler pass."))
    ] = False,
    engine: EngineName = "auto",
    lang: Lang = "",
) -> None:
    """Print the schedule of a training step, or with --profile the time of each kernel."""
    from grafito import lab

    named = {"batch_size": batch_size} | lab.read_settings(",".join(settings or []))
    experiment = lab.get(name, variant, **named)
    print(lab.explain(experiment, engine=engine, profile=profile, passes=passes))


@command("report", help=N_("Draw the report of a run again."))
def draw_report(
    run: Annotated[Path, typer.Argument(help=N_("The folder of a run, or of a comparison."))],
    pdf: Pdf = False,
    markdown: Markdown = False,
    author: Author = None,
    title: Title = None,
    lang: Lang = "",
) -> None:
    """Draw the page of a run, whole or partial, or of a comparison, from its folder."""
    write_report(run, lang, pdf=pdf, markdown=markdown, author=author, title=title)


@command("compare", help=N_("Put runs side by side: curves, numbers, and what is noise."))
def compare_runs(
    runs: Annotated[list[Path], typer.Argument(help=N_("The folders of runs."))],
    metric: Annotated[
        str | None, typer.Option(help=N_("The number to judge; else the first of all runs."))
    ] = None,
    out: Out = Path("runs"),
    pdf: Pdf = False,
    markdown: Markdown = False,
    author: Author = None,
    title: Title = None,
    lang: Lang = "",
) -> None:
    """Put runs side by side and print what their seeds allow to say."""
    from grafito import lab

    found = lab.compare(runs, metric=metric, out=out, lang=lang)
    print(found.table(lang))
    folder = found.page.parent
    write_report(folder, lang, pdf=pdf, markdown=markdown, author=author, title=title)


@command("studio", help=N_("Open a page where a network trains and is stepped through."))
def open_studio(
    source: Annotated[
        str | None,
        typer.Argument(help=N_("The folder of a run, the file of a model, or an experiment.")),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=N_("Of the page; 0 takes a free one."))
    ] = 8321,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help=N_("Whether to open the page."))
    ] = True,
    lang: Lang = "",
) -> None:
    """Serve the studio to this machine, until Ctrl-C."""
    from grafito import studio

    studio.begin(source, port=port, browser=browser, lang=lang)


@command("replay", help=N_("Do a training step again that gave NaN or infinity."))
def replay_step(
    folder: Annotated[
        Path, typer.Argument(help=N_("The folder that the error of the training named."))
    ] = Path("not-finite"),
    lang: Lang = "",
) -> None:
    """Print what the step computed, up to the op that made the NaN."""
    from grafito import insight

    print(insight.replay(folder))


@app.command(
    "draw",
    cls=FormulaCommand,
    help=N_("Print the values and gradients of a formula; draw its graph."),
)
def draw_formula(
    formula: Annotated[str, typer.Argument(help=N_('For example "sigmoid(w*x + b)".'))],
    at: Annotated[
        list[str] | None, typer.Option(help=N_("Values of the names, as in w=2,x=[1,-1]."))
    ] = None,
    parameters: Annotated[
        str, typer.Option(help=N_("Names that are to be learned, as in w,b."), show_default=False)
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help=N_("File for the drawing: .svg, .png or .pdf."))
    ] = None,
    level: Annotated[
        str, typer.Option(help=N_("functions (one node for each, such as elu), or ops."))
    ] = "functions",
    digits: Annotated[int, typer.Option(min=0, max=17, help=N_("Decimals."))] = 3,
    lang: Lang = "",
) -> None:
    """Print the table of a formula and draw its graph."""
    from grafito import activations, figures, graph, lab
    from grafito.lab.settings import write_settings

    values = lab.read_settings(",".join(at or []))
    shapes = {name: _shape(name, value) for name, value in values.items()}
    result = graph.parse(formula, shapes, activations.registry.entries)
    learned = [name.strip() for name in parameters.split(",") if name.strip()]
    for name in learned:
        if name not in graph.inputs(result):
            raise unknown_name("input", name, graph.inputs(result))
    missing = [name for name in graph.inputs(result) if name not in values]
    if values and missing:
        given = {**values, **dict.fromkeys(missing, 1)}
        raise ArgumentError(
            f"The input {missing[0]!r} was given no value.",
            fix=f"--at {write_settings(given)}",
        )
    feeds = values or None  # without values, shapes are shown
    print(figures.graph_table(result, feeds, digits=digits, lang=lang))
    if out:
        sheet = figures.draw_graph(
            result, feeds, level=level, parameters=learned, digits=digits, lang=lang
        )
        sheet.savefig(out)
        print(_("drawing"), out)


def _shape(name: str, value: Any) -> tuple[int, ...]:
    """The shape of a number, or of numbers in brackets."""
    import numpy as np

    try:
        return np.asarray(value, "float64").shape
    except (TypeError, ValueError):
        raise ArgumentError(
            f"The value of {name!r} is not a number or a table of numbers.",
            received=repr(value),
            expected=f"{name}=1, {name}=[1,-1] or {name}=[[1,2],[3,4]]",
        ) from None


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
