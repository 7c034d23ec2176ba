"""`grafito launch` and `grafito doctor`: several processes, and what a machine has."""

from __future__ import annotations

from typing import Annotated

import typer

from grafito.cli.group import Lang, print_table
from grafito.language import message as N_
from grafito.language import translate as _


def launch_command(
    context: typer.Context,
    processes: Annotated[
        int, typer.Option("-n", "--processes", help=N_("How many processes train together."))
    ] = 2,
    restarts: Annotated[
        int, typer.Option(help=N_("How often they begin again after one has failed."))
    ] = 0,
    patience: Annotated[
        float, typer.Option(help=N_("Seconds that a process may be behind the others."))
    ] = 20.0,
    lang: Lang = "",
) -> None:
    """Start processes on this machine and watch over them: `grafito launch -n 2 run lenet`."""
    from grafito import lab

    lab.launch(context.args, processes, restarts=restarts, patience=patience)


def doctor_command(
    processes: Annotated[
        int, typer.Option("-n", "--processes", help=N_("Also add up numbers in so many processes."))
    ] = 1,
    patience: Annotated[
        float, typer.Option(help=N_("Seconds that a process may be behind the others."))
    ] = 20.0,
    lang: Lang = "",
) -> None:
    """Print what grafito finds here; exit with 1 where something has to be done."""
    from grafito import lab

    if processes > 1:
        lab.launch(["doctor"], processes, patience=patience)
        return
    lab.join()
    checks = lab.examine()
    print_table(["", _("found")], [[c.what, ("✗ " if c.wrong else "") + c.found] for c in checks])
    if any(check.wrong for check in checks):
        raise typer.Exit(1)
