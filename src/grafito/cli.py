"""The command `grafito`: a face over `lab`, `figures` and `datasets`, without logic of its own.

Exit codes: 0 success, 1 a run that failed or was interrupted, 2 wrong use.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from grafito import __version__, language
from grafito.errors import (
    ArgumentError,
    DtypeError,
    FileError,
    GrafitoError,
    ShapeError,
    UnknownNameError,
)
from grafito.language import retell
from grafito.language import translate as _

__all__ = ["main"]

WRONG_USE = (ArgumentError, DtypeError, ShapeError)


class Group(TyperGroup):
    """Commands whose errors are messages, without traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            message, code = _("Interrupted."), 1
        except GrafitoError as error:
            message, code = error.told(retell), 2 if isinstance(error, WRONG_USE) else 1
        except OSError as error:
            wrong = FileError(
                "A file cannot be used.", where=error.filename, received=error.strerror or error
            )
            message, code = wrong.told(retell), 1
        print(message, file=sys.stderr)
        raise typer.Exit(code)


# Help speaks the language of the surroundings; a wrong one is reported by the first command.
_help = contextlib.ExitStack()
with contextlib.suppress(UnknownNameError):
    _help.enter_context(language.use(None))

app = typer.Typer(
    cls=Group,
    name="grafito",
    help=_("A pencil for neural networks."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data = typer.Typer(no_args_is_help=True)
app.add_typer(data, name="data", help=_("Data sets: what there is, downloads, checks."))


def _speak(context: typer.Context, lang: str) -> str:
    """Speak this language to the end of the command, also where it fails."""
    return context.find_root().with_resource(language.use(lang))


Lang = Annotated[
    str,
    typer.Option(
        callback=_speak,
        show_default=False,
        help=_("en or es; else GRAFITO_LANG, else the locale."),
    ),
]
DataName = Annotated[str, typer.Argument(help=_("A name that `grafito data list` shows."))]


def main() -> None:
    """Run the command line.

    Example:
        >>> import subprocess, sys
        >>> command = [sys.executable, "-m", "grafito", "--version"]
        >>> subprocess.run(command, capture_output=True, text=True).stdout.split()[0]
        'grafito'
    """
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        print("grafito", __version__)
        raise typer.Exit


def _print_table(titles: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*titles, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _print_page(name: str, page: Path, pdf: bool) -> None:
    from grafito import lab

    print(name, page)
    if pdf:
        print("PDF", lab.write_pdf(page))


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help=_("Print the version.")
        ),
    ] = False,
) -> None:
    """What stands before the command."""


@app.command("list", help=_("Name the experiments."))
def list_experiments(lang: Lang = "") -> None:
    """Name the experiments, what each is, its variants and the data it needs."""
    from grafito import lab

    rows = []
    for kind in lab.kinds().values():
        forms = f" {_('Variants:')} {', '.join(kind.variants)}." if kind.variants else ""
        rows.append([kind.name, _(kind.what) + forms, kind.data or _("built in")])
    _print_table([_("experiment"), "", _("data")], rows)


@app.command("run", help=_("Run an experiment."))
def run_experiment(
    name: Annotated[str, typer.Argument(help=_("A name that `grafito list` shows."))],
    variant: Annotated[
        str | None, typer.Option(help=_("One of the forms that `grafito list` shows."))
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help=_("How often all training examples are seen."))
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help=_("Examples in a step."))] = None,
    seed: Annotated[int | None, typer.Option(help=_("Where the random numbers start."))] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help=_("Other settings of the experiment, as in bits=3,hidden=5.")),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=_("Less data and fewer epochs: under a minute."))
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=1, help=_("Runs from this many seeds, with mean and spread."))
    ] = 1,
    engine: Annotated[
        str, typer.Option(help=_("What runs the training: auto, or the name of an engine."))
    ] = "auto",
    out: Annotated[Path, typer.Option(help=_("Folder for the results."))] = Path("runs"),
    lang: Lang = "",
) -> None:
    """Run an experiment and print its result."""
    from grafito import lab

    named = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    named |= lab.read_settings(",".join(settings or []))
    experiment = lab.get(name, variant, quick=quick, **named)
    if seeds == 1:
        results = [lab.run(experiment, engine=engine, out=out, lang=lang)]
    else:
        results = lab.run_seeds(experiment, seeds, engine=engine, out=out, lang=lang)
    for result in results:
        print(result.table(lang))
    if not results[-1].is_complete:
        raise typer.Exit(1)


