"""Files of other programs: told apart by their first bytes, with the way to use them here."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

from grafito.errors import FileError, GrafitoWarning, warn

KERAS_NAMES = (".keras", ".h5", ".hdf5")
TAKE_OVER = "model.set_weights(keras_model.get_weights()), with both models made by your program"

_said: set[str] = set()


def foreign_file(path: Path) -> FileError | None:
    """The error for what another program wrote, or cannot be read; None for what may be ours."""
    try:
        return _found(path)
    except OSError as error:
        return FileError(
            "The file cannot be read.", where=path, received=error.strerror or str(error)
        )


def _found(path: Path) -> FileError | None:
    if path.is_dir():
        names = {each.name for each in path.iterdir()}
        if "saved_model.pb" in names:
            return _by("TensorFlow", path, "a SavedModel folder", TAKE_OVER)
        return FileError("This is a folder.", where=path, fix="name a file in it")
    with path.open("rb") as file:
        start = file.read(8)
    if start == b"\x89HDF\r\n\x1a\n":
        return _by("Keras", path, "an HDF5 file (.h5, .weights.h5)", TAKE_OVER)
    if start[:4] == b"PK\x03\x04":
        return _archive(path)
    if start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05":
        return _by("pickle", path, "a pickle", "pickle.load(open(path, 'rb')), if you trust it")
    return None


def _archive(path: Path) -> FileError | None:
    names: list[str] = []
    with contextlib.suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if "config.json" in names or "model.weights.h5" in names:
        return _by("Keras", path, "a .keras archive", TAKE_OVER)
    if any(name.endswith("data.pkl") for name in names):
        fix = "model.set_weights([...]) with the arrays of torch.load(path); kernels are transposed"
        return _by("PyTorch", path, "a PyTorch archive", fix)
    if names and all(name.endswith(".npy") for name in names):
        fix = "model.set_weights(list(numpy.load(path).values()))"
        return _by("NumPy", path, "an archive of arrays (.npz)", fix)
    return _by("another program", path, "a zip archive", None)


def _by(program: str, path: Path, kind: str, fix: str | None) -> FileError:
    return FileError(
        f"This file was written by {program}, not by grafito.",
        where=path,
        received=kind,
        expected="a safetensors file that model.save or model.save_weights wrote",
        fix=fix,
    )


def note_name(path: Path) -> None:
    """Say once that a file under one of Keras's names is in grafito's own format."""
    ending = next((end for end in KERAS_NAMES if path.name.lower().endswith(end)), None)
    if ending is not None and ending not in _said:
        _said.add(ending)
        warn(
            GrafitoWarning(
                f"A file named *{ending} is written in grafito's own format, safetensors: grafito "
                "loads it again, Keras and h5py cannot open it.",
                fix="the ending .safetensors",
            )
        )
