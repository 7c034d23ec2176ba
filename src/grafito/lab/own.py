"""Experiments of one's own, in a file that is no part of grafito: what the command line calls them.

Their name is FILE.py:CLASS, so that a report can say how to repeat a run.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import inspect
import os
import sys
from pathlib import Path

from grafito.errors import ArgumentError, FileError, GrafitoError, unknown_name
from grafito.lab.experiment import Experiment
from grafito.lab.experiments import KINDS


def own_kind(name: str) -> type[Experiment]:
    """The class that "file.py:Class" names; of a file with a single experiment "file.py" will do.

    Raises:
        FileError: where there is no such file, or running it fails.
        UnknownNameError: where the file has no such experiment.
    """
    file, _, chosen = name.partition(".py:")
    path = Path(f"{file}.py" if chosen else name)
    if not path.is_file():
        raise FileError("There is no such file.", where=path, expected="FILE.py:CLASS")
    kinds = _kinds_in(path)
    unfinished = {own: kind for own, kind in kinds.items() if _missing(kind)}
    kinds = {own: kind for own, kind in kinds.items() if own not in unfinished}
    if chosen in unfinished or (unfinished and not kinds):
        own = chosen or next(iter(unfinished))
        raise ArgumentError(
            f"The experiment {own!r} is not complete.",
            where=path,
            expected="a class that defines name, what and conduct",
            fix=_missing(unfinished[own]),
        )
    if not kinds:
        raise ArgumentError(
            "The file holds no experiment.",
            where=path,
            expected="a class based on lab.Experiment",
            fix="class Mine(lab.Experiment):",
        )
    if not chosen and len(kinds) == 1:
        return next(iter(kinds.values()))
    if chosen not in kinds:
        raise unknown_name("experiment", chosen, kinds)
    return kinds[chosen]


def _missing(kind: type[Experiment]) -> str | None:
    """The line that an experiment lacks; None where it is complete."""
    if inspect.isabstract(kind):
        return "def conduct(self, record): ..."
    lines = {"name": 'name = "mine"', "what": 'what = "One sentence."'}
    return next((line for own, line in lines.items() if not hasattr(kind, own)), None)


def command_name(kind: type[Experiment]) -> str:
    """What `grafito run` calls an experiment; "" where no file holds it, as in a notebook."""
    if kind in KINDS:
        return kind.name
    try:
        file = inspect.getsourcefile(kind)
    except TypeError:  # of a program that is typed in
        file = None
    if not file or not os.path.isfile(file) or "<locals>" in kind.__qualname__:
        return ""
    path = Path(file)
    with contextlib.suppress(ValueError):  # elsewhere
        path = path.relative_to(Path.cwd())
    return f"{path.as_posix()}:{kind.__qualname__}"


def program_of(kind: type[Experiment]) -> str:
    """A digest of the file of an experiment of one's own, which may change between two starts."""
    if not command_name(kind) or kind in KINDS:
        return ""
    return hashlib.sha256(Path(inspect.getsourcefile(kind) or "").read_bytes()).hexdigest()


def _kinds_in(path: Path) -> dict[str, type[Experiment]]:
    """The experiments that a file defines, by the names of their classes."""
    name = f"_experiments_of_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileError("The file cannot be run.", where=path, expected="a program in Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for their annotations
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)  # as `python FILE.py` does
    try:
        spec.loader.exec_module(module)
    except GrafitoError:
        raise
    except Exception as error:
        if isinstance(error, TypeError) and "non-frozen dataclass" in str(error):
            raise ArgumentError(
                "An experiment is a frozen dataclass: its settings stay as they were given.",
                where=path,
                received="@dataclass without frozen=True",
                fix="@dataclass(frozen=True, kw_only=True)",
            ) from error
        raise FileError(
            "The file cannot be run.", where=path, received=f"{type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(folder)
    return {
        own: kind
        for own, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, Experiment) and kind.__module__ == name
    }
