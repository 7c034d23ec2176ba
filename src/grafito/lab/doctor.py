"""What grafito finds on a machine, and whether several processes reach each other."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grafito import __version__, engines
from grafito.datasets.store import cache_folder, data_folders
from grafito.engines import format_bytes, processes
from grafito.engines.resources import available_memory, thread_count
from grafito.errors import GrafitoError, GraphError
from grafito.figures.text import number
from grafito.language import message as N_
from grafito.language import translate

COMPANIONS = ("numpy", "llvmlite", "matplotlib")
TRIES = 5  # all-reduces that are timed
NUMBERS = 1 << 18  # of each, a mebibyte


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: it.
        found: what is there.
        wrong: whether something has to be done about it.
    """

    what: str
    found: str
    wrong: bool = False


def examine() -> list[Check]:
    """Look at versions, processor, devices, threads, memory, caches, data and write rights.

    Where the process was launched with others, they also add up numbers together.

    Raises:
        GraphError: where the processes give a wrong sum.

    Example:
        >>> [check.what for check in examine()][:2]
        ['grafito', 'python']
    """
    return [
        Check("grafito", __version__),
        Check("python", f"{platform.python_version()}, {platform.platform()}"),
        *_libraries(),
        *_engines(),
        *_machine(),
        *_folders(),
        *_together(),
    ]


def _libraries() -> Iterator[Check]:
    for name in COMPANIONS:
        try:
            yield Check(name, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Check(name, f"{translate('absent')} (pip install {name})", True)


def _engines() -> Iterator[Check]:
    """Each engine, and which one trains."""
    for name in engines.names():
        kind = engines.kind(name)
        engine = f"{translate('engine')} {name}"
        if obstacle := kind.obstacle():
            yield Check(engine, translate(obstacle))
            continue
        for what, found in kind.findings().items():
            yield Check(f"{engine}: {translate(what)}", translate(found))
    yield Check(translate("engine that trains"), engines.get("auto").name)


def _machine() -> Iterator[Check]:
    yield Check(translate("threads"), str(thread_count()))
    free = available_memory()
    yield Check(
        translate("memory that is free"),
        translate("unknown") if free is None else format_bytes(free),
    )


def _folders() -> Iterator[Check]:
    """Where data are looked for and kept, and whether results can be written here."""
    try:
        for folder in data_folders():
            yield Check(translate("data"), str(folder))
    except GrafitoError as error:
        yield Check(translate("data"), str(error).splitlines()[0], True)
    for what, folder in ((N_("downloads"), cache_folder()), (N_("results"), Path("runs"))):
        writable = _writable(folder)
        note = "" if writable else f" ({translate('cannot be written')})"
        yield Check(translate(what), f"{folder}{note}", not writable)


def _writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in the nearest one above it that there is."""
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _together() -> Iterator[Check]:
    """All processes add up numbers; a wrong sum, or one that does not come, is an error."""
    count = processes.process_count()
    if count == 1:
        return
    times = []
    for _ in range(TRIES):
        began = time.perf_counter()
        total = processes.total(processes.process_index() + 1.0, NUMBERS)
        times.append(time.perf_counter() - began)
        if total != count * (count + 1) / 2:
            raise GraphError(
                "The processes give a wrong sum.",
                received=total,
                expected=count * (count + 1) / 2,
            )
    found = translate("{} processes: 1 MiB added up in {} ms")
    yield Check(translate("together"), found.format(count, number(1e3 * min(times), 1)))
