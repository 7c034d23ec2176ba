"""grafito's own file: one safetensors file with arrays, a content as JSON, and digests.

Header entries: "format", "version", "content" (JSON), "digests" (JSON: SHA-256 of each array with
its dtype and shape, and of the content). Any flipped bit is found. Loading runs no code of a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grafito.errors import ArgumentError, FileError, GrafitoError
from grafito.files.foreign import foreign_file, note_name

FORMAT = "grafito"
VERSION = 1


def write_arrays(
    filepath: Any, arrays: dict[str, np.ndarray], content: dict[str, Any], overwrite: bool = True
) -> None:
    """Write arrays and content: to a sibling file, synced, then renamed.

    Args:
        filepath: the file; it is replaced only when the new one is complete and on the disk.
        arrays: by name.
        content: what JSON can hold.
        overwrite: False raises where the file exists.

    Raises:
        FileError: when it cannot be written; an older file stays as it was.
        ArgumentError: for a content that JSON cannot hold.

    Example:
        >>> write_arrays("a.safetensors", {"x": np.zeros(3)}, {"unit": "m"})
        >>> read_arrays("a.safetensors")[1]
        {'unit': 'm'}
    """
    from safetensors.numpy import save

    path = file_path(filepath)
    if path.exists() and not overwrite:
        raise FileError(
            "The file already exists.", where=path, fix="overwrite=True, or another name"
        )
    if path.is_dir():
        raise FileError("This is a folder.", where=path, fix="name a file in it")
    try:
        text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            "A configuration holds what a file cannot.",
            received=error,
            expected="finite numbers, texts, lists and dictionaries",
            fix="return such values from get_config",
        ) from error
    digests = {name: _digest(array) for name, array in arrays.items()}
    digests[""] = hashlib.sha256(text.encode()).hexdigest()
    header = {
        "format": FORMAT,
        "version": str(VERSION),
        "content": text,
        "digests": json.dumps(digests, separators=(",", ":")),
    }
    replace_file(path, save(arrays, header))
    note_name(path)


def file_path(filepath: Any) -> Path:
    """Where a file really lies; a link to it stays a link.

    Raises:
        FileError: for what is no path.

    Example:
        >>> file_path("weights.safetensors").name
        'weights.safetensors'
    """
    try:
        path = Path(os.path.realpath(os.fsdecode(filepath)))
        path.exists()  # asks the system whether such a name can be
    except (TypeError, ValueError, OSError) as error:
        raise FileError(
            "This is not a file path.", received=f"{str(filepath)[:60]!r}: {error}"[:160]
        ) from None
    return path


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file by new content, so that at every instant one of the two is whole.

    Raises:
        FileError: when the disk is full or the folder cannot be written; the old file stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        free = shutil.disk_usage(path.parent).free
        if free < len(data):
            raise FileError(
                "There is not enough space on the disk.",
                where=path,
                received=f"{free:,} bytes free",
                expected=f"{len(data):,} bytes",
            )
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except FileError:
        raise
    except OSError as error:
        raise FileError(
            "The file cannot be written; an older one is as it was.",
            where=path,
            received=error.strerror or str(error),
            fix="choose a folder that exists and that you may write to",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _digest(array: np.ndarray) -> str:
    head = f"{array.dtype.name}{array.shape}".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()


def read_arrays(filepath: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the content of a file, after checking every digest.

    Raises:
        FileError: for a file that is missing, cut short, damaged or of another kind.

    Example:
        >>> write_arrays("a.safetensors", {"x": np.zeros(3)}, {})
        >>> read_arrays("a.safetensors")[0]["x"].tolist()
        [0.0, 0.0, 0.0]
    """
    from safetensors import SafetensorError, safe_open

    path = file_path(filepath)
    if not path.exists():
        raise FileError("There is no such file.", where=path)
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            _check_kind(path, header)
            content = _json(header["content"])
            digests = _json(header["digests"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except GrafitoError:
        raise
    except (SafetensorError, KeyError, ValueError, TypeError, OSError, RecursionError) as error:
        damaged = FileError(
            "The file is damaged or cut short.",
            where=path,
            received=f"{type(error).__name__}: {error}",
            fix="use another copy of it",
        )
        raise (foreign_file(path) or damaged) from error
    found = {name: _digest(array) for name, array in arrays.items()}
    found[""] = hashlib.sha256(header["content"].encode()).hexdigest()
    if found != digests:
        wrong = [name for name in {**digests, **found} if digests.get(name) != found.get(name)]
        names = ", ".join(repr(name) if name else "the architecture" for name in wrong)
        raise FileError(
            "The file is damaged: its content does not have the digest that was saved with it.",
            where=f"{path}: {names}",
            fix="use another copy of it",
        )
    return arrays, content


def _check_kind(path: Path, header: Mapping[str, str]) -> None:
    if header.get("format") != FORMAT:
        raise FileError(
            "This safetensors file was not written by grafito.",
            where=path,
            received=f"format {header.get('format')!r}",
        )
    if not header.get("version", "").isdigit() or int(header["version"]) > VERSION:
        raise FileError(
            "The file was written by a newer version of grafito.",
            where=path,
            received=f"version {header.get('version')}",
            expected=f"at most version {VERSION}",
            fix="pip install --upgrade grafito",
        )


def _json(text: str) -> Any:
    def refuse(token: str) -> None:
        raise ArgumentError("The file has a number that JSON does not allow.", received=token)

    return json.loads(text, parse_constant=refuse)
