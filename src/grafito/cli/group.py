"""What all commands share: errors as messages, the language, tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from grafito import language
from grafito.cli.speech import Spoken, retold, speaking
from grafito.errors import ArgumentError, DtypeError, FileError, GrafitoError, ShapeError
from grafito.language import message as N_
from grafito.language import retell
from grafito.language import translate as _

Lang = Annotated[
    str,
    typer.Option(
        callback=language.choose,
        show_default=False,
        help=N_("en or es; else GRAFITO_LANG, else the locale."),
    ),
]
# What systems say of files most often.
REASONS = (
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("No space left on device"),
    N_("Read-only file system"),
)
NARROW = 40  # letters in a line of a terminal, below which columns would be too thin
WRONG_USE = (ArgumentError, DtypeError, ShapeError)


class Group(Spoken, TyperGroup):
    """Commands in the language that is asked for, whose errors are messages without traceback."""

    def main(self, args: Sequence[str] | None = None, **options: Any) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        with speaking(words):
            return super().main(words, **options)

    def make_context(self, *args: Any, **options: Any) -> Any:
        with retold():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        try:
            with retold():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            message, code = _("Interrupted."), 1
        except GrafitoError as error:
            message, code = error.told(retell), 2 if isinstance(error, WRONG_USE) else 1
        except BrokenPipeError:  # `grafito ... | head`: whoever read has had enough
            raise
        except OSError as error:
            wrong = FileError(
                "A file cannot be used.", where=error.filename, received=error.strerror or error
            )
            message, code = wrong.told(retell), 1
        print(message, file=sys.stderr)
        raise typer.Exit(code)


def print_table(titles: list[str], rows: list[list[str]]) -> None:
    """Print rows under their titles; on a narrow terminal each row's cells below each other."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if console.width < NARROW:
        for first, *others in [titles, *rows]:
            if first:
                console.print(first, overflow="fold", highlight=False)
            for other in filter(None, others):
                console.print(Padding(Text(other, overflow="fold"), (0, 0, 0, 2)))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
