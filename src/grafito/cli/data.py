"""The commands of `grafito data`."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from grafito.cli.group import Group, Lang, print_table
from grafito.cli.speech import Command
from grafito.language import localised, retell
from grafito.language import message as N_
from grafito.language import translate as _

data = typer.Typer(cls=Group, no_args_is_help=True)
data_command = functools.partial(data.command, cls=Command)

DataName = Annotated[str, typer.Argument(help=N_("A name that `grafito data list` shows."))]


@data_command("list", help=N_("Name the data sets, or show the card of one."))
def list_data(
    name: Annotated[
        str | None, typer.Argument(help=N_("A name that `grafito data list` shows."))
    ] = None,
    lang: Lang = "",
) -> None:
    """Name the data sets, or show the card of one."""
    from grafito import datasets

    if name:
        print(localised(str(datasets.card(name))))
        return
    rows = [[card.name, _(card.what)] for card in map(datasets.card, datasets.names())]
    print_table([_("data"), ""], rows)


@data_command("get", help=N_("Find the files of a data set; download those that are not here."))
def get_data(name: DataName, lang: Lang = "") -> None:
    """Print where the files of a data set are, after downloading what is missing."""
    from grafito import datasets

    files = datasets.get(name)
    print(*files.values() if files else [f"{name}: {_('built in')}"], sep="\n")


@data_command("verify", help=N_("Check the files that are here, of one data set or of all."))
def verify_data(
    name: Annotated[
        str | None, typer.Argument(help=N_("A name that `grafito data list` shows."))
    ] = None,
    lang: Lang = "",
) -> None:
    """Print what each file holds and whether it is the published one; 1 if one is damaged."""
    from grafito import datasets

    findings = [f for each in ([name] if name else datasets.names()) for f in datasets.verify(each)]
    told = [finding.told(retell) for finding in findings]
    print(*map(localised, told or [f"{name}: {_('built in')}"]), sep="\n")
    if any(finding.problem for finding in findings):
        raise typer.Exit(1)
