"""The folder of a run: readable at any moment, and it says whether the run came to its end."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafito.errors import ArgumentError, FileError
from grafito.files.writing import replace_file


class RunFolder:
    """A new folder whose configuration.json holds the status of the run.

    The status is "running" until the run ends; then "complete", "interrupted" or "failed". A run
    that was killed stays "running".

    Args:
        parent: where it is made; its name is the time, unless a name is given.
        configuration: what describes the run, as plain data.
        name: of the folder.

    Raises:
        ArgumentError: for a name that leads out of `parent`.
        FileError: when the folder cannot be made.
    """

    def __init__(self, parent: Path, configuration: dict[str, Any], name: str | None = None):
        self.configuration = {"status": "running", **configuration, "started": _now()}
        if name:
            plain_name(name)
        try:
            self.path = _new_folder(parent, name or f"{datetime.datetime.now():%Y-%m-%d_%H-%M-%S}")
            self._write_configuration()
        except FileError:
            raise
        except OSError as error:
            raise _unwritable(parent, error) from None

    @classmethod
    def again(cls, path: Path, configuration: dict[str, Any]) -> RunFolder:
        """A folder of a run that did not come to its end, to go on with it."""
        folder = cls.__new__(cls)
        ended = ("finished", "error")
        folder.path = path
        folder.configuration = {k: v for k, v in configuration.items() if k not in ended}
        before = configuration.get("resumed", [])
        folder.configuration |= {"status": "running", "resumed": [*before, _now()]}
        return folder

    @property
    def status(self) -> str:
        return self.configuration["status"]

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """A block after which the status is no longer "running", however it ends.

        Raises:
            FileError: when a file of the run cannot be written, or another process works there.
        """
        try:
            with alone_in(self.path):
                if "resumed" in self.configuration:
                    self._write_configuration()
                yield
        except Occupied:
            raise
        except (KeyboardInterrupt, SystemExit):  # SystemExit: by SIGTERM
            self.end("interrupted")
            raise
        except Exception as error:
            with contextlib.suppress(OSError):  # a full disk; then it stays "running"
                self.end("failed", error=f"{type(error).__name__}: {error}")
            if isinstance(error, OSError) and not isinstance(error, FileError | BrokenPipeError):
                raise _unwritable(self.path, error) from error
            raise
        if self.status == "running":
            self.end("complete")

    def end(self, status: str, **more: Any) -> None:
        """Write how the run ended."""
        self.configuration |= {"status": status, "finished": _now(), **more}
        self._write_configuration()

    def write_json(self, name: str, content: Any) -> None:
        """Write a file, whole or not at all."""
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        write_part(self.path / name, text)

    def _write_configuration(self) -> None:
        self.write_json("configuration.json", self.configuration)


class Occupied(FileError):
    """Another process works in a folder."""


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """A block in which no other process works in the folder; the system frees it after a crash.

    Raises:
        Occupied: while another one does.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Occupied(
                "Another process works in the folder.",
                where=folder,
                fix="wait until it has ended, or stop it",
            ) from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(place)


def plain_name(name: str) -> str:
    """The name of a file or folder, which stays in the folder where it is made.

    Raises:
        ArgumentError: for a path, or what no file can be called.

    Example:
        >>> plain_name("curves")
        'curves'
    """
    if not name.strip(". ") or re.search(r"[/\\:\0]", name):
        raise ArgumentError(
            "A name must not contain folders.",
            received=repr(name),
            expected=r"a name without / \ and :",
            fix=repr(re.sub(r"[^\w.-]+", "-", name).strip("-.") or "results"),
        )
    return name


def write_part(path: Path, text: str) -> None:
    """Write a file of a run, whole or not at all; no link in the folder leads out of it.

    Raises:
        FileError: when it cannot be written.
    """
    if path.is_symlink():  # a trap in a folder of somebody else
        path.unlink()
    replace_file(path, text)


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def _new_folder(parent: Path, name: str) -> Path:
    """A folder of this name; a number follows where another run had the same second."""
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        path = parent / (name if number == 1 else f"{name}_{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            return path
    raise FileExistsError(f"{parent / name} and 999 like it exist")


def _unwritable(path: Path, error: OSError) -> FileError:
    return FileError(
        "The results cannot be written.",
        where=error.filename or path,
        received=error.strerror or error,
        fix="another folder with --out, or out=",
    )
