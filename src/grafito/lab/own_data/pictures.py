"""Pictures in folders: read, turned upright, cut to a square, made of one size."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grafito.errors import DataError, FileError, MissingDependencyError
from grafito.language import message as N_

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic", ".heif")
UNREADABLE = N_("it cannot be read")
TOO_LARGE = N_("it is too large")
OF_A_TELEPHONE = N_("its format HEIC is not read: save it as JPEG")
IN_TWO_CLASSES = N_("the same picture is in another class too")
TWICE = N_("the same picture is there already")
SMALL, USUAL = 32, 64  # pixels on a side
GREY = 2.0  # mean difference between channels, of 255, up to which a picture has no colour


@dataclass(frozen=True)
class Pictures:
    """The pictures of a folder with a folder for each class.

    Attributes:
        x: (n, size, size, channels), uint8.
        y: the number of the class of each.
        classes: the names of the folders.
        files: where each is, below the folder.
        left_out: pictures that are not used, each with the reason.
    """

    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    files: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


def read_picture(path: Path, size: int, colour: bool) -> np.ndarray | str:
    """A picture (size, size, channels), uint8; or the reason why it cannot be used.

    Args:
        path: the file.
        size: pixels on a side; the middle square is taken.
        colour: three channels, else one.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise MissingDependencyError(
            "Pictures are read by Pillow.", fix="pip install pillow"
        ) from None
    if path.suffix.lower() in (".heic", ".heif"):
        return OF_A_TELEPHONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                opened.draft("RGB", (2 * size, 2 * size))  # a large JPEG is read smaller
                upright = ImageOps.exif_transpose(_of_eight_bits(opened))
                if "transparency" in upright.info or upright.mode in ("RGBA", "LA", "PA"):
                    ground = Image.new("RGBA", upright.size, "white")
                    upright = Image.alpha_composite(ground, upright.convert("RGBA"))
                mode = "RGB" if colour else "L"
                image = ImageOps.fit(upright.convert(mode), (size, size))
                return np.asarray(image).reshape(size, size, -1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return TOO_LARGE
    except Exception:  # what a damaged file makes a decoder do
        return UNREADABLE


def _of_eight_bits(picture: Any) -> Any:
    """A picture of more shades with 256 of them; Pillow would make the lighter ones white."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    from PIL import Image

    shades = np.nan_to_num(np.asarray(picture, "float64"))
    whole = 65535 if shades.max() > 255 else 1 if picture.mode == "F" and shades.max() <= 1 else 255
    return Image.fromarray((255 * np.clip(shades / whole, 0, 1)).round().astype("uint8"))


def classes_in(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each class: those in each folder that is not hidden, folders below it too.

    Raises:
        FileError: where there is no such folder.
        DataError: where there are not two classes.
    """
    if not folder.is_dir():
        raise FileError("There is no such folder.", where=folder)
    found = {
        inside.name: _pictures_in(inside)
        for inside in sorted(folder.iterdir())
        if inside.is_dir() and not inside.name.startswith((".", "__"))
    }
    found = {name: files for name, files in found.items() if files}
    if len(found) < 2:
        loose = [p for p in folder.iterdir() if p.suffix.lower() in ENDINGS]
        if found:
            received = N_("one class, {}").format(repr(next(iter(found))))
        else:
            received = f"{len(loose)} pictures in no folder" if loose else N_("no picture")
        raise DataError(
            "There must be a folder for each of at least two classes.",
            where=folder,
            received=received,
            expected=f"{folder.name}/cats/1.jpg, {folder.name}/dogs/1.jpg, ...",
        )
    return found


def _pictures_in(folder: Path) -> list[Path]:
    files = sorted(folder.rglob("*"))
    return [p for p in files if p.suffix.lower() in ENDINGS and not p.name.startswith(".")]


def read_pictures(folder: Path, size: int = 0) -> Pictures:
    """Read a folder with a folder for each class.

    Args:
        folder: where they are.
        size: pixels on a side; 0 for 64, or 32 where they are small.

    Raises:
        FileError: where there is no such folder.
        DataError: where there are not two classes with pictures that can be read.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("black", "white"):
        ...         Path(folder, name).mkdir()
        ...         Image.new("L", (9, 9), name).save(Path(folder, name, "1.png"))
        ...     read_pictures(Path(folder)).x.shape
        (2, 32, 32, 1)
    """
    classes = classes_in(folder)
    sides, has_colour = _look_at([file for files in classes.values() for file in files])
    size = size or (SMALL if sides and np.median(sides) <= SMALL * 1.5 else USUAL)
    x, y, kept = [], [], []
    left_out: dict[Path, str] = {}
    repeated = _repeated(classes)
    for number, files in enumerate(classes.values()):
        for file in files:
            picture = read_picture(file, size, has_colour)
            if isinstance(picture, np.ndarray) and file in repeated:
                picture = repeated[file]
            if isinstance(picture, str):
                left_out[file] = picture
                continue
            x.append(picture)
            y.append(number)
            kept.append(file.relative_to(folder).as_posix())
    names = tuple(classes)
    counts = np.bincount(np.array(y, int), minlength=len(names))
    if (counts == 0).any():
        raise DataError(
            "A class has no picture that can be read.",
            where=folder / names[int(np.argmin(counts))],
            received="; ".join(f"{file.name}: {why}" for file, why in [*left_out.items()][:3]),
        )
    reasons = {file.relative_to(folder).as_posix(): why for file, why in sorted(left_out.items())}
    return Pictures(np.stack(x), np.array(y), names, tuple(kept), reasons)


def _repeated(classes: Mapping[str, list[Path]]) -> dict[Path, str]:
    """Pictures that come again, with the reason to leave them out: all of those in two classes."""
    places: dict[str, list[tuple[str, Path]]] = {}
    for name, files in classes.items():
        for file in files:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            places.setdefault(digest, []).append((name, file))
    found: dict[Path, str] = {}
    for same in places.values():
        several = len({name for name, _ in same}) > 1
        found |= {file: IN_TWO_CLASSES if several else TWICE for _, file in same[1 - several :]}
    return found


def _look_at(files: list[Path]) -> tuple[list[int], bool]:
    """The shorter side of some pictures, and whether one of them has colour."""
    sides, colour = [], False
    for file in files[:: max(1, len(files) // 50)]:
        picture = read_picture(file, USUAL, True)
        if isinstance(picture, np.ndarray):
            from PIL import Image

            with Image.open(file) as opened:
                sides.append(min(opened.size))
            channels = picture.astype("float32")
            colour |= bool(np.abs(channels - channels.mean(-1, keepdims=True)).mean() > GREY)
    return sides, colour
