"""The commands `grafito fit` and `grafito predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from grafito.cli.group import Lang
from grafito.cli.options import Author, EngineName, Markdown, Out, Pdf, Title, write_report
from grafito.language import message as N_
from grafito.language import translate as _

Several = list[str] | None


def fit_data(
    data: Annotated[
        Path, typer.Argument(help=N_("A CSV or TSV file, or a folder with a folder a class."))
    ],
    target: Annotated[
        str, typer.Option(help=N_("The column to predict."), show_default=False)
    ] = "",
    task: Annotated[
        str, typer.Option(help=N_("classification or regression; auto finds out."))
    ] = "auto",
    drop: Annotated[Several, typer.Option(help=N_("A column to leave out."))] = None,
    keep: Annotated[
        Several, typer.Option(help=N_("A column to use though it seems useless."))
    ] = None,
    category: Annotated[Several, typer.Option(help=N_("A column whose numbers are names."))] = None,
    missing: Annotated[
        Several, typer.Option(help=N_("A text that stands for a missing value."))
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help=N_("How often all training examples are seen, at most."))
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help=N_("Examples in a step."))] = None,
    seed: Annotated[int | None, typer.Option(help=N_("Where the random numbers start."))] = None,
    settings: Annotated[
        Several, typer.Option("--set", help=N_("Other settings, as in units=[32,32],folds=10."))
    ] = None,
    engine: EngineName = "auto",
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
    """Train on data of one's own, print the scores, and say where the report is."""
    from grafito import lab
    from grafito.lab.own_data import conducted

    chosen: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    if target or data.is_file():
        lists = {"drop": drop, "keep": keep, "categories": category, "missing": missing}
        chosen |= {name: tuple(given) for name, given in lists.items() if given}
        chosen |= {"problem": task} if task != "auto" else {}
    chosen |= lab.read_settings(",".join(settings or []))
    experiment = lab.own_experiment(data, target, resume=resume, **chosen)
    print(experiment.told())
    result = conducted(experiment, resume, engine=engine, out=out, lang=lang)
    print(result.table(lang))
    write_report(result.folder, lang, pdf=pdf, markdown=markdown, author=author, title=title)
    if not result.is_complete:
        raise typer.Exit(1)
    print(_("To predict: {}").format(f"grafito predict {result.folder} {_('NEW')}"))


def predict_data(
    run: Annotated[Path, typer.Argument(help=N_("The folder of a run of `grafito fit`."))],
    data: Annotated[Path, typer.Argument(help=N_("A table, a picture or a folder of pictures."))],
    out: Annotated[
        Path | None,
        typer.Option(help=N_("The table to write; else NAME-predicted.csv."), show_default=False),
    ] = None,
    lang: Lang = "",
) -> None:
    """Predict new rows or pictures, print the first, and write all beside the data."""
    from grafito import lab

    fitted = lab.Fitted(run)
    file = out or Path(f"{data.stem}-{_('predicted')}.csv")
    print(fitted.predict_file(data, file).table(lang))
    print(_("table"), file)
