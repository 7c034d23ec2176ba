"""Models in files: architecture, weights and training state as arrays and content."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import FileError
from grafito.files import read_arrays, write_arrays
from grafito.files.writing import file_path
from grafito.graph.nest import map_structure
from grafito.graph.variable import moment
from grafito.models.assignment import assign_all
from grafito.models.content import model_content, model_from_content
from grafito.models.examples import Examples, make_examples
from grafito.models.schema import ANOTHER, as_file_errors, check_content, check_weights
from grafito.registry import custom_objects as custom_object_scope
from grafito.registry import known_arguments


@known_arguments
def save_model(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a model to one file: architecture, weights, optimizer state, random counters.

    Args:
        model: the model.
        filepath: the file; it is replaced only when the new one is complete and on the disk.
        overwrite: False raises where the file exists.

    Raises:
        FileError: when it cannot be written; an older file stays as it was.

    Example:
        >>> from grafito import Sequential, layers
        >>> save_model(Sequential([layers.Input((2,)), layers.Dense(1)]), "model.safetensors")
    """
    content, arrays = _whole(model)
    write_arrays(filepath, arrays, content, overwrite)


def _whole(model: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Content and arrays of the file of a model."""
    content, parts = model_content(model)
    with moment.lock:
        named = {part: _named(variables, part) for part, variables in parts.items()}
    content["weights"] = list(named["weights"])
    if len(named) > 1:
        content["state"] = {part: list(named[part]) for part in named if part != "weights"}
    return content, {name: array for part in named.values() for name, array in part.items()}


@known_arguments
def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """Read a model from a file; it predicts the same bits and trains on as if never stopped.

    Train on with `fit(..., initial_epoch=epochs_done)`. Callbacks start to count anew.

    Args:
        filepath: a file written by `model.save`.
        custom_objects: classes and functions of your own that the model uses, by name.
        compile: restore optimizer, losses and metrics too.

    Raises:
        FileError: for a file that is missing, cut short, damaged or of another kind.
        UnknownNameError: for a class that is not registered and not in `custom_objects`.

    Example:
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((2,)), layers.Dense(1)])
        >>> model.save("model.safetensors")
        >>> load_model("model.safetensors").count_params()
        3
    """
    with custom_object_scope(custom_objects):
        arrays, content = read_arrays(filepath)
        return _model(arrays, content, filepath, compile)


def _model(
    arrays: Mapping[str, np.ndarray],
    content: Any,
    filepath: Any,
    compile: bool = True,
) -> Any:
    """The model of a file that was read."""
    if isinstance(content, dict) and "model" not in content:
        raise FileError(
            "The file contains only weights, no model.",
            where=filepath,
            fix="build the model, then model.load_weights(filepath)",
        )
    check_content(content, arrays, filepath)
    names = {"weights": content["weights"], **content.get("state", {})}
    parts = {part: [arrays[name] for name in of_part] for part, of_part in names.items()}
    with _as_file_errors(filepath):
        return model_from_content(content, parts, filepath, compile)


@known_arguments
def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights alone.

    Args:
        model: the model.
        filepath: the file; it is replaced only when the new one is complete.
        overwrite: False raises where the file exists.

    Example:
        >>> from grafito import Sequential, layers
        >>> save_weights(Sequential([layers.Input((2,)), layers.Dense(1)]), "w.safetensors")
    """
    arrays = _named(model.weights, "weights")
    write_arrays(filepath, arrays, {"weights": list(arrays)}, overwrite)


@known_arguments
def load_weights(model: Any, filepath: Any) -> None:
    """Read weights into a model of the same architecture; all or none.

    Raises:
        FileError: for a damaged file, or weights of another architecture.

    Example:
        >>> from grafito import Sequential, layers
        >>> one, two = (Sequential([layers.Input((2,)), layers.Dense(1)]) for _ in range(2))
        >>> one.save_weights("w.safetensors")
        >>> load_weights(two, "w.safetensors")
        >>> bool((one.get_weights()[0] == two.get_weights()[0]).all())
        True
    """
    arrays, content = read_arrays(filepath)
    check_weights(content, arrays, filepath)
    assign_all(model.weights, [arrays[name] for name in content["weights"]], filepath)


@dataclass(frozen=True)
class KeptStep:
    """A training step that gave no finite numbers, to be done again.

    Attributes:
        model: as it was before the step.
        examples: the batch.
        number: of the step, counted from 1.
        batch: where the batch was in the data, in words.
    """

    model: Any
    examples: Examples
    number: int
    batch: str


def step_file(folder: Any) -> Path:
    """The file of a step in its folder."""
    return file_path(folder) / "step.safetensors"


def save_step(model: Any, folder: Any, examples: Examples, number: int, batch: str) -> None:
    """Write the model with a batch to one file: its next step is that of this number.

    The file is also one of the model alone: `load_model` reads it.

    Raises:
        FileError, ArgumentError: when it cannot be written, or the model cannot be described.
    """
    path = step_file(folder)
    content, arrays = _whole(model)
    names = iter([f"batch/{i:03d}" for i in range(len(examples.arrays))])
    leaves = dict(zip(names, examples.arrays.values(), strict=False))
    named = iter(leaves)
    parts = [p if p is None else map_structure(lambda _: next(named), p) for p in examples.parts]
    content["step"] = {"parts": parts, "number": number, "batch": batch}
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(
            "The folder cannot be made.",
            where=path.parent,
            received=error.strerror,
        ) from error
    write_arrays(path, {**arrays, **leaves}, content)


def load_step(folder: Any, custom_objects: Mapping[str, Any] | None = None) -> KeptStep:
    """Read what `save_step` wrote.

    Raises:
        FileError: for a folder or a file of another kind, and for a damaged file.
        UnknownNameError: for a class that is not registered and not in `custom_objects`.
    """
    path = step_file(folder)
    arrays, content = read_arrays(path)
    if not isinstance(content, dict) or "step" not in content:
        raise FileError(
            "The file holds no step to be done again.",
            where=path,
            expected="a folder that compile(check_finite=True) has written",
        )
    with custom_object_scope(custom_objects):
        model = _model(arrays, content, path)
    if not model.compiled:
        raise FileError("The file holds a model without its training.", where=path)
    step = content["step"]
    with _as_file_errors(path):
        x, y, weights = (
            p if p is None else map_structure(arrays.__getitem__, p) for p in step["parts"]
        )
        examples = make_examples(x, y, weights)
        model.prepare(examples)
    return KeptStep(model, examples, step["number"], step["batch"])


def _as_file_errors(filepath: Any) -> contextlib.AbstractContextManager[None]:
    """A FileError for every error of what is made after the content of a model's file."""

    def unreadable(told: str) -> FileError:
        return FileError(
            "The file describes a model that cannot be made.",
            where=filepath,
            received=told,
            fix=ANOTHER,
        )

    return as_file_errors(filepath, unreadable)


def _named(variables: list[graph.Variable], part: str) -> dict[str, np.ndarray]:
    with moment.lock:
        return {f"{part}/{i:03d}/{v.path}": v.numpy() for i, v in enumerate(variables)}
