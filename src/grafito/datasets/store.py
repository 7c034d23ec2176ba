"""Where the files of a data set are: in the user's own folders, in the cache, or to be fetched."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grafito.datasets.catalogue import REGISTRY, card
from grafito.datasets.registry import DataFile, DataSet
from grafito.errors import DataError, FileError, GrafitoError
from grafito.files.writing import Sibling, replacing
from grafito.language import message

# How deep under a folder of GRAFITO_DATA files are looked for, so that naming a home folder by
# mistake does not walk all of it.
_DEPTH = 4
# The cap for a download whose size is not published.
_UNKNOWN_SIZE = 4 << 20


@dataclass(frozen=True)
class Finding:
    """What `verify` found out about one file.

    Args:
        file: the published name.
        path: where it is; None if it is not here.
        own: whether it lies in a folder of GRAFITO_DATA (else in the cache).
        content: what it holds, if its structure is right.
        problem: what is wrong with it, if something is.
        published: whether it is the published file to the byte; None if nobody publishes a
            checksum for this form.
    """

    file: str
    path: Path | None = None
    own: bool = False
    content: str | None = None
    problem: str | None = None
    published: bool | None = None

    def __str__(self) -> str:
        return self.told(str)

    def told(self, say: Callable[[str], str]) -> str:
        """The finding, each of its sentences passed through `say`."""
        if self.path is None:
            return f"{self.file}: {say(message('not here'))}"
        if self.problem:
            return f"{self.path}: {say(self.problem)}"
        known = {
            True: message("the published file"),
            False: message("not the published file"),
            None: message("no checksum is published for this form"),
        }
        return f"{self.path}: {say(str(self.content))}; {say(known[self.published])}"


def get(name: str) -> dict[str, Path]:
    """Find the files of a data set, and download those that are not here.

    The folders that GRAFITO_DATA names are searched first, then the cache (GRAFITO_CACHE, else
    the user's cache folder). A download is kept only if its checksum is the published one.

    Args:
        name: the name of the data set.

    Returns:
        The path of each file by its published name; empty for built-in data.

    Raises:
        UnknownNameError: there is no such data set.
        DataError: a file is not here and cannot be had.
        FileError: a folder does not exist or cannot be written.

    Example:
        >>> get("digits")
        {}
    """
    data_set = card(name)
    return {file.name: find(data_set, file) or _download(data_set, file) for file in data_set.files}


def verify(name: str) -> list[Finding]:
    """Check the files of a data set that are here; nothing is downloaded.

    Args:
        name: the name of the data set.

    Returns:
        One finding per file: whether its structure is right and whether it is the published one.

    Raises:
        UnknownNameError: there is no such data set.
        FileError: GRAFITO_DATA names a folder that does not exist.

    Example:
        >>> verify("digits")
        []
    """
    data_set = card(name)
    return [_verify_file(data_set, file) for file in data_set.files]


def _verify_file(data_set: DataSet, file: DataFile) -> Finding:
    path, own = find(data_set, file), True
    if path is None:
        path, own = cache_folder() / data_set.name / file.name, False
    if not path.is_file():
        return Finding(file.name)
    module = importlib.import_module(f"grafito.datasets.{data_set.name}")
    try:
        content, problem = module.check(path), None
    except GrafitoError as error:
        content, problem = None, error.message
    known = {file.name: file.digest, **dict(file.also)}.get(path.name, "")
    published = digest(path, known.partition(":")[0]) == known if known else None
    return Finding(file.name, path, own, content, problem, published)


def digest(path: Path, algorithm: str = "sha256") -> str:
    """The checksum of a file as "algorithm:hex"."""
    with open(path, "rb") as stream:
        return f"{algorithm}:{hashlib.file_digest(stream, algorithm).hexdigest()}"


def cache_folder() -> Path:
    """The folder for downloads: GRAFITO_CACHE, else grafito's place in the user's cache."""
    if named := os.environ.get("GRAFITO_CACHE"):
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("grafito"))


def data_folders() -> list[Path]:
    """The user's own data folders, as GRAFITO_DATA names them.

    Raises:
        FileError: one of them does not exist.
    """
    folders = []
    for text in os.environ.get("GRAFITO_DATA", "").split(os.pathsep):
        if not text:
            continue
        folder = Path(text).expanduser()
        if not folder.is_dir():
            raise FileError(
                "GRAFITO_DATA names a folder that does not exist.",
                received=folder,
                fix="correct the variable, or remove it to use downloads",
            )
        folders.append(folder)
    return folders


def find(data_set: DataSet, file: DataFile) -> Path | None:
    """Look for a file in the user's own folders.

    Args:
        data_set: the data set, whose `folders` settle what a common file name means.
        file: the file; any of its names will do, the first is preferred.

    Returns:
        Its path, or None.
    """
    for root in data_folders():
        found = [path for path in _walk(root) if path.name in file.names]
        if data_set.folders:
            found = [path for path in found if _owner(path) in data_set.folders]
        if found:
            return min(found, key=lambda path: (file.names.index(path.name), path))
    return None


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        if len(Path(folder).relative_to(root).parts) >= _DEPTH:
            folders.clear()
        yield from (Path(folder, name) for name in files)


def _owner(path: Path) -> str | None:
    """The nearest folder above a file that names one of the data sets with common file names."""
    known = {folder for data_set in REGISTRY.values() for folder in data_set.folders}
    for part in reversed(path.absolute().parent.parts):
        plain = part.lower().replace("-", "").replace("_", "")
        if plain in known:
            return plain
    return None


def _download(data_set: DataSet, file: DataFile) -> Path:
    """The file in the cache, downloaded if it is not there or not the published one.

    Raises:
        DataError: when it cannot be had.
        FileError: when it cannot be kept.
    """
    folder = cache_folder() / data_set.name
    path = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and digest(path, file.digest.partition(":")[0]) == file.digest:
            return path
    except OSError as error:
        raise FileError(
            "The cache folder cannot be written.",
            where=folder,
            received=error.strerror or error,
            fix="set GRAFITO_CACHE to a folder of your own",
        ) from None
    problems = []
    for url in file.urls:
        try:
            with replacing(path, file.size or 0) as target:
                _fetch(url, file, target)
            return path
        except FileError:
            raise
        except (OSError, ValueError) as error:
            problems.append(f"{url}: {_reason(error)}")
    size = f"{file.size / 1e6:.2g} MB" if file.size else "less than 4 MB"
    inside = f" in a folder named {data_set.name.replace('_', '-')!r}" if data_set.folders else ""
    raise DataError(
        f"The data set {data_set.name!r} is not here and cannot be downloaded.",
        where=f"{file.name} ({size}), looked for in GRAFITO_DATA and in {folder}",
        received="; ".join(problems),
        expected=file.digest,
        fix=f"go online, or put {' or '.join(file.names)}{inside} under a folder and set "
        "GRAFITO_DATA to that folder",
    )


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    # Failed connections come as long chains of causes; their name says it: ConnectionError.
    long = isinstance(error, OSError) and len(text) > 160
    return type(error).__name__ if long else text


def _fetch(url: str, file: DataFile, target: Sibling) -> None:
    """Download by pooch, stopped when more arrives than was published.

    Raises:
        DataError: when it is not the published file.
    """
    import pooch

    limited = _Limited(target, file)
    pooch.HTTPDownloader(chunk_size=1 << 16)(url, limited, None)
    if file.size not in (None, limited.written):
        raise DataError(f"the download ended after {limited.written} of {file.size} bytes")
    if limited.digest() != file.digest:
        raise DataError(f"the download has the checksum {limited.digest()}")


class _Limited:
    """A file that refuses to grow beyond the published size and shows how far it is."""

    def __init__(self, target: Sibling, file: DataFile):
        self.target, self.file, self.written = target, file, 0
        self.limit = file.size or _UNKNOWN_SIZE
        self.hash = hashlib.new(file.digest.partition(":")[0], usedforsecurity=False)

    def write(self, data: bytes) -> int:
        self.written += len(data)
        if self.written > self.limit:
            raise DataError(f"the server sent more than {self.limit} bytes")
        if sys.stderr.isatty():
            end = "\n" if self.written == self.file.size else ""
            share = f"{self.written / 1e6:.1f} of {self.limit / 1e6:.1f} MB"
            print(f"\r{self.file.name}: {share}", end=end, file=sys.stderr, flush=True)
        self.hash.update(data)
        return self.target.write(data)

    def flush(self) -> None:
        """Nothing waits."""

    def digest(self) -> str:
        """The checksum of what was written, in the form of `DataFile.digest`."""
        return f"{self.hash.name}:{self.hash.hexdigest()}"
