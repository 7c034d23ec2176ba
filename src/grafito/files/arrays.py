"""grafito's own file: one safetensors file with arrays, a content as JSON, and digests.

Header entries: "format", "version", "content" (JSON), "digests" (JSON: SHA-256 of each array with
its dtype and shape, and of the content). Any flipped bit is found. Loading runs no code of a file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from grafito.errors import ArgumentError, FileError, GrafitoError
from grafito.files.foreign import foreign_file, note_name
from grafito.files.writing import file_path, replace_file

FORMAT = "grafito"
VERSION = 1
CODES = {  # of dtypes in safetensors
    "bool": "BOOL",
    "bfloat16": "BF16",
    **{f"float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
}
DTYPES = {code: name for name, code in CODES.items()}


def write_arrays(
    filepath: Any, arrays: dict[str, np.ndarray], content: dict[str, Any], overwrite: bool = True
) -> None:
    """Write arrays and content, whole or not at all; the same bytes for the same of both.

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
    path = file_path(filepath)
    if path.exists() and not overwrite:
        raise FileError(
            "The file already exists.", where=path, fix="overwrite=True, or another name"
        )
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
    replace_file(path, [_head(arrays, header), *map(_octets, _ordered(arrays).values())])
    note_name(path)


def _ordered(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays as safetensors has them: wide numbers first, so that each is aligned."""
    return dict(sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])))


def _head(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """The beginning of a safetensors file; the same bytes for the same arrays and texts."""
    entries: dict[str, Any] = {"__metadata__": metadata}
    start = 0
    for name, array in _ordered(arrays).items():
        end = start + array.nbytes
        entries[name] = {
            "dtype": CODES[array.dtype.name],
            "shape": array.shape,
            "data_offsets": [start, end],
        }
        start = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _octets(array: np.ndarray) -> memoryview:
    """The bytes of an array as they are in files."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    octets: Any = np.ascontiguousarray(little).reshape(-1).view(np.uint8)
    return memoryview(octets)


def _digest(array: np.ndarray) -> str:
    digest = hashlib.sha256(f"{array.dtype.name}{array.shape}".encode())
    digest.update(_octets(array))
    return digest.hexdigest()


def read_arrays(filepath: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the content of a file, after checking every digest.

    It takes no more memory than the file, whatever the file says.

    Raises:
        FileError: for a file that is missing, cut short, damaged or of another kind.

    Example:
        >>> write_arrays("a.safetensors", {"x": np.zeros(3)}, {})
        >>> read_arrays("a.safetensors")[0]["x"].tolist()
        [0.0, 0.0, 0.0]
    """
    path = file_path(filepath)
    if not path.exists():
        raise FileError("There is no such file.", where=path)
    if not path.is_dir() and not path.is_file():  # a pipe would be waited for
        raise FileError("This is no regular file.", where=path)
    try:
        with path.open("rb") as file:
            entries = _entries(file, os.fstat(file.fileno()).st_size)
            header = entries.pop("__metadata__", {})
            _check_kind(path, header)
            content = _json(header["content"])
            digests = _json(header["digests"])
            start = file.tell()
            arrays = {name: _array(file, start, entry) for name, entry in entries.items()}
    except GrafitoError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, OSError, RecursionError) as error:
        damaged = FileError(
            "The file is damaged or cut short.",
            where=path,
            received=_reason(error),
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


def _reason(error: Exception) -> str:
    """Why a file cannot be read, in words."""
    if isinstance(error, OSError):
        return error.strerror or "the disk does not give it"
    return str(error) if type(error) is ValueError else "the header cannot be read"


def _entries(file: BinaryIO, size: int) -> dict[str, Any]:
    """What the header of a safetensors file says, if it fits the size of the file.

    Raises:
        ValueError: for arrays that overlap, leave a gap or do not fill the file.
    """
    length = int.from_bytes(file.read(8), "little")
    if length > size - 8:
        raise ValueError("the header is longer than the file")
    entries = _json(file.read(length).decode())
    if not isinstance(entries, dict):
        raise ValueError("the header is no dictionary")
    end = 0
    arrays = [entry for name, entry in entries.items() if name != "__metadata__"]
    for entry in sorted(arrays, key=lambda entry: entry["data_offsets"]):
        shape, (start, stop) = entry["shape"], entry["data_offsets"]
        if not all(type(n) is int and n >= 0 for n in (*shape, start, stop)):
            raise ValueError(f"an array has the shape {str(shape)[:80]}")
        held = math.prod(shape) * _dtype(entry["dtype"]).itemsize
        if start != end or stop - start != held:
            raise ValueError("an array is not where the one before it ends")
        end = stop
    if end != size - 8 - length:
        raise ValueError(f"{size - 8 - length} bytes of arrays where {end} are described")
    return entries


def _array(file: BinaryIO, start: int, entry: Mapping[str, Any]) -> np.ndarray:
    """An array of a file whose arrays begin at `start`."""
    array = np.empty(entry["shape"], _dtype(entry["dtype"]).newbyteorder("<"))
    file.seek(start + entry["data_offsets"][0])
    octets: Any = array.reshape(-1).view(np.uint8)
    if file.readinto(octets) != array.nbytes:  # type: ignore[attr-defined]
        raise ValueError("the file is shorter than it was")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _dtype(code: str) -> np.dtype:
    name = DTYPES[code]
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


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
    """The data of a text; numbers are finite, and no dictionary has a key twice."""
    return json.loads(
        text,
        parse_constant=_number,
        parse_float=_number,
        object_pairs_hook=_dictionary,
    )


def _number(token: str) -> float:
    number = float(token)
    if not math.isfinite(number):
        raise ValueError(f"a number that no model has: {token[:40]}")
    return number


def _dictionary(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) < len(pairs):
        raise ValueError("a dictionary has a key twice")
    return known
