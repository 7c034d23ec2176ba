"""The commands of `grafito build`."""

from __future__ import annotations

import functools
import shlex
from pathlib import Path
from typing import Annotated

import typer

from grafito.cli.group import Group, Lang, print_table
from grafito.cli.speech import Command
from grafito.language import message as N_
from grafito.language import translate as _

build = typer.Typer(cls=Group, no_args_is_help=True)
build_command = functools.partial(build.command, cls=Command)

FOLDER = Path("my-network")
Folder = Annotated[Path, typer.Option(help=N_("Folder of your files."))]


@build_command("list", help=N_("Name the pieces, from the first to the trained network."))
def list_pieces(lang: Lang = "") -> None:
    """Name the pieces and what each is."""
    from grafito.lab import building

    print_table([_("piece"), ""], [list(row) for row in building.pieces(lang).items()])


@build_command("start", help=N_("Write a small file for each piece; yours stay as they are."))
def start_files(folder: Folder = FOLDER, lang: Lang = "") -> None:
    """Write the files in which the pieces are to be written."""
    from grafito.lab import building

    written, kept = building.start(folder, lang)
    for path in written:
        print(path)
    if kept:
        print(_("Left as they are:"), ", ".join(path.name for path in kept))
    print(_("Write the first one, then: {}").format(_again(folder)))
    print(_(building.NO_SANDBOX))


@build_command(
    "check",
    help=N_(
        "Compare your pieces with grafito's numbers. Your files run in a process of their own with "
        "limits of time, memory and output; that is no sandbox."
    ),
)
def check_pieces(
    piece: Annotated[
        str | None,
        typer.Argument(help=N_("One that `grafito build list` shows; else all, in order.")),
    ] = None,
    folder: Folder = FOLDER,
    hint: Annotated[bool, typer.Option("--hint", help=N_("Print the second hint too."))] = False,
    lang: Lang = "",
) -> None:
    """Check pieces until one is not right; 1 if there is one."""
    from grafito.lab import building

    found = None
    for found in building.check(_here(folder), piece):
        print("\n".join(found.lines(1 + hint)), flush=True)
        if not found.is_right:
            if found.has_second_hint and not hint:
                again = _again(folder, found.piece, "--hint")
                print(_("For a second hint: {}").format(again))
            raise typer.Exit(1)
    if piece is None and found:
        print(_("All is right: the network is your own."))


def _again(folder: Path, *words: str) -> str:
    """A command for the same folder."""
    beside = [] if folder == FOLDER else ["--folder", str(folder)]
    return shlex.join(["grafito", "build", "check", *words, *beside])


def _here(folder: Path) -> Path:
    """The folder one stands in, where that is the one."""
    inside = folder == FOLDER and not folder.exists() and Path("activation.py").is_file()
    return Path() if inside else folder
