"""Build it yourself: a library in NumPy, piece by piece, each compared with grafito's numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from grafito import language
from grafito.errors import FileError, unknown_name
from grafito.lab.building.checking import Checked, check_piece
from grafito.lab.building.exams import EXAMINED, Examined, exam, examine, order
from grafito.lab.building.library import PIECES
from grafito.lab.building.process import NO_SANDBOX
from grafito.language import translate as _

__all__ = ["NO_SANDBOX", "Checked", "Examined", "check", "pieces", "start"]

WIDTH = 88  # of the comments in a file


def pieces(lang: str | None = None) -> dict[str, str]:
    """The names of the pieces and of the exams, in order, each with one sentence.

    Example:
        >>> list(pieces())[:3]
        ['activation', 'dense', 'mse']
    """
    say = language.translator(lang)
    told = {piece.name: piece.what for piece in PIECES} | EXAMINED
    return {name: say(what) for name, what in told.items()}


def start(folder: str | Path, lang: str | None = None) -> tuple[list[Path], list[Path]]:
    """Write a small file for each piece; files that are there stay as they are.

    Returns:
        The files that were written, and those that were there.

    Raises:
        FileError: when they cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written, kept = start(folder)
        >>> written[0].name, len(written), kept
        ('activation.py', 9, [])
    """
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).with_name("stubs"))
    stubs = jinja2.Environment(
        loader=loader, keep_trailing_newline=True
    )  # code: nothing is escaped
    written, kept = [], []
    with language.use(lang):
        for piece in PIECES:
            path = Path(folder, f"{piece.name}.py")
            template = stubs.get_template(f"{path.name}.jinja")
            text = template.render(what=_(piece.what), _=_, note=_note)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
            except FileExistsError:
                if not path.is_file():
                    raise FileError("The file cannot be written.", where=path) from None
                kept.append(path)
            except OSError as error:
                raise FileError(
                    "The file cannot be written.", where=path, received=error.strerror
                ) from error
            else:
                written.append(path)
    return written, kept


def check(folder: str | Path, piece: str | None = None) -> Iterator[Checked]:
    """Compare pieces with grafito: one of them, or all in order until one is not right.

    Args:
        folder: of the files.
        piece: a name of `pieces()`.

    Raises:
        UnknownNameError: for another name.
        FileError: for a folder that is not there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _files = start(folder)
        ...     [one.is_right for one in check(folder)]
        [False]
    """
    if piece is not None and piece not in order():
        raise unknown_name("piece", piece, order())
    by_name = {one.name: one for one in PIECES}
    for name in [piece] if piece else order():
        here = Path(folder)
        found = check_piece(here, by_name[name]) if name in by_name else examine(here, exam(name))
        yield found
        if not found.is_right:
            return


def _note(text: str, indent: int = 4) -> str:
    """A text as lines of comment."""
    start = f"{' ' * indent}# "
    return textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=start)
