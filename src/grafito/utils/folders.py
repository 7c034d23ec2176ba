"""Pictures of a folder as batches for training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grafito import seeds
from grafito.errors import (
    ArgumentError,
    DataError,
    FileError,
    GrafitoWarning,
    unknown_name,
    warn,
)
from grafito.language import say
from grafito.language import translate as _
from grafito.layers import Resizing
from grafito.registry import known_arguments
from grafito.utils.arrays import to_categorical
from grafito.utils.images import img_to_array, load_img
from grafito.utils.rows import Rows

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
LABELS = ("int", "categorical", "binary", None)


@known_arguments
def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    verbose: bool = True,
) -> Any:
    """Batches (images, labels) of the pictures in a folder that has a folder for each class.

    Args:
        directory: the folder.
        labels: "inferred" from the folders, a list with one for each picture, or None.
        label_mode: "int", "categorical" (one-hot), "binary" (0.0 or 1.0), or None.
        class_names: the folders in another order than that of the alphabet.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: pictures in a batch.
        image_size: (height, width) of all.
        shuffle: whether each epoch has another order.
        seed: of the orders, and of the parts.
        validation_split: the share that is held out; the same seed gives the same parts.
        subset: "training", "validation" or "both".
        interpolation: as in `layers.Resizing`.
        follow_links: whether links to files count.
        crop_to_aspect_ratio: whether what is too wide or too high is cut off.
        pad_to_aspect_ratio: whether zeros are set beside it instead.
        data_format: "channels_last".
        verbose: whether it is told how many there are.

    Example:
        >>> image_dataset_from_directory("pets", verbose=False).class_names  # doctest: +SKIP
        ['cats', 'dogs']
    """
    if label_mode not in LABELS:
        raise unknown_name("label_mode", label_mode, [x for x in LABELS if x])
    label_mode = None if labels is None else label_mode
    folder = Path(directory)
    paths, classes, names = _found(folder, labels, class_names, follow_links)
    _check(folder, label_mode, names, paths)
    resizing = Resizing(
        *image_size,
        interpolation,
        crop_to_aspect_ratio,
        pad_to_aspect_ratio,
        data_format=data_format,
    )
    key = seeds.next_seed() if seed is None else seed
    if shuffle and validation_split and seed is None:
        raise ArgumentError(
            "The two parts need one seed, or they share pictures.",
            where="image_dataset_from_directory",
            received="shuffle=True, validation_split without a seed",
            fix="seed=1 in both calls",
        )
    order = np.arange(len(paths))
    if shuffle:  # as Keras does it, so that the parts are the same
        np.random.RandomState(key % 2**32).shuffle(order)
    pairs = [(paths[i], classes[i]) for i in order]
    parts = _parts(pairs, validation_split, subset)
    if verbose:
        say(_("Found {} pictures of {} classes.").format(len(pairs), len(names)))

    def picture(path: Path) -> np.ndarray:
        image = img_to_array(load_img(path, color_mode))
        return image if image.shape[:2] == tuple(image_size) else resizing(image).numpy()

    def dataset(chosen: list[tuple[Path, int]]) -> Rows:
        make = _maker(chosen, picture, label_mode, len(names))
        rows = Rows(len(chosen), make, batch_size or len(chosen), shuffle, key)
        vars(rows).update(class_names=names, file_paths=[str(path) for path, _ in chosen])
        return rows

    return tuple(map(dataset, parts)) if subset == "both" else dataset(parts[0])


def _maker(
    pairs: list[tuple[Path, int]],
    picture: Callable[[Path], np.ndarray],
    label_mode: str | None,
    classes: int,
) -> Callable[[np.ndarray], Any]:
    """The function that reads the pictures of some rows, with their labels in the form wanted."""
    targets = np.array([label for _, label in pairs])
    if label_mode == "binary":
        targets = targets[:, None].astype("float32")
    elif label_mode == "categorical":
        targets = to_categorical(targets, classes).astype("float32")

    def make(rows: np.ndarray) -> Any:
        images = np.stack([picture(pairs[i][0]) for i in rows])
        return images if label_mode is None else (images, targets[rows])

    return make


def _found(
    folder: Path, labels: Any, class_names: list[str] | None, follow_links: bool
) -> tuple[list[Path], list[int], list[str]]:
    """The pictures in the order of their names, the class of each, and the names of the classes."""
    if not folder.is_dir():
        raise FileError("There is no such folder.", where=folder)

    def pictures(inside: Path) -> list[Path]:
        return sorted(
            path
            for path in inside.rglob("*")
            if path.suffix.lower() in ENDINGS and (follow_links or not path.is_symlink())
        )

    if labels != "inferred":
        paths = pictures(folder)
        given = [0] * len(paths) if labels is None else [int(label) for label in labels]
        if len(given) != len(paths):
            raise DataError(
                "There must be a label for each picture.",
                where=folder,
                received=f"{len(given)} labels, {len(paths)} pictures",
            )
        return paths, given, [] if labels is None else [str(n) for n in sorted(set(given))]
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if class_names is not None and sorted(class_names) != names:
        raise ArgumentError(
            "class_names are not the folders that there are.",
            where=folder,
            received=f"class_names={class_names}",
            expected=f"{names}, in any order",
        )
    names = names if class_names is None else list(class_names)
    found = [(path, i) for i, name in enumerate(names) for path in pictures(folder / name)]
    return [path for path, _ in found], [i for _, i in found], names


def _check(folder: Path, label_mode: str | None, names: list[str], paths: list[Path]) -> None:
    if not paths:
        direct = not names and any(path.suffix.lower() in ENDINGS for path in folder.iterdir())
        raise DataError(
            "The folder has no pictures in folders of classes."
            if direct
            else "The folder has no pictures.",
            where=folder,
            received=f"{len(names)} folders in it",
            expected=f"files that end in {', '.join(ENDINGS)}",
            fix="labels=None, for pictures without classes" if direct else None,
        )
    if label_mode == "binary" and len(names) != 2:
        raise ArgumentError(
            "Binary labels need two classes.",
            where=folder,
            received=f"{len(names)}: {', '.join(names[:5])}",
            fix="label_mode='int'",
        )
    if label_mode is not None and len(names) == 1:
        warn(
            GrafitoWarning(
                "There is one class alone, so that nothing tells pictures apart.",
                where=folder,
                received=names[0],
                fix="the folder above it, or labels=None",
            )
        )


def _parts(pairs: list[Any], share: float | None, subset: str | None) -> list[list[Any]]:
    """The part that is asked for, or both; all where nothing is held out."""
    if share is None and subset is None:
        return [pairs]
    if not isinstance(share, float) or not 0 < share < 1:
        raise ArgumentError(
            "A subset needs the share that is held out.",
            received=f"validation_split={share}, subset={subset!r}",
            fix="validation_split=0.2",
        )
    held = int(share * len(pairs))
    parts = {"training": pairs[: len(pairs) - held], "validation": pairs[len(pairs) - held :]}
    if subset == "both":
        return list(parts.values())
    if subset not in parts:
        raise unknown_name("subset", subset, [*parts, "both"])
    return [parts[subset]]
