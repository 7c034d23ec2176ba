"""What outlives a studio: checkpoints of its training and the files that were uploaded."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from pathlib import Path
from typing import Any

from grafito.engines.private_folder import private_folder, remove_oldest
from grafito.errors import ArgumentError, FileError, GrafitoError
from grafito.files.arrays import read_arrays, write_arrays
from grafito.files.writing import replace_file
from grafito.studio.session import Session
from grafito.studio.settings import Settings, changed

KEPT = 5  # trainings; older ones are removed
UPLOADS = 600_000_000  # bytes of all uploads; the oldest are removed
ENDINGS = {"csv": ".csv", "model": ".safetensors"}
UPLOAD = re.compile(r"[0-9a-f]{32}\.(csv|safetensors|keras)")
SAVED = re.compile(r"training-[0-9]{14}-[0-9]+\.safetensors")


class Kept:
    """A folder that belongs to the user alone.

    Args:
        folder: by default that of the user's cache; None where nothing is kept there.
    """

    def __init__(self, folder: Path | None = None):
        found = folder or private_folder("studio")
        if found is None:
            raise FileError(
                "The studio has no folder of its own for its trainings.",
                fix="GRAFITO_CACHE=folder with a folder of your own",
            )
        self.folder = found

    def upload(self, content: bytes, kind: str) -> str:
        """Keep a file, named by its content; returns its name."""
        name = hashlib.sha256(content).hexdigest()[:32] + ENDINGS[kind]
        if kind == "model" and content[:2] == b"PK":
            name = name.replace(ENDINGS[kind], ".keras")
        try:
            self._uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_oldest(self._uploads, UPLOADS - len(content))
        except OSError as error:
            raise FileError(
                "The file cannot be kept.", where=self._uploads, received=error.strerror
            ) from None
        replace_file(self._uploads / name, content)
        return name

    @property
    def _uploads(self) -> Path:
        return self.folder / "uploads"

    def file(self, name: str) -> Path:
        """Where an upload lies; no other file can be named.

        Raises:
            ArgumentError: for a name that no upload has.
        """
        path = self._uploads / name if UPLOAD.fullmatch(name) else None
        if path is None or not path.is_file():
            raise ArgumentError("There is no such upload.", received=repr(name)[:60])
        return path

    def new(self, process: int) -> Path:
        """The file of a training that begins now."""
        self._forget()
        return self.folder / f"training-{time.strftime('%Y%m%d%H%M%S')}-{process}.safetensors"

    def saved(self) -> list[tuple[str, str]]:
        """Name and time of the trainings that can be gone on with, the last one first."""
        shown = [(path.name, path.name.split("-")[1]) for path in reversed(self._trainings())]
        return [(n, f"{t[:4]}-{t[4:6]}-{t[6:8]} {t[8:10]}:{t[10:12]}:{t[12:]}") for n, t in shown]

    def _trainings(self) -> list[Path]:
        """The files of trainings, the oldest first; none where the folder is gone."""
        with contextlib.suppress(OSError):
            return sorted(p for p in self.folder.iterdir() if SAVED.fullmatch(p.name))
        return []

    def _forget(self) -> None:
        """Remove the oldest trainings."""
        for path in self._trainings()[:-KEPT]:
            with contextlib.suppress(OSError):
                path.unlink()

    def write(self, path: Path, session: Session) -> None:
        """Keep a training: settings, where it is, and all that its next step begins with."""
        arrays = {str(i): array for i, array in enumerate(session.steps.state().values())}
        content: dict[str, Any] = {
            "studio": 1,
            "settings": session.settings.plain(),
            "step": session.steps.step,
            "history": session.history,
        }
        write_arrays(path, arrays, content)

    def read(self, name: str) -> Session:
        """A training that was kept, where it was.

        Raises:
            ArgumentError: for a name that no training has.
            FileError: for a file that is damaged.
        """
        path = self.folder / name if SAVED.fullmatch(name) else None
        if path is None or not path.is_file():
            raise ArgumentError("There is no such training.", received=repr(name)[:60])
        arrays, content = read_arrays(path)
        if content.get("studio") != 1:
            raise FileError("The file holds no training of a studio.", where=path)
        try:
            session = Session(changed(Settings(), content["settings"]), self.file)
            session.steps.restore(content["step"], [arrays[str(i)] for i in range(len(arrays))])
            session.history = content["history"]
            session.measure()
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, GrafitoError):
                raise
            raise FileError("The file holds no training of a studio.", where=path) from None
        return session