@app.command("explain", help=_("Print what a training step of an experiment consists of."))
def explain_experiment(
    name: Annotated[str, typer.Argument(help=_("A name that `grafito list` shows."))],
    variant: Annotated[
        str | None, typer.Option(help=_("One of the forms that `grafito list` shows."))
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help=_("Examples in a step."))] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help=_("Other settings of the experiment, as in bits=3,hidden=5.")),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help=_("Also measure how long each part takes."))
    ] = False,
    engine: Annotated[
        str, typer.Option(help=_("What runs the training: auto, or the name of an engine."))
    ] = "auto",
    lang: Lang = "",
) -> None:
    """Print the schedule of a training step, or with --profile the time of each kernel."""
    from grafito import lab

    named = {"batch_size": batch_size} | lab.read_settings(",".join(settings or []))
    print(lab.explain(lab.get(name, variant, **named), engine=engine, profile=profile))


@app.command("report", help=_("Draw the report of a run again."))
def draw_report(
    run: Annotated[Path, typer.Argument(help=_("The folder of a run."))],
    pdf: Annotated[
        bool, typer.Option("--pdf", help=_("Also print it to PDF; needs Chromium."))
    ] = False,
    lang: Lang = "",
) -> None:
    """Draw report.html from the folder of a run, whole or partial."""
    from grafito import lab

    _print_page(_("report"), lab.write_report(run, lang=lang), pdf)


@app.command("compare", help=_("Put runs side by side: curves, numbers, and what is noise."))
def compare_runs(
    runs: Annotated[list[Path], typer.Argument(help=_("The folders of runs."))],
    metric: Annotated[
        str | None, typer.Option(help=_("The number to judge; else the first of all runs."))
    ] = None,
    out: Annotated[Path, typer.Option(help=_("Folder for the results."))] = Path("runs"),
    pdf: Annotated[
        bool, typer.Option("--pdf", help=_("Also print it to PDF; needs Chromium."))
    ] = False,
    lang: Lang = "",
) -> None:
    """Put runs side by side and print what their seeds allow to say."""
    from grafito import lab

    found = lab.compare(runs, metric=metric, out=out, lang=lang)
    print(found.table(lang))
    _print_page(_("report"), found.page, pdf)


@app.command("draw", help=_("Print the values and gradients of a formula; draw its graph."))
def draw_formula(
    formula: Annotated[str, typer.Argument(help=_('For example "sigmoid(w*x + b)".'))],
    at: Annotated[
        list[str] | None, typer.Option(help=_("Values of the names, as in w=2,x=[1,-1]."))
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help=_("File for the drawing: .svg, .png or .pdf."))
    ] = None,
    level: Annotated[
        str, typer.Option(help=_("functions (one node for each, such as elu), or ops."))
    ] = "functions",
    digits: Annotated[int, typer.Option(min=0, max=17, help=_("Decimals."))] = 3,
    lang: Lang = "",
) -> None:
    """Print the table of a formula and draw its graph."""
    from grafito import activations, figures, graph, lab

    values = lab.read_settings(",".join(at or []))
    shapes = {name: graph.constant(value).shape for name, value in values.items()}
    result = graph.parse(formula, shapes, activations.registry.entries)
    feeds = values or None  # without values, shapes are shown
    print(figures.graph_table(result, feeds, digits=digits, lang=lang))
    if out:
        sheet = figures.draw_graph(result, feeds, level=level, digits=digits, lang=lang)
        sheet.savefig(out)
        print(_("drawing"), out)


@data.command("list", help=_("Name the data sets, or show the card of one."))
def list_data(
    name: Annotated[
        str | None, typer.Argument(help=_("A name that `grafito data list` shows."))
    ] = None,
    lang: Lang = "",
) -> None:
    """Name the data sets, or show the card of one."""
    from grafito import datasets

    if name:
        print(datasets.card(name))
        return
    rows = [[card.name, card.what] for card in map(datasets.card, datasets.names())]
    _print_table([_("data"), ""], rows)


@data.command("get", help=_("Find the files of a data set; download those that are not here."))
def get_data(name: DataName, lang: Lang = "") -> None:
    """Print where the files of a data set are, after downloading what is missing."""
    from grafito import datasets

    files = datasets.get(name)
    print(*files.values() if files else [f"{name}: {_('built in')}"], sep="\n")


@data.command("verify", help=_("Check the files that are here, of one data set or of all."))
def verify_data(
    name: Annotated[
        str | None, typer.Argument(help=_("A name that `grafito data list` shows."))
    ] = None,
    lang: Lang = "",
) -> None:
    """Print what each file holds and whether it is the published one; 1 if one is damaged."""
    from grafito import datasets

    findings = [f for each in ([name] if name else datasets.names()) for f in datasets.verify(each)]
    told = [finding.told(retell) for finding in findings]
    print(*told or [f"{name}: {_('built in')}"], sep="\n")
    if any(finding.problem for finding in findings):
        raise typer.Exit(1)
