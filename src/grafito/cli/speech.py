"""The words of Typer in the language that is asked for; English ones stay as they are.

Typer writes its help and its errors in English. What it is about to show is translated here: the
helps of commands and options, its own few words, and the sentences of its errors.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperCommand

from grafito import language
from grafito.errors import UnknownNameError
from grafito.language import message, retell, translate

# Parts of a line of usage.
USAGE = (message("Usage:"), message("[OPTIONS]"), message("COMMAND [ARGS]..."))

# What else Typer says, in the versions that grafito works with; {} stands for a name or a value.
WORDS = (
    message("Arguments"),
    message("Options"),
    message("Commands"),
    message("Error"),
    message("Aborted."),
    message("[default: {}]"),
    message("[required]"),
    message("Show this message and exit."),
    message("Try [blue]'{command_path} {help_option}'[/] for help."),
    message("Missing command."),
    message("Missing argument '{}'."),
    message("Missing option '{}'."),
    message("No such command '{}'."),
    message("No such command '{}'. Did you mean '{}'?"),
    message("No such command '{}'. Did you mean {}?"),
    message("No such option: {}"),
    message("No such option: {} Did you mean {}?"),
    message("No such option: {} (Possible options: {})"),
    message("Option '{}' requires an argument."),
    message("Option '{}' does not take a value."),
    message("Got unexpected extra argument ({})"),
    message("Got unexpected extra argument(s) ({})"),
    message("Got unexpected extra arguments ({})"),
    message("Invalid value for {}: {}"),
    message("Invalid value for {}: '{}' is not a valid integer."),
    message("Invalid value for {}: '{}' is not a valid int."),
    message("Invalid value for {}: {} is not in the range {}."),
    message("Invalid value for {}: Input should be greater than or equal to {}"),
    message("Invalid value for {}: Input should be less than or equal to {}"),
    message(
        "Invalid value for {}: Input should be a valid integer, unable to parse string as an "
        "integer"
    ),
)


class Spoken:
    """A command of Typer whose help is in the language being spoken."""

    def get_usage(self, ctx: Any) -> str:
        usage: str = super().get_usage(ctx)  # type: ignore[misc]
        for part in USAGE:
            usage = usage.replace(part, translate(part), 1)
        return usage

    def format_help(self, ctx: Any, formatter: Any) -> None:
        inside = getattr(self, "commands", {}).values()
        for shown in (self, *inside, *self.get_params(ctx)):  # type: ignore[attr-defined]
            shown.help = translate(getattr(shown, "help", None) or "")
        super().format_help(ctx, formatter)  # type: ignore[misc]


class Command(Spoken, TyperCommand):
    """A single command."""


class FormulaCommand(Command):
    """A command whose argument is a formula, which may begin with a minus."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        before = ["", *args]
        for i, word in enumerate(args):
            takes_value = before[i].startswith("--") and "=" not in before[i]
            if before[i] == "--":
                break
            if re.match(r"-[^-]|--[^a-z]", word) and not (takes_value and before[i] != "--help"):
                return super().parse_args(ctx, [*args[:i], *args[i + 1 :], "--", word])
        return super().parse_args(ctx, args)


@contextlib.contextmanager
def speaking(words: Sequence[str]) -> Iterator[None]:
    """Speak the language that a command line asks for, from its first word on.

    A language that is not known is reported by the command; until then it is English.

    Example:
        >>> with speaking(["run", "--lang", "es"]):
        ...     translate("loss")
        'pérdida'
    """
    try:
        lang = language.choose(_asked(words))
    except UnknownNameError:
        lang = "en"
    with language.use(lang), _constants():
        yield


@contextlib.contextmanager
def retold() -> Iterator[None]:
    """A block whose errors of use, as Typer raises them, speak the language."""
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message"):
            text = retell(error.format_message())
            error.format_message = lambda: text
        raise


def _asked(words: Sequence[str]) -> str | None:
    """The value of --lang."""
    for word, following in itertools.pairwise([*words, ""]):
        name, _, value = word.partition("=")
        if name == "--lang":
            return value or following
    return None


@contextlib.contextmanager
def _constants() -> Iterator[None]:
    """Typer's constants in the language; they are put back, for programs that run on."""
    if language.current() == "en":
        yield
        return
    from typer import rich_utils

    english = {
        name: text
        for name, text in vars(rich_utils).items()
        if name.isupper() and isinstance(text, str) and translate(text) != text
    }
    try:
        for name, text in english.items():
            setattr(rich_utils, name, translate(text))
        yield
    finally:
        for name, text in english.items():
            setattr(rich_utils, name, text)
